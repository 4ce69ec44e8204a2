//! The audit log as kept by hub and gateway: appended to in the transaction of
//! what it records, read link by link.
//!
//! The chain's rule is [`bildbro_domain::audit`]; the triggers in the
//! migrations refuse to change or remove an entry. Neither stops someone with
//! the file in hand, but verification shows where they were.

use crate::{
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{id, micros, patient_key, signed, to_json, unsigned},
};
use bildbro_domain::{
    Digest,
    audit::{Action, Actor, Entry, Link, Outcome, chain},
};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sqlx::SqlSafeStr;
use uuid::Uuid;

/// Most links read at a time.
const PAGE: u32 = 10_000;

const HEAD: &str = "SELECT sequence, hash FROM audit_head WHERE id = 1";

const SET_HEAD: &str = "UPDATE audit_head SET sequence = $1, hash = $2 WHERE id = 1";

const APPEND: &str = "INSERT INTO audit (sequence, previous, hash, at, action, outcome, \
     organisation, counterpart, patient_id, share, delivery, text, member, care_unit, about) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const APPEND_STUDY: &str = "INSERT INTO audit_study (sequence, study_uid) VALUES ($1, $2) \
     ON CONFLICT DO NOTHING";

const LINKS: &str = "SELECT sequence, previous, hash, text FROM audit \
     WHERE sequence > $1 ORDER BY sequence LIMIT $2";

/// An entry with a fresh id.
pub fn entry(at: Timestamp, action: Action, outcome: Outcome, actor: Actor) -> Entry {
    Entry::new(Uuid::now_v7(), at, action, outcome, actor)
}

/// Appends entries, in order: the last thing that a transaction does, since
/// everyone else's entries wait from here to its end.
pub async fn append(connection: &mut Connection, entries: &[Entry]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let held = locking(connection, HEAD, Lock::Alone);
    let (mut sequence, mut previous) = read_head(connection, held).await?;
    for entry in entries {
        let link = chain(previous, sequence + 1, to_json(entry, "an audit entry")?);
        insert(connection, entry, &link).await?;
        (sequence, previous) = (link.sequence, link.hash);
    }
    sqlx::query(SET_HEAD)
        .bind(signed(sequence))
        .bind(Digest(previous).to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert(connection: &mut Connection, entry: &Entry, link: &Link) -> Result<(), Fault> {
    sqlx::query(APPEND)
        .bind(signed(link.sequence))
        .bind(Digest(link.previous).to_string())
        .bind(Digest(link.hash).to_string())
        .bind(micros(entry.at))
        .bind(entry.action.as_str())
        .bind(outcome_word(entry.outcome))
        .bind(entry.organisation.map(|id| id.to_string()))
        .bind(entry.counterpart.map(|id| id.to_string()))
        .bind(
            entry
                .patient_id
                .as_ref()
                .map(|patient| patient_key(patient.reveal(), "", entry.at)),
        )
        .bind(entry.share.map(|id| id.to_string()))
        .bind(entry.delivery.map(|id| id.to_string()))
        .bind(&link.text)
        .bind(entry.actor.member_id().map(|id| id.to_string()))
        .bind(entry.unit.map(|id| id.to_string()))
        .bind(entry.about.map(|id| id.to_string()))
        .execute(&mut *connection)
        .await?;
    for study in &entry.studies {
        sqlx::query(APPEND_STUDY)
            .bind(signed(link.sequence))
            .bind(study.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// As the column has it.
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
    }
}

/// The end of the chain: sequence and hash.
pub async fn head(connection: &mut Connection) -> Result<(u64, [u8; 32]), Fault> {
    read_head(connection, HEAD).await
}

async fn read_head(
    connection: &mut Connection,
    select: impl SqlSafeStr,
) -> Result<(u64, [u8; 32]), Fault> {
    let (sequence, hash): (i64, String) = sqlx::query_as(select).fetch_one(connection).await?;
    let hash: Digest = id(&hash, "audit_head.hash")?;
    Ok((unsigned(sequence), hash.0))
}

/// The links after `after`, at most `most`, which is bounded itself.
pub async fn links(connection: &mut Connection, after: u64, most: u32) -> Result<Vec<Link>, Fault> {
    let rows: Vec<(i64, String, String, String)> = sqlx::query_as(LINKS)
        .bind(signed(after))
        .bind(i64::from(most.min(PAGE)))
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(sequence, previous, hash, text)| {
            Ok(Link {
                sequence: unsigned(sequence),
                previous: hash_of(&previous, "audit.previous")?,
                hash: hash_of(&hash, "audit.hash")?,
                text,
            })
        })
        .collect()
}

/// As a [`Digest`] is read, but for millions of them.
fn hash_of(text: &str, column: &'static str) -> Result<[u8; 32], Fault> {
    let mut hash = [0; 32];
    let written = match text.len() {
        64 => HEXLOWER.decode_mut(text.as_bytes(), &mut hash).ok(),
        _ => None,
    };
    written.map(|_| hash).ok_or(Fault::Unreadable(column))
}
