//! Organisations, codes, gateways, tokens.

use crate::fixture::*;
use bildbro_domain::{
    AeTitle, Digest,
    audit::{Action, Outcome},
    organisation::Kind,
};
use bildbro_flow::ports::hub::{ChangeError, HubStore, NewGateway, NewOrganisation, RedeemError};
use bildbro_store::HubDb;
use bildbro_wire::link::{Hello, NodeStatus};

fn gateway(code: &[u8]) -> NewGateway {
    NewGateway {
        code_hash: Digest::of(code),
        name: "radiology".into(),
        public_key: "PEM".into(),
    }
}

pub async fn names_and_ae_titles_are_taken_once(hub: &HubDb) {
    let new = |name: &str, ae_title| NewOrganisation {
        name: name.into(),
        kind: Kind::Region,
        ae_title: AeTitle::new(ae_title).unwrap(),
    };
    let add = |new| hub.add_organisation(new, operator(), at(0));
    let added = add(new("Region Skåne", "BB_SKANE")).await.unwrap();
    assert!(matches!(
        add(new("REGION SKÅNE", "BB_OTHER")).await,
        Err(ChangeError::Taken)
    ));
    assert!(matches!(
        add(new("Other", "BB_SKANE")).await,
        Err(ChangeError::Taken)
    ));
    assert_eq!(hub.organisations().await.unwrap(), [added]);
}

pub async fn a_code_makes_one_gateway(hub: &HubDb) {
    let skane = organisation(hub, "skane", Kind::Region).await;
    for code in [b"good", b"late"] {
        let hash = Digest::of(code);
        hub.issue_code(skane.id, hash, at(HOUR), operator(), at(0))
            .await
            .unwrap();
    }
    let enrolled = hub.redeem_code(gateway(b"good"), at(1)).await.unwrap();
    assert_eq!(enrolled.organisation_name, "skane");
    let found = hub.gateway(enrolled.gateway).await.unwrap().unwrap();
    assert_eq!(
        (found.organisation, found.name.as_str()),
        (skane.id, "radiology")
    );

    let again = hub.redeem_code(gateway(b"good"), at(2)).await;
    assert!(matches!(again, Err(RedeemError::Used)));
    let late = hub.redeem_code(gateway(b"late"), at(HOUR)).await;
    assert!(matches!(late, Err(RedeemError::Expired)));
    let unknown = hub.redeem_code(gateway(b"none"), at(2)).await;
    assert!(matches!(unknown, Err(RedeemError::Unknown)));
    assert_eq!(count(hub, Action::EnrolGateway, Outcome::Denied).await, 3);
    assert_eq!(count(hub, Action::EnrolGateway, Outcome::Success).await, 1);
}

pub async fn a_code_used_at_once_by_two_makes_one_gateway(hub: &HubDb) {
    let skane = organisation(hub, "skane", Kind::Region).await;
    let hash = Digest::of(b"good");
    hub.issue_code(skane.id, hash, at(HOUR), operator(), at(0))
        .await
        .unwrap();
    let tries = (0..3).map(|_| hub.redeem_code(gateway(b"good"), at(1)));
    let tries = futures::future::join_all(tries).await;
    assert_eq!(tries.iter().filter(|t| t.is_ok()).count(), 1);
    assert_eq!(hub.overview(at(2), 1).await.unwrap().gateways.len(), 1);
}

pub async fn a_token_ends_with_its_time_or_its_gateway(hub: &HubDb) {
    let party = party(hub, "skane").await;
    let id = party.subject.gateway;
    let token = |n: &[u8]| Digest::of(n);
    hub.put_token(token(b"1"), id, at(100)).await.unwrap();
    hub.put_token(token(b"2"), id, at(200)).await.unwrap();
    let subject = |n, seconds| hub.token_subject(token(n), at(seconds));
    assert_eq!(
        subject(b"1", 99).await.unwrap(),
        Some(party.subject.clone())
    );
    assert_eq!(subject(b"1", 100).await.unwrap(), None);
    assert_eq!(subject(b"3", 1).await.unwrap(), None);
    hub.sweep(at(100)).await.unwrap();
    assert!(subject(b"2", 150).await.unwrap().is_some());

    assert!(hub.revoke_gateway(id, operator(), at(150)).await.unwrap());
    assert!(!hub.revoke_gateway(id, operator(), at(150)).await.unwrap());
    assert_eq!(subject(b"2", 150).await.unwrap(), None);
    assert_eq!(hub.gateway(id).await.unwrap(), None);
    assert_eq!(count(hub, Action::RevokeGateway, Outcome::Success).await, 1);
}

pub async fn an_assertion_is_good_once(hub: &HubDb) {
    let assertion = Digest::of(b"jti");
    assert!(hub.first_use(assertion, at(60)).await.unwrap());
    assert!(!hub.first_use(assertion, at(60)).await.unwrap());
    hub.sweep(at(59)).await.unwrap();
    assert!(!hub.first_use(assertion, at(60)).await.unwrap());
    hub.sweep(at(60)).await.unwrap();
    assert!(hub.first_use(assertion, at(60)).await.unwrap());
}

pub async fn hello_answers_everyone_else(hub: &HubDb) {
    let (skane, halland) = two(hub).await;
    let nodes = vec![NodeStatus {
        name: "pacs".into(),
        ae_title: AeTitle::new("PACS").unwrap(),
        answers: Some(true),
        direct_waiting: 0,
        direct_stored: 7,
        direct_failed: 0,
    }];
    let hello = Hello {
        run: None,
        version: "0.1.0".into(),
        waiting_images: 5,
        waiting_bytes: 500,
        nodes: nodes.clone(),
    };
    let directory = hub.hello(&skane.call(7), &hello).await.unwrap();
    assert_eq!(directory, [halland.organisation]);
    let gateways = hub.overview(at(8), 1).await.unwrap().gateways;
    let seen = gateways
        .iter()
        .find(|g| g.gateway == skane.subject.gateway)
        .unwrap();
    assert_eq!((seen.last_seen, seen.waiting_images), (Some(at(7)), 5));
    assert_eq!((&seen.nodes, seen.version.as_str()), (&nodes, "0.1.0"));
    hub.ready().await.unwrap();
}
