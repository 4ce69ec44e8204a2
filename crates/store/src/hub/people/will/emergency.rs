//! Emergency access: decided, listed for review, reviewed.

use super::{
    allow_own, caller_of, entry_about, granted, patient_of,
    view::{EMERGENCIES, EmergencyRow},
};
use crate::{
    audit,
    database::{Builder, Connection, hold},
    fault::Fault,
    hub::people::{allow, refuse},
    value::{id, micros, plain},
};
use bildbro_domain::{
    EmergencyId, OrganisationId, PatientKey, Personal,
    audit::spot_check::Assessment,
    audit::{Action, Entry, Outcome},
    care::{EMERGENCY_LASTS, REASON},
    policy::Denial,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    will::{EmergencyView, PatientNumber},
};
use jiff::Timestamp;
use uuid::Uuid;

/// Most of a list at a time.
const MOST: u32 = 200;

/// Longest comment of a reviewer's.
const LONGEST_COMMENT: usize = 2000;

const BEGIN: &str = "INSERT INTO emergency (id, patient, organisation, member, care_unit, reason, \
     at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const HOLD: &str = "SELECT id FROM emergency WHERE id = $1";

const READ: &str = "SELECT patient, organisation, member, reviewed_at FROM emergency WHERE id = $1";

const REVIEW: &str = "UPDATE emergency SET reviewed_by = $2, reviewed_at = $3, assessment = $4, \
     comment = $5 WHERE id = $1";

pub async fn begin(
    connection: &mut Connection,
    caller: &Caller,
    patient: &PatientNumber,
    reason: &Personal,
) -> Result<Answer<(EmergencyId, Timestamp)>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let patient = patient_of(patient, caller.at);
    let named = patient.as_ref().ok();
    let allowed = allow_own(connection, &who, Action::EmergencyAccess, named, caller.at).await?;
    let (allowed, patient) = (granted!(allowed), granted!(patient));
    let reason = plain(reason.reveal().trim());
    if !REASON.contains(&reason.chars().count()) {
        return Ok(Err(Refusal::Invalid {
            field: "reason",
            why: "say why in 10 to 500 characters",
        }));
    }
    let emergency = EmergencyId(Uuid::now_v7());
    let until = caller.at.checked_add(EMERGENCY_LASTS).unwrap_or(caller.at);
    sqlx::query(BEGIN)
        .bind(emergency.to_string())
        .bind(patient.reveal())
        .bind(who.member.organisation.to_string())
        .bind(who.member.id.to_string())
        .bind(who.unit.map(|unit| unit.to_string()))
        .bind(&reason)
        .bind(micros(caller.at))
        .bind(micros(until))
        .execute(&mut *connection)
        .await?;
    let mut entry = entry_about(&allowed, &patient);
    entry.reason = Some(Personal::new(reason));
    entry.detail = Some(format!("until {until}"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok((emergency, until)))
}

pub async fn list(
    connection: &mut Connection,
    caller: &Caller,
    reviewed: Option<bool>,
    after: Option<&str>,
    limit: u32,
) -> Result<Answer<Page<EmergencyView>>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let allowed = allow_own(connection, &who, Action::ReviewAudit, None, caller.at).await?;
    let allowed = granted!(allowed);
    // Ids are in the order of time (UUID version 7).
    let after: Option<EmergencyId> = match after.map(str::parse).transpose() {
        Ok(after) => after,
        Err(_) => {
            return Ok(Err(Refusal::Invalid {
                field: "after",
                why: "it is not what a page before this gave",
            }));
        }
    };
    let limit = limit.clamp(1, MOST);
    let mut query = Builder::new(connection, EMERGENCIES);
    query
        .push(" WHERE e.organisation = ")
        .push_bind(who.member.organisation.to_string());
    match reviewed {
        Some(true) => query.push(" AND e.reviewed_at IS NOT NULL"),
        Some(false) => query.push(" AND e.reviewed_at IS NULL"),
        None => &mut query,
    };
    if let Some(after) = after {
        query.push(" AND e.id < ").push_bind(after.to_string());
    }
    query
        .push(" ORDER BY e.id DESC LIMIT ")
        .push_bind(i64::from(limit) + 1);
    let mut rows: Vec<EmergencyRow> = query.build_query_as().fetch_all(&mut *connection).await?;
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let items = rows
        .into_iter()
        .map(EmergencyRow::read)
        .collect::<Result<Vec<_>, _>>()?;
    let last = items.last().filter(|_| is_more);
    let next = last.map(|last| last.id.to_string());
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some("the emergency accesses were listed".into());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(Page { items, next }))
}

pub async fn review(
    connection: &mut Connection,
    caller: &Caller,
    emergency: EmergencyId,
    assessment: Assessment,
    comment: &Personal,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    hold(connection, HOLD, emergency.to_string()).await?;
    let found: Option<(String, String, String, Option<i64>)> = sqlx::query_as(READ)
        .bind(emergency.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some((patient, organisation, member, reviewed)) = found else {
        return Ok(Err(Refusal::NotFound));
    };
    let whose: OrganisationId = id(&organisation, "emergency.organisation")?;
    let allowed = allow(connection, &who, Action::ReviewAudit, whose, caller.at).await?;
    let allowed = granted!(allowed);
    let patient = PatientKey::stored(patient);
    let decided_by = id(&member, "emergency.member")?;
    if decided_by == who.member.id {
        let mut entry = Entry::by(
            Uuid::now_v7(),
            caller.at,
            Action::ReviewAudit,
            Outcome::Denied,
            &who,
        );
        entry.patient_id = Some(Personal::new(patient.reveal()));
        return refuse(connection, entry, Denial::FourEyes).await.map(Err);
    }
    if reviewed.is_some() {
        return Ok(Err(Refusal::Over("it has been reviewed before")));
    }
    let comment = plain(comment.reveal().trim());
    if comment.chars().count() > LONGEST_COMMENT {
        return Ok(Err(Refusal::Invalid {
            field: "comment",
            why: "a comment has at most 2000 characters",
        }));
    }
    sqlx::query(REVIEW)
        .bind(emergency.to_string())
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .bind(assessment.as_str())
        .bind(&comment)
        .execute(&mut *connection)
        .await?;
    let mut entry = entry_about(&allowed, &patient);
    entry.about = Some(decided_by);
    entry.reason = Some(comment).filter(|c| !c.is_empty()).map(Personal::new);
    entry.detail = Some(format!("emergency {emergency}: {}", assessment.as_str()));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
