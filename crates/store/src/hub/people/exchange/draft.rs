//! What a member has begun to write: kept sealed, so that nothing typed is lost
//! and no patient lies in a browser's storage.

use super::allowed_to;
use crate::{database::Connection, hub::people::stop::Stop, value::micros};
use bildbro_domain::audit::Action;
use bildbro_flow::ports::portal::Caller;
use jiff::SignedDuration;

/// How long a draft is kept.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);

const READ: &str = "SELECT draft FROM draft WHERE member = $1 AND changed_at > $2";

const KEEP: &str = "INSERT INTO draft (member, draft, changed_at) VALUES ($1, $2, $3) \
     ON CONFLICT (member) DO UPDATE SET draft = excluded.draft, changed_at = excluded.changed_at";

const FORGET: &str = "DELETE FROM draft WHERE member = $1";

pub async fn read(connection: &mut Connection, caller: &Caller) -> Result<Option<String>, Stop> {
    let who = allowed_to(connection, caller, Action::Share).await?;
    let since = caller.at.checked_sub(LIFE).unwrap_or(caller.at);
    let found = sqlx::query_scalar(READ)
        .bind(who.member.id.to_string())
        .bind(micros(since))
        .fetch_optional(connection)
        .await?;
    Ok(found)
}

pub async fn keep(
    connection: &mut Connection,
    caller: &Caller,
    draft: Option<&str>,
) -> Result<(), Stop> {
    let who = allowed_to(connection, caller, Action::Share).await?;
    let query = match draft {
        None => sqlx::query(FORGET).bind(who.member.id.to_string()),
        Some(draft) => sqlx::query(KEEP)
            .bind(who.member.id.to_string())
            .bind(draft)
            .bind(micros(caller.at)),
    };
    query.execute(connection).await?;
    Ok(())
}
