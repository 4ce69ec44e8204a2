//! The first step by password, and a link for whoever has forgotten it.

use super::{
    super::refusal::Refused,
    begin::{self, Begun},
    browser::Browser,
    throttle,
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use bildbro_domain::{
    Digest, ErrorClass, Personal,
    audit::{Action, Outcome},
    member::Level,
};
use bildbro_flow::{
    letter::{self, Letter, Notice},
    ports::portal::login::{Account, Ceremony, Failed, Named},
};
use bildbro_login::password::{self, Password};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// RFC 5321 4.5.3.1.
const LONGEST_EMAIL: usize = 254;

/// How long a link for a new password is good.
const RESET_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PasswordAsk {
    email: String,
    #[schemars(with = "String")]
    password: Password,
}

/// What an address goes by; `None` when it is none.
pub fn name_of(email: &str) -> Option<String> {
    let name = email.trim().to_lowercase();
    let good = name.len() <= LONGEST_EMAIL
        && name.contains('@')
        && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    good.then_some(name)
}

async fn account(state: &HubState, name: Option<&str>) -> Result<Option<Account>, Refused> {
    // What is no address is looked for too, and not found.
    let email = Personal::new(name.unwrap_or_default());
    let found = state.portal.accounts(Named::Email(email)).await;
    Ok(found.map_err(throttle::store)?.pop())
}

pub fn wrong(title: &str) -> Refused {
    let status = StatusCode::UNAUTHORIZED;
    ProblemResponse::new(status, "wrong-login", title, ErrorClass::Permanent).into()
}

pub async fn log_in(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasswordAsk>,
) -> Result<Response, Refused> {
    let name = name_of(&ask.email);
    let account = account(&state, name.as_deref()).await?;
    let member = account.as_ref().map(|account| account.member);
    let counted = name.as_deref().unwrap_or_default();
    let passed = throttle::password(&state, &browser, counted, member).await?;
    let stored = account.as_ref().and_then(|a| a.password.clone());
    let typed = ask.password.clone();
    let right = state
        .login
        .is_password(ask.password, stored.as_ref().map(|p| p.reveal().to_owned()))
        .await?;
    let (Some(account), Some(stored), true) = (account, stored, right) else {
        let failed = Failed {
            action: Action::LogIn,
            outcome: Outcome::Failure,
            about: member,
            why: if member.is_some() {
                "a wrong password"
            } else {
                "there is no such account"
            },
            from: browser.caller.from.clone(),
            at: browser.caller.at,
        };
        state.portal.failed(failed).await.map_err(throttle::store)?;
        return Err(wrong("Address or password is wrong"));
    };
    passed.forgive(&state).await?;
    let mut judged = stored.clone();
    if password::needs_rehash(stored.reveal()) {
        let after = Personal::new(state.login.hash_new(typed).await?);
        let done = state.portal.rehash(account.member, stored, after.clone());
        if done.await.map_err(throttle::store)? {
            judged = after;
        }
    }
    let begun = Begun {
        member: account.member,
        level: Level::First,
        means: "password",
        judged: Some(judged),
        commissions: None,
    };
    begin::answer(&state, &browser, begun).await
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct MeansAsk {
    email: String,
}

/// The same form for all addresses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Means {
    password: bool,
    bankid: bool,
    identity_provider: Option<IdentityProvider>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct IdentityProvider {
    name: String,
}

pub async fn means(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<MeansAsk>,
) -> Result<Json<Means>, Refused> {
    throttle::costly(&state, &browser, "means").await?;
    let provider = match name_of(&ask.email) {
        Some(name) => state.portal.provider_for(&Personal::new(name)).await,
        None => Ok(None),
    };
    let provider = provider.map_err(throttle::store)?;
    Ok(Json(Means {
        password: true,
        bankid: state.bankid.is_some(),
        identity_provider: provider.map(|row| IdentityProvider { name: row.name }),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ForgottenAsk {
    email: String,
    language: String,
}

/// Answers the same, and does as much, whether there is an account or not.
pub async fn forgotten(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<ForgottenAsk>,
) -> Result<StatusCode, Refused> {
    let name = name_of(&ask.email);
    let account = account(&state, name.as_deref()).await?;
    // Whoever has no password comes in another way, and a mailbox is not one.
    let member = account
        .as_ref()
        .filter(|account| account.password.is_some())
        .map(|account| account.member);
    let counted = name.as_deref().unwrap_or_default();
    throttle::letter(&state, &browser, counted, member).await?;
    let at = browser.caller.at;
    let token = bildbro_identity::token::generate();
    let expires = at.checked_add(RESET_LIFE).unwrap_or(at);
    let language = account
        .as_ref()
        .map_or(ask.language, |a| a.language.clone());
    let letter = Letter {
        to: account.map_or_else(String::new, |a| a.email.reveal().to_owned()),
        language: if language == "en" { "en" } else { "sv" }.to_owned(),
        notice: Notice::PasswordReset {
            url: format!("{}/invitation/{token}", state.public_url),
            expires,
        },
    };
    let link = Ceremony {
        id: Digest::of(token.as_bytes()),
        kind: "nothing",
        data: String::new(),
        expires_at: expires,
    };
    let sealed = state.vault.seal(letter::PLACE, &letter);
    let from = browser.caller.from.clone();
    let asked = state.portal.ask_reset(member, link, sealed, from, at).await;
    asked.map_err(throttle::store)?;
    Ok(StatusCode::NO_CONTENT)
}
