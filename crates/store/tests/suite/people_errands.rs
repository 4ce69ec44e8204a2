//! Searches and fetches, and what members have begun.

use crate::{fixture::*, people_directory::*, people_exchange::*};
use bildbro_domain::{
    OrganisationId, Personal,
    audit::{Action, Outcome},
    permission::BuiltIn,
    share::{Failure, Priority},
};
use bildbro_flow::ports::{
    errands::Errands,
    hub::HubStore,
    portal::{
        Refusal,
        search::{NewSearch, PartEnd, Searches},
        sharing::{FetchState, Sharing, TakenBackWhy, Which},
    },
};
use bildbro_store::HubDb;
use bildbro_wire::{errand::ErrandEnd, link::Intent};
use uuid::Uuid;

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
        let claimed = hub
            .claim_errand(&sender.call(seconds), false)
            .await
            .unwrap();
        let errand = claimed.unwrap_or_else(|| panic!("attempt {attempt}"));
        assert_eq!(errand.attempts, attempt);
        let end = said(&errand, &[], Some(failed(Failure::NotSent)));
        hub.found(&sender.call(seconds), &end, JITTER)
            .await
            .unwrap();
        // Not at once.
        let soon = hub
            .claim_errand(&sender.call(seconds), false)
            .await
            .unwrap();
        assert!(soon.is_none());
        seconds += HOUR;
    }
    assert!(
        hub.claim_errand(&sender.call(seconds), false)
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
    let again = hub
        .claim_errand(&sender.call(seconds), false)
        .await
        .unwrap();
    assert!(again.is_some());
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
    assert!(
        hub.claim_errand(&other.call(2), false)
            .await
            .unwrap()
            .is_none()
    );
    let errand = hub
        .claim_errand(&sender.call(2), false)
        .await
        .unwrap()
        .unwrap();
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
    // On record before it is shown.
    let shown = [(Personal::new("19121212-1212"), study(1))];
    assert_eq!(hub.show_found(&sven.at(7), &shown).await.unwrap(), [0]);
    hub.end_search(&parts).await.unwrap();
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
    hub.end_search(&parts).await.unwrap();
    assert!(
        hub.claim_errand(&sender.call(9), false)
            .await
            .unwrap()
            .is_none()
    );
    hub.begin_search(&sven.at(10), &new).await.unwrap();
    assert!(
        hub.claim_errand(&sender.call(61), false)
            .await
            .unwrap()
            .is_none()
    );
    hub.sweep(at(61)).await.unwrap();
    // Not without end.
    let mut refused = None;
    for _ in 0..20 {
        if let Err(refusal) = hub
            .begin_search(
                &sven.at(62),
                &NewSearch {
                    expires: at(99),
                    ..new.clone()
                },
            )
            .await
        {
            refused = Some(refusal);
        }
    }
    assert!(matches!(refused, Some(Refusal::Over(_))));
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

pub async fn a_fetch_ends_with_the_last_share_that_waits_for_it(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let first = wanted(&sender, vec![found(1, 2)], &[&halland]);
    let second = wanted(&sender, vec![found(1, 2)], &[&halland]);
    hub.share(&sven.at(1), &first).await.unwrap();
    hub.share(&sven.at(2), &second).await.unwrap();
    let why = TakenBackWhy::NotNeeded;
    hub.take_back(&sven.at(3), first.id, why, &none())
        .await
        .unwrap();
    let errand = hub
        .claim_errand(&sender.call(4), false)
        .await
        .unwrap()
        .unwrap();
    let alive = said(&errand, &[], None);
    assert!(
        hub.found(&sender.call(5), &alive, JITTER)
            .await
            .unwrap()
            .go_on
    );
    hub.take_back(&sven.at(6), second.id, why, &none())
        .await
        .unwrap();
    assert!(
        !hub.found(&sender.call(7), &alive, JITTER)
            .await
            .unwrap()
            .go_on
    );
    assert!(
        hub.claim_errand(&sender.call(8), false)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn what_is_fetched_days_later_joins_and_what_is_not_is_said(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let new = wanted(&sender, vec![found(1, 2), found(2, 2)], &[&halland]);
    hub.share(&sven.at(1), &new).await.unwrap();
    // The gateway was off-line over a weekend.
    send(hub, &sender.call(60 * HOUR), 1, 1..=2, Intent::Hold).await;
    let task = hub.claim(&halland.call(60 * HOUR)).await.unwrap().unwrap();
    assert_eq!(task.instances.len(), 2);
    hub.sweep(at(73 * HOUR)).await.unwrap();
    let late = sven_again(hub, &sender, 73 * HOUR).await;
    let trouble = hub
        .shares(&late.at(73 * HOUR), Which::Trouble, None, 10)
        .await
        .unwrap();
    let fetch = trouble.items[0].studies[1].fetch.clone().unwrap();
    assert_eq!(fetch.state, FetchState::Failed);
}

async fn sven_again(hub: &HubDb, sender: &Party, seconds: i64) -> Person {
    person_at(hub, sender.organisation.id, BuiltIn::Sender, seconds).await
}

pub async fn fetches_do_not_hold_up_what_is_urgent(hub: &HubDb) {
    let (sender, halland) = two(hub).await;
    let sven = person(hub, sender.organisation.id, BuiltIn::Sender).await;
    let ordinary = wanted(&sender, vec![found(1, 2)], &[&halland]);
    hub.share(&sven.at(1), &ordinary).await.unwrap();
    assert!(
        hub.claim_errand(&sender.call(2), true)
            .await
            .unwrap()
            .is_none()
    );
    let mut urgent = wanted(&sender, vec![found(2, 2)], &[&halland]);
    urgent.priority = Priority::Emergency;
    hub.share(&sven.at(3), &urgent).await.unwrap();
    assert!(
        hub.claim_errand(&sender.call(4), true)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        hub.claim_errand(&sender.call(4), true)
            .await
            .unwrap()
            .is_none()
    );
    let entry = last(hub, Action::Share, Outcome::Success).await;
    assert!(entry.detail.unwrap().starts_with("emergency"));
    // A gateway that is gone fetches nothing: it is said at once.
    let gone = sender.subject.gateway;
    hub.revoke_gateway(gone, operator(), at(5)).await.unwrap();
    let late = wanted(&sender, vec![found(3, 2)], &[&halland]);
    let refused = hub.share(&sven.at(6), &late).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid {
            field: "studies",
            ..
        })
    ));
}
