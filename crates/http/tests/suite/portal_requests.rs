//! Requests for images, as the pages of both sides do it.

use crate::{
    fixture::*,
    portal_exchange::{new_share, two_found},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use bildbro_domain::{audit::Action, permission::BuiltIn};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

/// Whoever may share at the sender holds; whoever may receive at the recipient
/// asks.
struct Cast {
    hub: Hub,
    sven: Person,
    siv: Person,
}

impl Cast {
    async fn new() -> Self {
        let hub = Hub::new().await;
        let (us, them) = (hub.sender.organisation, hub.recipient.organisation);
        let sven = hub.member(us, &[BuiltIn::Sender]).await;
        let siv = hub.member(them, &[BuiltIn::Receiver]).await;
        Self { hub, sven, siv }
    }

    fn wish(&self) -> Value {
        json!({
            "holder": self.hub.sender.organisation.to_string(),
            "patient_id": " 19121212-1212 ", "patient_name": "Tolvan Tolvansson",
            "patient_birth_date": "1912-12-12", "wanted": "DT thorax.\r\nVåren 2025.",
            "from": "2025-01-01", "until": "2025-06-30", "modality": "ct",
            "purpose": "before_surgery", "priority": "urgent", "needed_by": "2026-03-09",
        })
    }

    async fn ask(&self, who: &Person, method: &str, path: &str, body: Value) -> Answer {
        self.hub.api(Some(who), method, path, body).await
    }

    async fn get(&self, who: &Person, path: &str) -> Value {
        let answer = self.ask(who, "GET", path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// A new request's address.
    async fn asked(&self) -> String {
        let path = format!("/api/requests/{}", Uuid::new_v4());
        let made = self.ask(&self.siv, "PUT", &path, self.wish()).await;
        assert_eq!(made.status, 201, "{}", made.text());
        path
    }

    /// The first look of whoever watches.
    async fn watched(&self, who: &Person) -> String {
        let request = Request::get("/api/requests/events")
            .header(header::COOKIE, format!("__Host-session={}", who.token));
        let request = request.body(Body::empty()).unwrap();
        let response = self.hub.public().oneshot(request).await.unwrap();
        let mut body = response.into_body().into_data_stream();
        String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn images_are_asked_for_and_answered_with_a_share() {
    let cast = Cast::new().await;
    let (sven, siv) = (&cast.sven, &cast.siv);
    let holders = cast.get(siv, "/api/requests/holders").await;
    assert_eq!(holders["items"].as_array().unwrap().len(), 1);
    assert_eq!(holders["items"][0]["takes"], "open");
    let path = cast.asked().await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    // A double click; and another wish under the same id.
    let again = cast.ask(siv, "PUT", &path, cast.wish()).await;
    assert_eq!(
        (again.status.as_u16(), again.json()),
        (200, json!({ "id": id }))
    );
    let mut other = cast.wish();
    other["wanted"] = json!("Something else.");
    assert_eq!(cast.ask(siv, "PUT", &path, other).await.problem(), "taken");

    let list = cast.get(sven, "/api/requests?side=received").await;
    assert_eq!(
        list["counts"],
        json!({ "asked": { "open": 0, "being_handled": 0 },
            "received": { "open": 1, "being_handled": 0 } })
    );
    let item = &list["items"][0];
    assert_eq!(item["patient"]["key"], "191212121212");
    assert_eq!(item["patient"]["name"], "Tolvan Tolvansson");
    assert_eq!(item["patient"]["birth_date"], "1912-12-12");
    assert_eq!(item["wanted"], "DT thorax.\nVåren 2025.");
    assert_eq!(
        (&item["modality"], &item["until"], &item["needed_by"]),
        (&json!("CT"), &json!("2025-06-30"), &json!("2026-03-09"))
    );
    assert_eq!(
        (&item["state"], &item["asked_by"]),
        (&json!("open"), &Value::Null)
    );
    let ours = cast
        .get(siv, "/api/requests?side=asked&state=waiting")
        .await;
    assert_eq!(ours["items"][0]["asked_by"], "Siv Syster");

    let handle = format!("{path}/handle");
    assert_eq!(cast.ask(sven, "POST", &handle, json!({})).await.status, 204);
    let theirs = cast.get(sven, &path).await;
    assert_eq!(
        (&theirs["state"], &theirs["handled_by"]),
        (&json!("being_handled"), &json!("Siv Syster"))
    );
    let ours = cast.get(siv, &path).await;
    assert_eq!(
        (&ours["state"], &ours["handled_by"]),
        (&json!("being_handled"), &Value::Null)
    );
    // Counts and states, and nothing of whom.
    let watched = cast.watched(sven).await;
    assert!(watched.contains(&id) && watched.contains("being_handled"));
    assert!(!watched.contains("1912") && !watched.contains("Tolvan"));

    let found = two_found(&cast.hub, sven).await;
    let recipient = cast.hub.recipient.organisation.to_string();
    let mut new = new_share(&[&found[0], &found[1]], &recipient);
    new["answers"] = json!(id);
    // One that is not held back for its sender to undo.
    new["priority"] = json!("emergency");
    let share = format!("/api/shares/{}", Uuid::new_v4());
    let made = cast.ask(sven, "PUT", &share, new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["answers"], json!(id));
    for who in [sven, siv] {
        let view = cast.get(who, &path).await;
        assert_eq!(view["state"], "answered");
        assert!(share.ends_with(view["share"].as_str().unwrap()));
    }
    let item = share.replace("shares", "inbox");
    assert_eq!(cast.get(siv, &item).await["answers"], json!(id));
    let withdraw = format!("{path}/withdraw");
    let late = cast.ask(siv, "POST", &withdraw, json!({})).await;
    assert_eq!(late.status, 410);
    assert_eq!(cast.hub.audited(Action::AskImages).await, 1);
    assert_eq!(cast.hub.audited(Action::AnswerRequest).await, 2);
}

#[tokio::test]
async fn a_share_of_another_patient_is_no_answer() {
    let cast = Cast::new().await;
    let mut wish = cast.wish();
    wish["patient_id"] = json!("20010101-2384");
    let id = Uuid::new_v4();
    let path = format!("/api/requests/{id}");
    cast.ask(&cast.siv, "PUT", &path, wish).await;
    let found = two_found(&cast.hub, &cast.sven).await;
    let recipient = cast.hub.recipient.organisation.to_string();
    let mut new = new_share(&[&found[0]], &recipient);
    let put = async |who: &Person, body: &Value| {
        let path = format!("/api/shares/{}", Uuid::new_v4());
        cast.ask(who, "PUT", &path, body.clone()).await
    };
    new["answers"] = json!(id);
    let refused = put(&cast.sven, &new).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.problem()[..]),
        (409, "not-the-asked-patient")
    );
    new["answers"] = json!(Uuid::new_v4());
    assert_eq!(put(&cast.sven, &new).await.status, 404);
    new["answers"] = json!("x");
    assert_eq!(put(&cast.sven, &new).await.json()["field"], "answers");
    assert_eq!(cast.hub.audited(Action::Share).await, 0);
    assert_eq!(cast.get(&cast.siv, &path).await["state"], "open");
}

#[tokio::test]
async fn a_request_is_declined_with_a_reason_withdrawn_and_reminded_of() {
    let cast = Cast::new().await;
    let (sven, siv) = (&cast.sven, &cast.siv);
    let path = cast.asked().await;
    let remind = format!("{path}/remind");
    assert_eq!(cast.ask(siv, "POST", &remind, json!({})).await.status, 204);
    let soon = cast.ask(siv, "POST", &remind, json!({})).await;
    assert_eq!(
        (soon.status.as_u16(), &soon.problem()[..]),
        (409, "too-soon")
    );
    assert_eq!(soon.json()["from"], "2026-03-03T08:00:00Z");
    let seen = cast.get(sven, &path).await;
    assert_eq!(seen["reminded_at"], "2026-03-02T08:00:00Z");
    assert_eq!(
        cast.get(siv, &path).await["remind_from"],
        "2026-03-03T08:00:00Z"
    );

    let decline = format!("{path}/decline");
    for wrong in ["", " \n", &"x".repeat(501)] {
        let refused = cast
            .ask(sven, "POST", &decline, json!({ "reason": wrong }))
            .await;
        assert_eq!(refused.json()["field"], "reason");
    }
    let no = json!({ "reason": "Vi har inga bilder från 2025." });
    let declined = cast.ask(sven, "POST", &decline, no.clone()).await;
    assert_eq!(declined.status, 204);
    assert_eq!(cast.ask(sven, "POST", &decline, no).await.status, 410);
    assert_eq!(cast.ask(siv, "POST", &remind, json!({})).await.status, 410);
    let seen = cast.get(siv, &path).await;
    assert_eq!(
        (&seen["state"], &seen["reason"]),
        (&json!("declined"), &json!("Vi har inga bilder från 2025."))
    );

    let path = cast.asked().await;
    let withdraw = format!("{path}/withdraw");
    assert_eq!(
        cast.ask(siv, "POST", &withdraw, json!({})).await.status,
        204
    );
    let handle = format!("{path}/handle");
    assert_eq!(cast.ask(sven, "POST", &handle, json!({})).await.status, 410);
    let over = cast.get(sven, "/api/requests?state=over").await;
    assert_eq!(over["items"].as_array().unwrap().len(), 2);
    // Its own side's acts are the other side's not to do.
    let foreign = cast.get(sven, "/api/requests?side=asked").await;
    assert_eq!(foreign["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_named_by_its_field() {
    let cast = Cast::new().await;
    let nobody = Uuid::new_v4().to_string();
    let ourselves = cast.hub.recipient.organisation.to_string();
    for (field, wrong) in [
        ("holder", json!("")),
        ("holder", json!("x")),
        ("holder", json!(nobody)),
        ("holder", json!(ourselves)),
        ("patient_id", json!("  ")),
        ("patient_id", json!("1".repeat(65))),
        ("patient_id", json!("1912\n1212")),
        ("patient_id_issuer", json!("x".repeat(65))),
        ("patient_name", json!("x".repeat(65))),
        ("patient_name", json!("Tolvan\u{202e}")),
        ("patient_birth_date", json!("1912-02-30")),
        ("patient_birth_date", json!("12 december")),
        ("wanted", json!(" ")),
        ("wanted", json!("x".repeat(2001))),
        ("wanted", json!("a\u{0}")),
        ("from", json!("2025")),
        ("until", json!("2024-12-31")),
        ("until", json!("2025-06-30T10:00")),
        ("modality", json!("C T")),
        ("purpose", json!("curiosity")),
        ("priority", json!("now")),
        ("needed_by", json!("2026-02-28")),
        ("needed_by", json!("2027-03-09")),
        ("needed_by", json!("soon")),
    ] {
        let mut wish = cast.wish();
        wish[field] = wrong.clone();
        let path = format!("/api/requests/{}", Uuid::new_v4());
        let answer = cast.ask(&cast.siv, "PUT", &path, wish).await;
        let said = (answer.status.as_u16(), answer.json()["field"].clone());
        assert_eq!(said, (400, json!(field)), "{wrong}");
    }
    let mut wish = cast.wish();
    wish["all"] = json!(true);
    let path = format!("/api/requests/{}", Uuid::new_v4());
    let answer = cast.ask(&cast.siv, "PUT", &path, wish).await;
    assert_eq!(answer.status, 400);
    for query in ["side=both", "state=new", "before=x"] {
        let path = format!("/api/requests?{query}");
        let answer = cast.ask(&cast.siv, "GET", &path, Value::Null).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_eq!(cast.hub.audited(Action::AskImages).await, 0);
    // The least that can be asked.
    let least = json!({
        "holder": cast.hub.sender.organisation.to_string(), "patient_id": "A-17",
        "wanted": "Allt.", "purpose": "care", "priority": "ordinary",
    });
    let path = format!("/api/requests/{}", Uuid::new_v4());
    let answer = cast.ask(&cast.siv, "PUT", &path, least).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}
