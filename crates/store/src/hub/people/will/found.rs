//! A patient's studies and the facts that decide who may know of them.

use crate::{
    database::Connection,
    fault::Fault,
    hub::will,
    value::{id, micros, name, time, unsigned, word},
};
use bildbro_domain::{
    CareUnitId, ConsentId, OrganisationId, PatientKey, Personal, StudyId, StudyUid,
    care::{Block, Closed, Consent, met},
    member::Acting,
    policy::Relation,
    share::Purpose,
};
use bildbro_flow::ports::portal::will::{MOST_STUDIES, Named, StudyView};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

const OWN: &str = "SELECT st.id, st.holder, o.name AS holder_name, st.study_uid, st.study_date, \
     st.modality, st.description, st.institution, st.images \
     FROM study st JOIN organisation o ON o.id = st.holder \
     WHERE st.patient_key = $1 AND st.holder = $2 AND st.deleted_at IS NULL \
     AND st.images > 0 \
     ORDER BY st.study_date DESC, st.id LIMIT $3";

/// Others', when they may be asked for at all.
const OTHERS: &str = "SELECT st.id, st.holder, o.name AS holder_name, st.study_uid, \
     st.study_date, st.modality, st.description, st.institution, st.images \
     FROM study st JOIN organisation o ON o.id = st.holder AND o.active IS TRUE \
     WHERE st.patient_key = $1 AND st.holder <> $2 AND st.deleted_at IS NULL \
     AND st.images > 0 \
     ORDER BY st.study_date DESC, st.id LIMIT $3";

/// What is let in only counts as shared.
const SHARED: &str = "SELECT st.id, st.holder, o.name AS holder_name, st.study_uid, \
     st.study_date, st.modality, st.description, st.institution, st.images, sh.purpose \
     FROM study st JOIN organisation o ON o.id = st.holder AND o.active IS TRUE \
     JOIN delivery d ON d.study = st.id JOIN share sh ON sh.id = d.share \
     WHERE st.patient_key = $1 AND d.recipient = $2 AND st.deleted_at IS NULL \
     AND st.images > 0 \
     AND sh.revoked_at IS NULL AND (sh.expires_at IS NULL OR sh.expires_at > $3) \
     AND sh.origin <> 'test' AND d.state <> 'withdrawn' AND d.held IS NOT TRUE \
     ORDER BY st.study_date DESC, st.id LIMIT $4";

const CONSENTS: &str = "SELECT id, care_unit, from_at, until_at FROM consent \
     WHERE patient = $1 AND organisation = $2 AND withdrawn_at IS NULL AND until_at > $3";

const EMERGENCY: &str = "SELECT id FROM emergency WHERE patient = $1 AND organisation = $2 \
     AND member = $3 AND at <= $4 AND until_at > $4 LIMIT 1";

/// A study, and what decides whether it is told of.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: StudyId,
    pub holder: Named<OrganisationId>,
    /// The purpose that it was shared for.
    pub shared_for: Option<Purpose>,
    pub view: StudyView,
    pub closed: Closed,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    holder: String,
    holder_name: String,
    study_uid: String,
    study_date: String,
    modality: String,
    description: String,
    institution: String,
    images: i64,
}

#[derive(sqlx::FromRow)]
struct SharedRow {
    #[sqlx(flatten)]
    row: Row,
    purpose: String,
}

impl Row {
    fn read(self, relation: Relation) -> Result<Candidate, Fault> {
        Ok(Candidate {
            id: id(&self.id, "study.id")?,
            holder: Named {
                id: id(&self.holder, "study.holder")?,
                name: Personal::new(self.holder_name),
            },
            shared_for: None,
            view: StudyView {
                study: name::<StudyUid>(self.study_uid, "study.study_uid")?,
                relation,
                date: self.study_date,
                modality: self.modality,
                description: self.description,
                institution: self.institution,
                images: unsigned(self.images),
            },
            closed: Closed::Nothing,
        })
    }
}

/// Which patient's, and who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub patient: &'a PatientKey,
    pub who: &'a Acting,
    pub at: Timestamp,
}

/// At most one more than [`MOST_STUDIES`] of one kind, each once: one's own,
/// what was shared, and others' if `coherent`. What is blocked is among them.
pub async fn candidates(
    connection: &mut Connection,
    asked: Asked<'_>,
    coherent: bool,
) -> Result<Vec<Candidate>, Fault> {
    let mut all = read(connection, OWN, asked, Relation::Holder).await?;
    all.extend(shared(connection, asked).await?);
    if coherent {
        let shared: Vec<StudyId> = all.iter().map(|one| one.id).collect();
        let others = read(connection, OTHERS, asked, Relation::Other).await?;
        all.extend(others.into_iter().filter(|one| !shared.contains(&one.id)));
    }
    close(connection, asked, &mut all).await?;
    Ok(all)
}

async fn read(
    connection: &mut Connection,
    select: &'static str,
    asked: Asked<'_>,
    relation: Relation,
) -> Result<Vec<Candidate>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(select)
        .bind(asked.patient.reveal())
        .bind(asked.who.member.organisation.to_string())
        .bind(i64::from(MOST_STUDIES) + 1)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|row| row.read(relation)).collect()
}

/// A study that was shared twice counts once; if for the patient's own request
/// too, as that, since a block does not close it.
async fn shared(connection: &mut Connection, asked: Asked<'_>) -> Result<Vec<Candidate>, Fault> {
    let rows: Vec<SharedRow> = sqlx::query_as(SHARED)
        .bind(asked.patient.reveal())
        .bind(asked.who.member.organisation.to_string())
        .bind(micros(asked.at))
        .bind(i64::from(MOST_STUDIES) + 1)
        .fetch_all(connection)
        .await?;
    let mut all: Vec<Candidate> = Vec::new();
    for shared in rows {
        let purpose = word(Purpose::parse(&shared.purpose), "share.purpose")?;
        let mut one = shared.row.read(Relation::Recipient)?;
        one.shared_for = Some(purpose);
        match all.last_mut().filter(|last| last.id == one.id) {
            Some(last) if purpose == Purpose::PatientRequest => last.shared_for = Some(purpose),
            Some(_) => {}
            None => all.push(one),
        }
    }
    Ok(all)
}

/// Notes what the patient has closed.
async fn close(
    connection: &mut Connection,
    asked: Asked<'_>,
    all: &mut [Candidate],
) -> Result<(), Fault> {
    let blocks: Vec<Block> = will::live(connection, asked.patient).await?;
    let mut units: HashMap<(OrganisationId, String), Option<CareUnitId>> = HashMap::new();
    for one in all {
        let holder = one.holder.id;
        if !blocks.iter().any(|block| block.organisation == holder) {
            continue;
        }
        let institution = &one.view.institution;
        let key = (holder, institution.clone());
        let unit = match units.get(&key) {
            Some(unit) => *unit,
            None => {
                let unit = will::unit_of(connection, holder, institution).await?;
                units.insert(key, unit);
                unit
            }
        };
        let own = asked.who.member.organisation;
        one.closed = met(&blocks, holder, unit, own, asked.who.works_at());
    }
    Ok(())
}

/// Whether the patient has consented to that the caller sees what others hold,
/// where they act.
pub async fn is_consented(connection: &mut Connection, asked: Asked<'_>) -> Result<bool, Fault> {
    let organisation = asked.who.member.organisation;
    let rows: Vec<(String, Option<String>, i64, i64)> = sqlx::query_as(CONSENTS)
        .bind(asked.patient.reveal())
        .bind(organisation.to_string())
        .bind(micros(asked.at))
        .fetch_all(connection)
        .await?;
    for (consent, unit, from, until) in rows {
        let unit = unit.map(|unit| id(&unit, "consent.care_unit"));
        let consent = Consent {
            id: id::<ConsentId>(&consent, "consent.id")?,
            patient: asked.patient.clone(),
            organisation,
            unit: unit.transpose()?,
            from: time(from)?,
            until: time(until)?,
            withdrawn_at: None,
        };
        if consent.holds(asked.who.works_at(), asked.at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the caller has decided that there is an emergency, and it lasts.
pub async fn is_emergency(connection: &mut Connection, asked: Asked<'_>) -> Result<bool, Fault> {
    let found: Option<String> = sqlx::query_scalar(EMERGENCY)
        .bind(asked.patient.reveal())
        .bind(asked.who.member.organisation.to_string())
        .bind(asked.who.member.id.to_string())
        .bind(micros(asked.at))
        .fetch_optional(connection)
        .await?;
    found
        .map(|text| id::<Uuid>(&text, "emergency.id"))
        .transpose()
        .map(|found| found.is_some())
}
