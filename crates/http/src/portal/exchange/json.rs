//! What the portal's pages read of the exchange: patients and parties, how a
//! share goes, the share itself, the inbox.

mod inbox;
mod progress;
mod share;

pub use inbox::{InboxItem, InboxStudy};
pub use progress::{Counts, ShareProgress};
pub use share::{Share, ShareLine, TimelineEvent};

use bildbro_domain::{PatientKey, matching::Described};
use bildbro_flow::ports::portal::{sharing::ShareView, will::Named};
use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Patient {
    /// The same for the same patient; nothing else is to be read from it.
    pub key: String,
    pub id: String,
    /// `Andersson, Anna`
    pub name: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
    /// `M`, `F`, `O`, or empty.
    pub sex: String,
    /// The number is a real personnummer or samordningsnummer.
    pub proven: bool,
}

impl Patient {
    pub fn of(described: &Described, at: Timestamp) -> Self {
        let today = at.to_zoned(TimeZone::UTC).date();
        let (id, issuer) = (described.id.reveal(), described.issuer.reveal());
        let key = PatientKey::of(id, issuer, today);
        let name = name(described.name.reveal());
        Self {
            proven: key.as_ref().is_some_and(|key| key.personnummer().is_some()),
            key: key.map_or_else(
                || format!("{name} {}", described.birth_date.reveal()),
                |key| key.reveal().to_owned(),
            ),
            id: id.to_owned(),
            name,
            birth_date: date(described.birth_date.reveal()),
            sex: described.sex.clone(),
        }
    }
}

/// A DICOM name (PS3.5 6.2.1.1) as it is read aloud: `Andersson, Anna Maria`.
pub fn name(dicom: &str) -> String {
    let alphabetic = dicom.split('=').next().unwrap_or_default();
    let mut parts = alphabetic.split('^').map(str::trim);
    let family = parts.next().unwrap_or_default();
    let given: Vec<&str> = parts.take(2).filter(|part| !part.is_empty()).collect();
    if given.is_empty() {
        return family.to_owned();
    }
    if family.is_empty() {
        return given.join(" ");
    }
    format!("{family}, {}", given.join(" "))
}

/// `YYYYMMDD` as `YYYY-MM-DD`; empty when it is no date.
pub fn date(dicom: &str) -> String {
    let dicom = dicom.trim();
    if dicom.len() != 8 || !dicom.bytes().all(|b| b.is_ascii_digit()) {
        return String::new();
    }
    format!("{}-{}-{}", &dicom[..4], &dicom[4..6], &dicom[6..])
}

/// `HHMMSS…` as `HH:MM`; empty when it is no time.
pub fn clock(dicom: &str) -> String {
    match dicom.get(..4) {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{}:{}", &digits[..2], &digits[2..])
        }
        _ => String::new(),
    }
}

fn codes(joined: &str) -> Vec<String> {
    let codes = joined.split('/').map(str::trim);
    codes.filter(|c| !c.is_empty()).map(str::to_owned).collect()
}

fn at(time: Timestamp) -> String {
    time.to_string()
}

fn maybe_at(time: Option<Timestamp>) -> Option<String> {
    time.map(at)
}

/// Someone or something, with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Party {
    pub id: String,
    pub name: String,
}

impl Party {
    pub fn of<T: fmt::Display>(named: &Named<T>) -> Self {
        Self {
            id: named.id.to_string(),
            name: named.name.reveal().to_owned(),
        }
    }
}

pub fn patients(view: &ShareView, now: Timestamp) -> Vec<Patient> {
    let mut patients: Vec<Patient> = Vec::new();
    for study in &view.studies {
        let patient = Patient::of(&study.patient, now);
        if !patients.iter().any(|known| known.key == patient.key) {
            patients.push(patient);
        }
    }
    patients
}

pub fn modalities(view: &ShareView) -> Vec<String> {
    let mut all: Vec<String> = view
        .studies
        .iter()
        .flat_map(|s| codes(&s.modalities))
        .collect();
    all.sort();
    all.dedup();
    all
}
