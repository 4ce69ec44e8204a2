//! Images for the hub: what waits, and what the hub answered.

use super::index::{self, Row, about};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    group::group,
    value::{signed, unsigned},
};
use bildbro_domain::audit::{Action, Actor, Entry, Outcome};
use bildbro_flow::ports::gateway::{ObjectNumber, Spooled};
use bildbro_wire::link::{Answer, Refusal};
use jiff::Timestamp;

const WAITING: &str = "SELECT object, digest, length, arrival FROM arrival \
     WHERE state = 'waiting' AND node IS NULL AND object > $1 ORDER BY object LIMIT $2";

const COUNT: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM arrival \
     WHERE state = 'waiting' AND node IS NULL";

const REFUSE: &str = "UPDATE arrival SET state = 'refused' \
     WHERE object = $1 AND state = 'waiting'";

pub async fn waiting(
    connection: &mut Connection,
    after: ObjectNumber,
    most: u32,
) -> Result<Vec<Spooled>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(WAITING)
        .bind(signed(after))
        .bind(i64::from(most))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub async fn count(connection: &mut Connection) -> Result<(u64, u64), Fault> {
    let (images, bytes): (i64, i64) = sqlx::query_as(COUNT).fetch_one(connection).await?;
    Ok((unsigned(images), unsigned(bytes)))
}

pub async fn settle(
    connection: &mut Connection,
    answers: &[(Spooled, Answer)],
    at: Timestamp,
) -> Result<Vec<ObjectNumber>, Fault> {
    let waiting = index::still_waiting(connection, answers.iter().map(|(s, _)| s)).await?;
    let mut done = Vec::new();
    let mut to_record = Vec::new();
    for (spooled, answer) in answers {
        match answer {
            Answer::Send | Answer::GoOn { .. } | Answer::Again => continue,
            Answer::Held | Answer::Quarantined { .. } | Answer::Denied => done.push(spooled),
            Answer::Refused { .. } => {
                sqlx::query(REFUSE)
                    .bind(signed(spooled.object))
                    .execute(&mut *connection)
                    .await?;
            }
        }
        if waiting.contains(&spooled.object) {
            let arrival = &spooled.arrival;
            let of = (&arrival.header.study_uid, &arrival.route, answer);
            to_record.push((of, spooled));
        }
    }
    let released = index::let_go(connection, &done).await?;
    let entries: Vec<Entry> = group(to_record)
        .into_iter()
        .map(|((study, route, answer), images)| {
            let (outcome, detail) = said(answer);
            let by = Actor::Gateway { id: None };
            let entry = audit::entry(at, Action::Forward, outcome, by);
            let mut entry = about(study, route, &images, entry);
            entry.detail = detail;
            entry
        })
        .collect();
    audit::append(connection, &entries).await?;
    Ok(released)
}

/// What an answer means for the log.
fn said(answer: &Answer) -> (Outcome, Option<String>) {
    match answer {
        Answer::Held | Answer::Send | Answer::GoOn { .. } | Answer::Again => {
            (Outcome::Success, None)
        }
        Answer::Quarantined { reason } => {
            let detail = format!("set aside at the hub: {}", reason.as_str());
            (Outcome::Success, Some(detail))
        }
        Answer::Denied => (Outcome::Denied, Some("the hub denied the share".into())),
        Answer::Refused { reason } => {
            let why = match reason {
                Refusal::TooLarge => "too large for the hub",
                Refusal::Unreadable => "the hub could not read it",
            };
            (Outcome::Failure, Some(why.into()))
        }
    }
}
