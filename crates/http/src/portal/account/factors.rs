//! Second factors: adding, proving, removing; recovery codes.

pub use super::super::login::parts::{Nothing, PasskeyBegun, Reached};
use super::super::{
    login::parts::{
        self, Browser, ceremony, changed, credentials, has, invalid, open_totp, passkeys, place,
        renewal, throttle, under,
    },
    refusal::Refused,
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bildbro_domain::{ErrorClass, SessionId, audit::Action, member::FactorKind, policy};
use bildbro_flow::ports::portal::{
    Refusal,
    login::{NewFactor, View},
};
use bildbro_login::{
    passkey::{Registration, RegistrationResponse},
    recovery,
    totp::{self, Secret, Step},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

const KIND: &str = "passkey new";

const LONGEST_NAME: usize = 60;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnFactors")]
pub struct Factors {
    passkeys: Vec<Factor>,
    totp: Option<Factor>,
    recovery_left: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnFactor")]
struct Factor {
    #[schemars(with = "String")]
    id: Uuid,
    name: String,
    #[schemars(with = "String")]
    created_at: Timestamp,
    #[schemars(with = "Option<String>")]
    used_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PasskeyAsk {
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewPasskey")]
pub struct PasskeyFinish {
    ceremony: String,
    /// `RegistrationResponseJSON` (Web Authentication, Level 3).
    credential: Value,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Added {
    #[schemars(with = "String")]
    id: Uuid,
    level: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TotpBegun {
    #[schemars(with = "String")]
    factor: Uuid,
    /// Base 32.
    secret: String,
    /// `otpauth://…`.
    uri: String,
    /// The same as a drawing.
    qr_svg: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct TotpFinish {
    #[schemars(with = "String")]
    factor: Uuid,
    code: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Recovery {
    /// Shown once.
    codes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    session: SessionId,
    name: String,
    state: Registration,
}

/// A letter to whoever can log in already; whoever is setting up their account
/// knows what they do.
pub fn letter(state: &HubState, browser: &Browser, view: &View, what: &str) -> Option<String> {
    let known = view.factors.iter().any(|factor| factor.proven);
    known.then(|| changed(state, browser, view, what))
}

/// The caller's session, if they may change their factors in it; asked here too
/// so that nobody is sent to their authenticator in vain.
async fn own(state: &HubState, browser: &Browser) -> Result<View, Refused> {
    let view = state.portal.session(&browser.caller).await?;
    let first = !view.factors.iter().any(|factor| factor.proven);
    match policy::own_account(&view.who, first, browser.caller.at) {
        Ok(()) => Ok(view),
        Err(denial) => Err(Refusal::Denied {
            denial,
            would: Vec::new(),
        }
        .into()),
    }
}

pub async fn list(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<Json<Factors>, Refused> {
    let view = state.portal.session(&browser.caller).await?;
    if view.who.level == bildbro_domain::member::Level::First {
        return Err(Refusal::Denied {
            denial: policy::Denial::NotLoggedIn,
            would: Vec::new(),
        }
        .into());
    }
    let seen = |factor: &bildbro_flow::ports::portal::login::Factor| Factor {
        id: factor.id,
        name: factor.name.clone(),
        created_at: factor.created_at,
        used_at: factor.used_at,
    };
    Ok(Json(Factors {
        passkeys: has(&view.factors, FactorKind::Passkey).map(seen).collect(),
        totp: has(&view.factors, FactorKind::Totp).map(seen).next(),
        recovery_left: view.recovery_left,
    }))
}

pub async fn passkey_begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasskeyAsk>,
) -> Result<Json<PasskeyBegun>, Refused> {
    let view = own(&state, &browser).await?;
    let name = ask.name.trim().to_owned();
    let length = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&length) || name.chars().any(char::is_control) {
        return Err(invalid("name", "1 to 60 characters"));
    }
    let (_, have) = credentials(&state, &view)?;
    let member = &view.who.member;
    let (email, display) = (member.email.reveal(), member.name.reveal());
    let (options, registration) = passkeys(&state)?
        .register_begin(member.id.0, email, display, &have)
        .map_err(|error| {
            tracing::error!(%error, "account.passkey_not_begun");
            Refused::from(ProblemResponse::internal())
        })?;
    let kept = Kept {
        session: view.who.session,
        name,
        state: registration,
    };
    Ok(Json(PasskeyBegun {
        ceremony: ceremony::keep(&state, &browser, KIND, &kept).await?,
        options: serde_json::to_value(&options).unwrap_or_default(),
    }))
}

fn refused(word: &str, title: &str) -> Refused {
    ProblemResponse::new(StatusCode::BAD_REQUEST, word, title, ErrorClass::Permanent).into()
}

pub async fn passkey_finish(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasskeyFinish>,
) -> Result<Response, Refused> {
    let view = own(&state, &browser).await?;
    let wrong = || refused("wrong-passkey", "The passkey was not accepted");
    // Gone before it is judged: a challenge is answered once.
    let kept = ceremony::take::<Kept>(&state, &browser, KIND, &ask.ceremony).await?;
    let kept = kept.filter(|kept| kept.session == view.who.session);
    let kept = kept.ok_or_else(wrong)?;
    let response: RegistrationResponse =
        serde_json::from_value(ask.credential).map_err(|_| wrong())?;
    let credential = passkeys(&state)?
        .register_finish(&kept.state, &response)
        .map_err(|error| {
            tracing::info!(%error, "account.passkey_refused");
            wrong()
        })?;
    let id = Uuid::now_v7();
    let new = NewFactor {
        id,
        kind: FactorKind::Passkey,
        name: kept.name,
        credential: Some(credential.id()),
        data: state.vault.seal(&place(id), &credential),
    };
    let (token, renewal) = renewal();
    let letter = letter(&state, &browser, &view, "passkey_added");
    let portal = &state.portal;
    let rises = portal.add_passkey(&browser.caller, new, renewal, letter);
    let rises = rises.await?;
    let added = Added { id, level: "full" };
    Ok(risen(
        &state,
        &browser,
        &view,
        rises.then_some(token),
        added,
    ))
}

/// The cookies of a session that rose, if it did.
fn risen(
    state: &HubState,
    browser: &Browser,
    view: &View,
    token: Option<String>,
    body: impl Serialize,
) -> Response {
    let response = Json(body).into_response();
    match token {
        None => response,
        Some(token) => {
            let known = browser.remember(state, view.who.member.id);
            parts::with(response, [parts::session_cookie(&token), known])
        }
    }
}

pub async fn totp_begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(Nothing {}): Message<Nothing>,
) -> Result<Json<TotpBegun>, Refused> {
    let view = own(&state, &browser).await?;
    let secret = Secret::generate();
    let email = view.who.member.email.reveal();
    let qr_svg = secret.qr_svg(email).map_err(|error| {
        tracing::error!(%error, "account.totp_not_drawn");
        Refused::from(ProblemResponse::internal())
    })?;
    let factor = Uuid::now_v7();
    let text = secret.to_base32().to_string();
    let new = NewFactor {
        id: factor,
        kind: FactorKind::Totp,
        name: String::new(),
        credential: None,
        data: state.vault.seal(&place(factor), &text),
    };
    state.portal.begin_totp(&browser.caller, new).await?;
    Ok(Json(TotpBegun {
        factor,
        secret: text,
        uri: secret.uri(email).to_string(),
        qr_svg: qr_svg.to_string(),
    }))
}

pub async fn totp_finish(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<TotpFinish>,
) -> Result<Response, Refused> {
    let view = own(&state, &browser).await?;
    let new = view.factors.iter();
    let mut new = new.filter(|f| f.kind == FactorKind::Totp && !f.proven);
    let factor = new.find(|f| f.id == ask.factor).ok_or(Refusal::NotFound)?;
    let who = &view.who;
    let passed = throttle::second_factor(
        &state,
        &browser,
        Action::AddFactor,
        who.session,
        who.member.id,
    )
    .await?;
    let secret = open_totp(&state, factor)?;
    let Ok(Step(step)) = totp::verify(&secret, &ask.code, browser.caller.at, None) else {
        return Err(refused("wrong-code", "That is not the code of now"));
    };
    let (token, renewal) = renewal();
    let letter = letter(&state, &browser, &view, "totp_added");
    let portal = &state.portal;
    let proven = portal.prove_totp(&browser.caller, factor.id, step, renewal, letter);
    let rises = proven.await?;
    passed.forgive(&state).await?;
    let caller = if rises {
        under(&browser, &token)
    } else {
        browser.caller.clone()
    };
    let reached = Reached::of(&state.portal.session(&caller).await?);
    Ok(risen(
        &state,
        &browser,
        &view,
        rises.then_some(token),
        reached,
    ))
}

pub async fn recovery(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<Json<Recovery>, Refused> {
    let view = own(&state, &browser).await?;
    let codes = recovery::generate();
    let digests = codes.iter().map(|code| code.digest().as_str().to_owned());
    let letter = letter(&state, &browser, &view, "recovery_made");
    let portal = &state.portal;
    let put = portal.put_recovery(&browser.caller, digests.collect(), letter);
    put.await?;
    let codes = codes.iter().map(|code| code.reveal().to_owned()).collect();
    Ok(Json(Recovery { codes }))
}

pub async fn remove(
    State(state): State<HubState>,
    browser: Browser,
    Path(factor): Path<String>,
) -> Result<StatusCode, Refused> {
    let factor: Uuid = factor.parse().map_err(|_| Refusal::NotFound)?;
    let view = state.portal.session(&browser.caller).await?;
    let letter = letter(&state, &browser, &view, "factor_removed");
    let remove = state.portal.remove_factor(&browser.caller, factor, letter);
    remove.await?;
    Ok(StatusCode::NO_CONTENT)
}
