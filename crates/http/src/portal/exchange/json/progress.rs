//! How a share goes, in words and numbers: no personal data.

use super::{at, maybe_at};
use bildbro_domain::share::DeliveryState;
use bildbro_flow::ports::portal::sharing::{
    FetchState, ShareView, SharedDelivery, SharedRecipient, SharedStudy,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

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

pub fn deliveries<'a>(
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

/// How long nobody at this recipient had opened it, when that was told, if it
/// is so still.
pub fn unopened_hours(
    view: &ShareView,
    recipient: &SharedRecipient,
    now: Timestamp,
) -> Option<u64> {
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
