//! What the status page and `/metrics` show: bounded lists and sums, each one
//! statement, and no personal data.

use super::delivery;
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    value::{from_json, id, maybe_time, time, unsigned, word},
};
use bildbro_domain::share::{DeliveryState, Purpose, Quarantine};
use bildbro_flow::ports::hub::{
    DeliveryView, GatewayView, HeldView, Overview, QuarantineView, Totals,
};
use jiff::{SignedDuration, Timestamp};

/// A gateway says hello every few seconds; after this it is silent.
const SILENT: SignedDuration = SignedDuration::from_secs(30);

/// An organisation's newest gateway counts; one without any has been silent
/// since it came.
const DELIVERIES: &str = "SELECT d.id, d.share, s.name AS sender, r.name AS recipient, \
     sh.purpose, st.modality, st.study_date, d.created_at, d.updated_at, d.state, d.images, \
     d.bytes, d.expected, d.complete IS TRUE AS complete, d.stored, d.already_there, d.failed, d.failure, \
     j.due_at, COALESCE(g.seen, r.created_at) AS seen \
     FROM delivery d JOIN share sh ON sh.id = d.share JOIN study st ON st.id = d.study \
     JOIN organisation s ON s.id = sh.sender JOIN organisation r ON r.id = d.recipient \
     LEFT JOIN job j ON j.kind = 'delivery' AND j.subject = d.id \
     LEFT JOIN (SELECT organisation, MAX(COALESCE(last_seen, created_at)) AS seen \
     FROM gateway WHERE active GROUP BY organisation) g ON g.organisation = d.recipient \
     ORDER BY d.created_at DESC, d.id DESC LIMIT $1";

const COUNT_DELIVERIES: &str = "SELECT COUNT(*) FROM delivery";

const HELD: &str = "SELECT st.id, o.name, st.modality, st.study_date, st.images, st.bytes, \
     st.latest_at, st.complete_at IS NOT NULL AS complete, st.expected \
     FROM study st JOIN organisation o ON o.id = st.holder WHERE st.to_share \
     ORDER BY st.latest_at DESC, st.id LIMIT $1";

const QUARANTINED: &str = "SELECT o.name, q.reason, COUNT(*), MAX(q.at) FROM quarantine q \
     JOIN organisation o ON o.id = q.holder GROUP BY o.name, q.reason \
     ORDER BY MAX(q.at) DESC, o.name, q.reason";

const GATEWAYS: &str = "SELECT g.id, o.name AS organisation, g.name, g.version, g.last_seen, \
     g.waiting_images, g.waiting_bytes, g.nodes FROM gateway g \
     JOIN organisation o ON o.id = g.organisation WHERE g.active ORDER BY o.name_key, g.name, g.id";

const SUM_STUDIES: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(images), 0) AS BIGINT), \
     CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM study";

const COUNT_QUARANTINED: &str = "SELECT COUNT(*) FROM quarantine";

const SUM_DELIVERIES: &str = "SELECT state, COUNT(*), \
     CAST(COALESCE(SUM(pending), 0) AS BIGINT) FROM delivery GROUP BY state";

/// As [`Totals::deliveries`] counts them.
const STATES: [DeliveryState; 6] = [
    DeliveryState::Waiting,
    DeliveryState::UnderWay,
    DeliveryState::Retrying,
    DeliveryState::Delivered,
    DeliveryState::Stopped,
    DeliveryState::Withdrawn,
];

pub async fn overview(
    connection: &mut Connection,
    at: Timestamp,
    most: u32,
) -> Result<Overview, Fault> {
    let total: i64 = sqlx::query_scalar(COUNT_DELIVERIES)
        .fetch_one(&mut *connection)
        .await?;
    Ok(Overview {
        deliveries: deliveries(connection, at, most).await?,
        total_deliveries: unsigned(total),
        held: held(connection, most).await?,
        quarantined: quarantined(connection).await?,
        gateways: gateways(connection).await?,
    })
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: String,
    share: String,
    sender: String,
    recipient: String,
    purpose: String,
    modality: String,
    study_date: String,
    created_at: i64,
    updated_at: i64,
    state: String,
    images: i64,
    bytes: i64,
    expected: Option<i64>,
    complete: Flag,
    stored: i64,
    already_there: i64,
    failed: i64,
    failure: Option<String>,
    due_at: Option<i64>,
    seen: i64,
}

impl DeliveryRow {
    fn read(self, at: Timestamp) -> Result<DeliveryView, Fault> {
        let state = word(DeliveryState::parse(&self.state), "delivery.state")?;
        let waits = matches!(state, DeliveryState::Waiting | DeliveryState::Retrying);
        let silent_after = at.checked_sub(SILENT).unwrap_or(Timestamp::MIN);
        Ok(DeliveryView {
            delivery: id(&self.id, "delivery.id")?,
            share: id(&self.share, "delivery.share")?,
            sender: self.sender,
            recipient: self.recipient,
            purpose: word(Purpose::parse(&self.purpose), "share.purpose")?,
            modality: self.modality,
            study_date: self.study_date,
            created: time(self.created_at)?,
            updated: time(self.updated_at)?,
            state,
            images: unsigned(self.images),
            bytes: unsigned(self.bytes),
            expected: self.expected.map(unsigned),
            complete: self.complete.0,
            stored: unsigned(self.stored),
            already_there: unsigned(self.already_there),
            failed: unsigned(self.failed),
            failure: delivery::failure(self.failure.as_deref())?,
            next_attempt: maybe_time(self.due_at)?.filter(|due| waits && *due > at),
            recipient_silent_since: Some(time(self.seen)?).filter(|seen| *seen < silent_after),
        })
    }
}

async fn deliveries(
    connection: &mut Connection,
    at: Timestamp,
    most: u32,
) -> Result<Vec<DeliveryView>, Fault> {
    let rows: Vec<DeliveryRow> = sqlx::query_as(DELIVERIES)
        .bind(i64::from(most))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|row| row.read(at)).collect()
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: String,
    name: String,
    modality: String,
    study_date: String,
    images: i64,
    bytes: i64,
    latest_at: i64,
    complete: Flag,
    expected: Option<i64>,
}

async fn held(connection: &mut Connection, most: u32) -> Result<Vec<HeldView>, Fault> {
    let rows: Vec<HeldRow> = sqlx::query_as(HELD)
        .bind(i64::from(most))
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HeldView {
                study: id(&row.id, "study.id")?,
                organisation: row.name,
                modality: row.modality,
                study_date: row.study_date,
                images: unsigned(row.images),
                bytes: unsigned(row.bytes),
                updated: time(row.latest_at)?,
                complete: row.complete.0,
                expected: row.expected.map(unsigned),
            })
        })
        .collect()
}

async fn quarantined(connection: &mut Connection) -> Result<Vec<QuarantineView>, Fault> {
    let rows: Vec<(String, String, i64, i64)> =
        sqlx::query_as(QUARANTINED).fetch_all(connection).await?;
    rows.into_iter()
        .map(|(organisation, reason, images, latest)| {
            Ok(QuarantineView {
                organisation,
                reason: word(Quarantine::parse(&reason), "quarantine.reason")?,
                images: unsigned(images),
                latest: time(latest)?,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct GatewayRow {
    id: String,
    organisation: String,
    name: String,
    version: String,
    last_seen: Option<i64>,
    waiting_images: i64,
    waiting_bytes: i64,
    nodes: String,
}

pub async fn gateways(connection: &mut Connection) -> Result<Vec<GatewayView>, Fault> {
    let rows: Vec<GatewayRow> = sqlx::query_as(GATEWAYS).fetch_all(connection).await?;
    rows.into_iter()
        .map(|row| {
            Ok(GatewayView {
                gateway: id(&row.id, "gateway.id")?,
                organisation: row.organisation,
                name: row.name,
                version: row.version,
                last_seen: maybe_time(row.last_seen)?,
                waiting_images: unsigned(row.waiting_images),
                waiting_bytes: unsigned(row.waiting_bytes),
                nodes: from_json(&row.nodes, "gateway.nodes")?,
            })
        })
        .collect()
}

pub async fn totals(connection: &mut Connection) -> Result<Totals, Fault> {
    let (studies, instances, bytes): (i64, i64, i64) = sqlx::query_as(SUM_STUDIES)
        .fetch_one(&mut *connection)
        .await?;
    let quarantined: i64 = sqlx::query_scalar(COUNT_QUARANTINED)
        .fetch_one(&mut *connection)
        .await?;
    let mut totals = Totals {
        studies: unsigned(studies),
        instances: unsigned(instances),
        instance_bytes: unsigned(bytes),
        quarantined: unsigned(quarantined),
        ..Totals::default()
    };
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(SUM_DELIVERIES)
        .fetch_all(&mut *connection)
        .await?;
    for (text, count, pending) in rows {
        let state = word(DeliveryState::parse(&text), "delivery.state")?;
        for (slot, of) in totals.deliveries.iter_mut().zip(STATES) {
            if of == state {
                *slot = unsigned(count);
            }
        }
        // What was withdrawn is not waiting any more.
        if state != DeliveryState::Withdrawn {
            totals.pending_images += unsigned(pending);
        }
    }
    totals.audit_entries = audit::head(connection).await?.0;
    Ok(totals)
}
