//! A provider that answers as it is told: tokens that must not pass.

use crate::{REDIRECT, callback, key::Key, now, patient, provider, random};
use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing};
use bildbro_login::oidc::{
    Flow, IdTokenError, IdTokenError as E, Identity, OidcError, Provider, RelyingParty,
};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};

/// What the provider says next.
#[derive(Default)]
pub struct Script {
    pub discovery: Value,
    pub keys: Value,
    pub id_token: String,
    pub user_info: Value,
    pub keys_asked: usize,
}

pub struct Hostile {
    pub issuer: String,
    pub script: Arc<Mutex<Script>>,
    pub key: Key,
}

type Shared = State<Arc<Mutex<Script>>>;

async fn token(State(script): Shared) -> impl IntoResponse {
    let id_token = script.lock().unwrap().id_token.clone();
    if id_token.is_empty() {
        let refused = json!({"error": "<script>alert(1)</script>"});
        return (StatusCode::BAD_REQUEST, Json(refused));
    }
    let answer = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": id_token});
    (StatusCode::OK, Json(answer))
}

async fn keys(State(script): Shared) -> Json<Value> {
    let mut script = script.lock().unwrap();
    script.keys_asked += 1;
    Json(json!({"keys": script.keys}))
}

impl Hostile {
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let routes = Router::new()
            .route(
                "/.well-known/openid-configuration",
                routing::get(async |State(script): Shared| {
                    Json(script.lock().unwrap().discovery.clone())
                }),
            )
            .route("/keys", routing::get(keys))
            .route("/token", routing::post(token))
            .route(
                "/me",
                routing::get(async |State(script): Shared| {
                    Json(script.lock().unwrap().user_info.clone())
                }),
            )
            .with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let key = Key::new("one");
        {
            let mut script = script.lock().unwrap();
            script.discovery = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/auth?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "userinfo_endpoint": format!("{issuer}/me"),
            });
            // Keys that are not for us stand in between.
            script.keys = json!([
                {"kty": "oct", "k": "AAAA", "kid": "one"},
                {"kty": "AKP", "alg": "ML-DSA-65", "kid": "one", "pub": "AAAA"},
                key.jwk(),
            ]);
            script.user_info = json!({"sub": "tolvan"});
        }
        Self {
            issuer,
            script,
            key,
        }
    }

    pub async fn begin(&self, party: &RelyingParty, provider: &Provider) -> Flow {
        let begun = party.begin(provider, REDIRECT, "/", now(), random(1));
        begun.await.unwrap().1
    }

    /// The claims of a good token.
    pub fn claims(&self, flow: &Flow) -> Value {
        let second = flow.started.as_second();
        json!({
            "iss": self.issuer, "aud": "basic", "sub": "tolvan", "nonce": flow.nonce,
            "iat": second, "exp": second + 300, "acr": "loa3",
        })
    }

    pub async fn finish(
        &self,
        party: &RelyingParty,
        provider: &Provider,
        flow: &Flow,
        id_token: String,
        now: Timestamp,
    ) -> Result<Identity, OidcError> {
        self.script.lock().unwrap().id_token = id_token;
        let back = callback(&flow.state, "code");
        party.finish(provider, flow.clone(), &back, now).await
    }
}

fn refused(result: Result<Identity, OidcError>) -> Option<IdTokenError> {
    match result {
        Ok(_) => None,
        Err(OidcError::IdToken(error)) => Some(error),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_does_not_pass() {
    let hostile = Hostile::start().await;
    let (party, provider) = (patient(), provider(&hostile.issuer));
    let flow = hostile.begin(&party, &provider).await;
    let second = flow.started.as_second();
    let half = |token: &str| BASE64URL_NOPAD.encode(&Sha256::digest(token)[..16]);
    for (member, value, wanted) in [
        ("sub", json!("tolvan"), None),
        ("iss", json!("https://idp.example"), Some(E::Issuer)),
        (
            "iss",
            json!(format!("{}/", hostile.issuer)),
            Some(E::Issuer),
        ),
        ("aud", json!("another"), Some(E::Audience)),
        ("aud", json!(["another"]), Some(E::Audience)),
        ("aud", json!(["basic"]), None),
        // Several audiences, and nobody says whose it is.
        ("aud", json!(["another", "basic"]), Some(E::Audience)),
        ("aud", Value::Null, Some(E::Audience)),
        ("azp", json!("another"), Some(E::Audience)),
        ("azp", json!("basic"), None),
        ("nonce", json!("another"), Some(E::Nonce)),
        ("nonce", json!(""), Some(E::Nonce)),
        ("nonce", Value::Null, Some(E::Nonce)),
        ("exp", json!(second - 60), Some(E::Life)),
        ("exp", json!(second - 59), None),
        ("exp", Value::Null, Some(E::Life)),
        ("exp", json!("never"), Some(E::Life)),
        ("iat", json!(second + 60), None),
        ("iat", json!(second + 61), Some(E::Life)),
        ("iat", json!(second - 60), None),
        ("iat", json!(second - 61), Some(E::Life)),
        ("iat", Value::Null, Some(E::Life)),
        ("nbf", json!(second + 61), Some(E::Life)),
        ("at_hash", json!(half("opaque")), None),
        ("at_hash", json!(half("another")), Some(E::AccessToken)),
        ("sub", json!(""), Some(E::Subject)),
        ("sub", json!(7), Some(E::Subject)),
        ("sub", json!("x".repeat(256)), Some(E::Subject)),
    ] {
        let mut claims = hostile.claims(&flow);
        claims[member] = value.clone();
        let token = hostile.key.sign(&claims);
        let result = hostile.finish(&party, &provider, &flow, token, flow.started);
        assert_eq!(refused(result.await), wanted, "{member}: {value}");
    }
    let mut claims = hostile.claims(&flow);
    claims["aud"] = json!(["another", "basic"]);
    claims["azp"] = json!("basic");
    let token = hostile.key.sign(&claims);
    let result = hostile.finish(&party, &provider, &flow, token, flow.started);
    assert!(result.await.is_ok());
}

#[tokio::test]
async fn a_token_that_is_not_properly_signed_does_not_pass() {
    let hostile = Hostile::start().await;
    let (party, provider) = (patient(), provider(&hostile.issuer));
    let flow = hostile.begin(&party, &provider).await;
    let claims = hostile.claims(&flow);
    let good = hostile.key.sign(&claims);
    let (rest, _) = good.rsplit_once('.').unwrap();
    let body = rest.split_once('.').unwrap().1;
    let headed = |header: Value| {
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        format!("{header}.{body}.")
    };
    // Of the same name, but another's.
    let forged = Key::new("one").sign(&claims);
    for (token, wanted) in [
        (headed(json!({"alg": "none"})), E::Algorithm),
        (headed(json!({"alg": "none", "kid": "one"})), E::Algorithm),
        (hostile.key.sign_shared(&claims), E::Algorithm),
        (headed(json!({"alg": "ES384", "kid": "one"})), E::Algorithm),
        (headed(json!({"alg": "RS256", "kid": "one"})), E::Key),
        (
            headed(json!({"alg": "ES256", "kid": "one", "crit": ["x"]})),
            E::Form,
        ),
        (format!("{rest}."), E::Signature),
        (forged, E::Signature),
        ("a.b".to_owned(), E::Form),
        ("x".repeat(70_000), E::Form),
    ] {
        let start: String = token.chars().take(60).collect();
        let result = hostile.finish(&party, &provider, &flow, token, flow.started);
        assert_eq!(refused(result.await), Some(wanted), "{start}");
    }
    let result = hostile.finish(&party, &provider, &flow, good, flow.started);
    assert_eq!(refused(result.await), None);
}

#[tokio::test]
async fn new_keys_are_asked_for_once_in_a_while() {
    let hostile = Hostile::start().await;
    let (party, provider) = (patient(), provider(&hostile.issuer));
    let flow = hostile.begin(&party, &provider).await;
    let claims = hostile.claims(&flow);
    let at = |seconds| flow.started + SignedDuration::from_secs(seconds);
    let finish = async |token, at| {
        let result = hostile.finish(&party, &provider, &flow, token, at);
        refused(result.await)
    };
    let asked = || hostile.script.lock().unwrap().keys_asked;
    assert_eq!(finish(hostile.key.sign(&claims), at(0)).await, None);

    let new = Key::new("two");
    hostile.script.lock().unwrap().keys = json!([new.jwk()]);
    assert_eq!(finish(new.sign(&claims), at(1)).await, Some(E::Key));
    assert_eq!(asked(), 1, "they were asked for just now");
    assert_eq!(finish(new.sign(&claims), at(31)).await, None);
    assert_eq!(finish(new.sign(&claims), at(32)).await, None);
    assert_eq!(asked(), 2);
    for seconds in 33..60 {
        let unknown = Key::new("three").sign(&claims);
        assert_eq!(finish(unknown, at(seconds)).await, Some(E::Key));
    }
    assert_eq!(asked(), 2, "tokens with made-up keys make no requests");
    // The old key is gone with the old documents.
    assert_eq!(
        finish(hostile.key.sign(&claims), at(70)).await,
        Some(E::Key)
    );
}

#[tokio::test]
async fn level_and_user_info_must_be_those_of_the_token() {
    let hostile = Hostile::start().await;
    let (party, provider) = (patient(), provider(&hostile.issuer));
    let flow = hostile.begin(&party, &provider).await;
    let finish = async |acr: Value| {
        let mut claims = hostile.claims(&flow);
        claims["acr"] = acr;
        let token = hostile.key.sign(&claims);
        let result = hostile.finish(&party, &provider, &flow, token, flow.started);
        result.await
    };
    for low in [json!("loa2"), json!(["loa3"]), json!(""), Value::Null] {
        let error = finish(low).await.unwrap_err();
        assert!(matches!(error, OidcError::Assurance), "{error}");
    }
    for info in [json!({"sub": "other"}), json!({"name": "x"})] {
        hostile.script.lock().unwrap().user_info = info;
        let error = finish(json!("loa3")).await.unwrap_err();
        assert!(matches!(error, OidcError::OtherSubject), "{error}");
    }
}
