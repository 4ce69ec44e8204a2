//! Counting tries, so that nobody guesses for long, at whichever hub.
//!
//! A window is given up when it ends, and also when its end lies further away
//! than any window is long: then the clock was set back, and nobody shall wait
//! for it to come there again.

use crate::{
    audit,
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{micros, time},
};
use bildbro_domain::{
    Digest,
    audit::{Actor, Entry, Outcome},
};
use bildbro_flow::ports::portal::login::{Attempt, Bucket, Failed};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const COUNT: &str = "INSERT INTO attempt (bucket, count, expires_at) VALUES ($1, 1, $2) \
     ON CONFLICT (bucket) DO UPDATE SET \
     count = CASE WHEN attempt.expires_at <= $3 OR attempt.expires_at > $4 \
         THEN 1 ELSE attempt.count + 1 END, \
     expires_at = CASE WHEN attempt.expires_at <= $3 OR attempt.expires_at > $4 \
         THEN $2 ELSE attempt.expires_at END \
     RETURNING count, expires_at";

const FORGIVE: &str = "UPDATE attempt SET count = count - 1 WHERE bucket = $1 AND count > 0";

/// Long over; a few at a time.
const STALE: &str = "SELECT bucket FROM attempt WHERE expires_at < $1 LIMIT 20";
const DROP: &str = "DELETE FROM attempt WHERE bucket = $1";
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Some time: one of the buckets is full until then.
pub async fn attempt(
    connection: &mut Connection,
    mut attempt: Attempt,
) -> Result<Option<Timestamp>, Fault> {
    sweep(connection, attempt.at).await?;
    // In one order, so that two tries never wait for each other.
    attempt.buckets.sort_by_key(|bucket| bucket.key);
    let mut until = None;
    let mut first = false;
    for bucket in &attempt.buckets {
        let (count, expires) = count(connection, bucket, attempt.at).await?;
        let most = i64::from(bucket.most);
        if count > most {
            until = until.max(Some(expires));
            first |= count == most + 1;
        }
    }
    if first {
        let failed = Failed {
            action: attempt.action,
            outcome: Outcome::Denied,
            about: attempt.about,
            why: "too many attempts",
            from: attempt.from,
            at: attempt.at,
        };
        self::failed(connection, failed).await?;
    }
    Ok(until)
}

async fn count(
    connection: &mut Connection,
    bucket: &Bucket,
    at: Timestamp,
) -> Result<(i64, Timestamp), Fault> {
    let end = at.checked_add(bucket.window).unwrap_or(at);
    let furthest = end.checked_add(bucket.window).unwrap_or(end);
    let (count, expires): (i64, i64) = sqlx::query_as(COUNT)
        .bind(bucket.key.to_string())
        .bind(micros(end))
        .bind(micros(at))
        .bind(micros(furthest))
        .fetch_one(connection)
        .await?;
    Ok((count, time(expires)?))
}

async fn sweep(connection: &mut Connection, at: Timestamp) -> Result<(), Fault> {
    let stale = locking(connection, STALE, Lock::AloneIfFree);
    let before = at.checked_sub(STALE_AFTER).unwrap_or(Timestamp::MIN);
    let stale: Vec<(String,)> = sqlx::query_as(stale)
        .bind(micros(before))
        .fetch_all(&mut *connection)
        .await?;
    for (bucket,) in stale {
        sqlx::query(DROP)
            .bind(bucket)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub async fn forgive(connection: &mut Connection, buckets: &[Digest]) -> Result<(), Fault> {
    let mut buckets = buckets.to_vec();
    buckets.sort_unstable();
    for bucket in buckets {
        sqlx::query(FORGIVE)
            .bind(bucket.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Puts a try that came to nothing on record.
pub async fn failed(connection: &mut Connection, failed: Failed) -> Result<(), Fault> {
    let Failed {
        action,
        outcome,
        about,
        why,
        from,
        at,
    } = failed;
    let mut entry = Entry::new(Uuid::now_v7(), at, action, outcome, Actor::Anonymous);
    entry.about = about;
    if let Some(member) = about {
        entry.organisation = super::account::organisation_of(connection, member).await?;
    }
    entry.from = Some(from);
    entry.detail = Some(why.to_owned());
    audit::append(connection, &[entry]).await
}
