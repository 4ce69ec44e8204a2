//! Those who would like to be someone else, or keep someone out.

use super::*;

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let world = World::new().await;
    let settled = world.settled().await;
    let mut browser = Browser::from("192.0.2.2");
    let hashed = |world: &World| world.hub.state.login.hashed();
    let mut answers = Vec::new();
    for email in [
        settled.email.as_str(),
        "nobody@example.com",
        "no address\r\nSet-Cookie: a=b",
        "",
    ] {
        let before = hashed(&world);
        let answer = browser.password(&world, email, OTHER).await;
        assert_eq!(hashed(&world), before + 1, "each is as much work");
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        answers.push(answer.text());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    for email in [settled.email.as_str(), "nobody@example.com"] {
        let ask = json!({"email": email, "language": "sv"});
        let answer = browser
            .call(&world, "POST", "/api/login/forgotten", ask)
            .await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (StatusCode::NO_CONTENT, "")
        );
        let ask = json!({ "email": email });
        let means = browser.call(&world, "POST", "/api/login/means", ask);
        let means = means.await.json();
        let none = json!({"password": true, "bankid": false, "identity_provider": null});
        assert_eq!(means, none);
    }
    let failures = world.entries(Action::LogIn, Outcome::Failure).await;
    assert_eq!(failures.len(), 4);
    assert_eq!(failures[0].about, Some(settled.member));
    let log = serde_json::to_string(&failures).unwrap();
    assert!(!log.contains('@'), "what was typed is in no log");
}

#[tokio::test]
async fn a_stranger_cannot_lock_a_colleague_out() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    for n in 0..10 {
        let mut stranger = Browser::from(&format!("198.51.100.{n}"));
        let answer = stranger.password(&world, &settled.email, OTHER).await;
        assert_eq!(answer.problem(), "wrong-login");
    }
    let mut stranger = Browser::from("198.51.100.99");
    let locked = stranger.password(&world, &settled.email, PASSWORD).await;
    assert_eq!(locked.problem(), "too-many-attempts");
    assert_eq!(locked.headers[header::RETRY_AFTER], "901");
    let wrong = stranger.password(&world, &settled.email, OTHER).await;
    assert_eq!(wrong.text(), locked.text());
    assert_eq!(world.entries(Action::LogIn, Outcome::Denied).await.len(), 1);
    // A cookie that is not ours makes no known browser.
    stranger
        .cookies
        .insert("__Host-device".into(), "AAAA".repeat(40));
    let forged = stranger.password(&world, &settled.email, PASSWORD).await;
    assert_eq!(forged.problem(), "too-many-attempts");

    settled.browser.cookies.remove("__Host-session");
    let known = settled
        .browser
        .password(&world, &settled.email, PASSWORD)
        .await;
    assert_eq!(known.json()["level"], "first");
    // It has a count of its own.
    for _ in 0..10 {
        settled
            .browser
            .password(&world, &settled.email, OTHER)
            .await;
    }
    let full = settled
        .browser
        .password(&world, &settled.email, PASSWORD)
        .await;
    assert_eq!(full.problem(), "too-many-attempts");

    world.at(901);
    let mut later = Browser::from("198.51.100.99");
    let again = later.password(&world, &settled.email, PASSWORD).await;
    assert_eq!(again.json()["level"], "first");
    // One address has its limit too, whatever accounts it tries.
    let mut sprayer = Browser::from("2001:db8::1");
    for n in 0..60 {
        sprayer.address = format!("2001:db8::{n:x}");
        sprayer
            .password(&world, &format!("{n}@example.com"), OTHER)
            .await;
    }
    let full = sprayer.password(&world, "next@example.com", OTHER).await;
    assert_eq!(full.problem(), "too-many-attempts");
    // Whoever is known there goes on: a hospital has one address for all.
    settled.browser.address.clone_from(&sprayer.address);
    settled.browser.cookies.remove("__Host-session");
    let known = settled.browser.password(&world, &settled.email, PASSWORD);
    assert_eq!(known.await.json()["level"], "first");
    // A clock that was set back a day keeps nobody out for a day.
    world.at(-86_400);
    let back = sprayer.password(&world, "next@example.com", OTHER).await;
    assert_eq!(back.problem(), "wrong-login");
}

#[tokio::test]
async fn what_is_malformed_foreign_or_too_large_is_refused() {
    let world = World::new().await;
    let mut browser = Browser::from("192.0.2.6");
    browser.agent = b"\xff\xfe evil\tagent".to_vec();
    let path = "/api/login/password";
    let large = format!(
        r#"{{"email":"a@example.com","password":"{}"}}"#,
        "x".repeat(300 << 10)
    );
    let large = browser.send(&world, "POST", path, large).await;
    assert_eq!(large.problem(), "body-too-large");
    let deep = format!(r#"{{"email":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let deep = browser.send(&world, "POST", path, deep).await;
    assert_eq!(deep.problem(), "unreadable");
    let long = browser
        .password(&world, "a@example.com", &"x".repeat(100_000))
        .await;
    assert_eq!(long.problem(), "wrong-login");
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = Request::post(path)
            .header("x-bildbro", "1")
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value)
            .body(Body::from(r#"{"email":"a@example.com","password":"b"}"#))
            .unwrap();
        let answer = Answer::of(world.hub.public().oneshot(request).await.unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (403, "cross-site")
        );
    }
    // Back from a provider in a browser that never went there.
    let callback = "/api/login/oidc/callback?state=x&code=y";
    let lost = browser.call(&world, "GET", callback, Value::Null).await;
    assert_eq!(lost.status, StatusCode::SEE_OTHER);
    assert_eq!(
        lost.headers[header::LOCATION],
        "/login?problem=other-browser"
    );
    browser
        .cookies
        .insert("__Host-oidc".into(), "of-someone-else".into());
    let lost = browser.call(&world, "GET", callback, Value::Null).await;
    assert_eq!(lost.headers[header::LOCATION], "/login?problem=expired");

    let settled = world.settled().await;
    let organisation = world.hub.sender.organisation;
    let config = json!({
        "id": "idp", "issuer": "https://idp.invalid", "client_id": "bildbro",
        "authentication": {"method": "client_secret_basic", "secret": "s"}
    });
    let config = world
        .hub
        .state
        .vault
        .seal(&format!("oidc {organisation}"), &config);
    world.sql(&format!(
        "INSERT INTO identity_provider (organisation, name, config, changed_at) \
         VALUES ('{organisation}', 'IdP', '{config}', 0)"
    ));
    // For the domain, so that no address is told from another.
    for email in [settled.email.as_str(), "nobody@example.com"] {
        let ask = json!({ "email": email });
        let means = browser.call(&world, "POST", "/api/login/means", ask);
        let means = means.await.json();
        assert_eq!(means["identity_provider"], json!({"name": "IdP"}));
    }
    // Another organisation with a provider of its own invites someone of the domain.
    let other = world.hub.recipient.organisation;
    world.hub.member(other, &[BuiltIn::Sender]).await;
    world.sql(&format!(
        "INSERT INTO identity_provider (organisation, name, config, changed_at) \
         VALUES ('{other}', 'Foreign', '{config}', 0)"
    ));
    let ask = json!({ "email": settled.email });
    let means = browser.call(&world, "POST", "/api/login/means", ask).await;
    assert_eq!(means.json()["identity_provider"]["name"], "IdP");
    for away in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "",
    ] {
        let ask = json!({"email": "nobody@example.com", "return_to": away});
        let answer = browser
            .call(&world, "POST", "/api/login/oidc/begin", ask)
            .await;
        assert_eq!(answer.json()["field"], "return_to", "{}", answer.text());
    }
}
