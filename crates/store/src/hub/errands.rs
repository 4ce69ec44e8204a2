//! Errands: what gateways are asked to do at their nodes, claimed by lease.
//!
//! As with deliveries, a later claim makes an earlier one void. A search is of
//! use while someone waits for it, and is not tried again; a fetch is, until its
//! node has sent everything or a person gives up.

use super::machines;
use crate::{
    database::{Builder, Connection, Lock, locking},
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{
    ClaimId, DeliveryId, ErrandId, ErrorClass, GatewayId, OrganisationId, StudyId,
    retry::BackOff,
    share::{Failure, Priority},
};
use bildbro_flow::ports::{
    errands::{ClaimedErrand, SealedFound},
    hub::{Call, Timing},
};
use bildbro_wire::errand::{ErrandEnd, FoundReply, MAX_FOUND};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// A fetch is given up after this; a search says itself.
const FETCH_LIFE: SignedDuration = SignedDuration::from_hours(72);

/// How long a lease that ended is still written over: what ran out goes.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A node that answers, and does not send, is asked this often; then a person
/// must look at it.
const MOST_UNSENT: i64 = 5;

/// Most findings kept of one errand.
const MOST_FINDINGS: i64 = 4096;

const PUT: &str = "INSERT INTO errand (id, organisation, gateway, kind, task, study, node, \
     session, asked_at, expires_at, state, updated_at, due_at, priority) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $9, $9, $11)";

/// One that is still to be done there; a new wish makes it hurry.
const HURRY: &str = "UPDATE errand SET due_at = CASE WHEN due_at > $2 THEN $2 ELSE due_at END, \
     priority = CASE WHEN priority > $3 THEN $3 ELSE priority END, \
     expires_at = $4, updated_at = $2, asked_at = $2 \
     WHERE kind = 'fetch' AND study = $1 AND gateway = $5 AND node = $6 \
     AND state IN ('waiting', 'under_way')";

/// What no delivery waits for any more.
const END_UNNEEDED: &str = "UPDATE errand SET state = 'done', updated_at = $2, claim = NULL, \
     lease_until = NULL WHERE kind = 'fetch' AND state IN ('waiting', 'under_way') \
     AND study = (SELECT study FROM delivery WHERE id = $1) AND NOT EXISTS \
     (SELECT 1 FROM delivery d JOIN share sh ON sh.id = d.share WHERE d.study = errand.study \
     AND d.state <> 'withdrawn' AND sh.origin = 'portal' AND sh.revoked_at IS NULL)";

const ANY: &str = "SELECT id FROM errand WHERE gateway = $1 AND due_at <= $2 \
     AND expires_at > $2 AND (lease_until IS NULL OR lease_until <= $2) \
     AND state IN ('waiting', 'under_way') AND (kind = 'find' OR priority <= $3) LIMIT 1";

const NEXT: &str = "SELECT id FROM errand WHERE gateway = $1 AND due_at <= $2 \
     AND expires_at > $2 AND (lease_until IS NULL OR lease_until <= $2) \
     AND state IN ('waiting', 'under_way') AND (kind = 'find' OR priority <= $3) \
     ORDER BY priority, due_at, id LIMIT 1";

const CLAIM: &str = "UPDATE errand SET claim = $2, lease_until = $3, state = 'under_way', \
     updated_at = $4 WHERE id = $1 RETURNING attempts, task";

const HELD: &str = "SELECT kind, attempts, completed FROM errand WHERE id = $1 AND gateway = $2 \
     AND claim = $3 AND lease_until > $4 AND expires_at > $4 AND state = 'under_way'";

const PUT_FINDINGS: &str = "INSERT INTO finding (errand, number, finding) ";

const NUMBER: &str = "SELECT COUNT(*) FROM finding WHERE errand = $1";

const MOVED: &str = "UPDATE errand SET lease_until = $2, updated_at = $3, \
     completed = COALESCE($4, completed), failed = COALESCE($5, failed), \
     remaining = CASE WHEN $4 IS NULL THEN remaining ELSE $6 END WHERE id = $1";

const END: &str = "UPDATE errand SET state = $2, failure = $3, cut = $4, due_at = $5, \
     attempts = $6, updated_at = $7, claim = NULL, lease_until = NULL WHERE id = $1";

const FREE: &str = "UPDATE errand SET claim = NULL, lease_until = NULL WHERE gateway = $1 \
     AND claim IS NOT NULL \
     AND EXISTS (SELECT 1 FROM gateway WHERE id = $1 AND (run IS NULL OR run <> $2))";

/// Who waited for a fetch is told that it came to nothing.
const GIVE_UP: &str = "UPDATE errand SET state = 'failed', claim = NULL, lease_until = NULL, \
     failure = COALESCE(failure, 'not_sent'), updated_at = $1 WHERE kind = 'fetch' \
     AND state IN ('waiting', 'under_way') AND expires_at <= $1";

/// Its findings go with a search.
const FORGET: &str =
    "DELETE FROM errand WHERE expires_at <= $1 AND (kind = 'find' OR expires_at <= $2)";

/// What is asked.
pub struct New<'a> {
    pub organisation: OrganisationId,
    pub gateway: GatewayId,
    pub task: &'a str,
    pub priority: Priority,
    pub at: Timestamp,
}

/// Less is more urgent. A search has someone waiting for it.
const fn urgency(priority: Priority) -> i64 {
    match priority {
        Priority::Emergency => 1,
        Priority::Urgent => 5,
        Priority::Ordinary => 10,
    }
}

/// Which fetches a gateway takes that has as many in hand as it wants.
const fn least_urgent(urgent_only: bool) -> i64 {
    if urgent_only {
        urgency(Priority::Emergency)
    } else {
        i64::MAX
    }
}

pub async fn find(
    connection: &mut Connection,
    new: &New<'_>,
    session: &str,
    expires: Timestamp,
) -> Result<ErrandId, Fault> {
    put(connection, new, "find", None, session, expires).await
}

/// Asks for a study; one that is asked for already hurries.
pub async fn fetch(
    connection: &mut Connection,
    new: &New<'_>,
    study: StudyId,
    node: &str,
) -> Result<(), Fault> {
    let expires = new.at.checked_add(FETCH_LIFE).unwrap_or(new.at);
    let hurried = sqlx::query(HURRY)
        .bind(study.to_string())
        .bind(micros(new.at))
        .bind(urgency(new.priority))
        .bind(micros(expires))
        .bind(new.gateway.to_string())
        .bind(node)
        .execute(&mut *connection)
        .await?;
    if hurried.rows_affected() == 0 {
        put(connection, new, "fetch", Some((study, node)), "", expires).await?;
    }
    Ok(())
}

async fn put(
    connection: &mut Connection,
    new: &New<'_>,
    kind: &str,
    of: Option<(StudyId, &str)>,
    session: &str,
    expires: Timestamp,
) -> Result<ErrandId, Fault> {
    let errand = ErrandId(Uuid::now_v7());
    sqlx::query(PUT)
        .bind(errand.to_string())
        .bind(new.organisation.to_string())
        .bind(new.gateway.to_string())
        .bind(kind)
        .bind(new.task)
        .bind(of.map(|(study, _)| study.to_string()))
        .bind(of.map_or("", |(_, node)| node))
        .bind(session)
        .bind(micros(new.at))
        .bind(micros(expires))
        .bind(if kind == "find" {
            0
        } else {
            urgency(new.priority)
        })
        .execute(connection)
        .await?;
    Ok(errand)
}

/// Whether there is something for this gateway to claim.
pub async fn is_any(
    connection: &mut Connection,
    call: &Call,
    urgent_only: bool,
) -> Result<bool, Fault> {
    let found: Option<String> = sqlx::query_scalar(ANY)
        .bind(call.subject.gateway.to_string())
        .bind(micros(call.at))
        .bind(least_urgent(urgent_only))
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

pub async fn claim(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    urgent_only: bool,
) -> Result<Option<ClaimedErrand>, Fault> {
    // A gateway cut off gets nothing after it.
    if !machines::is_active(connection, &call.subject).await? {
        return Ok(None);
    }
    let select = locking(connection, NEXT, Lock::AloneIfFree);
    let next: Option<String> = sqlx::query_scalar(select)
        .bind(call.subject.gateway.to_string())
        .bind(micros(call.at))
        .bind(least_urgent(urgent_only))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(errand) = next else {
        return Ok(None);
    };
    let claim = ClaimId(Uuid::new_v4());
    let lease_until = call.at.checked_add(timing.lease).unwrap_or(call.at);
    let (attempts, task): (i64, String) = sqlx::query_as(CLAIM)
        .bind(&errand)
        .bind(claim.to_string())
        .bind(micros(lease_until))
        .bind(micros(call.at))
        .fetch_one(connection)
        .await?;
    Ok(Some(ClaimedErrand {
        id: id(&errand, "errand.id")?,
        claim,
        lease_until,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        task,
    }))
}

pub async fn found(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    found: &SealedFound,
    random: f64,
) -> Result<FoundReply, Fault> {
    let over = FoundReply {
        go_on: false,
        lease_until: call.at,
    };
    let select = locking(connection, HELD, Lock::Alone);
    let held: Option<(String, i64, i64)> = sqlx::query_as(select)
        .bind(found.errand.to_string())
        .bind(call.subject.gateway.to_string())
        .bind(found.claim.to_string())
        .bind(micros(call.at))
        .fetch_optional(&mut *connection)
        .await?;
    let Some((kind, attempts, completed)) = held else {
        return Ok(over);
    };
    if kind == "find" {
        keep(connection, found).await?;
    }
    let lease_until = call.at.checked_add(timing.lease).unwrap_or(call.at);
    let moved = found.moved;
    sqlx::query(MOVED)
        .bind(found.errand.to_string())
        .bind(micros(lease_until))
        .bind(micros(call.at))
        .bind(moved.map(|moved| i64::from(moved.completed)))
        .bind(moved.map(|moved| i64::from(moved.failed)))
        .bind(moved.and_then(|moved| moved.remaining).map(i64::from))
        .execute(&mut *connection)
        .await?;
    let Some(end) = found.end else {
        return Ok(FoundReply {
            go_on: true,
            lease_until,
        });
    };
    // A node that has come further than before is not at its end.
    let further = moved.is_some_and(|moved| i64::from(moved.completed) > completed);
    let attempts = if further { 0 } else { attempts };
    finish(connection, call, found, end, &kind, attempts, random).await?;
    Ok(over)
}

async fn keep(connection: &mut Connection, found: &SealedFound) -> Result<(), Fault> {
    let count: i64 = sqlx::query_scalar(NUMBER)
        .bind(found.errand.to_string())
        .fetch_one(&mut *connection)
        .await?;
    if count >= MOST_FINDINGS {
        return Ok(());
    }
    for (part, findings) in found.findings.chunks(MAX_FOUND).enumerate() {
        let first = count + i64::try_from(part * MAX_FOUND).unwrap_or(i64::MAX);
        let mut query = Builder::new(connection, PUT_FINDINGS);
        query.push_values((first..).zip(findings), |row, (number, finding)| {
            row.push_bind(found.errand.to_string())
                .push_bind(number)
                .push_bind(finding.as_str());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn finish(
    connection: &mut Connection,
    call: &Call,
    found: &SealedFound,
    end: ErrandEnd,
    kind: &str,
    attempts: i64,
    random: f64,
) -> Result<(), Fault> {
    let (state, failure, cut, due) = match end {
        ErrandEnd::Done { cut } => ("done", None, cut, call.at),
        ErrandEnd::Failed { class, failure }
            if kind == "fetch"
                && class != ErrorClass::Permanent
                && (failure != Failure::NotSent || attempts + 1 < MOST_UNSENT) =>
        {
            let due = later(call, attempts, random);
            ("waiting", Some(failure), false, due)
        }
        ErrandEnd::Failed { failure, .. } => ("failed", Some(failure), false, call.at),
    };
    sqlx::query(END)
        .bind(found.errand.to_string())
        .bind(state)
        .bind(failure.map(Failure::as_str))
        .bind(cut)
        .bind(micros(due))
        .bind(attempts + 1)
        .bind(micros(call.at))
        .execute(connection)
        .await?;
    Ok(())
}

fn later(call: &Call, attempts: i64, random: f64) -> Timestamp {
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    SignedDuration::try_from(BackOff::PEER.wait(attempts.saturating_add(1), random))
        .ok()
        .and_then(|wait| call.at.checked_add(wait).ok())
        .unwrap_or(call.at)
}

/// Ends the claims of a gateway's earlier run.
pub async fn free(connection: &mut Connection, gateway: GatewayId, run: Uuid) -> Result<(), Fault> {
    sqlx::query(FREE)
        .bind(gateway.to_string())
        .bind(run.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn sweep(connection: &mut Connection, at: Timestamp) -> Result<(), Fault> {
    let long_ago = at.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    sqlx::query(GIVE_UP)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    sqlx::query(FORGET)
        .bind(micros(at))
        .bind(micros(long_ago))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the fetch of a withdrawn delivery's study, unless another waits for it.
pub async fn end_unneeded(
    connection: &mut Connection,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(END_UNNEEDED)
        .bind(delivery.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}
