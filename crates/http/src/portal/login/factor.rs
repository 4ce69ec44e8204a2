//! The second step: a passkey, a one-time code, a recovery code; at log-in, and
//! once more when something needs it fresh.

use super::{
    super::refusal::Refused,
    begin::{self, Reached},
    browser::{self, Browser},
    ceremony,
    session::{has, now_of},
    throttle,
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    ErrorClass, SessionId,
    audit::{Action, Outcome},
    member::{FactorKind, Level},
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    login::{Factor, Failed, Goal, Proof, View},
};
use bildbro_login::{
    passkey::{Authentication, AuthenticationResponse, Credential, PasskeyError, Passkeys},
    recovery::CodeDigest,
    totp::{self, Secret, Step},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const LOG_IN: &str = "passkey log-in";
const STEP_UP: &str = "passkey step-up";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CodeAsk {
    code: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Nothing {}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PasskeyFinish {
    ceremony: String,
    /// `AuthenticationResponseJSON` (Web Authentication, Level 3).
    credential: Value,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PasskeyBegun {
    pub ceremony: String,
    /// `PublicKeyCredential…OptionsJSON` (Web Authentication, Level 3).
    pub options: Value,
}

/// Sealed between begin and finish.
#[derive(Serialize, Deserialize)]
struct Kept {
    session: SessionId,
    state: Authentication,
}

const fn action(goal: Goal) -> Action {
    match goal {
        Goal::LogIn => Action::LogIn,
        Goal::StepUp => Action::StepUp,
    }
}

const fn kind(goal: Goal) -> &'static str {
    match goal {
        Goal::LogIn => LOG_IN,
        Goal::StepUp => STEP_UP,
    }
}

/// The caller's session, if it is as far as that begins.
async fn session(state: &HubState, browser: &Browser, goal: Goal) -> Result<View, Refused> {
    let view = state.portal.session(&browser.caller).await?;
    let wanted = match goal {
        Goal::LogIn => Level::First,
        Goal::StepUp => Level::Full,
    };
    if view.who.level == wanted {
        Ok(view)
    } else {
        Err(Refusal::NoSession.into())
    }
}

fn wrong_code() -> Refused {
    let title = "The code is wrong, or was used already";
    problem("wrong-code", title)
}

fn wrong_passkey() -> Refused {
    problem("wrong-passkey", "The passkey was not accepted")
}

fn problem(word: &str, title: &str) -> Refused {
    ProblemResponse::new(StatusCode::UNAUTHORIZED, word, title, ErrorClass::Permanent).into()
}

/// Something of the database does not open: an operator must see to it.
pub fn unopened(error: impl std::fmt::Display) -> Refused {
    tracing::error!(%error, "login.unopened");
    ProblemResponse::internal().into()
}

/// What a factor's data is sealed for.
pub fn place(factor: uuid::Uuid) -> String {
    format!("factor {factor}")
}

pub fn passkeys(state: &HubState) -> Result<&Passkeys, Refused> {
    let here = state.login.passkeys.as_ref();
    here.ok_or_else(|| ProblemResponse::not_found().into())
}

/// Counts the try, judges it, and lets the session rise: its cookies, and the
/// caller as they are known from now on.
async fn show(
    state: &HubState,
    browser: &Browser,
    goal: Goal,
    judge: impl AsyncFnOnce(&View) -> Result<Result<Proof, &'static str>, Refused>,
    wrong: fn() -> Refused,
) -> Result<(Vec<HeaderValue>, Caller), Refused> {
    let view = session(state, browser, goal).await?;
    let (session, member) = (view.who.session, view.who.member.id);
    let passed = throttle::second_factor(state, browser, action(goal), session, member).await?;
    let proof = match judge(&view).await? {
        Ok(proof) => proof,
        Err(why) => {
            let failed = Failed {
                action: action(goal),
                outcome: Outcome::Failure,
                about: Some(member),
                why,
                from: browser.caller.from.clone(),
                at: browser.caller.at,
            };
            state.portal.failed(failed).await.map_err(throttle::store)?;
            return Err(wrong());
        }
    };
    let risen = match begin::rise(state, browser, &view, goal, proof).await {
        // Someone was faster with the same.
        Err(Refusal::Over(_)) => return Err(wrong()),
        risen => risen?,
    };
    passed.forgive(state).await?;
    Ok(risen)
}

/// At log-in: the level that was reached.
async fn logged_in(
    state: &HubState,
    browser: &Browser,
    judge: impl AsyncFnOnce(&View) -> Result<Result<Proof, &'static str>, Refused>,
    wrong: fn() -> Refused,
) -> Result<Response, Refused> {
    let (cookies, caller) = show(state, browser, Goal::LogIn, judge, wrong).await?;
    let view = state.portal.session(&caller).await?;
    let reached = Reached {
        recovery_left: Some(view.recovery_left),
        ..Reached::of(&view)
    };
    Ok(browser::with(Json(reached).into_response(), cookies))
}

/// Once more: the session as it is now.
async fn stepped_up(
    state: &HubState,
    browser: &Browser,
    judge: impl AsyncFnOnce(&View) -> Result<Result<Proof, &'static str>, Refused>,
    wrong: fn() -> Refused,
) -> Result<Response, Refused> {
    let (cookies, caller) = show(state, browser, Goal::StepUp, judge, wrong).await?;
    let session = now_of(state, &caller).await?;
    Ok(browser::with(session.into_response(), cookies))
}

fn judge_totp(
    state: &HubState,
    browser: &Browser,
    view: &View,
    code: &str,
) -> Result<Result<Proof, &'static str>, Refused> {
    let Some(factor) = has(&view.factors, FactorKind::Totp).next() else {
        return Ok(Err("a one-time code, but there is no such factor"));
    };
    let secret = open_totp(state, factor)?;
    let last = Some(Step(factor.last_step));
    Ok(match totp::verify(&secret, code, browser.caller.at, last) {
        Ok(Step(step)) => Ok(Proof::Totp {
            factor: factor.id,
            step,
        }),
        Err(totp::TotpError::Used) => Err("a one-time code that was used already"),
        Err(_) => Err("a wrong one-time code"),
    })
}

/// A TOTP's secret.
pub fn open_totp(state: &HubState, factor: &Factor) -> Result<Secret, Refused> {
    let text: String = state
        .vault
        .open(&place(factor.id), &factor.data)
        .map_err(unopened)?;
    Secret::from_base32(&text).map_err(unopened)
}

pub async fn totp(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<CodeAsk>,
) -> Result<Response, Refused> {
    let judge = async |view: &View| judge_totp(&state, &browser, view, &ask.code);
    logged_in(&state, &browser, judge, wrong_code).await
}

pub async fn step_up_totp(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<CodeAsk>,
) -> Result<Response, Refused> {
    let judge = async |view: &View| judge_totp(&state, &browser, view, &ask.code);
    stepped_up(&state, &browser, judge, wrong_code).await
}

/// A recovery code stands in for a lost factor at log-in; it makes nothing fresh
/// later.
pub async fn recovery(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<CodeAsk>,
) -> Result<Response, Refused> {
    let judge = async |_: &View| {
        let digest = CodeDigest::of(&ask.code);
        Ok(digest
            .map(|digest| Proof::Recovery {
                code: digest.as_str().to_owned(),
            })
            .ok_or("what is no recovery code"))
    };
    logged_in(&state, &browser, judge, wrong_code).await
}

/// The member's passkeys, with the factors that they are.
pub fn credentials<'v>(
    state: &HubState,
    view: &'v View,
) -> Result<(Vec<&'v Factor>, Vec<Credential>), Refused> {
    let factors: Vec<_> = has(&view.factors, FactorKind::Passkey).collect();
    let open = |factor: &&Factor| state.vault.open(&place(factor.id), &factor.data);
    let credentials = factors.iter().map(open).collect::<Result<_, _>>();
    Ok((factors, credentials.map_err(unopened)?))
}

async fn begin_passkey(
    state: &HubState,
    browser: &Browser,
    goal: Goal,
) -> Result<Json<PasskeyBegun>, Refused> {
    let view = session(state, browser, goal).await?;
    let passkeys = passkeys(state)?;
    let (_, have) = credentials(state, &view)?;
    let (options, authentication) = passkeys
        .authenticate_begin(&have)
        .map_err(|_| Refused::from(ProblemResponse::not_found()))?;
    let kept = Kept {
        session: view.who.session,
        state: authentication,
    };
    let ceremony = ceremony::keep(state, browser, kind(goal), &kept).await?;
    Ok(Json(PasskeyBegun {
        ceremony,
        options: serde_json::to_value(&options).unwrap_or_default(),
    }))
}

async fn judge_passkey(
    state: &HubState,
    browser: &Browser,
    view: &View,
    goal: Goal,
    ask: &PasskeyFinish,
) -> Result<Result<Proof, &'static str>, Refused> {
    // Gone before it is judged: a challenge is answered once.
    let kept = ceremony::take::<Kept>(state, browser, kind(goal), &ask.ceremony).await?;
    let Some(kept) = kept.filter(|kept| kept.session == view.who.session) else {
        return Ok(Err("a passkey for no challenge of this session"));
    };
    let Ok(response) = serde_json::from_value::<AuthenticationResponse>(ask.credential.clone())
    else {
        return Ok(Err("what is no answer of a passkey"));
    };
    let (factors, mut have) = credentials(state, view)?;
    let passkeys = passkeys(state)?;
    Ok(
        match passkeys.authenticate_finish(&kept.state, &response, &mut have) {
            Ok(used) => {
                let factor = factors[used];
                Ok(Proof::Passkey {
                    factor: factor.id,
                    before: factor.data.clone(),
                    after: state.vault.seal(&place(factor.id), &have[used]),
                })
            }
            Err(PasskeyError::Cloned) => {
                tracing::warn!(member = %view.who.member.id, "login.passkey_may_be_copied");
                Err("a passkey whose counter did not go up: it may have been copied")
            }
            Err(_) => Err("a passkey that does not fit"),
        },
    )
}

pub async fn passkey_begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(Nothing {}): Message<Nothing>,
) -> Result<Json<PasskeyBegun>, Refused> {
    begin_passkey(&state, &browser, Goal::LogIn).await
}

pub async fn passkey_finish(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasskeyFinish>,
) -> Result<Response, Refused> {
    let goal = Goal::LogIn;
    let judge = async |view: &View| judge_passkey(&state, &browser, view, goal, &ask).await;
    logged_in(&state, &browser, judge, wrong_passkey).await
}

pub async fn step_up_begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(Nothing {}): Message<Nothing>,
) -> Result<Json<PasskeyBegun>, Refused> {
    begin_passkey(&state, &browser, Goal::StepUp).await
}

pub async fn step_up_finish(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasskeyFinish>,
) -> Result<Response, Refused> {
    let goal = Goal::StepUp;
    let judge = async |view: &View| judge_passkey(&state, &browser, view, goal, &ask).await;
    stepped_up(&state, &browser, judge, wrong_passkey).await
}
