//! The inbox: what has come, whose patient it is, and what is done with it.

use super::{
    compare::{self, Candidate},
    json::{Counts, InboxItem, InboxStudy, Party, TimelineEvent},
};
use crate::{
    HubState, Stopping, live,
    message::Message,
    portal::{
        caller::Caller,
        directory::{Nothing, fields},
        ids::Ids,
        refusal::Refused,
    },
};
use axum::{
    Extension, Json,
    extract::{Query, State},
    http::StatusCode,
    response::sse::{Event, Sse},
};
use bildbro_domain::{CareUnitId, MemberId, Personal, ShareId};
use bildbro_flow::ports::portal::{
    Refusal,
    inbox::{Compared, Decision, Handler, Tray, TrayCounts},
};
use futures::{FutureExt, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::convert::Infallible;

const PAGE: u32 = 50;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

#[derive(Debug, Serialize, JsonSchema)]
pub struct BoxCounts {
    new: u64,
    under_way: u64,
    done: u64,
}

impl From<TrayCounts> for BoxCounts {
    fn from(counts: TrayCounts) -> Self {
        Self {
            new: counts.new,
            under_way: counts.under_way,
            done: counts.done,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Inbox {
    items: Vec<InboxItem>,
    /// What to ask for the next page with; null at the end.
    next: Option<String>,
    counts: BoxCounts,
}

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    #[serde(rename = "box")]
    tray: Option<String>,
    before: Option<String>,
}

/// `GET /api/inbox`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Inbox>, Refused> {
    let tray = match query.tray.as_deref() {
        None | Some("new") => Tray::New,
        Some("under_way") => Tray::UnderWay,
        Some("done") => Tray::Done,
        Some(_) => {
            return Err(Refusal::Invalid {
                field: "box",
                why: "It is none of the words that are known.",
            }
            .into());
        }
    };
    let before = query.before.as_deref();
    let (page, counts) = state.portal.inbox(&caller, tray, before, PAGE).await?;
    let items = page.items.iter();
    Ok(Json(Inbox {
        items: items
            .filter_map(|view| InboxItem::of(view, caller.at))
            .collect(),
        next: page.next,
        counts: counts.into(),
    }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct Going {
    id: String,
    #[serde(flatten)]
    counts: Counts,
}

/// `GET /api/inbox/events`
pub async fn events(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let stopping = stopping.map(|Extension(stopping)| stopping);
    live::events(state, stopping, caller, "inbox", |state, caller| {
        async move {
            let (views, counts) = state.portal.inbox_going(&caller, PAGE).await.ok()?;
            let going = views.iter().filter_map(|view| {
                Some(Going {
                    id: view.id.to_string(),
                    counts: Counts::of(view, view.recipients.first()?),
                })
            });
            let items: Vec<Going> = going.collect();
            let counts = BoxCounts::from(counts);
            serde_json::to_string(&json!({ "counts": counts, "items": items })).ok()
        }
        .boxed()
    })
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Match {
    /// `certain`, `uncertain`, `mismatch`, `new`, `unknown`.
    verdict: &'static str,
    candidates: Vec<Candidate>,
}

impl Match {
    fn of(state: &HubState, share: ShareId, compared: &Compared) -> Self {
        Self {
            verdict: compared.verdict.as_str(),
            candidates: state
                .vault
                .open(&compare::place(share), &compared.sealed)
                .unwrap_or_default(),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InboxDetail {
    #[serde(flatten)]
    item: InboxItem,
    message: String,
    expires_at: Option<String>,
    contents: Vec<InboxStudy>,
    #[serde(rename = "match")]
    matched: Option<Match>,
    timeline: Vec<TimelineEvent>,
}

/// `GET /api/inbox/{id}`
pub async fn one(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
) -> Result<Json<InboxDetail>, Refused> {
    let (view, events, compared) = state.portal.inbox_item(&caller, share).await?;
    let item = InboxItem::of(&view, caller.at).ok_or(Refusal::NotFound)?;
    let studies = view.studies.iter();
    Ok(Json(InboxDetail {
        item,
        message: view.message.reveal().to_owned(),
        expires_at: view.expires.map(|at| at.to_string()),
        contents: studies.map(|s| InboxStudy::of(s, caller.at)).collect(),
        matched: compared.map(|compared| Match::of(&state, share, &compared)),
        timeline: events.iter().map(|e| TimelineEvent::of(&view, e)).collect(),
    }))
}

/// `POST /api/inbox/{id}/open`
pub async fn open(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state.portal.open_item(&caller, share).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/inbox/{id}/match`
pub async fn compare(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<Json<Match>, Refused> {
    let patients = state.portal.patients_of(&caller, share).await?;
    let (verdict, candidates) = compare::ask(&state, &caller, patients).await?;
    let sealed = state.vault.seal(&compare::place(share), &candidates);
    let compared = Compared { verdict, sealed };
    state
        .portal
        .keep_comparison(&caller, share, &compared)
        .await?;
    Ok(Json(Match {
        verdict: verdict.as_str(),
        candidates,
    }))
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
enum DecisionWord {
    #[default]
    #[serde(rename = "")]
    None,
    #[serde(rename = "same_person")]
    SamePerson,
    #[serde(rename = "new_patient")]
    NewPatient,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptItem {
    #[serde(default)]
    decision: DecisionWord,
    #[serde(default)]
    reason: String,
}

fn reason(text: &str) -> Result<Personal, Refusal> {
    fields::lines("reason", text, LONGEST_REASON).map(Personal::new)
}

/// `POST /api/inbox/{id}/accept`
pub async fn accept(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(asked): Message<AcceptItem>,
) -> Result<StatusCode, Refused> {
    let decision = match asked.decision {
        DecisionWord::None => Decision::None,
        DecisionWord::SamePerson => Decision::SamePerson,
        DecisionWord::NewPatient => Decision::NewPatient,
    };
    let reason = reason(&asked.reason)?;
    let accepted = state.portal.accept_item(&caller, share, decision, &reason);
    accepted.await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineItem {
    reason: String,
}

/// `POST /api/inbox/{id}/decline`
pub async fn decline(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(asked): Message<DeclineItem>,
) -> Result<StatusCode, Refused> {
    let reason = reason(&asked.reason)?;
    if reason.reveal().is_empty() {
        return Err(Refusal::Invalid {
            field: "reason",
            why: "The sender is to know why: say it.",
        }
        .into());
    }
    state.portal.decline_item(&caller, share, &reason).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignItem {
    /// A member's id, or null.
    member: Option<String>,
    /// A care unit's id, or null.
    unit: Option<String>,
}

/// `POST /api/inbox/{id}/assign`
pub async fn assign(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(asked): Message<AssignItem>,
) -> Result<StatusCode, Refused> {
    let to = match (asked.member, asked.unit) {
        (None, None) => Handler::Nobody,
        (Some(member), None) => Handler::Member(fields::id::<MemberId>(&member)?),
        (None, Some(unit)) => Handler::Unit(fields::id::<CareUnitId>(&unit)?),
        (Some(_), Some(_)) => {
            return Err(Refusal::Invalid {
                field: "unit",
                why: "Give it to a member or to a unit, not to both.",
            }
            .into());
        }
    };
    state.portal.assign_item(&caller, share, to).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RecallWord {
    Removed,
    Kept,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallDone {
    what: RecallWord,
    #[serde(default)]
    reason: String,
}

/// `POST /api/inbox/{id}/recall-done`
pub async fn recall_done(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(asked): Message<RecallDone>,
) -> Result<StatusCode, Refused> {
    let reason = reason(&asked.reason)?;
    let removed = matches!(asked.what, RecallWord::Removed);
    if !removed && reason.reveal().is_empty() {
        return Err(Refusal::Invalid {
            field: "reason",
            why: "The sender is to know why the copies are kept: say it.",
        }
        .into());
    }
    let answered = state.portal.answer_recall(&caller, share, removed, &reason);
    answered.await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Colleagues {
    members: Vec<Party>,
    units: Vec<Party>,
}

/// `GET /api/inbox/colleagues`
pub async fn colleagues(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Colleagues>, Refused> {
    let found = state.portal.colleagues(&caller).await?;
    Ok(Json(Colleagues {
        members: found.members.iter().map(Party::of).collect(),
        units: found.units.iter().map(Party::of).collect(),
    }))
}
