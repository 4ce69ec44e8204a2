//! What waits, once a day, to members who want it so.

use super::{
    count, news,
    tell::{items, seen_by},
    whom, write,
};
use crate::{
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{micros, time, unsigned},
};
use bildbro_flow::{
    letter::{Letter, Notice},
    notice::{Pen, next_digest, since_digest},
};
use jiff::Timestamp;

const DUE: &str = "SELECT id, organisation, digest_hour, digest_at FROM member \
     WHERE digest_at <= $1 ORDER BY digest_at, id LIMIT 50";

const NEXT: &str = "UPDATE member SET digest_at = $2 WHERE id = $1";

pub async fn write_due(
    connection: &mut Connection,
    pen: &Pen,
    at: Timestamp,
) -> Result<u32, Fault> {
    let select = locking(connection, DUE, Lock::AloneIfFree);
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(select)
        .bind(micros(at))
        .fetch_all(&mut *connection)
        .await?;
    for (member, organisation, hour, due) in &rows {
        let hour = u8::try_from(unsigned(*hour)).unwrap_or(0);
        sqlx::query(NEXT)
            .bind(member)
            .bind(micros(next_digest(hour, at)))
            .execute(&mut *connection)
            .await?;
        let since = since_digest(time(*due)?);
        one(connection, pen, (member, organisation), since, at).await?;
    }
    Ok(count(rows.len()))
}

async fn one(
    connection: &mut Connection,
    pen: &Pen,
    (member, organisation): (&str, &str),
    since: Timestamp,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(staff) = whom::staff(connection, organisation).await? else {
        return Ok(());
    };
    let mut colleagues = staff.colleagues.iter();
    let Some(who) = colleagues.find(|who| who.id.to_string() == member) else {
        return Ok(());
    };
    let mut all = news::waiting(connection, organisation, None, at).await?;
    // What can be undone has not come yet.
    all.retain(|news| news.since <= at);
    let theirs = seen_by(&staff, who, &all);
    if !theirs.iter().any(|news| news.since > since) {
        return Ok(());
    }
    let letter = Letter {
        to: who.email.clone(),
        language: who.language.clone(),
        notice: Notice::Digest {
            organisation: staff.name.clone(),
            items: items(theirs, pen),
        },
    };
    write(connection, pen, &letter, at).await?;
    Ok(())
}
