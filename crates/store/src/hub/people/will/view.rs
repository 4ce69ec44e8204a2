//! What an organisation has on record of a patient's will.

use super::{caller_of, granted, patient_of};
use crate::{
    audit,
    database::{Builder, Connection},
    fault::Fault,
    hub::people::refuse,
    value::{id, maybe_time, time, word},
};
use bildbro_domain::{
    CareUnitId, MemberId, PatientKey, Personal,
    audit::spot_check::Assessment,
    audit::{Action, Entry, Outcome},
    permission::Permission,
    policy::{self, Denial},
};
use bildbro_flow::ports::portal::{
    Answer, Caller,
    will::{BlockView, ConsentView, Done, EmergencyView, Named, PatientNumber, Review, WillView},
};
use uuid::Uuid;

/// Most rows of each kind.
const MOST: i64 = 200;

const BLOCKS: &str = "SELECT b.id, b.care_unit AS unit, u.name AS unit_name, \
     b.registered_by AS made_by, m.name AS made_by_name, b.registered_at AS made_at, \
     b.lifted_by AS ended_by, l.name AS ended_by_name, b.lifted_at AS ended_at \
     FROM block b LEFT JOIN care_unit u ON u.id = b.care_unit \
     JOIN member m ON m.id = b.registered_by LEFT JOIN member l ON l.id = b.lifted_by \
     WHERE b.patient = $1 AND b.organisation = $2 ORDER BY b.registered_at DESC, b.id DESC LIMIT $3";

const CONSENTS: &str = "SELECT c.id, c.care_unit AS unit, u.name AS unit_name, \
     c.registered_by AS made_by, m.name AS made_by_name, c.registered_at AS made_at, \
     c.withdrawn_by AS ended_by, w.name AS ended_by_name, c.withdrawn_at AS ended_at, \
     c.from_at, c.until_at FROM consent c LEFT JOIN care_unit u ON u.id = c.care_unit \
     JOIN member m ON m.id = c.registered_by LEFT JOIN member w ON w.id = c.withdrawn_by \
     WHERE c.patient = $1 AND c.organisation = $2 ORDER BY c.registered_at DESC, c.id DESC LIMIT $3";

pub const EMERGENCIES: &str = "SELECT e.id, e.patient, e.member, m.name AS member_name, \
     e.care_unit AS unit, u.name AS unit_name, e.reason, e.at, e.until_at, \
     e.reviewed_by, r.name AS reviewed_by_name, e.reviewed_at, e.assessment, e.comment \
     FROM emergency e JOIN member m ON m.id = e.member \
     LEFT JOIN care_unit u ON u.id = e.care_unit LEFT JOIN member r ON r.id = e.reviewed_by";

/// A block or a consent: made by someone, ended by someone.
#[derive(sqlx::FromRow)]
struct MadeRow {
    id: String,
    unit: Option<String>,
    unit_name: Option<String>,
    made_by: String,
    made_by_name: String,
    made_at: i64,
    ended_by: Option<String>,
    ended_by_name: Option<String>,
    ended_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct ConsentRow {
    #[sqlx(flatten)]
    made: MadeRow,
    from_at: i64,
    until_at: i64,
}

#[derive(sqlx::FromRow)]
pub struct EmergencyRow {
    id: String,
    patient: String,
    member: String,
    member_name: String,
    unit: Option<String>,
    unit_name: Option<String>,
    reason: String,
    at: i64,
    until_at: i64,
    reviewed_by: Option<String>,
    reviewed_by_name: Option<String>,
    reviewed_at: Option<i64>,
    assessment: Option<String>,
    comment: String,
}

impl MadeRow {
    fn made(&self) -> Result<Done, Fault> {
        done(&self.made_by, &self.made_by_name, self.made_at)
    }

    fn ended(&self) -> Result<Option<Done>, Fault> {
        maybe_done(
            self.ended_by.as_deref(),
            self.ended_by_name.as_deref(),
            self.ended_at,
        )
    }

    fn unit(&self) -> Result<Option<Named<CareUnitId>>, Fault> {
        unit(self.unit.as_deref(), self.unit_name.as_deref())
    }

    fn block(&self) -> Result<BlockView, Fault> {
        Ok(BlockView {
            id: id(&self.id, "block.id")?,
            unit: self.unit()?,
            registered: self.made()?,
            lifted: self.ended()?,
        })
    }
}

impl ConsentRow {
    fn consent(&self) -> Result<ConsentView, Fault> {
        Ok(ConsentView {
            id: id(&self.made.id, "consent.id")?,
            unit: self.made.unit()?,
            from: time(self.from_at)?,
            until: time(self.until_at)?,
            registered: self.made.made()?,
            withdrawn: self.made.ended()?,
        })
    }
}

impl EmergencyRow {
    pub fn read(self) -> Result<EmergencyView, Fault> {
        let reviewed = maybe_done(
            self.reviewed_by.as_deref(),
            self.reviewed_by_name.as_deref(),
            self.reviewed_at,
        )?;
        let review = match (reviewed, self.assessment) {
            (Some(done), Some(assessment)) => Some(Review {
                done,
                assessment: word(Assessment::parse(&assessment), "emergency.assessment")?,
                comment: Personal::new(self.comment),
            }),
            _ => None,
        };
        Ok(EmergencyView {
            id: id(&self.id, "emergency.id")?,
            patient: PatientKey::stored(self.patient),
            decided: done(&self.member, &self.member_name, self.at)?,
            unit: unit(self.unit.as_deref(), self.unit_name.as_deref())?,
            reason: Personal::new(self.reason),
            until: time(self.until_at)?,
            review,
        })
    }
}

fn done(by: &str, name: &str, at: i64) -> Result<Done, Fault> {
    let by = Named {
        id: id::<MemberId>(by, "member.id")?,
        name: Personal::new(name),
    };
    Ok(Done { by, at: time(at)? })
}

fn maybe_done(
    by: Option<&str>,
    name: Option<&str>,
    at: Option<i64>,
) -> Result<Option<Done>, Fault> {
    let Some((by, at)) = by.zip(maybe_time(at)?) else {
        return Ok(None);
    };
    let by = Named {
        id: id::<MemberId>(by, "member.id")?,
        name: Personal::new(name.unwrap_or_default()),
    };
    Ok(Some(Done { by, at }))
}

fn unit(unit: Option<&str>, name: Option<&str>) -> Result<Option<Named<CareUnitId>>, Fault> {
    unit.map(|unit| {
        Ok(Named {
            id: id(unit, "care_unit.id")?,
            name: Personal::new(name.unwrap_or_default()),
        })
    })
    .transpose()
}

/// Reading it asks for the permission to register it, and is on record as a
/// look-up of the patient.
pub async fn will_of(
    connection: &mut Connection,
    caller: &Caller,
    patient: &PatientNumber,
) -> Result<Answer<WillView>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let patient = patient_of(patient, caller.at);
    let entry = |outcome| {
        let mut entry = Entry::by(Uuid::now_v7(), caller.at, Action::Search, outcome, &who);
        let named = patient.as_ref().ok();
        entry.patient_id = named.map(|key| Personal::new(key.reveal()));
        entry
    };
    let needed = Permission::RegisterWill;
    let may = policy::logged_in(&who).and_then(|()| {
        let holds = who.holds(needed);
        holds.then_some(()).ok_or(Denial::NoPermission(needed))
    });
    if let Err(denial) = may {
        return refuse(connection, entry(Outcome::Denied), denial)
            .await
            .map(Err);
    }
    let mut entry = entry(Outcome::Success);
    let patient = granted!(patient);
    let organisation = who.member.organisation.to_string();
    let blocks: Vec<MadeRow> = sqlx::query_as(BLOCKS)
        .bind(patient.reveal())
        .bind(&organisation)
        .bind(MOST)
        .fetch_all(&mut *connection)
        .await?;
    let consents: Vec<ConsentRow> = sqlx::query_as(CONSENTS)
        .bind(patient.reveal())
        .bind(&organisation)
        .bind(MOST)
        .fetch_all(&mut *connection)
        .await?;
    let emergencies = emergencies(connection, &patient, &organisation).await?;
    entry.detail = Some("the patient's blocks, consents and emergency accesses".into());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(WillView {
        blocks: blocks
            .iter()
            .map(MadeRow::block)
            .collect::<Result<_, _>>()?,
        consents: consents
            .iter()
            .map(ConsentRow::consent)
            .collect::<Result<_, _>>()?,
        emergencies,
        patient,
    }))
}

async fn emergencies(
    connection: &mut Connection,
    patient: &PatientKey,
    organisation: &str,
) -> Result<Vec<EmergencyView>, Fault> {
    let mut query = Builder::new(connection, EMERGENCIES);
    query
        .push(" WHERE e.organisation = ")
        .push_bind(organisation.to_owned())
        .push(" AND e.patient = ")
        .push_bind(patient.reveal().to_owned())
        .push(" ORDER BY e.id DESC LIMIT ")
        .push_bind(MOST);
    let rows: Vec<EmergencyRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(EmergencyRow::read).collect()
}
