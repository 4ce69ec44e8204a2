//! Images straight to nodes, beside the hub: what waits, and what became of it.

use super::index::{self, Row, about};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    group::group,
    value::{micros, signed, unsigned},
};
use bildbro_domain::{
    ErrorClass,
    audit::{Action, Actor, Entry, Outcome},
    share::{Failure, Receipt},
};
use bildbro_flow::ports::gateway::{DirectTotals, ObjectNumber, Spooled};
use jiff::Timestamp;
use std::collections::BTreeMap;

const WAITING: &str = "SELECT object, digest, length, arrival FROM arrival \
     WHERE state = 'waiting' AND node = $1 AND retry_at <= $2 ORDER BY object LIMIT $3";

const FAIL: &str = "UPDATE arrival SET state = 'failed', attempts = attempts + 1 \
     WHERE object = $1 AND state = 'waiting'";

/// Answers the attempts so far.
const LATER: &str = "UPDATE arrival SET retry_at = $2, attempts = attempts + 1 \
     WHERE object = $1 AND state = 'waiting' RETURNING attempts";

const STORED: &str = "INSERT INTO direct (node, stored, failures) VALUES ($1, $2, 0) \
     ON CONFLICT (node) DO UPDATE SET stored = direct.stored + excluded.stored, failures = 0";

const FAILED: &str = "INSERT INTO direct (node, stored, failures) VALUES ($1, 0, 1) \
     ON CONFLICT (node) DO UPDATE SET failures = direct.failures + 1";

const FAILURES: &str = "SELECT failures FROM direct WHERE node = $1";

const STORED_TOTALS: &str = "SELECT node, stored FROM direct";

const ARRIVAL_TOTALS: &str = "SELECT node, COUNT(*) FILTER (WHERE state = 'waiting'), \
     COUNT(*) FILTER (WHERE state = 'failed') FROM arrival \
     WHERE node IS NOT NULL GROUP BY node";

pub async fn waiting(
    connection: &mut Connection,
    node: &str,
    at: Timestamp,
    most: u32,
) -> Result<Vec<Spooled>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(WAITING)
        .bind(node)
        .bind(micros(at))
        .bind(i64::from(most))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub async fn settle(
    connection: &mut Connection,
    node: &str,
    outcomes: &[(Spooled, Receipt)],
    retry_at: Timestamp,
    at: Timestamp,
) -> Result<Vec<ObjectNumber>, Fault> {
    let waiting = index::still_waiting(connection, outcomes.iter().map(|(s, _)| s)).await?;
    let mut done = Vec::new();
    let mut stored = 0;
    let mut passing = false;
    let mut to_record = Vec::new();
    for (spooled, receipt) in outcomes {
        let mut news = waiting.contains(&spooled.object);
        match receipt {
            Receipt::Stored { .. } | Receipt::AlreadyThere => {
                done.push(spooled);
                stored += u64::from(news);
            }
            Receipt::Failed {
                class: ErrorClass::Permanent,
                ..
            } => {
                sqlx::query(FAIL)
                    .bind(signed(spooled.object))
                    .execute(&mut *connection)
                    .await?;
            }
            Receipt::Failed { .. } => {
                passing = true;
                // Only the first such failure of an image is recorded.
                let first = later(connection, spooled, retry_at).await?;
                news &= first;
            }
        }
        if news {
            let of = (&spooled.arrival.header.study_uid, failure(receipt));
            to_record.push((of, spooled));
        }
    }
    if !done.is_empty() {
        let stored = sqlx::query(STORED).bind(node).bind(signed(stored));
        stored.execute(&mut *connection).await?;
    } else if passing {
        sqlx::query(FAILED)
            .bind(node)
            .execute(&mut *connection)
            .await?;
    }
    let released = index::let_go(connection, &done).await?;
    let entries: Vec<Entry> = group(to_record)
        .into_iter()
        .filter_map(|((study, failure), images)| {
            let route = &images.first()?.arrival.route;
            let outcome = failure.map_or(Outcome::Success, |_| Outcome::Failure);
            let by = Actor::Gateway { id: None };
            let entry = audit::entry(at, Action::Deliver, outcome, by);
            let mut entry = about(study, route, &images, entry);
            if let Some(failure) = failure {
                entry.detail = Some(format!("node {node}: {}", failure.as_str()));
            }
            Some(entry)
        })
        .collect();
    audit::append(connection, &entries).await?;
    Ok(released)
}

const fn failure(receipt: &Receipt) -> Option<Failure> {
    match receipt {
        Receipt::Stored { .. } | Receipt::AlreadyThere => None,
        Receipt::Failed { failure, .. } => Some(*failure),
    }
}

/// Answers whether this was the image's first attempt.
async fn later(
    connection: &mut Connection,
    spooled: &Spooled,
    retry_at: Timestamp,
) -> Result<bool, Fault> {
    let attempts: Option<i64> = sqlx::query_scalar(LATER)
        .bind(signed(spooled.object))
        .bind(micros(retry_at))
        .fetch_optional(connection)
        .await?;
    Ok(attempts == Some(1))
}

pub async fn failures(connection: &mut Connection, node: &str) -> Result<u32, Fault> {
    let failures: Option<i64> = sqlx::query_scalar(FAILURES)
        .bind(node)
        .fetch_optional(connection)
        .await?;
    Ok(u32::try_from(failures.unwrap_or(0)).unwrap_or(u32::MAX))
}

pub async fn totals(connection: &mut Connection) -> Result<Vec<DirectTotals>, Fault> {
    let mut totals: BTreeMap<String, DirectTotals> = BTreeMap::new();
    let stored: Vec<(String, i64)> = sqlx::query_as(STORED_TOTALS)
        .fetch_all(&mut *connection)
        .await?;
    for (node, stored) in stored {
        totals.entry(node).or_default().stored = unsigned(stored);
    }
    let arrivals: Vec<(String, i64, i64)> =
        sqlx::query_as(ARRIVAL_TOTALS).fetch_all(connection).await?;
    for (node, waiting, failed) in arrivals {
        let total = totals.entry(node).or_default();
        (total.waiting, total.failed) = (unsigned(waiting), unsigned(failed));
    }
    Ok(totals
        .into_iter()
        .map(|(node, total)| DirectTotals { node, ..total })
        .collect())
}
