//! Patients' blocks and consents, emergency access, and looking up a patient's
//! studies.
//!
//! A patient's number is in a body, never in an address, which logs and browsers
//! keep.

mod json;

use super::{caller::Caller, refusal::Refused};
use crate::{
    HubState,
    endpoints::{Caller as For, Endpoint, Method, Record},
    message::Message,
    problem::ProblemResponse,
};
use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    routing::{get, post},
};
use bildbro_domain::{
    BlockId, CareUnitId, ConsentId, EmergencyId, Personal, audit::Action, permission::Permission,
};
use bildbro_flow::ports::portal::{
    Refusal,
    will::{Lookup, NewConsent},
};
use json::{
    Begun, Consent, Created, Emergencies, Emergency, Lift, ListQuery, NewBlock, Patient, Review,
    Search, Studies, Will,
};
use uuid::Uuid;

/// Of a list, when nothing is said.
const PAGE: u32 = 50;

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::portal(
        Method::Post,
        "/api/patients/will",
        For::Holder(Permission::RegisterWill),
        "What one's organisation has on record of a patient's will",
        || post(will_of),
    )
    .record(Record::Audited(Action::Search))
    .takes::<Patient>()
    .answers::<Will>(),
    Endpoint::act(
        Method::Post,
        "/api/patients/studies",
        Action::Search,
        "A patient's studies, one's own and what others hold under coherent access",
        || post(find_studies),
    )
    .takes::<Search>()
    .answers::<Studies>(),
    Endpoint::act(
        Method::Post,
        "/api/blocks",
        Action::RegisterBlock,
        "Registers a patient's block",
        || post(register_block),
    )
    .takes::<NewBlock>()
    .answers::<Created>(),
    Endpoint::act(
        Method::Post,
        "/api/blocks/{id}/lift",
        Action::LiftBlock,
        "Lifts a block; a second member may have to approve it",
        || post(lift_block),
    )
    .takes::<Lift>(),
    Endpoint::act(
        Method::Post,
        "/api/consents",
        Action::RegisterConsent,
        "Registers a patient's consent to coherent access",
        || post(register_consent),
    )
    .takes::<Consent>()
    .answers::<Created>(),
    Endpoint::act(
        Method::Post,
        "/api/consents/{id}/withdraw",
        Action::WithdrawConsent,
        "Withdraws a consent",
        || post(withdraw_consent),
    ),
    Endpoint::act(
        Method::Post,
        "/api/emergencies",
        Action::EmergencyAccess,
        "Records that life or health is at stake; opens the patient's studies for four hours",
        || post(begin_emergency),
    )
    .takes::<Emergency>()
    .answers::<Begun>(),
    Endpoint::act(
        Method::Get,
        "/api/emergencies",
        Action::ReviewAudit,
        "One's organisation's emergency accesses, newest first",
        || get(emergencies),
    )
    .answers::<Emergencies>(),
    Endpoint::act(
        Method::Post,
        "/api/emergencies/{id}/review",
        Action::ReviewAudit,
        "Assesses an emergency access",
        || post(review_emergency),
    )
    .takes::<Review>(),
];

async fn will_of(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(patient): Message<Patient>,
) -> Result<Json<Will>, Refused> {
    let will = state.portal.will_of(&caller, &patient.into()).await?;
    Ok(Json(will.into()))
}

async fn find_studies(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(search): Message<Search>,
) -> Result<Json<Studies>, Refused> {
    let lookup: Lookup = search.into();
    let found = state.portal.find_studies(&caller, &lookup).await?;
    Ok(Json(found.into()))
}

async fn register_block(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(new): Message<NewBlock>,
) -> Result<(StatusCode, Json<Created>), Refused> {
    let unit = new.unit.map(CareUnitId);
    let patient = new.patient.into();
    let block = state.portal.register_block(&caller, &patient, unit).await?;
    Ok(created(block.0))
}

async fn lift_block(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(block): Path<String>,
    Message(lift): Message<Lift>,
) -> Result<StatusCode, Refused> {
    let block = BlockId(id_of(&block)?);
    let approval = lift.approval_id;
    state.portal.lift_block(&caller, block, approval).await?;
    // Gateways that wait for work hear of what goes on.
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

async fn register_consent(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(consent): Message<Consent>,
) -> Result<(StatusCode, Json<Created>), Refused> {
    let new: NewConsent = consent.into();
    let consent = state.portal.register_consent(&caller, &new).await?;
    Ok(created(consent.0))
}

async fn withdraw_consent(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(consent): Path<String>,
) -> Result<StatusCode, Refused> {
    let consent = ConsentId(id_of(&consent)?);
    state.portal.withdraw_consent(&caller, consent).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin_emergency(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(emergency): Message<Emergency>,
) -> Result<(StatusCode, Json<Begun>), Refused> {
    let patient = emergency.patient.into();
    let reason = Personal::new(emergency.reason);
    let portal = &state.portal;
    let (id, until) = portal.begin_emergency(&caller, &patient, &reason).await?;
    let begun = Begun { id: id.0, until };
    Ok((StatusCode::CREATED, Json(begun)))
}

async fn emergencies(
    State(state): State<HubState>,
    Caller(caller): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Emergencies>, Refused> {
    let Ok(Query(query)) = query else {
        let words = "Ask with reviewed=true or false, after and limit.";
        return Err(ProblemResponse::unreadable(words).into());
    };
    let page = state
        .portal
        .emergencies(
            &caller,
            query.reviewed,
            query.after.as_deref(),
            query.limit.unwrap_or(PAGE),
        )
        .await?;
    Ok(Json(page.into()))
}

async fn review_emergency(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(emergency): Path<String>,
    Message(review): Message<Review>,
) -> Result<StatusCode, Refused> {
    let emergency = EmergencyId(id_of(&emergency)?);
    let comment = Personal::new(review.comment);
    state
        .portal
        .review_emergency(&caller, emergency, review.assessment, &comment)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

const fn created(id: Uuid) -> (StatusCode, Json<Created>) {
    (StatusCode::CREATED, Json(Created { id }))
}

/// What is no id names nothing.
fn id_of(text: &str) -> Result<Uuid, Refused> {
    text.parse().map_err(|_| Refusal::NotFound.into())
}
