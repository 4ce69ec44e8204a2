//! The log in people's hands: who sees what, how it is paged, and spot checks.

use crate::fixture::{DAY, HOUR, at, count, entries, operator, party, send, two};
use bildbro_domain::{
    Digest, MemberId, OrganisationId, Personal,
    audit::{
        Action, Actor, Entry, Outcome,
        spot_check::{Assessment, Rule},
    },
    member::Level,
    permission::BuiltIn,
    policy::Denial,
    share::LegalMode,
};
use bildbro_flow::ports::{
    hub::HubStore,
    portal::{
        Caller, Refusal,
        log::{Draw, ExtractWish, Log, Search},
        login::{Login, NewSession, SessionLife},
        members::{FirstMember, Members},
    },
};
use bildbro_store::HubDb;
use bildbro_wire::audit::Party;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const TOLVAN: &str = "191212121212";

pub struct Someone {
    member: MemberId,
    organisation: OrganisationId,
    name: String,
    token: Digest,
}

impl Someone {
    pub fn calls(&self, seconds: i64) -> Caller {
        Caller {
            token: self.token,
            from: "192.0.2.7".into(),
            at: at(seconds),
        }
    }

    /// An entry of theirs about a patient.
    fn did(&self, action: Action, when: Timestamp, patient: &str) -> Entry {
        let actor = Actor::Member {
            id: self.member,
            name: Personal::new(&self.name),
            hsa_id: None,
            roles: vec!["receiver".into()],
            commission: None,
        };
        let mut entry = Entry::new(Uuid::now_v7(), when, action, Outcome::Success, actor);
        entry.organisation = Some(self.organisation);
        entry.patient_id = Some(Personal::new(patient));
        entry.from = Some("192.0.2.9".into());
        entry
    }
}

async fn someone(
    hub: &HubDb,
    organisation: OrganisationId,
    name: &str,
    roles: &[BuiltIn],
) -> Someone {
    let email = format!("{}@example.com", Uuid::now_v7());
    let token = Digest::of(email.as_bytes());
    let new = FirstMember {
        organisation,
        name: name.into(),
        email,
        language: "sv".into(),
        roles: roles.to_vec(),
    };
    let member = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    let session = NewSession {
        token,
        member,
        level: Level::Full,
        means: "password",
        life: SessionLife {
            idle: SignedDuration::from_hours(24 * 365),
            whole: SignedDuration::from_hours(24 * 365),
        },
        from: "192.0.2.7".into(),
        agent: "test".into(),
        at: at(0),
    };
    hub.begin_session(session).await.unwrap();
    Someone {
        member,
        organisation,
        name: name.into(),
        token,
    }
}

pub async fn auditor(hub: &HubDb, organisation: OrganisationId) -> Someone {
    someone(hub, organisation, "Rut Revisor", &[BuiltIn::Auditor]).await
}

fn all() -> Search {
    Search {
        most: 200,
        ..Search::default()
    }
}

async fn found(hub: &HubDb, who: &Someone, search: &Search) -> Vec<Entry> {
    let found = hub.search_log(&who.calls(1), search).await.unwrap();
    found.lines.into_iter().map(|line| line.entry).collect()
}

pub async fn a_search_finds_by_each_filter_and_is_on_record(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let own = sender.organisation.id;
    let rut = auditor(hub, own).await;
    let siv = someone(hub, own, "Siv Syster", &[BuiltIn::Receiver]).await;
    let mut view = siv.did(Action::View, at(100), "19121212-1212");
    view.outcome = Outcome::Failure;
    hub.record(&view).await.unwrap();
    hub.record(&siv.did(Action::View, at(200), "198112189876"))
        .await
        .unwrap();

    // Any way of writing is the same patient: admitted, shared, viewed.
    for written in ["191212121212", "19121212-1212", " 121212+1212"] {
        let search = Search {
            patient: Some(Personal::new(written)),
            ..all()
        };
        let entries = found(hub, &rut, &search).await;
        let acts: Vec<_> = entries
            .iter()
            .map(|e| e.action)
            .filter(|action| *action != Action::SearchAudit)
            .collect();
        assert_eq!(
            acts,
            [Action::View, Action::Share, Action::Admit],
            "{written}"
        );
    }
    let shared = found(hub, &rut, &all()).await;
    let share = shared.iter().find_map(|e| e.share).unwrap();
    let by = [
        (
            Search {
                member: Some(siv.member),
                ..all()
            },
            3,
        ),
        (
            Search {
                action: Some(Action::View),
                ..all()
            },
            2,
        ),
        (
            Search {
                outcome: Some(Outcome::Failure),
                ..all()
            },
            1,
        ),
        (
            Search {
                share: Some(share),
                ..all()
            },
            1,
        ),
        (
            Search {
                from: Some(at(100)),
                until: Some(at(200)),
                ..all()
            },
            1,
        ),
        (
            Search {
                from: Some(at(201)),
                until: Some(at(900)),
                ..all()
            },
            0,
        ),
        (
            Search {
                member: Some(siv.member),
                patient: Some(Personal::new(TOLVAN)),
                outcome: Some(Outcome::Failure),
                ..all()
            },
            1,
        ),
    ];
    for (search, expected) in by {
        let entries = found(hub, &rut, &search).await;
        let entries = entries.iter().filter(|e| e.action != Action::SearchAudit);
        assert_eq!(entries.count(), expected, "{search:?}");
    }
    let recorded = entries(hub).await;
    let searches: Vec<_> = recorded
        .iter()
        .filter(|e| e.action == Action::SearchAudit)
        .collect();
    assert_eq!(searches.len(), 11);
    let of_patient = searches.iter().filter(|e| e.patient_id.is_some());
    assert_eq!(of_patient.count(), 4);
    let nobody = Search {
        patient: Some(Personal::new(" ")),
        ..all()
    };
    let refusal = hub.search_log(&rut.calls(1), &nobody).await.unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::Invalid {
            field: "patient_id",
            ..
        }
    ));
    // Who may not search is denied, on record.
    let refusal = hub.search_log(&siv.calls(1), &all()).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Denied { .. }));
    assert_eq!(count(hub, Action::SearchAudit, Outcome::Denied).await, 1);
}

pub async fn another_organisation_sees_what_passed_and_nothing_else(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let third = party(hub, "gotland").await;
    send(hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let siv = someone(hub, sender.organisation.id, "Siv Syster", &[]).await;
    let mut revoke = siv.did(Action::Revoke, at(5), TOLVAN);
    revoke.counterpart = Some(recipient.organisation.id);
    revoke.detail = Some("why is ours".into());
    let mut denied = siv.did(Action::Share, at(6), TOLVAN);
    denied.counterpart = Some(recipient.organisation.id);
    denied.outcome = Outcome::Denied;
    let mut view = siv.did(Action::View, at(7), TOLVAN);
    view.counterpart = Some(recipient.organisation.id);
    for entry in [&revoke, &denied, &view] {
        hub.record(entry).await.unwrap();
    }
    let there = auditor(hub, recipient.organisation.id).await;
    for search in [
        all(),
        Search {
            patient: Some(Personal::new(TOLVAN)),
            ..all()
        },
    ] {
        let entries = found(hub, &there, &search).await;
        let theirs: Vec<_> = entries
            .iter()
            .filter(|e| e.organisation == Some(sender.organisation.id))
            .collect();
        let acts: Vec<_> = theirs.iter().map(|e| e.action).collect();
        assert_eq!(acts, [Action::Revoke, Action::Share]);
        assert_eq!((&theirs[0].detail, &theirs[0].from), (&None, &None));
        let Actor::Member { id, name, .. } = &theirs[0].actor else {
            panic!("a member");
        };
        assert!(id.0.is_nil() && name.is_empty());
    }
    let elsewhere = auditor(hub, third.organisation.id).await;
    let search = Search {
        patient: Some(Personal::new(TOLVAN)),
        ..all()
    };
    assert!(found(hub, &elsewhere, &search).await.is_empty());
    let strangers = found(hub, &elsewhere, &all()).await;
    assert!(
        strangers
            .iter()
            .all(|e| e.organisation == Some(third.organisation.id))
    );
    let wish = ExtractWish {
        patient: Personal::new(TOLVAN),
        from: None,
        until: None,
        approval: None,
    };
    let accesses = hub.extract_log(&elsewhere.calls(2), &wish).await.unwrap();
    assert!(accesses.lines.is_empty());
}

pub async fn pages_stay_while_entries_are_appended(hub: &HubDb) {
    let one = party(hub, "skane").await;
    let own = one.organisation.id;
    let rut = auditor(hub, own).await;
    let siv = someone(hub, own, "Siv Syster", &[]).await;
    for n in 0..25 {
        hub.record(&siv.did(Action::View, at(n), TOLVAN))
            .await
            .unwrap();
    }
    let before: Vec<_> = found(hub, &rut, &all()).await;
    let mut search = Search {
        most: 7,
        ..Search::default()
    };
    // The search before left an entry of its own, which is newest now.
    let mut pages = Vec::new();
    loop {
        let page = hub.search_log(&rut.calls(1), &search).await.unwrap();
        assert!(page.lines.len() <= 7);
        pages.extend(page.lines.into_iter().map(|line| line.entry));
        hub.record(&siv.did(Action::View, at(99), TOLVAN))
            .await
            .unwrap();
        match page.next {
            Some(next) => search.before = Some(next),
            None => break,
        }
    }
    assert_eq!(pages[1..], before[..]);
}

async fn drawn(hub: &HubDb, who: &Someone, rule: Rule) -> Vec<Entry> {
    let draw = Draw {
        rule,
        from: at(0),
        until: at(300 * DAY),
        size: 200,
    };
    let id = hub.draw_spot_check(&who.calls(1), draw, 7).await.unwrap();
    let drawn = hub.spot_check(&who.calls(1), id).await.unwrap();
    assert_eq!(drawn.check.found, drawn.lines.len() as u64);
    assert!(drawn.lines.iter().all(|line| line.why == rule.why()));
    drawn.lines.into_iter().map(|l| l.line.entry).collect()
}

pub async fn each_rule_hits_and_nearly_misses(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    // The hub knows Tolvan by this study, shared at 08:00.
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let own = recipient.organisation.id;
    let rut = auditor(hub, own).await;
    let siv = someone(hub, own, "Siv Syster", &[]).await;
    let mut kin = someone(hub, own, "Tilda TOLVANSSON", &[]).await;
    let record = async |entry: Entry| {
        hub.record(&entry).await.unwrap();
        entry.id
    };
    let ids = |entries: Vec<Entry>| entries.into_iter().map(|e| e.id).collect::<Vec<_>>();

    // Surnames: the same without regard to case; another; of a gateway, none.
    let hit = record(kin.did(Action::View, at(60), TOLVAN)).await;
    kin.name = "Tilda Tolvanssson".into();
    record(kin.did(Action::View, at(61), TOLVAN)).await;
    let miss = record(siv.did(Action::View, at(62), TOLVAN)).await;
    assert_eq!(ids(drawn(hub, &rut, Rule::SameSurname).await), [hit]);

    // Hours: 19:59:59 and 20:00 in Sweden, where it is 09:00 at the start.
    let late = record(siv.did(Action::View, at(11 * HOUR), TOLVAN)).await;
    record(siv.did(Action::View, at(11 * HOUR - 1), TOLVAN)).await;
    // What no member or gateway did, and what is about no patient.
    let mut node = siv.did(Action::Receive, at(12 * HOUR), TOLVAN);
    node.actor = operator();
    record(node).await;
    let mut none = siv.did(Action::LogIn, at(12 * HOUR), TOLVAN);
    none.patient_id = None;
    record(none).await;
    // Another organisation's.
    let mut other = siv.did(Action::View, at(12 * HOUR), TOLVAN);
    other.organisation = Some(sender.organisation.id);
    record(other).await;
    assert_eq!(ids(drawn(hub, &rut, Rule::OutOfHours).await), [late]);

    // Relation: thirty days after the share, and a second more.
    record(siv.did(Action::View, at(30 * DAY), TOLVAN)).await;
    let lone = record(siv.did(Action::View, at(30 * DAY + 2), TOLVAN)).await;
    let mut shown = siv.did(Action::Search, at(31 * DAY), TOLVAN);
    shown.legal_mode = Some(LegalMode::CoherentAccess);
    let shown = record(shown).await;
    record(siv.did(Action::Search, at(31 * DAY), TOLVAN)).await;
    assert_eq!(ids(drawn(hub, &rut, Rule::NoRelation).await), [lone, shown]);

    // Looked after: by any way of writing.
    assert!(drawn(hub, &rut, Rule::Vip).await.is_empty());
    hub.watch_patient(&rut.calls(1), &Personal::new("8112189876"))
        .await
        .unwrap();
    let vip = record(siv.did(Action::View, at(63), "19811218-9876")).await;
    assert_eq!(ids(drawn(hub, &rut, Rule::Vip).await), [vip]);
    let watched = hub.watched_patients(&rut.calls(1)).await.unwrap();
    assert_eq!(watched[0].patient.reveal(), "198112189876");
    let away = Personal::new("198112189876");
    hub.unwatch_patient(&rut.calls(1), &away).await.unwrap();
    let again = hub.unwatch_patient(&rut.calls(1), &away).await;
    assert!(matches!(again, Err(Refusal::NotFound)));

    // Random: the members' and gateways' own, those above and the hub's.
    let random = ids(drawn(hub, &rut, Rule::Random).await);
    assert!(random.contains(&miss) && random.contains(&vip));
    assert!(drawn(hub, &rut, Rule::OwnRecord).await.is_empty());
    assert!(drawn(hub, &rut, Rule::Colleague).await.is_empty());
}

pub async fn one_does_not_judge_oneself(hub: &HubDb) {
    let one = party(hub, "skane").await;
    let own = one.organisation.id;
    let rut = auditor(hub, own).await;
    let ada = someone(hub, own, "Ada Auktor", &[BuiltIn::Auditor]).await;
    let elsewhere = party(hub, "halland").await;
    let stranger = auditor(hub, elsewhere.organisation.id).await;
    hub.record(&rut.did(Action::View, at(50), TOLVAN))
        .await
        .unwrap();
    let draw = Draw {
        rule: Rule::Random,
        from: at(40),
        until: at(60),
        size: 5,
    };
    let check = hub.draw_spot_check(&rut.calls(1), draw, 1).await.unwrap();
    let opened = hub.spot_check(&ada.calls(1), check).await.unwrap();
    let [line] = &opened.lines[..] else {
        panic!("one entry");
    };
    let sequence = line.line.sequence;
    let assess = async |who: &Someone, sequence| {
        let comment = Personal::new("=seen");
        let assessment = Assessment::Justified;
        hub.assess(&who.calls(2), check, sequence, assessment, comment)
            .await
    };
    let refusal = assess(&rut, sequence).await.unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::Denied {
            denial: Denial::FourEyes,
            ..
        }
    ));
    assert_eq!(count(hub, Action::ReviewAudit, Outcome::Denied).await, 1);
    assert!(matches!(
        assess(&stranger, sequence).await,
        Err(Refusal::NotFound)
    ));
    assert!(matches!(
        hub.spot_check(&stranger.calls(2), check).await,
        Err(Refusal::NotFound)
    ));
    assert!(
        hub.spot_checks(&stranger.calls(2))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(matches!(
        assess(&ada, sequence + 1).await,
        Err(Refusal::NotFound)
    ));
    let early = hub.close_spot_check(&ada.calls(2), check).await;
    assert!(matches!(early, Err(Refusal::Invalid { .. })));
    assess(&ada, sequence).await.unwrap();
    hub.close_spot_check(&ada.calls(3), check).await.unwrap();
    assert!(matches!(
        assess(&ada, sequence).await,
        Err(Refusal::Over(_))
    ));
    let listed = hub.spot_checks(&rut.calls(4)).await.unwrap();
    let [listed] = &listed[..] else {
        panic!("one spot check");
    };
    assert_eq!((listed.reviewed, listed.unjustified), (1, 0));
    assert_eq!(listed.closed_at, Some(at(3)));
}

pub async fn an_extract_tells_accesses_and_units_not_other_providers_staff(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let own = sender.organisation.id;
    let rut = auditor(hub, own).await;
    let there = someone(hub, recipient.organisation.id, "Dag Doktor", &[]).await;
    let mut view = there.did(Action::View, at(50), "19121212-1212");
    view.counterpart = Some(own);
    hub.record(&view).await.unwrap();
    // Not theirs to tell: their own images, and what was denied.
    hub.record(&there.did(Action::View, at(51), TOLVAN))
        .await
        .unwrap();
    let mut denied = there.did(Action::View, at(52), TOLVAN);
    (denied.counterpart, denied.outcome) = (Some(own), Outcome::Denied);
    hub.record(&denied).await.unwrap();
    let wish = ExtractWish {
        patient: Personal::new("121212+1212"),
        from: None,
        until: None,
        approval: None,
    };
    let accesses = hub.extract_log(&rut.calls(60), &wish).await.unwrap();
    let acts: Vec<_> = accesses.lines.iter().map(|l| l.entry.action).collect();
    assert_eq!(acts, [Action::Share, Action::View]);
    let Actor::Member { name, .. } = &accesses.lines[1].entry.actor else {
        panic!("a member");
    };
    assert!(name.is_empty());
    let patient = accesses.patient_name.as_ref().map(Personal::reveal);
    assert_eq!(patient, Some("Tolvansson^Tolvan"));
    let from = ExtractWish {
        from: Some(at(50)),
        until: Some(at(51)),
        ..wish.clone()
    };
    let accesses = hub.extract_log(&rut.calls(60), &from).await.unwrap();
    assert_eq!(accesses.lines.len(), 1);
    assert_eq!(count(hub, Action::ExtractAudit, Outcome::Success).await, 2);
    // A local number, with its issuer where someone looked and without where
    // images went.
    for local in ["TF-1", "TF-1@1.2.752.9", "TF-12"] {
        let mut look = there.did(Action::View, at(53), local);
        look.counterpart = Some(own);
        hub.record(&look).await.unwrap();
    }
    for asked in ["TF-1", "TF-1@1.2.752.9"] {
        let local = ExtractWish {
            patient: Personal::new(asked),
            ..wish.clone()
        };
        let accesses = hub.extract_log(&rut.calls(60), &local).await.unwrap();
        assert_eq!(accesses.lines.len(), 2, "{asked}");
    }
    // A second factor shown eleven minutes ago is not fresh.
    let refusal = hub.extract_log(&rut.calls(660), &wish).await.unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::Denied {
            denial: Denial::StepUp,
            ..
        }
    ));
}

pub async fn a_cursor_has_one_holder_and_goes_forward(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    send(hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let lease = SignedDuration::from_secs(60);
    let take = async |holder, when| hub.cursor_take("siem", holder, at(when), lease).await;
    assert_eq!(take("a", 0).await.unwrap(), Some(0));
    assert_eq!(take("b", 59).await.unwrap(), None);
    let advance = async |holder, to| hub.cursor_advance("siem", holder, to, at(0), lease).await;
    assert!(advance("a", 3).await.unwrap());
    assert!(!advance("a", 2).await.unwrap());
    assert!(!advance("b", 4).await.unwrap());
    assert_eq!(take("b", 60).await.unwrap(), Some(3));
    assert!(!advance("a", 5).await.unwrap());
    hub.cursor_release("siem", "a").await.unwrap();
    assert_eq!(take("a", 61).await.unwrap(), None);
    hub.cursor_release("siem", "b").await.unwrap();
    assert_eq!(take("a", 61).await.unwrap(), Some(3));

    let events = hub.events_after(2, 500, "hub.example").await.unwrap();
    assert_eq!(events[0].sequence, 3);
    let share = events.iter().find(|e| e.action == "share").unwrap();
    let named = |party: &Option<Party>| party.as_ref().and_then(|party| party.name.clone());
    assert_eq!(named(&share.organisation).as_deref(), Some("skane"));
    assert_eq!(named(&share.counterpart).as_deref(), Some("halland"));
    assert_eq!(hub.events_after(2, 1, "x").await.unwrap().len(), 1);
}

pub async fn a_long_extract_is_read_in_pages(hub: &HubDb) {
    let one = party(hub, "skane").await;
    let rut = auditor(hub, one.organisation.id).await;
    let siv = someone(hub, one.organisation.id, "Siv Syster", &[]).await;
    for n in 0..2_100 {
        hub.record(&siv.did(Action::View, at(n), TOLVAN))
            .await
            .unwrap();
    }
    let wish = ExtractWish {
        patient: Personal::new(TOLVAN),
        from: None,
        until: None,
        approval: None,
    };
    let accesses = hub.extract_log(&rut.calls(60), &wish).await.unwrap();
    assert_eq!(accesses.lines.len(), 2_100);
    assert!(accesses.lines.is_sorted_by_key(|line| line.sequence));
}
