//! Patients' will through the portal: what is taken, what is answered, and
//! what care units make of it.

use crate::fixture::{Answer, Hub, Person, image, later, whole};
use bildbro_domain::{audit::Action, permission::BuiltIn};
use bildbro_wire::{
    frame,
    link::{INSTANCES, Intent},
};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use uuid::Uuid;

const CARERS: &[BuiltIn] = &[BuiltIn::Sender, BuiltIn::Receiver];

async fn post(hub: &Hub, who: &Person, path: &str, body: Value) -> Answer {
    hub.api(Some(who), "POST", path, body).await
}

fn problem(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem())
}

/// What no port of this part does.
async fn sql(hub: &Hub, statement: &'static str, values: &[&str]) {
    let url = format!("sqlite://{}", hub.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let query = values
        .iter()
        .fold(sqlx::query(statement), |query, value| query.bind(*value));
    query.execute(&mut connection).await.unwrap();
}

async fn unit(hub: &Hub, organisation: &str, name: &str, institution: &str) -> String {
    let id = Uuid::now_v7().to_string();
    sql(
        hub,
        "INSERT INTO care_unit (id, organisation, name, name_key, institution, active, created_at) \
         VALUES ($1, $2, $3, lower($3), $4, TRUE, 0)",
        &[&id, organisation, name, institution],
    )
    .await;
    id
}

/// Has the sender hold an image of Tolvan's.
async fn held(hub: &Hub) {
    let body = whole(&[image(1, Intent::Hold)]);
    let token = &hub.sender.token;
    let answer = hub.send(INSTANCES, token, frame::MEDIA_TYPE, body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

#[tokio::test]
async fn a_block_is_registered_seen_and_lifted() {
    let hub = Hub::new().await;
    let siv = hub.member(hub.sender.organisation, CARERS).await;
    let stranger = hub.member(hub.recipient.organisation, CARERS).await;
    let new = json!({ "patient_id": "19121212-1212", "unit": null });
    let answer = post(&hub, &siv, "/api/blocks", new).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let block = answer.json()["id"].as_str().unwrap().to_owned();

    let who = json!({ "patient_id": "191212121212" });
    let will = post(&hub, &siv, "/api/patients/will", who.clone())
        .await
        .json();
    let patient = json!({ "key_masked": "19121212-****", "proven": true });
    assert_eq!(will["patient"], patient);
    assert_eq!(will["blocks"][0]["id"], block.as_str());
    assert_eq!(will["blocks"][0]["lifted"], Value::Null);
    assert!(!will.to_string().contains("1212121212"));

    let lift = format!("/api/blocks/{block}/lift");
    let theirs = post(&hub, &stranger, &lift, json!({})).await;
    assert_eq!(problem(&theirs), (404, "not-found".into()));
    let none = post(&hub, &stranger, "/api/patients/will", who)
        .await
        .json();
    assert_eq!(none["blocks"], json!([]));
    assert_eq!(post(&hub, &siv, &lift, json!({})).await.status, 204);
    let twice = post(&hub, &siv, &lift, json!({})).await;
    assert_eq!(problem(&twice), (410, "over".into()));
    assert_eq!(hub.audited(Action::LiftBlock).await, 2);
}

#[tokio::test]
async fn four_eyes_lift_a_block_where_they_are_wanted() {
    let hub = Hub::new().await;
    let us = hub.sender.organisation.to_string();
    let siv = hub.member(hub.sender.organisation, CARERS).await;
    let second = hub.member(hub.sender.organisation, CARERS).await;
    let words = "UPDATE organisation SET four_eyes = '[\"lift_block\"]' WHERE id = $1";
    sql(&hub, words, &[&us]).await;
    let register = async || {
        let new = json!({ "patient_id": "191212121212", "unit": null });
        let answer = post(&hub, &siv, "/api/blocks", new).await.json();
        format!("/api/blocks/{}/lift", answer["id"].as_str().unwrap())
    };
    let (lift, other) = (register().await, register().await);
    let asked = post(&hub, &siv, &lift, json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let approval = asked.json()["approval_id"].as_str().unwrap().to_owned();
    let by_approval = json!({ "approval_id": approval });
    let early = post(&hub, &siv, &lift, by_approval.clone()).await;
    assert_eq!(problem(&early), (410, "over".into()));
    let decide = "UPDATE approval SET decided_by = $2, approved = TRUE, decided_at = asked_at \
         WHERE id = $1";
    let siv_id = siv.member.to_string();
    sql(&hub, decide, &[&approval, &siv_id]).await;
    let own = post(&hub, &siv, &lift, by_approval.clone()).await;
    assert_eq!(
        problem(&own),
        (410, "over".into()),
        "who asked is no second"
    );
    let second_id = second.member.to_string();
    sql(&hub, decide, &[&approval, &second_id]).await;
    let elsewhere = post(&hub, &siv, &other, by_approval.clone()).await;
    assert_eq!(
        problem(&elsewhere),
        (410, "over".into()),
        "for another block"
    );
    assert_eq!(post(&hub, &siv, &lift, by_approval).await.status, 204);
}

#[tokio::test]
async fn a_consent_has_an_end_and_a_unit_of_ones_own() {
    let hub = Hub::new().await;
    let siv = hub.member(hub.sender.organisation, CARERS).await;
    let theirs = hub.recipient.organisation.to_string();
    let theirs = unit(&hub, &theirs, "Röntgen", "").await;
    let consent = |until: i64, unit: Value| json!({ "patient_id": "191212121212", "unit": unit, "from": later(0), "until": later(until) });
    const DAY: i64 = 24 * 3600;
    for (body, field) in [
        (consent(365 * DAY + 1, Value::Null), "until"),
        (consent(0, Value::Null), "until"),
        (consent(DAY, json!(theirs)), "unit"),
        (consent(DAY, json!(Uuid::nil())), "unit"),
    ] {
        let answer = post(&hub, &siv, "/api/consents", body).await;
        assert_eq!(problem(&answer), (400, "unreadable".into()));
        assert_eq!(answer.json()["field"], field);
    }
    let good = consent(365 * DAY, Value::Null);
    let answer = post(&hub, &siv, "/api/consents", good).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let withdraw = format!("/api/consents/{id}/withdraw");
    assert_eq!(post(&hub, &siv, &withdraw, Value::Null).await.status, 204);
    let garbage = json!({ "patient_id": 12, "unit": null });
    let answer = post(&hub, &siv, "/api/consents", garbage).await;
    assert_eq!(problem(&answer), (400, "unreadable".into()));
    assert!(!answer.text().contains("12121212"));
}

#[tokio::test]
async fn an_emergency_asks_for_a_fresh_factor_and_a_reason() {
    let hub = Hub::new().await;
    held(&hub).await;
    let siv = hub.member(hub.recipient.organisation, CARERS).await;
    let search = json!({ "patient_id": "19121212-1212", "purpose": "care" });
    let closed = post(&hub, &siv, "/api/patients/studies", search.clone())
        .await
        .json();
    assert_eq!(closed["denied"], "no_consent");
    assert_eq!(closed["others"], json!([]));
    let emergency = |reason: &str| json!({ "patient_id": "191212121212", "reason": reason });
    let short = post(&hub, &siv, "/api/emergencies", emergency("fall")).await;
    assert_eq!(short.json()["field"], "reason");
    let stale = "UPDATE session SET fresh_at = 0 WHERE member = $1";
    let reason = "Unconscious after a fall.";
    let other = hub.member(hub.recipient.organisation, CARERS).await;
    let other_id = other.member.to_string();
    sql(&hub, stale, &[&other_id]).await;
    let answer = post(&hub, &other, "/api/emergencies", emergency(reason)).await;
    assert_eq!(problem(&answer), (403, "step-up-needed".into()));
    let answer = post(&hub, &siv, "/api/emergencies", emergency(reason)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["until"], later(4 * 3600).to_string());
    let id = answer.json()["id"].as_str().unwrap().to_owned();

    let open = post(&hub, &siv, "/api/patients/studies", search.clone())
        .await
        .json();
    assert_eq!(
        (&open["will"], &open["denied"]),
        (&json!("emergency"), &Value::Null)
    );
    assert_eq!(open["others"][0]["organisation"]["name"], "Region Halland");
    assert_eq!(open["others"][0]["studies"][0]["study"], "1.2.3");
    assert_eq!(open["others"][0]["studies"][0]["relation"], "other");
    let own_only = json!({ "patient_id": "191212121212", "purpose": "care", "others": false });
    let own = post(&hub, &siv, "/api/patients/studies", own_only)
        .await
        .json();
    assert_eq!(own["others"], json!([]));

    let auditor = hub
        .member(hub.recipient.organisation, &[BuiltIn::Auditor])
        .await;
    let list = hub.api(
        Some(&auditor),
        "GET",
        "/api/emergencies?reviewed=false",
        Value::Null,
    );
    let list = list.await.json();
    assert_eq!(list["items"][0]["id"], id.as_str());
    assert_eq!(list["items"][0]["patient_id"], "191212121212");
    let bad = hub
        .api(
            Some(&auditor),
            "GET",
            "/api/emergencies?reviewed=x",
            Value::Null,
        )
        .await;
    assert_eq!(problem(&bad), (400, "unreadable".into()));
    let review = format!("/api/emergencies/{id}/review");
    let assessed = json!({ "assessment": "justified", "comment": "" });
    assert_eq!(post(&hub, &auditor, &review, assessed).await.status, 204);
}

#[tokio::test]
async fn a_units_block_closes_within_the_organisation_too() {
    let hub = Hub::new().await;
    held(&hub).await;
    let us = hub.sender.organisation.to_string();
    let psychiatry = unit(&hub, &us, "Psychiatry", "psykiatrin").await;
    let ward = unit(&hub, &us, "Ward", "avdelning 1").await;
    let siv = hub.member(hub.sender.organisation, CARERS).await;
    let named = "UPDATE study SET institution = 'Psykiatrin ' WHERE holder = $1";
    sql(&hub, named, &[&us]).await;
    let siv_id = siv.member.to_string();
    let acts = "UPDATE session SET care_unit = $1 WHERE member = $2";
    let works = "INSERT INTO assignment (id, member, role, care_unit, granted_at) \
         VALUES ($1, $1, 'receiver', $2, 0)";
    let found = async || {
        let search = json!({ "patient_id": "191212121212", "purpose": "care" });
        let found = post(&hub, &siv, "/api/patients/studies", search)
            .await
            .json();
        (
            found["own"].as_array().unwrap().len(),
            found["own_blocked"] == true,
        )
    };
    assert_eq!(found().await, (1, false));
    for unit in [json!(psychiatry), Value::Null] {
        let new = json!({ "patient_id": "191212121212", "unit": unit });
        assert_eq!(post(&hub, &siv, "/api/blocks", new).await.status, 201);
        // The whole organisation's block does not open what the unit's closes.
        assert_eq!(found().await, (0, true));
        sql(&hub, acts, &[&psychiatry, &siv_id]).await;
        // To be allowed everywhere makes no one one of the unit's own.
        assert_eq!(found().await, (0, true));
        sql(&hub, works, &[&siv_id, &psychiatry]).await;
        assert_eq!(found().await, (1, false));
        sql(&hub, "DELETE FROM assignment WHERE id = $1", &[&siv_id]).await;
        sql(&hub, acts, &[&ward, &siv_id]).await;
        assert_eq!(found().await, (0, true));
    }
    // Two units of one name: whose it is cannot be told, so it is the blocked one's.
    unit(&hub, &us, "Psychiatry 2", "psykiatrin").await;
    assert_eq!(found().await, (0, true));
    let elsewhere = "UPDATE study SET institution = 'Avdelning 1' WHERE holder = $1";
    sql(&hub, elsewhere, &[&us]).await;
    assert_eq!(found().await, (1, false));
}
