//! Searches at the own gateways: begun by a session, read by it, and ended with
//! all that was found.

use super::{super::acting::acting, allowed_to};
use crate::{
    audit,
    database::{Builder, Connection, LIST},
    fault::Fault,
    hub::{
        errands::{self, New},
        people::stop::Stop,
    },
    value::{id, maybe_time, micros, signed, unsigned},
};
use bildbro_domain::{
    ErrandId, OrganisationId, Personal, StudyId, StudyUid,
    audit::{Action, Entry, Outcome},
    policy,
    share::Failure,
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    search::{Askable, NewSearch, Part, PartEnd},
};
use jiff::SignedDuration;
use std::collections::HashMap;
use uuid::Uuid;

/// A gateway says hello every few seconds; after this it is silent.
pub const SILENT: SignedDuration = SignedDuration::from_secs(30);

/// Most findings read at a time.
const MOST: i64 = 256;

const GATEWAYS: &str = "SELECT id, name, last_seen FROM gateway \
     WHERE organisation = $1 AND active ORDER BY name, id";

const PART: &str = "SELECT gateway, state, failure, cut IS TRUE AS cut FROM errand \
     WHERE id = $1 AND session = $2";

const FINDINGS: &str = "SELECT finding FROM finding WHERE errand = $1 AND number >= $2 \
     ORDER BY number LIMIT $3";

/// Its findings go with it.
const FORGET: &str = "DELETE FROM errand WHERE id = $1 AND kind = 'find'";

const OPEN: &str = "SELECT COUNT(*) FROM errand WHERE session = $1 AND kind = 'find' \
     AND state IN ('waiting', 'under_way') AND expires_at > $2";

/// Searches that a session may have under way, each at every gateway.
const MOST_OPEN: i64 = 12;

const HELD: &str = "SELECT id, images FROM study WHERE deleted_at IS NULL AND id IN ";

pub async fn askable(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<(OrganisationId, Vec<Askable>), Stop> {
    let who = allowed_to(connection, caller, Action::Search).await?;
    let rows: Vec<(String, String, Option<i64>)> = sqlx::query_as(GATEWAYS)
        .bind(who.member.organisation.to_string())
        .fetch_all(connection)
        .await?;
    let since = caller.at.checked_sub(SILENT).unwrap_or(caller.at);
    let mut found = Vec::new();
    for (gateway, name, seen) in rows {
        found.push(Askable {
            id: id(&gateway, "gateway.id")?,
            name,
            silent: maybe_time(seen)?.is_none_or(|seen| seen < since),
        });
    }
    Ok((who.member.organisation, found))
}

pub async fn begin(
    connection: &mut Connection,
    caller: &Caller,
    search: &NewSearch,
) -> Result<Vec<ErrandId>, Stop> {
    let who = allowed_to(connection, caller, Action::Search).await?;
    let own = who.member.organisation;
    let open: i64 = sqlx::query_scalar(OPEN)
        .bind(who.session.to_string())
        .bind(micros(caller.at))
        .fetch_one(&mut *connection)
        .await?;
    if open >= MOST_OPEN {
        return Err(Refusal::Over("Too many searches are under way: wait for them.").into());
    }
    let mut begun = Vec::new();
    for (gateway, task) in &search.tasks {
        let new = New {
            organisation: own,
            gateway: *gateway,
            task,
            priority: search.priority,
            at: caller.at,
        };
        let session = who.session.to_string();
        begun.push(errands::find(connection, &new, &session, search.expires).await?);
    }
    let mut entry = Entry::by(
        Uuid::now_v7(),
        caller.at,
        Action::Search,
        Outcome::Success,
        &who,
    );
    entry.patient_id.clone_from(&search.patient);
    entry.detail = Some("the own PACS was asked".to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(begun)
}

pub async fn look(
    connection: &mut Connection,
    caller: &Caller,
    parts: &[(ErrandId, u64)],
) -> Result<Vec<Part>, Stop> {
    let who = acting(connection, caller).await?;
    let who = who.ok_or(Refusal::NoSession)?;
    // Each look: a session that has ended sees nothing more.
    policy::logged_in(&who).map_err(|denial| Refusal::Denied {
        denial,
        would: Vec::new(),
    })?;
    let session = who.session.to_string();
    let mut found = Vec::new();
    for (errand, seen) in parts {
        if let Some(part) = part(connection, *errand, *seen, &session).await? {
            found.push(part);
        }
    }
    Ok(found)
}

/// `None`: it is not this session's, or has run out.
async fn part(
    connection: &mut Connection,
    errand: ErrandId,
    seen: u64,
    session: &str,
) -> Result<Option<Part>, Fault> {
    let row: Option<(String, String, Option<String>, crate::database::Flag)> = sqlx::query_as(PART)
        .bind(errand.to_string())
        .bind(session)
        .fetch_optional(&mut *connection)
        .await?;
    let Some((gateway, state, failure, cut)) = row else {
        return Ok(None);
    };
    let findings: Vec<String> = sqlx::query_scalar(FINDINGS)
        .bind(errand.to_string())
        .bind(signed(seen))
        .bind(MOST)
        .fetch_all(connection)
        .await?;
    // What is not read yet comes before the end.
    let is_all = findings.len() < usize::try_from(MOST).unwrap_or(usize::MAX);
    let end = match state.as_str() {
        "done" if is_all => Some(PartEnd::Done { cut: cut.0 }),
        "failed" if is_all => {
            let failure = failure.as_deref().and_then(Failure::parse);
            Some(PartEnd::Failed(failure.unwrap_or(Failure::Internal)))
        }
        _ => None,
    };
    Ok(Some(Part {
        errand,
        gateway: id(&gateway, "errand.gateway")?,
        findings,
        end,
    }))
}

pub async fn end(connection: &mut Connection, parts: &[ErrandId]) -> Result<(), Fault> {
    for errand in parts {
        sqlx::query(FORGET)
            .bind(errand.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub async fn show(
    connection: &mut Connection,
    caller: &Caller,
    found: &[(Personal, StudyUid)],
) -> Result<Vec<u64>, Stop> {
    let who = allowed_to(connection, caller, Action::Search).await?;
    let own = who.member.organisation;
    let mut patients: Vec<(&Personal, Vec<StudyUid>)> = Vec::new();
    for (patient, study) in found {
        match patients.iter_mut().find(|(known, _)| *known == patient) {
            Some((_, studies)) => studies.push(study.clone()),
            None => patients.push((patient, vec![study.clone()])),
        }
    }
    let entries = patients.into_iter().map(|(patient, studies)| {
        let id = Uuid::now_v7();
        let mut entry = Entry::by(id, caller.at, Action::Search, Outcome::Success, &who);
        entry.patient_id = (!patient.reveal().is_empty()).then(|| patient.clone());
        entry.studies = studies;
        entry.detail = Some("studies in the own PACS were shown".to_owned());
        entry
    });
    audit::append(connection, &entries.collect::<Vec<_>>()).await?;
    let ids: Vec<String> = found
        .iter()
        .map(|(_, uid)| StudyId::of(own, uid).to_string())
        .collect();
    let mut held: HashMap<String, i64> = HashMap::new();
    for part in ids.chunks(LIST) {
        let mut query = Builder::new(connection, HELD);
        query.push_list(part.iter().map(String::as_str));
        let rows: Vec<(String, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
        held.extend(rows);
    }
    let count = |id: &String| held.get(id).copied().map_or(0, unsigned);
    Ok(ids.iter().map(count).collect())
}
