//! One's own account.

use super::*;

#[tokio::test]
async fn ones_own_account_is_changed_by_whoever_is_fresh() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    let browser = &mut settled.browser;
    let factors = browser
        .call(&world, "GET", "/api/account/factors", Value::Null)
        .await
        .json();
    let totp = format!(
        "/api/account/factors/{}",
        factors["totp"]["id"].as_str().unwrap()
    );
    let last = browser.call(&world, "DELETE", &totp, Value::Null).await;
    assert_eq!(
        (last.status.as_u16(), last.problem().as_str()),
        (409, "last-factor")
    );

    let codes = browser
        .call(&world, "POST", "/api/account/recovery", Value::Null)
        .await
        .json();
    let codes = codes["codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let recover = async |world: &World, code: &Value| {
        let mut lost = Browser::from("192.0.2.4");
        lost.password(world, &settled.email, PASSWORD).await;
        lost.call(world, "POST", "/api/login/recovery", json!({"code": code}))
            .await
    };
    let once = recover(&world, &codes[3]).await.json();
    assert_eq!(
        (&once["level"], &once["recovery_left"]),
        (&json!("full"), &json!(9))
    );
    assert_eq!(recover(&world, &codes[3]).await.problem(), "wrong-code");

    let sessions = browser
        .call(&world, "GET", "/api/account/sessions", Value::Null)
        .await
        .json();
    let items = sessions["items"].as_array().unwrap();
    let current: Vec<_> = items.iter().filter(|s| s["current"] == true).collect();
    assert_eq!((items.len(), current.len()), (3, 1));
    assert_eq!(current[0]["agent"], "Test/1.0");
    let elsewhere = world.settled().await;
    let foreign = {
        let mut browser = elsewhere.browser.clone();
        let all = browser
            .call(&world, "GET", "/api/account/sessions", Value::Null)
            .await
            .json();
        format!(
            "/api/account/sessions/{}",
            all["items"][0]["id"].as_str().unwrap()
        )
    };
    let not_mine = browser.call(&world, "DELETE", &foreign, Value::Null).await;
    assert_eq!(not_mine.problem(), "not-found");

    let wrong = json!({"old": OTHER, "new": "en ny mening om sol"});
    let refused = browser
        .call(&world, "POST", "/api/account/password", wrong)
        .await;
    assert_eq!(refused.problem(), "wrong-login");
    let change = json!({"old": PASSWORD, "new": OTHER});
    let changed = browser
        .call(&world, "POST", "/api/account/password", change.clone())
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    let sessions = browser
        .call(&world, "GET", "/api/account/sessions", Value::Null)
        .await
        .json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);

    world.at(601);
    for (method, path, body) in [
        ("POST", "/api/account/totp/begin", json!({})),
        (
            "POST",
            "/api/account/passkeys/begin",
            json!({"name": "nyckel"}),
        ),
        ("DELETE", totp.as_str(), Value::Null),
        (
            "POST",
            "/api/account/password",
            json!({"old": OTHER, "new": PASSWORD}),
        ),
    ] {
        let stale = browser.call(&world, method, path, body).await;
        assert_eq!(stale.problem(), "step-up-needed", "{path}");
    }
    let own = json!({"language": "en"});
    let own = browser.call(&world, "PUT", "/api/account", own).await;
    assert_eq!(own.status, StatusCode::NO_CONTENT);

    let path = "/api/account/notices";
    let own = browser.call(&world, "GET", path, Value::Null).await;
    assert_eq!(own.json(), json!({"notices": "at_once", "hour": 7}));
    for (wrong, field) in [
        (json!({"notices": "often", "hour": 7}), "notices"),
        (json!({"notices": "digest", "hour": 24}), "hour"),
    ] {
        let refused = browser.call(&world, "PUT", path, wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["field"], field);
    }
    let digest = json!({"notices": "digest", "hour": 16});
    let kept = browser.call(&world, "PUT", path, digest.clone()).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT);
    let own = browser.call(&world, "GET", path, Value::Null).await;
    assert_eq!(own.json(), digest);
    assert!(
        world
            .entries(Action::ChangePassword, Outcome::Success)
            .await
            .len()
            > 1
    );
}
