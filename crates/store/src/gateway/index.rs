//! The index of the spool: which images are there, and which are done with.
//!
//! The spool is the record; this index can be made again from it. A settled
//! image leaves only its number, without any personal data, until the spool has
//! dropped its segment: until then the spool may show it again.

use super::intake;
use crate::{
    audit,
    database::{Builder, Connection, LIST},
    fault::Fault,
    group::group,
    value::{from_json, id, signed, to_json, unsigned},
};
use bildbro_domain::{
    StudyUid,
    audit::{Action, Actor, Entry, Outcome},
};
use bildbro_flow::ports::gateway::{Arrival, ObjectNumber, Route, Spooled};
use bildbro_wire::link::Intent;
use jiff::Timestamp;
use std::collections::HashSet;

const SETTLED: &str = "SELECT object FROM settled WHERE object IN ";
const INDEXED: &str = "SELECT object FROM arrival WHERE object IN ";

const ADD: &str = "INSERT INTO arrival \
     (object, study_uid, sop_uid, digest, length, route, node, state, arrival) ";

const NEEDED: &str = "SELECT object FROM arrival ORDER BY object";

const FORGET: &str = "DELETE FROM settled WHERE object < $1";

/// An indexed image's columns.
#[derive(sqlx::FromRow)]
pub struct Row {
    object: i64,
    digest: String,
    length: i64,
    arrival: String,
}

impl Row {
    pub fn read(self) -> Result<Spooled, Fault> {
        Ok(Spooled {
            object: unsigned(self.object),
            arrival: from_json::<Arrival>(&self.arrival, "arrival.arrival")?,
            digest: id(&self.digest, "arrival.digest")?,
            length: unsigned(self.length),
        })
    }
}

/// A route as the tables key by it: JSON, whose fields always stand in the
/// same order.
pub fn route_text(route: &Route) -> Result<String, Fault> {
    to_json(route, "a route")
}

pub async fn index(
    connection: &mut Connection,
    batch: &[Spooled],
    at: Timestamp,
) -> Result<(), Fault> {
    let mut entries = Vec::new();
    for part in batch.chunks(LIST) {
        let new = unknown(connection, part).await?;
        if new.is_empty() {
            continue;
        }
        add(connection, &new).await?;
        intake::note(connection, &new).await?;
        entries.extend(received(&new, at));
    }
    audit::append(connection, &entries).await
}

/// Those that are neither indexed nor settled, each once.
async fn unknown<'a>(
    connection: &mut Connection,
    batch: &'a [Spooled],
) -> Result<Vec<&'a Spooled>, Fault> {
    let mut seen: HashSet<i64> = HashSet::new();
    for known in [SETTLED, INDEXED] {
        let mut query = Builder::new(connection, known);
        query.push_list(batch.iter().map(|s| signed(s.object)));
        let found: Vec<i64> = query
            .build_query_scalar()
            .fetch_all(&mut *connection)
            .await?;
        seen.extend(found);
    }
    let new = batch.iter().filter(|s| seen.insert(signed(s.object)));
    Ok(new.collect())
}

async fn add(connection: &mut Connection, new: &[&Spooled]) -> Result<(), Fault> {
    let texts = new
        .iter()
        .map(|s| {
            let route = route_text(&s.arrival.route)?;
            Ok((route, to_json(&s.arrival, "an arrival")?))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut query = Builder::new(connection, ADD);
    query.push_values(new.iter().zip(texts), |row, (spooled, (route, arrival))| {
        let node = match &spooled.arrival.route {
            Route::Hub { .. } => None,
            Route::Node { name } => Some(name.clone()),
        };
        row.push_bind(signed(spooled.object))
            .push_bind(spooled.arrival.header.study_uid.as_str())
            .push_bind(spooled.arrival.header.sop_uid.as_str())
            .push_bind(spooled.digest.to_string())
            .push_bind(signed(spooled.length))
            .push_bind(route)
            .push_bind(node)
            .push_bind("waiting")
            .push_bind(arrival);
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// One entry for each study, route and calling AE title.
fn received(new: &[&Spooled], at: Timestamp) -> Vec<Entry> {
    let key = |s: &Spooled| {
        let arrival = &s.arrival;
        let study = arrival.header.study_uid.clone();
        (study, arrival.route.clone(), arrival.calling.clone())
    };
    group(new.iter().map(|s| (key(s), *s)))
        .into_iter()
        .map(|((study, route, calling), images)| {
            let by = Actor::Node {
                ae_title: calling.to_string(),
            };
            let outcome = Outcome::Success;
            about(
                &study,
                &route,
                &images,
                audit::entry(at, Action::Receive, outcome, by),
            )
        })
        .collect()
}

/// Fills in which images of which study an entry is about, and where they go.
pub fn about(study: &StudyUid, route: &Route, images: &[&Spooled], mut entry: Entry) -> Entry {
    entry.studies = vec![study.clone()];
    entry.patient_id = images.first().map(|s| s.arrival.header.patient_id.clone());
    entry.set_images(images.iter().map(|s| s.digest));
    match route {
        Route::Hub {
            intent: Intent::Share { recipient },
        } => entry.counterpart = Some(*recipient),
        Route::Hub { .. } => {}
        Route::Node { name } => entry.detail = Some(format!("node {name}")),
    }
    entry
}

pub async fn needed(connection: &mut Connection) -> Result<Vec<ObjectNumber>, Fault> {
    let numbers: Vec<i64> = sqlx::query_scalar(NEEDED).fetch_all(connection).await?;
    Ok(numbers.into_iter().map(unsigned).collect())
}

pub async fn forget_settled(
    connection: &mut Connection,
    oldest: ObjectNumber,
) -> Result<(), Fault> {
    sqlx::query(FORGET)
        .bind(signed(oldest))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets go of images: their rows leave, their numbers stay. Answers them all,
/// also those let go of before.
pub async fn let_go(
    connection: &mut Connection,
    images: &[&Spooled],
) -> Result<Vec<ObjectNumber>, Fault> {
    for part in images.chunks(LIST) {
        let mut add = Builder::new(connection, "INSERT INTO settled (object) ");
        add.push_values(part, |row, spooled| {
            row.push_bind(signed(spooled.object));
        });
        add.push(" ON CONFLICT DO NOTHING");
        add.build().execute(&mut *connection).await?;
        let mut remove = Builder::new(connection, "DELETE FROM arrival WHERE object IN ");
        remove.push_list(part.iter().map(|s| signed(s.object)));
        remove.build().execute(&mut *connection).await?;
    }
    Ok(images.iter().map(|s| s.object).collect())
}

/// Of these, the images that still wait: what an answer can change.
pub async fn still_waiting(
    connection: &mut Connection,
    images: impl Iterator<Item = &Spooled>,
) -> Result<HashSet<ObjectNumber>, Fault> {
    let numbers: Vec<ObjectNumber> = images.map(|s| s.object).collect();
    let mut waiting = HashSet::new();
    for part in numbers.chunks(LIST) {
        let mut query = Builder::new(
            connection,
            "SELECT object FROM arrival WHERE state = 'waiting' AND object IN ",
        );
        query.push_list(part.iter().copied().map(signed));
        let found: Vec<i64> = query
            .build_query_scalar()
            .fetch_all(&mut *connection)
            .await?;
        waiting.extend(found.into_iter().map(unsigned));
    }
    Ok(waiting)
}
