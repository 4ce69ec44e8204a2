//! Finding, sharing, following, taking back and the inbox, as the pages do it;
//! the gateway's part is spoken by the test.

use crate::fixture::*;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, header};
use bildbro_domain::{ClaimId, ErrandId, Personal, StudyUid, audit::Action, permission::BuiltIn};
use bildbro_flow::{
    clock::Clock,
    notice::{self, Pen},
    ports::hub::Call,
};
use bildbro_wire::{
    errand::{
        AskErrand, AskedErrand, ERRAND, Errand, ErrandEnd, FOUND, Found, FoundReply, FoundStudy,
        NodeProblem, Task,
    },
    link::Hello,
};
use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tower::ServiceExt;
use uuid::Uuid;

const TOLVAN: &str = "19121212-1212";

fn study(n: u32, patient: &str) -> FoundStudy {
    FoundStudy {
        node: "PACS".into(),
        study_uid: StudyUid::new(&format!("1.2.752.{n}")).unwrap(),
        patient_id: Personal::new(patient),
        patient_id_issuer: Personal::default(),
        patient_name: Personal::new("Tolvansson^Tolvan^Ö"),
        patient_birth_date: Personal::new("19121212"),
        patient_sex: "M".into(),
        accession: Personal::new("A1"),
        study_date: "20260301".into(),
        study_time: "081500.5".into(),
        description: "Thorax".into(),
        institution: "Lasarettet".into(),
        modalities: vec!["CT".into()],
        series: Some(2),
        images: Some(3),
    }
}

/// The gateway, as it talks to the hub.
struct Gateway<'a>(&'a Hub);

impl Gateway<'_> {
    async fn greet(&self) {
        let hello = Hello {
            version: "test".into(),
            run: None,
            waiting_images: 0,
            waiting_bytes: 0,
            nodes: Vec::new(),
        };
        let subject = bildbro_domain::policy::Subject {
            gateway: self.0.sender.gateway,
            organisation: self.0.sender.organisation,
        };
        let call = Call { subject, at: now() };
        self.0.store.hello(&call, &hello).await.unwrap();
    }

    async fn errand(&self) -> Errand {
        let ask = AskErrand {
            wait_seconds: 20,
            urgent_only: false,
        };
        let answer = self.0.post(ERRAND, &self.0.sender.token, &ask).await;
        let asked: AskedErrand = serde_json::from_value(answer.json()).unwrap();
        asked.errand.expect("an errand")
    }

    async fn found(&self, found: &Found) -> FoundReply {
        let answer = self.0.post(FOUND, &self.0.sender.token, found).await;
        serde_json::from_value(answer.json()).unwrap()
    }
}

fn found(errand: &Errand, studies: Vec<FoundStudy>, end: bool) -> Found {
    Found {
        errand: errand.id,
        claim: errand.claim,
        studies,
        problems: Vec::new(),
        moved: None,
        end: end.then_some(ErrandEnd::Done { cut: false }),
    }
}

/// The lines of a search, as they come.
struct Lines {
    body: BodyDataStream,
    rest: String,
}

impl Lines {
    async fn begin(hub: &Hub, who: &Person, asked: Value) -> Self {
        let request = Request::post("/api/searches")
            .header("x-bildbro", "1")
            .header(header::ORIGIN, "https://hub.example")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, format!("__Host-session={}", who.token));
        let request = request.body(Body::from(asked.to_string())).unwrap();
        let response = hub.public().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/x-ndjson"
        );
        Self {
            body: response.into_body().into_data_stream(),
            rest: String::new(),
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let line = serde_json::from_str(line).unwrap();
                self.rest = rest.to_owned();
                return Some(line);
            }
            let chunk = self.body.next().await?.unwrap();
            self.rest.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// Two studies of one patient, found.
pub async fn two_found(hub: &Hub, who: &Person) -> Vec<Value> {
    let gateway = Gateway(hub);
    gateway.greet().await;
    let mut lines = Lines::begin(hub, who, json!({ "patient_id": "191212121212" })).await;
    let errand = gateway.errand().await;
    let studies = vec![study(1, TOLVAN), study(2, TOLVAN)];
    gateway.found(&found(&errand, studies, true)).await;
    let mut all = Vec::new();
    while let Some(line) = lines.next().await {
        all.push(line);
    }
    let end = all.pop().unwrap();
    assert_eq!(end, json!({ "is": "end", "studies": 2, "cut": false }));
    all.into_iter().map(|line| line["study"].clone()).collect()
}

pub fn new_share(found: &[&Value], recipient: &str) -> Value {
    let studies: Vec<&Value> = found.iter().map(|study| &study["found"]).collect();
    json!({
        "studies": studies, "recipients": [recipient], "purpose": "care",
        "priority": "ordinary", "message": "Titta på vänster lunga.",
    })
}

#[tokio::test]
async fn lines_come_as_the_pacs_gives_them() {
    let hub = Hub::new().await;
    let gateway = Gateway(&hub);
    gateway.greet().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let asked = json!({ "patient_id": " 191212121212 ", "from": "2026-01-02" });
    let mut lines = Lines::begin(&hub, &who, asked).await;
    let errand = gateway.errand().await;
    let Task::Find(find) = &errand.task else {
        panic!("{errand:?}")
    };
    assert_eq!(find.patient_id.reveal(), "191212121212");
    assert_eq!((&find.from[..], &find.until[..]), ("20260102", ""));

    let mut first = found(&errand, vec![study(1, TOLVAN)], false);
    first.problems.push(NodeProblem {
        node: "Archive".into(),
        failure: bildbro_domain::share::Failure::NodeUnreachable,
    });
    assert!(gateway.found(&first).await.go_on);
    // Long before the node is at its end.
    let mut seen = [lines.next().await.unwrap(), lines.next().await.unwrap()];
    seen.sort_by_key(|line| line["is"].to_string());
    assert_eq!(
        seen[0],
        json!({ "is": "problem", "gateway": "gw1", "node": "Archive",
            "failure": "node_unreachable" })
    );
    let line = &seen[1]["study"];
    assert_eq!(line["patient"]["name"], "Tolvansson, Tolvan Ö");
    assert_eq!(line["patient"]["proven"], true);
    assert_eq!(
        (&line["date"], &line["time"], &line["images"], &line["held"]),
        (&json!("2026-03-01"), &json!("08:15"), &json!(3), &json!(0))
    );
    // The same study again is no news.
    let last = found(&errand, vec![study(1, TOLVAN), study(2, TOLVAN)], true);
    assert!(!gateway.found(&last).await.go_on);
    assert_eq!(
        lines.next().await.unwrap()["study"]["study_uid"],
        "1.2.752.2"
    );
    assert_eq!(lines.next().await.unwrap()["studies"], 2);
    assert!(lines.next().await.is_none());
    // Whom it was for, and what was shown.
    assert_eq!(hub.audited(Action::Search).await, 3);
    let links = hub.store.audit_links(0, 1000).await.unwrap();
    let last = &links.last().unwrap().text;
    assert!(last.contains("1.2.752.2") && last.contains(TOLVAN));
}

#[tokio::test]
async fn a_search_that_nobody_reads_any_more_ends_at_the_pacs() {
    let hub = Hub::new().await;
    let gateway = Gateway(&hub);
    gateway.greet().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let lines = Lines::begin(&hub, &who, json!({ "name": "Tolvansson" })).await;
    let errand = gateway.errand().await;
    drop(lines);
    let told = async {
        while gateway
            .found(&found(&errand, Vec::new(), false))
            .await
            .go_on
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_gateway_that_is_silent_is_said_to_be() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let mut lines = Lines::begin(&hub, &who, json!({ "accession": "A1" })).await;
    let problem = lines.next().await.unwrap();
    assert_eq!(problem["failure"], "gateway_silent");
    assert_eq!(lines.next().await.unwrap()["studies"], 0);
    let gone = hub.sender.gateway;
    hub.store
        .revoke_gateway(gone, operator(), now())
        .await
        .unwrap();
    let asked = json!({ "accession": "A1" });
    let answer = hub.api(Some(&who), "POST", "/api/searches", asked).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.problem()[..]),
        (409, "no-gateway")
    );
}

#[tokio::test]
async fn what_would_match_anything_is_not_searched_for() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    for wrong in [
        json!({}),
        json!({ "name": " * " }),
        json!({ "patient_id": "***", "accession": "?" }),
        json!({ "until": "2026-01-01" }),
        json!({ "name": "x".repeat(65) }),
        json!({ "name": "a\u{0}" }),
        json!({ "name": "A", "from": "2026-02-30" }),
        json!({ "patient_id": "19*" }),
        json!({ "patient_id": "1912121212??" }),
        json!({ "name": "A", "modality": "C T" }),
        json!({ "name": "A", "all": true }),
    ] {
        let answer = hub
            .api(Some(&who), "POST", "/api/searches", wrong.clone())
            .await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(hub.audited(Action::Search).await, 0);
}

#[tokio::test]
async fn what_was_found_is_shared_once_followed_and_taken_back() {
    let hub = Hub::new().await;
    let us = hub.sender.organisation;
    let who = hub.member(us, &[BuiltIn::Sender]).await;
    let ask =
        async |method: &str, path: &str, body: Value| hub.api(Some(&who), method, path, body).await;
    let found = two_found(&hub, &who).await;
    let to = ask("GET", "/api/recipients", Value::Null).await.json();
    assert_eq!(to["items"].as_array().unwrap().len(), 1);
    let recipient = to["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(to["items"][0]["takes"], "open");
    assert_eq!(to["items"][0]["on_call"], false);
    let path = format!("/api/shares/{}", Uuid::new_v4());
    let new = new_share(&[&found[0], &found[1]], &recipient);
    let made = ask("PUT", &path, new.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let share = made.json();
    assert_eq!(share["state"], "fetching");
    assert_eq!((&share["expected"], &share["here"]), (&json!(6), &json!(0)));
    assert_eq!(share["contents"][0]["fetch"], "waiting");
    assert_eq!(share["deliveries"][0]["state"], "waiting");
    assert!(share["sends_at"].is_string());
    assert_eq!(share["timeline"][0]["by"], "Siv Syster");
    // A double click.
    let again = ask("PUT", &path, new.clone()).await;
    assert_eq!(again.status, 200);
    let mut other = new.clone();
    other["purpose"] = json!("other");
    assert_eq!(ask("PUT", &path, other).await.problem(), "taken");
    let list = ask("GET", "/api/shares", Value::Null).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["studies"], 2);

    let errand = Gateway(&hub).errand().await;
    let Task::Fetch(fetch) = &errand.task else {
        panic!("{errand:?}")
    };
    assert_eq!(fetch.node, "PACS");

    // A day goes by, and nobody there opens it.
    let ada = hub
        .member(hub.recipient.organisation, &[BuiltIn::Administrator])
        .await;
    let particulars = json!({ "name": "Region Skåne", "hsa_id": null, "number": null,
        "postal": "", "on_call": "jour@skane.se", "names_staff": true, "escalate_hours": 24 });
    let mut wrong = particulars.clone();
    wrong["escalate_hours"] = json!(721);
    let to = "/api/organisation";
    let refused = hub.api(Some(&ada), "PUT", to, wrong).await;
    assert_eq!(refused.json()["field"], "escalate_hours");
    let kept = hub.api(Some(&ada), "PUT", to, particulars).await;
    assert_eq!(kept.status, 204, "{}", kept.text());
    let delivery = async || ask("GET", &path, Value::Null).await.json()["deliveries"][0].clone();
    assert_eq!(
        (
            &delivery().await["on_call"],
            &delivery().await["unopened_hours"]
        ),
        (&json!(true), &Value::Null)
    );
    let pen = Pen::new(hub.state.vault.clone(), hub.state.public_url.clone(), true);
    let a_day = later(25 * 3600);
    notice::round(&*hub.state.portal, &pen, a_day)
        .await
        .unwrap();
    assert_eq!(delivery().await["unopened_hours"], 24);
    let list = ask("GET", "/api/shares", Value::Null).await.json();
    assert_eq!(list["items"][0]["unopened_hours"], 24);
    let share = ask("GET", &path, Value::Null).await.json();
    let last = share["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], "escalated");

    let back = format!("{path}/take-back");
    let why = json!({ "why": "wrong_recipient", "reason": "Fel region." });
    let taken = ask("POST", &back, why.clone()).await;
    assert_eq!(taken.json(), json!({ "recalled": 0 }));
    assert_eq!(ask("POST", &back, why).await.status, 410);
    let share = ask("GET", &path, Value::Null).await.json();
    assert_eq!(share["state"], "taken_back");
    assert_eq!(share["taken_back_why"], "wrong_recipient");
    assert_eq!(share["deliveries"][0]["unopened_hours"], Value::Null);
    // Another organisation does not know of it.
    let them = hub.recipient.organisation;
    let foreign = hub.member(them, &[BuiltIn::Sender]).await;
    let answer = hub.api(Some(&foreign), "GET", &path, Value::Null).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn nobody_shares_what_they_have_not_found() {
    let mut hub = Hub::new().await;
    let passed = Arc::new(AtomicI64::new(0));
    let clock = passed.clone();
    hub.state.clock = Clock::from_fn(move || later(clock.load(Ordering::SeqCst)));
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let found = two_found(&hub, &who).await;
    let recipient = hub.recipient.organisation.to_string();
    let new = new_share(&[&found[0]], &recipient);
    let put = async |who: &Person, body: Value| {
        let path = format!("/api/shares/{}", Uuid::new_v4());
        hub.api(Some(who), "PUT", &path, body).await
    };
    let with = |field: &str, value: Value| {
        let mut new = new.clone();
        new[field] = value;
        new
    };
    let many = vec![found[0]["found"].clone(); 51];
    for (field, wrong) in [
        ("studies", json!([])),
        ("studies", json!(many)),
        ("studies", json!(["AAAA"])),
        ("recipients", json!([])),
        ("recipients", json!(["x"])),
        ("purpose", json!("curiosity")),
        ("priority", json!("now")),
        ("message", json!("x".repeat(2001))),
        ("expires_at", json!("2020-01-01")),
        ("expires_at", json!("2999-01-01")),
    ] {
        let answer = put(&who, with(field, wrong)).await;
        let said = (answer.status.as_u16(), answer.json()["field"].clone());
        assert_eq!(said, (400, json!(field)));
    }
    // Found by one organisation, another cannot name it.
    let foreign = hub
        .member(hub.recipient.organisation, &[BuiltIn::Sender])
        .await;
    let theirs = new_share(&[&found[0]], &hub.sender.organisation.to_string());
    assert_eq!(put(&foreign, theirs).await.status, 400);
    assert_eq!(hub.audited(Action::Share).await, 0);

    // A day later, the same person in a new session.
    passed.store(24 * 3600 + 60, Ordering::SeqCst);
    let life = bildbro_flow::ports::portal::login::SessionLife {
        idle: jiff::SignedDuration::from_hours(48),
        whole: jiff::SignedDuration::from_hours(48),
    };
    let level = bildbro_domain::member::Level::Full;
    let who = hub
        .person(hub.sender.organisation, &[BuiltIn::Sender], level, life)
        .await;
    assert_eq!(put(&who, new).await.problem(), "found-too-old");
}

#[tokio::test]
async fn two_patients_are_named_before_they_are_mixed() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let gateway = Gateway(&hub);
    gateway.greet().await;
    let mut lines = Lines::begin(&hub, &who, json!({ "from": "2026-03-01" })).await;
    let errand = gateway.errand().await;
    let studies = vec![study(1, TOLVAN), study(2, "20010101-2384")];
    gateway.found(&found(&errand, studies, true)).await;
    let first = lines.next().await.unwrap()["study"].clone();
    let second = lines.next().await.unwrap()["study"].clone();
    let recipient = hub.recipient.organisation.to_string();
    let mut new = new_share(&[&first, &second], &recipient);
    let path = format!("/api/shares/{}", Uuid::new_v4());
    let refused = hub.api(Some(&who), "PUT", &path, new.clone()).await;
    assert_eq!(refused.problem(), "several-patients");
    assert_eq!(refused.json()["patients"][1]["id"], "20010101-2384");
    new["several_patients"] = json!(true);
    assert_eq!(hub.api(Some(&who), "PUT", &path, new).await.status, 201);
}

#[tokio::test]
async fn what_has_come_is_compared_and_let_in() {
    let hub = Hub::new().await;
    // The recipient here is the one whose gateway the test speaks for.
    let own = hub.sender.organisation;
    let who = hub
        .member(own, &[BuiltIn::Receiver, BuiltIn::Administrator])
        .await;
    let ask =
        async |method: &str, path: &str, body: Value| hub.api(Some(&who), method, path, body).await;
    ask("PUT", "/api/partners", json!({ "takes": "hold" })).await;
    let share = hub.sender.share();
    let images = [image(1, share), image(2, share)];
    let body = whole(&images);
    let media_type = bildbro_wire::frame::MEDIA_TYPE;
    hub.send(
        bildbro_wire::link::INSTANCES,
        &hub.recipient.token,
        media_type,
        body,
    )
    .await;
    let list = ask("GET", "/api/inbox?box=new", Value::Null).await.json();
    assert_eq!(
        list["counts"],
        json!({ "new": 1, "under_way": 0, "done": 0 })
    );
    let item = &list["items"][0];
    assert_eq!(
        (&item["held"], &item["images"], &item["sender"]["name"]),
        (&json!(true), &json!(2), &json!("Region Skåne"))
    );
    let path = format!("/api/inbox/{}", item["id"].as_str().unwrap());
    assert_eq!(
        ask("GET", "/api/inbox?box=x", Value::Null).await.status,
        400
    );

    // Nobody answers: a person decides, or nothing happens.
    let matched = ask("POST", &format!("{path}/match"), json!({})).await;
    assert_eq!(matched.json()["verdict"], "unknown");
    let accept = format!("{path}/accept");
    assert_eq!(
        ask("POST", &accept, json!({})).await.problem(),
        "decision-needed"
    );

    let gateway = Gateway(&hub);
    gateway.greet().await;
    let compare = format!("{path}/match");
    let (matched, ()) = tokio::join!(ask("POST", &compare, json!({})), async {
        let errand = gateway.errand().await;
        let mut ours = study(9, TOLVAN);
        ours.patient_name = Personal::new("Helt^Annan");
        gateway.found(&found(&errand, vec![ours], true)).await;
    });
    let matched = matched.json();
    // The images say no name: there is nothing that differs, and too little
    // that agrees.
    assert_eq!(matched["verdict"], "uncertain");
    assert_eq!(matched["candidates"][0]["differences"], json!([]));
    let nothing = ask("POST", &accept, json!({})).await;
    assert_eq!(nothing.problem(), "decision-needed");
    let shown = ask("GET", &path, Value::Null).await.json();
    assert_eq!(
        shown["match"]["candidates"][0]["patient"]["name"],
        "Helt, Annan"
    );
    assert_eq!(shown["opened_at"], Value::Null);
    ask("POST", &format!("{path}/open"), json!({})).await;
    let shown = ask("GET", &path, Value::Null).await.json();
    assert_eq!(shown["opened_by"], "Siv Syster");

    let decided = json!({ "decision": "same_person", "reason": "Bytt namn; ringt avsändaren." });
    assert_eq!(ask("POST", &accept, decided.clone()).await.status, 204);
    assert_eq!(ask("POST", &accept, decided).await.status, 410);
    let no = json!({ "reason": "nej" });
    let decline = format!("{path}/decline");
    assert_eq!(ask("POST", &decline, no).await.status, 410);
    for wrong in ["", " ", &"x".repeat(501)] {
        let refused = ask("POST", &decline, json!({ "reason": wrong })).await;
        assert_eq!(refused.json()["field"], "reason");
    }
    let list = ask("GET", "/api/inbox?box=under_way", Value::Null).await;
    assert_eq!(list.json()["counts"]["under_way"], 1);
}

#[tokio::test]
async fn a_draft_comes_back_as_it_was_written() {
    let hub = Hub::new().await;
    let who = hub
        .member(hub.sender.organisation, &[BuiltIn::Sender])
        .await;
    let ask =
        async |method: &str, body: Value| hub.api(Some(&who), method, "/api/draft", body).await;
    assert_eq!(ask("GET", Value::Null).await.json()["draft"], Value::Null);
    let draft = json!({ "draft": { "message": "Tolvan Tolvansson", "basket": [1, 2] } });
    assert_eq!(ask("PUT", draft.clone()).await.status, 204);
    assert_eq!(ask("GET", Value::Null).await.json(), draft);
    // Nothing of it is to be read in the file.
    let file = std::fs::read(hub.database()).unwrap();
    let wal = std::fs::read(hub.database().with_extension("sqlite-wal")).unwrap_or_default();
    for bytes in [&file, &wal] {
        assert!(!bytes.windows(7).any(|window| window == b"Tolvans"));
    }
    assert_eq!(ask("DELETE", Value::Null).await.status, 204);
    assert_eq!(ask("GET", Value::Null).await.json()["draft"], Value::Null);
}

#[tokio::test]
async fn a_gateways_word_on_what_is_not_its_own_ends_there() {
    let hub = Hub::new().await;
    let nothing = Found {
        errand: ErrandId(Uuid::new_v4()),
        claim: ClaimId(Uuid::new_v4()),
        studies: Vec::new(),
        problems: Vec::new(),
        moved: None,
        end: None,
    };
    assert!(!Gateway(&hub).found(&nothing).await.go_on);
    let many = Found {
        studies: vec![study(1, TOLVAN); 65],
        ..nothing
    };
    let answer = hub.post(FOUND, &hub.sender.token, &many).await;
    assert_eq!(answer.status, 413);
}
