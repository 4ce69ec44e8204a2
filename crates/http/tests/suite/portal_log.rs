//! The log by the portal's API.

use crate::fixture::{Hub, Person, later, now};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bildbro_domain::{
    Personal,
    audit::{Action, Actor, Entry, Outcome},
    permission::BuiltIn,
    share::Purpose,
};
use bildbro_seal::SigningKey;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

const TOLVAN: &str = "191212121212";

/// Someone whose name would break a log, a table or a page.
const HOSTILE: &str = "=cmd|'/c calc'!A1\r\n2026-03-02T08:00:00Z forged\u{1b}[2J\u{0}";

async fn viewed(hub: &Hub, by: &Person, name: &str, seconds: i64) -> Uuid {
    let actor = Actor::Member {
        id: by.member,
        name: Personal::new(name),
        hsa_id: None,
        roles: vec!["receiver".into()],
        commission: None,
    };
    let id = Uuid::now_v7();
    let mut entry = Entry::new(id, later(seconds), Action::View, Outcome::Success, actor);
    entry.organisation = Some(hub.sender.organisation);
    entry.counterpart = Some(hub.recipient.organisation);
    entry.patient_id = Some(Personal::new("19121212-1212"));
    entry.purpose = Some(Purpose::Care);
    entry.from = Some("192.0.2.9".into());
    hub.store.record(&entry).await.unwrap();
    id
}

async fn auditor(hub: &Hub) -> Person {
    hub.member(hub.sender.organisation, &[BuiltIn::Auditor])
        .await
}

#[tokio::test]
async fn a_search_is_paged_and_no_name_breaks_its_line() {
    let hub = Hub::new().await;
    let rut = auditor(&hub).await;
    let siv = hub.member(hub.sender.organisation, &[]).await;
    for n in 0..3 {
        viewed(&hub, &siv, HOSTILE, n).await;
    }
    let mut asked = json!({ "patient_id": TOLVAN, "action": "view", "limit": 2 });
    let page = hub
        .api(Some(&rut), "POST", "/api/audit/search", asked.clone())
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(!page.text().contains(['\r', '\n', '\u{1b}', '\0']));
    let page = page.json();
    let first = &page["items"][0];
    assert_eq!(first["actor"]["name"], HOSTILE);
    assert_eq!(first["organisation"]["name"], "Region Halland");
    assert_eq!(first["counterpart"]["name"], "Region Skåne");
    assert_eq!(first["patient"]["id"], "19121212-1212");
    asked["after"] = page["next"].clone();
    let last = hub
        .api(Some(&rut), "POST", "/api/audit/search", asked)
        .await
        .json();
    assert_eq!(last["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(last["next"], Value::Null);

    for wrong in [
        json!({ "action": "dance" }),
        json!({ "outcome": "maybe" }),
        json!({ "after": "x" }),
        json!({ "patient_id": "1".repeat(200) }),
        json!({ "patient": TOLVAN }),
        json!({ "from": "yesterday" }),
        json!([]),
    ] {
        let answer = hub
            .api(Some(&rut), "POST", "/api/audit/search", wrong)
            .await;
        assert_eq!(answer.problem(), "unreadable");
    }
    let siv = hub.api(Some(&siv), "POST", "/api/audit/search", json!({}));
    assert_eq!(siv.await.problem(), "no-permission");
}

#[tokio::test]
async fn fhir_pages_carry_no_number_in_their_address() {
    let hub = Hub::new().await;
    let rut = auditor(&hub).await;
    for n in 0..3 {
        viewed(&hub, &rut, "Rut Revisor", n).await;
    }
    let get = async |path: &str| hub.api(Some(&rut), "GET", path, Value::Null).await;
    let refused = get(&format!("/api/audit/fhir/AuditEvent?patient={TOLVAN}")).await;
    assert_eq!(refused.problem(), "unreadable");
    for wrong in ["date=2026", "agent=rut", "_count=x", "page=AAAA", "sort=x"] {
        let answer = get(&format!("/api/audit/fhir/AuditEvent?{wrong}")).await;
        assert_eq!(answer.problem(), "unreadable", "{wrong}");
    }
    let form = format!("patient={TOLVAN}&date=ge2026-03-02&date=le2026-03-02&_count=2");
    let request = Request::post("/api/audit/fhir/AuditEvent/_search")
        .header("x-bildbro", "1")
        .header(header::ORIGIN, "https://hub.example")
        .header(header::COOKIE, format!("__Host-session={}", rut.token))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let response = hub.public().oneshot(request).await.unwrap();
    let bundle = crate::fixture::Answer::of(response).await;
    assert_eq!(
        bundle.headers[header::CONTENT_TYPE],
        "application/fhir+json"
    );
    let bundle = bundle.json();
    assert_eq!(bundle["entry"].as_array().map(Vec::len), Some(2));
    let event = &bundle["entry"][0]["resource"];
    assert_eq!(event["resourceType"], "AuditEvent");
    assert_eq!(event["agent"][0]["name"], "Rut Revisor");
    let links = bundle["link"].as_array().unwrap();
    assert!(!bundle["link"].to_string().contains("1212"));
    let next = links[1]["url"].as_str().unwrap();
    let next = next.strip_prefix("https://hub.example").unwrap();
    let page = get(next).await.json();
    // The third view, and no more: the search itself came later than the page.
    assert_eq!(page["entry"].as_array().map(Vec::len), Some(1));
    assert_eq!(page["link"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_extract_says_who_when_and_why_in_plain_words() {
    let hub = Hub::new().await;
    let rut = auditor(&hub).await;
    viewed(&hub, &rut, HOSTILE, 0).await;
    let extract = async |format: &str, language: &str| {
        let asked = json!({ "patient_id": TOLVAN, "format": format, "language": language });
        hub.api(Some(&rut), "POST", "/api/audit/extract", asked)
            .await
    };
    let csv = extract("csv", "sv").await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text());
    let file = csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(file, "attachment; filename=\"extract.csv\"");
    let text = csv.text();
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.starts_with(
            "2026-03-02 09:00:00,Region Halland,\
             Bilder öppnades från Region Skåne,Vård och behandling,"
        ),
        "{row}"
    );
    assert!(row.contains("'=cmd"), "{row}");
    let english = extract("csv", "en").await.text();
    assert!(english.contains("Images were opened from Region Skåne"));
    let pdf = extract("pdf", "sv").await;
    assert!(pdf.body.starts_with(b"%PDF-"));
    assert_eq!(extract("docx", "sv").await.problem(), "unreadable");
    assert_eq!(hub.audited(Action::ExtractAudit).await, 3);

    // The other organisation is told where, and not by whom.
    let there = hub
        .member(hub.recipient.organisation, &[BuiltIn::Auditor])
        .await;
    let asked = json!({ "patient_id": TOLVAN, "format": "csv", "language": "sv" });
    let told = hub
        .api(Some(&there), "POST", "/api/audit/extract", asked)
        .await
        .text();
    assert!(told.contains("Region Halland") && !told.contains("cmd"));
}

#[tokio::test]
async fn a_spot_check_goes_from_drawing_to_report() {
    let hub = Hub::new().await;
    let rut = auditor(&hub).await;
    let siv = hub.member(hub.sender.organisation, &[]).await;
    viewed(&hub, &siv, HOSTILE, 0).await;
    viewed(&hub, &rut, "Rut Revisor", 1).await;
    let draw = json!({ "rule": "random", "from": now(), "until": later(60), "size": 10 });
    let drawn = hub.api(Some(&rut), "POST", "/api/spot-checks", draw).await;
    assert_eq!(drawn.status, StatusCode::CREATED, "{}", drawn.text());
    let path = format!("/api/spot-checks/{}", drawn.json()["id"].as_str().unwrap());
    let open = hub.api(Some(&rut), "GET", &path, Value::Null).await.json();
    assert_eq!((&open["found"], &open["size"]), (&json!(2), &json!(2)));
    let verdict = json!({ "assessment": "unjustified", "comment": "=1+1" });
    let mut answers = Vec::new();
    for entry in open["entries"].as_array().unwrap() {
        let entry = format!("{path}/entries/{}", entry["sequence"]);
        let put = hub.api(Some(&rut), "PUT", &entry, verdict.clone()).await;
        answers.push(put.status.as_u16());
    }
    // One's own is another's to assess.
    assert_eq!(answers, [204, 403]);
    let close = format!("{path}/close");
    let early = hub.api(Some(&rut), "POST", &close, Value::Null).await;
    assert_eq!(early.problem(), "unreadable");
    let report = format!("{path}/report?format=csv");
    let report = hub.api(Some(&rut), "GET", &report, Value::Null).await;
    assert!(
        report.text().contains(",unjustified,'=1+1,"),
        "{}",
        report.text()
    );
    let stranger = hub
        .member(hub.recipient.organisation, &[BuiltIn::Auditor])
        .await;
    let theirs = hub.api(Some(&stranger), "GET", &path, Value::Null).await;
    assert_eq!(theirs.problem(), "not-found");
    let odd = "/api/spot-checks/x";
    let odd = hub.api(Some(&rut), "GET", odd, Value::Null).await;
    assert_eq!(odd.problem(), "not-found");
    for wrong in [
        json!({ "rule": "hunch", "from": now(), "until": later(60), "size": 10 }),
        json!({ "rule": "random", "from": now(), "until": now(), "size": 10 }),
        json!({ "rule": "random", "from": now(), "until": later(60), "size": 201 }),
    ] {
        let answer = hub.api(Some(&rut), "POST", "/api/spot-checks", wrong).await;
        assert_eq!(answer.problem(), "unreadable");
    }
    let watch = json!({ "patient_id": "19121212-1212" });
    let path = "/api/watched-patients";
    let added = hub.api(Some(&rut), "POST", path, watch.clone()).await;
    assert_eq!(added.status, StatusCode::CREATED);
    let list = hub.api(Some(&rut), "GET", path, Value::Null).await.json();
    assert_eq!(list["items"][0]["patient_id"], TOLVAN);
    let gone = hub.api(Some(&rut), "DELETE", path, watch).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_newest_checkpoint_is_there_for_auditors() {
    let hub = Hub::new().await;
    let rut = auditor(&hub).await;
    let path = "/api/audit/checkpoint";
    let none = hub.api(Some(&rut), "GET", path, Value::Null).await;
    assert_eq!(none.problem(), "not-found");
    let key = SigningKey::from_seed(&zeroize::Zeroizing::new([7; 32]));
    let signer = bildbro_flow::checkpoint::Signer::new(Uuid::new_v4(), key, Vec::new());
    let made = bildbro_flow::checkpoint::make(&*hub.state.checkpoints, &signer, now()).await;
    let note = made.unwrap().unwrap().to_string();
    let kept = hub.api(Some(&rut), "GET", path, Value::Null).await;
    assert_eq!(kept.text(), note);
    let anyone = hub.api(None, "GET", path, Value::Null).await;
    assert_eq!(anyone.problem(), "not-logged-in");
}
