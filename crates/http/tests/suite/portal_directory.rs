//! The directory's part of the portal's API, as its pages call it.

use crate::fixture::{Hub, PUBLIC_KEY, Person, later, now};
use axum::{
    body::{Body, HttpBody},
    http::{Request, header},
};
use bildbro_domain::{audit::Action, permission::BuiltIn};
use bildbro_flow::clock::Clock;
use bildbro_wire::link::{AskWork, Enrol, WORK};
use futures::StreamExt;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tower::ServiceExt;

impl Hub {
    async fn ask(&self, who: &Person, method: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = self.api(Some(who), method, path, body).await;
        let status = answer.status.as_u16();
        let body = if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        };
        (status, body)
    }

    /// What field an answer says is wrong, or taken.
    async fn field(&self, who: &Person, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, body) = self.ask(who, method, path, body).await;
        (
            status,
            body["field"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

fn party() -> Value {
    json!({
        "name": "Ögonkliniken Lund", "kind": "private_clinic", "ae_title": "BB_OGON",
        "hsa_id": "SE2321000016-OGON", "number": "232100-0016",
        "administrator": { "name": "Adam Admin", "email": "adam@ogon.se", "language": "sv" },
    })
}

fn with(mut value: Value, path: &str, to: impl Into<Value>) -> Value {
    *value.pointer_mut(path).unwrap() = to.into();
    value
}

#[tokio::test]
async fn an_organisation_is_added_closed_and_opened() {
    let hub = Hub::new().await;
    let own = hub.sender.organisation;
    let who = hub.member(own, &[BuiltIn::Operator]).await;
    let long = "x".repeat(1000);
    for (path, wrong, field) in [
        ("/name", "", "name"),
        ("/name", long.as_str(), "name"),
        ("/name", "Lund\u{0}", "name"),
        ("/name", "Lund\nMalmö", "name"),
        ("/kind", "hospital", "kind"),
        ("/ae_title", "", "ae_title"),
        ("/ae_title", "BB_OGONKLINIKEN_LUND", "ae_title"),
        ("/ae_title", "BB\\OGON", "ae_title"),
        ("/hsa_id", "SE232100-1", "hsa_id"),
        ("/number", "232100-0017", "number"),
        ("/number", "23210000160", "number"),
        ("/administrator/name", "", "administrator"),
        ("/administrator/email", "adam", "email"),
        (
            "/administrator/email",
            "adam@ogon.se\r\nBcc: x@y.se",
            "email",
        ),
        ("/administrator/language", "de", "language"),
    ] {
        let body = with(party(), path, wrong);
        let refused = hub.field(&who, "POST", "/api/organisations", body).await;
        assert_eq!(refused, (400, field.into()), "{path} {wrong:?}");
    }
    let (status, added) = hub.ask(&who, "POST", "/api/organisations", party()).await;
    assert_eq!(status, 201, "{added}");
    let url = added["invitation"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://hub.example/invitation/"));
    assert_eq!(added["invitation"]["expires_at"], "2026-03-09T08:00:00Z");
    for (path, other, field) in [
        ("/name", "ÖGONKLINIKEN LUND", "name"),
        ("/name", "Other", "ae_title"),
    ] {
        let body = with(party(), path, other);
        let taken = hub.field(&who, "POST", "/api/organisations", body).await;
        assert_eq!(taken, (409, field.into()));
    }

    let (_, all) = hub
        .ask(&who, "GET", "/api/organisations", Value::Null)
        .await;
    let items = all["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let clinic = items
        .iter()
        .find(|item| item["ae_title"] == "BB_OGON")
        .unwrap();
    assert_eq!(clinic["number"], "2321000016");
    assert_eq!(
        (&clinic["members"], &clinic["active"]),
        (&json!(1), &json!(true))
    );

    let act = async |what: &str| {
        let path = format!(
            "/api/organisations/{}/{what}",
            clinic["id"].as_str().unwrap()
        );
        hub.ask(&who, "POST", &path, json!({})).await.0
    };
    assert_eq!(act("open").await, 410);
    assert_eq!(act("close").await, 204);
    assert_eq!(act("close").await, 410);
    assert_eq!(act("open").await, 204);
    let nowhere = hub
        .ask(&who, "POST", "/api/organisations/x/close", json!({}))
        .await;
    assert_eq!(nowhere.0, 404);
    let own = hub
        .field(
            &who,
            "POST",
            &format!("/api/organisations/{own}/close"),
            json!({}),
        )
        .await;
    assert_eq!(own, (400, "organisation".into()));

    let (_, health) = hub.ask(&who, "GET", "/api/health", Value::Null).await;
    assert_eq!(
        (&health["database"], &health["storage"]),
        (&json!("ok"), &json!("ok"))
    );
    assert_eq!(health["deliveries"]["waiting"], 0);
    assert_eq!(health["gateways"].as_array().unwrap().len(), 2);
    assert!(!health.to_string().contains("Siv"));

    let other = hub
        .member(hub.sender.organisation, &[BuiltIn::Administrator])
        .await;
    for path in ["/api/organisations", "/api/health"] {
        let (status, problem) = hub.ask(&other, "GET", path, Value::Null).await;
        assert_eq!((status, &problem["would"]), (403, &json!(["operator"])));
    }
}

#[tokio::test]
async fn an_organisation_looks_after_itself() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Administrator])
        .await;
    let particulars = json!({ "name": "Region Halland", "hsa_id": null, "number": "2321000115",
        "postal": "Box 517\nHalmstad", "on_call": "jour@halland.se", "names_staff": false,
        "escalate_hours": 12 });
    let long = "x".repeat(1000);
    for (path, wrong, field) in [
        ("/name", long.as_str(), "name"),
        ("/name", "\u{7}", "name"),
        ("/hsa_id", "x", "hsa_id"),
        ("/postal", long.as_str(), "postal"),
        ("/on_call", "jour", "on_call"),
    ] {
        let body = with(particulars.clone(), path, wrong);
        let refused = hub.field(&who, "PUT", "/api/organisation", body).await;
        assert_eq!(refused, (400, field.into()), "{path}");
    }
    let taken = with(particulars.clone(), "/name", "region skåne");
    let taken = hub.field(&who, "PUT", "/api/organisation", taken).await;
    assert_eq!(taken, (409, "name".into()));
    assert_eq!(
        hub.ask(&who, "PUT", "/api/organisation", particulars)
            .await
            .0,
        204
    );
    let four_eyes = async |words: Value| {
        let body = json!({ "actions": words });
        hub.field(&who, "PUT", "/api/organisation/four-eyes", body)
            .await
    };
    assert_eq!(four_eyes(json!(["log_in"])).await, (400, "actions".into()));
    assert_eq!(
        four_eyes(json!(["lift_block", "grant_role", "lift_block"]))
            .await
            .0,
        204
    );
    let (_, own) = hub.ask(&who, "GET", "/api/organisation", Value::Null).await;
    assert_eq!(own["four_eyes"], json!(["grant_role", "lift_block"]));
    assert_eq!(
        (&own["postal"], &own["names_staff"]),
        (&json!("Box 517\nHalmstad"), &json!(false))
    );

    let unit =
        json!({ "name": "Röntgen", "hsa_id": "SE2321000115-1", "institution": " HLD Sjukhus " });
    let (status, made) = hub.ask(&who, "POST", "/api/units", unit.clone()).await;
    assert_eq!(status, 201);
    let again = with(with(unit, "/name", "RÖNTGEN"), "/hsa_id", Value::Null);
    assert_eq!(
        hub.field(&who, "POST", "/api/units", again).await,
        (409, "name".into())
    );
    let (_, units) = hub.ask(&who, "GET", "/api/units", Value::Null).await;
    assert_eq!(units["items"][0]["institution"], "hld sjukhus");
    let change = json!({ "name": "", "hsa_id": null, "institution": null, "active": false });
    let path = format!("/api/units/{}", made["id"].as_str().unwrap());
    assert_eq!(
        hub.field(&who, "PUT", &path, change.clone()).await,
        (400, "name".into())
    );
    let change = with(change, "/name", "Röntgen");
    let other = hub
        .member(hub.recipient.organisation, &[BuiltIn::Administrator])
        .await;
    let denied = hub.audited(Action::ChangeCareUnit).await;
    assert_eq!(hub.ask(&other, "PUT", &path, change.clone()).await.0, 404);
    assert_eq!(hub.audited(Action::ChangeCareUnit).await, denied + 1);
    assert_eq!(hub.ask(&who, "PUT", &path, change).await.0, 204);

    let recipient = hub.recipient.organisation;
    let partner = format!("/api/partners/{recipient}");
    assert_eq!(
        hub.ask(&who, "PUT", "/api/partners", json!({ "takes": "hold" }))
            .await
            .0,
        204
    );
    assert_eq!(
        hub.ask(&who, "PUT", &partner, json!({ "takes": "closed" }))
            .await
            .0,
        204
    );
    let wrong = hub
        .field(&who, "PUT", &partner, json!({ "takes": "never" }))
        .await;
    assert_eq!(wrong, (400, "takes".into()));
    let (_, partners) = hub.ask(&who, "GET", "/api/partners", Value::Null).await;
    assert_eq!(partners["takes"], "hold");
    assert_eq!(partners["items"][0]["organisation"]["name"], "Region Skåne");
    assert_eq!(partners["items"][0]["takes"], "closed");
    assert_eq!(
        hub.ask(&who, "PUT", &partner, json!({ "takes": null }))
            .await
            .0,
        204
    );
    let (_, directory) = hub.ask(&who, "GET", "/api/directory", Value::Null).await;
    assert_eq!(directory["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_code_enrols_a_gateway_and_its_name_revokes_it() {
    let hub = Hub::new().await;
    let own = hub.sender.organisation;
    let who = hub.member(own, &[BuiltIn::Administrator]).await;
    let (status, issued) = hub
        .ask(&who, "POST", "/api/gateways/codes", json!({}))
        .await;
    assert_eq!(status, 201);
    let code = issued["code"].as_str().unwrap();
    let command = issued["command"].as_str().unwrap();
    assert!(command.ends_with(&format!("enrol --hub https://hub.example --code {code}")));
    let enrol = Enrol {
        code: code.into(),
        public_key: PUBLIC_KEY.into(),
        gateway_name: "Halmstad & co".into(),
    };
    let enrolled = hub.post(bildbro_wire::link::ENROL, "", &enrol).await.json();
    let gateway = enrolled["gateway"].as_str().unwrap().to_owned();
    let (_, all) = hub.ask(&who, "GET", "/api/gateways", Value::Null).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);

    let revoke = async |who: &Person, gateway: &str, query: &str| {
        let path = format!("/api/gateways/{gateway}{query}");
        hub.field(who, "DELETE", &path, Value::Null).await
    };
    let right = "?confirm=Halmstad%20%26%20co";
    assert_eq!(revoke(&who, &gateway, "").await, (400, "confirm".into()));
    assert_eq!(
        revoke(&who, &gateway, "?confirm=gw1").await,
        (400, "confirm".into())
    );
    let other = hub
        .member(hub.recipient.organisation, &[BuiltIn::Administrator])
        .await;
    assert_eq!(revoke(&other, &gateway, right).await.0, 404);
    assert_eq!(revoke(&who, "x", right).await.0, 404);
    assert_eq!(revoke(&who, &gateway, right).await.0, 204);
    assert_eq!(revoke(&who, &gateway, right).await.0, 410);
}

#[tokio::test]
async fn a_test_image_is_made_kept_and_handed_out() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.recipient.organisation, &[BuiltIn::Administrator])
        .await;
    let path = |gateway| format!("/api/gateways/{gateway}/test");
    let theirs = path(hub.sender.gateway);
    assert_eq!(hub.ask(&who, "POST", &theirs, json!({})).await.0, 404);
    let (status, sent) = hub
        .ask(&who, "POST", &path(hub.recipient.gateway), json!({}))
        .await;
    assert_eq!(status, 201);
    let follow = format!("/api/tests/{}", sent["delivery"].as_str().unwrap());
    let (_, test) = hub.ask(&who, "GET", &follow, Value::Null).await;
    assert_eq!(
        (&test["state"], &test["failure"]),
        (&json!("waiting"), &Value::Null)
    );
    let at = |n: usize| test["stages"][n]["at"].is_null();
    assert_eq!(
        [at(0), at(1), at(2), at(3), at(4)],
        [false, false, true, true, true]
    );

    let ask = AskWork { wait_seconds: 0 };
    let work = hub.post(WORK, &hub.recipient.token, &ask).await.json();
    let task = &work["task"];
    assert_eq!(task["delivery"], sent["delivery"]);
    let fetch = json!({ "delivery": task["delivery"], "claim": task["claim"],
        "instances": [task["instances"][0]["instance"]] });
    let content = hub
        .post(bildbro_wire::link::CONTENT, &hub.recipient.token, &fetch)
        .await;
    assert!(content.body.len() > 1000, "{}", content.text());
    let (_, test) = hub.ask(&who, "GET", &follow, Value::Null).await;
    assert_eq!(test["stages"][3]["stage"], "under_way");
    assert!(!test["stages"][3]["at"].is_null());
    assert_eq!(test["gateway"], hub.recipient.gateway.to_string());

    let other = hub
        .member(hub.sender.organisation, &[BuiltIn::Administrator])
        .await;
    assert_eq!(hub.ask(&other, "GET", &follow, Value::Null).await.0, 404);
    assert_eq!(
        hub.ask(&who, "GET", "/api/tests/x", Value::Null).await.0,
        404
    );
}

#[tokio::test]
async fn the_stream_of_gateways_ends_with_the_session() {
    let mut hub = Hub::new().await;
    let passed = Arc::new(AtomicI64::new(0));
    let clock = passed.clone();
    hub.state.clock = Clock::from_fn(move || later(clock.load(Ordering::SeqCst)));
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Administrator])
        .await;
    let request = Request::get("/api/gateways/events")
        .header(header::COOKIE, format!("__Host-session={}", who.token))
        .body(Body::empty())
        .unwrap();
    let response = hub.public().oneshot(request).await.unwrap();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    let body = response.into_body();
    assert!(!body.is_end_stream());
    let mut body = body.into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(
        first.starts_with("event: gateways\ndata: {\"items\":["),
        "{first}"
    );

    // A gateway that is gone shows.
    let gateway = hub.sender.gateway;
    hub.store
        .revoke_gateway(gateway, crate::fixture::operator(), now())
        .await
        .unwrap();
    hub.state.wake.all();
    let second = body.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&second).contains("\"active\":false"));

    // Idle for longer than a session may be: the next look ends it.
    passed.store(31 * 60, Ordering::SeqCst);
    hub.state.wake.all();
    while let Some(more) = body.next().await {
        let more = more.unwrap();
        assert!(more.starts_with(b":"), "no more of the gateways");
    }
}
