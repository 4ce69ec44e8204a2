//! Patients whom an organisation wants looked after.

use super::key_of;
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::people::{acting, allow},
    value::{micros, time},
};
use bildbro_domain::{PatientKey, Personal, audit::Action, permission::Permission};
use bildbro_flow::ports::portal::{Answer, Caller, Refusal, log::Watched};
use uuid::Uuid;

/// More are not shown.
const MOST: i64 = 1_000;

const ALL: &str = "SELECT w.patient, m.name, w.added_at FROM watched_patient w \
     JOIN member m ON m.id = w.added_by WHERE w.organisation = $1 \
     ORDER BY w.added_at, w.patient LIMIT $2";

const ADD: &str = "INSERT INTO watched_patient (organisation, patient, added_by, added_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

const REMOVE: &str = "DELETE FROM watched_patient WHERE organisation = $1 AND patient = $2";

pub async fn all(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Answer<Vec<Watched>>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let rows: Vec<(String, String, i64)> = sqlx::query_as(ALL)
        .bind(own.to_string())
        .bind(MOST)
        .fetch_all(&mut *connection)
        .await?;
    let whole = who.holds(Permission::SearchAudit);
    let all = rows.into_iter().map(|(patient, name, at)| {
        Ok(Watched {
            patient: if whole {
                Personal::new(patient)
            } else {
                PatientKey::stored(patient).masked()
            },
            added_by: Personal::new(name),
            added_at: time(at)?,
        })
    });
    let all = all.collect::<Result<Vec<_>, Fault>>()?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some("the list of watched patients was opened".into());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(all))
}

/// Puts a patient on the list, or takes one off it. Twice is no error.
pub async fn change(
    connection: &mut Connection,
    caller: &Caller,
    patient: &Personal,
    watch: bool,
) -> Result<Answer<()>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let key = match key_of(patient, caller.at) {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let statement = sqlx::query(if watch { ADD } else { REMOVE })
        .bind(own.to_string())
        .bind(key.clone());
    let changed = if watch {
        let member = who.member.id.to_string();
        statement.bind(member).bind(micros(caller.at))
    } else {
        statement
    };
    let changed = changed.execute(&mut *connection).await?.rows_affected();
    if changed == 0 && !watch {
        return Ok(Err(Refusal::NotFound));
    }
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.patient_id = Some(Personal::new(key));
    let what = if watch {
        "watched"
    } else {
        "no longer watched"
    };
    entry.detail = Some(format!("the patient is {what}"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
