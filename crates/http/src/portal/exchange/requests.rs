//! Requests for images: asking another organisation, and answering one's own
//! inbox of them.

use super::{
    find,
    json::{Party, Patient},
    shares::Recipient,
};
use crate::{
    HubState, Stopping, live,
    message::Message,
    portal::{
        caller::Caller,
        directory::{Items, Nothing, fields},
        ids::Ids,
        refusal::Refused,
    },
};
use axum::{
    Extension, Json,
    extract::{Query, State},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use bildbro_domain::{
    Digest, ImageRequestId, Personal,
    image_request::BETWEEN_REMINDERS,
    matching::Described,
    share::{Priority, Purpose},
};
use bildbro_flow::ports::portal::{
    self, Answer, Refusal,
    requests::{
        NewRequest, RequestCounts, RequestGoing, RequestView, Side, Stage, WaitingCounts, Wish,
    },
};
use futures::{FutureExt, Stream};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::convert::Infallible;
use uuid::Uuid;

/// A page of a list; and those whose progress is shown as it goes.
const PAGE: u32 = 50;

/// Longest number and name, in characters: as DICOM's longest (LO, PN).
const LONGEST: usize = 64;
const LONGEST_WANTED: usize = 2000;
const LONGEST_REASON: usize = 500;

/// The furthest ahead that images can be needed by, in days.
const FURTHEST: i64 = 366;

const fn invalid(field: &'static str, why: &'static str) -> Refusal {
    Refusal::Invalid { field, why }
}

/// `GET /api/requests/holders`
pub async fn holders(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<Recipient>>, Refused> {
    let all = state.portal.holders(&caller).await?;
    Ok(Json(Items::all(
        all.into_iter()
            .map(|view| Recipient::of(view, state.post))
            .collect(),
    )))
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImageRequest {
    /// The organisation that has the images.
    holder: String,
    patient_id: String,
    /// Who gives such numbers; empty for a personnummer.
    #[serde(default)]
    patient_id_issuer: String,
    #[serde(default)]
    patient_name: String,
    /// `YYYY-MM-DD`, or empty.
    #[serde(default)]
    patient_birth_date: String,
    /// Which images, in words.
    wanted: String,
    /// Of studies from this day on, `YYYY-MM-DD`; and until that one.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    modality: String,
    /// As a share's.
    purpose: String,
    priority: String,
    /// The day they are needed by, `YYYY-MM-DD`.
    #[serde(default)]
    needed_by: Option<String>,
}

impl NewImageRequest {
    fn read(&self, id: ImageRequestId, at: Timestamp) -> Answer<NewRequest> {
        let no_holder = || invalid("holder", "It is no organisation's id.");
        let birth_date = day("patient_birth_date", Some(&self.patient_birth_date))?;
        let patient = Described {
            id: Personal::new(fields::line("patient_id", &self.patient_id, LONGEST)?),
            issuer: Personal::new(fields::maybe_line(
                "patient_id_issuer",
                &self.patient_id_issuer,
                LONGEST,
            )?),
            name: Personal::new(fields::maybe_line(
                "patient_name",
                &self.patient_name,
                LONGEST,
            )?),
            birth_date: Personal::new(birth_date.map_or_else(String::new, |day| {
                format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
            })),
            sex: String::new(),
        };
        let wanted = fields::lines("wanted", &self.wanted, LONGEST_WANTED)?;
        if wanted.is_empty() {
            return Err(invalid("wanted", "Say which images are asked for."));
        }
        let from = day("from", self.from.as_deref())?;
        let until = day("until", self.until.as_deref())?;
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(invalid("until", "The last day is before the first."));
        }
        Ok(NewRequest {
            id,
            holder: self.holder.parse().map_err(|_| no_holder())?,
            wish: Wish {
                patient,
                wanted: Personal::new(wanted),
                from,
                until,
                modality: find::modality(&self.modality)?,
                purpose: fields::word("purpose", Purpose::parse(&self.purpose))?,
                priority: fields::word("priority", Priority::parse(&self.priority))?,
                needed_by: self.needed_by(at)?,
            },
            request: Digest::of(&serde_json::to_vec(self).unwrap_or_default()),
        })
    }

    /// Yesterday is let pass: midnight may come while one writes, or asks again.
    fn needed_by(&self, at: Timestamp) -> Answer<Option<Date>> {
        let Some(wanted) = day("needed_by", self.needed_by.as_deref())? else {
            return Ok(None);
        };
        let zone = TimeZone::get("Europe/Stockholm").unwrap_or(TimeZone::UTC);
        let today = at.to_zoned(zone).date();
        let ahead = today.until(wanted).map(|span| i64::from(span.get_days()));
        match ahead {
            Ok(-1..=FURTHEST) => Ok(Some(wanted)),
            _ => Err(invalid(
                "needed_by",
                "The day is one from today to a year ahead.",
            )),
        }
    }
}

fn day(field: &'static str, text: Option<&str>) -> Answer<Option<Date>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    // A day alone, and no more of a time.
    let day = text.map(|text| {
        let day: Option<Date> = text.parse().ok();
        day.filter(|day| day.to_string() == text)
            .ok_or(invalid(field, "A day is written 2026-11-24."))
    });
    day.transpose()
}

/// A request, as one side of it sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImageRequest {
    id: String,
    /// `asked` by us, or `received`.
    side: &'static str,
    asker: Party,
    holder: Party,
    patient: Patient,
    wanted: String,
    from: Option<String>,
    until: Option<String>,
    modality: String,
    purpose: &'static str,
    priority: &'static str,
    needed_by: Option<String>,
    asked_at: String,
    /// Told to the asker's own.
    asked_by: Option<String>,
    /// Where in the asker's organisation.
    unit: Option<String>,
    /// `open`, `being_handled`, `answered`, `declined`, `withdrawn`, `expired`.
    state: &'static str,
    /// When it runs out, unanswered.
    expires_at: String,
    handled_at: Option<String>,
    /// Told to the holder's own.
    handled_by: Option<String>,
    reminded_at: Option<String>,
    /// From when the holder may be reminded; null: now.
    remind_from: Option<String>,
    /// The share that it was answered with.
    share: Option<String>,
    /// Why it was declined.
    reason: Option<String>,
    changed_at: String,
}

impl ImageRequest {
    fn of(view: &RequestView, now: Timestamp) -> Self {
        let at = |time: Timestamp| time.to_string();
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        let wish = &view.wish;
        let reason = view.reason.reveal();
        let remind_from = view
            .reminded
            .and_then(|reminded| reminded.checked_add(BETWEEN_REMINDERS).ok());
        Self {
            id: view.id.to_string(),
            side: match view.side {
                Side::Asked => "asked",
                Side::Received => "received",
            },
            asker: Party::of(&view.asker),
            holder: Party::of(&view.holder),
            patient: Patient::of(&wish.patient, view.asked),
            wanted: wish.wanted.reveal().to_owned(),
            from: day(wish.from),
            until: day(wish.until),
            modality: wish.modality.clone(),
            purpose: wish.purpose.as_str(),
            priority: wish.priority.as_str(),
            needed_by: day(wish.needed_by),
            asked_at: at(view.asked),
            asked_by: view.asked_by.as_ref().map(|by| by.name.reveal().to_owned()),
            unit: view.unit.as_ref().map(|unit| unit.name.reveal().to_owned()),
            state: view.state.as_str(),
            expires_at: at(view.expires),
            handled_at: view.handled.map(at),
            handled_by: view
                .handled_by
                .as_ref()
                .map(|by| by.name.reveal().to_owned()),
            reminded_at: view.reminded.map(at),
            remind_from: remind_from.filter(|from| *from > now).map(at),
            share: view.share.map(|share| share.to_string()),
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            changed_at: at(view.changed),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Waiting {
    open: u64,
    being_handled: u64,
}

impl From<WaitingCounts> for Waiting {
    fn from(counts: WaitingCounts) -> Self {
        Self {
            open: counts.open,
            being_handled: counts.being_handled,
        }
    }
}

/// What waits for an answer, on each side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaitingRequests {
    asked: Waiting,
    received: Waiting,
}

impl From<RequestCounts> for WaitingRequests {
    fn from(counts: RequestCounts) -> Self {
        Self {
            asked: counts.asked.into(),
            received: counts.received.into(),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestList {
    items: Vec<ImageRequest>,
    /// What to ask for the next page with; null at the end.
    next: Option<String>,
    counts: WaitingRequests,
}

/// All that whoever may ask, and no more, is told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AskedRequest {
    id: String,
}

/// `PUT /api/requests/{id}`
pub async fn ask(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(id): Ids<Uuid>,
    Message(new): Message<NewImageRequest>,
) -> Result<Response, Refused> {
    let new = new.read(ImageRequestId(id), caller.at)?;
    let status = if state.portal.ask_images(&caller, &new).await? {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    state.wake.all();
    let id = new.id.to_string();
    Ok((status, Json(AskedRequest { id })).into_response())
}

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    side: String,
    #[serde(default)]
    state: String,
    before: Option<String>,
}

/// `GET /api/requests`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<RequestList>, Refused> {
    const UNKNOWN: &str = "It is none of the words that are known.";
    let side = match query.side.as_str() {
        "" | "received" => Side::Received,
        "asked" => Side::Asked,
        _ => return Err(invalid("side", UNKNOWN).into()),
    };
    let stage = match query.state.as_str() {
        "" => Stage::All,
        "waiting" => Stage::Waiting,
        "answered" => Stage::Answered,
        "over" => Stage::Over,
        _ => return Err(invalid("state", UNKNOWN).into()),
    };
    let before = query.before.as_deref();
    let listed = state.portal.requests(&caller, side, stage, before, PAGE);
    let (page, counts) = listed.await?;
    let items = page.items.iter();
    Ok(Json(RequestList {
        items: items
            .map(|view| ImageRequest::of(view, caller.at))
            .collect(),
        next: page.next,
        counts: counts.into(),
    }))
}

/// `GET /api/requests/{id}`
pub async fn one(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(request): Ids<ImageRequestId>,
) -> Result<Json<ImageRequest>, Refused> {
    let view = state.portal.request(&caller, request).await?;
    Ok(Json(ImageRequest::of(&view, caller.at)))
}

#[derive(Debug, Serialize, JsonSchema)]
struct Going {
    id: String,
    state: &'static str,
    changed_at: String,
}

impl From<&RequestGoing> for Going {
    fn from(going: &RequestGoing) -> Self {
        Self {
            id: going.id.to_string(),
            state: going.state.as_str(),
            changed_at: going.changed.to_string(),
        }
    }
}

async fn look(state: HubState, caller: portal::Caller) -> Option<String> {
    let (going, counts) = state.portal.requests_going(&caller, PAGE).await.ok()?;
    let items: Vec<Going> = going.iter().map(Going::from).collect();
    let counts = WaitingRequests::from(counts);
    serde_json::to_string(&json!({ "counts": counts, "items": items })).ok()
}

/// `GET /api/requests/events`
pub async fn events(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let stopping = stopping.map(|Extension(stopping)| stopping);
    live::events(state, stopping, caller, "requests", |state, caller| {
        look(state, caller).boxed()
    })
}

/// `POST /api/requests/{id}/handle`
pub async fn handle(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(request): Ids<ImageRequestId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state.portal.handle_request(&caller, request).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineRequest {
    reason: String,
}

/// `POST /api/requests/{id}/decline`
pub async fn decline(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(request): Ids<ImageRequestId>,
    Message(asked): Message<DeclineRequest>,
) -> Result<StatusCode, Refused> {
    let reason = fields::lines("reason", &asked.reason, LONGEST_REASON)?;
    if reason.is_empty() {
        return Err(invalid("reason", "Whoever asked is to know why: say it.").into());
    }
    let reason = Personal::new(reason);
    let declined = state.portal.decline_request(&caller, request, &reason);
    declined.await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/requests/{id}/withdraw`
pub async fn withdraw(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(request): Ids<ImageRequestId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state.portal.withdraw_request(&caller, request).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/requests/{id}/remind`
pub async fn remind(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(request): Ids<ImageRequestId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state.portal.remind_request(&caller, request).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}
