//! A share as its sender sees it.

use super::{
    Party, Patient, at, clock, codes, date, maybe_at, modalities, patients,
    progress::{Counts, ShareProgress, deliveries, unopened_hours},
};
use bildbro_domain::share::DeliveryState;
use bildbro_flow::ports::portal::sharing::{
    FetchState, ShareEvent, ShareView, SharedRecipient, SharedStudy,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

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
    /// `let_in`, `opened`, `declined`, `taken_back`, `recalled`, `escalated`.
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
