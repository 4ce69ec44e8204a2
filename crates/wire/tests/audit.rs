//! Audit messages, judged by validators that are not ours: DICOM's own schema
//! (lxml) and FHIR's (fhir.resources).

#![expect(clippy::unwrap_used, reason = "tests")]

use bildbro_domain::{
    Personal,
    audit::Outcome,
    share::{LegalMode, Purpose},
};
use bildbro_testkit::{root, samples};
use bildbro_wire::audit::{Actor, ActorKind, Event, Family, Party, Patient, dicom, fhir, storelog};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};
use uuid::Uuid;

fn sparse(family: Family) -> Event {
    let at = "2026-11-24T08:15:30.123456Z".parse().unwrap();
    let actor = Actor::new(ActorKind::Anonymous, None);
    let what = ("deliver", family, Outcome::Success);
    Event::new((Uuid::from_u128(7), 41, at), what, actor, "hub.example")
}

fn party(id: &str, name: &str, hsa_id: &str) -> Party {
    Party {
        id: id.into(),
        name: Some(name.into()),
        hsa_id: Some(hsa_id.into()),
    }
}

/// Every field filled; `text` where free text goes.
fn full(family: Family, text: &str) -> Event {
    let actor = Actor {
        name: Some(Personal::new(text)),
        hsa_id: Some("SE2321000016-1abc".into()),
        title: Some("Överläkare".into()),
        roles: vec!["radiologist".into(), text.into()],
        assignment: Some("SE2321000016-4uppdrag".into()),
        care_unit: Some(party("unit-1", text, "SE2321000016-2unit")),
        ..Actor::new(ActorKind::Member, Some("member-9".into()))
    };
    Event {
        outcome: Outcome::Denied,
        actor,
        organisation: Some(party("org-1", text, "SE2321000016-org1")),
        counterpart: Some(party("org-2", "Region Skåne", "SE2321000255-org2")),
        patient: Some(Patient {
            id: Personal::new("191212121212"),
            issuer: Some("1.2.752.129.2.1.3.1".into()),
            name: Some(Personal::new(text)),
        }),
        studies: vec!["1.2.3.4".into(), "2.25.99".into()],
        share: Some(Uuid::from_u128(1)),
        delivery: Some(Uuid::from_u128(2)),
        purpose: Some(Purpose::SecondOpinion),
        legal_mode: Some(LegalMode::CoherentAccess),
        emergency: true,
        reason: Some(Personal::new(text)),
        network: Some("2001:db8::7".parse().unwrap()),
        images: Some(12),
        images_digest: Some("ab".repeat(32)),
        detail: Some(text.into()),
        ..sparse(family)
    }
}

const HOSTILE: &str = "Åsa \"Ö\" <b>&amp;]]> \u{0}\u{1b}[2J\u{fffe}\r\n<13>1 falskt \u{1f600} '";

/// What the validators object to.
fn objections(events: &[Event]) -> String {
    let rng = root().join("crates/wire/tests/schema/dicom-audit-message.rng");
    let given = json!({
        "dicom": events.iter().map(dicom::message).collect::<Vec<_>>(),
        "fhir": events.iter().map(fhir::resource).collect::<Vec<_>>(),
        "rng": rng,
    });
    let mut child = Command::new(samples::python())
        .arg(root().join("crates/wire/tests/schema/check.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python with lxml and fhir.resources: run `make setup`");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(given.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "check.py did not run through");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_family_fits_the_schemas_of_dicom_and_fhir() {
    let sparse = Family::ALL.map(sparse);
    let full = Family::ALL.map(|family| full(family, "Tolvan Tolvansson"));
    let hostile = Family::ALL.map(|family| self::full(family, HOSTILE));
    let empty = Family::ALL.map(|family| self::full(family, ""));
    let events = [sparse, full, hostile, empty].concat();
    let objections = objections(&events);
    let first: Vec<_> = objections.lines().take(8).collect();
    assert!(first.is_empty(), "{first:#?}");
}

#[test]
fn the_validators_notice_what_is_wrong() {
    // Not a check of our code, but of the check.
    let mut event = full(Family::Delivered, "Tolvan");
    event.actor.id = Some("x".into());
    let rng = root().join("crates/wire/tests/schema/dicom-audit-message.rng");
    let message = dicom::message(&event).replace("UserIsRequestor=\"true\"", "");
    let given =
        json!({ "dicom": [message], "fhir": [{ "resourceType": "AuditEvent" }], "rng": rng });
    let mut child = Command::new(samples::python())
        .arg(root().join("crates/wire/tests/schema/check.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(given.to_string().as_bytes()).unwrap();
    drop(stdin);
    let found = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(
        found.contains("dicom 0") && found.contains("fhir 0"),
        "{found}"
    );
}

#[test]
fn a_dicom_message_says_who_did_what_with_whose_images() {
    let message = dicom::message(&full(Family::Delivered, "Tolvan Tolvansson"));
    for part in [
        r#"EventActionCode="R" EventDateTime="2026-11-24T08:15:30.123456Z" EventOutcomeIndicator="4""#,
        r#"<EventID csd-code="110104" codeSystemName="DCM" originalText="DICOM Instances Transferred"/>"#,
        r#"<EventTypeCode csd-code="110127" codeSystemName="DCM""#,
        r#"<EventTypeCode csd-code="deliver" codeSystemName="99BILDBRO""#,
        r#"UserID="SE2321000016-1abc" AlternativeUserID="member-9" UserName="Tolvan Tolvansson" UserIsRequestor="true" NetworkAccessPointID="2001:db8::7" NetworkAccessPointTypeCode="2""#,
        // The hub sent, the organisation received.
        r#"UserID="hub.example" UserIsRequestor="false"><RoleIDCode csd-code="110153""#,
        r#"UserID="SE2321000016-org1" UserName="Tolvan Tolvansson" UserIsRequestor="false"><RoleIDCode csd-code="110152""#,
        r#"ParticipantObjectID="191212121212" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1""#,
        r#"<ParticipantObjectContainsStudy><StudyIDs UID="2.25.99"/>"#,
        r#"ParticipantObjectID="urn:uuid:00000000-0000-0000-0000-000000000007""#,
    ] {
        assert!(message.contains(part), "{part}\nis not in\n{message}");
    }
    // 41, the place in the chain.
    assert!(message.contains(r#"type="sequence" value="NDE=""#));
}

#[test]
fn hostile_text_stays_text_on_one_line() {
    let message = dicom::message(&full(Family::Viewed, HOSTILE));
    assert!(!message.contains(|c: char| c.is_control()), "{message}");
    assert!(!message.contains("<b>") && !message.contains("<13>"));
    assert!(message.contains("Åsa &quot;Ö&quot; &lt;b&gt;&amp;amp;"));
}

#[test]
fn nothing_of_an_event_is_left_out() {
    let event = full(Family::Delivered, "Tolvan Tolvansson");
    let resource = fhir::resource(&event).to_string();
    let record = serde_json::to_string(&storelog::record(&event)).unwrap();
    let told = [
        "00000000-0000-0000-0000-000000000007",
        "deliver",
        "denied",
        "SE2321000016-1abc",
        "Tolvan Tolvansson",
        "SE2321000016-4uppdrag",
        "SE2321000016-2unit",
        "SE2321000016-org1",
        "SE2321000255-org2",
        "191212121212",
        "1.2.752.129.2.1.3.1",
        "2.25.99",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000002",
        "second_opinion",
        "coherent_access",
        "2001:db8::7",
        "Överläkare",
        &"ab".repeat(32),
        "hub.example",
    ];
    for word in told {
        assert!(resource.contains(word), "FHIR lacks {word}: {resource}");
        assert!(record.contains(word), "StoreLog lacks {word}: {record}");
    }
}

#[test]
fn a_store_log_record_uses_the_contracts_words() {
    let mut event = full(Family::Delivered, "Tolvan Tolvansson");
    let record = serde_json::to_value(storelog::record(&event)).unwrap();
    assert_eq!(record["activityType"], "Nödöppning");
    assert_eq!(record["purpose"], "Vård och behandling");
    assert_eq!(record["careProvider"]["id"], "SE2321000016-org1");
    // The images are the sender's.
    let resource = &record["resources"][1];
    assert_eq!(resource["type"], "Bilder 2.25.99");
    assert_eq!(resource["careProvider"]["id"], "SE2321000255-org2");
    event.emergency = false;
    event.family = Family::StudyDeleted;
    let record = serde_json::to_value(storelog::record(&event)).unwrap();
    assert_eq!(record["activityType"], "Radera");
    assert_eq!(
        record["resources"][0]["careProvider"]["id"],
        "SE2321000016-org1"
    );
    let bare = serde_json::to_value(storelog::record(&sparse(Family::Login))).unwrap();
    assert_eq!(bare["resources"], json!([]));
    assert_eq!(bare["userId"], "anonymous");
    assert_eq!(bare["careUnit"], Value::Null);
}
