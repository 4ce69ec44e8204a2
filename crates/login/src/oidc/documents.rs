//! A provider's public documents: where its endpoints are, and its keys.

use super::{
    error::OidcError,
    fetch::{self, Limits, address},
    provider::{ClientAuthentication, Mapping, Provider, Secret},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::Jwk;
use reqwest::Client;
use serde::Deserialize;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use url::Url;

/// How long a document is believed.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How long after its keys were asked for a provider is asked again for one
/// that was not among them.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// Most keys of one provider that are looked at.
const MOST_KEYS: usize = 100;

const DISCOVERY: &str = "discovery document";
const KEYS: &str = "key set";

/// Any address that is not on this machine.
const FOREIGN: &str = "https://provider.example";

/// Discovery 1.0, 3: what of it is used.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What is known of a provider, and the client that reaches it.
pub(super) struct Known {
    pub client: Client,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub userinfo_endpoint: Option<Url>,
    /// Whether each answer must name the issuer (RFC 9207 3).
    pub names_issuer: bool,
    jwks_uri: Url,
    fetched: Timestamp,
}

#[derive(Clone)]
struct Keys {
    all: Arc<Vec<Jwk>>,
    /// When they were asked for, whether or not they came.
    asked: Timestamp,
}

/// Whom a document is from, and on whose word: with other authorities the same
/// address may be someone else.
type Source = (String, Option<PathBuf>);

fn source(provider: &Provider) -> Source {
    (provider.issuer.clone(), provider.ca_file.clone())
}

/// Logs people in at providers. One serves for all of them.
#[derive(Default)]
pub struct RelyingParty {
    pub(super) limits: Limits,
    known: Mutex<HashMap<Source, Arc<Known>>>,
    keys: Mutex<HashMap<Source, Keys>>,
}

impl std::fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelyingParty")
    }
}

/// Whole values go in and out, so another thread's panic spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn within(since: Timestamp, now: Timestamp, span: SignedDuration) -> bool {
    let age = now.duration_since(since);
    !age.is_negative() && age < span
}

impl RelyingParty {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Whether an address, named by someone who is not at this machine, may be a
    /// provider's: https, elsewhere, and nothing but an address (Discovery 1.0, 3).
    #[must_use]
    pub fn may_be_issuer(text: &str) -> bool {
        // Judged as a foreign provider's: what is on this machine is not for it.
        address("issuer", text, FOREIGN).is_ok_and(|url| url.query().is_none())
    }

    /// Asks a provider for what it publishes, anew: its discovery document and
    /// its keys. Nothing is kept.
    ///
    /// # Errors
    /// What is wrong with them, or that they cannot be had.
    pub async fn try_out(&self, issuer: &str, now: Timestamp) -> Result<(), OidcError> {
        let provider = Provider {
            id: String::new(),
            issuer: issuer.to_owned(),
            client_id: String::new(),
            authentication: ClientAuthentication::ClientSecretBasic {
                secret: Secret::new(""),
            },
            scopes: Vec::new(),
            mapping: Mapping::default(),
            acr_values: Vec::new(),
            two_factors: false,
            ca_file: None,
        };
        let known = self.discover(&provider, now).await?;
        let keys = Self::new(self.limits)
            .ask_keys(&provider, &known, now)
            .await?;
        if keys.is_empty() {
            return Err(OidcError::Unreadable(KEYS));
        }
        Ok(())
    }

    pub(super) async fn known(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Arc<Known>, OidcError> {
        let source = source(provider);
        let cached = lock(&self.known).get(&source).cloned();
        if let Some(known) = cached
            && within(known.fetched, now, LIFE)
        {
            return Ok(known);
        }
        let known = Arc::new(self.discover(provider, now).await?);
        let mut all = lock(&self.known);
        all.retain(|_, known| within(known.fetched, now, LIFE));
        all.insert(source, known.clone());
        Ok(known)
    }

    async fn discover(&self, provider: &Provider, now: Timestamp) -> Result<Known, OidcError> {
        let issuer = &provider.issuer;
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let place = address("issuer", &place, issuer)?;
        let client = fetch::client(&place, provider.ca_file.as_deref(), self.limits)?;
        let metadata: Metadata = fetch::document(DISCOVERY, client.get(place), self.limits).await?;
        if metadata.issuer != *issuer {
            return Err(OidcError::OtherIssuer);
        }
        let at = |what, text: &str| address(what, text, issuer);
        Ok(Known {
            client,
            authorization_endpoint: at("authorization endpoint", &metadata.authorization_endpoint)?,
            token_endpoint: at("token endpoint", &metadata.token_endpoint)?,
            userinfo_endpoint: match &metadata.userinfo_endpoint {
                Some(text) => Some(at("user info endpoint", text)?),
                None => None,
            },
            names_issuer: metadata.authorization_response_iss_parameter_supported,
            jwks_uri: at("key set's address", &metadata.jwks_uri)?,
            fetched: now,
        })
    }

    /// The provider's keys, as last heard.
    pub(super) async fn keys(
        &self,
        provider: &Provider,
        known: &Known,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, OidcError> {
        let cached = lock(&self.keys).get(&source(provider)).cloned();
        match cached {
            Some(keys) if within(keys.asked, now, LIFE) && !keys.all.is_empty() => Ok(keys.all),
            _ => self.ask_keys(provider, known, now).await,
        }
    }

    /// The keys asked for anew, because a token names one that is not among
    /// them; `None` when they were asked for just now.
    pub(super) async fn newer_keys(
        &self,
        provider: &Provider,
        known: &Known,
        now: Timestamp,
    ) -> Result<Option<Arc<Vec<Jwk>>>, OidcError> {
        {
            let mut all = lock(&self.keys);
            if let Some(keys) = all.get_mut(&source(provider)) {
                if within(keys.asked, now, PAUSE) {
                    return Ok(None);
                }
                // Those that come at the same time do not ask too.
                keys.asked = now;
            }
        }
        self.ask_keys(provider, known, now).await.map(Some)
    }

    async fn ask_keys(
        &self,
        provider: &Provider,
        known: &Known,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, OidcError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let request = known.client.get(known.jwks_uri.clone());
        let set: Set = fetch::document(KEYS, request, self.limits).await?;
        // Keys of kinds that we do not know are none of ours (RFC 7517 5).
        let keys = set.keys.into_iter().take(MOST_KEYS);
        let keys: Vec<Jwk> = keys
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        let keys = Keys {
            all: Arc::new(keys),
            asked: now,
        };
        let mut all = lock(&self.keys);
        all.retain(|_, keys| within(keys.asked, now, LIFE));
        all.insert(source(provider), keys.clone());
        Ok(keys.all)
    }
}
