//! Providers that are down, slow, talkative or lead elsewhere, and answers that
//! do not belong to a login.

use crate::{REDIRECT, callback, hostile::Hostile, now, party, patient, provider, random};
use axum::{Router, response::Redirect, routing};
use bildbro_login::oidc::{Flow, Limits, OidcError, RelyingParty};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use tokio::net::TcpListener;
use url::Url;

async fn begin(party: &RelyingParty, issuer: &str) -> Result<(Url, Flow), OidcError> {
    let provider = provider(issuer);
    party
        .begin(&provider, REDIRECT, "/studies", now(), random(1))
        .await
}

/// A provider whose discovery document is what `route` says.
async fn at(route: routing::MethodRouter) -> String {
    let routes = Router::new().route("/.well-known/openid-configuration", route);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    issuer
}

#[tokio::test]
async fn a_login_is_begun_with_all_that_binds_its_answer() {
    let hostile = Hostile::start().await;
    let (url, flow) = begin(&patient(), &hostile.issuer).await.unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let get = |name: &str| {
        let mut found = query.iter().filter(|(key, _)| key == name);
        let one = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice");
        one
    };
    assert_eq!(get("tenant"), Some("1"), "what the endpoint has stays");
    assert_eq!(get("response_type"), Some("code"));
    assert_eq!(get("scope"), Some("openid siths"));
    assert_eq!(get("acr_values"), Some("loa3"));
    assert_eq!(get("redirect_uri"), Some(REDIRECT));
    assert_eq!(get("state"), Some(flow.state.as_str()));
    assert_eq!(get("nonce"), Some(flow.nonce.as_str()));
    assert_eq!(get("code_challenge_method"), Some("S256"));
    assert!(!url.as_str().contains(&flow.verifier));
    let kept: Flow = serde_json::from_str(&serde_json::to_string(&flow).unwrap()).unwrap();
    assert_eq!(kept, flow);
    assert!(!format!("{flow:?}").contains(&flow.verifier));

    let party = patient();
    let provider = provider(&hostile.issuer);
    let away = party.begin(&provider, REDIRECT, "//elsewhere.example", now(), random(1));
    assert!(matches!(away.await, Err(OidcError::ReturnTo)));
}

#[tokio::test]
async fn a_provider_that_is_down_slow_or_talkative_is_given_up() {
    let impatient = party(Limits {
        time: Duration::from_millis(300),
        bytes: 4096,
    });
    let down = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = begin(&impatient, &down).await.unwrap_err();
    assert!(matches!(error, OidcError::Unreachable(..)), "{error}");
    assert!(error.is_transient());

    let slow = at(routing::get(std::future::pending::<()>)).await;
    let error = begin(&impatient, &slow).await.unwrap_err();
    assert!(matches!(error, OidcError::Unreachable(..)), "{error}");

    let talkative = at(routing::get(async || vec![b' '; 4097])).await;
    let error = begin(&impatient, &talkative).await.unwrap_err();
    assert!(matches!(error, OidcError::TooLong(_)), "{error}");
    assert!(!error.is_transient());

    let deep = at(routing::get(async || "[".repeat(4000))).await;
    let error = begin(&impatient, &deep).await.unwrap_err();
    assert!(matches!(error, OidcError::Unreadable(_)), "{error}");

    let elsewhere = at(routing::get(async || Redirect::temporary("/other"))).await;
    let error = begin(&impatient, &elsewhere).await.unwrap_err();
    assert!(matches!(error, OidcError::Status(_, 307)), "{error}");
}

#[tokio::test]
async fn a_discovery_document_must_be_the_issuers_and_lead_to_safe_places() {
    let with = async |member: &str, value: Value| {
        let hostile = Hostile::start().await;
        hostile.script.lock().unwrap().discovery[member] = value;
        begin(&patient(), &hostile.issuer).await
    };
    let other = with("issuer", json!("https://idp.example")).await;
    assert!(matches!(other, Err(OidcError::OtherIssuer)));
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
    ] {
        let plain = with(member, json!("http://idp.example/x")).await;
        assert!(matches!(plain, Err(OidcError::Address(_))), "{member}");
    }
    let none = with("token_endpoint", Value::Null).await;
    assert!(matches!(none, Err(OidcError::Unreadable(_))));
    let plain = begin(&patient(), "http://idp.example").await;
    assert!(matches!(plain, Err(OidcError::Address(_))));
}

#[tokio::test]
async fn an_answer_that_is_not_of_this_login_is_refused() {
    let hostile = Hostile::start().await;
    hostile.script.lock().unwrap().discovery["authorization_response_iss_parameter_supported"] =
        json!(true);
    let (party, provider) = (patient(), provider(&hostile.issuer));
    let flow = hostile.begin(&party, &provider).await;
    let token = hostile.key.sign(&hostile.claims(&flow));
    hostile.script.lock().unwrap().id_token = token;
    let good = || {
        let mut back = callback(&flow.state, "code");
        back.iss = Some(hostile.issuer.clone());
        back
    };
    let finish = async |back| {
        let result = party.finish(&provider, flow.clone(), &back, flow.started);
        result.await
    };
    assert!(finish(good()).await.is_ok());

    for state in [
        None,
        Some(String::new()),
        Some("x".repeat(flow.state.len())),
    ] {
        let mut back = good();
        back.state = state;
        assert!(matches!(finish(back).await, Err(OidcError::State)));
    }
    for issuer in [None, Some("https://idp.example".to_owned())] {
        let mut back = good();
        back.iss = issuer;
        assert!(matches!(finish(back).await, Err(OidcError::AnswerIssuer)));
    }
    let mut back = good();
    back.code = None;
    assert!(matches!(finish(back).await, Err(OidcError::NoCode)));
    for (said, shown) in [
        ("access_denied", "access_denied"),
        ("<b>\r\nlog line", "an unreadable error"),
    ] {
        let mut back = good();
        back.error = Some(said.to_owned());
        let error = finish(back).await.unwrap_err();
        assert!(matches!(&error, OidcError::Refused(code) if code == shown));
    }
    hostile.script.lock().unwrap().id_token = String::new();
    let error = finish(good()).await.unwrap_err();
    assert!(!error.to_string().contains("script"), "{error}");

    let back = good();
    let late = flow.started + SignedDuration::from_secs(15 * 60 + 1);
    let result = party.finish(&provider, flow.clone(), &back, late);
    assert!(matches!(result.await, Err(OidcError::Expired)));
    let mut other = provider.clone();
    other.id = "another".into();
    let result = party.finish(&other, flow.clone(), &back, flow.started);
    assert!(matches!(result.await, Err(OidcError::OtherProvider)));
}

#[tokio::test]
async fn a_bad_file_of_authorities_is_said_so() {
    let hostile = Hostile::start().await;
    let with = async |file: &str| {
        let mut provider = provider(&hostile.issuer);
        provider.ca_file = Some(PathBuf::from(file));
        let party = patient();
        let begun = party
            .begin(&provider, REDIRECT, "/", now(), random(1))
            .await;
        begun.unwrap_err()
    };
    let missing = with("/nowhere/ca.pem").await;
    assert!(matches!(missing, OidcError::AuthorityFile(_)));
    let empty = with(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await;
    assert!(matches!(empty, OidcError::Authority));
}
