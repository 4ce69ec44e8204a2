//! How a session begins, and how it goes on when a second factor was shown.

use super::{
    super::refusal::Refused,
    browser::{self, Browser},
    session::has,
};
use crate::HubState;
use axum::{
    Json,
    http::HeaderValue,
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    Digest, HsaId, MemberId, Personal,
    member::{FactorKind, Level},
};
use bildbro_flow::{
    letter::{self, Letter, Notice},
    ports::portal::{
        Answer, Caller,
        login::{Goal, NewSession, Proof, Renewal, SessionLife, View},
    },
};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// Of a session that waits for the second factor, or for one to be set up.
const ON_THE_WAY: SessionLife = SessionLife {
    idle: SignedDuration::from_mins(15),
    whole: SignedDuration::from_mins(60),
};

/// Who has shown what.
#[derive(Debug)]
pub struct Begun {
    pub member: MemberId,
    pub level: Level,
    pub means: &'static str,
    /// The password's hash as it was judged: it must still be the one.
    pub judged: Option<Personal>,
    pub commissions: Option<Vec<HsaId>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Reached {
    /// first, setup or full.
    pub level: &'static str,
    /// With what it may go on: passkey, totp, recovery.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_left: Option<u64>,
}

impl Reached {
    pub fn of(view: &View) -> Self {
        let mut factors = Vec::new();
        for kind in FactorKind::ALL {
            if has(&view.factors, *kind).count() > 0 {
                factors.push(kind.as_str());
            }
        }
        if view.recovery_left > 0 && !factors.is_empty() {
            factors.push("recovery");
        }
        if view.who.level != Level::First {
            factors.clear();
        }
        Self {
            level: view.who.level.as_str(),
            factors,
            recovery_left: None,
        }
    }
}

pub const fn life(level: Level) -> SessionLife {
    match level {
        Level::Full => SessionLife {
            idle: SignedDuration::from_mins(30),
            whole: SignedDuration::from_hours(12),
        },
        Level::First | Level::Setup => ON_THE_WAY,
    }
}

/// A session about to begin in this browser, and the token that it will have.
pub fn new_session(browser: &Browser, begun: &Begun) -> (String, NewSession) {
    let token = bildbro_identity::token::generate();
    let new = NewSession {
        token: Digest::of(token.as_bytes()),
        member: begun.member,
        level: begun.level,
        means: begun.means,
        life: life(begun.level),
        from: browser.caller.from.clone(),
        agent: browser.agent.clone(),
        at: browser.caller.at,
    };
    (token, new)
}

/// The same caller, by another token.
pub fn under(browser: &Browser, token: &str) -> Caller {
    Caller {
        token: Digest::of(token.as_bytes()),
        ..browser.caller.clone()
    }
}

/// Begins a session: the level that it has reached, and its cookies. The session
/// that this browser had before is ended.
pub async fn begin(
    state: &HubState,
    browser: &Browser,
    begun: Begun,
) -> Result<(Level, Vec<HeaderValue>, Caller), Refused> {
    let (token, new) = new_session(browser, &begun);
    let (_, level) = state
        .portal
        .log_in(new, begun.judged, begun.commissions)
        .await?;
    // There may have been none.
    let why = Some("the browser was logged in anew");
    let _ended = state.portal.log_out(&browser.caller, why).await;
    let mut cookies = vec![browser::session(&token)];
    if level == Level::Full {
        cookies.push(browser.remember(state, begun.member));
    }
    Ok((level, cookies, under(browser, &token)))
}

pub async fn answer(
    state: &HubState,
    browser: &Browser,
    begun: Begun,
) -> Result<Response, Refused> {
    let (_, cookies, caller) = begin(state, browser, begun).await?;
    let view = state.portal.session(&caller).await?;
    let response = Json(Reached::of(&view)).into_response();
    Ok(browser::with(response, cookies))
}

/// A new token, for a session that rises.
pub fn renewal() -> (String, Renewal) {
    let token = bildbro_identity::token::generate();
    let renewal = Renewal {
        token: Digest::of(token.as_bytes()),
        life: life(Level::Full),
    };
    (token, renewal)
}

/// Lets the caller's session rise by a proof: its cookies, and the caller as
/// they are known now.
pub async fn rise(
    state: &HubState,
    browser: &Browser,
    view: &View,
    goal: Goal,
    proof: Proof,
) -> Answer<(Vec<HeaderValue>, Caller)> {
    let (token, renewal) = renewal();
    let recovery = matches!(proof, Proof::Recovery { .. });
    let letter = recovery.then(|| changed(state, browser, view, "recovery_used"));
    let rise = state
        .portal
        .rise(&browser.caller, goal, proof, renewal, letter);
    rise.await?;
    let cookies = vec![
        browser::session(&token),
        browser.remember(state, view.who.member.id),
    ];
    Ok((cookies, under(browser, &token)))
}

/// A sealed letter to a member: how they log in was changed.
pub fn changed(state: &HubState, browser: &Browser, view: &View, what: &str) -> String {
    let letter = Letter {
        to: view.who.member.email.reveal().to_owned(),
        language: view.language.clone(),
        notice: Notice::SecondFactorChanged {
            what: what.to_owned(),
            at: browser.caller.at,
        },
    };
    state.vault.seal(letter::PLACE, &letter)
}
