//! What a recipient's people have before them: one row for each share and
//! recipient, made with the first delivery.

use crate::{database::Connection, fault::Fault, value::micros};
use bildbro_domain::{OrganisationId, ShareId};
use jiff::Timestamp;

const PUT: &str = "INSERT INTO inbox (share, recipient, came_at, changed_at) \
     VALUES ($1, $2, $3, $3) ON CONFLICT (share, recipient) DO NOTHING";

pub async fn put(
    connection: &mut Connection,
    share: ShareId,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(PUT)
        .bind(share.to_string())
        .bind(recipient.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}
