//! Machines: registered by a person, logging in by themselves.

use crate::fixture::{Answer, Hub, Person, now};
use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bildbro_domain::{Digest, GatewayId, audit::Action, permission::BuiltIn};
use bildbro_identity::machine::{KeyPair, assertion};
use bildbro_wire::link::{HELLO, TOKEN};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

const FORM: &str = "application/x-www-form-urlencoded";
/// Whoever has a machine read the log may read it.
const BOTH: [BuiltIn; 2] = [BuiltIn::Administrator, BuiltIn::Auditor];
const AUDIENCE: &str = "https://hub.example/oauth/token";

/// The public part of a pair as a JWK: its PEM ends with the point.
fn jwk(pair: &KeyPair, kid: &str) -> Value {
    let pem = pair.public_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap();
    let (x, y) = der[der.len() - 64..].split_at(32);
    let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "kid": kid })
}

async fn add(hub: &Hub, who: &Person, keys: &[Value]) -> String {
    let body = json!({ "name": "EHR", "jwks": { "keys": keys },
        "scopes": ["system/AuditEvent.rs", "analytics.read"] });
    let answer = hub.api(Some(who), "POST", "/api/machines", body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    assert_eq!(answer.json()["audience"], AUDIENCE);
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn signed(pair: &KeyPair, machine: &str, audience: &str) -> String {
    let machine: Uuid = machine.parse().unwrap();
    assertion(pair, GatewayId(machine), audience, now())
}

async fn ask(hub: &Hub, jwt: &str, scope: Option<&str>) -> Answer {
    let mut form = format!(
        "grant_type=client_credentials&client_assertion={jwt}&client_assertion_type=\
         urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    );
    if let Some(scope) = scope {
        form += &format!("&scope={}", scope.replace('/', "%2F").replace(' ', "+"));
    }
    hub.send(TOKEN, "", FORM, form.into()).await
}

async fn token(hub: &Hub, pair: &KeyPair, machine: &str) -> String {
    let answer = ask(hub, &signed(pair, machine, AUDIENCE), None).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn is_good(hub: &Hub, token: &str) -> bool {
    let hash = Digest::of(token.as_bytes());
    let subject = hub.state.portal.service_subject(hash, now()).await;
    subject.unwrap().is_some()
}

#[tokio::test]
async fn a_machine_gets_what_it_may_have_and_no_more() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, &BOTH).await;
    let pair = KeyPair::generate().unwrap();
    let machine = add(&hub, &admin, &[jwk(&pair, "a")]).await;
    assert_eq!(hub.audited(Action::AddMachine).await, 1);

    let scope = "system/AuditEvent.rs link";
    let answer = ask(&hub, &signed(&pair, &machine, AUDIENCE), Some(scope)).await;
    assert_eq!(answer.json()["scope"], "system/AuditEvent.rs");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert!(is_good(&hub, &token).await);
    // It is no gateway's.
    let hello = hub.post(HELLO, &token, &json!({})).await;
    assert_eq!(hello.problem(), "unauthorized");

    for (scope, error) in [("link", "invalid_scope"), ("system/*.*", "invalid_scope")] {
        let jwt = signed(&pair, &machine, AUDIENCE);
        let answer = ask(&hub, &jwt, Some(scope)).await;
        assert_eq!(answer.json()["error"], error, "{scope}");
    }
    let stranger = KeyPair::generate().unwrap();
    let nobody = Uuid::from_u128(7).to_string();
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        signed(&pair, &machine, AUDIENCE).split('.').nth(1).unwrap()
    );
    for (what, jwt) in [
        (
            "another audience",
            signed(&pair, &machine, "https://other.example/oauth/token"),
        ),
        ("another's key", signed(&stranger, &machine, AUDIENCE)),
        ("no such machine", signed(&pair, &nobody, AUDIENCE)),
        ("alg none", none),
    ] {
        let answer = ask(&hub, &jwt, None).await;
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status.as_u16(), error),
            (401, "invalid_client".into()),
            "{what}"
        );
    }
    let jwt = signed(&pair, &machine, AUDIENCE);
    assert_eq!(ask(&hub, &jwt, None).await.status.as_u16(), 200);
    assert_eq!(
        ask(&hub, &jwt, None).await.json()["error"],
        "invalid_client"
    );
}

#[tokio::test]
async fn keys_are_exchanged_without_a_gap_and_removed_ones_are_out_at_once() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, &BOTH).await;
    let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let machine = add(&hub, &admin, &[jwk(&old, "old/1")]).await;
    let keys = format!("/api/machines/{machine}/keys");
    let body = json!({ "jwk": jwk(&new, "new") });
    let added = hub.api(Some(&admin), "POST", &keys, body.clone()).await;
    assert_eq!(added.status.as_u16(), 201, "{}", added.text());
    let again = hub.api(Some(&admin), "POST", &keys, body).await;
    assert_eq!(again.problem(), "taken");
    let before = token(&hub, &old, &machine).await;
    token(&hub, &new, &machine).await;
    let gone = format!("{keys}/old%2F1");
    let answer = hub.api(Some(&admin), "DELETE", &gone, Value::Null).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    assert!(!is_good(&hub, &before).await);
    let jwt = signed(&old, &machine, AUDIENCE);
    assert_eq!(
        ask(&hub, &jwt, None).await.json()["error"],
        "invalid_client"
    );

    let last = token(&hub, &new, &machine).await;
    let path = format!("/api/machines/{machine}");
    let revoked = hub.api(Some(&admin), "DELETE", &path, Value::Null).await;
    assert_eq!(revoked.status.as_u16(), 204, "{}", revoked.text());
    assert!(!is_good(&hub, &last).await);
    let jwt = signed(&new, &machine, AUDIENCE);
    assert_eq!(
        ask(&hub, &jwt, None).await.json()["error"],
        "invalid_client"
    );
    let shown = hub
        .api(Some(&admin), "GET", "/api/machines", Value::Null)
        .await;
    let shown = shown.json()["items"][0].clone();
    assert_eq!(
        (&shown["active"], shown["keys"].as_array().unwrap().len()),
        (&false.into(), 2)
    );
    assert_eq!(shown["keys"][0]["alg"], "ES256");
    assert_eq!(hub.audited(Action::ChangeMachine).await, 2);
    assert_eq!(hub.audited(Action::RevokeMachine).await, 1);
}

#[tokio::test]
async fn private_keys_and_what_is_for_gateways_are_refused_in_clear_words() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, &BOTH).await;
    let good = jwk(&KeyPair::generate().unwrap(), "a");
    let mut private = good.clone();
    private["d"] = "AAAA".into();
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    let post = async |scopes: Value, jwks: Value| {
        let body = json!({ "name": "EHR", "scopes": scopes, "jwks": jwks });
        hub.api(Some(&admin), "POST", "/api/machines", body).await
    };
    let some = json!(["analytics.read"]);
    let answer = post(some.clone(), private).await;
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("PRIVATE")
    );
    for (scopes, jwks, field) in [
        (some.clone(), nameless, "jwks"),
        (
            some.clone(),
            json!({ "keys": [good.clone(), good.clone()] }),
            "jwks",
        ),
        (some, json!({ "keys": [] }), "jwks"),
        (json!(["link"]), good.clone(), "scopes"),
        (json!([]), good.clone(), "scopes"),
        (json!(["everything"]), good, "scopes"),
    ] {
        let answer = post(scopes, jwks).await;
        assert_eq!(
            (answer.problem().as_str(), &answer.json()["field"]),
            ("unreadable", &field.into())
        );
    }
    let shown = hub
        .api(Some(&admin), "GET", "/api/machines", Value::Null)
        .await;
    assert_eq!(shown.json()["items"], json!([]));
}

#[tokio::test]
async fn anothers_machine_is_not_there() {
    let hub = Hub::new().await;
    let own = hub.member(hub.sender.organisation, &BOTH).await;
    let other = hub.member(hub.recipient.organisation, &BOTH).await;
    let pair = KeyPair::generate().unwrap();
    let machine = add(&hub, &other, &[jwk(&pair, "a")]).await;
    let path = format!("/api/machines/{machine}");
    for (method, path, body) in [
        ("DELETE", path.clone(), Value::Null),
        (
            "POST",
            format!("{path}/keys"),
            json!({ "jwk": jwk(&pair, "b") }),
        ),
        ("DELETE", format!("{path}/keys/a"), Value::Null),
        ("DELETE", "/api/machines/x".to_owned(), Value::Null),
    ] {
        let answer = hub.api(Some(&own), method, &path, body).await;
        assert_eq!(answer.problem(), "not-found", "{method} {path}");
    }
    token(&hub, &pair, &machine).await;
}

#[tokio::test]
async fn a_machine_reads_its_organisations_log_by_its_scope() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, &BOTH).await;
    let pair = KeyPair::generate().unwrap();
    let machine = add(&hub, &admin, &[jwk(&pair, "a")]).await;
    let get = async |token: &str, path: &str| {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Body::empty()).unwrap();
        Answer::of(hub.public().oneshot(request).await.unwrap()).await
    };
    const LOG: &str = "/fhir/AuditEvent";
    let good = token(&hub, &pair, &machine).await;
    let bundle = get(&good, "/fhir/AuditEvent?_count=2").await;
    assert_eq!(bundle.status.as_u16(), 200, "{}", bundle.text());
    let bundle = bundle.json();
    assert_eq!(bundle["resourceType"], "Bundle");
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 2);
    let next = bundle["link"][1]["url"].as_str().unwrap();
    let next = next.strip_prefix("https://hub.example").unwrap();
    assert!(next.starts_with("/fhir/AuditEvent?page="));
    assert_eq!(get(&good, next).await.status.as_u16(), 200);
    // Each search is on record as the machine's.
    let links = hub.store.audit_links(0, 10_000).await.unwrap();
    let by = format!("\"actor\":{{\"kind\":\"machine\",\"id\":\"{machine}\"}}");
    let searches = links.iter().filter(|link| link.text.contains(&by));
    assert_eq!(searches.count(), 2);
    // A patient's number goes into no address.
    let named = get(&good, "/fhir/AuditEvent?patient=191212121212").await;
    assert_eq!(named.problem(), "unreadable");

    let answer = ask(
        &hub,
        &signed(&pair, &machine, AUDIENCE),
        Some("analytics.read"),
    )
    .await;
    let other = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(get(&other, LOG).await.problem(), "insufficient-scope");
    for wrong in [
        "",
        "garbage",
        admin.token.as_str(),
        hub.sender.token.as_str(),
    ] {
        assert_eq!(get(wrong, LOG).await.status.as_u16(), 401);
    }
    let path = format!("/api/machines/{machine}");
    hub.api(Some(&admin), "DELETE", &path, Value::Null).await;
    assert_eq!(get(&good, LOG).await.status.as_u16(), 401);
}

/// An administrator who may not read the log has no machine read it.
#[tokio::test]
async fn no_one_has_a_machine_read_what_they_may_not() {
    let hub = Hub::new().await;
    let admin = hub
        .member(hub.sender.organisation, &[BuiltIn::Administrator])
        .await;
    let pair = KeyPair::generate().unwrap();
    let body = json!({ "name": "EHR", "jwks": { "keys": [jwk(&pair, "a")] },
        "scopes": ["system/AuditEvent.rs"] });
    let answer = hub.api(Some(&admin), "POST", "/api/machines", body).await;
    assert_eq!(answer.problem(), "no-permission");
    assert_eq!(answer.json()["permission"], "search_audit");
}
