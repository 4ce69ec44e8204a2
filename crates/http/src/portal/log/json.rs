//! The log's entries as the portal shows them.

use super::{filled, invalid, word};
use crate::portal::refusal::Refused;
use bildbro_domain::{
    CareUnitId, MemberId, PatientKey, Personal, ShareId,
    audit::{self, Action, Entry, Outcome},
};
use bildbro_flow::{
    audit_event::Names,
    ports::portal::log::{Found, Line, PAGE, Search},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many entries a page has, when nothing is said.
const USUAL: u32 = 50;

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct SearchJson {
    from: Option<Timestamp>,
    /// Before then.
    until: Option<Timestamp>,
    /// In any way of writing.
    patient_id: Option<String>,
    member: Option<uuid::Uuid>,
    unit: Option<uuid::Uuid>,
    action: Option<String>,
    share: Option<uuid::Uuid>,
    outcome: Option<String>,
    /// `next` of the page before. A page may be short, or empty, and yet have a
    /// next.
    after: Option<String>,
    limit: Option<u32>,
}

impl SearchJson {
    pub fn read(self) -> Result<Search, Refused> {
        let before = self.after.map(|cursor| cursor.parse());
        Ok(Search {
            from: self.from,
            until: self.until,
            patient: filled(self.patient_id),
            member: self.member.map(MemberId),
            unit: self.unit.map(CareUnitId),
            action: word(self.action.as_deref(), Action::parse, "action")?,
            outcome: word(self.outcome.as_deref(), outcome, "outcome")?,
            share: self.share.map(ShareId),
            before: before
                .transpose()
                .map_err(|_| invalid("after", "no such place"))?,
            most: self.limit.unwrap_or(USUAL).clamp(1, PAGE),
        })
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    [Outcome::Success, Outcome::Denied, Outcome::Failure]
        .into_iter()
        .find(|outcome| outcome_word(*outcome) == word)
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Entries {
    items: Vec<EntryJson>,
    next: Option<String>,
}

impl Entries {
    pub fn of(found: &Found) -> Self {
        let whole = found.whole_numbers;
        let items = found.lines.iter();
        Self {
            items: items
                .map(|line| EntryJson::of(line, &found.names, whole))
                .collect(),
            next: found.next.map(|next| next.to_string()),
        }
    }
}

/// Something with an id, and its name if it has one.
#[derive(Serialize, JsonSchema)]
pub struct NamedJson {
    id: String,
    name: Option<String>,
}

impl NamedJson {
    pub fn of(id: uuid::Uuid, names: &Names) -> Self {
        Self {
            id: id.to_string(),
            name: names.name(id).map(str::to_owned),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct ActorJson {
    /// `member`, `gateway`, `machine`, `node`, `operator` or `anonymous`.
    kind: &'static str,
    /// None for another organisation's member.
    id: Option<String>,
    name: Option<String>,
    hsa_id: Option<String>,
    roles: Vec<String>,
    commission: Option<String>,
}

impl ActorJson {
    fn of(actor: &audit::Actor, names: &Names) -> Self {
        use audit::Actor as A;
        let mut all = Self {
            kind: "anonymous",
            id: None,
            name: None,
            hsa_id: None,
            roles: Vec::new(),
            commission: None,
        };
        let named = |id: uuid::Uuid| names.name(id).map(str::to_owned);
        match actor {
            A::Gateway { id } => {
                all.kind = "gateway";
                all.id = id.map(|id| id.to_string());
                all.name = id.and_then(|id| named(id.0));
            }
            A::Machine { id } => {
                all.kind = "machine";
                all.id = Some(id.to_string());
                all.name = named(id.0);
            }
            A::Node { ae_title } => (all.kind, all.name) = ("node", Some(ae_title.clone())),
            A::Operator { login } => (all.kind, all.name) = ("operator", Some(login.clone())),
            A::Hub => all.kind = "hub",
            A::Anonymous => {}
            A::Member {
                id,
                name,
                hsa_id,
                roles,
                commission,
            } => {
                all.kind = "member";
                all.id = (!id.0.is_nil()).then(|| id.to_string());
                all.name = Some(name.reveal().to_owned()).filter(|name| !name.is_empty());
                all.hsa_id = hsa_id.as_ref().map(ToString::to_string);
                all.roles.clone_from(roles);
                all.commission = commission.as_ref().map(ToString::to_string);
            }
        }
        all
    }
}

#[derive(Serialize, JsonSchema)]
struct PatientJson {
    /// Whole or masked.
    id: String,
}

#[derive(Serialize, JsonSchema)]
pub struct EntryJson {
    sequence: u64,
    id: uuid::Uuid,
    at: Timestamp,
    action: &'static str,
    outcome: &'static str,
    actor: ActorJson,
    organisation: Option<NamedJson>,
    unit: Option<NamedJson>,
    counterpart: Option<NamedJson>,
    patient: Option<PatientJson>,
    studies: Vec<String>,
    share: Option<uuid::Uuid>,
    delivery: Option<uuid::Uuid>,
    purpose: Option<&'static str>,
    legal_mode: Option<&'static str>,
    reason: Option<String>,
    images: Option<u64>,
    /// The address that the request came from.
    from: Option<String>,
    detail: Option<String>,
    /// The member whom it is about.
    about: Option<NamedJson>,
}

impl EntryJson {
    pub fn of(line: &Line, names: &Names, whole: bool) -> Self {
        let entry = &line.entry;
        let named = |id: uuid::Uuid| NamedJson::of(id, names);
        Self {
            sequence: line.sequence,
            id: entry.id,
            at: entry.at,
            action: entry.action.as_str(),
            outcome: outcome_word(entry.outcome),
            actor: ActorJson::of(&entry.actor, names),
            organisation: entry.organisation.map(|id| named(id.0)),
            unit: entry.unit.map(|id| named(id.0)),
            counterpart: entry.counterpart.map(|id| named(id.0)),
            patient: patient(entry, whole).map(|id| PatientJson { id }),
            studies: entry
                .studies
                .iter()
                .map(|uid| uid.as_str().to_owned())
                .collect(),
            share: entry.share.map(|id| id.0),
            delivery: entry.delivery.map(|id| id.0),
            purpose: entry.purpose.map(|purpose| purpose.as_str()),
            legal_mode: entry.legal_mode.map(|mode| mode.as_str()),
            reason: text(entry.reason.as_ref()),
            images: entry.images,
            from: entry.from.clone(),
            detail: entry.detail.clone(),
            about: entry.about.map(|id| named(id.0)),
        }
    }
}

impl EntryJson {
    pub const fn outcome(&self) -> &'static str {
        self.outcome
    }
}

/// The patient's number, as much of it as may be read.
pub fn patient(entry: &Entry, whole: bool) -> Option<String> {
    let id = entry.patient_id.as_ref().filter(|id| !id.is_empty())?;
    if whole {
        return Some(id.reveal().to_owned());
    }
    let day = entry.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let key = PatientKey::of(id.reveal(), "", day)?;
    Some(key.masked().reveal().to_owned())
}

fn text(text: Option<&Personal>) -> Option<String> {
    text.map(|text| text.reveal().to_owned())
}
