//! Machine login: a signed assertion against a short-lived token (RFC 6749
//! 4.4, RFC 7521, RFC 7523; as in SMART Backend Services).
//!
//! Errors are RFC 6749 5.2, not problems, since OAuth clients read those. They
//! do not tell an unknown machine from a wrong signature; the log does.

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
use bildbro_domain::{Digest, GatewayId, MachineId, organisation::Gateway};
use bildbro_flow::ports::{StoreError, portal::machines::NewToken};
use bildbro_identity::{
    machine::{self, PublicKey},
    scope::{ScopeError, Scopes},
    token as secret,
};
use bildbro_wire::link::TOKEN;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::str::FromStr;

/// How long a token lives. A revoked machine's end at once all the same.
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
    /// For machines other than gateways; RFC 6749 3.3.
    scope: Option<String>,
}

/// Why there is no token (RFC 6749 5.2).
#[derive(Debug)]
enum Refused {
    InvalidRequest,
    UnsupportedGrantType,
    InvalidClient,
    /// Why, in characters that RFC 6749 5.2 lets stand there.
    InvalidScope(ScopeError),
    Problem(ProblemResponse),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::InvalidScope(why) => {
                let why = why.to_string().replace(['“', '”'], "'");
                let body = json!({ "error": "invalid_scope", "error_description": why });
                return (StatusCode::BAD_REQUEST, Json(body)).into_response();
            }
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
    // The key's owner is read from the assertion itself; that it says the
    // truth is what the signature proves.
    let claimed = claimed(&asked.client_assertion).ok_or(Refused::InvalidClient)?;
    match state.store.gateway(GatewayId(claimed.0)).await? {
        Some(gateway) => for_gateway(state, &asked, &gateway).await,
        None => for_machine(state, &asked, claimed).await,
    }
}

async fn for_gateway(
    state: &HubState,
    asked: &Asked,
    gateway: &Gateway,
) -> Result<Response, Refused> {
    let key = PublicKey::from_pem(&gateway.public_key, None);
    let (now, id) = (state.clock.now(), gateway.id);
    prove(state, asked, id.into(), key.into_iter().collect()).await?;
    let token = secret::generate();
    let hash = Digest::of(token.as_bytes());
    state.store.put_token(hash, id, until(now)).await?;
    Ok(handed_out(&token, None))
}

async fn for_machine(
    state: &HubState,
    asked: &Asked,
    machine: MachineId,
) -> Result<Response, Refused> {
    let kept = state.portal.machine_keys(machine).await?;
    let kept = kept.ok_or(Refused::InvalidClient)?;
    let read = |jwk: &String| PublicKey::read(jwk).unwrap_or_default();
    let kid = prove(
        state,
        asked,
        machine,
        kept.jwks.iter().flat_map(read).collect(),
    )
    .await?;
    let wanted = asked.scope.as_deref().map(Scopes::from_str).transpose();
    // Scopes of an earlier version that are no longer known are none.
    let may = kept.scopes.parse().unwrap_or_default();
    let granted = wanted
        .and_then(|wanted| Scopes::granted(wanted.as_ref(), &may))
        .map_err(Refused::InvalidScope)?;
    let token = secret::generate();
    let now = state.clock.now();
    let new = NewToken {
        token: Digest::of(token.as_bytes()),
        machine,
        kid: kid.unwrap_or_default(),
        scopes: granted.to_string(),
        at: now,
        expires: until(now),
    };
    if !state.portal.put_machine_token(&new).await? {
        return Err(Refused::InvalidClient);
    }
    Ok(handed_out(&token, Some(&new.scopes)))
}

fn until(now: Timestamp) -> Timestamp {
    now.checked_add(LIFE).unwrap_or(now)
}

/// RFC 6749 5.1.
fn handed_out(token: &str, scope: Option<&str>) -> Response {
    let mut body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE.as_secs(),
    });
    if let Some(scope) = scope {
        body["scope"] = scope.into();
    }
    Json(body).into_response()
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

/// Checks that the assertion is the machine's: its signature, its claims, and that
/// it was never used before. Which key it was, when that has a name.
async fn prove(
    state: &HubState,
    asked: &Asked,
    claimed: MachineId,
    keys: Vec<PublicKey>,
) -> Result<Option<String>, Refused> {
    let audience = format!("{}{TOKEN}", state.public_url);
    let known = |id| if id == claimed { keys } else { Vec::new() };
    let jwt = &asked.client_assertion;
    let verified = machine::verify_machine(jwt, known, &audience, state.clock.now());
    let verified = verified.map_err(|error| {
        tracing::warn!(machine = %claimed, %error, "login.refused");
        Refused::InvalidClient
    })?;
    let first = state.store.first_use(verified.jti_hash, verified.expires);
    if !first.await? {
        tracing::warn!(machine = %claimed, "login.replayed");
        return Err(Refused::InvalidClient);
    }
    Ok(verified.kid)
}

/// The issuer that an unverified assertion names.
fn claimed(assertion: &str) -> Option<MachineId> {
    #[derive(Deserialize)]
    struct Claims {
        iss: MachineId,
    }
    let claims = assertion.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Claims>(&claims)
        .ok()
        .map(|claims| claims.iss)
}
