//! Blocks: registered, and lifted.

use super::super::approvals;
use super::{allow_own, caller_of, check_unit, entry_about, granted, patient_of};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::{delivery, people::allow, queue},
    value::{id, micros},
};
use bildbro_domain::{
    BlockId, CareUnitId, DeliveryId, OrganisationId, PatientKey, approval::Guarded, audit::Action,
};
use bildbro_flow::ports::portal::{Answer, Caller, Refusal, will::PatientNumber};
use jiff::Timestamp;
use uuid::Uuid;

const REGISTER: &str = "INSERT INTO block (id, patient, organisation, care_unit, registered_by, \
     registered_at) VALUES ($1, $2, $3, $4, $5, $6)";

const HOLD: &str = "SELECT id FROM block WHERE id = $1";

const READ: &str = "SELECT patient, organisation, care_unit, lifted_at FROM block WHERE id = $1";

const LIFT: &str = "UPDATE block SET lifted_by = $2, lifted_at = $3 WHERE id = $1";

/// Deliveries that may have been waiting for the patient's word.
const WAITING: &str = "SELECT d.id FROM study st JOIN delivery d ON d.study = st.id \
     JOIN share sh ON sh.id = d.share WHERE st.patient_key = $1 AND st.holder = $2 \
     AND d.state IN ('waiting', 'under_way', 'retrying') ORDER BY d.id";

#[derive(sqlx::FromRow)]
struct Row {
    patient: String,
    organisation: String,
    care_unit: Option<String>,
    lifted_at: Option<i64>,
}

pub async fn register(
    connection: &mut Connection,
    caller: &Caller,
    patient: &PatientNumber,
    unit: Option<CareUnitId>,
) -> Result<Answer<BlockId>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let patient = patient_of(patient, caller.at);
    let named = patient.as_ref().ok();
    let allowed = allow_own(connection, &who, Action::RegisterBlock, named, caller.at).await?;
    let (allowed, patient) = (granted!(allowed), granted!(patient));
    let organisation = who.member.organisation;
    granted!(check_unit(connection, organisation, unit).await?);
    let block = BlockId(Uuid::now_v7());
    sqlx::query(REGISTER)
        .bind(block.to_string())
        .bind(patient.reveal())
        .bind(organisation.to_string())
        .bind(unit.map(|unit| unit.to_string()))
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let mut entry = entry_about(&allowed, &patient);
    entry.detail = Some(scope(unit.map(|unit| unit.to_string())));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(block))
}

pub async fn lift(
    connection: &mut Connection,
    caller: &Caller,
    block: BlockId,
    approved: Option<Uuid>,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    hold(connection, HOLD, block.to_string()).await?;
    let found: Option<Row> = sqlx::query_as(READ)
        .bind(block.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = found else {
        return Ok(Err(Refusal::NotFound));
    };
    let holder: OrganisationId = id(&row.organisation, "block.organisation")?;
    let allowed = granted!(allow(connection, &who, Action::LiftBlock, holder, caller.at).await?);
    if row.lifted_at.is_some() {
        return Ok(Err(Refusal::Over("the block has been lifted before")));
    }
    let patient = PatientKey::stored(row.patient);
    if approvals::needed(connection, holder, Guarded::LiftBlock).await? {
        let request = format!("block {block}");
        let asked = (Guarded::LiftBlock, &*request);
        granted!(approvals::spend_or_ask(connection, &who, asked, approved, caller.at).await?);
    }
    sqlx::query(LIFT)
        .bind(block.to_string())
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    go_on(connection, &patient, holder, caller.at).await?;
    let mut entry = entry_about(&allowed, &patient);
    entry.detail = Some(scope(row.care_unit));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

fn scope(unit: Option<String>) -> String {
    unit.map_or_else(
        || "the whole organisation's studies".into(),
        |unit| format!("the studies of care unit {unit}"),
    )
}

/// What was denied for now is asked about again at once. Whether it may go is
/// decided then.
async fn go_on(
    connection: &mut Connection,
    patient: &PatientKey,
    holder: OrganisationId,
    at: Timestamp,
) -> Result<(), Fault> {
    let waiting: Vec<String> = sqlx::query_scalar(WAITING)
        .bind(patient.reveal())
        .bind(holder.to_string())
        .fetch_all(&mut *connection)
        .await?;
    for text in waiting {
        let one: DeliveryId = id(&text, "delivery.id")?;
        delivery::keep(connection, one).await?;
        queue::not_later(connection, one, at).await?;
    }
    Ok(())
}
