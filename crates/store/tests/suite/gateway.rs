//! The gateway's index.

use crate::fixture::{HOUR, at, image, read, study};
use bildbro_domain::{
    AeTitle, ErrorClass, OrganisationId,
    audit::{Action, Actor, Entry, Outcome},
    share::{Failure, Receipt},
};
use bildbro_flow::ports::gateway::{Arrival, DirectTotals, GatewayStore, Route, Spooled};
use bildbro_wire::link::{Answer, DirectoryEntry, Intent, Refusal};
use uuid::Uuid;

const HUB: Route = Route::Hub {
    intent: Intent::Hold,
};

fn node() -> Route {
    Route::Node {
        name: "pacs".into(),
    }
}

/// Image `n` of study `of`, as spooled object `object`.
fn spooled(object: u64, of: u32, n: u32, route: Route) -> Spooled {
    let offer = image(of, n, Intent::Hold);
    let ae = |text| AeTitle::new(text).unwrap();
    Spooled {
        object,
        arrival: Arrival {
            header: offer.header,
            syntax: offer.syntax,
            calling: ae("MODALITY"),
            called: ae("BB"),
            route,
            received: at(i64::try_from(object).unwrap()),
        },
        digest: offer.digest,
        length: offer.length,
    }
}

async fn entries(store: &dyn GatewayStore, action: Action) -> Vec<Entry> {
    let mut all = read(store.audit_links(0, 1000).await.unwrap());
    all.retain(|e| e.action == action);
    all
}

pub async fn indexing_is_idempotent(store: &dyn GatewayStore) {
    let mut batch: Vec<_> = (1..=5).map(|n| spooled(n, 1, n as u32, HUB)).collect();
    batch.push(spooled(6, 1, 1, node()));
    batch.push(spooled(7, 1, 5, HUB)); // the same image sent again
    for _ in 0..2 {
        store.index(&batch, at(9)).await.unwrap();
    }
    assert_eq!(store.waiting().await.unwrap(), (6, 6000));
    assert_eq!(store.needed().await.unwrap(), [1, 2, 3, 4, 5, 6, 7]);
    let waiting = store.to_forward(2, 3).await.unwrap();
    assert_eq!(waiting, [&batch[2..5]].concat());
    let open = store.open_studies().await.unwrap();
    let of_hub = open.iter().find(|s| s.route == HUB).unwrap();
    assert_eq!(
        (of_hub.received, of_hub.waiting, of_hub.latest),
        (5, 6, at(7))
    );
    let received = entries(store, Action::Receive).await;
    assert_eq!(received.len(), 2, "one for each route");
    assert_eq!(received[0].images, Some(6));
    let by = Actor::Node {
        ae_title: "MODALITY".into(),
    };
    assert_eq!(received[0].actor, by);
}

pub async fn answers_settle_images(store: &dyn GatewayStore) {
    let batch: Vec<_> = (1..=6).map(|n| spooled(n, 1, n as u32, HUB)).collect();
    store.index(&batch, at(9)).await.unwrap();
    let answers = [
        Answer::Held,
        Answer::Held,
        Answer::Again,
        Answer::Refused {
            reason: Refusal::Unreadable,
        },
        Answer::Denied,
        Answer::Send,
    ];
    let answers: Vec<_> = batch.into_iter().zip(answers).collect();
    let released = store.settle_forward(&answers, at(10)).await.unwrap();
    assert_eq!(released, [1, 2, 5]);
    let waiting = store.to_forward(0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|s| s.object).collect::<Vec<_>>(), [3, 6]);
    assert_eq!(
        store.needed().await.unwrap(),
        [3, 4, 6],
        "a refused image is kept"
    );
    assert_eq!(store.open_studies().await.unwrap()[0].waiting, 2);
    let forwarded = entries(store, Action::Forward).await;
    let said: Vec<_> = forwarded.iter().map(|e| (e.outcome, e.images)).collect();
    let expected = [
        (Outcome::Success, Some(2)),
        (Outcome::Failure, Some(1)),
        (Outcome::Denied, Some(1)),
    ];
    assert_eq!(said, expected);
    // Told again, after an answer was lost on the way.
    let again = store.settle_forward(&answers, at(11)).await.unwrap();
    assert_eq!(again, [1, 2, 5]);
    assert_eq!(entries(store, Action::Forward).await.len(), 3);
}

pub async fn settled_images_stay_settled_until_forgotten(store: &dyn GatewayStore) {
    let batch: Vec<_> = (1..=3).map(|n| spooled(n, 1, n as u32, HUB)).collect();
    store.index(&batch, at(1)).await.unwrap();
    let held: Vec<_> = batch.iter().map(|s| (s.clone(), Answer::Held)).collect();
    store.settle_forward(&held[..2], at(2)).await.unwrap();
    // After a crash the spool shows them all.
    store.index(&batch, at(3)).await.unwrap();
    assert_eq!(store.needed().await.unwrap(), [3]);
    store.forget_settled(2).await.unwrap();
    store.index(&batch, at(4)).await.unwrap();
    assert_eq!(
        store.needed().await.unwrap(),
        [1, 3],
        "2 is still remembered"
    );
}

pub async fn images_for_a_node_wait_for_their_time(store: &dyn GatewayStore) {
    let batch: Vec<_> = (1..=3).map(|n| spooled(n, 1, n as u32, node())).collect();
    store.index(&batch, at(9)).await.unwrap();
    assert!(store.to_forward(0, 10).await.unwrap().is_empty());
    assert!(store.to_node("other", at(9), 10).await.unwrap().is_empty());
    assert_eq!(store.to_node("pacs", at(9), 2).await.unwrap(), batch[..2]);

    let failed = |class| Receipt::Failed {
        class,
        failure: Failure::NodeUnreachable,
        status: None,
    };
    let all = |receipt: Receipt| -> Vec<_> {
        batch.iter().map(|s| (s.clone(), receipt.clone())).collect()
    };
    for attempt in 1..=2 {
        let outcomes = all(failed(ErrorClass::Transient));
        let released = store
            .settle_node("pacs", &outcomes, at(HOUR), at(10))
            .await
            .unwrap();
        assert!(released.is_empty());
        assert_eq!(store.node_failures("pacs").await.unwrap(), attempt);
    }
    assert_eq!(
        entries(store, Action::Deliver).await.len(),
        1,
        "repeats are not news"
    );
    assert!(
        store
            .to_node("pacs", at(HOUR - 1), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.to_node("pacs", at(HOUR), 10).await.unwrap().len(), 3);

    let mut outcomes = all(Receipt::Stored { status: 0 });
    outcomes[1].1 = Receipt::AlreadyThere;
    outcomes[2].1 = failed(ErrorClass::Permanent);
    let released = store
        .settle_node("pacs", &outcomes, at(HOUR), at(HOUR))
        .await
        .unwrap();
    assert_eq!(released, [1, 2]);
    assert_eq!(store.node_failures("pacs").await.unwrap(), 0);
    let totals = DirectTotals {
        node: "pacs".into(),
        waiting: 0,
        stored: 2,
        failed: 1,
    };
    assert_eq!(store.direct_totals().await.unwrap(), [totals]);
    assert_eq!(store.needed().await.unwrap(), [3], "for a person");
}

pub async fn a_study_closes_only_as_it_was_judged(store: &dyn GatewayStore) {
    store.index(&[spooled(1, 1, 1, HUB)], at(1)).await.unwrap();
    let judged = store.open_studies().await.unwrap().remove(0);
    store.index(&[spooled(2, 1, 2, HUB)], at(2)).await.unwrap();
    assert!(
        !store.close_study(&judged, None, at(3)).await.unwrap(),
        "more came"
    );

    let judged = store.open_studies().await.unwrap().remove(0);
    assert!(store.close_study(&judged, Some(3), at(4)).await.unwrap());
    assert!(!store.close_study(&judged, Some(3), at(4)).await.unwrap());
    assert!(store.open_studies().await.unwrap().is_empty());
    let complete = entries(store, Action::Complete).await;
    assert_eq!((complete.len(), complete[0].images), (1, Some(2)));
    assert_eq!(complete[0].studies, [study(1)]);

    store.index(&[spooled(5, 1, 3, HUB)], at(5)).await.unwrap();
    let open = store.open_studies().await.unwrap();
    assert_eq!(open[0].received, 3, "a late image opens it again");
}

pub async fn the_directory_is_kept(store: &dyn GatewayStore) {
    let entry = |name: &str| DirectoryEntry {
        organisation: OrganisationId(Uuid::now_v7()),
        name: name.into(),
        ae_title: AeTitle::new(name).unwrap(),
    };
    let (a, b, c) = (entry("A"), entry("B"), entry("C"));
    assert!(store.directory().await.unwrap().is_empty());
    store.save_directory(&[b.clone(), a.clone()]).await.unwrap();
    assert_eq!(store.directory().await.unwrap(), [a, b.clone()]);
    store.save_directory(&[b.clone(), c.clone()]).await.unwrap();
    assert_eq!(store.directory().await.unwrap(), [b, c]);

    let entry = Entry::new(
        Uuid::now_v7(),
        at(1),
        Action::Search,
        Outcome::Success,
        Actor::Gateway { id: None },
    );
    store.record(std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(entries(store, Action::Search).await, [entry]);
}
