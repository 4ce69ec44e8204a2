//! Admission.

use crate::fixture::*;
use bildbro_domain::{
    Digest, OrganisationId,
    audit::{Action, Outcome},
    organisation::Kind,
    share::{DeliveryState, Purpose, Quarantine},
};
use bildbro_flow::ports::hub::HubStore;
use bildbro_store::HubDb;
use bildbro_wire::link::{Answer, Complete, Intent};
use uuid::Uuid;

pub async fn an_image_is_offered_sent_and_then_held(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let offer = image(1, 1, recipient.share());
    let answers = admit(hub, &sender.call(1), &[offered(&offer)])
        .await
        .unwrap();
    assert_eq!(answers, [Answer::Send]);
    assert_eq!(
        hub.totals().await.unwrap().instances,
        0,
        "an offer leaves nothing"
    );

    let answers = admit(hub, &sender.call(2), &[stored(&offer)])
        .await
        .unwrap();
    assert_eq!(answers, [Answer::Held]);
    let entries = entries(hub).await;
    let admitted = entries.iter().find(|e| e.action == Action::Admit).unwrap();
    assert_eq!(admitted.images, Some(1));
    assert_eq!(
        admitted.patient_id.as_ref().unwrap().reveal(),
        "19121212-1212"
    );
    let shared = entries.iter().find(|e| e.action == Action::Share).unwrap();
    assert_eq!(shared.counterpart, Some(recipient.organisation.id));
    assert_eq!(shared.images_digest, admitted.images_digest);
}

pub async fn the_same_image_again_changes_nothing(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let offer = image(1, 1, recipient.share());
    // Twice in one batch, then stored again, then offered again.
    let twice = [stored(&offer), stored(&offer)];
    let answers = admit(hub, &sender.call(1), &twice).await.unwrap();
    assert_eq!(answers, [Answer::Held, Answer::Held]);
    let before = hub.totals().await.unwrap();
    assert_eq!((before.instances, before.pending_images), (1, 1));
    for again in [stored(&offer), offered(&offer)] {
        let answers = admit(hub, &sender.call(2), &[again]).await.unwrap();
        assert_eq!(answers, [Answer::Held]);
    }
    assert_eq!(hub.totals().await.unwrap(), before, "nor in the log");
}

pub async fn the_same_image_twice_at_once_is_held_once(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let item = [stored(&image(1, 1, recipient.share()))];
    let call = sender.call(1);
    let both = futures::future::join_all((0..2).map(|_| admit(hub, &call, &item))).await;
    for answer in both {
        assert_eq!(answer.unwrap(), [Answer::Held]);
    }
    let totals = hub.totals().await.unwrap();
    assert_eq!((totals.instances, totals.pending_images), (1, 1));
    assert_eq!(count(hub, Action::Admit, Outcome::Success).await, 1);
    assert_eq!(count(hub, Action::Share, Outcome::Success).await, 1);
}

pub async fn other_bytes_under_a_known_uid_are_set_aside(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let mut other = image(1, 1, recipient.share());
    other.digest = Digest::of(b"other bytes");
    let aside = [Answer::Quarantined {
        reason: Quarantine::UidConflict,
    }];

    let answer = |item| async { admit(hub, &sender.call(2), &[item]).await.unwrap() };
    assert_eq!(
        answer(offered(&other)).await,
        [Answer::Send],
        "its bytes are kept too"
    );
    assert_eq!(answer(stored(&other)).await, aside);
    assert_eq!(answer(offered(&other)).await, aside, "not sent twice");
    let overview = hub.overview(at(3), 10).await.unwrap();
    assert_eq!(overview.quarantined[0].images, 1);
    assert_eq!(overview.quarantined[0].reason, Quarantine::UidConflict);
    assert_eq!(hub.totals().await.unwrap().instances, 1);
    assert_eq!(count(hub, Action::Quarantine, Outcome::Success).await, 1);
}

pub async fn a_known_uid_under_another_study_is_set_aside(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, Intent::Hold).await;
    let mut moved = image(1, 1, recipient.share());
    moved.header.study_uid = study(2);
    let answers = admit(hub, &sender.call(2), &[stored(&moved)])
        .await
        .unwrap();
    let reason = Quarantine::OtherStudy;
    assert_eq!(answers, [Answer::Quarantined { reason }]);
    assert!(
        deliveries(hub, 3).await.is_empty(),
        "what is set aside is not shared"
    );
}

pub async fn what_the_recipient_sent_itself_is_already_there(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &recipient.call(1), 1, 1..=2, Intent::Hold).await;
    send(hub, &sender.call(2), 1, 1..=2, recipient.share()).await;
    let delivery = the_delivery(hub, 3).await;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!((delivery.images, delivery.already_there), (2, 2));
    assert!(hub.claim(&recipient.call(3)).await.unwrap().is_none());
    assert_eq!(count(hub, Action::Deliver, Outcome::Success).await, 1);

    send(hub, &sender.call(4), 1, 3..=3, recipient.share()).await;
    assert_eq!(the_delivery(hub, 5).await.state, DeliveryState::Waiting);
    let task = hub.claim(&recipient.call(5)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 1);
}

pub async fn late_images_join_the_share_for_a_day(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(0), 1, 1..=2, recipient.share()).await;
    send(hub, &sender.call(23 * HOUR), 1, 3..=3, recipient.share()).await;
    // The last to join counts, not the first.
    send(hub, &sender.call(46 * HOUR), 1, 4..=4, recipient.share()).await;
    assert_eq!(the_delivery(hub, 46 * HOUR).await.images, 4);

    send(hub, &sender.call(71 * HOUR), 1, 5..=5, recipient.share()).await;
    let all = deliveries(hub, 71 * HOUR).await;
    let images: Vec<u64> = all.iter().map(|d| d.images).collect();
    assert_eq!(images, [1, 4], "newest first");
}

pub async fn a_denied_share_keeps_the_image(hub: &HubDb) {
    let sender = party(hub, "skane").await;
    let insurer = organisation(hub, "insurer", Kind::Insurer).await;
    let nobody = OrganisationId(Uuid::new_v4());
    for (n, recipient) in [(1, insurer.id), (2, nobody), (3, sender.organisation.id)] {
        let items: Vec<_> = [n * 10, n * 10 + 1]
            .map(|n| stored(&image(1, n, Intent::Share { recipient })))
            .into();
        let answers = admit(hub, &sender.call(1), &items).await.unwrap();
        assert_eq!(answers, [Answer::Denied, Answer::Denied]);
    }
    assert_eq!(hub.totals().await.unwrap().instances, 6);
    assert!(deliveries(hub, 2).await.is_empty());
    // One for each batch, study and recipient.
    assert_eq!(count(hub, Action::Share, Outcome::Denied).await, 3);
}

pub async fn what_is_held_waits_for_a_person(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=300, Intent::Hold).await;
    let held = hub.overview(at(2), 10).await.unwrap().held;
    assert_eq!(
        (held[0].images, held[0].bytes, held[0].modality.as_str()),
        (300, 300_000, "CT")
    );

    let (known, unknown) = (study(1), study(2));
    let by_hand = |study| {
        let (holder, to) = (sender.organisation.id, recipient.organisation.id);
        hub.share_study(holder, study, to, Purpose::Conference, operator(), at(3))
    };
    assert!(by_hand(&unknown).await.is_err(), "no such study");
    by_hand(&known).await.unwrap();
    let overview = hub.overview(at(4), 10).await.unwrap();
    assert!(overview.held.is_empty());
    assert_eq!(overview.deliveries[0].images, 300);
    assert_eq!(overview.deliveries[0].purpose, Purpose::Conference);
    let task = hub.claim(&recipient.call(5)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 256);
}

pub async fn the_rest_of_a_study_shared_by_hand_follows(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let (holder, to) = (sender.organisation.id, recipient.organisation.id);
    hub.share_study(holder, &study(1), to, Purpose::Care, operator(), at(2))
        .await
        .unwrap();
    send(hub, &sender.call(3), 1, 3..=3, Intent::Hold).await;
    assert_eq!(the_delivery(hub, 4).await.images, 3);
    assert!(hub.overview(at(4), 10).await.unwrap().held.is_empty());

    // Long after, it is something new for a person to decide on.
    send(hub, &sender.call(3 * DAY), 1, 4..=4, Intent::Hold).await;
    assert_eq!(the_delivery(hub, 3 * DAY).await.images, 3);
    assert_eq!(hub.overview(at(3 * DAY), 10).await.unwrap().held.len(), 1);
}

pub async fn completeness_is_per_intent(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let said = |study, intent| Complete {
        study_uid: study,
        intent,
        received: 2,
        expected: Some(3),
    };
    hub.complete(&sender.call(2), &said(study(9), Intent::Hold))
        .await
        .unwrap();
    hub.complete(&sender.call(2), &said(study(1), recipient.share()))
        .await
        .unwrap();
    let overview = hub.overview(at(3), 10).await.unwrap();
    let delivery = &overview.deliveries[0];
    assert_eq!((delivery.complete, delivery.expected), (true, Some(3)));
    assert!(!overview.held[0].complete);

    hub.complete(&sender.call(4), &said(study(1), Intent::Hold))
        .await
        .unwrap();
    send(hub, &sender.call(5), 1, 3..=3, recipient.share()).await;
    let overview = hub.overview(at(6), 10).await.unwrap();
    assert!(overview.held[0].complete);
    assert!(!overview.deliveries[0].complete, "more came");
    assert_eq!(count(hub, Action::Complete, Outcome::Success).await, 2);
}
