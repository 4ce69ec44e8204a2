//! Asks the own PACS for the patients of what has come.

use super::{find::described, find::searching, json::Patient};
use crate::HubState;
use bildbro_domain::{
    PatientKey, Personal, ShareId,
    matching::{self, Described, Verdict},
};
use bildbro_flow::{
    ports::portal::{Answer, Caller, Refusal},
    search::Line,
};
use bildbro_wire::errand::Find;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A person waits for it.
const LONGEST: Duration = Duration::from_secs(15);

/// Studies of one patient that are looked at.
const MOST: u32 = 200;

/// What candidates are sealed for.
pub fn place(share: ShareId) -> String {
    format!("compared for {share}")
}

/// A patient of the own PACS that has the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    patient: Patient,
    /// How many studies the PACS has of them.
    studies: u64,
    node: String,
    /// `id`, `name`, `birth_date`, `sex`.
    differences: Vec<String>,
}

/// The verdict on all of them: the most doubtful one counts.
pub async fn ask(
    state: &HubState,
    caller: &Caller,
    patients: Vec<Described>,
) -> Answer<(Verdict, Vec<Candidate>)> {
    let mut verdicts = Vec::new();
    let mut candidates = Vec::new();
    for patient in patients {
        let (verdict, found) = ask_one(state, caller, &patient).await?;
        verdicts.push(verdict);
        candidates.extend(found);
    }
    Ok((matching::overall(&verdicts), candidates))
}

async fn ask_one(
    state: &HubState,
    caller: &Caller,
    patient: &Described,
) -> Answer<(Verdict, Vec<Candidate>)> {
    let today = caller.at.to_zoned(TimeZone::UTC).date();
    let key = PatientKey::of(patient.id.reveal(), patient.issuer.reveal(), today);
    // A number with a wildcard would ask for everyone.
    let is_wild = patient.id.reveal().contains(['*', '?', '\\']);
    let Some(key) = key.filter(|_| !is_wild) else {
        return Ok((Verdict::Unknown, Vec::new()));
    };
    let find = Find {
        patient_id: Personal::new(patient.id.reveal().trim().to_owned()),
        most: MOST,
        ..Find::default()
    };
    let mut lines = match searching(state).begin(caller.clone(), find).await {
        Ok(lines) => lines,
        Err(Refusal::Over("no-gateway")) => return Ok((Verdict::Unknown, Vec::new())),
        Err(refusal) => return Err(refusal),
    };
    let mut found: Vec<(Described, String, u64)> = Vec::new();
    let (mut problems, mut ended) = (false, false);
    let read = async {
        while let Some(line) = lines.recv().await {
            match line {
                Line::Study(hit) => {
                    let ours = described(&hit.study);
                    let node = hit.study.node.clone();
                    let same = |one: &&mut (Described, String, u64)| one.0 == ours && one.1 == node;
                    match found.iter_mut().find(same) {
                        Some((.., count)) => *count += 1,
                        None => found.push((ours, node, 1)),
                    }
                }
                Line::Problem { .. } => problems = true,
                Line::End { .. } => ended = true,
            }
        }
    };
    let _in_time = tokio::time::timeout(LONGEST, read).await;
    let mut verdicts: Vec<Verdict> = found
        .iter()
        .map(|(ours, ..)| matching::judge(&key, patient, ours))
        .collect();
    // Where nobody was found, someone may be where nobody answered.
    if !ended || problems && verdicts.is_empty() {
        verdicts.push(Verdict::Unknown);
    }
    let candidate = |(ours, node, studies): (Described, String, u64)| Candidate {
        differences: matching::differences(patient, &ours)
            .into_iter()
            .map(|difference| difference.as_str().to_owned())
            .collect(),
        patient: Patient::of(&ours, caller.at),
        studies,
        node,
    };
    let candidates = found.into_iter().map(candidate).collect();
    Ok((matching::overall(&verdicts), candidates))
}
