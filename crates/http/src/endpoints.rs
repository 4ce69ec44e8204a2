//! Every route of the hub, as data. The routers, the OpenAPI description and the
//! tests that call each of them are made from this list and from nothing else,
//! so that who may call a route, what it takes and answers, and what it leaves
//! on record, can be read and tested in one place.

use crate::{
    HubState, enrol, health, instances, link, machine, measure, portal, problem::ProblemResponse,
    service, status, token,
};
use axum::{
    Router, middleware,
    routing::{MethodRouter, get, post},
};
use bildbro_domain::{audit::Action, permission::Permission, policy};
use bildbro_flow::ports::portal::login::Need;
use bildbro_identity::scope::Scope;
use bildbro_wire::errand::{ERRAND, FOUND};
use bildbro_wire::link::{COMPLETE, CONTENT, ENROL, HELLO, INSTANCES, OFFER, REPORT, TOKEN, WORK};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::{fmt, sync::LazyLock};

/// Which of the hub's two listeners serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Where gateways connect, and people's browsers.
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
    /// Proof is in the request itself: an enrolment code, a signed assertion, a
    /// password, a link that was sent.
    Proof,
    /// A gateway with a good token.
    Machine,
    /// Someone on the way in: a password was shown, the second factor was not.
    Beginner,
    /// Anyone who is logged in.
    Member,
    /// A member whose roles give this where they act.
    Holder(Permission),
    /// Another machine, with a token that has this scope.
    Service(Scope),
    /// Whoever sits at the hub's machine.
    Operator,
}

impl Caller {
    /// Whether it is for people, by a session.
    #[must_use]
    pub const fn is_person(self) -> bool {
        matches!(self, Self::Beginner | Self::Member | Self::Holder(_))
    }
}

/// What a call leaves in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// It changes nothing, and tells nothing of a patient.
    ReadsOnly,
    /// In the transaction of the change.
    Audited(Action),
    /// It changes something that is no one's data; why that needs no entry.
    Unaudited(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// As in OpenAPI: lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

/// The JSON Schema of a body.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// One route.
#[derive(Clone, Copy)]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub surface: Surface,
    pub caller: Caller,
    pub record: Record,
    /// What it does, in a line.
    pub about: &'static str,
    /// What it takes and answers, as JSON; `None`: nothing, or something else.
    pub takes: Option<Shape>,
    pub answers: Option<Shape>,
    handler: fn() -> MethodRouter<HubState>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

impl Endpoint {
    /// A route of the portal's API. What it changes is audited by `action`, and
    /// policy asks that action's permission of whoever calls.
    ///
    /// # Panics
    /// While compiling, when policy knows of no permission for the action.
    #[must_use]
    pub const fn act(
        method: Method,
        path: &'static str,
        action: Action,
        about: &'static str,
        handler: fn() -> MethodRouter<HubState>,
    ) -> Self {
        let Some(demand) = policy::demand(action) else {
            panic!("no permission gives this action");
        };
        Self {
            caller: Caller::Holder(demand.permission),
            record: Record::Audited(action),
            ..Self::portal(method, path, Caller::Member, about, handler)
        }
    }

    /// A route of the portal's API that changes nothing and tells nothing of a
    /// patient.
    #[must_use]
    pub const fn portal(
        method: Method,
        path: &'static str,
        caller: Caller,
        about: &'static str,
        handler: fn() -> MethodRouter<HubState>,
    ) -> Self {
        Self {
            method,
            path,
            surface: Surface::Public,
            caller,
            record: Record::ReadsOnly,
            about,
            takes: None,
            answers: None,
            handler,
        }
    }

    #[must_use]
    pub const fn record(mut self, record: Record) -> Self {
        self.record = record;
        self
    }

    #[must_use]
    pub const fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(shape_of::<T>);
        self
    }

    #[must_use]
    pub const fn answers<T: JsonSchema>(mut self) -> Self {
        self.answers = Some(shape_of::<T>);
        self
    }
}

fn shape_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn machine_post(
    path: &'static str,
    record: Record,
    handler: fn() -> MethodRouter<HubState>,
) -> Endpoint {
    Endpoint::portal(Method::Post, path, Caller::Machine, "", handler).record(record)
}

const fn proof_post(
    path: &'static str,
    record: Record,
    handler: fn() -> MethodRouter<HubState>,
) -> Endpoint {
    Endpoint::portal(Method::Post, path, Caller::Proof, "", handler).record(record)
}

const fn operator_get(path: &'static str, handler: fn() -> MethodRouter<HubState>) -> Endpoint {
    Endpoint {
        surface: Surface::Operations,
        ..Endpoint::portal(Method::Get, path, Caller::Operator, "", handler)
    }
}

const fn health_get(path: &'static str, handler: fn() -> MethodRouter<HubState>) -> Endpoint {
    Endpoint {
        surface: Surface::Both,
        ..Endpoint::portal(Method::Get, path, Caller::Anyone, "", handler)
    }
}

/// The link, login of machines, health and the status page: described by hand,
/// in `openapi/link.json`.
const LINK: &[Endpoint] = &[
    proof_post(ENROL, Record::Audited(Action::EnrolGateway), || {
        post(enrol::enrol)
    }),
    proof_post(
        TOKEN,
        Record::Unaudited("a token reads nothing by itself"),
        || post(token::token),
    ),
    machine_post(
        HELLO,
        Record::Unaudited("a sign of life, every few seconds"),
        || post(link::hello),
    ),
    machine_post(OFFER, Record::Audited(Action::Share), || post(link::offer)),
    machine_post(INSTANCES, Record::Audited(Action::Admit), || {
        post(instances::instances)
    }),
    machine_post(COMPLETE, Record::Audited(Action::Complete), || {
        post(link::complete)
    }),
    machine_post(
        ERRAND,
        Record::Unaudited("whoever asked for it is on record"),
        || post(link::ask_errand),
    ),
    machine_post(
        FOUND,
        Record::Unaudited("what is shown of it is on record"),
        || post(link::found),
    ),
    machine_post(
        WORK,
        Record::Unaudited("a claim releases nothing by itself"),
        || post(link::ask_work),
    ),
    machine_post(CONTENT, Record::Audited(Action::Decide), || {
        post(link::content)
    }),
    machine_post(REPORT, Record::Audited(Action::Deliver), || {
        post(link::report)
    }),
    health_get("/healthz", || get(health::alive)),
    health_get("/readyz", || get(health::ready)),
    operator_get("/", || get(status::page)),
    operator_get("/events", || get(status::events)),
    operator_get("/overview.json", || get(status::overview)),
    operator_get("/metrics", || get(measure::metrics)),
    operator_get("/assets/{name}", || get(status::asset)),
];

/// Every route.
pub static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let portal = portal::PARTS.iter().flat_map(|part| part.iter());
    LINK.iter().chain(portal).copied().collect()
});

/// Those of the portal, whose description is made from their types.
pub fn portal_endpoints() -> impl Iterator<Item = &'static Endpoint> {
    portal::PARTS.iter().flat_map(|part| part.iter())
}

/// What is asked of a person before anything of the request is read.
const fn need(endpoint: &Endpoint) -> Option<Need> {
    match (endpoint.caller, endpoint.record) {
        (Caller::Beginner, _) => Some(Need::Session),
        (Caller::Member, _) => Some(Need::Member),
        (Caller::Holder(permission), Record::Audited(action)) => {
            Some(Need::Permission(permission, Some(action)))
        }
        (Caller::Holder(permission), _) => Some(Need::Permission(permission, None)),
        _ => None,
    }
}

/// The routes of one listener.
pub fn router(surface: Surface, state: &HubState) -> Router<HubState> {
    let guarded = middleware::from_fn_with_state(state.clone(), portal::same_site);
    let router = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.surface == surface || endpoint.surface == Surface::Both)
        .fold(Router::new(), |router, endpoint| {
            let mut route = (endpoint.handler)();
            if endpoint.caller == Caller::Machine {
                let require = middleware::from_fn_with_state(state.clone(), machine::require);
                route = route.route_layer(require);
            }
            if let Caller::Service(scope) = endpoint.caller {
                let require = service::Require::new(state.clone(), scope);
                let require = middleware::from_fn_with_state(require, service::require_scope);
                route = route.route_layer(require);
            }
            if let Some(need) = need(endpoint) {
                let guard = portal::Guard::new(state.clone(), need);
                route = route.route_layer(middleware::from_fn_with_state(guard, portal::guard));
            }
            if endpoint.path.starts_with("/api/") {
                route = route.route_layer(guarded.clone());
            }
            router.route(endpoint.path, route)
        })
        .method_not_allowed_fallback(async || ProblemResponse::method_not_allowed());
    // The portal's pages are files, not routes.
    match surface {
        Surface::Public => router.fallback(portal::site),
        _ => router.fallback(async || ProblemResponse::not_found()),
    }
}
