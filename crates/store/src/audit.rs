//! The audit log as kept by hub and gateway: appended to in the transaction of
//! what it records, read link by link.
//!
//! The chain's rule is [`bildbro_domain::audit`]; the triggers in the
//! migrations refuse to change or remove an entry. Neither stops someone with
//! the file in hand, but verification shows where they were.

use crate::{
    database::{Builder, Connection, LIST, Lock, locking},
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
     organisation, counterpart, patient_id, share, delivery, text, member, care_unit, about) ";

const APPEND_STUDIES: &str = "INSERT INTO audit_study (sequence, study_uid) ";

/// Entries of one statement: a transaction has two or three as a rule, and all
/// go in at once.
const ROWS: usize = 64;

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
    for part in entries.chunks(ROWS) {
        let mut links = Vec::with_capacity(part.len());
        for entry in part {
            let link = chain(previous, sequence + 1, to_json(entry, "an audit entry")?);
            (sequence, previous) = (link.sequence, link.hash);
            links.push((entry, link));
        }
        insert(connection, &links).await?;
        insert_studies(connection, &links).await?;
    }
    sqlx::query(SET_HEAD)
        .bind(signed(sequence))
        .bind(Digest(previous).to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert(connection: &mut Connection, links: &[(&Entry, Link)]) -> Result<(), Fault> {
    let mut query = Builder::new(connection, APPEND);
    query.push_values(links, |row, (entry, link)| {
        let patient = entry.patient_id.as_ref();
        row.push_bind(signed(link.sequence))
            .push_bind(Digest(link.previous).to_string())
            .push_bind(Digest(link.hash).to_string())
            .push_bind(micros(entry.at))
            .push_bind(entry.action.as_str())
            .push_bind(outcome_word(entry.outcome))
            .push_bind(entry.organisation.map(|id| id.to_string()))
            .push_bind(entry.counterpart.map(|id| id.to_string()))
            .push_bind(patient.map(|patient| patient_key(patient.reveal(), "", entry.at)))
            .push_bind(entry.share.map(|id| id.to_string()))
            .push_bind(entry.delivery.map(|id| id.to_string()))
            .push_bind(link.text.as_str())
            .push_bind(entry.actor.member_id().map(|id| id.to_string()))
            .push_bind(entry.unit.map(|id| id.to_string()))
            .push_bind(entry.about.map(|id| id.to_string()));
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// What to search the entries by.
async fn insert_studies(
    connection: &mut Connection,
    links: &[(&Entry, Link)],
) -> Result<(), Fault> {
    let named = links.iter().flat_map(|(entry, link)| {
        let studies = entry.studies.iter();
        studies.map(|study| (link.sequence, study.as_str()))
    });
    let rows: Vec<(u64, &str)> = named.collect();
    for part in rows.chunks(LIST) {
        let mut query = Builder::new(connection, APPEND_STUDIES);
        query.push_values(part, |row, (sequence, study)| {
            row.push_bind(signed(*sequence)).push_bind(*study);
        });
        // An entry may name a study twice.
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(&mut *connection).await?;
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
