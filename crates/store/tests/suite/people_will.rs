//! Patients' blocks, consents and emergencies, and what they open and close.

use crate::fixture::*;
use bildbro_domain::{
    BlockId, Digest, MemberId, OrganisationId, Personal,
    audit::spot_check::Assessment,
    audit::{Action, Entry, Outcome},
    care::Will,
    member::Level,
    permission::{BuiltIn, Permission},
    policy::{Denial, Relation},
    share::{LegalMode, Purpose},
};
use bildbro_flow::ports::{
    hub::{ChangeError, ClaimError, HubStore},
    portal::{
        Caller, Refusal,
        login::{Login, NewSession, SessionLife},
        members::{FirstMember, Members},
        will::{Found, Lookup, NewConsent, PatientNumber, Wills},
    },
};
use bildbro_store::HubDb;
use bildbro_wire::link::Intent;
use jiff::SignedDuration;

const CARERS: &[BuiltIn] = &[BuiltIn::Sender, BuiltIn::Receiver];

/// Someone with a session that lasts for days.
struct Someone {
    member: MemberId,
    token: Digest,
}

impl Someone {
    fn calls(&self, seconds: i64) -> Caller {
        Caller {
            token: self.token,
            from: "192.0.2.7".into(),
            at: at(seconds),
        }
    }
}

async fn someone(
    hub: &HubDb,
    organisation: OrganisationId,
    roles: &[BuiltIn],
    name: &str,
) -> Someone {
    let new = FirstMember {
        organisation,
        name: name.into(),
        email: format!("{name}@{organisation}.example"),
        language: "sv".into(),
        roles: roles.to_vec(),
    };
    let member = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    let token = Digest::of(member.to_string().as_bytes());
    let long = SignedDuration::from_hours(24 * 400);
    let session = NewSession {
        token,
        member,
        level: Level::Full,
        means: "password",
        life: SessionLife {
            idle: long,
            whole: long,
        },
        from: "192.0.2.7".into(),
        agent: "test".into(),
        at: at(0),
    };
    hub.begin_session(session).await.unwrap();
    Someone { member, token }
}

fn patient(id: &str, issuer: &str) -> PatientNumber {
    PatientNumber {
        id: Personal::new(id),
        issuer: issuer.into(),
    }
}

/// As our images name him, in another way.
fn tolvan() -> PatientNumber {
    patient("191212121212", "")
}

fn lookup(purpose: Purpose) -> Lookup {
    Lookup {
        patient: tolvan(),
        purpose,
        others: true,
    }
}

async fn find(hub: &HubDb, who: &Someone, seconds: i64) -> Found {
    let asked = lookup(Purpose::Care);
    hub.find_studies(&who.calls(seconds), &asked).await.unwrap()
}

fn shown(found: &Found) -> Vec<(&str, Vec<&str>, bool)> {
    let others = found.others.iter().map(|of| {
        let studies = of.studies.iter().map(|one| one.study.as_str()).collect();
        (of.organisation.name.reveal(), studies, of.blocked)
    });
    others.collect()
}

fn denial<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> Denial {
    match answer {
        Err(Refusal::Denied { denial, .. }) => denial,
        other => panic!("{other:?}"),
    }
}

async fn of(hub: &HubDb, action: Action) -> Vec<Entry> {
    let mut all = entries(hub).await;
    all.retain(|entry| entry.action == action);
    all
}

pub async fn a_block_bites_at_once_and_its_lifting_too(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let us = sender.organisation.id;
    let siv = someone(hub, us, &[BuiltIn::Receiver], "siv").await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let task = hub.claim(&recipient.call(2)).await.unwrap().unwrap();
    let block = hub.register_block(&siv.calls(3), &tolvan(), None).await;
    let block = block.unwrap();

    // What a gateway is in the middle of ends too.
    let release = hub.release(&recipient.call(4), &fetch(&task)).await;
    assert!(matches!(release, Err(ClaimError::Denied(Denial::Blocked))));
    // When its claim has run out, it is told of no delivery, for five minutes.
    assert!(hub.claim(&recipient.call(100)).await.unwrap().is_none());
    // Nor is a new share made, unless the patient asks for it.
    let share = |purpose| {
        let to = recipient.organisation.id;
        let study = study(1);
        async move {
            hub.share_study(us, &study, to, purpose, operator(), at(101))
                .await
        }
    };
    let denied = share(Purpose::Care).await;
    assert!(matches!(denied, Err(ChangeError::Denied(Denial::Blocked))));
    share(Purpose::PatientRequest).await.unwrap();
    let asked_for = hub.claim(&recipient.call(102)).await.unwrap().unwrap();
    assert_ne!(asked_for.delivery, task.delivery);
    hub.release(&recipient.call(102), &fetch(&asked_for))
        .await
        .unwrap();

    // Lifted, the first goes on without waiting for its time.
    hub.lift_block(&siv.calls(110), block, None).await.unwrap();
    let again = hub.claim(&recipient.call(110)).await.unwrap().unwrap();
    assert_eq!(again.delivery, task.delivery);
    hub.release(&recipient.call(111), &fetch(&again))
        .await
        .unwrap();
    let twice = hub.lift_block(&siv.calls(112), block, None).await;
    assert!(matches!(twice, Err(Refusal::Over(_))), "{twice:?}");

    let will = hub.will_of(&siv.calls(113), &tolvan()).await.unwrap();
    let [seen] = &will.blocks[..] else {
        panic!("{will:?}");
    };
    assert_eq!(seen.registered.by.name.reveal(), "siv");
    assert_eq!(seen.lifted.as_ref().unwrap().at, at(110));
    for action in [Action::RegisterBlock, Action::LiftBlock, Action::Search] {
        let [entry] = &of(hub, action).await[..] else {
            panic!("one entry of {}", action.as_str());
        };
        assert_eq!(entry.patient_id.as_ref().unwrap().reveal(), "191212121212");
        assert_eq!(entry.organisation, Some(us));
    }
}

pub async fn what_others_hold_is_told_with_consent_only(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let region = party(hub, "vast").await;
    send(hub, &sender.call(1), 1, 1..=2, Intent::Hold).await;
    send(hub, &recipient.call(1), 2, 1..=1, Intent::Hold).await;
    let us = region.organisation.id;
    let siv = someone(hub, us, CARERS, "siv").await;
    send(hub, &region.call(1), 3, 1..=1, Intent::Hold).await;

    let found = find(hub, &siv, 10).await;
    assert_eq!(
        (found.own.len(), found.own[0].relation),
        (1, Relation::Holder)
    );
    assert_eq!(
        (found.will, found.denied),
        (Will::Unknown, Some(Denial::NoConsent))
    );
    assert!(found.others.is_empty() && !found.truncated);

    let new = |from, until| NewConsent {
        patient: tolvan(),
        unit: None,
        from: at(from),
        until: at(until),
    };
    let consent = hub
        .register_consent(&siv.calls(20), &new(20, 20 + HOUR))
        .await
        .unwrap();
    let found = find(hub, &siv, 20).await;
    assert_eq!((found.will, found.denied), (Will::Consent, None));
    let mut told = shown(&found);
    told.sort();
    assert_eq!(
        told,
        [
            ("halland", vec!["1.2.3.2"], false),
            ("skane", vec!["1.2.3.1"], false)
        ]
    );
    // It is for care, and it ends.
    let asked = lookup(Purpose::Insurance);
    let other = hub.find_studies(&siv.calls(21), &asked).await.unwrap();
    assert_eq!(
        (other.denied, other.others.len()),
        (Some(Denial::NotCare), 0)
    );
    assert_eq!(
        find(hub, &siv, 20 + HOUR).await.denied,
        Some(Denial::NoConsent)
    );
    // A block beats it, at the one who holds the study.
    let sven = someone(hub, sender.organisation.id, CARERS, "sven").await;
    let block = hub
        .register_block(&sven.calls(30), &tolvan(), None)
        .await
        .unwrap();
    let found = find(hub, &siv, 31).await;
    let mut told = shown(&found);
    told.sort();
    assert_eq!(
        told,
        [("halland", vec!["1.2.3.2"], false), ("skane", vec![], true)]
    );
    hub.lift_block(&sven.calls(32), block, None).await.unwrap();
    assert_eq!(find(hub, &siv, 33).await.others.len(), 2);
    hub.withdraw_consent(&siv.calls(40), consent).await.unwrap();
    assert_eq!(find(hub, &siv, 41).await.denied, Some(Denial::NoConsent));
    let again = hub.withdraw_consent(&siv.calls(42), consent).await;
    assert!(matches!(again, Err(Refusal::Over(_))));

    coherent_entries(hub, &sender.organisation.id).await;
}

/// What the log says of looking at what `skane` holds.
async fn coherent_entries(hub: &HubDb, skane: &OrganisationId) {
    let searches = of(hub, Action::Search).await;
    let coherent: Vec<&Entry> = searches
        .iter()
        .filter(|entry| entry.legal_mode == Some(LegalMode::CoherentAccess))
        .collect();
    let at_them = |seconds| {
        let mut of = coherent
            .iter()
            .filter(|e| e.at == at(seconds) && e.counterpart == Some(*skane));
        of.next().copied().unwrap()
    };
    assert_eq!(at_them(20).studies, [study(1)]);
    assert_eq!(at_them(20).purpose, Some(Purpose::Care));
    assert!(at_them(31).studies.is_empty() && at_them(31).detail.is_some());
    let denied: Vec<&&Entry> = coherent
        .iter()
        .filter(|e| e.outcome == Outcome::Denied)
        .collect();
    assert_eq!(denied.len(), 4);
    assert!(
        denied
            .iter()
            .all(|e| e.counterpart.is_none() && e.studies.is_empty())
    );
    let named = |e: &Entry| e.patient_id.as_ref().unwrap().reveal() == "191212121212";
    assert!(searches.iter().all(named));
}

pub async fn what_was_shared_is_seen_without_consent(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let us = recipient.organisation.id;
    let siv = someone(hub, us, CARERS, "siv").await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    send(hub, &sender.call(1), 2, 1..=1, Intent::Hold).await;
    let found = find(hub, &siv, 2).await;
    assert_eq!(shown(&found), [("skane", vec!["1.2.3.1"], false)]);
    assert_eq!(found.others[0].studies[0].relation, Relation::Recipient);
    assert_eq!(found.denied, Some(Denial::NoConsent));

    // The patient's request opens what was shared for it, not what is asked for
    // in its name.
    let sven = someone(hub, sender.organisation.id, CARERS, "sven").await;
    hub.register_block(&sven.calls(3), &tolvan(), None)
        .await
        .unwrap();
    let asked = lookup(Purpose::PatientRequest);
    let found = hub.find_studies(&siv.calls(4), &asked).await.unwrap();
    assert_eq!(shown(&found), [("skane", vec![], true)]);
    let share = hub
        .share_study(
            sender.organisation.id,
            &study(1),
            us,
            Purpose::PatientRequest,
            operator(),
            at(5),
        )
        .await
        .unwrap();
    assert_eq!(
        shown(&find(hub, &siv, 6).await),
        [("skane", vec!["1.2.3.1"], false)]
    );
    hub.revoke_share(share, operator(), at(7)).await.unwrap();
    assert_eq!(shown(&find(hub, &siv, 8).await), [("skane", vec![], true)]);
}

pub async fn an_emergency_opens_for_four_hours_to_who_decided_it(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let us = recipient.organisation.id;
    let siv = someone(hub, us, CARERS, "siv").await;
    let other = someone(hub, us, CARERS, "other").await;
    let auditor = someone(hub, us, &[BuiltIn::Auditor, BuiltIn::Receiver], "auditor").await;
    send(hub, &sender.call(1), 1, 1..=1, Intent::Hold).await;

    let reason = Personal::new("  unconscious after a fall ");
    let begin = |who: &Someone, seconds, reason: &str| {
        let (caller, reason) = (who.calls(seconds), Personal::new(reason));
        async move { hub.begin_emergency(&caller, &tolvan(), &reason).await }
    };
    let short = begin(&siv, 5, "  fall     ").await;
    assert!(matches!(
        short,
        Err(Refusal::Invalid {
            field: "reason",
            ..
        })
    ));
    let long = begin(&siv, 5, &"x".repeat(501)).await;
    assert!(matches!(
        long,
        Err(Refusal::Invalid {
            field: "reason",
            ..
        })
    ));
    let stale = begin(&siv, 600, reason.reveal()).await;
    assert_eq!(denial(stale), Denial::StepUp);
    let no_role = someone(hub, us, &[BuiltIn::Sender], "sender").await;
    let no = begin(&no_role, 10, reason.reveal()).await;
    assert_eq!(denial(no), Denial::NoPermission(Permission::Emergency));

    let (emergency, until) = begin(&siv, 10, reason.reveal()).await.unwrap();
    assert_eq!(until, at(10 + 4 * HOUR));
    let found = find(hub, &siv, 10 + 4 * HOUR - 1).await;
    assert_eq!(
        (found.will, shown(&found)),
        (Will::Emergency, vec![("skane", vec!["1.2.3.1"], false)])
    );
    assert_eq!(
        find(hub, &siv, 10 + 4 * HOUR).await.denied,
        Some(Denial::NoConsent)
    );
    assert_eq!(find(hub, &other, 20).await.denied, Some(Denial::NoConsent));
    let searched = of(hub, Action::Search).await;
    let by_emergency = searched
        .iter()
        .filter(|e| e.detail.as_deref() == Some("by emergency access"));
    let by_emergency: Vec<_> = by_emergency.collect();
    assert_eq!(by_emergency.len(), 1);
    assert_eq!(by_emergency[0].counterpart, Some(sender.organisation.id));
    let decided = of(hub, Action::EmergencyAccess).await;
    let done = decided
        .iter()
        .find(|e| e.outcome == Outcome::Success)
        .unwrap();
    assert_eq!(
        done.reason.as_ref().unwrap().reveal(),
        "unconscious after a fall"
    );
    assert!(
        decided
            .iter()
            .all(|e| e.patient_id.as_ref().unwrap().reveal() == "191212121212")
    );

    let page = hub
        .emergencies(&auditor.calls(30), Some(false), None, 50)
        .await
        .unwrap();
    assert_eq!(
        (page.items.len(), page.items[0].id, &page.next),
        (1, emergency, &None)
    );
    let review = |who: &Someone, seconds| {
        let (caller, comment) = (who.calls(seconds), Personal::new("as it should be"));
        async move {
            hub.review_emergency(&caller, emergency, Assessment::Justified, &comment)
                .await
        }
    };
    assert_eq!(
        denial(review(&siv, 31).await),
        Denial::NoPermission(Permission::ReviewAudit)
    );
    let stranger = someone(hub, sender.organisation.id, &[BuiltIn::Auditor], "stranger").await;
    assert!(matches!(
        review(&stranger, 31).await,
        Err(Refusal::NotFound)
    ));
    review(&auditor, 32).await.unwrap();
    assert!(matches!(review(&auditor, 33).await, Err(Refusal::Over(_))));
    let page = hub
        .emergencies(&auditor.calls(34), Some(true), None, 50)
        .await
        .unwrap();
    let seen = page.items[0].review.as_ref().unwrap();
    assert_eq!(
        (seen.assessment, seen.comment.reveal()),
        (Assessment::Justified, "as it should be")
    );
    // Nobody reviews their own.
    let (own, _) = begin(&auditor, 40, reason.reveal()).await.unwrap();
    let comment = Personal::new("fine");
    let caller = auditor.calls(41);
    let answer = hub
        .review_emergency(&caller, own, Assessment::Justified, &comment)
        .await;
    assert_eq!(denial(answer), Denial::FourEyes);
    let first = hub
        .emergencies(&auditor.calls(42), None, None, 1)
        .await
        .unwrap();
    assert_eq!(first.items[0].id, own);
    let second = hub
        .emergencies(&auditor.calls(43), None, first.next.as_deref(), 1)
        .await
        .unwrap();
    assert_eq!((second.items[0].id, second.next), (emergency, None));
    let reviewed = of(hub, Action::ReviewAudit).await;
    let about = reviewed
        .iter()
        .find(|e| e.about == Some(siv.member))
        .unwrap();
    assert_eq!(about.outcome, Outcome::Success);
}

pub async fn anothers_will_does_not_exist(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let siv = someone(hub, sender.organisation.id, CARERS, "siv").await;
    let stranger = someone(hub, recipient.organisation.id, CARERS, "stranger").await;
    let block = hub
        .register_block(&siv.calls(1), &tolvan(), None)
        .await
        .unwrap();
    let new = NewConsent {
        patient: tolvan(),
        unit: None,
        from: at(1),
        until: at(DAY),
    };
    let consent = hub.register_consent(&siv.calls(1), &new).await.unwrap();
    let lift = hub.lift_block(&stranger.calls(2), block, None).await;
    assert!(matches!(lift, Err(Refusal::NotFound)));
    let none = BlockId(uuid::Uuid::nil());
    let lift = hub.lift_block(&stranger.calls(2), none, None).await;
    assert!(matches!(lift, Err(Refusal::NotFound)));
    let withdraw = hub.withdraw_consent(&stranger.calls(2), consent).await;
    assert!(matches!(withdraw, Err(Refusal::NotFound)));
    let seen = hub.will_of(&stranger.calls(3), &tolvan()).await.unwrap();
    assert!(seen.blocks.is_empty() && seen.consents.is_empty());
    // The stranger's own log does not get to know whose it was.
    let denied = of(hub, Action::LiftBlock).await;
    assert_eq!(denied.len(), 1);
    assert_eq!(
        (denied[0].outcome, &denied[0].patient_id),
        (Outcome::Denied, &None)
    );
}

pub async fn the_same_patient_however_written(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let siv = someone(hub, sender.organisation.id, CARERS, "siv").await;
    for written in [
        "191212121212",
        "19121212-1212",
        "121212+1212",
        " 19121212 1212",
    ] {
        let patient = patient(written, "");
        hub.register_block(&siv.calls(1), &patient, None)
            .await
            .unwrap();
    }
    let will = hub.will_of(&siv.calls(2), &tolvan()).await.unwrap();
    assert_eq!(will.blocks.len(), 4);

    // A reserve number is its issuer's.
    let mut offer = image(7, 1, recipient.share());
    offer.header.patient_id = Personal::new("tf 001");
    offer.header.patient_id_issuer = "1.2.752.1".into();
    let reserve = |issuer| patient("TF001", issuer);
    hub.register_block(&siv.calls(3), &reserve("1.2.752.2"), None)
        .await
        .unwrap();
    admit(hub, &sender.call(4), &[stored(&offer)])
        .await
        .unwrap();
    let task = hub.claim(&recipient.call(5)).await.unwrap().unwrap();
    hub.register_block(&siv.calls(6), &reserve(" 1.2.752.1"), None)
        .await
        .unwrap();
    let release = hub.release(&recipient.call(7), &fetch(&task)).await;
    assert!(matches!(release, Err(ClaimError::Denied(Denial::Blocked))));

    for (bad, field) in [
        (patient("  ", ""), "patient_id"),
        (patient(&"1".repeat(65), ""), "patient_id"),
        (patient("1", &"x".repeat(65)), "issuer"),
    ] {
        let answer = hub.will_of(&siv.calls(8), &bad).await;
        assert!(matches!(answer, Err(Refusal::Invalid { field: f, .. }) if f == field));
    }
}
