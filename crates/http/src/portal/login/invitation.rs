//! Links that were sent: to set up an account, or to choose a new password.
//!
//! The secret is part of the path, which is written nowhere: requests are
//! logged and counted by their route's pattern only.

use super::{
    super::refusal::Refused,
    begin,
    browser::{self, Browser},
    session::{Session, now_of},
    throttle,
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    Digest, ErrorClass, MemberId, Personal,
    member::{InvitationKind, Level},
};
use bildbro_flow::{
    letter::{self, Letter, Notice},
    ports::portal::login::{Accepting, Account, Invitation},
};
use bildbro_login::password::{About, Password, check_new};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const LONGEST_NAME: usize = 200;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Link {
    /// invitation or reset.
    kind: &'static str,
    organisation_name: String,
    name: String,
    email: String,
    #[schemars(with = "String")]
    expires_at: Timestamp,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Chosen {
    #[schemars(with = "String")]
    password: Password,
    name: Option<String>,
    /// sv or en.
    language: String,
}

async fn link(
    state: &HubState,
    browser: &Browser,
    token: &str,
) -> Result<(Digest, Invitation), Refused> {
    let link = Digest::of(token.as_bytes());
    let found = state.portal.invitation(link, browser.caller.at).await?;
    Ok((link, found))
}

pub async fn see(
    State(state): State<HubState>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Json<Link>, Refused> {
    let (_, invitation) = link(&state, &browser, &token).await?;
    Ok(Json(Link {
        kind: invitation.kind.as_str(),
        organisation_name: invitation.account.organisation_name,
        name: invitation.account.name.reveal().to_owned(),
        email: invitation.account.email.reveal().to_owned(),
        expires_at: invitation.expires_at,
    }))
}

/// A field that cannot be taken; `why` is a word for the page.
pub fn invalid(field: &str, why: &str) -> Refused {
    ProblemResponse::new(
        StatusCode::BAD_REQUEST,
        "unreadable",
        "What was given cannot be taken",
        ErrorClass::Permanent,
    )
    .detail(why)
    .with("field", field.into())
    .into()
}

/// Judges a new password against what others know of the person.
pub fn judge(password: &Password, account: &About<'_>) -> Result<(), Refused> {
    check_new(password, account).map_err(|refused| {
        let word = serde_json::to_value(refused).unwrap_or_default();
        ProblemResponse::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "That password is not taken",
            ErrorClass::Permanent,
        )
        .detail(refused.to_string())
        .with("field", "password".into())
        .with("why", word)
        .into()
    })
}

pub fn language(text: &str) -> Result<&str, Refused> {
    match text {
        "sv" | "en" => Ok(text),
        _ => Err(invalid("language", "sv or en")),
    }
}

/// A person's name as typed; printable, and of some length.
pub fn name(text: &str) -> Result<String, Refused> {
    let name = text.trim();
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(invalid("name", "1 to 200 characters"))
    }
}

fn about(account: &Account) -> About<'_> {
    About {
        name: account.name.reveal(),
        email: account.email.reveal(),
        organisation: &account.organisation_name,
    }
}

pub async fn accept(
    State(state): State<HubState>,
    browser: Browser,
    Path(token): Path<String>,
    Message(chosen): Message<Chosen>,
) -> Result<Response, Refused> {
    throttle::costly(&state, &browser, "invitation").await?;
    let (link, invitation) = link(&state, &browser, &token).await?;
    let language = language(&chosen.language)?.to_owned();
    let name = chosen.name.as_deref().map(name).transpose()?;
    judge(&chosen.password, &about(&invitation.account))?;
    let hash = state.login.hash_new(chosen.password).await?;
    let letter = match invitation.kind {
        InvitationKind::Invitation => None,
        InvitationKind::Reset => Some(password_changed(&state, &browser, &invitation.account)),
    };
    let accepting = Accepting {
        link,
        password: Personal::new(hash),
        name,
        language,
        letter,
    };
    let begun = begin::Begun {
        // The link says who.
        member: MemberId(Uuid::nil()),
        level: Level::First,
        means: "password",
        judged: None,
        commissions: None,
    };
    let (token, session) = begin::new_session(&browser, &begun);
    state.portal.accept_invitation(accepting, session).await?;
    let seen: Json<Session> = now_of(&state, &begin::under(&browser, &token)).await?;
    Ok(browser::with(
        seen.into_response(),
        [browser::session(&token)],
    ))
}

fn password_changed(state: &HubState, browser: &Browser, account: &Account) -> String {
    let letter = Letter {
        to: account.email.reveal().to_owned(),
        language: account.language.clone(),
        notice: Notice::SecondFactorChanged {
            what: "password_changed".to_owned(),
            at: browser.caller.at,
        },
    };
    state.vault.seal(letter::PLACE, &letter)
}
