//! Work waiting to be claimed: one job for each delivery that is not at its
//! end, in the recipient organisation's queue.
//!
//! A claim holds a job until its lease ends. Claiming gives the job a new
//! random claim id, which makes every earlier one void; so a gateway that was
//! only slow can do no harm when it comes back.

use crate::{
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{id, micros, signed, unsigned},
};
use bildbro_domain::{ClaimId, DeliveryId, GatewayId, OrganisationId};
use jiff::Timestamp;
use sqlx::SqlSafeStr;
use uuid::Uuid;

/// Less is more urgent. What a person puts first comes before all.
const FIRST: i64 = 0;

/// A job already there keeps its time: more images do not make a node that is
/// away come back sooner. A parked one begins anew.
const ARM: &str = "INSERT INTO job (id, queue, kind, subject, due_at, priority) \
     VALUES ($1, $2, 'delivery', $3, $4, (SELECT CASE sh.priority WHEN 'emergency' THEN 1 \
     WHEN 'urgent' THEN 5 ELSE 10 END FROM delivery d JOIN share sh ON sh.id = d.share \
     WHERE d.id = $3)) ON CONFLICT (kind, subject) DO UPDATE SET \
     attempts = CASE WHEN job.due_at IS NULL THEN 0 ELSE job.attempts END, \
     due_at = COALESCE(job.due_at, excluded.due_at)";

const ANY: &str = "SELECT subject FROM job WHERE queue = $1 AND due_at <= $2 \
     AND (lease_until IS NULL OR lease_until <= $2) LIMIT 1";

/// Holds job and delivery, and passes those by that another process has to do
/// with. It never waits, so it may take a job before its delivery, where others
/// do it the other way round.
const TAKE: &str = "SELECT j.subject FROM job j JOIN delivery d ON d.id = j.subject \
     WHERE j.queue = $1 AND j.due_at <= $2 AND (j.lease_until IS NULL OR j.lease_until <= $2) \
     ORDER BY j.priority, j.due_at, j.id LIMIT 1";

const OF: &str = "SELECT claim, lease_until, attempts, settled, troubles FROM job \
     WHERE kind = 'delivery' AND subject = $1";

const CLAIM: &str = "UPDATE job SET claim = $2, lease_until = $3, claimed_by = $4, \
     settled = 0, troubles = 0 \
     WHERE kind = 'delivery' AND subject = $1 RETURNING attempts";

const FREE: &str = "UPDATE job SET claim = NULL, lease_until = NULL \
     WHERE claimed_by = $1 AND claim IS NOT NULL \
     AND EXISTS (SELECT 1 FROM gateway WHERE id = $1 AND (run IS NULL OR run <> $2))";

const PROGRESS: &str = "UPDATE job SET lease_until = $2, settled = settled + $3, \
     troubles = troubles + $4, attempts = CASE WHEN $5 THEN 0 ELSE attempts END \
     WHERE kind = 'delivery' AND subject = $1";

const LATER: &str = "UPDATE job SET claim = NULL, lease_until = NULL, due_at = $2, \
     attempts = $3, priority = (SELECT CASE sh.priority WHEN 'emergency' THEN 1 \
     WHEN 'urgent' THEN 5 ELSE 10 END FROM delivery d JOIN share sh ON sh.id = d.share \
     WHERE d.id = $1) WHERE kind = 'delivery' AND subject = $1";

const FIRST_NOW: &str = "UPDATE job SET claim = NULL, lease_until = NULL, due_at = $2, \
     attempts = 0, priority = $3 WHERE kind = 'delivery' AND subject = $1";

const AGAIN: &str = "UPDATE job SET claim = NULL, lease_until = NULL, attempts = 0, \
     due_at = (SELECT CASE WHEN sh.sends_at > $2 THEN sh.sends_at ELSE $2 END \
     FROM delivery d JOIN share sh ON sh.id = d.share WHERE d.id = $1) \
     WHERE kind = 'delivery' AND subject = $1";

/// What is held or parked is left alone.
const NOT_LATER: &str = "UPDATE job SET due_at = $2 WHERE kind = 'delivery' AND subject = $1 \
     AND due_at > $2 AND (lease_until IS NULL OR lease_until <= $2)";

const REMOVE: &str = "DELETE FROM job WHERE kind = 'delivery' AND subject = $1";

/// A job as its claimant needs it.
#[derive(Debug, Clone)]
pub struct Job {
    claim: Option<ClaimId>,
    lease_until: Option<i64>,
    pub attempts: u32,
    /// Under the present claim.
    pub settled: u64,
    pub troubles: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    claim: Option<String>,
    lease_until: Option<i64>,
    attempts: i64,
    settled: i64,
    troubles: i64,
}

impl Job {
    /// Whether `claim` holds the job at `at`.
    pub fn is_held_by(&self, claim: ClaimId, at: Timestamp) -> bool {
        self.claim == Some(claim) && self.is_leased(at)
    }

    pub fn is_leased(&self, at: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > micros(at))
    }
}

/// Puts a delivery on its recipient's queue.
pub async fn arm(
    connection: &mut Connection,
    recipient: OrganisationId,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(ARM)
        .bind(Uuid::now_v7().to_string())
        .bind(recipient.to_string())
        .bind(delivery.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether there is a delivery that is due and not held.
pub async fn is_any(
    connection: &mut Connection,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let subject = first(connection, ANY, recipient, at).await?;
    Ok(subject.is_some())
}

/// The most urgent delivery that is due and not held; until the transaction
/// ends no one else takes it.
pub async fn next(
    connection: &mut Connection,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<Option<DeliveryId>, Fault> {
    let select = locking(connection, TAKE, Lock::AloneIfFree);
    let subject = first(connection, select, recipient, at).await?;
    subject.map(|text| id(&text, "job.subject")).transpose()
}

async fn first(
    connection: &mut Connection,
    select: impl SqlSafeStr,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<Option<String>, Fault> {
    let subject = sqlx::query_scalar(select)
        .bind(recipient.to_string())
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    Ok(subject)
}

pub async fn of(connection: &mut Connection, delivery: DeliveryId) -> Result<Option<Job>, Fault> {
    let row: Option<Row> = sqlx::query_as(OF)
        .bind(delivery.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let claim = row.claim.map(|text| id(&text, "job.claim"));
        Ok(Job {
            claim: claim.transpose()?,
            lease_until: row.lease_until,
            attempts: count(row.attempts),
            settled: unsigned(row.settled),
            troubles: unsigned(row.troubles),
        })
    })
    .transpose()
}

fn count(attempts: i64) -> u32 {
    u32::try_from(attempts).unwrap_or(u32::MAX)
}

/// Makes a claim; answers it and the attempts that have failed before.
pub async fn claim(
    connection: &mut Connection,
    delivery: DeliveryId,
    by: GatewayId,
    lease_until: Timestamp,
) -> Result<(ClaimId, u32), Fault> {
    let claim = ClaimId(Uuid::new_v4());
    let attempts: i64 = sqlx::query_scalar(CLAIM)
        .bind(delivery.to_string())
        .bind(claim.to_string())
        .bind(micros(lease_until))
        .bind(by.to_string())
        .fetch_one(connection)
        .await?;
    Ok((claim, count(attempts)))
}

/// Ends the claims of a gateway's earlier run: whoever held them is gone.
pub async fn free(connection: &mut Connection, gateway: GatewayId, run: Uuid) -> Result<(), Fault> {
    sqlx::query(FREE)
        .bind(gateway.to_string())
        .bind(run.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// What happened under a claim since the last report.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub settled: u64,
    pub troubles: u64,
    /// Something reached the node: the next failure is the first again.
    pub success: bool,
}

/// Renews the lease.
pub async fn progress(
    connection: &mut Connection,
    delivery: DeliveryId,
    progress: Progress,
    lease_until: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(PROGRESS)
        .bind(delivery.to_string())
        .bind(micros(lease_until))
        .bind(signed(progress.settled))
        .bind(signed(progress.troubles))
        .bind(progress.success)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a claim, if any. Due again at `due`; parked when `None`.
pub async fn later(
    connection: &mut Connection,
    delivery: DeliveryId,
    due: Option<Timestamp>,
    attempts: u32,
) -> Result<(), Fault> {
    sqlx::query(LATER)
        .bind(delivery.to_string())
        .bind(due.map(micros))
        .bind(i64::from(attempts))
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts a delivery first in its queue, due now.
pub async fn first_now(
    connection: &mut Connection,
    recipient: OrganisationId,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    arm(connection, recipient, delivery, at).await?;
    sqlx::query(FIRST_NOW)
        .bind(delivery.to_string())
        .bind(micros(at))
        .bind(FIRST)
        .execute(connection)
        .await?;
    Ok(())
}

/// Begins anew, in its own turn, and not while it can still be undone.
pub async fn again(
    connection: &mut Connection,
    recipient: OrganisationId,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    arm(connection, recipient, delivery, at).await?;
    sqlx::query(AGAIN)
        .bind(delivery.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

/// A job that waits for its time is due at `at`.
pub async fn not_later(
    connection: &mut Connection,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(NOT_LATER)
        .bind(delivery.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn remove(connection: &mut Connection, delivery: DeliveryId) -> Result<(), Fault> {
    sqlx::query(REMOVE)
        .bind(delivery.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
