//! What has come, as a recipient sees it.

use super::{
    Party, Patient, at, clock, codes, date, maybe_at, modalities, patients, progress::Counts,
};
use bildbro_flow::ports::portal::sharing::{ShareView, SharedStudy};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Whom something was given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Assigned {
    /// `member` or `unit`.
    kind: &'static str,
    id: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Recall {
    at: String,
    /// `wrong_patient`, `wrong_recipient`, `not_needed`, `other`.
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxItem {
    /// The share's id: it is in an inbox once.
    pub id: String,
    share: String,
    sender: Party,
    patients: Vec<Patient>,
    studies: usize,
    modalities: Vec<String>,
    purpose: &'static str,
    priority: &'static str,
    made_at: String,
    held: bool,
    #[serde(flatten)]
    counts: Counts,
    opened_at: Option<String>,
    opened_by: Option<String>,
    assigned_to: Option<Assigned>,
    /// Not answered yet.
    recall: Option<Recall>,
    taken_back_at: Option<String>,
    /// The id of our own request that it answers.
    answers: Option<String>,
}

impl InboxItem {
    /// `None`: it has no recipient, which is not the viewer's then.
    pub fn of(view: &ShareView, now: Timestamp) -> Option<Self> {
        let own = view.recipients.first()?;
        let counts = Counts::of(view, own);
        let member = own.member.as_ref().map(|m| ("member", Party::of(m)));
        let unit = own.unit.as_ref().map(|u| ("unit", Party::of(u)));
        Some(Self {
            id: view.id.to_string(),
            share: view.id.to_string(),
            sender: Party::of(&view.sender),
            patients: patients(view, now),
            studies: view.studies.len(),
            modalities: modalities(view),
            purpose: view.purpose.as_str(),
            priority: view.priority.as_str(),
            made_at: at(view.made),
            held: counts.state == "held",
            counts,
            opened_at: maybe_at(own.opened),
            opened_by: own.opened_by.as_ref().map(|m| m.name.reveal().to_owned()),
            assigned_to: member.or(unit).map(|(kind, party)| Assigned {
                kind,
                id: party.id,
                name: party.name,
            }),
            recall: own
                .recall
                .filter(|_| own.recalled.is_none())
                .map(|time| Recall {
                    at: at(time),
                    why: if view.taken_back_why.is_empty() {
                        "other".to_owned()
                    } else {
                        view.taken_back_why.clone()
                    },
                }),
            taken_back_at: maybe_at(view.taken_back),
            answers: view.answers.map(|request| request.to_string()),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxSeries {
    modality: String,
    description: String,
    body_part: String,
    images: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxStudy {
    study_uid: String,
    patient: Patient,
    date: String,
    time: String,
    modalities: Vec<String>,
    description: String,
    accession: String,
    institution: String,
    images: u64,
    expected: Option<u64>,
    series: Vec<InboxSeries>,
}

impl InboxStudy {
    pub fn of(study: &SharedStudy, now: Timestamp) -> Self {
        let series = study.series.iter().map(|series| InboxSeries {
            modality: series.modality.clone(),
            description: series.description.clone(),
            body_part: series.body_part.clone(),
            images: series.images,
        });
        Self {
            study_uid: study.uid.to_string(),
            patient: Patient::of(&study.patient, now),
            date: date(&study.date),
            time: clock(&study.time),
            modalities: codes(&study.modalities),
            description: study.description.clone(),
            accession: study.accession.reveal().to_owned(),
            institution: study.institution.clone(),
            images: study.here,
            expected: study.expected,
            series: series.collect(),
        }
    }
}
