//! Studies as they come in, per route: how many distinct images, when the last.

use super::index::{about, route_text};
use crate::{
    audit,
    database::{Builder, Connection},
    fault::Fault,
    group::group,
    value::{from_json, micros, name, signed, time, unsigned},
};
use bildbro_domain::audit::{Action, Actor, Outcome};
use bildbro_flow::ports::gateway::{OpenStudy, Spooled};
use jiff::{SignedDuration, Timestamp};

/// A late image is counted with those before it for this long after a study
/// was complete.
const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 30);

const NOTE: &str = "INSERT INTO intake_study (study_uid, route, calling, received, latest) \
     VALUES ($1, $2, $3, 0, $4) ON CONFLICT (study_uid, route) DO UPDATE SET \
     calling = excluded.calling, complete_at = NULL, \
     latest = CASE WHEN excluded.latest > intake_study.latest \
     THEN excluded.latest ELSE intake_study.latest END";

const NOTE_INSTANCES: &str = "INSERT INTO intake_instance (study_uid, route, sop_uid) ";

const COUNT: &str = "UPDATE intake_study SET received = received + $3 \
     WHERE study_uid = $1 AND route = $2";

const OPEN: &str = "SELECT s.study_uid, s.route, s.calling, s.received, s.latest, \
     (SELECT COUNT(*) FROM arrival a WHERE a.study_uid = s.study_uid AND a.route = s.route \
     AND a.state = 'waiting') AS waiting \
     FROM intake_study s WHERE s.complete_at IS NULL ORDER BY s.latest, s.study_uid, s.route";

/// Only as it was when it was judged: what came since keeps it open.
const CLOSE: &str = "UPDATE intake_study SET complete_at = $5 WHERE study_uid = $1 \
     AND route = $2 AND complete_at IS NULL AND received = $3 AND latest = $4";

const FORGET: &str = "DELETE FROM intake_study WHERE complete_at < $1";

/// Notes images that are new to the index; opens their studies again.
pub async fn note(connection: &mut Connection, new: &[&Spooled]) -> Result<(), Fault> {
    let key = |s: &Spooled| (s.arrival.header.study_uid.clone(), s.arrival.route.clone());
    for ((study, route), images) in group(new.iter().map(|s| (key(s), *s))) {
        let route = route_text(&route)?;
        let Some(last) = images.iter().max_by_key(|s| s.arrival.received) else {
            continue;
        };
        sqlx::query(NOTE)
            .bind(study.as_str())
            .bind(&route)
            .bind(last.arrival.calling.as_str())
            .bind(micros(last.arrival.received))
            .execute(&mut *connection)
            .await?;
        let mut query = Builder::new(connection, NOTE_INSTANCES);
        query.push_values(images, |row, spooled| {
            row.push_bind(study.as_str())
                .push_bind(&route)
                .push_bind(spooled.arrival.header.sop_uid.as_str());
        });
        query.push(" ON CONFLICT DO NOTHING");
        let distinct = query.build().execute(&mut *connection).await?;
        sqlx::query(COUNT)
            .bind(study.as_str())
            .bind(&route)
            .bind(signed(distinct.rows_affected()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    study_uid: String,
    route: String,
    calling: String,
    received: i64,
    latest: i64,
    waiting: i64,
}

fn count(n: i64) -> u32 {
    u32::try_from(unsigned(n)).unwrap_or(u32::MAX)
}

pub async fn open(connection: &mut Connection) -> Result<Vec<OpenStudy>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(OPEN).fetch_all(connection).await?;
    rows.into_iter()
        .map(|row| {
            Ok(OpenStudy {
                study_uid: name(row.study_uid, "intake_study.study_uid")?,
                route: from_json(&row.route, "intake_study.route")?,
                calling: name(row.calling, "intake_study.calling")?,
                received: count(row.received),
                latest: time(row.latest)?,
                waiting: count(row.waiting),
            })
        })
        .collect()
}

pub async fn close(
    connection: &mut Connection,
    study: &OpenStudy,
    expected: Option<u32>,
    at: Timestamp,
) -> Result<bool, Fault> {
    let closed = sqlx::query(CLOSE)
        .bind(study.study_uid.as_str())
        .bind(route_text(&study.route)?)
        .bind(i64::from(study.received))
        .bind(micros(study.latest))
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    if closed.rows_affected() == 0 {
        return Ok(false);
    }
    let by = Actor::Gateway { id: None };
    let entry = audit::entry(at, Action::Complete, Outcome::Success, by);
    let mut entry = about(&study.study_uid, &study.route, &[], entry);
    (entry.images, entry.images_digest) = (Some(u64::from(study.received)), None);
    if let Some(expected) = expected {
        entry.detail = Some(format!("the sending PACS counts {expected} images"));
    }
    audit::append(connection, &[entry]).await?;
    let forgotten = at.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
    sqlx::query(FORGET)
        .bind(micros(forgotten))
        .execute(connection)
        .await?;
    Ok(true)
}
