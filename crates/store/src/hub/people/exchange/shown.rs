//! That someone was shown of whom something is: on record, patient by patient.
//!
//! A page that is open asks again whenever something moves. That the same member
//! is shown the same studies again within minutes is the same looking, and
//! leaves no new entry, or a delivery of an hour would fill the log.

use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{from_json, micros, patient_key},
};
use bildbro_domain::{
    Personal, StudyUid,
    audit::{Action, Entry, Outcome},
    matching::Described,
    member::Acting,
};
use bildbro_flow::ports::portal::sharing::ShareView;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use uuid::Uuid;

/// How long it is the same looking.
const SAME: SignedDuration = SignedDuration::from_mins(10);

const LATELY: &str = "SELECT text FROM audit WHERE patient_id = $1 AND member = $2 \
     AND action = $3 AND at > $4 AND at <= $5 AND outcome = 'success' \
     ORDER BY sequence DESC LIMIT 20";

pub async fn record(
    connection: &mut Connection,
    who: &Acting,
    action: Action,
    views: &[ShareView],
    at: Timestamp,
) -> Result<(), Fault> {
    let mut new = Vec::new();
    for entry in entries(who, action, views, at) {
        if !is_on_record(connection, who, &entry).await? {
            new.push(entry);
        }
    }
    audit::append(connection, &new).await
}

async fn is_on_record(
    connection: &mut Connection,
    who: &Acting,
    entry: &Entry,
) -> Result<bool, Fault> {
    let Some(patient) = &entry.patient_id else {
        return Ok(false);
    };
    let since = entry.at.checked_sub(SAME).unwrap_or(Timestamp::MIN);
    let texts: Vec<String> = sqlx::query_scalar(LATELY)
        .bind(patient_key(patient.reveal(), "", entry.at))
        .bind(who.member.id.to_string())
        .bind(entry.action.as_str())
        .bind(micros(since))
        .bind(micros(entry.at))
        .fetch_all(connection)
        .await?;
    let mut seen: HashSet<StudyUid> = HashSet::new();
    for text in texts {
        let earlier: Entry = from_json(&text, "audit.text")?;
        // In another role, at another unit, or from elsewhere, it is another.
        if earlier.unit == entry.unit
            && earlier.from == entry.from
            && earlier.actor == entry.actor
            && (entry.share.is_none() || earlier.share == entry.share)
        {
            seen.extend(earlier.studies);
        }
    }
    Ok(entry.studies.iter().all(|study| seen.contains(study)))
}

/// The entries that say of whom something was shown: one for each patient, as
/// their extracts need.
fn entries(who: &Acting, action: Action, views: &[ShareView], at: Timestamp) -> Vec<Entry> {
    let mut patients: Vec<(String, &Described, Vec<StudyUid>)> = Vec::new();
    for study in views.iter().flat_map(|view| &view.studies) {
        let patient = &study.patient;
        let key = patient.id.reveal().to_owned();
        match patients.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, _, studies)) if studies.contains(&study.uid) => {}
            Some((_, _, studies)) => studies.push(study.uid.clone()),
            None => patients.push((key, patient, vec![study.uid.clone()])),
        }
    }
    let entry = |(key, _, studies): (String, &Described, Vec<StudyUid>)| {
        let mut entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Success, who);
        entry.patient_id = (!key.is_empty()).then(|| Personal::new(key));
        entry.studies = studies;
        entry
    };
    let mut entries: Vec<Entry> = patients.into_iter().map(entry).collect();
    if let [view] = views {
        for entry in &mut entries {
            entry.share = Some(view.id);
        }
    }
    if entries.is_empty() {
        // Nothing to see is something seen, too.
        entries.push(Entry::by(Uuid::now_v7(), at, action, Outcome::Success, who));
    }
    entries
}
