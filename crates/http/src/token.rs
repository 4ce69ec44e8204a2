//! Machine login: a signed assertion against a short-lived token (RFC 6749
//! 4.4, RFC 7521, RFC 7523; as in SMART Backend Services).
//!
//! Errors are RFC 6749 5.2, not problems, since OAuth clients read those. They
//! do not tell an unknown gateway from a wrong signature; the log does.

use crate::{
    HubState,
    message::{require_media_type, whole},
    problem::ProblemResponse,
};
use axum::{
    Form, Json,
    body::Body,
    extract::{FromRequest, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bildbro_domain::{Digest, GatewayId};
use bildbro_flow::ports::StoreError;
use bildbro_identity::{machine, token as secret};
use bildbro_wire::link::TOKEN;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

/// How long a token lives. A revoked gateway's end at once all the same.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Longest request: an assertion is under a kilobyte.
const LONGEST: usize = 16 << 10;

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "client_credentials";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    #[serde(default)]
    client_assertion_type: String,
    #[serde(default)]
    client_assertion: String,
}

/// Why there is no token (RFC 6749 5.2).
#[derive(Debug)]
enum Refused {
    InvalidRequest,
    UnsupportedGrantType,
    InvalidClient,
    Problem(ProblemResponse),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Problem(problem) => return problem.into_response(),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// `POST /oauth/token`
pub async fn token(State(state): State<HubState>, request: Request) -> Response {
    let mut response = issue(&state, request)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    let no_cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::PRAGMA, no_cache);
    response
}

async fn issue(state: &HubState, request: Request) -> Result<Response, Refused> {
    let asked = read(request).await?;
    if asked.grant_type != GRANT {
        return Err(Refused::UnsupportedGrantType);
    }
    if asked.client_assertion_type != ASSERTION || asked.client_assertion.is_empty() {
        return Err(Refused::InvalidRequest);
    }
    let gateway = prove(state, &asked.client_assertion).await?;
    let now = state.clock.now();
    let expires = now.checked_add(LIFE).unwrap_or(now);
    let token = secret::generate();
    let hash = Digest::of(token.as_bytes());
    state.store.put_token(hash, gateway, expires).await?;
    Ok(Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE.as_secs(),
    }))
    .into_response())
}

async fn read(request: Request) -> Result<Asked, Refused> {
    require_media_type(request.headers(), FORM).map_err(|_| Refused::InvalidRequest)?;
    let bytes = whole(request.into_body(), LONGEST)
        .await
        .map_err(Refused::Problem)?;
    let form = Request::builder()
        .method(Method::POST)
        .header(header::CONTENT_TYPE, FORM)
        .body(Body::from(bytes))
        .map_err(|_| Refused::InvalidRequest)?;
    match Form::<Asked>::from_request(form, &()).await {
        Ok(Form(asked)) => Ok(asked),
        Err(_) => Err(Refused::InvalidRequest),
    }
}

/// Whose assertion it is, after its signature, its claims, and that it was
/// never used before.
async fn prove(state: &HubState, assertion: &str) -> Result<GatewayId, Refused> {
    let now = state.clock.now();
    // The key's owner is read from the assertion itself; that it says the
    // truth is what the signature proves.
    let claimed = claimed_gateway(assertion).ok_or(Refused::InvalidClient)?;
    let gateway = state
        .store
        .gateway(claimed)
        .await?
        .ok_or(Refused::InvalidClient)?;
    let audience = format!("{}{TOKEN}", state.public_url);
    let key = |id| (id == gateway.id).then(|| gateway.public_key.clone());
    let verified = machine::verify_assertion(assertion, key, &audience, now).map_err(|error| {
        tracing::warn!(gateway = %claimed, %error, "login.refused");
        Refused::InvalidClient
    })?;
    if !state
        .store
        .first_use(verified.jti_hash, verified.expires)
        .await?
    {
        tracing::warn!(gateway = %claimed, "login.replayed");
        return Err(Refused::InvalidClient);
    }
    Ok(verified.gateway)
}

/// The issuer that an unverified assertion names.
fn claimed_gateway(assertion: &str) -> Option<GatewayId> {
    #[derive(Deserialize)]
    struct Claims {
        iss: GatewayId,
    }
    let claims = assertion.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Claims>(&claims)
        .ok()
        .map(|claims| claims.iss)
}
