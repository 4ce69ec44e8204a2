//! Sharing, and what comes after it.

use super::json::{Share, ShareLine, ShareProgress, name};
use crate::{
    HubState, Stopping, live,
    message::Message,
    portal::{
        caller::Caller,
        directory::{Items, Nothing, fields},
        ids::Ids,
        refusal::Refused,
    },
    problem::ProblemResponse,
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
    Digest, ErrorClass, ImageRequestId, OrganisationId, Personal, ShareId, StudyUid,
    share::{Priority, Purpose},
};
use bildbro_flow::{
    notice::zone,
    ports::{
        errands::task_place,
        portal::{
            Answer, Refusal,
            sharing::{FoundToShare, RecipientView, TakenBackWhy, WantedShare, WantedStudy, Which},
        },
    },
    search::found_place,
};
use bildbro_wire::errand::{FetchStudy, Task};
use futures::{FutureExt, Stream};
use jiff::{SignedDuration, Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::convert::Infallible;
use uuid::Uuid;

/// A study found is named for this long.
const FOUND_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A slip can be undone for this long; an emergency does not wait.
const UNDO: SignedDuration = SignedDuration::from_secs(10);

const MOST_STUDIES: usize = 50;
const MOST_RECIPIENTS: usize = 20;

/// Longest message and reason, in characters.
const LONGEST_MESSAGE: usize = 2000;
const LONGEST_REASON: usize = 500;

/// The furthest that a share can last.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A page of a list; and those whose progress is shown as it goes.
const PAGE: u32 = 50;

/// What drafts are sealed for.
const DRAFT: &str = "draft";

#[derive(Debug, Serialize, JsonSchema)]
pub struct Recipient {
    id: String,
    name: String,
    kind: &'static str,
    in_care: bool,
    /// What it takes from us: `open`, `hold`, `closed`.
    takes: &'static str,
    favourite: bool,
    /// Whoever is on call there is e-mailed of an emergency; else nobody is.
    on_call: bool,
    /// When we shared with it last.
    last_at: Option<String>,
}

impl Recipient {
    /// `post`: there is something that brings letters.
    pub fn of(view: RecipientView, post: bool) -> Self {
        Self {
            id: view.id.to_string(),
            in_care: view.kind.in_care(),
            name: view.name,
            kind: view.kind.as_str(),
            takes: view.takes.as_str(),
            favourite: view.favourite,
            on_call: view.on_call && post,
            last_at: view.last.map(|at| at.to_string()),
        }
    }
}

/// `GET /api/recipients`
pub async fn recipients(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<Recipient>>, Refused> {
    let all = state.portal.recipients(&caller).await?;
    Ok(Json(Items::all(
        all.into_iter()
            .map(|view| Recipient::of(view, state.post))
            .collect(),
    )))
}

/// `PUT /api/recipients/{id}/favourite`
pub async fn favour(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(organisation): Ids<OrganisationId>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state
        .portal
        .set_favourite(&caller, organisation, true)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/recipients/{id}/favourite`
pub async fn forget(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(organisation): Ids<OrganisationId>,
) -> Result<StatusCode, Refused> {
    state
        .portal
        .set_favourite(&caller, organisation, false)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// As the page wrote it; null: nothing.
    draft: Option<Value>,
}

/// `GET /api/draft`
pub async fn draft(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Draft>, Refused> {
    let sealed = state.portal.draft(&caller).await?;
    // One of another key or version is as good as none.
    let draft = sealed.and_then(|sealed| state.vault.open(DRAFT, &sealed).ok());
    Ok(Json(Draft { draft }))
}

/// `PUT /api/draft`
pub async fn keep_draft(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(Draft { draft }): Message<Draft>,
) -> Result<StatusCode, Refused> {
    let sealed = draft.map(|draft| state.vault.seal(DRAFT, &draft));
    state.portal.keep_draft(&caller, sealed.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/draft`
pub async fn forget_draft(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<StatusCode, Refused> {
    state.portal.keep_draft(&caller, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Each as `found` in a search's line.
    studies: Vec<String>,
    recipients: Vec<String>,
    /// `care`, `second_opinion`, `before_surgery`, `conference`,
    /// `patient_request`, `insurance`, `other`.
    purpose: String,
    /// `ordinary`, `urgent`, `emergency`.
    priority: String,
    #[serde(default)]
    message: String,
    /// The last day, `YYYY-MM-DD`; null: 90 days.
    #[serde(default)]
    expires_at: Option<String>,
    /// That the studies are of several patients is meant.
    #[serde(default)]
    several_patients: bool,
    /// The id of the request that it answers: then it has studies of that patient
    /// alone, and whoever asked is among the recipients.
    #[serde(default)]
    answers: Option<String>,
}

impl NewShare {
    fn read(
        &self,
        state: &HubState,
        id: ShareId,
        own: OrganisationId,
        at: Timestamp,
    ) -> Answer<Wanted> {
        if !(1..=MOST_STUDIES).contains(&self.studies.len()) {
            return Err(invalid("studies", "A share has 1 to 50 studies."));
        }
        if !(1..=MOST_RECIPIENTS).contains(&self.recipients.len()) {
            return Err(invalid("recipients", "A share has 1 to 20 recipients."));
        }
        let purpose = fields::word("purpose", Purpose::parse(&self.purpose))?;
        let priority = fields::word("priority", Priority::parse(&self.priority))?;
        let message = fields::lines("message", &self.message, LONGEST_MESSAGE)?;
        if priority == Priority::Emergency && message.is_empty() {
            return Err(invalid("message", "Say why it is an emergency."));
        }
        let mut recipients = Vec::new();
        for text in &self.recipients {
            let recipient = text
                .parse()
                .map_err(|_| invalid("recipients", "It is no organisation's id."))?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        let mut studies: Vec<WantedStudy> = Vec::new();
        for sealed in &self.studies {
            let found: FoundToShare = state
                .vault
                .open(&found_place(own), sealed)
                .map_err(|_| invalid("studies", "It was not found by your organisation."))?;
            if found.at.checked_add(FOUND_LIFE).is_ok_and(|end| end < at) {
                return Ok(Wanted::TooOld);
            }
            let known = |study: &WantedStudy| study.found.study.study_uid == found.study.study_uid;
            if !studies.iter().any(known) {
                studies.push(wanted(state, found, priority));
            }
        }
        let request = self.digest(&studies);
        Ok(Wanted::Share(Box::new(WantedShare {
            id,
            studies,
            recipients,
            purpose,
            priority,
            message: Personal::new(message),
            expires: self.expires(at)?,
            sends_at: (priority != Priority::Emergency)
                .then(|| at.checked_add(UNDO).ok())
                .flatten(),
            several_patients: self.several_patients,
            answers: self.answers()?,
            request,
        })))
    }

    fn answers(&self) -> Answer<Option<ImageRequestId>> {
        let request = self.answers.as_deref().map(str::parse).transpose();
        request.map_err(|_| invalid("answers", "It is no request's id."))
    }

    /// To the end of the day, where most of its readers are.
    fn expires(&self, at: Timestamp) -> Answer<Option<Timestamp>> {
        let Some(text) = self.expires_at.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let wrong = || {
            invalid(
                "expires_at",
                "The last day is one from today to a year ahead.",
            )
        };
        let day: Date = text.parse().map_err(|_| wrong())?;
        let end = day.at(23, 59, 59, 0).to_zoned(zone());
        let end = end.map_err(|_| wrong())?.timestamp();
        let longest = at.checked_add(LONGEST_LIFE).map_err(|_| wrong())?;
        if end <= at || end > longest {
            return Err(wrong());
        }
        Ok(Some(end))
    }

    /// Of what was asked for. Found anew, a study is still the same.
    fn digest(&self, studies: &[WantedStudy]) -> Digest {
        let asked = Self {
            studies: studies
                .iter()
                .map(|study| study.found.study.study_uid.to_string())
                .collect(),
            recipients: self.recipients.clone(),
            purpose: self.purpose.clone(),
            priority: self.priority.clone(),
            message: self.message.clone(),
            expires_at: self.expires_at.clone(),
            several_patients: self.several_patients,
            answers: self.answers.clone(),
        };
        Digest::of(&serde_json::to_vec(&asked).unwrap_or_default())
    }
}

fn wanted(state: &HubState, found: FoundToShare, priority: Priority) -> WantedStudy {
    let task = Task::Fetch(FetchStudy {
        node: found.study.node.clone(),
        study_uid: found.study.study_uid.clone(),
        priority,
    });
    WantedStudy {
        fetch: state.vault.seal(&task_place(found.gateway), &task),
        found,
    }
}

enum Wanted {
    Share(Box<WantedShare>),
    /// One of the studies was found too long ago.
    TooOld,
}

const fn invalid(field: &'static str, why: &'static str) -> Refusal {
    Refusal::Invalid { field, why }
}

/// `PUT /api/shares/{id}`
pub async fn share(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(id): Ids<Uuid>,
    Message(new): Message<NewShare>,
) -> Result<Response, Refused> {
    let share = ShareId(id);
    let own = state.portal.session(&caller).await?.who.member.organisation;
    let wanted = match new.read(&state, share, own, caller.at)? {
        Wanted::Share(wanted) => wanted,
        Wanted::TooOld => return Err(too_old().into()),
    };
    let is_new = match state.portal.share(&caller, &wanted).await {
        Ok(is_new) => is_new,
        Err(Refusal::SeveralPatients(patients)) => return Err(several(&patients).into()),
        Err(refusal) => return Err(refusal.into()),
    };
    state.wake.all();
    let (view, events) = state.portal.share_view(&caller, share).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((
        status,
        Json(Share::of(&view, &events, state.post, caller.at)),
    )
        .into_response())
}

fn conflict(word: &str, title: &str) -> ProblemResponse {
    ProblemResponse::new(StatusCode::CONFLICT, word, title, ErrorClass::Permanent)
}

fn too_old() -> ProblemResponse {
    conflict("found-too-old", "A study was found more than a day ago")
        .detail("Search for it again.")
}

/// Names them, to the one who found them.
fn several(patients: &[(Personal, Personal)]) -> ProblemResponse {
    let named = patients
        .iter()
        .map(|(id, dicom)| json!({ "id": id.reveal(), "name": name(dicom.reveal()) }));
    conflict("several-patients", "The studies are of several patients")
        .detail("Say that it is meant, or take some out.")
        .with("patients", named.collect())
}

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    state: String,
    before: Option<String>,
}

/// `GET /api/shares`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Items<ShareLine>>, Refused> {
    let which = match query.state.as_str() {
        "" => Which::All,
        "under_way" => Which::UnderWay,
        "trouble" => Which::Trouble,
        "done" => Which::Done,
        "emergency" => Which::Emergency,
        _ => return Err(invalid("state", "It is none of the words that are known.").into()),
    };
    let before = query.before.as_deref();
    let page = state.portal.shares(&caller, which, before, PAGE).await?;
    let items = page.items.iter().map(|view| ShareLine::of(view, caller.at));
    Ok(Json(Items {
        items: items.collect(),
        next: page.next,
    }))
}

/// `GET /api/shares/{id}`
pub async fn one(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
) -> Result<Json<Share>, Refused> {
    let (view, events) = state.portal.share_view(&caller, share).await?;
    Ok(Json(Share::of(&view, &events, state.post, caller.at)))
}

#[derive(Debug, Serialize, JsonSchema)]
struct Going {
    id: String,
    #[serde(flatten)]
    progress: ShareProgress,
}

/// `GET /api/shares/events`
pub async fn events(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let stopping = stopping.map(|Extension(stopping)| stopping);
    live::events(state, stopping, caller, "shares", |state, caller| {
        async move {
            let views = state.portal.shares_going(&caller, PAGE).await.ok()?;
            let going = views.iter().map(|view| Going {
                id: view.id.to_string(),
                progress: ShareProgress::of(view, caller.at),
            });
            let going: Vec<Going> = going.collect();
            serde_json::to_string(&json!({ "shares": going })).ok()
        }
        .boxed()
    })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    why: TakenBackWord,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TakenBackWord {
    WrongPatient,
    WrongRecipient,
    NotNeeded,
    Other,
}

impl From<TakenBackWord> for TakenBackWhy {
    fn from(word: TakenBackWord) -> Self {
        match word {
            TakenBackWord::WrongPatient => Self::WrongPatient,
            TakenBackWord::WrongRecipient => Self::WrongRecipient,
            TakenBackWord::NotNeeded => Self::NotNeeded,
            TakenBackWord::Other => Self::Other,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Recalled {
    /// Recipients that hold copies, and have been asked to remove them.
    recalled: u64,
}

/// `POST /api/shares/{id}/take-back`
pub async fn take_back(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(share): Ids<ShareId>,
    Message(asked): Message<TakeBack>,
) -> Result<Json<Recalled>, Refused> {
    let reason = Personal::new(fields::lines("reason", &asked.reason, LONGEST_REASON)?);
    let taken = state
        .portal
        .take_back(&caller, share, asked.why.into(), &reason);
    let recalled = taken.await?;
    state.wake.all();
    Ok(Json(Recalled { recalled }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    #[serde(default)]
    reason: String,
}

/// `POST /api/shares/{id}/recipients/{recipient}/cancel`
pub async fn cancel(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids((share, recipient)): Ids<(ShareId, OrganisationId)>,
    Message(asked): Message<Cancel>,
) -> Result<StatusCode, Refused> {
    let reason = Personal::new(fields::lines("reason", &asked.reason, LONGEST_REASON)?);
    let ended = state
        .portal
        .cancel_recipient(&caller, share, recipient, &reason);
    ended.await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/shares/{id}/recipients/{recipient}/retry`
pub async fn retry(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids((share, recipient)): Ids<(ShareId, OrganisationId)>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    state
        .portal
        .retry_recipient(&caller, share, recipient)
        .await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/shares/{id}/studies/{study_uid}/fetch`
pub async fn fetch(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids((share, study)): Ids<(ShareId, String)>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    let study = StudyUid::new(&study).map_err(|_| Refusal::NotFound)?;
    state.portal.fetch_again(&caller, share, &study).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}
