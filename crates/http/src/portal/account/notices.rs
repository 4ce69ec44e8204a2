//! When one is written to of what has come.

use super::super::{
    login::parts::{Browser, invalid},
    refusal::Refused,
};
use crate::{HubState, message::Message};
use axum::{Json, extract::State, http::StatusCode};
use bildbro_domain::member;
use bildbro_flow::ports::portal::login;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnNotices {
    /// at_once, digest or off.
    notices: String,
    /// The hour of day of a digest, 0 to 23.
    hour: u8,
}

/// `GET /api/account/notices`
pub async fn read(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<Json<OwnNotices>, Refused> {
    let own = state.portal.own_notices(&browser.caller).await?;
    Ok(Json(OwnNotices {
        notices: own.notices.as_str().to_owned(),
        hour: own.hour,
    }))
}

/// `PUT /api/account/notices`
pub async fn change(
    State(state): State<HubState>,
    browser: Browser,
    Message(new): Message<OwnNotices>,
) -> Result<StatusCode, Refused> {
    let notices = member::Notices::parse(&new.notices)
        .ok_or_else(|| invalid("notices", "at_once, digest or off"))?;
    if new.hour > 23 {
        return Err(invalid("hour", "0 to 23"));
    }
    let hour = new.hour;
    let new = login::OwnNotices { notices, hour };
    state.portal.change_notices(&browser.caller, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
