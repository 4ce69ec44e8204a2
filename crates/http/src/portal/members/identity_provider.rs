//! The organisation's own identity provider.

use super::json::{invalid, name};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
    problem::ProblemResponse,
};
use axum::{Json, extract::State, http::StatusCode};
use bildbro_domain::{ErrorClass, OrganisationId};
use bildbro_flow::ports::portal::identity_provider::{KeptProvider, place};
use bildbro_login::oidc::{ClientAuthentication, Mapping, Provider, RelyingParty, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const LONGEST: usize = 1024;
const MOST: usize = 20;

/// Never the secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub scopes: Vec<String>,
    pub mapping: Value,
    pub acr_values: Vec<String>,
    pub two_factors: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Which claims say what; `null`: the standard ones.
    #[serde(default)]
    pub mapping: Option<Value>,
    #[serde(default)]
    pub acr_values: Vec<String>,
    #[serde(default)]
    pub two_factors: bool,
    /// Missing: the one that is kept stays, for the same issuer and client.
    #[serde(default)]
    pub client_secret: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    pub issuer: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Tested {
    pub ok: bool,
    /// What is wrong.
    pub problem: Option<String>,
}

pub async fn show(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Option<Shown>>, Refused> {
    let (organisation, kept) = state.portal.identity_provider(&caller).await?;
    let Some(kept) = kept else {
        return Ok(Json(None));
    };
    let provider = open(&state, organisation, &kept)?;
    Ok(Json(Some(Shown {
        name: kept.name,
        issuer: provider.issuer,
        client_id: provider.client_id,
        scopes: provider.scopes,
        mapping: serde_json::to_value(&provider.mapping).unwrap_or_default(),
        acr_values: provider.acr_values,
        two_factors: provider.two_factors,
    })))
}

fn open(
    state: &HubState,
    organisation: OrganisationId,
    kept: &KeptProvider,
) -> Result<Provider, Refused> {
    let opened = state.vault.open(&place(organisation), &kept.sealed);
    opened.map_err(|error| {
        tracing::error!(%organisation, %error, "identity_provider.unopened");
        let title = "The provider's settings cannot be read; set them anew";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ProblemResponse::new(status, "internal", title, ErrorClass::Permanent).into()
    })
}

pub async fn set(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(wanted): Message<Wanted>,
) -> Result<StatusCode, Refused> {
    let (organisation, kept) = state.portal.identity_provider(&caller).await?;
    let known = kept.and_then(|kept| open(&state, organisation, &kept).ok());
    let named = name(&wanted.name)?;
    let provider = wanted.read(organisation, known)?;
    let kept = KeptProvider {
        name: named,
        sealed: state.vault.seal(&place(organisation), &provider),
    };
    let done = state.portal.put_identity_provider(&caller, Some(&kept));
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Wanted {
    fn read(
        self,
        organisation: OrganisationId,
        known: Option<Provider>,
    ) -> Result<Provider, Refused> {
        let issuer = issuer(&self.issuer)?;
        let client_id = self.client_id.trim().to_owned();
        if !is_line(&client_id) {
            return Err(invalid("client_id", "It is empty, or too long."));
        }
        for (field, words) in [("scopes", &self.scopes), ("acr_values", &self.acr_values)] {
            let one = |word: &String| is_line(word) && !word.contains(' ');
            if words.len() > MOST || !words.iter().all(one) {
                return Err(invalid(field, "At most 20 words without spaces."));
            }
        }
        let mapping: Mapping = match self.mapping {
            None => Mapping::default(),
            Some(value) => serde_json::from_value(value)
                .map_err(|_| invalid("mapping", "It is no mapping of claims."))?,
        };
        // A secret is for whom it was given: it must not be sent elsewhere.
        let same = |known: &Provider| known.issuer == issuer && known.client_id == client_id;
        let authentication = match (self.client_secret, known) {
            (Some(secret), _) if is_line(&secret) => ClientAuthentication::ClientSecretBasic {
                secret: Secret::new(secret),
            },
            (None, Some(known)) if same(&known) => known.authentication,
            _ => return Err(invalid("client_secret", "The client's secret is needed.")),
        };
        Ok(Provider {
            id: organisation.to_string(),
            issuer,
            client_id,
            authentication,
            scopes: self.scopes,
            mapping,
            acr_values: self.acr_values,
            two_factors: self.two_factors,
            ca_file: None,
        })
    }
}

fn is_line(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// By TLS only: whoever sets this is not at the hub's machine, and must not
/// reach what listens there.
fn issuer(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    let good = is_line(text) && RelyingParty::may_be_issuer(text);
    if good {
        Ok(text.to_owned())
    } else {
        let why = "It is an https address without user, query or fragment.";
        Err(invalid("issuer", why))
    }
}

pub async fn remove(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<StatusCode, Refused> {
    state.portal.put_identity_provider(&caller, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn test(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<Issuer>,
) -> Result<Json<Tested>, Refused> {
    // That whoever asks may, is seen here too, before anyone else is asked.
    state.portal.identity_provider(&caller).await?;
    let issuer = issuer(&asked.issuer)?;
    let tried = RelyingParty::default().try_out(&issuer, caller.at).await;
    let problem = tried.err().map(|error| error.to_string());
    Ok(Json(Tested {
        ok: problem.is_none(),
        problem,
    }))
}
