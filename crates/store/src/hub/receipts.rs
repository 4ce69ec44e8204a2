//! Receipts: what became of each image at the recipient's node, and how an
//! attempt ended.
//!
//! Stored and already there are final. A failure that passes leaves an image
//! pending; one that does not waits for a person. A failure that only repeats
//! the one before leaves no new entry in the log, or a node that is away for a
//! weekend would fill it.

use super::{
    actor,
    delivery::{self, Delivery},
    inbox,
    queue::{self, Job, Progress},
};
use crate::{
    audit,
    database::{Builder, Connection, LIST},
    fault::Fault,
    group::group,
    value::{cut, id, micros, unsigned},
};
use bildbro_domain::{
    DeliveryId, Digest, ErrorClass, InstanceId,
    audit::{Action, Entry, Outcome},
    retry::BackOff,
    share::{DeliveryState, Failure, Receipt},
};
use bildbro_flow::ports::hub::{Call, ClaimError, Timing};
use bildbro_wire::link::{End, InstanceReceipt, Report, ReportReply};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

const STATES: &str = "SELECT di.instance, di.state, di.failure, i.digest \
     FROM delivery_instance di JOIN instance i ON i.id = di.instance WHERE di.delivery = ";

const SETTLE: &str = "UPDATE delivery_instance SET state = $3, failure = $4, status = $5, \
     node = $6, receipt_at = $7, attempts = attempts + $8 WHERE delivery = $1 AND instance = $2";

const COUNT: &str = "UPDATE delivery SET pending = pending + $2, stored = stored + $3, \
     already_there = already_there + $4, failed = failed + $5, \
     failure = COALESCE($6, failure), updated_at = $7 WHERE id = $1 \
     RETURNING pending, failed, failure";

/// The node's name as kept.
const LONGEST_NODE: usize = 64;

pub async fn report(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    report: &Report,
    random: f64,
) -> Result<Result<ReportReply, ClaimError>, Fault> {
    delivery::keep(connection, report.delivery).await?;
    let found = delivery::read(connection, report.delivery).await?;
    let Some(delivery) = found.filter(|d| d.recipient == call.subject.organisation) else {
        return Ok(Err(ClaimError::NotFound));
    };
    let images = states(connection, delivery.id, &report.receipts).await?;
    if report
        .receipts
        .iter()
        .any(|r| !images.contains_key(&r.instance))
    {
        return Ok(Err(ClaimError::NotFound));
    }
    let job = queue::of(connection, delivery.id).await?;
    let job = job.filter(|job| job.is_held_by(report.claim, call.at));
    // An image that was stored just before its share was taken back is there
    // all the same; whoever looks for copies must find it.
    if job.is_none() && delivery.state != DeliveryState::Withdrawn {
        return Ok(Err(ClaimError::Stale));
    }
    let (tally, mut entries) = take(connection, &delivery, call, report, images).await?;
    if delivery.state == DeliveryState::Withdrawn && tally.progress.success {
        // Also when those before were answered for.
        inbox::recall_again(connection, delivery.share, delivery.recipient, call.at).await?;
    }
    let mut answer = Err(ClaimError::Stale);
    if let Some(job) = job {
        let mut lease_until = call.at.checked_add(timing.lease).unwrap_or(call.at);
        queue::progress(connection, delivery.id, tally.progress, lease_until).await?;
        if let Some(end) = report.end {
            let how = (job, tally);
            entries.extend(finish(connection, &delivery, call, how, end, random).await?);
            lease_until = call.at;
        }
        answer = Ok(ReportReply { lease_until });
    }
    audit::append(connection, &entries).await?;
    Ok(answer)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Stored,
    AlreadyThere,
    Failed,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::AlreadyThere => "already_there",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Result<Self, Fault> {
        [
            Self::Pending,
            Self::Stored,
            Self::AlreadyThere,
            Self::Failed,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or(Fault::Unreadable("delivery_instance.state"))
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Stored | Self::AlreadyThere)
    }
}

/// One image of the delivery as it stands.
struct Image {
    state: State,
    failure: Option<Failure>,
    digest: Digest,
}

async fn states(
    connection: &mut Connection,
    delivery: DeliveryId,
    receipts: &[InstanceReceipt],
) -> Result<HashMap<InstanceId, Image>, Fault> {
    let mut images = HashMap::new();
    let ids: Vec<String> = receipts.iter().map(|r| r.instance.to_string()).collect();
    for part in ids.chunks(LIST) {
        let mut query = Builder::new(connection, STATES);
        query
            .push_bind(delivery.to_string())
            .push(" AND di.instance IN ");
        query.push_list(part.iter().map(String::as_str));
        let rows: Vec<(String, String, Option<String>, String)> =
            query.build_query_as().fetch_all(&mut *connection).await?;
        for (instance, state, failure, digest) in rows {
            let image = Image {
                state: State::parse(&state)?,
                failure: delivery::failure(failure.as_deref())?,
                digest: id(&digest, "instance.digest")?,
            };
            images.insert(id(&instance, "instance.id")?, image);
        }
    }
    Ok(images)
}

/// What a report's receipts changed, and how the delivery stands after them.
#[derive(Debug, Default)]
struct Tally {
    progress: Progress,
    pending: u64,
    failed: u64,
    /// Images of another patient, which are not part of it.
    left_out: u64,
    failure: Option<Failure>,
}

/// How the counters of a delivery move.
#[derive(Debug, Default)]
struct Moves {
    pending: i64,
    stored: i64,
    already_there: i64,
    failed: i64,
}

impl Moves {
    const fn of(&mut self, state: State) -> &mut i64 {
        match state {
            State::Pending => &mut self.pending,
            State::Stored => &mut self.stored,
            State::AlreadyThere => &mut self.already_there,
            State::Failed => &mut self.failed,
        }
    }
}

async fn take(
    connection: &mut Connection,
    delivery: &Delivery,
    call: &Call,
    report: &Report,
    mut images: HashMap<InstanceId, Image>,
) -> Result<(Tally, Vec<Entry>), Fault> {
    let mut tally = Tally::default();
    let mut moves = Moves::default();
    let mut there = Vec::new();
    let mut failures = Vec::new();
    let mut latest = None;
    for receipt in &report.receipts {
        let Some(image) = images.get_mut(&receipt.instance) else {
            continue;
        };
        let (state, failure) = outcome(&receipt.receipt);
        // What is final stays; a failed image waits for a person, unless it
        // got there after all.
        if image.state.is_final() || (image.state == State::Failed && !state.is_final()) {
            continue;
        }
        settle(connection, report, receipt, call.at).await?;
        *moves.of(image.state) -= 1;
        *moves.of(state) += 1;
        match (state, failure) {
            (State::Pending, Some(failure)) => {
                tally.progress.troubles += 1;
                if image.failure != Some(failure) {
                    failures.push((failure, image.digest));
                }
            }
            (State::Failed, Some(failure)) => {
                tally.progress.settled += 1;
                failures.push((failure, image.digest));
            }
            _ => {
                tally.progress.settled += 1;
                tally.progress.success = true;
                there.push(image.digest);
            }
        }
        latest = failure.or(latest);
        (image.state, image.failure) = (state, failure);
    }
    let (pending, failed, failure): (i64, i64, Option<String>) = sqlx::query_as(COUNT)
        .bind(delivery.id.to_string())
        .bind(moves.pending)
        .bind(moves.stored)
        .bind(moves.already_there)
        .bind(moves.failed)
        .bind(latest.map(Failure::as_str))
        .bind(micros(call.at))
        .fetch_one(&mut *connection)
        .await?;
    tally.pending = unsigned(pending);
    tally.failed = unsigned(failed);
    tally.left_out = delivery.left_out;
    tally.failure = delivery::failure(failure.as_deref())?;
    Ok((tally, entries(delivery, call, there, failures)))
}

/// What a receipt makes of a pending image.
const fn outcome(receipt: &Receipt) -> (State, Option<Failure>) {
    match receipt {
        Receipt::Stored { .. } => (State::Stored, None),
        Receipt::AlreadyThere => (State::AlreadyThere, None),
        Receipt::Failed { class, failure, .. } => match class {
            ErrorClass::Permanent => (State::Failed, Some(*failure)),
            ErrorClass::Transient | ErrorClass::Ambiguous => (State::Pending, Some(*failure)),
        },
    }
}

async fn settle(
    connection: &mut Connection,
    report: &Report,
    receipt: &InstanceReceipt,
    at: Timestamp,
) -> Result<(), Fault> {
    let (state, failure) = outcome(&receipt.receipt);
    let status = match receipt.receipt {
        Receipt::Stored { status } => Some(status),
        Receipt::Failed { status, .. } => status,
        Receipt::AlreadyThere => None,
    };
    sqlx::query(SETTLE)
        .bind(report.delivery.to_string())
        .bind(receipt.instance.to_string())
        .bind(state.as_str())
        .bind(failure.map(Failure::as_str))
        .bind(status.map(i64::from))
        .bind(cut(&report.node, LONGEST_NODE))
        .bind(micros(at))
        .bind(i64::from(failure.is_some()))
        .execute(connection)
        .await?;
    Ok(())
}

fn entries(
    delivery: &Delivery,
    call: &Call,
    there: Vec<Digest>,
    failures: Vec<(Failure, Digest)>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !there.is_empty() {
        let mut entry = delivery.entry(call.at, Action::Deliver, Outcome::Success, actor(call));
        entry.set_images(there);
        entries.push(entry);
    }
    for (failure, digests) in group(failures) {
        let mut entry = delivery.entry(call.at, Action::Deliver, Outcome::Failure, actor(call));
        entry.set_images(digests);
        entry.detail = Some(failure.as_str().to_owned());
        entries.push(entry);
    }
    entries
}

/// What comes after an attempt.
enum Next {
    Delivered,
    /// A person must act.
    Stopped(Option<Failure>),
    /// There is more, and no trouble.
    Again,
    Retry(Failure),
}

/// `settled` and `troubles` are the whole claim's.
fn next(end: End, tally: &Tally, settled: u64, troubles: u64) -> Next {
    match end {
        _ if tally.pending == 0 && tally.failed == 0 && tally.left_out > 0 => {
            Next::Stopped(Some(Failure::OtherPatient))
        }
        _ if tally.pending == 0 && tally.failed == 0 => Next::Delivered,
        _ if tally.pending == 0 => Next::Stopped(tally.failure),
        End::Failed {
            class: ErrorClass::Permanent,
            failure,
        } => Next::Stopped(Some(failure)),
        End::Failed { failure, .. } => Next::Retry(failure),
        End::Done if troubles > 0 => Next::Retry(tally.failure.unwrap_or(Failure::Internal)),
        // Done, and nothing done: it must not come straight back.
        End::Done if settled == 0 => Next::Retry(Failure::Internal),
        End::Done => Next::Again,
    }
}

async fn finish(
    connection: &mut Connection,
    delivery: &Delivery,
    call: &Call,
    (job, tally): (Job, Tally),
    end: End,
    random: f64,
) -> Result<Option<Entry>, Fault> {
    let at = call.at;
    let settled = job.settled + tally.progress.settled;
    let troubles = job.troubles + tally.progress.troubles;
    let attempts = if tally.progress.success {
        0
    } else {
        job.attempts
    };
    let next = next(end, &tally, settled, troubles);
    let (state, failure) = match next {
        Next::Delivered => (DeliveryState::Delivered, None),
        Next::Stopped(failure) => (DeliveryState::Stopped, failure),
        Next::Again => (DeliveryState::Waiting, None),
        Next::Retry(failure) => (DeliveryState::Retrying, Some(failure)),
    };
    match next {
        Next::Delivered => queue::remove(connection, delivery.id).await?,
        Next::Stopped(_) => queue::later(connection, delivery.id, None, attempts).await?,
        Next::Again => queue::later(connection, delivery.id, Some(at), 0).await?,
        Next::Retry(_) => {
            let attempts = attempts.saturating_add(1);
            let due = retry_at(at, attempts, random);
            queue::later(connection, delivery.id, Some(due), attempts).await?;
        }
    }
    delivery.set_state(connection, state, failure, at).await?;
    if let End::Failed { failure, .. } = end
        && tally.pending > 0
        && (delivery.failure != Some(failure) || matches!(next, Next::Stopped(_)))
    {
        let mut entry = delivery.entry(at, Action::Deliver, Outcome::Failure, actor(call));
        entry.detail = Some(format!("the attempt failed: {}", failure.as_str()));
        return Ok(Some(entry));
    }
    Ok(None)
}

fn retry_at(at: Timestamp, attempts: u32, random: f64) -> Timestamp {
    SignedDuration::try_from(BackOff::PEER.wait(attempts, random))
        .ok()
        .and_then(|wait| at.checked_add(wait).ok())
        .unwrap_or(at)
}
