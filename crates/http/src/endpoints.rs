//! Every route of the hub, as data. The routers are built from this list and
//! from nothing else, so that who may call a route, and what it leaves on
//! record, can be read and tested in one place.

use crate::{
    HubState, enrol, health, instances, link, machine, measure, problem::ProblemResponse, status,
    token,
};
use axum::{
    Router, middleware,
    routing::{MethodRouter, get, post},
};
use bildbro_domain::audit::Action;
use bildbro_wire::link::{COMPLETE, CONTENT, ENROL, HELLO, INSTANCES, OFFER, REPORT, TOKEN, WORK};

/// Which of the hub's two listeners serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Where gateways connect.
    Public,
    /// Loopback only.
    Operations,
    Both,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nothing is told or done that needs proof.
    Anyone,
    /// Proof is in the request itself: an enrolment code, a signed assertion.
    Proof,
    /// A gateway with a good token.
    Machine,
    /// Whoever sits at the hub's machine.
    Operator,
}

/// What a call leaves in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// It changes nothing.
    ReadsOnly,
    /// In the transaction of the change.
    Audited(Action),
    /// It changes something that is no one's data; why that needs no entry.
    Unaudited(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub surface: Surface,
    pub caller: Caller,
    pub record: Record,
    name: Name,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    Enrol,
    Token,
    Hello,
    Offer,
    Instances,
    Complete,
    Work,
    Content,
    Report,
    Alive,
    Ready,
    Page,
    Events,
    Overview,
    Metrics,
    Asset,
}

const fn machine_post(path: &'static str, record: Record, name: Name) -> Endpoint {
    Endpoint {
        method: Method::Post,
        path,
        surface: Surface::Public,
        caller: Caller::Machine,
        record,
        name,
    }
}

const fn proof_post(path: &'static str, record: Record, name: Name) -> Endpoint {
    Endpoint {
        caller: Caller::Proof,
        ..machine_post(path, record, name)
    }
}

const fn operator_get(path: &'static str, name: Name) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        surface: Surface::Operations,
        caller: Caller::Operator,
        record: Record::ReadsOnly,
        name,
    }
}

const fn health_get(path: &'static str, name: Name) -> Endpoint {
    Endpoint {
        surface: Surface::Both,
        caller: Caller::Anyone,
        ..operator_get(path, name)
    }
}

pub const ENDPOINTS: &[Endpoint] = &[
    proof_post(ENROL, Record::Audited(Action::EnrolGateway), Name::Enrol),
    proof_post(
        TOKEN,
        Record::Unaudited("a token reads nothing by itself"),
        Name::Token,
    ),
    machine_post(
        HELLO,
        Record::Unaudited("a sign of life, every few seconds"),
        Name::Hello,
    ),
    machine_post(OFFER, Record::Audited(Action::Share), Name::Offer),
    machine_post(INSTANCES, Record::Audited(Action::Admit), Name::Instances),
    machine_post(COMPLETE, Record::Audited(Action::Complete), Name::Complete),
    machine_post(
        WORK,
        Record::Unaudited("a claim releases nothing by itself"),
        Name::Work,
    ),
    machine_post(CONTENT, Record::Audited(Action::Decide), Name::Content),
    machine_post(REPORT, Record::Audited(Action::Deliver), Name::Report),
    health_get("/healthz", Name::Alive),
    health_get("/readyz", Name::Ready),
    operator_get("/", Name::Page),
    operator_get("/events", Name::Events),
    operator_get("/overview.json", Name::Overview),
    operator_get("/metrics", Name::Metrics),
    operator_get("/assets/{name}", Name::Asset),
];

fn handler(name: Name) -> MethodRouter<HubState> {
    match name {
        Name::Enrol => post(enrol::enrol),
        Name::Token => post(token::token),
        Name::Hello => post(link::hello),
        Name::Offer => post(link::offer),
        Name::Instances => post(instances::instances),
        Name::Complete => post(link::complete),
        Name::Work => post(link::ask_work),
        Name::Content => post(link::content),
        Name::Report => post(link::report),
        Name::Alive => get(health::alive),
        Name::Ready => get(health::ready),
        Name::Page => get(status::page),
        Name::Events => get(status::events),
        Name::Overview => get(status::overview),
        Name::Metrics => get(measure::metrics),
        Name::Asset => get(status::asset),
    }
}

/// The routes of one listener.
pub fn router(surface: Surface, state: &HubState) -> Router<HubState> {
    ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.surface == surface || endpoint.surface == Surface::Both)
        .fold(Router::new(), |router, endpoint| {
            let mut route = handler(endpoint.name);
            if endpoint.caller == Caller::Machine {
                let require = middleware::from_fn_with_state(state.clone(), machine::require);
                route = route.route_layer(require);
            }
            router.route(endpoint.path, route)
        })
        .fallback(async || ProblemResponse::not_found())
        .method_not_allowed_fallback(async || ProblemResponse::method_not_allowed())
}
