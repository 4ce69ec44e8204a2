//! Finding, sharing, following and taking back, and the inbox, by people.

use crate::{fixture::*, people_directory::*};
use bildbro_domain::{
    Digest, OrganisationId, Personal, ShareId,
    audit::{Action, Outcome},
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
        inbox::{Inboxes, Tray},
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

pub const JITTER: f64 = 0.5;

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
        answers: None,
        request: Digest::of(b"one"),
    }
}

/// What a gateway says of an errand that it has claimed.
pub fn said(
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

pub async fn one_share(hub: &HubDb, who: &Person, seconds: i64) -> ShareView {
    let page = hub
        .shares(&who.at(seconds), Which::All, None, 10)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    page.items.into_iter().next().unwrap()
}

/// One delivery that is held, and who may let it in.
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
    assert!(
        hub.claim_errand(&halland.call(4), false)
            .await
            .unwrap()
            .is_none()
    );
    let errand = hub
        .claim_errand(&sender.call(4), false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(errand.task, "sealed");
    assert!(
        hub.claim_errand(&sender.call(5), false)
            .await
            .unwrap()
            .is_none()
    );
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
    let receiver = person(hub, halland.organisation.id, BuiltIn::Receiver).await;
    let (page, counts) = hub
        .inbox(&receiver.at(11), Tray::New, None, 10)
        .await
        .unwrap();
    assert_eq!((page.items.len(), counts), (0, Default::default()));
    let early = hub.inbox_item(&receiver.at(11), new.id).await;
    assert!(matches!(early, Err(Refusal::NotFound)));
    assert!(hub.claim(&halland.call(11)).await.unwrap().is_none());
    assert!(hub.claim(&halland.call(12)).await.unwrap().is_some());
    let (_, counts) = hub
        .inbox(&receiver.at(12), Tray::New, None, 10)
        .await
        .unwrap();
    assert_eq!(counts.new + counts.under_way, 1);
}

pub async fn an_emergency_is_not_held(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let siv = person(hub, halland.organisation.id, BuiltIn::Administrator).await;
    hub.set_takes(&siv.at(0), Takes::Hold).await.unwrap();
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    for of in [1, 2] {
        send(hub, &sender.call(1), of, 1..=2, Intent::Hold).await;
    }
    let ordinary = wanted(&sender, vec![found(1, 2)], &[&halland]);
    hub.share(&sven.at(2), &ordinary).await.unwrap();
    assert!(hub.claim(&halland.call(3)).await.unwrap().is_none());
    let mut urgent = wanted(&sender, vec![found(2, 2)], &[&halland]);
    urgent.priority = Priority::Emergency;
    hub.share(&sven.at(4), &urgent).await.unwrap();
    // The first images of it, long before the last has come.
    let task = hub.claim(&halland.call(5)).await.unwrap().unwrap();
    assert_eq!((task.study_uid, task.instances.len()), (study(2), 2));
    // And it stands among the emergencies afterwards.
    let page = hub
        .shares(&sven.at(6), Which::Emergency, None, 10)
        .await
        .unwrap();
    let ids: Vec<ShareId> = page.items.iter().map(|view| view.id).collect();
    assert_eq!(ids, [urgent.id]);
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
    assert!(matches!(gone, Err(Refusal::Over(_))));
    let twice = hub
        .cancel_recipient(&sven.at(8), new.id, out, &none())
        .await;
    assert!(matches!(twice, Err(Refusal::Over(_))));
    // Left out, and nothing has come: it is told nothing of whom it was about.
    let receiver = person(hub, out, BuiltIn::Receiver).await;
    let (view, ..) = hub.inbox_item(&receiver.at(9), new.id).await.unwrap();
    assert!(view.studies.is_empty() && view.message.is_empty());
    let (_, counts) = hub
        .inbox(&receiver.at(9), Tray::New, None, 10)
        .await
        .unwrap();
    assert_eq!((counts.new, counts.done), (0, 1));
}

pub async fn the_same_looking_is_on_record_once(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let sara = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let new = wanted(&sender, vec![found(1, 1)], &[&halland]);
    hub.share(&sven.at(1), &new).await.unwrap();
    let looked = async || count(hub, Action::FollowShare, Outcome::Success).await;
    for seconds in [2, 3, 500] {
        hub.share_view(&sven.at(seconds), new.id).await.unwrap();
    }
    assert_eq!(looked().await, 1);
    hub.share_view(&sara.at(501), new.id).await.unwrap();
    assert_eq!(looked().await, 2, "another member");
    hub.share_view(&sven.at(1000), new.id).await.unwrap();
    assert_eq!(looked().await, 3, "later");
    // Another study of the same patient is something else seen.
    let more = wanted(&sender, vec![found(2, 1)], &[&halland]);
    hub.share(&sven.at(1001), &more).await.unwrap();
    let page = hub.shares(&sven.at(1002), Which::All, None, 10).await;
    assert_eq!(page.unwrap().items.len(), 2);
    assert_eq!(looked().await, 4);
    hub.shares(&sven.at(1003), Which::All, None, 10)
        .await
        .unwrap();
    assert_eq!(looked().await, 4);
}

pub async fn images_of_another_patient_do_not_join(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    // The PACS says one patient, and sends another's images.
    let mut other = found(1, 2);
    other.patient_id = Personal::new("20010101-2384");
    let new = wanted(&sender, vec![other.clone()], &[&halland]);
    hub.share(&sven.at(1), &new).await.unwrap();
    send(hub, &sender.call(2), 1, 1..=2, Intent::Hold).await;
    assert!(hub.claim(&halland.call(3)).await.unwrap().is_none());
    let view = one_share(hub, &sven, 3).await;
    let delivery = &view.deliveries[0];
    assert_eq!(
        (delivery.state, delivery.failure, delivery.images),
        (DeliveryState::Stopped, Some(Failure::OtherPatient), 0)
    );
    // Nor is the recipient told whose they are; the log names who was chosen.
    let receiver = person(hub, halland.organisation.id, BuiltIn::Receiver).await;
    let (view, ..) = hub.inbox_item(&receiver.at(3), new.id).await.unwrap();
    assert!(view.studies.is_empty());
    // Of a study that mixes two, one patient's are delivered, and it is not said
    // to be all.
    let mut mixed = image(1, 3, Intent::Hold);
    mixed.header.patient_id = Personal::new("20010101-2384");
    admit(hub, &sender.call(3), &[stored(&mixed)])
        .await
        .unwrap();
    let task = hub.claim(&halland.call(3)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 1);
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&halland.call(3), &done, 0.5).await.unwrap();
    let delivery = one_share(hub, &sven, 3).await.deliveries.remove(0);
    assert_eq!(
        (delivery.state, delivery.stored),
        (DeliveryState::Stopped, 1)
    );
    hub.take_back(&sven.at(3), new.id, TakenBackWhy::WrongPatient, &none())
        .await
        .unwrap();
    let entry = last(hub, Action::Revoke, Outcome::Success).await;
    assert_eq!(entry.patient_id.unwrap().reveal(), "20010101-2384");
    // What is here is known to be someone else's.
    let again = wanted(&sender, vec![other], &[&halland]);
    let refused = hub.share(&sven.at(4), &again).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid {
            field: "studies",
            ..
        })
    ));
}
