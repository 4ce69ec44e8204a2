//! Shares, deliveries and inboxes as the portal's pages read them.

use bildbro_domain::{PatientKey, matching::Described, share::DeliveryState};
use bildbro_flow::ports::portal::{
    sharing::{FetchState, ShareEvent, ShareView, SharedDelivery, SharedRecipient, SharedStudy},
    will::Named,
};
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

/// How a share goes; no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShareProgress {
    /// `fetching`, `waiting`, `under_way`, `retrying`, `delivered`, `stopped`,
    /// `held`, `taken_back`, `expired`, `declined`.
    pub state: &'static str,
    /// What the sender's PACS counts, when it says.
    pub expected: Option<u64>,
    /// Images at the hub.
    pub here: u64,
    /// Images at the recipient that has least.
    pub delivered: u64,
    pub changed_at: String,
}

impl ShareProgress {
    pub fn of(view: &ShareView, now: Timestamp) -> Self {
        let expected = view.studies.iter().map(|s| s.expected).sum();
        let delivered = |recipient: &SharedRecipient| -> u64 {
            let own = deliveries(view, recipient);
            own.map(|d| d.stored + d.already_there).sum()
        };
        let changes = view.deliveries.iter().map(|d| d.changed);
        let changes = changes
            .chain(view.recipients.iter().map(|r| r.changed))
            .chain(
                view.studies
                    .iter()
                    .filter_map(|s| Some(s.fetch.as_ref()?.changed)),
            )
            .chain(view.taken_back);
        Self {
            state: state_of(view, now),
            expected,
            here: view.studies.iter().map(|s| s.here).sum(),
            delivered: view.recipients.iter().map(delivered).min().unwrap_or(0),
            changed_at: at(changes.max().unwrap_or(view.made)),
        }
    }
}

fn deliveries<'a>(
    view: &'a ShareView,
    recipient: &SharedRecipient,
) -> impl Iterator<Item = &'a SharedDelivery> {
    let id = recipient.id;
    view.deliveries.iter().filter(move |d| d.recipient == id)
}

/// Whether more of a study is still to come: from its PACS, or on the line.
fn is_coming(study: &SharedStudy) -> bool {
    let is_asked = study
        .fetch
        .as_ref()
        .is_some_and(|f| f.state != FetchState::Failed);
    is_asked && !study.complete
}

fn is_unfetched(study: &SharedStudy) -> bool {
    let failed =
        |f: &bildbro_flow::ports::portal::sharing::FetchView| f.state == FetchState::Failed;
    study.fetch.as_ref().is_some_and(failed) && !study.complete
}

fn state_of(view: &ShareView, now: Timestamp) -> &'static str {
    if view.taken_back.is_some() {
        return "taken_back";
    }
    if view.expires.is_some_and(|at| at <= now) {
        return "expired";
    }
    let states: Vec<&'static str> = view
        .recipients
        .iter()
        .map(|recipient| state_at(view, recipient))
        .filter(|state| *state != "withdrawn")
        .collect();
    let is_any = |word: &str| states.contains(&word);
    if view.studies.iter().any(is_unfetched) {
        return "stopped";
    }
    if states.is_empty() {
        return "taken_back";
    }
    if states.iter().all(|state| *state == "declined") {
        return "declined";
    }
    for word in ["stopped", "retrying", "under_way"] {
        if is_any(word) {
            return if word == "stopped" || !view.studies.iter().any(is_coming) {
                word
            } else {
                "fetching"
            };
        }
    }
    if view.studies.iter().any(is_coming) {
        return "fetching";
    }
    for word in ["held", "waiting"] {
        if is_any(word) {
            return word;
        }
    }
    "delivered"
}

/// How all of a recipient's deliveries stand: the worst of them.
fn state_at(view: &ShareView, recipient: &SharedRecipient) -> &'static str {
    if recipient.declined.is_some() {
        return "declined";
    }
    let mut all: Vec<&SharedDelivery> = deliveries(view, recipient).collect();
    all.retain(|d| d.state != DeliveryState::Withdrawn);
    if all.is_empty() {
        return "withdrawn";
    }
    if all.iter().any(|d| d.held) {
        return "held";
    }
    for state in [
        DeliveryState::Stopped,
        DeliveryState::Retrying,
        DeliveryState::UnderWay,
        DeliveryState::Waiting,
    ] {
        if all.iter().any(|d| d.state == state) {
            return state.as_str();
        }
    }
    // All that has come is there; more may come.
    let is_whole = all.iter().all(|d| d.complete || !coming(view, d));
    if is_whole { "delivered" } else { "waiting" }
}

fn coming(view: &ShareView, delivery: &SharedDelivery) -> bool {
    view.studies
        .iter()
        .any(|s| s.uid == delivery.study && is_coming(s))
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShareLine {
    pub id: String,
    #[serde(flatten)]
    pub progress: ShareProgress,
    pub made_at: String,
    pub made_by: Option<String>,
    pub patients: Vec<Patient>,
    pub studies: usize,
    pub modalities: Vec<String>,
    pub purpose: &'static str,
    pub priority: &'static str,
    pub recipients: Vec<Party>,
    /// The id of the request that it answers.
    pub answers: Option<String>,
    /// For so many hours nobody at a recipient had opened it, when that was told;
    /// null: somebody has, or it has not been that long.
    pub unopened_hours: Option<u64>,
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

impl ShareLine {
    pub fn of(view: &ShareView, now: Timestamp) -> Self {
        let recipient = |recipient: &SharedRecipient| Party {
            id: recipient.id.to_string(),
            name: recipient.name.clone(),
        };
        Self {
            id: view.id.to_string(),
            progress: ShareProgress::of(view, now),
            made_at: at(view.made),
            made_by: view.made_by.as_ref().map(|by| by.name.reveal().to_owned()),
            patients: patients(view, now),
            studies: view.studies.len(),
            modalities: modalities(view),
            purpose: view.purpose.as_str(),
            priority: view.priority.as_str(),
            recipients: view.recipients.iter().map(recipient).collect(),
            answers: view.answers.map(|request| request.to_string()),
            unopened_hours: view
                .recipients
                .iter()
                .filter_map(|recipient| unopened_hours(view, recipient, now))
                .max(),
        }
    }
}

/// How long nobody at this recipient had opened it, when that was told, if it
/// is so still.
fn unopened_hours(view: &ShareView, recipient: &SharedRecipient, now: Timestamp) -> Option<u64> {
    let told = recipient.escalated?;
    let is_over = view.taken_back.is_some() || view.expires.is_some_and(|end| end <= now);
    let state = state_at(view, recipient);
    let is_answered = recipient.opened.is_some() || recipient.accepted.is_some();
    if is_over || is_answered || matches!(state, "declined" | "withdrawn") {
        return None;
    }
    let came = view
        .sends_at
        .map_or(recipient.came, |at| at.max(recipient.came));
    Some(told.duration_since(came).as_hours().max(1).unsigned_abs())
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Share {
    #[serde(flatten)]
    line: ShareLine,
    message: String,
    legal_mode: &'static str,
    expires_at: Option<String>,
    /// Nothing leaves before this.
    sends_at: Option<String>,
    taken_back_at: Option<String>,
    taken_back_why: Option<String>,
    contents: Vec<ShareStudy>,
    deliveries: Vec<Delivery>,
    timeline: Vec<TimelineEvent>,
}

impl Share {
    /// `post`: there is something that brings letters.
    pub fn of(view: &ShareView, events: &[ShareEvent], post: bool, now: Timestamp) -> Self {
        Self {
            line: ShareLine::of(view, now),
            message: view.message.reveal().to_owned(),
            legal_mode: view.legal_mode.as_str(),
            expires_at: maybe_at(view.expires),
            sends_at: maybe_at(view.sends_at.filter(|at| *at > now)),
            taken_back_at: maybe_at(view.taken_back),
            taken_back_why: (!view.taken_back_why.is_empty()).then(|| view.taken_back_why.clone()),
            contents: view
                .studies
                .iter()
                .map(|s| ShareStudy::of(s, now))
                .collect(),
            deliveries: view
                .recipients
                .iter()
                .map(|recipient| Delivery::of(view, recipient, post, now))
                .collect(),
            timeline: events.iter().map(|e| TimelineEvent::of(view, e)).collect(),
        }
    }
}

/// How far a PACS says it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moved {
    completed: u32,
    failed: u32,
    remaining: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShareStudy {
    study_uid: String,
    patient: Patient,
    date: String,
    time: String,
    modalities: Vec<String>,
    description: String,
    accession: String,
    /// The PACS it is fetched from.
    node: String,
    expected: Option<u64>,
    /// Images at the hub.
    here: u64,
    /// Everything has come.
    complete: bool,
    /// `none`, `waiting`, `under_way`, `done`, `failed`.
    fetch: &'static str,
    moved: Option<Moved>,
    failure: Option<&'static str>,
    retry_at: Option<String>,
    gateway_silent_since: Option<String>,
}

impl ShareStudy {
    fn of(study: &SharedStudy, now: Timestamp) -> Self {
        let fetch = study.fetch.as_ref();
        let is_open =
            fetch.is_some_and(|f| matches!(f.state, FetchState::Waiting | FetchState::UnderWay));
        Self {
            study_uid: study.uid.to_string(),
            patient: Patient::of(&study.patient, now),
            date: date(&study.date),
            time: clock(&study.time),
            modalities: codes(&study.modalities),
            description: study.description.clone(),
            accession: study.accession.reveal().to_owned(),
            node: fetch.map_or_else(String::new, |f| f.node.clone()),
            expected: study.expected,
            here: study.here,
            complete: study.complete,
            fetch: match fetch.map(|f| f.state) {
                None => "none",
                Some(FetchState::Waiting) => "waiting",
                Some(FetchState::UnderWay) => "under_way",
                Some(FetchState::Done) => "done",
                Some(FetchState::Failed) => "failed",
            },
            moved: fetch.map(|f| Moved {
                completed: f.moved.completed,
                failed: f.moved.failed,
                remaining: f.moved.remaining,
            }),
            failure: fetch.and_then(|f| f.failure).map(|f| f.as_str()),
            retry_at: fetch
                .filter(|f| f.state == FetchState::Waiting && f.failure.is_some())
                .map(|f| at(f.due)),
            gateway_silent_since: fetch
                .filter(|_| is_open)
                .and_then(|f| maybe_at(f.silent_since)),
        }
    }
}

/// All of a share's way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delivery {
    /// The recipient's id: a share has one of these for each.
    id: String,
    recipient: Party,
    #[serde(flatten)]
    counts: Counts,
    bytes: u64,
    complete: bool,
    /// Whoever is on call there is e-mailed of an emergency; else nobody is.
    on_call: bool,
    opened_at: Option<String>,
    /// As in the list of shares, of this recipient.
    unopened_hours: Option<u64>,
    decline_reason: Option<String>,
    /// The recipient was asked to remove its copies, and when it has answered.
    recall_at: Option<String>,
    recalled_at: Option<String>,
    bytes_per_second: Option<u64>,
    seconds_left: Option<u64>,
}

/// How a recipient's deliveries stand, in numbers; no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// `waiting`, `under_way`, `retrying`, `delivered`, `stopped`, `withdrawn`,
    /// `held`, `declined`.
    pub state: &'static str,
    pub images: u64,
    pub expected: Option<u64>,
    pub stored: u64,
    pub already_there: u64,
    pub failed: u64,
    pub pending: u64,
    pub failure: Option<&'static str>,
    /// When it is tried again by itself.
    pub next_attempt_at: Option<String>,
    /// Since when the recipient's gateway has been silent.
    pub silent_since: Option<String>,
    pub changed_at: String,
}

impl Counts {
    pub fn of(view: &ShareView, recipient: &SharedRecipient) -> Self {
        let sum = |of: fn(&SharedDelivery) -> u64| deliveries(view, recipient).map(of).sum();
        let changes = deliveries(view, recipient).map(|d| d.changed);
        let state = state_at(view, recipient);
        let waiting = matches!(state, "waiting" | "retrying" | "under_way");
        Self {
            state,
            next_attempt_at: deliveries(view, recipient)
                .filter(|d| d.state == DeliveryState::Retrying)
                .filter_map(|d| d.next_attempt)
                .min()
                .map(at),
            silent_since: maybe_at(recipient.silent_since).filter(|_| waiting),
            images: sum(|d| d.images),
            expected: view.studies.iter().map(|s| s.expected).sum(),
            stored: sum(|d| d.stored),
            already_there: sum(|d| d.already_there),
            failed: sum(|d| d.failed),
            pending: sum(|d| d.pending),
            failure: deliveries(view, recipient)
                .find_map(|d| d.failure)
                .filter(|_| matches!(state, "stopped" | "retrying"))
                .map(|f| f.as_str()),
            changed_at: at(changes
                .max()
                .unwrap_or(recipient.came)
                .max(recipient.changed)),
        }
    }
}

impl Delivery {
    fn of(view: &ShareView, recipient: &SharedRecipient, post: bool, now: Timestamp) -> Self {
        let counts = Counts::of(view, recipient);
        let speed = speed(view, recipient, now);
        let bytes: u64 = deliveries(view, recipient).map(|d| d.bytes).sum();
        let per_image = bytes.checked_div(counts.images).unwrap_or(0);
        Self {
            id: recipient.id.to_string(),
            recipient: Party {
                id: recipient.id.to_string(),
                name: recipient.name.clone(),
            },
            bytes,
            complete: deliveries(view, recipient).all(|d| d.complete),
            on_call: recipient.on_call && post,
            opened_at: maybe_at(recipient.opened),
            unopened_hours: unopened_hours(view, recipient, now),
            decline_reason: recipient
                .declined
                .map(|_| recipient.decline_reason.reveal().to_owned()),
            recall_at: maybe_at(recipient.recall),
            recalled_at: maybe_at(recipient.recalled),
            bytes_per_second: speed,
            seconds_left: speed.and_then(|speed| (per_image * counts.pending).checked_div(speed)),
            counts,
        }
    }
}

/// Bytes a second into the recipient's PACS, of what is under way.
fn speed(view: &ShareView, recipient: &SharedRecipient, now: Timestamp) -> Option<u64> {
    let under_way = deliveries(view, recipient).filter(|d| d.state == DeliveryState::UnderWay);
    let (mut bytes, mut first) = (0, None::<Timestamp>);
    for delivery in under_way {
        bytes += delivery.stored_bytes;
        first = match (first, delivery.first_stored) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let seconds = now.duration_since(first?).as_secs().max(1);
    Some(bytes / seconds.unsigned_abs()).filter(|speed| *speed > 0)
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimelineEvent {
    at: String,
    /// `shared`, `allowed`, `first_stored`, `all_stored`, `failed`, `retried`,
    /// `let_in`, `declined`, `taken_back`, `recalled`, `escalated`.
    what: &'static str,
    recipient: Option<String>,
    images: Option<u64>,
    by: Option<String>,
}

impl TimelineEvent {
    pub fn of(view: &ShareView, event: &ShareEvent) -> Self {
        let name = |recipient| {
            let found = view.recipients.iter().find(|r| r.id == recipient);
            found.map(|recipient| recipient.name.clone())
        };
        Self {
            at: at(event.at),
            what: event.what,
            recipient: event.recipient.and_then(name),
            images: event.images,
            by: event.by.as_ref().map(|by| by.reveal().to_owned()),
        }
    }
}

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
