//! The fields of RIVTA StoreLog 2 (tjänstedomän informationssecurity:auditing:log,
//! `LogType`), flat: one record an entry, ready for a report, an export, or for
//! whoever writes the SOAP request.
//!
//! Words are the service contract's own, in Swedish. It knows events about
//! care only; one without a patient comes out with no resource.

use super::{Event, Family, Party, Patient};
use bildbro_domain::{Personal, share::Purpose};
use serde::Serialize;

/// One `log` of a StoreLog request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub log_id: String,
    pub system_id: String,
    /// `Läsa`, `Skriva`, `Utskrift`, `Radera` or `Nödöppning`.
    pub activity_type: &'static str,
    /// Our word for what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_level: Option<String>,
    /// Outcome, legal mode and detail: what the contract has no field for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_args: Option<String>,
    /// RFC 3339, UTC.
    pub start_date: String,
    /// `Vård och behandling` or `Annan dokumentation enligt lag`, or
    /// `Administration`.
    pub purpose: &'static str,
    pub user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_provider: Option<Unit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_unit: Option<Unit>,
    pub resources: Vec<Resource>,
}

/// A care provider or care unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// HSA-id, or ours where none is known.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// `Bilder` with the Study Instance UID, or `Patientuppgifter`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<Person>,
    /// Whose record it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_provider: Option<Unit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_unit: Option<Unit>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: Personal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
}

/// The record of an event.
#[must_use]
pub fn record(event: &Event) -> Record {
    let actor = &event.actor;
    Record {
        log_id: event.id.to_string(),
        system_id: event.source.clone(),
        activity_type: activity(event),
        activity_level: Some(event.action.clone()),
        activity_args: arguments(event),
        start_date: event.at.to_string(),
        purpose: purpose(event),
        user_id: actor.known_as().to_owned(),
        name: actor.name.clone(),
        person_id: actor.person_id.clone(),
        assignment: actor.assignment.clone(),
        title: actor.title.clone(),
        care_provider: event.organisation.as_ref().map(unit),
        care_unit: actor.care_unit.as_ref().map(unit),
        resources: resources(event),
    }
}

fn unit(party: &Party) -> Unit {
    Unit {
        id: party.known_as().to_owned(),
        name: party.name.clone(),
    }
}

const fn activity(event: &Event) -> &'static str {
    if event.emergency {
        return "Nödöppning";
    }
    match event.family {
        Family::EmergencyOverride => "Nödöppning",
        Family::StudyDeleted | Family::PatientRecordDeleted => "Radera",
        Family::Export => "Utskrift",
        Family::Received
        | Family::Import
        | Family::Changed
        | Family::PatientRecordWritten
        | Family::NetworkChanged
        | Family::SecurityChanged
        | Family::RolesChanged
        | Family::Alert
        | Family::Started
        | Family::Stopped => "Skriva",
        Family::BeginTransfer
        | Family::Delivered
        | Family::Viewed
        | Family::Query
        | Family::Login
        | Family::Logout
        | Family::AuditLogUsed
        | Family::PatientRecordRead
        | Family::Refused => "Läsa",
    }
}

const fn purpose(event: &Event) -> &'static str {
    match event.purpose {
        Some(
            Purpose::Care | Purpose::SecondOpinion | Purpose::BeforeSurgery | Purpose::Conference,
        ) => "Vård och behandling",
        Some(Purpose::PatientRequest | Purpose::Insurance) => "Annan dokumentation enligt lag",
        Some(Purpose::Other) | None => "Administration",
    }
}

/// `name=value`, parted by `; `; values last as they are, so a reader takes
/// `detail`, which may hold anything, to the end.
fn arguments(event: &Event) -> Option<String> {
    const ELSEWHERE: [&str; 7] = [
        "action",
        "assignment",
        "careUnitId",
        "careUnit",
        "organisationId",
        "organisation",
        "actorKind",
    ];
    let details = event.details();
    let kept = details.iter().filter(|(name, _)| !ELSEWHERE.contains(name));
    let mut parts: Vec<String> = kept
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if let Some(address) = event.network {
        parts.insert(0, format!("address={address}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Images belong to whoever sent them: the counterpart of who received.
fn resources(event: &Event) -> Vec<Resource> {
    let holder = match event.family {
        Family::Delivered | Family::Viewed | Family::EmergencyOverride => {
            event.counterpart.as_ref().or(event.organisation.as_ref())
        }
        _ => event.organisation.as_ref(),
    };
    let person = |patient: &Patient| Person {
        id: patient.id.clone(),
        issuer: patient.issuer.clone(),
        name: patient.name.clone(),
    };
    let resource = |kind: String| Resource {
        kind,
        patient: event.patient.as_ref().map(person),
        care_provider: holder.map(unit),
        care_unit: None,
    };
    if event.studies.is_empty() {
        let patient = event.patient.as_ref();
        return patient
            .map(|_| resource("Patientuppgifter".to_owned()))
            .into_iter()
            .collect();
    }
    let studies = event.studies.iter();
    studies
        .map(|study| resource(format!("Bilder {study}")))
        .collect()
}
