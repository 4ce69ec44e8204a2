//! Care units.

use super::{caller_of, granted};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::{holdings, people::allow},
    value::{id, micros, unsigned},
};
use bildbro_domain::{CareUnitId, OrganisationId, audit::Action, policy::Allowed};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    directory::{UnitParticulars, UnitView},
};
use uuid::Uuid;

const ALL: &str = "SELECT u.id, u.name, u.hsa_id, u.institution, u.active IS TRUE AS active, \
     (SELECT COUNT(DISTINCT m.id) FROM assignment a JOIN member m ON m.id = a.member \
     WHERE a.care_unit = u.id AND m.active) AS members \
     FROM care_unit u WHERE u.organisation = $1 ORDER BY u.name_key";

/// Which studies are whose must be plain, so an institution's name is one
/// unit's.
const CLASH: &str = "SELECT CASE WHEN organisation = $2 AND name_key = $3 THEN 'name' \
     WHEN hsa_id = $4 THEN 'hsa_id' ELSE 'institution' END FROM care_unit WHERE id <> $1 AND \
     (organisation = $2 AND (name_key = $3 OR institution = $5 AND institution <> '') \
     OR hsa_id = $4) ORDER BY organisation = $2 AND name_key = $3 DESC LIMIT 1";

const ADD: &str = "INSERT INTO care_unit \
     (id, organisation, name, name_key, hsa_id, institution, active, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const WHOSE: &str = "SELECT organisation FROM care_unit WHERE id = $1";

const CHANGE: &str = "UPDATE care_unit SET name = $2, name_key = $3, hsa_id = $4, \
     institution = $5, active = $6 WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    hsa_id: Option<String>,
    institution: String,
    active: Flag,
    members: i64,
}

pub async fn all(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Vec<UnitView>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(organisation.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let hsa_id = row.hsa_id.as_deref();
            Ok(UnitView {
                id: id(&row.id, "care_unit.id")?,
                unit: UnitParticulars {
                    name: row.name,
                    hsa_id: hsa_id
                        .map(|text| id(text, "care_unit.hsa_id"))
                        .transpose()?,
                    institution: row.institution,
                    active: row.active.0,
                },
                members: unsigned(row.members),
            })
        })
        .collect()
}

pub async fn add(
    connection: &mut Connection,
    caller: &Caller,
    new: &UnitParticulars,
) -> Result<Answer<CareUnitId>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::AddCareUnit;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    let unit = CareUnitId(Uuid::now_v7());
    if let Some(field) = clash(connection, own, unit, new).await? {
        return Ok(Err(Refusal::Taken(field)));
    }
    sqlx::query(ADD)
        .bind(unit.to_string())
        .bind(own.to_string())
        .bind(&new.name)
        .bind(new.name.to_lowercase())
        .bind(new.hsa_id.as_ref().map(ToString::to_string))
        .bind(&new.institution)
        .bind(new.active)
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    record(connection, &allowed, unit, new).await?;
    Ok(Ok(unit))
}

pub async fn change(
    connection: &mut Connection,
    caller: &Caller,
    unit: CareUnitId,
    change: &UnitParticulars,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let whose: Option<String> = sqlx::query_scalar(WHOSE)
        .bind(unit.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(whose) = whose else {
        return Ok(Err(Refusal::NotFound));
    };
    let whose: OrganisationId = id(&whose, "care_unit.organisation")?;
    let action = Action::ChangeCareUnit;
    let allowed = granted!(allow(connection, &who, action, whose, caller.at).await?);
    if let Some(field) = clash(connection, whose, unit, change).await? {
        return Ok(Err(Refusal::Taken(field)));
    }
    sqlx::query(CHANGE)
        .bind(unit.to_string())
        .bind(&change.name)
        .bind(change.name.to_lowercase())
        .bind(change.hsa_id.as_ref().map(ToString::to_string))
        .bind(&change.institution)
        .bind(change.active)
        .execute(&mut *connection)
        .await?;
    record(connection, &allowed, unit, change).await?;
    Ok(Ok(()))
}

/// What another unit has already. The organisation is held, so its own units
/// stay as they are.
async fn clash(
    connection: &mut Connection,
    organisation: OrganisationId,
    unit: CareUnitId,
    wanted: &UnitParticulars,
) -> Result<Option<&'static str>, Fault> {
    holdings::keep(connection, organisation).await?;
    let field: Option<String> = sqlx::query_scalar(CLASH)
        .bind(unit.to_string())
        .bind(organisation.to_string())
        .bind(wanted.name.to_lowercase())
        .bind(wanted.hsa_id.as_ref().map(ToString::to_string))
        .bind(&wanted.institution)
        .fetch_optional(connection)
        .await?;
    Ok(field.map(|field| match field.as_str() {
        "name" => "name",
        "hsa_id" => "hsa_id",
        _ => "institution",
    }))
}

async fn record(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    unit: CareUnitId,
    now: &UnitParticulars,
) -> Result<(), Fault> {
    let mut entry = allowed.entry(Uuid::now_v7());
    let state = if now.active { "open" } else { "closed" };
    entry.detail = Some(format!("care unit {unit}, {state}"));
    audit::append(connection, &[entry]).await
}
