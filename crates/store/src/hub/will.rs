//! What patients have closed.

use crate::{
    database::Connection,
    fault::Fault,
    value::{id, maybe_time, time},
};
use bildbro_domain::{
    CareUnitId, OrganisationId, PatientKey, StudyId,
    care::{Block, Closed, met as met_by},
};

const BLOCKS: &str = "SELECT id, patient, organisation, care_unit, registered_at, lifted_at \
     FROM block WHERE patient = $1 AND organisation = $2 AND lifted_at IS NULL";

/// Of every holder.
const LIVE: &str = "SELECT id, patient, organisation, care_unit, registered_at, lifted_at \
     FROM block WHERE patient = $1 AND lifted_at IS NULL";

const STUDY: &str = "SELECT holder, patient_key, institution FROM study WHERE id = $1";

/// The units whose PACS writes this Institution Name. A unit that has been closed
/// still has its studies.
const UNITS: &str = "SELECT id FROM care_unit WHERE organisation = $1 AND institution = $2 \
     AND institution <> '' LIMIT 2";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    patient: String,
    organisation: String,
    care_unit: Option<String>,
    registered_at: i64,
    lifted_at: Option<i64>,
}

impl Row {
    fn read(self) -> Result<Block, Fault> {
        Ok(Block {
            id: id(&self.id, "block.id")?,
            patient: PatientKey::stored(self.patient),
            organisation: id(&self.organisation, "block.organisation")?,
            unit: self
                .care_unit
                .map(|unit| id(&unit, "block.care_unit"))
                .transpose()?,
            registered_at: time(self.registered_at)?,
            lifted_at: maybe_time(self.lifted_at)?,
        })
    }
}

/// Whose study it is.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub holder: OrganisationId,
    pub patient_key: &'a str,
    /// As its images say.
    pub institution: &'a str,
}

/// What of the patient's blocks meets someone who acts at `unit` of
/// `organisation`.
pub async fn met(
    connection: &mut Connection,
    of: Of<'_>,
    organisation: OrganisationId,
    unit: Option<CareUnitId>,
) -> Result<Closed, Fault> {
    if of.patient_key.is_empty() {
        return Ok(Closed::Nothing);
    }
    let rows: Vec<Row> = sqlx::query_as(BLOCKS)
        .bind(of.patient_key)
        .bind(of.holder.to_string())
        .fetch_all(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Ok(Closed::Nothing);
    }
    let blocks = rows
        .into_iter()
        .map(Row::read)
        .collect::<Result<Vec<_>, _>>()?;
    let study_unit = unit_of(connection, of.holder, of.institution).await?;
    Ok(met_by(&blocks, of.holder, study_unit, organisation, unit))
}

/// As [`met`], for what leaves a study's holder. Nothing when there is no such
/// study.
pub async fn of_study(
    connection: &mut Connection,
    study: StudyId,
    recipient: OrganisationId,
) -> Result<Closed, Fault> {
    let row: Option<(String, String, String)> = sqlx::query_as(STUDY)
        .bind(study.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some((holder, patient_key, institution)) = row else {
        return Ok(Closed::Nothing);
    };
    let of = Of {
        holder: id(&holder, "study.holder")?,
        patient_key: &patient_key,
        institution: &institution,
    };
    met(connection, of, recipient, None).await
}

/// What a patient has blocked, whoever holds it.
pub async fn live(connection: &mut Connection, patient: &PatientKey) -> Result<Vec<Block>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(LIVE)
        .bind(patient.reveal())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

/// The care unit that a study is of, if its institution's name tells. A name that
/// two units go by does not.
pub async fn unit_of(
    connection: &mut Connection,
    holder: OrganisationId,
    institution: &str,
) -> Result<Option<CareUnitId>, Fault> {
    let units: Vec<String> = sqlx::query_scalar(UNITS)
        .bind(holder.to_string())
        .bind(institution.trim().to_lowercase())
        .fetch_all(connection)
        .await?;
    match &units[..] {
        [unit] => id(unit, "care_unit.id").map(Some),
        _ => Ok(None),
    }
}
