//! Log-in at an organisation's own identity provider.
//!
//! What lies between is a ceremony; the browser has its name in a cookie, so
//! that no one comes back with another's log-in. A provider speaks for members
//! of its own organisation only.

use super::{
    super::refusal::Refused,
    begin::{self, Begun},
    browser::{self, Browser},
    ceremony,
    factor::unopened,
    password::name_of,
    throttle::{self, store},
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    ErrorClass, HsaId, OrganisationId, Personal,
    audit::{Action, Outcome},
    member::Level,
};
use bildbro_flow::ports::portal::login::{Failed, Named, ProviderRow};
use bildbro_login::oidc::{Callback, Flow, Identity, OidcError, Provider};
use rand::random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const KIND: &str = "oidc";

pub const CALLBACK: &str = "/api/login/oidc/callback";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct BeginAsk {
    email: String,
    return_to: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GoTo {
    /// At the provider.
    url: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    organisation: OrganisationId,
    flow: Flow,
}

/// What the provider's configuration is sealed for.
pub fn place(organisation: OrganisationId) -> String {
    format!("oidc {organisation}")
}

fn open(state: &HubState, row: &ProviderRow) -> Result<Provider, Refused> {
    let opened = state.vault.open(&place(row.organisation), &row.config);
    opened.map_err(unopened)
}

pub async fn begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<BeginAsk>,
) -> Result<Response, Refused> {
    throttle::costly(&state, &browser, "oidc").await?;
    let email = Personal::new(name_of(&ask.email).unwrap_or_default());
    let row = state.portal.provider_for(&email).await.map_err(store)?;
    let Some(row) = row else {
        return Err(ProblemResponse::not_found().into());
    };
    let provider = open(&state, &row)?;
    let redirect = format!("{}{CALLBACK}", state.public_url);
    let random: [[u8; 32]; 3] = random();
    let party = &state.login.relying_party;
    let at = browser.caller.at;
    let begun = party.begin(&provider, &redirect, &ask.return_to, at, random);
    let (url, flow) = begun.await.map_err(refused)?;
    let kept = Kept {
        organisation: row.organisation,
        flow,
    };
    let name = ceremony::keep_for(&state, &browser, KIND, &kept, ceremony::LONG).await?;
    let answer = Json(GoTo { url: url.into() }).into_response();
    Ok(browser::with(answer, [browser::oidc(&name)]))
}

fn refused(error: OidcError) -> Refused {
    if matches!(error, OidcError::ReturnTo) {
        return super::invitation::invalid("return_to", "a path on this site");
    }
    tracing::warn!(%error, "login.provider_failed");
    let title = "The identity provider cannot be used now";
    let class = if error.is_transient() {
        ErrorClass::Transient
    } else {
        ErrorClass::Permanent
    };
    ProblemResponse::new(StatusCode::BAD_GATEWAY, "provider", title, class).into()
}

/// The browser comes back; it is sent on whatever happens, since a person
/// looks at what comes.
pub async fn callback(
    State(state): State<HubState>,
    browser: Browser,
    Query(callback): Query<Callback>,
) -> Response {
    let (place, mut cookies) = match come_back(&state, &browser, &callback).await {
        Ok(good) => good,
        Err(word) => (format!("/login?problem={word}"), Vec::new()),
    };
    cookies.push(browser::no_oidc());
    let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/"));
    let response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    browser::with(response, cookies)
}

type Word = &'static str;

async fn come_back(
    state: &HubState,
    browser: &Browser,
    callback: &Callback,
) -> Result<(String, Vec<HeaderValue>), Word> {
    let name = browser.oidc.as_deref().ok_or("other-browser")?;
    let kept = ceremony::take::<Kept>(state, browser, KIND, name).await;
    let Kept { organisation, flow } = kept.map_err(|_| "internal")?.ok_or("expired")?;
    let row = state.portal.provider(organisation).await;
    let row = row.map_err(|_| "internal")?.ok_or("provider")?;
    let provider = open(state, &row).map_err(|_| "internal")?;
    let return_to = flow.return_to.clone();
    let party = &state.login.relying_party;
    let at = browser.caller.at;
    let identity = match party.finish(&provider, flow, callback, at).await {
        Ok(identity) => identity,
        Err(error) => {
            tracing::warn!(%error, "login.provider_failed");
            failed(
                state,
                browser,
                "what the identity provider said does not hold",
            )
            .await?;
            return Err(match error {
                OidcError::State | OidcError::OtherProvider => "other-browser",
                OidcError::Expired => "expired",
                OidcError::Assurance => "assurance",
                _ => "provider",
            });
        }
    };
    let begun = member(state, browser, organisation, &identity).await?;
    let (level, cookies, _) = begin::begin(state, browser, begun)
        .await
        .map_err(|_| "internal")?;
    let place = match level {
        Level::Full => return_to,
        Level::First | Level::Setup => {
            let query: String =
                url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
            format!("/login?back={query}")
        }
    };
    Ok((place, cookies))
}

async fn failed(state: &HubState, browser: &Browser, why: &'static str) -> Result<(), Word> {
    let failed = Failed {
        action: Action::LogIn,
        outcome: Outcome::Failure,
        about: None,
        why,
        from: browser.caller.from.clone(),
        at: browser.caller.at,
    };
    let on_record = state.portal.failed(failed).await;
    on_record.map_err(|_| "internal")
}

/// Whom the provider means.
async fn member(
    state: &HubState,
    browser: &Browser,
    organisation: OrganisationId,
    identity: &Identity,
) -> Result<Begun, Word> {
    let employee = identity.employee_hsa_id.as_deref();
    let named = Named::AtProvider {
        organisation,
        hsa_id: employee.and_then(|id| HsaId::new(id).ok()),
        email: identity.email.clone(),
    };
    let accounts = state.portal.accounts(named).await;
    let Some(account) = accounts.map_err(|_| "internal")?.pop() else {
        failed(
            state,
            browser,
            "the identity provider's person has no account",
        )
        .await?;
        return Err("no-account");
    };
    let named = identity.commissions.iter();
    let commissions: Vec<_> = named
        .filter_map(|commission| HsaId::new(&commission.commission_hsa_id).ok())
        .collect();
    Ok(Begun {
        member: account.member,
        level: if identity.two_factors {
            Level::Full
        } else {
            Level::First
        },
        means: "oidc",
        judged: None,
        // What the provider did not vouch for does not count, nor one that we
        // cannot read.
        commissions: Some(commissions),
    })
}
