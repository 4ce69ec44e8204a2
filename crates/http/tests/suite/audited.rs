//! One image's whole way over the link; each endpoint that is to leave an
//! entry in the audit log does, and none of those in the list is forgotten.

use crate::fixture::{Answer, Hub, PUBLIC_KEY, image, whole};
use bildbro_domain::audit::Action;
use bildbro_domain::share::Receipt;
use bildbro_http::{ENDPOINTS, Record};
use bildbro_wire::{
    frame::{self, Decoder, Event},
    link::{
        AskWork, COMPLETE, CONTENT, Complete, DeliveryTask, ENROL, Encoding, End, Enrol, Fetch,
        HELLO, Hello, INSTANCES, InstanceReceipt, Intent, OFFER, Offers, REPORT, Report, WORK,
    },
};
use std::collections::BTreeSet;

struct Walk {
    hub: Hub,
    called: BTreeSet<&'static str>,
}

impl Walk {
    /// Checks that a call left what the list says it leaves.
    async fn call(
        &mut self,
        path: &'static str,
        action: Action,
        call: impl AsyncFn(&Hub) -> Answer,
    ) -> Answer {
        let endpoint = ENDPOINTS.iter().find(|e| e.path == path).unwrap();
        assert_eq!(endpoint.record, Record::Audited(action), "{path}");
        let before = self.hub.audited(action).await;
        let answer = call(&self.hub).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        assert!(
            self.hub.audited(action).await > before,
            "{path} leaves no {}",
            action.as_str()
        );
        self.called.insert(path);
        answer
    }
}

#[tokio::test]
async fn each_endpoint_leaves_what_it_should() {
    let mut walk = Walk {
        hub: Hub::new().await,
        called: BTreeSet::new(),
    };
    walk.hub.issue_code("7K3Q-ABCD").await;
    let enrol = Enrol {
        code: "7k3q abcd".into(),
        public_key: PUBLIC_KEY.into(),
        gateway_name: "gw2".into(),
    };
    walk.call(ENROL, Action::EnrolGateway, async |hub| {
        hub.post(ENROL, "", &enrol).await
    })
    .await;

    let held = image(1, Intent::Hold);
    let answer = walk
        .call(INSTANCES, Action::Admit, async |hub| {
            let body = whole(std::slice::from_ref(&held));
            hub.send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body)
                .await
        })
        .await;
    assert_eq!(answer.json()["answers"][0]["answer"], "held");

    let intent = walk.hub.recipient.share();
    let offers = Offers {
        offers: vec![image(1, intent).0, image(2, intent).0],
    };
    let answer = walk
        .call(OFFER, Action::Share, async |hub| {
            hub.post(OFFER, &hub.sender.token, &offers).await
        })
        .await;
    assert_eq!(answer.json()["answers"][0]["answer"], "held");
    assert_eq!(answer.json()["answers"][1]["answer"], "send");

    let complete = Complete {
        study_uid: held.0.header.study_uid.clone(),
        intent,
        received: 1,
        expected: Some(1),
    };
    walk.call(COMPLETE, Action::Complete, async |hub| {
        hub.post(COMPLETE, &hub.sender.token, &complete).await
    })
    .await;

    let hub = &walk.hub;
    let answer = hub
        .post(WORK, &hub.recipient.token, &AskWork { wait_seconds: 0 })
        .await;
    let task: DeliveryTask = serde_json::from_value(answer.json()["task"].clone()).unwrap();
    deliver(&mut walk, &task, &held.1).await;

    // The portal's are walked where they are tested.
    let audited = ENDPOINTS
        .iter()
        .filter(|e| matches!(e.record, Record::Audited(_)) && e.path.starts_with("/link/"));
    assert_eq!(walk.called, audited.map(|e| e.path).collect());
}

async fn deliver(walk: &mut Walk, task: &DeliveryTask, bytes: &[u8]) {
    let fetch = Fetch {
        delivery: task.delivery,
        claim: task.claim,
        instances: task.instances.iter().map(|i| i.instance).collect(),
        from: 0,
        encoding: Encoding::Identity,
    };
    // Another organisation's delivery is no delivery.
    let hub = &walk.hub;
    let stranger = hub.post(CONTENT, &hub.sender.token, &fetch).await;
    assert_eq!(stranger.problem(), "not-found");

    let answer = walk
        .call(CONTENT, Action::Decide, async |hub| {
            hub.post(CONTENT, &hub.recipient.token, &fetch).await
        })
        .await;
    let mut decoder = Decoder::default();
    decoder.push(&answer.body);
    let mut got = Vec::new();
    while let Some(event) = decoder.next_event().unwrap() {
        if let Event::Data(data) = event {
            got.extend_from_slice(&data);
        }
    }
    decoder.finish().unwrap();
    assert_eq!(got, bytes);

    let receipt = |i: &bildbro_wire::link::InstanceMeta| InstanceReceipt {
        instance: i.instance,
        receipt: Receipt::Stored { status: 0 },
    };
    let report = Report {
        delivery: task.delivery,
        claim: task.claim,
        node: "PACS".into(),
        receipts: task.instances.iter().map(receipt).collect(),
        end: Some(End::Done),
    };
    walk.call(REPORT, Action::Deliver, async |hub| {
        hub.post(REPORT, &hub.recipient.token, &report).await
    })
    .await;
    let hub = &walk.hub;
    let again = hub.post(CONTENT, &hub.recipient.token, &fetch).await;
    assert_eq!(again.problem(), "claim-ended");
}

#[tokio::test]
async fn a_code_works_once_and_says_why_not() {
    let hub = Hub::new().await;
    hub.issue_code("7K3Q-ABCD").await;
    let enrol = |code: &str, public_key: &str| Enrol {
        code: code.into(),
        public_key: public_key.into(),
        gateway_name: "gw2".into(),
    };
    let before = hub.audited(Action::EnrolGateway).await;
    let unknown = hub.post(ENROL, "", &enrol("0000-0000", PUBLIC_KEY)).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.problem().as_str()),
        (404, "no-such-code")
    );
    let wrong_key = hub.post(ENROL, "", &enrol("7K3Q-ABCD", "key")).await;
    assert_eq!(wrong_key.problem(), "unreadable");
    let good = hub.post(ENROL, "", &enrol("7K3Q-ABCD", PUBLIC_KEY)).await;
    assert_eq!(good.json()["organisation_name"], "Region Halland");
    let used = hub.post(ENROL, "", &enrol("7K3Q-ABCD", PUBLIC_KEY)).await;
    assert_eq!(
        (used.status.as_u16(), used.problem().as_str()),
        (410, "code-used")
    );
    assert_eq!(hub.audited(Action::EnrolGateway).await, before + 3);
}

#[tokio::test]
async fn hello_answers_with_the_others() {
    let hub = Hub::new().await;
    let hello = Hello {
        run: None,
        version: "0.1.0".into(),
        waiting_images: 0,
        waiting_bytes: 0,
        nodes: Vec::new(),
    };
    let answer = hub.post(HELLO, &hub.sender.token, &hello).await;
    let directory = answer.json()["directory"].clone();
    assert_eq!(directory.as_array().map(Vec::len), Some(1));
    assert_eq!(directory[0]["ae_title"], "BB_SKANE");
}
