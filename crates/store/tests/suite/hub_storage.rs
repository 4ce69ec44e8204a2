//! What the database says of the storage: keys, lost images, studies deleted.

use crate::fixture::*;
use bildbro_domain::{
    ErrorClass, StudyId,
    audit::{Action, Outcome},
    share::{DeliveryState, Failure, Receipt},
};
use bildbro_flow::ports::{
    hub::{ClaimError, HubStore, Item},
    inventory::{NamedBlob, Rows, StudyPlace},
    keys::{StudyKeys, Wrapped},
};
use bildbro_store::HubDb;
use bildbro_wire::link::{Answer, End, Intent};

fn wrapped(by: &str, byte: u8) -> Wrapped {
    Wrapped {
        by: by.into(),
        bytes: vec![byte; 60],
    }
}

fn place(party: &Party, of: u32) -> StudyPlace {
    let holder = party.organisation.id;
    StudyPlace {
        holder,
        study: StudyId::of(holder, &study(of)),
    }
}

pub async fn a_study_has_one_key_also_when_it_is_wrapped_anew(hub: &HubDb) {
    let (sender, _) = two(hub).await;
    let study = place(&sender, 1).study;
    assert!(hub.study_key(study).await.unwrap().is_none());
    let first = hub.keep_study_key(study, &wrapped("old", 1)).await.unwrap();
    let second = hub.keep_study_key(study, &wrapped("old", 2)).await.unwrap();
    assert_eq!(first, second, "the first one is kept");

    let waiting = hub.study_keys_to_rewrap("new", None, 9).await.unwrap();
    assert_eq!(waiting, [(study, first.wrapped.clone())]);
    let new = wrapped("new", 3);
    let stale = hub.rewrap_study_key(study, &wrapped("old", 2), &new).await;
    assert!(!stale.unwrap(), "another key is never written over");
    assert!(
        hub.rewrap_study_key(study, &first.wrapped, &new)
            .await
            .unwrap()
    );
    assert!(
        hub.study_keys_to_rewrap("new", None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let kept = hub.study_key(study).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.wrapped), (first.id, new));
}

pub async fn a_lost_image_is_wanted_again_and_restored(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let call = sender.call(1);
    send(hub, &call, 1, 1..=2, recipient.share()).await;
    let offer = image(1, 1, recipient.share());
    let held = hub.admit(&call, &[offered(&offer)]).await.unwrap();
    assert_eq!(held, [Answer::Held]);

    let lost = [offer.digest];
    let by = operator();
    let marked = hub
        .mark_lost(place(&sender, 1), &lost, true, by.clone(), at(2))
        .await;
    assert_eq!(marked.unwrap(), 1);
    let again = hub
        .mark_lost(place(&sender, 1), &lost, true, by.clone(), at(2))
        .await;
    assert_eq!(again.unwrap(), 0, "it was marked before");
    assert_eq!(count(hub, Action::MarkLost, Outcome::Success).await, 1);

    let wanted = hub.admit(&call, &[offered(&offer)]).await.unwrap();
    assert_eq!(wanted, [Answer::Send]);
    // The storage was only away, says a later look.
    let found = hub.mark_lost(place(&sender, 1), &lost, false, by.clone(), at(2));
    assert_eq!(found.await.unwrap(), 1);
    let held = hub.admit(&call, &[offered(&offer)]).await.unwrap();
    assert_eq!(held, [Answer::Held]);
    let marked = hub
        .mark_lost(place(&sender, 1), &lost, true, by, at(2))
        .await;
    assert_eq!(marked.unwrap(), 1);

    let restored = admit(hub, &call, &[stored(&offer)]).await.unwrap();
    assert_eq!(restored, [Answer::Held]);
    let held = hub.admit(&call, &[offered(&offer)]).await.unwrap();
    assert_eq!(held, [Answer::Held]);
    let named = hub.named(place(&sender, 1)).await.unwrap();
    assert_eq!(named.len(), 2, "no second row");
}

pub async fn a_delivery_that_stopped_at_a_lost_image_goes_on_when_it_is_back(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let call = sender.call(1);
    send(hub, &call, 1, 1..=2, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let lost = Receipt::Failed {
        class: ErrorClass::Permanent,
        failure: Failure::ImageLost,
        status: None,
    };
    let told = report(&task, &lost, Some(End::Done));
    hub.report(&recipient.call(3), &told, 0.5).await.unwrap();
    let view = the_delivery(hub, 4).await;
    assert_eq!((view.state, view.failed), (DeliveryState::Stopped, 2));
    let offer = image(1, 1, recipient.share());
    let digests = [offer.digest];
    hub.mark_lost(place(&sender, 1), &digests, true, operator(), at(4))
        .await
        .unwrap();

    admit(hub, &call, &[stored(&offer)]).await.unwrap();
    let view = the_delivery(hub, 5).await;
    assert_eq!((view.state, view.failed), (DeliveryState::Waiting, 1));
    assert_eq!(view.failure, Some(Failure::ImageLost), "of the other one");
    let task = hub.claim(&recipient.call(6)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 1);
    assert_eq!(task.instances[0].digest, offer.digest);
}

pub async fn rows_name_what_is_held_and_what_was_set_aside(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let call = sender.call(1);
    send(hub, &call, 1, 1..=1, recipient.share()).await;
    let offer = image(1, 1, recipient.share());
    let mut other = offer.clone();
    other.digest = bildbro_domain::Digest::of(b"other");
    let aside = admit(hub, &call, &[stored(&other)]).await.unwrap();
    assert!(matches!(aside[0], Answer::Quarantined { .. }));
    let places = hub.places().await.unwrap();
    assert_eq!(places, [place(&sender, 1)]);
    let named = hub.named(places[0]).await.unwrap();
    for offer in [&offer, &other] {
        let blob = NamedBlob {
            digest: offer.digest,
            length: offer.length,
            lost: false,
        };
        assert!(named.contains(&blob));
    }
    assert!(hub.named(place(&sender, 2)).await.unwrap().is_empty());
}

pub async fn a_deleted_study_is_gone_with_its_key_and_its_shares(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let call = sender.call(1);
    send(hub, &call, 1, 1..=3, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let (by, holder) = (operator(), sender.organisation.id);
    let nobodys = hub
        .delete_study(recipient.organisation.id, &study(1), by.clone(), at(3))
        .await;
    assert_eq!(nobodys.unwrap(), None, "another organisation holds it");
    let key = hub.study_key(place(&sender, 1).study).await.unwrap();
    let deleted = hub.delete_study(holder, &study(1), by.clone(), at(3)).await;
    assert_eq!(deleted.unwrap(), Some(key.map(|key| key.id)));

    assert_eq!(hub.study_key(place(&sender, 1).study).await.unwrap(), None);
    assert!(hub.places().await.unwrap().is_empty());
    assert_eq!(hub.totals().await.unwrap().instances, 0);
    let denied = hub.release(&recipient.call(4), &fetch(&task)).await;
    assert!(matches!(denied, Err(ClaimError::Denied(_))), "{denied:?}");
    let late = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    let late = hub.report(&recipient.call(4), &late, 0.5).await;
    assert!(late.is_err(), "the claim has gone with it");
    let view = the_delivery(hub, 5).await;
    assert_eq!(view.state, DeliveryState::Withdrawn);
    assert_eq!(count(hub, Action::DeleteStudy, Outcome::Success).await, 1);
    assert_eq!(count(hub, Action::Revoke, Outcome::Success).await, 1);
    let again = hub.delete_study(holder, &study(1), by, at(6)).await;
    assert_eq!(again.unwrap(), None);
}

pub async fn what_was_sealed_with_a_deleted_key_is_asked_for_again(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let call = sender.call(1);
    send(hub, &call, 1, 1..=1, recipient.share()).await;
    let key = hub.study_key(place(&sender, 1).study).await.unwrap();
    let offer = image(1, 2, recipient.share());
    // On its way while the study is deleted.
    let late = Item {
        offer: offer.clone(),
        stored: key.map(|key| key.id),
    };
    let holder = sender.organisation.id;
    hub.delete_study(holder, &study(1), operator(), at(2))
        .await
        .unwrap();
    let answer = hub.admit(&call, std::slice::from_ref(&late)).await.unwrap();
    assert_eq!(answer, [Answer::Again]);
    // The study comes again, under a key of its own.
    let answer = admit(hub, &call, &[stored(&offer)]).await.unwrap();
    assert_eq!(answer, [Answer::Held]);
    let answer = hub.admit(&call, &[late]).await.unwrap();
    assert_eq!(answer, [Answer::Again], "also then");
    let view = hub.overview(at(3), 9).await.unwrap();
    assert_eq!(view.total_deliveries, 2, "shared anew");
    send(hub, &call, 1, 3..=3, Intent::Hold).await;
    let held = hub.overview(at(3), 9).await.unwrap().held;
    assert_eq!(held[0].images, 2);
    assert!(!held[0].modality.is_empty(), "described again");
}
