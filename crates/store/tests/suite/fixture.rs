//! A small world to test in: organisations, gateways, images, and time.

use bildbro_domain::share::Receipt;
use bildbro_domain::{
    AeTitle, ClassUid, Digest, InstanceHeader, InstanceUid, Personal, SeriesUid, StudyId, StudyUid,
    SyntaxUid,
    audit::{Action, Actor, Entry, Link, Outcome, Verifier},
    organisation::{Kind, Organisation},
    policy::Subject,
};
use bildbro_flow::ports::{
    StoreError,
    gateway::GatewayStore,
    hub::{Call, DeliveryView, HubStore, Item, NewGateway, NewOrganisation},
    keys::{KeyId, StudyKeys, Wrapped},
};
use bildbro_store::HubDb;
use bildbro_wire::link::{
    Answer, DeliveryTask, Encoding, End, Fetch, InstanceReceipt, Intent, Offer, Report,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// So many seconds after the tests' beginning of time.
pub fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    start
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}

pub fn operator() -> Actor {
    Actor::Operator {
        login: "test".into(),
    }
}

/// An organisation on the hub, with a gateway.
pub struct Party {
    pub organisation: Organisation,
    pub subject: Subject,
}

impl Party {
    pub fn call(&self, seconds: i64) -> Call {
        Call {
            subject: self.subject.clone(),
            at: at(seconds),
        }
    }

    /// The intent of whoever sends to this organisation's AE title.
    pub fn share(&self) -> Intent {
        Intent::Share {
            recipient: self.organisation.id,
        }
    }
}

pub async fn organisation(hub: &HubDb, name: &str, kind: Kind) -> Organisation {
    let new = NewOrganisation {
        name: name.into(),
        kind,
        ae_title: AeTitle::new(&format!("BB_{}", name.to_uppercase())).unwrap(),
    };
    hub.add_organisation(new, operator(), at(0)).await.unwrap()
}

/// Enrols one more gateway of an organisation.
pub async fn enrol(hub: &HubDb, organisation: &Organisation, code: &str) -> Party {
    let code_hash = Digest::of(code.as_bytes());
    hub.issue_code(organisation.id, code_hash, at(DAY), operator(), at(0))
        .await
        .unwrap();
    let new = NewGateway {
        code_hash,
        name: format!("gateway {code}"),
        public_key: "PEM".into(),
    };
    let enrolled = hub.redeem_code(new, at(0)).await.unwrap();
    Party {
        organisation: organisation.clone(),
        subject: Subject {
            gateway: enrolled.gateway,
            organisation: enrolled.organisation,
        },
    }
}

pub async fn party(hub: &HubDb, name: &str) -> Party {
    let organisation = organisation(hub, name, Kind::Region).await;
    enrol(hub, &organisation, name).await
}

/// A sender and a recipient.
pub async fn two(hub: &HubDb) -> (Party, Party) {
    (party(hub, "skane").await, party(hub, "halland").await)
}

pub fn study(n: u32) -> StudyUid {
    StudyUid::new(&format!("1.2.3.{n}")).unwrap()
}

/// Image `n` of study `of`, with bytes of its own.
pub fn image(of: u32, n: u32, intent: Intent) -> Offer {
    let header = InstanceHeader {
        study_uid: study(of),
        series_uid: SeriesUid::new(&format!("1.2.3.{of}.1")).unwrap(),
        sop_uid: InstanceUid::new(&format!("1.2.3.{of}.1.{n}")).unwrap(),
        class_uid: ClassUid::new("1.2.840.10008.5.1.4.1.1.2").unwrap(),
        patient_id: Personal::new("19121212-1212"),
        patient_id_issuer: String::new(),
        patient_name: Personal::new("Tolvansson^Tolvan"),
        patient_birth_date: Personal::default(),
        patient_sex: Personal::default(),
        accession: Personal::default(),
        study_date: "20260301".into(),
        study_time: String::new(),
        study_description: String::new(),
        series_description: String::new(),
        modality: "CT".into(),
        body_part: String::new(),
        institution: String::new(),
        series_number: Some(1),
        instance_number: Some(i64::from(n)),
        frames: None,
    };
    Offer {
        digest: Digest::of(header.sop_uid.as_str().as_bytes()),
        header,
        syntax: SyntaxUid::new("1.2.840.10008.1.2.1").unwrap(),
        length: 1000,
        intent,
        calling: AeTitle::new("PACS").unwrap(),
        received: at(0),
    }
}

/// As offered only.
pub fn offered(offer: &Offer) -> Item {
    Item {
        offer: offer.clone(),
        stored: None,
    }
}

/// With its bytes safe.
pub fn stored(offer: &Offer) -> Item {
    Item {
        offer: offer.clone(),
        // `admit` puts the study's own in its place.
        stored: Some(KeyId(Uuid::nil())),
    }
}

/// Admits images whose bytes are safe, sealed with their studies' keys.
pub async fn admit(hub: &HubDb, call: &Call, items: &[Item]) -> Result<Vec<Answer>, StoreError> {
    let mut sealed = items.to_vec();
    for item in sealed.iter_mut().filter(|item| item.stored.is_some()) {
        let study = StudyId::of(call.subject.organisation, &item.offer.header.study_uid);
        let new = Wrapped {
            by: "test".into(),
            bytes: vec![1; 60],
        };
        item.stored = Some(hub.keep_study_key(study, &new).await?.id);
    }
    hub.admit(call, &sealed).await
}

/// Sends images `numbers` of a study.
pub async fn send(
    hub: &HubDb,
    call: &Call,
    of: u32,
    numbers: std::ops::RangeInclusive<u32>,
    intent: Intent,
) {
    let items: Vec<Item> = numbers.map(|n| stored(&image(of, n, intent))).collect();
    admit(hub, call, &items).await.unwrap();
}

pub fn fetch(task: &DeliveryTask) -> Fetch {
    Fetch {
        delivery: task.delivery,
        claim: task.claim,
        instances: task.instances.iter().map(|i| i.instance).collect(),
        from: 0,
        encoding: Encoding::Identity,
    }
}

/// A report that gives every image of the task the same receipt.
pub fn report(task: &DeliveryTask, receipt: &Receipt, end: Option<End>) -> Report {
    let receipts = task.instances.iter().map(|i| InstanceReceipt {
        instance: i.instance,
        receipt: receipt.clone(),
    });
    Report {
        delivery: task.delivery,
        claim: task.claim,
        node: "PACS".into(),
        receipts: receipts.collect(),
        end,
    }
}

/// A report without receipts.
pub fn end(task: &DeliveryTask, end: End) -> Report {
    Report {
        receipts: Vec::new(),
        ..report(task, &Receipt::AlreadyThere, Some(end))
    }
}

pub async fn deliveries(hub: &HubDb, seconds: i64) -> Vec<DeliveryView> {
    hub.overview(at(seconds), 1000).await.unwrap().deliveries
}

/// The only delivery there is.
pub async fn the_delivery(hub: &HubDb, seconds: i64) -> DeliveryView {
    let mut all = deliveries(hub, seconds).await;
    assert_eq!(all.len(), 1, "one delivery");
    all.remove(0)
}

pub async fn entries(hub: &HubDb) -> Vec<Entry> {
    read(hub.audit_links(0, 10_000).await.unwrap())
}

pub fn read(links: Vec<Link>) -> Vec<Entry> {
    let texts = links.into_iter().map(|link| link.text);
    texts
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

/// How many entries say this.
pub async fn count(hub: &HubDb, action: Action, outcome: Outcome) -> usize {
    let all = entries(hub).await;
    all.iter()
        .filter(|e| e.action == action && e.outcome == outcome)
        .count()
}

pub async fn verify_hub(hub: &HubDb) {
    let (sequence, hash) = hub.audit_head().await.unwrap();
    verify(&hub.audit_links(0, 10_000).await.unwrap(), sequence, hash);
}

pub async fn verify_gateway(store: &dyn GatewayStore) {
    let (sequence, hash) = store.audit_head().await.unwrap();
    verify(&store.audit_links(0, 10_000).await.unwrap(), sequence, hash);
}

fn verify(links: &[Link], sequence: u64, hash: [u8; 32]) {
    let mut verifier = Verifier::default();
    for link in links {
        verifier.next(link).unwrap();
    }
    assert_eq!(verifier.finish(sequence, hash), Ok(links.len() as u64));
}
