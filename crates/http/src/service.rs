//! Who calls: a machine other than a gateway, with a bearer token that has a
//! scope (RFC 6750; SMART App Launch 2.2, "Backend Services").
//!
//! [`require_scope`] stands before every route that [`crate::ENDPOINTS`] gives to
//! services; a handler that asks for [`ServiceCaller`] without it answers 401.

use crate::{
    HubState,
    machine::{bearer, challenge},
    portal::address,
    problem::ProblemResponse,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bildbro_domain::{Digest, ErrorClass, MachineId, OrganisationId};
use bildbro_flow::ports::portal;
use bildbro_identity::scope::{Scope, Scopes};

/// The machine that calls, proven, and what its token is good for.
#[derive(Debug, Clone)]
pub struct ServiceCaller {
    pub machine: MachineId,
    pub organisation: OrganisationId,
    pub scopes: Scopes,
    /// For a port, which looks at the token again.
    pub call: portal::Caller,
}

impl<S: Sync> FromRequestParts<S> for ServiceCaller {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(ProblemResponse::unauthorized)
    }
}

/// What stands before a route for services.
#[derive(Clone)]
pub struct Require {
    state: HubState,
    scope: Scope,
}

impl Require {
    #[must_use]
    pub const fn new(state: HubState, scope: Scope) -> Self {
        Self { state, scope }
    }
}

/// Lets a request pass only with a token that is good now, and has the scope.
pub async fn require_scope(
    State(require): State<Require>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match service_of(&require, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(response) => response,
    }
}

/// The service whose token comes with a request.
///
/// # Errors
/// The answer to give: 401 for a token that is not good, 403 for one without the
/// scope (RFC 6750 3.1).
async fn service_of(require: &Require, parts: &Parts) -> Result<ServiceCaller, Response> {
    let Require { state, scope } = require;
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(challenge("Bearer realm=\"bildbro\""));
    }
    let invalid = || challenge("Bearer realm=\"bildbro\", error=\"invalid_token\"");
    let token = bearer(&parts.headers).ok_or_else(invalid)?;
    let call = portal::Caller {
        token: Digest::of(token.as_bytes()),
        from: address(parts, state.behind_proxy),
        at: state.clock.now(),
    };
    let subject = state
        .portal
        .service_subject(call.token, call.at)
        .await
        .map_err(|error| ProblemResponse::from(error).into_response())?
        .ok_or_else(invalid)?;
    // A token whose scopes are no longer known has none.
    let scopes: Scopes = subject.scopes.parse().unwrap_or_default();
    if !scopes.contains(*scope) {
        return Err(insufficient(*scope));
    }
    Ok(ServiceCaller {
        machine: subject.machine,
        organisation: subject.organisation,
        scopes,
        call,
    })
}

fn insufficient(scope: Scope) -> Response {
    let title = "The token does not have the scope that is needed";
    let mut response = ProblemResponse::new(
        StatusCode::FORBIDDEN,
        "insufficient-scope",
        title,
        ErrorClass::Permanent,
    )
    .with("scope", scope.as_str().into())
    .into_response();
    let how = format!("Bearer realm=\"bildbro\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let how = HeaderValue::from_str(&how).expect("a scope is printable ASCII");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    response
}
