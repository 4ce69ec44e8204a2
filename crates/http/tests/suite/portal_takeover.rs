//! Ways to become someone else, or more than one is, each of which is closed.

use crate::fixture::{Answer, Hub, Person};
use bildbro_domain::permission::BuiltIn;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

const ADMIN: &[BuiltIn] = &[BuiltIn::Administrator];

async fn call(hub: &Hub, who: &Person, method: &str, path: &str, body: Value) -> Answer {
    hub.api(Some(who), method, path, body).await
}

async fn new_passwords(hub: &Hub) -> i64 {
    let url = format!("sqlite://{}", hub.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM invitation WHERE kind = 'reset'")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_administrator_of_a_unit_administers_nothing_of_the_whole() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, ADMIN).await;
    let local = hub.member(hub.sender.organisation, &[]).await;
    let ward = json!({ "name": "Ward", "hsa_id": null, "institution": null });
    let made = call(&hub, &admin, "POST", "/api/units", ward).await;
    let unit = made.json()["id"].clone();
    for role in ["administrator", "auditor"] {
        let given = json!({ "role": role, "unit": unit });
        let path = format!("/api/members/{}/assignments", local.member);
        let answer = call(&hub, &admin, "POST", &path, given).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    }
    let here = json!({ "unit": unit });
    let session = call(&hub, &local, "POST", "/api/session/unit", here).await;
    assert_eq!(session.status.as_u16(), 200, "{}", session.text());
    let held = session.json()["permissions"].clone();
    assert_eq!(held, json!(["follow_deliveries"]));
    let own = format!("/api/members/{}/assignments", local.member);
    let more = json!({ "role": "administrator", "unit": null });
    for (method, path, body) in [
        ("GET", "/api/members", Value::Null),
        ("POST", own.as_str(), more),
        ("POST", "/api/audit/search", json!({})),
    ] {
        let answer = call(&hub, &local, method, path, body).await;
        assert_eq!(answer.problem(), "no-permission", "{path}");
    }
}

#[tokio::test]
async fn an_administrator_does_not_become_the_operator() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, ADMIN).await;
    let operator = hub
        .member(hub.sender.organisation, &[BuiltIn::Operator])
        .await;
    let theirs = format!("/api/members/{}", operator.member);
    let mine =
        json!({ "name": "Siv", "email": "mine@example.com", "personal_number": "198112189876" });
    for (method, path, body) in [
        ("PUT", theirs.clone(), mine),
        (
            "POST",
            format!("{theirs}/reset"),
            json!({ "what": "factors" }),
        ),
        ("POST", format!("{theirs}/invite"), Value::Null),
    ] {
        let answer = call(&hub, &admin, method, &path, body).await;
        assert_eq!(answer.problem(), "no-permission", "{path}");
        assert_eq!(answer.json()["permission"], "run_hub");
    }
}

/// Who logs in otherwise has no password, and a letter box is no way in.
#[tokio::test]
async fn a_letter_box_alone_is_no_way_in() {
    let hub = Hub::new().await;
    let siv = hub.member(hub.sender.organisation, ADMIN).await;
    let email = format!("{}@example.com", &siv.token[..12]);
    let ask = json!({ "email": email, "language": "sv" });
    let answer = hub.api(None, "POST", "/api/login/forgotten", ask).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    assert_eq!(new_passwords(&hub).await, 0);
}

/// One pair of eyes does not look away first and act then.
#[tokio::test]
async fn four_eyes_are_not_closed_by_two() {
    let hub = Hub::new().await;
    let one = hub.member(hub.sender.organisation, ADMIN).await;
    let two = hub.member(hub.sender.organisation, ADMIN).await;
    let put = async |who: &Person, actions: Value| {
        let body = json!({ "actions": actions });
        call(&hub, who, "PUT", "/api/organisation/four-eyes", body).await
    };
    let more = put(&one, json!(["grant_role", "lift_block"])).await;
    assert_eq!(more.status.as_u16(), 204, "{}", more.text());
    let asked = put(&one, json!(["grant_role"])).await;
    assert_eq!(asked.status.as_u16(), 202, "{}", asked.text());
    let approval = asked.json()["approval_id"].as_str().unwrap().to_owned();
    let approve = format!("/api/approvals/{approval}/approve");
    assert_eq!(
        call(&hub, &one, "POST", &approve, json!({})).await.json()["denial"],
        "four_eyes"
    );
    let yes = call(&hub, &two, "POST", &approve, json!({})).await;
    assert!(yes.status.is_success(), "{}", yes.text());
    let now = put(&one, json!(["grant_role"])).await;
    assert_eq!(now.status.as_u16(), 204, "{}", now.text());
}
