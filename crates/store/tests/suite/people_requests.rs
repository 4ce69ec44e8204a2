//! Asking another organisation for images, and answering.

use crate::{fixture::*, people_directory::*, people_exchange::*};
use bildbro_domain::{
    Digest, ImageRequestId, OrganisationId, Personal, ShareId,
    audit::{Action, Outcome},
    image_request::State,
    matching::Described,
    organisation::{TEST_SENDER, Takes},
    permission::BuiltIn,
    share::{Priority, Purpose},
};
use bildbro_flow::ports::portal::{
    Refusal,
    directory::Directory,
    inbox::{Inboxes, Tray},
    requests::{NewRequest, RequestView, Requests, Side, Stage, WaitingCounts, Wish},
    sharing::{Sharing, TakenBackWhy, WantedShare, Which},
};
use bildbro_store::HubDb;
use jiff::civil::date;
use uuid::Uuid;

/// Skåne holds, Halland asks.
struct Cast {
    holder: Party,
    asker: Party,
    /// May share, at the holder.
    sven: Person,
    /// May receive, at the asker.
    siv: Person,
}

impl Cast {
    async fn new(hub: &HubDb) -> Self {
        let (holder, asker) = two(hub).await;
        Self {
            sven: person(hub, holder.organisation.id, BuiltIn::Sender).await,
            siv: person(hub, asker.organisation.id, BuiltIn::Receiver).await,
            holder,
            asker,
        }
    }

    fn wish(&self) -> NewRequest {
        NewRequest {
            id: ImageRequestId(Uuid::now_v7()),
            holder: self.holder.organisation.id,
            wish: Wish {
                patient: Described {
                    id: Personal::new("191212121212"),
                    name: Personal::new("Tolvan Tolvansson"),
                    birth_date: Personal::new("19121212"),
                    ..Described::default()
                },
                wanted: Personal::new("CT thorax of last spring."),
                from: Some(date(2026, 3, 1)),
                until: None,
                modality: "CT".into(),
                purpose: Purpose::BeforeSurgery,
                priority: Priority::Urgent,
                needed_by: Some(date(2026, 12, 1)),
            },
            request: Digest::of(b"one"),
        }
    }

    async fn asked(&self, hub: &HubDb, seconds: i64) -> ImageRequestId {
        let new = self.wish();
        assert!(hub.ask_images(&self.siv.at(seconds), &new).await.unwrap());
        new.id
    }

    fn answer(&self, request: ImageRequestId) -> WantedShare {
        WantedShare {
            answers: Some(request),
            ..wanted(&self.holder, vec![found(1, 2)], &[&self.asker])
        }
    }
}

async fn seen(hub: &HubDb, who: &Person, request: ImageRequestId, seconds: i64) -> RequestView {
    hub.request(&who.at(seconds), request).await.unwrap()
}

async fn no_shares(hub: &HubDb, who: &Person, seconds: i64) {
    let page = hub.shares(&who.at(seconds), Which::All, None, 10).await;
    assert!(page.unwrap().items.is_empty());
}

pub async fn a_request_is_asked_once_seen_by_two_and_by_nobody_else(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let new = cast.wish();
    assert!(hub.ask_images(&cast.siv.at(1), &new).await.unwrap());
    let again = hub.ask_images(&cast.siv.at(2), &new).await;
    assert!(!again.unwrap(), "once");
    let other = NewRequest {
        request: Digest::of(b"another"),
        ..new.clone()
    };
    let taken = hub.ask_images(&cast.siv.at(2), &other).await;
    assert!(matches!(taken, Err(Refusal::Taken("id"))));
    assert_eq!(count(hub, Action::AskImages, Outcome::Success).await, 1);
    let entry = last(hub, Action::AskImages, Outcome::Success).await;
    assert_eq!(entry.counterpart, Some(cast.holder.organisation.id));
    assert_eq!(entry.patient_id.unwrap().reveal(), "191212121212");
    assert_eq!(entry.purpose, Some(Purpose::BeforeSurgery));

    let ours = seen(hub, &cast.siv, new.id, 3).await;
    let theirs = seen(hub, &cast.sven, new.id, 3).await;
    assert_eq!((ours.side, theirs.side), (Side::Asked, Side::Received));
    for view in [&ours, &theirs] {
        assert_eq!((&view.wish, view.state), (&new.wish, State::Open));
    }
    // Who it was is told to their own.
    assert_eq!(ours.asked_by.unwrap().name.reveal(), "Siv Syster");
    assert_eq!(theirs.asked_by, None);
    let looks = count(hub, Action::FollowRequest, Outcome::Success).await;
    assert_eq!(looks, 2);
    let entry = last(hub, Action::FollowRequest, Outcome::Success).await;
    assert_eq!(entry.patient_id.unwrap().reveal(), "191212121212");

    let blekinge = party(hub, "blekinge").await.organisation.id;
    let sender = person(hub, blekinge, BuiltIn::Sender).await;
    let receiver = person(hub, blekinge, BuiltIn::Receiver).await;
    let refused = hub.request(&sender.at(4), new.id).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    for refused in [
        hub.handle_request(&sender.at(4), new.id).await,
        hub.decline_request(&sender.at(4), new.id, &none()).await,
        hub.withdraw_request(&receiver.at(4), new.id).await,
        hub.remind_request(&receiver.at(4), new.id).await,
    ] {
        assert!(matches!(refused, Err(Refusal::NotFound)));
    }
    let page = hub
        .requests(&sender.at(5), Side::Received, Stage::All, None, 10)
        .await;
    assert!(page.unwrap().0.items.is_empty());
    for (action, times) in [
        (Action::FollowRequest, 1),
        (Action::AnswerRequest, 2),
        (Action::AskImages, 2),
    ] {
        assert_eq!(count(hub, action, Outcome::Denied).await, times);
    }
    // Each side has its own part.
    let holders_receiver = person(hub, cast.holder.organisation.id, BuiltIn::Receiver).await;
    let refused = hub.withdraw_request(&holders_receiver.at(6), new.id).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let askers_sender = person(hub, cast.asker.organisation.id, BuiltIn::Sender).await;
    let refused = hub.handle_request(&askers_sender.at(6), new.id).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let refused = hub.handle_request(&cast.siv.at(6), new.id).await;
    assert!(matches!(refused, Err(Refusal::Denied { .. })));
    let nothing = ImageRequestId(Uuid::now_v7());
    let denied = count(hub, Action::FollowRequest, Outcome::Denied).await;
    let refused = hub.request(&cast.siv.at(7), nothing).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let after = count(hub, Action::FollowRequest, Outcome::Denied).await;
    assert_eq!(after, denied, "there is nothing to be denied");

    // Whom one can ask: everyone else that is open.
    let holders = hub.holders(&cast.siv.at(8)).await.unwrap();
    assert_eq!(holders.len(), 2);
    assert!(holders.iter().all(|holder| holder.takes == Takes::Open));
    let asked = holders.iter().find(|h| h.id == cast.holder.organisation.id);
    assert_eq!(asked.unwrap().last, Some(at(1)));
    for nobody in [
        OrganisationId(Uuid::now_v7()),
        cast.asker.organisation.id,
        TEST_SENDER,
    ] {
        let new = NewRequest {
            holder: nobody,
            ..cast.wish()
        };
        let refused = hub.ask_images(&cast.siv.at(9), &new).await;
        let is_it = matches!(refused, Err(Refusal::Invalid { field, .. }) if field == "holder");
        assert!(is_it, "{refused:?}");
    }
}

pub async fn a_request_is_taken_and_answered_with_a_share_of_the_patient(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let request = cast.asked(hub, 1).await;
    hub.handle_request(&cast.sven.at(2), request).await.unwrap();
    hub.handle_request(&cast.sven.at(3), request).await.unwrap();
    let taken = count(hub, Action::AnswerRequest, Outcome::Success).await;
    assert_eq!(taken, 1, "once by the same");
    let theirs = seen(hub, &cast.sven, request, 4).await;
    assert_eq!(
        (theirs.state, theirs.handled),
        (State::BeingHandled, Some(at(2)))
    );
    assert!(theirs.handled_by.is_some());
    let ours = seen(hub, &cast.siv, request, 4).await;
    assert_eq!((ours.state, ours.handled_by), (State::BeingHandled, None));
    // A colleague takes over.
    let other = person(hub, cast.holder.organisation.id, BuiltIn::Sender).await;
    hub.handle_request(&other.at(5), request).await.unwrap();
    assert_eq!(seen(hub, &other, request, 5).await.handled, Some(at(5)));
    let (_, counts) = hub.requests_going(&cast.siv.at(5), 10).await.unwrap();
    let waits = WaitingCounts {
        open: 0,
        being_handled: 1,
    };
    assert_eq!(
        (counts.asked, counts.received),
        (waits, WaitingCounts::default())
    );

    let blekinge = party(hub, "blekinge").await;
    let mut new = cast.answer(request);
    new.recipients.push(blekinge.organisation.id);
    assert!(hub.share(&cast.sven.at(6), &new).await.unwrap());
    assert!(!hub.share(&cast.sven.at(7), &new).await.unwrap(), "once");
    let entry = last(hub, Action::AnswerRequest, Outcome::Success).await;
    assert_eq!(entry.share, Some(new.id));
    assert_eq!(entry.counterpart, Some(cast.asker.organisation.id));
    assert_eq!(entry.patient_id.unwrap().reveal(), "191212121212");
    for who in [&cast.sven, &cast.siv] {
        let view = seen(hub, who, request, 8).await;
        assert_eq!((view.state, view.share), (State::Answered, Some(new.id)));
    }
    let (going, counts) = hub.requests_going(&cast.sven.at(8), 10).await.unwrap();
    assert_eq!(
        (going[0].state, counts.received),
        (State::Answered, WaitingCounts::default())
    );

    // The two who know of it are told which it answers; another recipient is not.
    let (view, _) = hub.share_view(&cast.sven.at(9), new.id).await.unwrap();
    assert_eq!(view.answers, Some(request));
    let (view, ..) = hub.inbox_item(&cast.siv.at(9), new.id).await.unwrap();
    assert_eq!(view.answers, Some(request));
    let third = person(hub, blekinge.organisation.id, BuiltIn::Receiver).await;
    let (view, ..) = hub.inbox_item(&third.at(9), new.id).await.unwrap();
    assert_eq!(view.answers, None);
    let (page, _) = hub
        .inbox(&cast.siv.at(9), Tray::UnderWay, None, 10)
        .await
        .unwrap();
    assert!(page.items.iter().all(|item| item.answers == Some(request)));
}

pub async fn what_is_no_answer_is_refused_and_nothing_is_written(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let request = cast.asked(hub, 1).await;
    let mut stranger = found(2, 1);
    stranger.patient_id = Personal::new("20010101-2384");
    let mut nobody = found(3, 1);
    nobody.patient_id = none();
    for (times, studies) in [
        vec![stranger.clone()],
        vec![found(1, 2), stranger],
        vec![nobody],
    ]
    .into_iter()
    .enumerate()
    {
        let new = WantedShare {
            answers: Some(request),
            several_patients: true,
            ..wanted(&cast.holder, studies, &[&cast.asker])
        };
        let refused = hub.share(&cast.sven.at(2), &new).await;
        assert!(matches!(refused, Err(Refusal::NotTheAskedPatient)));
        let denied = count(hub, Action::AnswerRequest, Outcome::Denied).await;
        assert_eq!(denied, times + 1);
    }
    let entry = last(hub, Action::AnswerRequest, Outcome::Denied).await;
    assert_eq!(entry.patient_id.unwrap().reveal(), "191212121212");
    // Not to whoever asked.
    let blekinge = party(hub, "blekinge").await;
    let mut new = cast.answer(request);
    new.recipients = vec![blekinge.organisation.id];
    let refused = hub.share(&cast.sven.at(3), &new).await;
    let is_it = matches!(refused, Err(Refusal::Invalid { field, .. }) if field == "recipients");
    assert!(is_it, "{refused:?}");
    // Not asked of them; or asked by them.
    let foreign = person(hub, blekinge.organisation.id, BuiltIn::Sender).await;
    let theirs = WantedShare {
        answers: Some(request),
        ..wanted(&blekinge, vec![found(1, 2)], &[&cast.asker])
    };
    let refused = hub.share(&foreign.at(4), &theirs).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let own = person(hub, cast.asker.organisation.id, BuiltIn::Sender).await;
    let theirs = WantedShare {
        answers: Some(request),
        ..wanted(&cast.asker, vec![found(1, 2)], &[&cast.holder])
    };
    let refused = hub.share(&own.at(4), &theirs).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    // Whoever asked takes nothing from the holder.
    let admin = person(hub, cast.asker.organisation.id, BuiltIn::Administrator).await;
    hub.set_takes(&admin.at(5), Takes::Closed).await.unwrap();
    let refused = hub.share(&cast.sven.at(6), &cast.answer(request)).await;
    assert!(matches!(refused, Err(Refusal::RecipientRefuses { .. })));

    assert_eq!(count(hub, Action::Share, Outcome::Success).await, 0);
    for (who, seconds) in [(&cast.sven, 7), (&foreign, 7), (&own, 7)] {
        no_shares(hub, who, seconds).await;
    }
    let view = seen(hub, &cast.siv, request, 8).await;
    assert_eq!((view.state, view.share), (State::Open, None));
    hub.set_takes(&admin.at(9), Takes::Open).await.unwrap();
    let answered = hub.share(&cast.sven.at(10), &cast.answer(request)).await;
    assert!(answered.unwrap());
}

pub async fn of_two_who_answer_at_once_one_does(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let other = person(hub, cast.holder.organisation.id, BuiltIn::Sender).await;
    for round in 0..4 {
        let request = cast.asked(hub, round * 10).await;
        let (one, two) = (cast.answer(request), cast.answer(request));
        let by = [cast.sven.at(round * 10 + 1), other.at(round * 10 + 1)];
        let (first, second) = tokio::join!(hub.share(&by[0], &one), hub.share(&by[1], &two));
        let won: Vec<ShareId> = [(&first, one.id), (&second, two.id)]
            .into_iter()
            .filter(|(done, _)| matches!(done, Ok(true)))
            .map(|(_, id)| id)
            .collect();
        let lost = [&first, &second].map(|done| matches!(done, Err(Refusal::Over(_))));
        assert_eq!(won.len(), 1, "{first:?} {second:?}");
        assert!(lost.contains(&true), "{first:?} {second:?}");
        let view = seen(hub, &cast.siv, request, round * 10 + 2).await;
        assert_eq!(view.share, Some(won[0]));
    }
    let page = hub.shares(&cast.sven.at(50), Which::All, None, 10).await;
    assert_eq!(page.unwrap().items.len(), 4);

    // One answers, and the asker withdraws.
    let request = cast.asked(hub, 60).await;
    let new = cast.answer(request);
    let (sven, siv) = (cast.sven.at(61), cast.siv.at(61));
    let (answered, withdrawn) =
        tokio::join!(hub.share(&sven, &new), hub.withdraw_request(&siv, request));
    assert_ne!(answered.is_ok(), withdrawn.is_ok());
    let state = seen(hub, &cast.siv, request, 62).await.state;
    assert_eq!(state == State::Answered, answered.is_ok());
}

pub async fn a_request_ends_once(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let is_over = |refused: Result<(), Refusal>| matches!(refused, Err(Refusal::Over(_)));
    let reason = Personal::new("We have no such images.");
    let answered = cast.asked(hub, 1).await;
    let share = cast.answer(answered);
    hub.share(&cast.sven.at(2), &share).await.unwrap();
    let declined = cast.asked(hub, 3).await;
    hub.decline_request(&cast.sven.at(4), declined, &reason)
        .await
        .unwrap();
    let entry = last(hub, Action::AnswerRequest, Outcome::Success).await;
    assert_eq!(entry.reason.as_ref(), Some(&reason));
    let withdrawn = cast.asked(hub, 5).await;
    hub.withdraw_request(&cast.siv.at(6), withdrawn)
        .await
        .unwrap();
    // A second click is no news.
    hub.withdraw_request(&cast.siv.at(7), withdrawn)
        .await
        .unwrap();
    assert_eq!(count(hub, Action::AskImages, Outcome::Success).await, 4);
    for request in [answered, declined, withdrawn] {
        assert!(is_over(hub.handle_request(&cast.sven.at(8), request).await));
        assert!(is_over(
            hub.decline_request(&cast.sven.at(8), request, &reason)
                .await
        ));
        assert!(is_over(hub.remind_request(&cast.siv.at(8), request).await));
        let late = hub.share(&cast.sven.at(8), &cast.answer(request)).await;
        assert!(matches!(late, Err(Refusal::Over(_))));
    }
    for request in [answered, declined] {
        assert!(is_over(
            hub.withdraw_request(&cast.siv.at(9), request).await
        ));
    }
    let view = seen(hub, &cast.siv, declined, 10).await;
    assert_eq!((view.state, view.reason), (State::Declined, reason));
    let view = seen(hub, &cast.sven, withdrawn, 10).await;
    assert_eq!(view.state, State::Withdrawn);
    for (stage, expected) in [
        (Stage::All, 3),
        (Stage::Waiting, 0),
        (Stage::Answered, 1),
        (Stage::Over, 2),
    ] {
        for (side, who) in [(Side::Received, &cast.sven), (Side::Asked, &cast.siv)] {
            let page = hub.requests(&who.at(11), side, stage, None, 10).await;
            assert_eq!(page.unwrap().0.items.len(), expected, "{stage:?}");
        }
        let (page, _) = hub
            .requests(&cast.sven.at(11), Side::Asked, stage, None, 10)
            .await
            .unwrap();
        assert!(page.items.is_empty());
    }
}

pub async fn a_holder_is_reminded_once_a_day(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let request = cast.asked(hub, 1).await;
    hub.remind_request(&cast.siv.at(2), request).await.unwrap();
    let view = seen(hub, &cast.sven, request, 3).await;
    assert_eq!((view.reminded, view.changed), (Some(at(2)), at(2)));
    let receiver = BuiltIn::Receiver;
    let siv = person_at(hub, cast.asker.organisation.id, receiver, DAY - HOUR).await;
    let soon = hub.remind_request(&siv.at(DAY + 1), request).await;
    assert!(matches!(soon, Err(Refusal::TooSoon(from)) if from == at(DAY + 2)));
    hub.remind_request(&siv.at(DAY + 2), request).await.unwrap();
    assert_eq!(count(hub, Action::AskImages, Outcome::Success).await, 3);
}

pub async fn a_request_that_nobody_answers_runs_out(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let request = cast.asked(hub, 0).await;
    hub.handle_request(&cast.sven.at(1), request).await.unwrap();
    let end = 90 * DAY;
    let (holder, asker) = (cast.holder.organisation.id, cast.asker.organisation.id);
    let sven = person_at(hub, holder, BuiltIn::Sender, end - HOUR).await;
    let siv = person_at(hub, asker, BuiltIn::Receiver, end - HOUR).await;
    let view = seen(hub, &sven, request, end - 1).await;
    assert_eq!(view.state, State::BeingHandled);
    for (who, side) in [(&sven, Side::Received), (&siv, Side::Asked)] {
        let view = seen(hub, who, request, end).await;
        assert_eq!((view.state, view.expires), (State::Expired, at(end)));
        let listed = async |stage| {
            let page = hub.requests(&who.at(end), side, stage, None, 10).await;
            let (page, counts) = page.unwrap();
            (page.items.len(), counts)
        };
        let (over, counts) = listed(Stage::Over).await;
        assert_eq!((over, counts.asked.being_handled), (1, 0));
        assert_eq!(counts.received.being_handled, 0);
        assert_eq!(listed(Stage::Waiting).await.0, 0);
    }
    let refused = hub.handle_request(&sven.at(end), request).await;
    assert!(matches!(refused, Err(Refusal::Over(_))));
    let refused = hub.share(&sven.at(end), &cast.answer(request)).await;
    assert!(matches!(refused, Err(Refusal::Over(_))));
    let refused = hub.withdraw_request(&siv.at(end), request).await;
    assert!(matches!(refused, Err(Refusal::Over(_))));
}

pub async fn an_answer_taken_back_is_waited_for_again(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let request = cast.asked(hub, 1).await;
    let first = cast.answer(request);
    hub.share(&cast.sven.at(2), &first).await.unwrap();
    let back = async |share, why, seconds| {
        hub.take_back(&cast.sven.at(seconds), share, why, &none())
            .await
            .unwrap();
    };
    back(first.id, TakenBackWhy::WrongPatient, 3).await;
    let view = seen(hub, &cast.siv, request, 4).await;
    assert_eq!((view.state, view.share), (State::BeingHandled, None));
    let entry = last(hub, Action::AnswerRequest, Outcome::Success).await;
    assert!(entry.detail.unwrap().ends_with("taken back"));
    let (view, _) = hub.share_view(&cast.sven.at(4), first.id).await.unwrap();
    assert_eq!(view.answers, None);
    let second = cast.answer(request);
    assert!(hub.share(&cast.sven.at(5), &second).await.unwrap());
    // It has served.
    back(second.id, TakenBackWhy::NotNeeded, 6).await;
    let view = seen(hub, &cast.siv, request, 7).await;
    assert_eq!((view.state, view.share), (State::Answered, Some(second.id)));
}

pub async fn requests_come_in_pages(hub: &HubDb) {
    let cast = Cast::new(hub).await;
    let mut all = Vec::new();
    // At the same time, so that the id tells them apart.
    for _ in 0..5 {
        all.push(cast.asked(hub, 1).await);
    }
    let mut seen = Vec::new();
    let mut before = None;
    for size in [2, 2, 1] {
        let (page, counts) = hub
            .requests(
                &cast.sven.at(3),
                Side::Received,
                Stage::Waiting,
                before.as_deref(),
                2,
            )
            .await
            .unwrap();
        assert_eq!((page.items.len(), counts.received.open), (size, 5));
        assert_eq!(page.next.is_some(), size == 2 && seen.len() < 4);
        seen.extend(page.items.into_iter().map(|item| item.id));
        before = page.next;
    }
    all.reverse();
    assert_eq!(seen, all, "the newest first");
    let wrong = hub
        .requests(&cast.sven.at(3), Side::Received, Stage::All, Some("1_x"), 2)
        .await;
    assert!(matches!(wrong, Err(Refusal::Invalid { .. })));
}
