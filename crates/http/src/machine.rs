//! Who calls: a gateway with a bearer token (RFC 6750).
//!
//! [`require`] stands before every route that [`crate::ENDPOINTS`] gives to
//! machines; a handler that asks for [`Machine`] without it answers 401, so
//! forgetting it closes the door rather than opening it.

use crate::{HubState, problem::ProblemResponse};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bildbro_domain::{Digest, policy::Subject};

/// Far longer than our tokens are.
const LONGEST_TOKEN: usize = 512;

/// The gateway that calls, proven.
#[derive(Debug, Clone)]
pub struct Machine(pub Subject);

impl<S: Sync> FromRequestParts<S> for Machine {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(ProblemResponse::unauthorized)
    }
}

/// Lets a request pass only with a token that is good now.
pub async fn require(State(state): State<HubState>, mut request: Request, next: Next) -> Response {
    let Some(token) = bearer(request.headers()) else {
        return challenge("Bearer realm=\"bildbro\"");
    };
    let hash = Digest::of(token.as_bytes());
    match state.store.token_subject(hash, state.clock.now()).await {
        Ok(Some(subject)) => {
            request.extensions_mut().insert(Machine(subject));
            next.run(request).await
        }
        Ok(None) => challenge("Bearer realm=\"bildbro\", error=\"invalid_token\""),
        Err(error) => ProblemResponse::from(error).into_response(),
    }
}

/// The one bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two of them would leave it to chance which one counts.
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let good = scheme.eq_ignore_ascii_case("bearer") && (1..=LONGEST_TOKEN).contains(&token.len());
    good.then_some(token)
}

/// 401, with what RFC 6750 3 says of why.
pub fn challenge(how: &'static str) -> Response {
    let mut response = ProblemResponse::unauthorized().into_response();
    let challenge = HeaderValue::from_static(how);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}
