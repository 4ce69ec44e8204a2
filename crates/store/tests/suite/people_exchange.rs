//! Finding, sharing, following and taking back, and the inbox, by people.

use crate::{fixture::*, people_directory::*};
use bildbro_domain::{
    Digest, OrganisationId, Personal, ShareId,
    audit::{Action, Outcome},
    matching::Verdict,
    organisation::Takes,
    permission::BuiltIn,
    policy::Denial,
    share::{DeliveryState, Failure, Priority, Purpose, Receipt},
};
use bildbro_flow::ports::{
    errands::{Errands, SealedFound},
    hub::HubStore,
    portal::{
        Refusal,
        directory::Directory,
        inbox::{Compared, Decision, Handler, Inboxes, Tray},
        search::{NewSearch, PartEnd, Searches},
        sharing::{
            FetchState, FoundToShare, ShareView, Sharing, TakenBackWhy, WantedShare, WantedStudy,
            Which,
        },
    },
};
use bildbro_store::HubDb;
use bildbro_wire::{
    errand::{ErrandEnd, FoundStudy, Moved},
    link::{Complete, End, Intent},
};
use uuid::Uuid;

const JITTER: f64 = 0.5;

pub fn none() -> Personal {
    Personal::default()
}

/// Study `of` as the sender's PACS tells of it.
pub fn found(of: u32, images: u32) -> FoundStudy {
    FoundStudy {
        node: "PACS".into(),
        study_uid: study(of),
        patient_id: Personal::new("19121212-1212"),
        patient_id_issuer: none(),
        patient_name: Personal::new("Tolvansson^Tolvan"),
        patient_birth_date: Personal::new("19121212"),
        patient_sex: "M".into(),
        accession: none(),
        study_date: "20260301".into(),
        study_time: "081500".into(),
        description: "Thorax".into(),
        institution: String::new(),
        modalities: vec!["CT".into()],
        series: Some(1),
        images: Some(images),
    }
}

pub fn wanted(sender: &Party, studies: Vec<FoundStudy>, recipients: &[&Party]) -> WantedShare {
    let studies = studies.into_iter().map(|study| WantedStudy {
        found: FoundToShare {
            organisation: sender.organisation.id,
            gateway: sender.subject.gateway,
            study,
            at: at(0),
        },
        fetch: "sealed".into(),
    });
    WantedShare {
        id: ShareId(Uuid::now_v7()),
        studies: studies.collect(),
        recipients: recipients.iter().map(|r| r.organisation.id).collect(),
        purpose: Purpose::SecondOpinion,
        priority: Priority::Ordinary,
        message: Personal::new("Please look at the left lung."),
        expires: None,
        sends_at: None,
        several_patients: false,
        request: Digest::of(b"one"),
    }
}

/// What a gateway says of an errand that it has claimed.
fn said(
    claimed: &bildbro_flow::ports::errands::ClaimedErrand,
    findings: &[&str],
    end: Option<ErrandEnd>,
) -> SealedFound {
    SealedFound {
        errand: claimed.id,
        claim: claimed.claim,
        findings: findings.iter().map(|text| (*text).to_owned()).collect(),
        moved: None,
        end,
    }
}

async fn one_share(hub: &HubDb, who: &Person, seconds: i64) -> ShareView {
    let page = hub
        .shares(&who.at(seconds), Which::All, None, 10)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    page.items.into_iter().next().unwrap()
}

/// One delivery that is held, and who may let it in.
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

pub async fn a_share_of_what_the_pacs_has_is_fetched_and_joins(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let blekinge = party(hub, "blekinge").await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    // One study is here already, whole; of the other nothing is.
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let whole = Complete {
        study_uid: study(1),
        intent: Intent::Hold,
        received: 2,
        expected: Some(2),
    };
    hub.complete(&sender.call(1), &whole).await.unwrap();
    let studies = vec![found(1, 2), found(2, 3)];
    let new = wanted(&sender, studies, &[&halland, &blekinge]);
    assert!(hub.share(&sven.at(2), &new).await.unwrap());
    assert!(!hub.share(&sven.at(3), &new).await.unwrap(), "once");
    let other = WantedShare {
        request: Digest::of(b"another"),
        ..new.clone()
    };
    let taken = hub.share(&sven.at(3), &other).await;
    assert!(matches!(taken, Err(Refusal::Taken("id"))));
    assert_eq!(count(hub, Action::Share, Outcome::Success).await, 4);

    let view = one_share(hub, &sven, 4).await;
    assert_eq!((view.studies.len(), view.recipients.len()), (2, 2));
    assert_eq!(view.studies[0].fetch, None, "it is whole here");
    let fetch_of = |view: &ShareView| view.studies[1].fetch.clone().unwrap();
    assert_eq!(fetch_of(&view).state, FetchState::Waiting);
    assert_eq!(view.studies[1].expected, Some(3));
    // Only its own gateway does it.
    assert!(hub.claim_errand(&halland.call(4)).await.unwrap().is_none());
    let errand = hub.claim_errand(&sender.call(4)).await.unwrap().unwrap();
    assert_eq!(errand.task, "sealed");
    assert!(hub.claim_errand(&sender.call(5)).await.unwrap().is_none());
    let moved = SealedFound {
        moved: Some(Moved {
            remaining: Some(2),
            completed: 1,
            failed: 0,
        }),
        ..said(&errand, &[], None)
    };
    let reply = hub.found(&sender.call(6), &moved, JITTER).await.unwrap();
    assert!(reply.go_on && reply.lease_until > at(6));
    let view = one_share(hub, &sven, 6).await;
    assert_eq!(fetch_of(&view).moved.completed, 1);

    send(hub, &sender.call(7), 2, 1..=3, Intent::Hold).await;
    let done = Some(ErrandEnd::Done { cut: false });
    let ended = said(&errand, &[], done);
    assert!(
        !hub.found(&sender.call(8), &ended, JITTER)
            .await
            .unwrap()
            .go_on
    );
    let view = one_share(hub, &sven, 9).await;
    assert_eq!(fetch_of(&view).state, FetchState::Done);
    for recipient in [&halland, &blekinge] {
        let mut images = 0;
        while let Some(task) = hub.claim(&recipient.call(9)).await.unwrap() {
            images += task.instances.len();
            hub.release(&recipient.call(9), &fetch(&task))
                .await
                .unwrap();
            let stored = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
            hub.report(&recipient.call(9), &stored, 0.5).await.unwrap();
        }
        assert_eq!(images, 5);
    }
    let (view, events) = hub.share_view(&sven.at(10), new.id).await.unwrap();
    let all = |d: &_| {
        let bildbro_flow::ports::portal::sharing::SharedDelivery { state, stored, .. } = d;
        *state == DeliveryState::Delivered && *stored > 0
    };
    assert!(view.deliveries.iter().all(all));
    let words: Vec<&str> = events.iter().map(|event| event.what).collect();
    assert_eq!(words[0], "shared");
    for word in ["allowed", "first_stored"] {
        assert_eq!(words.iter().filter(|w| **w == word).count(), 2, "{words:?}");
    }
    // A recipient sees itself, and not who else got it.
    let receiver = person(hub, halland.organisation.id, BuiltIn::Receiver).await;
    let (view, events, _) = hub.inbox_item(&receiver.at(11), new.id).await.unwrap();
    assert_eq!((view.recipients.len(), view.deliveries.len()), (1, 2));
    assert!(
        events
            .iter()
            .all(|event| event.recipient == Some(halland.organisation.id))
    );
    verify_hub(hub).await;
}

pub async fn a_fetch_that_fails_is_tried_again_and_then_a_persons(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let new = wanted(&sender, vec![found(1, 2)], &[&halland]);
    hub.share(&sven.at(1), &new).await.unwrap();
    let failed = |failure| ErrandEnd::Failed {
        class: bildbro_domain::ErrorClass::Transient,
        failure,
    };
    let mut seconds = 2;
    for attempt in 0..5 {
        let claimed = hub.claim_errand(&sender.call(seconds)).await.unwrap();
        let errand = claimed.unwrap_or_else(|| panic!("attempt {attempt}"));
        assert_eq!(errand.attempts, attempt);
        let end = said(&errand, &[], Some(failed(Failure::NotSent)));
        hub.found(&sender.call(seconds), &end, JITTER)
            .await
            .unwrap();
        // Not at once.
        let soon = hub.claim_errand(&sender.call(seconds)).await.unwrap();
        assert!(soon.is_none());
        seconds += HOUR;
    }
    assert!(
        hub.claim_errand(&sender.call(seconds))
            .await
            .unwrap()
            .is_none()
    );
    let trouble = hub
        .shares(&sven.at(seconds), Which::Trouble, None, 10)
        .await
        .unwrap();
    let fetch = trouble.items[0].studies[0].fetch.clone().unwrap();
    assert_eq!(
        (fetch.state, fetch.failure),
        (FetchState::Failed, Some(Failure::NotSent))
    );
    hub.fetch_again(&sven.at(seconds), new.id, &study(1))
        .await
        .unwrap();
    let again = hub.claim_errand(&sender.call(seconds)).await.unwrap();
    assert!(again.is_some());
}

pub async fn two_patients_in_one_share_are_a_slip(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let mut other = found(2, 1);
    other.patient_id = Personal::new("20010101-2384");
    other.patient_name = Personal::new("Annan^Anna");
    let studies = vec![found(1, 1), other];
    let mut new = wanted(&sender, studies, &[&halland]);
    let refused = hub.share(&sven.at(1), &new).await;
    let Err(Refusal::SeveralPatients(patients)) = refused else {
        panic!("{refused:?}")
    };
    let names: Vec<&str> = patients.iter().map(|(_, name)| name.reveal()).collect();
    assert_eq!(names, ["Tolvansson^Tolvan", "Annan^Anna"]);
    assert_eq!(count(hub, Action::Share, Outcome::Success).await, 0);
    new.several_patients = true;
    assert!(hub.share(&sven.at(2), &new).await.unwrap());
    // One entry for each, so that each one's extract tells of it.
    assert_eq!(count(hub, Action::Share, Outcome::Success).await, 2);
}

pub async fn who_does_not_take_it_stops_all_of_it(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let blekinge = party(hub, "blekinge").await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let siv = person(hub, blekinge.organisation.id, BuiltIn::Administrator).await;
    hub.set_takes(&siv.at(1), Takes::Closed).await.unwrap();
    let recipients = [&halland, &blekinge];
    let mut new = wanted(&sender, vec![found(1, 1)], &recipients);
    let closed = hub.share(&sven.at(2), &new).await;
    let is_theirs = |refusal: &Refusal, whose: OrganisationId, why: Denial| {
        matches!(refusal, Refusal::RecipientRefuses { recipient, denial }
            if *recipient == whose && *denial == why)
    };
    let blekinge = blekinge.organisation.id;
    assert!(is_theirs(
        &closed.unwrap_err(),
        blekinge,
        Denial::PartnerClosed
    ));
    assert_eq!(count(hub, Action::Share, Outcome::Denied).await, 1);
    let page = hub.shares(&sven.at(3), Which::All, None, 10).await.unwrap();
    assert!(page.items.is_empty(), "nothing was shared with anyone");
    // One that left, and oneself.
    let nobody = OrganisationId(Uuid::new_v4());
    for (whose, why) in [
        (nobody, Denial::RecipientInactive),
        (sender.organisation.id, Denial::ToItself),
    ] {
        new.recipients = vec![whose];
        let refused = hub.share(&sven.at(4), &new).await.unwrap_err();
        assert!(is_theirs(&refused, whose, why), "{refused:?}");
    }
    // What another organisation found is nobody else's to share.
    new.recipients = vec![halland.organisation.id];
    new.studies[0].found.organisation = blekinge;
    let foreign = hub.share(&sven.at(5), &new).await;
    assert!(matches!(foreign, Err(Refusal::NotFound)));
    // A receiver may not share.
    let receiver = person(hub, sender.organisation.id, BuiltIn::Receiver).await;
    let refused = hub.share(&receiver.at(6), &new).await;
    assert!(matches!(refused, Err(Refusal::Denied { .. })));
}

pub async fn nothing_leaves_while_it_can_be_undone(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let mut new = wanted(&sender, vec![found(1, 2)], &[&halland]);
    new.sends_at = Some(at(12));
    hub.share(&sven.at(2), &new).await.unwrap();
    // What joins it in the meantime waits too.
    send(hub, &sender.call(3), 1, 3..=3, Intent::Hold).await;
    assert!(hub.claim(&halland.call(11)).await.unwrap().is_none());
    assert!(hub.claim(&halland.call(12)).await.unwrap().is_some());
}

pub async fn a_share_taken_back_asks_for_its_copies(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let blekinge = party(hub, "blekinge").await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let recipients = [&halland, &blekinge];
    let new = wanted(&sender, vec![found(1, 2)], &recipients);
    hub.share(&sven.at(2), &new).await.unwrap();
    let task = hub.claim(&halland.call(3)).await.unwrap().unwrap();
    hub.release(&halland.call(3), &fetch(&task)).await.unwrap();
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&halland.call(4), &done, 0.5).await.unwrap();
    // Blekinge is on its way just now.
    let task = hub.claim(&blekinge.call(4)).await.unwrap().unwrap();
    let why = TakenBackWhy::WrongPatient;
    let reason = Personal::new("It was her sister's.");
    let foreign = person(hub, halland.organisation.id, BuiltIn::Sender).await;
    let refused = hub.take_back(&foreign.at(5), new.id, why, &reason).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let asked = hub.take_back(&sven.at(5), new.id, why, &reason).await;
    assert_eq!(asked.unwrap(), 1);
    let again = hub.take_back(&sven.at(6), new.id, why, &reason).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    let entry = last(hub, Action::Revoke, Outcome::Success).await;
    assert_eq!(entry.reason, Some(reason.clone()));
    // Access has ended; what was stored just before is told of, and recalled too.
    assert!(hub.release(&blekinge.call(6), &fetch(&task)).await.is_err());
    let late = report(&task, &Receipt::Stored { status: 0 }, None);
    let _stale = hub.report(&blekinge.call(6), &late, 0.5).await;
    for recipient in recipients {
        let receiver = person(hub, recipient.organisation.id, BuiltIn::Receiver).await;
        let (page, counts) = hub
            .inbox(&receiver.at(7), Tray::New, None, 10)
            .await
            .unwrap();
        assert_eq!((page.items.len(), counts.new), (1, 1));
        assert!(page.items[0].recipients[0].recall.is_some());
        // Whoever is to remove copies must see of whom.
        assert_eq!(page.items[0].studies.len(), 1);
        hub.answer_recall(&receiver.at(8), new.id, true, &none())
            .await
            .unwrap();
        let twice = hub
            .answer_recall(&receiver.at(8), new.id, true, &none())
            .await;
        assert!(matches!(twice, Err(Refusal::Over(_))));
        let (_, counts) = hub
            .inbox(&receiver.at(9), Tray::New, None, 10)
            .await
            .unwrap();
        assert_eq!((counts.new, counts.done), (0, 1));
    }
    let (view, _) = hub.share_view(&sven.at(10), new.id).await.unwrap();
    assert!(view.recipients.iter().all(|r| r.recalled.is_some()));
}

pub async fn one_recipient_is_left_out_and_another_tried_again(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let blekinge = party(hub, "blekinge").await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    let recipients = [&halland, &blekinge];
    let new = wanted(&sender, vec![found(1, 2)], &recipients);
    hub.share(&sven.at(2), &new).await.unwrap();
    let (out, stays) = (halland.organisation.id, blekinge.organisation.id);
    let copies = hub
        .cancel_recipient(&sven.at(3), new.id, out, &none())
        .await;
    assert!(!copies.unwrap());
    assert!(hub.claim(&halland.call(4)).await.unwrap().is_none());
    let task = hub.claim(&blekinge.call(4)).await.unwrap().unwrap();
    let refused = Receipt::Failed {
        class: bildbro_domain::ErrorClass::Permanent,
        failure: Failure::NotAccepted,
        status: Some(0x0122),
    };
    let stopped = report(&task, &refused, Some(End::Done));
    hub.report(&blekinge.call(5), &stopped, 0.5).await.unwrap();
    assert!(hub.claim(&blekinge.call(6)).await.unwrap().is_none());
    hub.retry_recipient(&sven.at(7), new.id, stays)
        .await
        .unwrap();
    assert!(hub.claim(&blekinge.call(7)).await.unwrap().is_some());
    let gone = hub.retry_recipient(&sven.at(8), new.id, out).await;
    assert!(matches!(gone, Err(Refusal::NotFound)));
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

pub async fn a_search_is_its_sessions_alone(hub: &HubDb) {
    let (sender, other) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let sara = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let (own, gateways) = hub.askable(&sven.at(1)).await.unwrap();
    assert_eq!((own, gateways.len()), (sender.organisation.id, 1));
    let new = NewSearch {
        patient: Some(Personal::new("191212121212")),
        tasks: vec![(gateways[0].id, "task".into())],
        priority: Priority::Ordinary,
        expires: at(60),
    };
    let parts = hub.begin_search(&sven.at(1), &new).await.unwrap();
    let looking = [(parts[0], 0)];
    assert!(hub.claim_errand(&other.call(2)).await.unwrap().is_none());
    let errand = hub.claim_errand(&sender.call(2)).await.unwrap().unwrap();
    let first = said(&errand, &["a", "b"], None);
    assert!(
        hub.found(&sender.call(3), &first, JITTER)
            .await
            .unwrap()
            .go_on
    );
    // Neither another gateway nor an earlier claim adds to it.
    assert!(
        !hub.found(&other.call(3), &first, JITTER)
            .await
            .unwrap()
            .go_on
    );
    let look = hub.look_search(&sven.at(4), &looking).await.unwrap();
    assert_eq!(
        (&look[0].findings[..], look[0].end),
        (&["a".into(), "b".into()][..], None)
    );
    let theirs = hub.look_search(&sara.at(4), &looking).await.unwrap();
    assert!(theirs.is_empty(), "a colleague's is not there");
    let done = Some(ErrandEnd::Done { cut: true });
    let last_word = said(&errand, &["c"], done);
    hub.found(&sender.call(5), &last_word, JITTER)
        .await
        .unwrap();
    let look = hub
        .look_search(&sven.at(6), &[(parts[0], 2)])
        .await
        .unwrap();
    assert_eq!(look[0].findings, ["c"]);
    assert_eq!(look[0].end, Some(PartEnd::Done { cut: true }));
    let shown = [(Personal::new("191212121212"), vec![study(1)])];
    hub.end_search(&sven.at(7), &parts, &shown).await.unwrap();
    assert!(
        hub.look_search(&sven.at(8), &looking)
            .await
            .unwrap()
            .is_empty()
    );
    let entry = last(hub, Action::Search, Outcome::Success).await;
    assert_eq!(entry.studies, [study(1)]);
    assert_eq!(count(hub, Action::Search, Outcome::Success).await, 2);

    // Ended before anyone claimed it, and run out.
    let parts = hub.begin_search(&sven.at(9), &new).await.unwrap();
    hub.end_search(&sven.at(9), &parts, &[]).await.unwrap();
    assert!(hub.claim_errand(&sender.call(9)).await.unwrap().is_none());
    hub.begin_search(&sven.at(10), &new).await.unwrap();
    assert!(hub.claim_errand(&sender.call(61)).await.unwrap().is_none());
    hub.sweep(at(61)).await.unwrap();
}

pub async fn a_draft_and_favourites_are_ones_own(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let sara = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    hub.keep_draft(&sven.at(1), Some("one")).await.unwrap();
    hub.keep_draft(&sven.at(2), Some("two")).await.unwrap();
    assert_eq!(
        hub.draft(&sven.at(3)).await.unwrap().as_deref(),
        Some("two")
    );
    assert_eq!(hub.draft(&sara.at(3)).await.unwrap(), None);
    let later = sven.at(3);
    hub.keep_draft(&later, None).await.unwrap();
    assert_eq!(hub.draft(&later).await.unwrap(), None);
    let whom = halland.organisation.id;
    hub.set_favourite(&sven.at(4), whom, true).await.unwrap();
    hub.set_favourite(&sven.at(4), whom, true).await.unwrap();
    let list = hub.recipients(&sven.at(5)).await.unwrap();
    assert_eq!((list.len(), list[0].favourite), (1, true));
    assert!(!hub.recipients(&sara.at(5)).await.unwrap()[0].favourite);
    let nobody = OrganisationId(Uuid::new_v4());
    let refused = hub.set_favourite(&sven.at(6), nobody, true).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
}
