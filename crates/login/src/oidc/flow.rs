//! A login under way, from our page to the provider's and back.

use super::{documents::RelyingParty, error::OidcError, provider::Provider, return_to::local_path};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use url::Url;

/// How long someone may be at the provider's pages.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// What must be known when the browser comes back. A secret: it stays on the
/// server, is tied to one browser by a cookie, and serves once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub provider: String,
    pub state: String,
    pub nonce: String,
    /// PKCE (RFC 7636 4.1).
    pub verifier: String,
    pub redirect_uri: String,
    pub started: Timestamp,
    /// A path on this site.
    pub return_to: String,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flow({})", self.provider)
    }
}

impl Flow {
    /// Whether the browser has been away too long.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.started) > LONGEST
    }
}

/// The query that the browser comes back with (RFC 6749 4.1.2, RFC 9207).
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

impl RelyingParty {
    /// Where to send the browser, and what to keep until it is back.
    ///
    /// `redirect_uri` is our own address for the answer, as registered at the
    /// provider. `return_to` is a path on this site. `random` is fresh from a
    /// secure generator each time.
    ///
    /// # Errors
    /// [`OidcError`]: the provider's discovery document cannot be had or used,
    /// or `return_to` leads away.
    pub async fn begin(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        return_to: &str,
        now: Timestamp,
        random: [[u8; 32]; 3],
    ) -> Result<(Url, Flow), OidcError> {
        let return_to = local_path(return_to).ok_or(OidcError::ReturnTo)?;
        let [state, nonce, verifier] = random.map(|bytes| BASE64URL_NOPAD.encode(&bytes));
        let known = self.known(provider, now).await?;
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
        let mut url = known.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scope(provider))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if !provider.acr_values.is_empty() {
            url.query_pairs_mut()
                .append_pair("acr_values", &provider.acr_values.join(" "));
        }
        let flow = Flow {
            provider: provider.id.clone(),
            state,
            nonce,
            verifier,
            redirect_uri: redirect_uri.to_owned(),
            started: now,
            return_to: return_to.to_owned(),
        };
        Ok((url, flow))
    }
}

fn scope(provider: &Provider) -> String {
    let mut scopes = vec!["openid"];
    for scope in &provider.scopes {
        if !scopes.contains(&scope.as_str()) {
            scopes.push(scope);
        }
    }
    scopes.join(" ")
}
