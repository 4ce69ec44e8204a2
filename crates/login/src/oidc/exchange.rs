//! The way back: from a code to who it is.

use super::{
    claims::{self, Identity},
    documents::{Known, RelyingParty},
    error::{IdTokenError, OidcError, code},
    fetch,
    flow::{Callback, Flow},
    id_token::{self, Claims, Expected, same},
    provider::{ClientAuthentication, Provider, SigningAlgorithm},
};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;
use uuid::Uuid;

/// How long an assertion for the token endpoint lives, in seconds.
const ASSERTION_LIFE: i64 = 60;

const TOKENS: &str = "token answer";
const USER_INFO: &str = "user info";

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
}

impl RelyingParty {
    /// Who came back, when all holds. The caller has taken `flow` away already,
    /// so that it serves once, whatever comes of it.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn finish(
        &self,
        provider: &Provider,
        flow: Flow,
        callback: &Callback,
        now: Timestamp,
    ) -> Result<Identity, OidcError> {
        if flow.provider != provider.id {
            return Err(OidcError::OtherProvider);
        }
        if flow.is_over(now) {
            return Err(OidcError::Expired);
        }
        if !same(callback.state.as_deref().unwrap_or_default(), &flow.state) {
            return Err(OidcError::State);
        }
        let known = self.known(provider, now).await?;
        let issuer_fits = match &callback.iss {
            Some(issuer) => *issuer == provider.issuer,
            None => !known.names_issuer,
        };
        if !issuer_fits {
            return Err(OidcError::AnswerIssuer);
        }
        if let Some(error) = &callback.error {
            return Err(OidcError::Refused(code(error)));
        }
        let given = callback.code.as_deref().unwrap_or_default();
        if given.is_empty() {
            return Err(OidcError::NoCode);
        }
        let tokens = self.exchange(provider, &known, &flow, given, now).await?;
        let claims = self.verified(provider, &known, &flow, &tokens, now).await?;
        claims::check_assurance(&claims, &provider.acr_values)?;
        let user_info = self.user_info(&known, &tokens, &claims).await?;
        claims::identity(provider, &claims, user_info.as_ref())
    }

    async fn exchange(
        &self,
        provider: &Provider,
        known: &Known,
        flow: &Flow,
        given: &str,
        now: Timestamp,
    ) -> Result<Tokens, OidcError> {
        let form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", given.to_owned()),
            ("redirect_uri", flow.redirect_uri.clone()),
            ("code_verifier", flow.verifier.clone()),
        ];
        let request = known.client.post(known.token_endpoint.clone());
        let request = authenticated(request, form, provider, now)?;
        match fetch::answer(TOKENS, request, self.limits).await? {
            (200, body) => serde_json::from_slice(&body).map_err(|_| OidcError::Unreadable(TOKENS)),
            (status @ (400 | 401), body) => match serde_json::from_slice::<TokenError>(&body) {
                Ok(refused) => Err(OidcError::Exchange(code(&refused.error))),
                Err(_) => Err(OidcError::Status(TOKENS, status)),
            },
            (status, _) => Err(OidcError::Status(TOKENS, status)),
        }
    }

    async fn verified(
        &self,
        provider: &Provider,
        known: &Known,
        flow: &Flow,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Claims, OidcError> {
        let jwt = &tokens.id_token;
        let header = id_token::header(jwt)?;
        let expected = Expected {
            issuer: &provider.issuer,
            client_id: &provider.client_id,
            nonce: &flow.nonce,
            started: flow.started,
            access_token: tokens.access_token.as_deref(),
        };
        let keys = self.keys(provider, known, now).await?;
        if let Some(key) = id_token::key(&header, &keys) {
            return Ok(id_token::verify(jwt, &header, key, &expected, now)?);
        }
        // The provider has changed its keys since we asked.
        let keys = self.newer_keys(provider, known, now).await?;
        let key = keys.as_ref().and_then(|keys| id_token::key(&header, keys));
        let key = key.ok_or(IdTokenError::Key)?;
        Ok(id_token::verify(jwt, &header, key, &expected, now)?)
    }

    /// Claims of the UserInfo endpoint (OpenID Connect Core 5.3), of a provider
    /// that has one: what is asked for by scope comes from there (5.4).
    async fn user_info(
        &self,
        known: &Known,
        tokens: &Tokens,
        claims: &Claims,
    ) -> Result<Option<Claims>, OidcError> {
        let Some(place) = known.userinfo_endpoint.clone() else {
            return Ok(None);
        };
        let token = tokens.access_token.as_deref();
        let token = token.ok_or(OidcError::Unreadable(TOKENS))?;
        let request = known.client.get(place).bearer_auth(token);
        let info: Claims = fetch::document(USER_INFO, request, self.limits).await?;
        // Without this, another's token could be put in the place of ours.
        if info.get("sub").is_none() || info.get("sub") != claims.get("sub") {
            return Err(OidcError::OtherSubject);
        }
        Ok(Some(info))
    }
}

/// The request with its form, and proof of who we are.
fn authenticated(
    request: RequestBuilder,
    mut form: Vec<(&'static str, String)>,
    provider: &Provider,
    now: Timestamp,
) -> Result<RequestBuilder, OidcError> {
    let id = &provider.client_id;
    let request = match &provider.authentication {
        ClientAuthentication::ClientSecretBasic { secret } => {
            // Both are form-encoded first (RFC 6749 2.3.1).
            let encode = |text: &str| -> String {
                form_urlencoded::byte_serialize(text.as_bytes()).collect()
            };
            request.basic_auth(encode(id), Some(encode(secret.reveal())))
        }
        ClientAuthentication::ClientSecretPost { secret } => {
            form.push(("client_id", id.clone()));
            form.push(("client_secret", secret.reveal().to_owned()));
            request
        }
        ClientAuthentication::PrivateKeyJwt { .. } => {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            form.push(("client_id", id.clone()));
            form.push(("client_assertion_type", kind.to_owned()));
            form.push(("client_assertion", assertion(provider, now)?));
            request
        }
    };
    Ok(request.form(&form))
}

/// A signed assertion that we are the client (RFC 7523).
fn assertion(provider: &Provider, now: Timestamp) -> Result<String, OidcError> {
    let ClientAuthentication::PrivateKeyJwt {
        key,
        kid,
        algorithm,
        audience,
    } = &provider.authentication
    else {
        return Err(OidcError::SigningKey);
    };
    let pem = key.reveal().as_bytes();
    let (algorithm, key) = match algorithm {
        SigningAlgorithm::ES256 => (Algorithm::ES256, EncodingKey::from_ec_pem(pem)),
        SigningAlgorithm::PS256 => (Algorithm::PS256, EncodingKey::from_rsa_pem(pem)),
        SigningAlgorithm::RS256 => (Algorithm::RS256, EncodingKey::from_rsa_pem(pem)),
    };
    let key = key.map_err(|_| OidcError::SigningKey)?;
    let mut header = Header::new(algorithm);
    header.kid.clone_from(kid);
    let second = now.as_second();
    let claims = json!({
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": audience.as_ref().unwrap_or(&provider.issuer),
        "jti": Uuid::new_v4(),
        "iat": second,
        "exp": second + ASSERTION_LIFE,
    });
    jsonwebtoken::encode(&header, &claims, &key).map_err(|_| OidcError::SigningKey)
}
