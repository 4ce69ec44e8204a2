//! What a recipient's people have before them: one row for each share and
//! recipient, made with the first delivery.

use crate::{
    database::Connection,
    fault::Fault,
    value::{micros, unsigned},
};
use bildbro_domain::{OrganisationId, ShareId};
use jiff::Timestamp;

const PUT: &str = "INSERT INTO inbox (share, recipient, came_at, changed_at, to_open, \
     tell_at, watch_at, call_at) VALUES ($1, $2, $3, $3, $4, $5, $5, \
     CASE WHEN (SELECT priority FROM share WHERE id = $1) = 'emergency' \
     THEN CAST($5 AS BIGINT) END) ON CONFLICT (share, recipient) DO NOTHING";

/// Those with copies that came by this share. What was there before is theirs.
const RECALL: &str = "UPDATE inbox SET recall_at = $2, changed_at = $2, tell_at = $2 \
     WHERE share = $1 AND recall_at IS NULL AND EXISTS (SELECT 1 FROM delivery d \
     WHERE d.share = inbox.share AND d.recipient = inbox.recipient AND d.stored > 0 \
     AND d.state = 'withdrawn')";

const RECALL_AGAIN: &str = "UPDATE inbox SET recall_at = $3, changed_at = $3, tell_at = $3, \
     recalled_at = NULL, recalled_what = NULL WHERE share = $1 AND recipient = $2 \
     AND (recall_at IS NULL OR recalled_at IS NOT NULL)";

const RECALLED: &str = "SELECT COUNT(*) FROM inbox WHERE share = $1 AND recall_at IS NOT NULL";

/// How something comes.
#[derive(Debug, Clone, Copy)]
pub struct Comes {
    /// A person is to see it.
    pub to_open: bool,
    /// A person is to let it in.
    pub held: bool,
    /// It has not come before this.
    pub not_before: Option<Timestamp>,
}

pub async fn put(
    connection: &mut Connection,
    share: ShareId,
    recipient: OrganisationId,
    comes: Comes,
    at: Timestamp,
) -> Result<(), Fault> {
    let waits = comes.to_open || comes.held;
    let comes_at = comes.not_before.map_or(at, |time| time.max(at));
    sqlx::query(PUT)
        .bind(share.to_string())
        .bind(recipient.to_string())
        .bind(micros(at))
        .bind(comes.to_open)
        .bind(waits.then(|| micros(comes_at)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Asks those who hold copies of what was withdrawn to remove them; answers how
/// many were asked.
pub async fn recall(
    connection: &mut Connection,
    share: ShareId,
    at: Timestamp,
) -> Result<u64, Fault> {
    let asked = sqlx::query(RECALL)
        .bind(share.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(asked.rows_affected())
}

/// Asks one recipient, once more if it has answered.
pub async fn recall_again(
    connection: &mut Connection,
    share: ShareId,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(RECALL_AGAIN)
        .bind(share.to_string())
        .bind(recipient.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

/// How many have been asked to remove copies of a share.
pub async fn recalled(connection: &mut Connection, share: ShareId) -> Result<u64, Fault> {
    let asked: i64 = sqlx::query_scalar(RECALLED)
        .bind(share.to_string())
        .fetch_one(connection)
        .await?;
    Ok(unsigned(asked))
}
