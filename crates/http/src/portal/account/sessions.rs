//! Sessions, password, language.

use super::super::{
    login::parts::{Browser, judge, language, throttle, wrong},
    refusal::Refused,
};
use crate::{HubState, message::Message};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use bildbro_domain::{
    Personal, SessionId,
    audit::{Action, Outcome},
};
use bildbro_flow::ports::portal::{Refusal, login::Failed};
use bildbro_login::password::{About, Password};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Sessions {
    items: Vec<Session>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnSession")]
struct Session {
    #[schemars(with = "String")]
    id: Uuid,
    current: bool,
    address: String,
    agent: String,
    #[schemars(with = "String")]
    created_at: Timestamp,
    #[schemars(with = "String")]
    seen_at: Timestamp,
    unit: Option<String>,
}

pub async fn list(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<Json<Sessions>, Refused> {
    let rows = state.portal.sessions(&browser.caller).await?;
    let items = rows.into_iter().map(|row| Session {
        id: row.id.0,
        current: row.current,
        address: row.address,
        agent: row.agent,
        created_at: row.created_at,
        seen_at: row.seen_at,
        unit: row.unit,
    });
    Ok(Json(Sessions {
        items: items.collect(),
    }))
}

pub async fn end(
    State(state): State<HubState>,
    browser: Browser,
    Path(session): Path<String>,
) -> Result<StatusCode, Refused> {
    let session = session.parse().map_err(|_| Refusal::NotFound)?;
    let which = Some(SessionId(session));
    state.portal.end_sessions(&browser.caller, which).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn end_others(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<StatusCode, Refused> {
    state.portal.end_sessions(&browser.caller, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PasswordChange")]
pub struct PasswordAsk {
    #[schemars(with = "String")]
    old: Password,
    #[schemars(with = "String")]
    new: Password,
}

pub async fn password(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<PasswordAsk>,
) -> Result<StatusCode, Refused> {
    let view = state.portal.session(&browser.caller).await?;
    let member = view.who.member.clone();
    let counted = member.email.reveal().to_lowercase();
    let passed = throttle::password(&state, &browser, &counted, Some(member.id)).await?;
    let stored = view.password.clone();
    let given = stored.as_ref().map(|hash| hash.reveal().to_owned());
    let right = state.login.is_password(ask.old, given).await?;
    let (Some(stored), true) = (stored, right) else {
        let failed = Failed {
            action: Action::ChangePassword,
            outcome: Outcome::Failure,
            about: Some(member.id),
            why: "a wrong password",
            from: browser.caller.from.clone(),
            at: browser.caller.at,
        };
        state.portal.failed(failed).await.map_err(throttle::store)?;
        return Err(wrong("The old password is wrong"));
    };
    passed.forgive(&state).await?;
    let about = About {
        name: member.name.reveal(),
        email: member.email.reveal(),
        organisation: &view.organisation_name,
    };
    judge(&ask.new, &about)?;
    let after = Personal::new(state.login.hash_new(ask.new).await?);
    let letter = super::factors::letter(&state, &browser, &view, "password_changed");
    let portal = &state.portal;
    let change = portal.change_password(&browser.caller, stored, after, letter);
    change.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Account {
    /// sv or en. The name is the administrator's to change: the log goes by it.
    language: String,
}

pub async fn change(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<Account>,
) -> Result<StatusCode, Refused> {
    let language = language(&ask.language)?.to_owned();
    let change = state.portal.change_own(&browser.caller, language);
    change.await?;
    Ok(StatusCode::NO_CONTENT)
}
