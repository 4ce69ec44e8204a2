//! The audit log for people: search, spot checks, extracts.
//!
//! A patient's number is in bodies only, never in an address: addresses end up
//! in other programs' logs. [`fhir`] gives the log to systems that speak FHIR,
//! [`extract`] to patients on paper.

mod extract;
mod fhir;
mod json;
mod spot_check;

use super::{caller::Caller, refusal::Refused};
use crate::{
    HubState,
    endpoints::{self, Endpoint, Method, Record},
    message::Message,
    problem::ProblemResponse,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use bildbro_domain::{Personal, audit::Action, permission::Permission};
use bildbro_flow::ports::portal::{Refusal, log::Search};
use bildbro_identity::scope::Scope;
use json::{Entries, SearchJson};

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::act(
        Method::Post,
        "/api/audit/search",
        Action::SearchAudit,
        "Search the audit log, newest first",
        || post(search),
    )
    .takes::<SearchJson>()
    .answers::<Entries>(),
    Endpoint::portal(
        Method::Get,
        "/api/audit/checkpoint",
        endpoints::Caller::Holder(Permission::SearchAudit),
        "The newest signed checkpoint of the log, to be kept elsewhere",
        || get(checkpoint),
    ),
    Endpoint::act(
        Method::Post,
        "/api/audit/extract",
        Action::ExtractAudit,
        "Who has had access to a patient's data, for the patient",
        || post(extract::extract),
    )
    .takes::<extract::ExtractJson>(),
    Endpoint::act(
        Method::Get,
        "/api/audit/fhir/AuditEvent",
        Action::SearchAudit,
        "Search the audit log as FHIR AuditEvent",
        || get(fhir::search),
    ),
    Endpoint::act(
        Method::Post,
        "/api/audit/fhir/AuditEvent/_search",
        Action::SearchAudit,
        "The same with a form, which may name a patient",
        || post(fhir::search_form),
    ),
    Endpoint::portal(
        Method::Get,
        "/fhir/AuditEvent",
        endpoints::Caller::Service(Scope::AuditEvent),
        "The same for a machine with the scope system/AuditEvent.rs",
        || get(fhir::search_as),
    )
    .record(Record::Audited(Action::SearchAudit)),
    Endpoint::portal(
        Method::Post,
        "/fhir/AuditEvent/_search",
        endpoints::Caller::Service(Scope::AuditEvent),
        "The same with a form, which may name a patient",
        || post(fhir::search_form_as),
    )
    .record(Record::Audited(Action::SearchAudit)),
    Endpoint::portal(
        Method::Get,
        "/api/spot-checks",
        endpoints::Caller::Holder(Permission::ReviewAudit),
        "The organisation's spot checks",
        || get(spot_check::list),
    )
    .answers::<spot_check::Checks>(),
    Endpoint::act(
        Method::Post,
        "/api/spot-checks",
        Action::DrawSpotCheck,
        "Draw a sample of what a rule finds",
        || post(spot_check::draw),
    )
    .takes::<spot_check::DrawJson>()
    .answers::<spot_check::DrawnId>(),
    Endpoint::act(
        Method::Get,
        "/api/spot-checks/{id}",
        Action::ReviewAudit,
        "A spot check with its entries",
        || get(spot_check::open),
    )
    .answers::<spot_check::DrawnJson>(),
    Endpoint::act(
        Method::Put,
        "/api/spot-checks/{id}/entries/{sequence}",
        Action::ReviewAudit,
        "Assess an entry; not one's own",
        || put(spot_check::assess),
    )
    .takes::<spot_check::VerdictJson>(),
    Endpoint::act(
        Method::Post,
        "/api/spot-checks/{id}/close",
        Action::ReviewAudit,
        "Close a spot check of which all has been assessed",
        || post(spot_check::close),
    ),
    Endpoint::act(
        Method::Get,
        "/api/spot-checks/{id}/report",
        Action::ReviewAudit,
        "A spot check as a table, CSV",
        || get(spot_check::report),
    ),
    Endpoint::act(
        Method::Get,
        "/api/watched-patients",
        Action::ReviewAudit,
        "Patients whom the organisation wants looked after",
        || get(spot_check::watched),
    )
    .answers::<spot_check::WatchedList>(),
    Endpoint::act(
        Method::Post,
        "/api/watched-patients",
        Action::ReviewAudit,
        "Look after a patient",
        || post(spot_check::watch),
    )
    .takes::<spot_check::PatientJson>(),
    Endpoint::act(
        Method::Delete,
        "/api/watched-patients",
        Action::ReviewAudit,
        "No longer look after a patient",
        || delete(spot_check::unwatch),
    )
    .takes::<spot_check::PatientJson>(),
];

async fn search(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<SearchJson>,
) -> Result<Json<Entries>, Refused> {
    let search: Search = asked.read()?;
    let found = state.portal.search_log(&caller, &search).await?;
    Ok(Json(Entries::of(&found)))
}

async fn checkpoint(State(state): State<HubState>) -> Result<Response, ProblemResponse> {
    match state.checkpoints.newest_checkpoint().await? {
        None => Err(ProblemResponse::not_found()),
        Some(kept) => {
            let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((text, kept.note).into_response())
        }
    }
}

/// A field that cannot be taken.
fn invalid(field: &'static str, why: &'static str) -> Refused {
    Refusal::Invalid { field, why }.into()
}

/// A word, by its enumeration's `parse`.
fn word<T>(
    given: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
    field: &'static str,
) -> Result<Option<T>, Refused> {
    given
        .map(|given| parse(given).ok_or_else(|| invalid(field, "no such word")))
        .transpose()
}

fn filled(text: Option<String>) -> Option<Personal> {
    text.filter(|text| !text.trim().is_empty())
        .map(Personal::new)
}

/// A file for the caller to keep; nothing of it stays in a cache.
fn attachment(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}
