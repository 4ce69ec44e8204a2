//! Cursors of programs that pass the log on, and what they pass on.

use super::names;
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{from_json, micros, signed, unsigned},
};
use bildbro_domain::audit::Entry;
use bildbro_flow::audit_event;
use bildbro_wire::audit::Event;
use jiff::{SignedDuration, Timestamp};

const TAKE: &str = "INSERT INTO audit_cursor (name, sequence, holder, lease_until) \
     VALUES ($1, 0, $2, $3) ON CONFLICT (name) DO UPDATE SET holder = $2, lease_until = $3 \
     WHERE audit_cursor.holder IS NULL OR audit_cursor.holder = $2 \
     OR audit_cursor.lease_until <= $4 RETURNING sequence";

const ADVANCE: &str = "UPDATE audit_cursor SET sequence = $3, lease_until = $4 \
     WHERE name = $1 AND holder = $2 AND sequence <= $3";

const RELEASE: &str = "UPDATE audit_cursor SET holder = NULL, lease_until = 0 \
     WHERE name = $1 AND holder = $2";

pub fn until(at: Timestamp, lease: SignedDuration) -> Timestamp {
    at.checked_add(lease).unwrap_or(at)
}

pub async fn take(
    connection: &mut Connection,
    name: &str,
    holder: &str,
    at: Timestamp,
    lease: SignedDuration,
) -> Result<Option<u64>, Fault> {
    let sequence: Option<i64> = sqlx::query_scalar(TAKE)
        .bind(name)
        .bind(holder)
        .bind(micros(until(at, lease)))
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    Ok(sequence.map(unsigned))
}

/// A lease that has run out while nobody took the cursor still counts.
pub async fn advance(
    connection: &mut Connection,
    name: &str,
    holder: &str,
    to: u64,
    until: Timestamp,
) -> Result<bool, Fault> {
    let moved = sqlx::query(ADVANCE)
        .bind(name)
        .bind(holder)
        .bind(signed(to))
        .bind(micros(until))
        .execute(connection)
        .await?;
    Ok(moved.rows_affected() > 0)
}

pub async fn release(connection: &mut Connection, name: &str, holder: &str) -> Result<(), Fault> {
    sqlx::query(RELEASE)
        .bind(name)
        .bind(holder)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn events(
    connection: &mut Connection,
    after: u64,
    most: u32,
    source: &str,
) -> Result<Vec<Event>, Fault> {
    let links = audit::links(connection, after, most).await?;
    let entries = links.into_iter().map(|link| {
        let entry: Entry = from_json(&link.text, "audit.text")?;
        Ok((link.sequence, entry))
    });
    let entries = entries.collect::<Result<Vec<_>, Fault>>()?;
    let names = names::of(connection, entries.iter().map(|(_, entry)| entry)).await?;
    let events = entries
        .iter()
        .map(|(sequence, entry)| audit_event::event(*sequence, entry, &names, source));
    Ok(events.collect())
}
