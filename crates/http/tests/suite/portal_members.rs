//! Members, roles and approvals, as an administrator's browser calls them.

use crate::fixture::{Answer, Hub, Person};
use bildbro_domain::{audit::Action, permission::BuiltIn};
use serde_json::{Value, json};

const ADMIN: &[BuiltIn] = &[BuiltIn::Administrator];

fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn invited(hub: &Hub, by: &Person, name: &str, email: &str) -> (String, Value) {
    let body = json!({ "name": name, "email": email, "language": "sv" });
    let answer = hub.api(Some(by), "POST", "/api/members", body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    (id(&answer.json()["member"]), answer.json())
}

async fn get(hub: &Hub, who: &Person, path: &str) -> Answer {
    hub.api(Some(who), "GET", path, Value::Null).await
}

#[tokio::test]
async fn someone_is_invited_found_given_a_role_and_let_go() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, ADMIN).await;
    let (member, body) = invited(&hub, &admin, "Åsa Öberg", "asa@halland.example").await;
    let url = body["invitation"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://hub.example/invitation/"));
    assert_eq!(body["invitation"]["mailed"], true);
    assert_eq!(hub.audited(Action::InviteMember).await, 3);

    for (search, found) in [
        ("asa", 1),
        ("OBERG", 1),
        ("halland", 1),
        ("xyz", 0),
        ("", 2),
    ] {
        let answer = get(&hub, &admin, &format!("/api/members?search={search}")).await;
        let items = answer.json()["items"].as_array().unwrap().len();
        assert_eq!(items, found, "{search}");
    }
    let page = get(&hub, &admin, "/api/members?limit=1").await.json();
    let next = id(&page["next"]);
    let page = get(&hub, &admin, &format!("/api/members?limit=1&after={next}")).await;
    let page = page.json();
    assert_eq!(page["items"][0]["id"], member.as_str());
    assert_eq!(
        (&page["items"][0]["invited"], &page["next"]),
        (&true.into(), &Value::Null)
    );
    let bad = get(&hub, &admin, "/api/members?limit=many").await;
    assert_eq!(bad.problem(), "unreadable");

    let place = format!("/api/members/{member}/assignments");
    let given = hub
        .api(Some(&admin), "POST", &place, json!({ "role": "receiver" }))
        .await;
    assert_eq!(given.status.as_u16(), 201, "{}", given.text());
    let twice = hub
        .api(Some(&admin), "POST", &place, json!({ "role": "receiver" }))
        .await;
    assert_eq!(twice.problem(), "taken");
    let explain = get(&hub, &admin, &format!("/api/members/{member}/explain"))
        .await
        .json();
    let verdicts = explain["choices"][0]["permissions"].as_array().unwrap();
    let of = |word: &str| verdicts.iter().find(|v| v["permission"] == word).unwrap();
    assert_eq!(of("view")["by"][0]["role"], "receiver");
    assert_eq!(of("search_audit")["allowed"], false);
    assert_eq!(of("search_audit")["would"], json!(["auditor"]));
    assert_eq!(hub.audited(Action::ExplainMember).await, 1);

    let gone = format!("{place}/{}", id(&given.json()["id"]));
    let answer = hub.api(Some(&admin), "DELETE", &gone, Value::Null).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    let close = format!("/api/members/{member}/close");
    let wrong = hub
        .api(Some(&admin), "POST", &close, json!({ "confirm": "Asa" }))
        .await;
    assert_eq!(
        (wrong.problem().as_str(), &wrong.json()["field"]),
        ("unreadable", &"confirm".into())
    );
    let done = hub
        .api(
            Some(&admin),
            "POST",
            &close,
            json!({ "confirm": "Åsa Öberg" }),
        )
        .await;
    assert_eq!(done.status.as_u16(), 204, "{}", done.text());
}

#[tokio::test]
async fn a_closed_or_reset_account_is_logged_out_at_once() {
    let hub = Hub::new().await;
    let organisation = hub.sender.organisation;
    let admin = hub.member(organisation, ADMIN).await;
    for (path, body) in [
        ("close", json!({ "confirm": "Siv Syster" })),
        ("reset", json!({ "what": "password" })),
        ("reset", json!({ "what": "factors" })),
    ] {
        let other = hub.member(organisation, ADMIN).await;
        assert_eq!(get(&hub, &other, "/api/members").await.status.as_u16(), 200);
        let path = format!("/api/members/{}/{path}", other.member);
        let answer = hub.api(Some(&admin), "POST", &path, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        // Where it is mailed, the way back in is not told to someone else.
        if answer.status.as_u16() == 200 {
            assert_eq!(answer.json()["invitation"]["url"], Value::Null);
        }
        assert_eq!(
            get(&hub, &other, "/api/members").await.problem(),
            "not-logged-in"
        );
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, ADMIN).await;
    let (invitee, _) = invited(&hub, &admin, "Nils Ny", "nils@halland.example").await;
    let own = format!("/api/members/{}", admin.member);
    let close = format!("{own}/close");
    let confirm = json!({ "confirm": "Siv Syster" });
    let answer = hub.api(Some(&admin), "POST", &close, confirm.clone()).await;
    assert_eq!(answer.problem(), "last-administrator");
    let me = get(&hub, &admin, &own).await.json();
    let assignment = format!("{own}/assignments/{}", id(&me["assignments"][0]["id"]));
    let answer = hub
        .api(Some(&admin), "DELETE", &assignment, Value::Null)
        .await;
    assert_eq!(answer.problem(), "last-administrator");

    // An administrator at one care unit would not do; one by a role of the
    // organisation's own does, as long as that role gives it.
    let role = json!({ "name": "Chef", "permissions": ["manage_members"] });
    let made = hub.api(Some(&admin), "POST", "/api/roles", role).await;
    let role = id(&made.json()["id"]);
    let place = format!("/api/members/{invitee}/assignments");
    let given = hub
        .api(Some(&admin), "POST", &place, json!({ "role": role }))
        .await;
    assert_eq!(given.status.as_u16(), 201, "{}", given.text());
    let answer = hub
        .api(Some(&admin), "DELETE", &assignment, Value::Null)
        .await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    let gone = get(&hub, &admin, "/api/members").await;
    assert_eq!(gone.problem(), "no-permission");
    assert_eq!(gone.json()["would"], json!(["administrator"]));
}

#[tokio::test]
async fn a_role_in_use_cannot_go_nor_lose_the_last_administrator() {
    let hub = Hub::new().await;
    let organisation = hub.sender.organisation;
    let admin = hub.member(organisation, ADMIN).await;
    let bad = json!({ "name": "Allt", "permissions": ["run_hub"] });
    let answer = hub.api(Some(&admin), "POST", "/api/roles", bad).await;
    assert_eq!(answer.problem(), "unreadable");
    let role = json!({ "name": "Chef", "permissions": ["manage_members"] });
    let made = hub
        .api(Some(&admin), "POST", "/api/roles", role.clone())
        .await;
    assert_eq!(
        hub.api(Some(&admin), "POST", "/api/roles", role)
            .await
            .problem(),
        "taken"
    );
    let path = format!("/api/roles/{}", id(&made.json()["id"]));
    let own = format!("/api/members/{}/assignments", admin.member);
    let body = json!({ "role": made.json()["id"] });
    hub.api(Some(&admin), "POST", &own, body).await;
    assert_eq!(
        hub.api(Some(&admin), "DELETE", &path, Value::Null)
            .await
            .problem(),
        "in-use"
    );
    let me = get(&hub, &admin, &format!("/api/members/{}", admin.member))
        .await
        .json();
    let first = format!("{own}/{}", id(&me["assignments"][0]["id"]));
    let answer = hub.api(Some(&admin), "DELETE", &first, Value::Null).await;
    assert_eq!(answer.status.as_u16(), 204);
    let less = json!({ "name": "Chef", "permissions": ["find"] });
    let answer = hub.api(Some(&admin), "PUT", &path, less).await;
    assert_eq!(answer.problem(), "last-administrator");
}

#[tokio::test]
async fn only_an_operator_makes_operators() {
    let hub = Hub::new().await;
    let organisation = hub.sender.organisation;
    let admin = hub.member(organisation, ADMIN).await;
    let path = format!("/api/members/{}/assignments", admin.member);
    let body = json!({ "role": "operator" });
    let answer = hub.api(Some(&admin), "POST", &path, body.clone()).await;
    assert_eq!(answer.problem(), "no-permission");
    let sneaky = json!({ "name": "N", "email": "n@h.example", "language": "en",
        "assignments": [{ "role": "operator" }] });
    let answer = hub.api(Some(&admin), "POST", "/api/members", sneaky).await;
    assert_eq!(answer.problem(), "no-permission");
    let roles = [BuiltIn::Administrator, BuiltIn::Operator];
    let operator = hub.member(organisation, &roles).await;
    let answer = hub.api(Some(&operator), "POST", &path, body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
}

/// Every route with an id, with ids of another organisation's.
#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let hub = Hub::new().await;
    let own = hub.member(hub.sender.organisation, ADMIN).await;
    let other = hub.member(hub.recipient.organisation, ADMIN).await;
    let theirs = format!("/api/members/{}", other.member);
    let view = get(&hub, &other, &theirs).await.json();
    let assignment = id(&view["assignments"][0]["id"]);
    let role = json!({ "name": "Chef", "permissions": ["find"] });
    let made = hub
        .api(Some(&other), "POST", "/api/roles", role.clone())
        .await;
    let their_role = format!("/api/roles/{}", id(&made.json()["id"]));
    let given = json!({ "role": made.json()["id"] });
    let own_place = format!("/api/members/{}/assignments", own.member);
    let foreign_role = hub.api(Some(&own), "POST", &own_place, given).await;
    assert_eq!(foreign_role.json()["field"], "role");
    let particulars = json!({ "name": "X", "email": "x@x.example" });
    for (method, path, body) in [
        ("GET", theirs.clone(), Value::Null),
        ("PUT", theirs.clone(), particulars),
        (
            "POST",
            format!("{theirs}/close"),
            json!({ "confirm": "Siv Syster" }),
        ),
        ("POST", format!("{theirs}/open"), Value::Null),
        (
            "POST",
            format!("{theirs}/reset"),
            json!({ "what": "password" }),
        ),
        ("POST", format!("{theirs}/invite"), Value::Null),
        (
            "POST",
            format!("{theirs}/assignments"),
            json!({ "role": "sender" }),
        ),
        (
            "DELETE",
            format!("{theirs}/assignments/{assignment}"),
            Value::Null,
        ),
        (
            "DELETE",
            format!("/api/members/{}/assignments/{assignment}", own.member),
            Value::Null,
        ),
        ("GET", format!("{theirs}/explain"), Value::Null),
        ("GET", format!("{theirs}/sessions"), Value::Null),
        ("DELETE", format!("{theirs}/sessions"), Value::Null),
        ("PUT", their_role.clone(), role),
        ("DELETE", their_role, Value::Null),
        ("GET", "/api/members/no-id".to_owned(), Value::Null),
    ] {
        let answer = hub.api(Some(&own), method, &path, body).await;
        assert_eq!(answer.problem(), "not-found", "{method} {path}");
    }
    assert_eq!(get(&hub, &other, &theirs).await.json(), view);
}

#[tokio::test]
async fn the_identity_providers_secret_goes_in_and_never_out() {
    let hub = Hub::new().await;
    let admin = hub.member(hub.sender.organisation, ADMIN).await;
    let path = "/api/identity-provider";
    assert_eq!(get(&hub, &admin, path).await.json(), Value::Null);
    let mut body = json!({ "name": "Halland", "issuer": "https://idp.halland.example",
        "client_id": "bildbro", "client_secret": "ssh-very-secret" });
    let set = async |body: &Value| hub.api(Some(&admin), "PUT", path, body.clone()).await;
    assert_eq!(set(&body).await.status.as_u16(), 204);
    let shown = get(&hub, &admin, path).await;
    assert!(!shown.text().contains("secret"), "{}", shown.text());
    assert_eq!(shown.json()["mapping"]["subject"], json!(["sub"]));
    // The secret stays for the same client, and is not sent to another issuer.
    body.as_object_mut().unwrap().remove("client_secret");
    body["name"] = "Region Halland".into();
    assert_eq!(set(&body).await.status.as_u16(), 204);
    for issuer in [
        "https://evil.example",
        "http://idp.halland.example",
        "https://127.0.0.1/",
        "https://idp.halland.example/?a=b",
        "file:///etc/passwd",
    ] {
        body["issuer"] = issuer.into();
        assert_eq!(set(&body).await.problem(), "unreadable", "{issuer}");
    }
    assert_eq!(hub.audited(Action::ChangeIdentityProvider).await, 2);
    let test = json!({ "issuer": "http://127.0.0.1:8071" });
    let answer = hub
        .api(Some(&admin), "POST", &format!("{path}/test"), test)
        .await;
    assert_eq!(answer.problem(), "unreadable");
    let gone = hub.api(Some(&admin), "DELETE", path, Value::Null).await;
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(get(&hub, &admin, path).await.json(), Value::Null);
}
