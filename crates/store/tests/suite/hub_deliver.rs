//! Claim, release, receipts; leases and withdrawal.

use crate::fixture::*;
use bildbro_domain::{
    InstanceId,
    audit::{Action, Outcome},
    policy::Denial,
    share::{DeliveryState, LegalMode, Purpose, Receipt},
};
use bildbro_flow::ports::hub::{ClaimError, HubStore};
use bildbro_store::HubDb;
use bildbro_wire::link::{End, Fetch, Hello, Intent};
use uuid::Uuid;

const STORED: Receipt = Receipt::Stored { status: 0 };

pub async fn from_admission_to_receipt(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=3, recipient.share()).await;
    assert!(
        hub.claim(&sender.call(2)).await.unwrap().is_none(),
        "not the sender's work"
    );
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    assert_eq!((task.sender.as_str(), task.attempts), ("skane", 0));
    assert_eq!(the_delivery(hub, 2).await.state, DeliveryState::UnderWay);
    assert!(
        hub.claim(&recipient.call(3)).await.unwrap().is_none(),
        "it is held"
    );

    let (permit, held) = hub
        .release(&recipient.call(3), &fetch(&task))
        .await
        .unwrap();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|h| permit.covers(h.study, at(3))));
    assert!(held.iter().all(|h| h.key.holder == sender.organisation.id));
    let strange = Fetch {
        instances: vec![held[0].meta.instance, InstanceId(Uuid::new_v4())],
        ..fetch(&task)
    };
    let answer = hub.release(&recipient.call(3), &strange).await;
    assert!(matches!(answer, Err(ClaimError::NotFound)));

    let mut first = report(&task, &STORED, None);
    first.receipts.truncate(1);
    let reply = hub.report(&recipient.call(50), &first, 0.5).await.unwrap();
    assert_eq!(reply.lease_until, at(110), "a report renews the lease");
    let mut rest = report(&task, &Receipt::AlreadyThere, Some(End::Done));
    rest.receipts.remove(0);
    hub.report(&recipient.call(100), &rest, 0.5).await.unwrap();
    let delivery = the_delivery(hub, 101).await;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(
        (delivery.stored, delivery.already_there, delivery.failed),
        (1, 2, 0)
    );
    assert!(hub.claim(&recipient.call(9000)).await.unwrap().is_none());

    let entries = entries(hub).await;
    let decided = entries.iter().find(|e| e.action == Action::Decide).unwrap();
    assert_eq!(decided.outcome, Outcome::Success);
    assert_eq!(
        (decided.images, decided.purpose),
        (Some(3), Some(Purpose::Care))
    );
    assert_eq!(decided.legal_mode, Some(LegalMode::Disclosure));
    assert_eq!(decided.counterpart, Some(sender.organisation.id));
    let delivered = entries.iter().filter(|e| e.action == Action::Deliver);
    assert_eq!(
        delivered.map(|e| e.images.unwrap()).collect::<Vec<_>>(),
        [1, 2]
    );
}

pub async fn images_come_in_order_and_in_bounded_tasks(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let mut offers: Vec<_> = (1..=300)
        .rev()
        .map(|n| image(1, n, recipient.share()))
        .collect();
    offers[0].header.instance_number = None;
    for part in offers.chunks(64) {
        let items: Vec<_> = part.iter().map(stored).collect();
        admit(hub, &sender.call(1), &items).await.unwrap();
    }
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let numbers = |task: &bildbro_wire::link::DeliveryTask| -> Vec<Option<i64>> {
        task.instances
            .iter()
            .map(|i| i.header.instance_number)
            .collect()
    };
    assert_eq!(numbers(&task), (1..=256).map(Some).collect::<Vec<_>>());
    let done = report(&task, &STORED, Some(End::Done));
    hub.report(&recipient.call(3), &done, 0.5).await.unwrap();
    assert_eq!(the_delivery(hub, 3).await.state, DeliveryState::Waiting);
    let rest = hub.claim(&recipient.call(3)).await.unwrap().unwrap();
    assert_eq!(rest.instances.len(), 44);
    assert_eq!(
        numbers(&rest).last(),
        Some(&None),
        "without a number comes last"
    );
}

pub async fn an_expired_lease_makes_the_claim_stale(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let first = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let late = hub.release(&recipient.call(62), &fetch(&first)).await;
    assert!(
        matches!(late, Err(ClaimError::Stale)),
        "its lease has passed"
    );

    let second = hub.claim(&recipient.call(62)).await.unwrap().unwrap();
    assert_eq!(second.delivery, first.delivery);
    let call = recipient.call(63);
    let answer = hub
        .report(&call, &report(&first, &STORED, Some(End::Done)), 0.5)
        .await;
    assert!(matches!(answer, Err(ClaimError::Stale)));
    assert!(matches!(
        hub.release(&call, &fetch(&first)).await,
        Err(ClaimError::Stale)
    ));
    assert_eq!(the_delivery(hub, 63).await.stored, 0);
    hub.release(&call, &fetch(&second)).await.unwrap();
}

pub async fn a_new_run_of_a_gateway_frees_what_the_earlier_one_held(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let hello = |run: u128| Hello {
        version: "1".into(),
        run: Some(Uuid::from_u128(run)),
        waiting_images: 0,
        waiting_bytes: 0,
        nodes: Vec::new(),
    };
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    hub.hello(&recipient.call(1), &hello(1)).await.unwrap();
    let first = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    // The same run says hello every few seconds; so does the sender's gateway.
    hub.hello(&recipient.call(3), &hello(1)).await.unwrap();
    hub.hello(&sender.call(3), &hello(7)).await.unwrap();
    assert!(hub.claim(&recipient.call(4)).await.unwrap().is_none());
    // Killed, and started again.
    hub.hello(&recipient.call(5), &hello(2)).await.unwrap();
    let second = hub.claim(&recipient.call(6)).await.unwrap().unwrap();
    assert_eq!(second.delivery, first.delivery);
    let late = report(&first, &Receipt::Stored { status: 0 }, Some(End::Done));
    let late = hub.report(&recipient.call(7), &late, 0.5).await;
    assert!(matches!(late, Err(ClaimError::Stale)));
}

pub async fn a_delivery_whose_last_word_was_lost_comes_to_its_end(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let receipts = report(&task, &Receipt::Stored { status: 0 }, None);
    hub.report(&recipient.call(3), &receipts, 0.5)
        .await
        .unwrap();
    // The gateway is gone before it says that it is done.
    assert_eq!(the_delivery(hub, 4).await.state, DeliveryState::UnderWay);
    assert!(hub.claim(&recipient.call(65)).await.unwrap().is_none());
    let view = the_delivery(hub, 66).await;
    assert_eq!((view.state, view.stored), (DeliveryState::Delivered, 2));
}

pub async fn two_gateways_at_once_get_two_deliveries(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    send(hub, &sender.call(1), 2, 1..=1, recipient.share()).await;
    let call = recipient.call(2);
    let tasks = futures::future::join_all((0..3).map(|_| hub.claim(&call))).await;
    let mut got: Vec<_> = tasks
        .into_iter()
        .filter_map(|task| task.unwrap().map(|task| task.delivery))
        .collect();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 2);
}

pub async fn a_revoked_share_releases_nothing_more(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    hub.release(&recipient.call(2), &fetch(&task))
        .await
        .unwrap();
    let share = the_delivery(hub, 2).await.share;
    assert!(hub.revoke_share(share, operator(), at(3)).await.unwrap());
    assert!(!hub.revoke_share(share, operator(), at(3)).await.unwrap());

    let answer = hub.release(&recipient.call(3), &fetch(&task)).await;
    assert!(matches!(answer, Err(ClaimError::Denied(Denial::Revoked))));
    assert_eq!(count(hub, Action::Decide, Outcome::Denied).await, 1);
    assert_eq!(the_delivery(hub, 4).await.state, DeliveryState::Withdrawn);
    assert!(hub.claim(&recipient.call(9000)).await.unwrap().is_none());
    assert_eq!(hub.totals().await.unwrap().pending_images, 0);
    // Sent again, it is a new share.
    send(hub, &sender.call(5), 1, 1..=1, recipient.share()).await;
    assert_eq!(deliveries(hub, 6).await.len(), 2);
}

pub async fn what_was_stored_before_a_revocation_is_on_record(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let share = the_delivery(hub, 2).await.share;
    hub.revoke_share(share, operator(), at(3)).await.unwrap();
    let mut one = report(&task, &STORED, None);
    one.receipts.truncate(1);
    let answer = hub.report(&recipient.call(4), &one, 0.5).await;
    assert!(
        matches!(answer, Err(ClaimError::Stale)),
        "and the gateway stops"
    );
    let delivery = the_delivery(hub, 5).await;
    assert_eq!(
        (delivery.state, delivery.stored),
        (DeliveryState::Withdrawn, 1)
    );
    assert_eq!(count(hub, Action::Deliver, Outcome::Success).await, 1);
}

pub async fn an_expired_share_is_withdrawn(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    send(hub, &sender.call(2 * DAY), 2, 1..=1, recipient.share()).await;
    let task = hub
        .claim(&recipient.call(90 * DAY + 2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(task.study_uid, study(2), "the expired one is passed by");
    let states: Vec<_> = deliveries(hub, 91 * DAY)
        .await
        .iter()
        .map(|d| d.state)
        .collect();
    assert_eq!(states, [DeliveryState::UnderWay, DeliveryState::Withdrawn]);
    assert_eq!(count(hub, Action::Decide, Outcome::Denied).await, 1);
}

pub async fn another_organisations_delivery_does_not_exist(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let stranger = party(hub, "norrbotten").await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let call = stranger.call(3);
    assert!(matches!(
        hub.release(&call, &fetch(&task)).await,
        Err(ClaimError::NotFound)
    ));
    let receipts = report(&task, &STORED, Some(End::Done));
    assert!(matches!(
        hub.report(&call, &receipts, 0.5).await,
        Err(ClaimError::NotFound)
    ));
    let denied: Vec<_> = entries(hub).await;
    let denied = denied
        .iter()
        .find(|e| e.outcome == Outcome::Denied)
        .unwrap();
    assert_eq!(denied.organisation, Some(stranger.organisation.id));
    assert_eq!(the_delivery(hub, 4).await.stored, 0);
}

pub async fn a_revoked_gateway_gets_nothing(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let second = enrol(hub, &recipient.organisation, "second").await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    send(hub, &sender.call(1), 2, 1..=1, Intent::Hold).await;
    hub.revoke_gateway(second.subject.gateway, operator(), at(2))
        .await
        .unwrap();
    assert!(hub.claim(&second.call(3)).await.unwrap().is_none());
    assert_eq!(count(hub, Action::Decide, Outcome::Denied).await, 1);
    let task = hub.claim(&recipient.call(3)).await.unwrap();
    assert!(task.is_some(), "the other gateway does not wait for it");
}
