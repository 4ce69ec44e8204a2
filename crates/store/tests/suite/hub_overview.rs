//! What the status page shows.

use crate::fixture::*;
use bildbro_domain::share::{DeliveryState, Receipt};
use bildbro_flow::ports::hub::HubStore;
use bildbro_store::HubDb;
use bildbro_wire::link::{End, Hello, Intent};

pub async fn hundreds_of_studies_are_summed_and_bounded(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    for n in 1..=200 {
        let call = sender.call(i64::from(n));
        send(hub, &call, n, 1..=3, recipient.share()).await;
        send(hub, &call, 1000 + n, 1..=1, Intent::Hold).await;
    }
    let task = hub.claim(&recipient.call(300)).await.unwrap().unwrap();
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&recipient.call(301), &done, 0.5).await.unwrap();

    let overview = hub.overview(at(302), 50).await.unwrap();
    assert_eq!((overview.deliveries.len(), overview.held.len()), (50, 50));
    assert_eq!(overview.total_deliveries, 200);
    assert_eq!(overview.deliveries[0].created, at(200), "newest first");
    assert_eq!(overview.held[0].updated, at(200));
    let totals = hub.totals().await.unwrap();
    assert_eq!((totals.studies, totals.instances), (400, 800));
    assert_eq!(totals.instance_bytes, 800_000);
    assert_eq!(totals.pending_images, 597);
    assert_eq!(totals.deliveries, [199, 0, 0, 1, 0, 0]);
    let first = deliveries(hub, 302).await.pop().unwrap();
    assert_eq!(first.state, DeliveryState::Delivered);
}

pub async fn a_silent_recipient_is_seen(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let silent = |seconds| async move { the_delivery(hub, seconds).await.recipient_silent_since };
    assert_eq!(silent(30).await, None);
    assert_eq!(
        silent(31).await,
        Some(at(0)),
        "never heard since it was enrolled"
    );
    let hello = Hello {
        run: None,
        version: String::new(),
        waiting_images: 0,
        waiting_bytes: 0,
        nodes: vec![],
    };
    hub.hello(&recipient.call(40), &hello).await.unwrap();
    assert_eq!(silent(70).await, None);
    assert_eq!(silent(71).await, Some(at(40)));
}
