//! What comes after an attempt, by the error's class.

use crate::fixture::*;
use bildbro_domain::{
    ErrorClass,
    audit::{Action, Outcome},
    share::{DeliveryState, Failure, Receipt},
};
use bildbro_flow::ports::hub::HubStore;
use bildbro_store::HubDb;
use bildbro_wire::link::{DeliveryTask, End};

const STORED: Receipt = Receipt::Stored { status: 0 };
const NO_JITTER: f64 = 1.0;

fn failed(class: ErrorClass, failure: Failure) -> Receipt {
    Receipt::Failed {
        class,
        failure,
        status: None,
    }
}

async fn claim(hub: &HubDb, by: &Party, seconds: i64) -> DeliveryTask {
    hub.claim(&by.call(seconds)).await.unwrap().expect("work")
}

pub async fn a_passing_failure_waits_longer_each_time(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=1, recipient.share()).await;
    let unreachable = End::Failed {
        class: ErrorClass::Transient,
        failure: Failure::NodeUnreachable,
    };
    let mut now = 0;
    for (attempts, wait) in [(0, 1), (1, 2), (2, 4), (3, 8)] {
        let task = claim(hub, &recipient, now).await;
        assert_eq!(task.attempts, attempts);
        let call = recipient.call(now);
        hub.report(&call, &end(&task, unreachable), NO_JITTER)
            .await
            .unwrap();
        let delivery = the_delivery(hub, now).await;
        assert_eq!(delivery.state, DeliveryState::Retrying);
        assert_eq!(delivery.failure, Some(Failure::NodeUnreachable));
        assert_eq!(delivery.next_attempt, Some(at(now + wait)));
        // More images do not make the node come back sooner.
        send(
            hub,
            &sender.call(now),
            1,
            10 + attempts..=10 + attempts,
            recipient.share(),
        )
        .await;
        assert!(hub.claim(&call).await.unwrap().is_none());
        now += wait;
    }
    assert_eq!(
        count(hub, Action::Deliver, Outcome::Failure).await,
        1,
        "repeats are not news"
    );
    // A success makes the next failure the first again.
    let task = claim(hub, &recipient, now).await;
    let mut one = report(&task, &STORED, None);
    one.receipts.truncate(1);
    hub.report(&recipient.call(now), &one, NO_JITTER)
        .await
        .unwrap();
    hub.report(&recipient.call(now), &end(&task, unreachable), NO_JITTER)
        .await
        .unwrap();
    assert_eq!(the_delivery(hub, now).await.next_attempt, Some(at(now + 1)));
}

pub async fn a_lasting_failure_stops_until_a_person_acts(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=2, recipient.share()).await;
    let task = claim(hub, &recipient, 1).await;
    let mut receipts = report(&task, &STORED, Some(End::Done));
    receipts.receipts[1].receipt = failed(ErrorClass::Permanent, Failure::ObjectRefused);
    hub.report(&recipient.call(1), &receipts, NO_JITTER)
        .await
        .unwrap();
    let delivery = the_delivery(hub, 2).await;
    assert_eq!(delivery.state, DeliveryState::Stopped);
    assert_eq!((delivery.stored, delivery.failed), (1, 1));
    assert_eq!(delivery.failure, Some(Failure::ObjectRefused));
    assert!(hub.claim(&recipient.call(9000)).await.unwrap().is_none());

    // Something else is in the queue before it.
    send(hub, &sender.call(3), 2, 1..=1, recipient.share()).await;
    let id = delivery.delivery;
    assert!(hub.retry_now(id, operator(), at(4)).await.unwrap());
    let task = claim(hub, &recipient, 5).await;
    assert_eq!(
        (task.delivery, task.instances.len()),
        (id, 1),
        "first in its queue"
    );
    assert!(
        !hub.retry_now(id, operator(), at(5)).await.unwrap(),
        "it is under way"
    );
    let no_node = End::Failed {
        class: ErrorClass::Permanent,
        failure: Failure::NoNode,
    };
    hub.report(&recipient.call(6), &end(&task, no_node), NO_JITTER)
        .await
        .unwrap();
    let all = deliveries(hub, 7).await;
    let stopped = all.iter().find(|d| d.delivery == id).unwrap();
    assert_eq!(
        (stopped.state, stopped.failure),
        (DeliveryState::Stopped, Some(Failure::NoNode))
    );
}

pub async fn an_image_that_failed_for_now_is_tried_again_later(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=3, recipient.share()).await;
    let task = claim(hub, &recipient, 1).await;
    let mut receipts = report(&task, &STORED, None);
    receipts.receipts[1].receipt = failed(ErrorClass::Transient, Failure::NodeFull);
    receipts.receipts[2].receipt = failed(ErrorClass::Ambiguous, Failure::NodeDropped);
    hub.report(&recipient.call(1), &receipts, NO_JITTER)
        .await
        .unwrap();
    hub.report(&recipient.call(1), &end(&task, End::Done), NO_JITTER)
        .await
        .unwrap();
    let delivery = the_delivery(hub, 1).await;
    assert_eq!(delivery.state, DeliveryState::Retrying);
    assert_eq!((delivery.stored, delivery.failed), (1, 0));
    assert_eq!(delivery.next_attempt, Some(at(2)));

    let task = claim(hub, &recipient, 2).await;
    assert_eq!(task.instances.len(), 2);
    let done = report(&task, &STORED, Some(End::Done));
    hub.report(&recipient.call(2), &done, NO_JITTER)
        .await
        .unwrap();
    let delivery = the_delivery(hub, 3).await;
    assert_eq!(
        (delivery.state, delivery.failure),
        (DeliveryState::Delivered, None)
    );
}

pub async fn done_without_doing_anything_is_no_loop(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=1, recipient.share()).await;
    let task = claim(hub, &recipient, 1).await;
    hub.report(&recipient.call(1), &end(&task, End::Done), NO_JITTER)
        .await
        .unwrap();
    assert!(hub.claim(&recipient.call(1)).await.unwrap().is_none());
    assert_eq!(the_delivery(hub, 1).await.state, DeliveryState::Retrying);
}

pub async fn late_images_start_a_stopped_delivery_again(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=1, recipient.share()).await;
    let task = claim(hub, &recipient, 1).await;
    let refused = failed(ErrorClass::Permanent, Failure::NotAccepted);
    let receipts = report(&task, &refused, Some(End::Done));
    hub.report(&recipient.call(1), &receipts, NO_JITTER)
        .await
        .unwrap();

    send(hub, &sender.call(2), 1, 2..=2, recipient.share()).await;
    let task = claim(hub, &recipient, 3).await;
    let numbers: Vec<_> = task
        .instances
        .iter()
        .map(|i| i.header.instance_number)
        .collect();
    assert_eq!(numbers, [Some(2)], "the failed one waits for a person");
    let done = report(&task, &STORED, Some(End::Done));
    hub.report(&recipient.call(3), &done, NO_JITTER)
        .await
        .unwrap();
    let delivery = the_delivery(hub, 4).await;
    assert_eq!(delivery.state, DeliveryState::Stopped);
    assert_eq!((delivery.stored, delivery.failed), (1, 1));
}

pub async fn a_repeated_report_counts_once(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=2, recipient.share()).await;
    let task = claim(hub, &recipient, 1).await;
    let mut receipts = report(&task, &STORED, None);
    receipts.receipts.push(receipts.receipts[0].clone());
    for _ in 0..2 {
        hub.report(&recipient.call(2), &receipts, NO_JITTER)
            .await
            .unwrap();
    }
    // What is stored stays stored.
    let refused = failed(ErrorClass::Permanent, Failure::ObjectRefused);
    hub.report(
        &recipient.call(2),
        &report(&task, &refused, None),
        NO_JITTER,
    )
    .await
    .unwrap();
    let delivery = the_delivery(hub, 3).await;
    assert_eq!((delivery.stored, delivery.failed), (2, 0));
    assert_eq!(count(hub, Action::Deliver, Outcome::Success).await, 1);
}
