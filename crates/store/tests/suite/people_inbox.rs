//! What has come, and what is done with it.

use crate::{fixture::*, people_directory::*, people_exchange::*};
use bildbro_domain::{
    Personal, ShareId,
    audit::{Action, Outcome},
    matching::Verdict,
    organisation::Takes,
    permission::BuiltIn,
    share::{DeliveryState, Receipt},
};
use bildbro_flow::ports::{
    hub::HubStore,
    portal::{
        Refusal,
        directory::Directory,
        inbox::{Compared, Decision, Handler, Inboxes, Tray},
        sharing::Sharing,
        will::{PatientNumber, Wills},
    },
};
use bildbro_store::HubDb;
use bildbro_wire::link::End;
use uuid::Uuid;

async fn a_held_share(hub: &HubDb) -> (Party, Party, Person, ShareId) {
    let (sender, recipient) = two(hub).await;
    let siv = person(hub, recipient.organisation.id, BuiltIn::Administrator).await;
    hub.set_takes(&siv.at(0), Takes::Hold).await.unwrap();
    send(hub, &sender.call(1), 1, 1..=3, recipient.share()).await;
    let receiver = person(hub, recipient.organisation.id, BuiltIn::Receiver).await;
    let (page, counts) = hub
        .inbox(&receiver.at(2), Tray::New, None, 10)
        .await
        .unwrap();
    let [held] = &page.items[..] else {
        panic!("one is held")
    };
    assert_eq!((counts.new, counts.under_way, counts.done), (1, 0, 0));
    assert_eq!(
        (held.deliveries[0].images, held.deliveries[0].held),
        (3, true)
    );
    (sender, recipient, receiver, held.id)
}

pub async fn what_is_held_waits_until_it_is_let_in(hub: &HubDb) {
    let (sender, recipient, receiver, share) = a_held_share(hub).await;
    assert!(hub.claim(&recipient.call(2)).await.unwrap().is_none());
    let foreign = person(hub, sender.organisation.id, BuiltIn::Receiver).await;
    let same = Decision::SamePerson;
    let refused = hub.accept_item(&foreign.at(3), share, same, &none()).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let refused = hub.decline_item(&foreign.at(3), share, &none()).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let refused = hub.inbox_item(&foreign.at(3), share).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    for action in [Action::Accept, Action::Decline, Action::OpenInbox] {
        assert_eq!(count(hub, action, Outcome::Denied).await, 1);
    }
    let unknown = ShareId(Uuid::new_v4());
    let refused = hub
        .accept_item(&receiver.at(3), unknown, same, &none())
        .await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    // Nobody has compared it with the own PACS.
    let refused = hub
        .accept_item(&receiver.at(3), share, Decision::None, &none())
        .await;
    assert!(matches!(refused, Err(Refusal::Undecided { reason: false })));

    hub.accept_item(&receiver.at(4), share, same, &none())
        .await
        .unwrap();
    let entry = last(hub, Action::Accept, Outcome::Success).await;
    assert_eq!(entry.share, Some(share));
    assert_eq!(entry.organisation, Some(recipient.organisation.id));
    assert_eq!(entry.studies, [study(1)]);
    let again = hub.accept_item(&receiver.at(5), share, same, &none()).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    let late = hub.decline_item(&receiver.at(5), share, &none()).await;
    assert!(matches!(late, Err(Refusal::Over(_))));
    let (page, counts) = hub
        .inbox(&receiver.at(5), Tray::UnderWay, None, 10)
        .await
        .unwrap();
    assert_eq!((page.items.len(), counts.new), (1, 0));

    let task = hub.claim(&recipient.call(6)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 3);
    hub.release(&recipient.call(6), &fetch(&task))
        .await
        .unwrap();
    // What joins it later needs no second yes.
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&recipient.call(7), &done, 0.5).await.unwrap();
    send(hub, &sender.call(8), 1, 4..=4, recipient.share()).await;
    assert!(hub.claim(&recipient.call(9)).await.unwrap().is_some());
}

pub async fn what_is_turned_away_is_over(hub: &HubDb) {
    let (sender, recipient, receiver, share) = a_held_share(hub).await;
    let reason = Personal::new("not our patient".to_owned());
    hub.decline_item(&receiver.at(3), share, &reason)
        .await
        .unwrap();
    let entry = last(hub, Action::Decline, Outcome::Success).await;
    assert_eq!(
        (entry.share, entry.reason),
        (Some(share), Some(reason.clone()))
    );
    // The sender took nothing back.
    assert_eq!(count(hub, Action::Revoke, Outcome::Success).await, 0);
    assert_eq!(the_delivery(hub, 4).await.state, DeliveryState::Withdrawn);
    let same = Decision::SamePerson;
    let accepted = hub.accept_item(&receiver.at(4), share, same, &none()).await;
    assert!(matches!(accepted, Err(Refusal::Over(_))));
    let again = hub.decline_item(&receiver.at(4), share, &reason).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    assert!(hub.claim(&recipient.call(5)).await.unwrap().is_none());

    // Taken back by its sender while it was held.
    send(hub, &sender.call(6), 2, 1..=1, recipient.share()).await;
    let share = deliveries(hub, 6).await[0].share;
    assert!(hub.revoke_share(share, operator(), at(7)).await.unwrap());
    let accepted = hub.accept_item(&receiver.at(8), share, same, &none()).await;
    assert!(matches!(accepted, Err(Refusal::Over(_))));
    assert_eq!(count(hub, Action::Accept, Outcome::Success).await, 0);
    // It left nothing, so it tells nothing of whom it was about.
    let (view, ..) = hub.inbox_item(&receiver.at(9), share).await.unwrap();
    assert!(view.studies.is_empty());
}

pub async fn the_inbox_comes_in_pages(hub: &HubDb) {
    let (sender, recipient, receiver, first) = a_held_share(hub).await;
    // At the same time, so that the id tells them apart.
    for of in 2..=5 {
        send(hub, &sender.call(2), of, 1..=1, recipient.share()).await;
    }
    let mut seen = Vec::new();
    let mut before = None;
    for size in [2, 2, 1] {
        let (page, counts) = hub
            .inbox(&receiver.at(3), Tray::New, before.as_deref(), 2)
            .await
            .unwrap();
        assert_eq!((page.items.len(), counts.new), (size, 5));
        assert_eq!(page.next.is_some(), size == 2 && seen.len() < 4);
        seen.extend(page.items.into_iter().map(|item| item.id));
        before = page.next;
    }
    assert_eq!(seen[4], first, "the oldest comes last");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    for wrong in ["", "x", "1_x", "x_1", "1_2_3", "9999999999999999999999_1"] {
        let refused = hub.inbox(&receiver.at(3), Tray::New, Some(wrong), 2).await;
        assert!(
            matches!(
                refused,
                Err(Refusal::Invalid {
                    field: "before",
                    ..
                })
            ),
            "{wrong}"
        );
    }
}

pub async fn what_differs_is_decided_by_a_person(hub: &HubDb) {
    let (_, _, receiver, share) = a_held_share(hub).await;
    let about = hub.patients_of(&receiver.at(3), share).await.unwrap();
    assert_eq!(about.len(), 1);
    let compared = |verdict| Compared {
        verdict,
        sealed: "sealed".into(),
    };
    let mismatch = compared(Verdict::Mismatch);
    hub.keep_comparison(&receiver.at(3), share, &mismatch)
        .await
        .unwrap();
    let (.., kept) = hub.inbox_item(&receiver.at(3), share).await.unwrap();
    assert_eq!(kept, Some(mismatch));
    let same = Decision::SamePerson;
    for decision in [Decision::None, same] {
        let refused = hub
            .accept_item(&receiver.at(4), share, decision, &none())
            .await;
        assert!(matches!(refused, Err(Refusal::Undecided { reason: true })));
    }
    let certain = compared(Verdict::Certain);
    hub.keep_comparison(&receiver.at(5), share, &certain)
        .await
        .unwrap();
    hub.accept_item(&receiver.at(6), share, Decision::None, &none())
        .await
        .unwrap();
    let entry = last(hub, Action::Accept, Outcome::Success).await;
    assert!(entry.detail.unwrap().contains("the same patient"));
}

pub async fn what_has_come_is_given_to_someone(hub: &HubDb) {
    let (sender, _, receiver, share) = a_held_share(hub).await;
    let colleagues = hub.colleagues(&receiver.at(3)).await.unwrap();
    assert_eq!(
        colleagues.members.len(),
        1,
        "who may not receive is not there"
    );
    let member = colleagues.members[0].id;
    hub.assign_item(&receiver.at(4), share, Handler::Member(member))
        .await
        .unwrap();
    for seconds in [5, 6] {
        hub.open_item(&receiver.at(seconds), share).await.unwrap();
    }
    let (view, ..) = hub.inbox_item(&receiver.at(6), share).await.unwrap();
    let own = &view.recipients[0];
    assert_eq!(own.member.as_ref().map(|m| m.id), Some(member));
    assert_eq!(own.opened, Some(at(5)));
    let foreign = person(hub, sender.organisation.id, BuiltIn::Receiver).await;
    let theirs = hub.colleagues(&foreign.at(5)).await.unwrap().members[0].id;
    let refused = hub
        .assign_item(&receiver.at(6), share, Handler::Member(theirs))
        .await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    hub.assign_item(&receiver.at(7), share, Handler::Nobody)
        .await
        .unwrap();
    let (page, _) = hub
        .inbox(&receiver.at(8), Tray::New, None, 10)
        .await
        .unwrap();
    assert_eq!(page.items[0].recipients[0].member, None);
}

pub async fn a_block_since_hides_what_has_not_come(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let new = wanted(&sender, vec![found(1, 2)], &[&halland]);
    hub.share(&sven.at(1), &new).await.unwrap();
    let receiver = person(hub, halland.organisation.id, BuiltIn::Receiver).await;
    let seen = async |seconds| {
        let (view, ..) = hub.inbox_item(&receiver.at(seconds), new.id).await.unwrap();
        view.studies.len()
    };
    assert_eq!(seen(2).await, 1);
    let patient = PatientNumber {
        id: Personal::new("19121212-1212"),
        issuer: String::new(),
    };
    let care = person(hub, sender.organisation.id, BuiltIn::Receiver).await;
    hub.register_block(&care.at(3), &patient, None)
        .await
        .unwrap();
    assert_eq!(seen(4).await, 0);
}
