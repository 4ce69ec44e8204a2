//! Organisations, units, partners, gateways and test images, by people.

use crate::fixture::*;
use bildbro_domain::{
    AeTitle, Digest, GatewayId, HsaId, OrganisationId,
    audit::{Action, Entry, Outcome},
    member::Level,
    organisation::{Kind, Number, TEST_SENDER, Takes},
    permission::BuiltIn,
    policy::Denial,
    share::{DeliveryState, Receipt},
};
use bildbro_flow::{
    ports::{
        hub::{HubStore, Item},
        keys::{StudyKeys, Wrapped},
        portal::{
            Caller, Refusal,
            directory::{
                ChangedOrganisation, Directory, FirstAdministrator, NewParty, SealLetter,
                TestImage, UnitParticulars,
            },
            inbox::{Inboxes, Tray},
            login::{Login, Need, NewSession, SessionLife},
            members::{FirstMember, Members},
        },
    },
    test_image,
};
use bildbro_store::HubDb;
use bildbro_wire::link::{Answer, End};
use uuid::Uuid;

/// Logged in at 0 with both factors.
pub struct Person(Digest);

impl Person {
    pub fn at(&self, seconds: i64) -> Caller {
        Caller {
            token: self.0,
            from: "192.0.2.7".into(),
            at: at(seconds),
        }
    }
}

pub async fn person(hub: &HubDb, organisation: OrganisationId, role: BuiltIn) -> Person {
    person_at(hub, organisation, role, 0).await
}

/// Someone who logged in then.
pub async fn person_at(
    hub: &HubDb,
    organisation: OrganisationId,
    role: BuiltIn,
    seconds: i64,
) -> Person {
    let token = Digest::of(Uuid::new_v4().as_bytes());
    let new = FirstMember {
        organisation,
        name: "Siv Syster".into(),
        email: format!("{}@example.com", Uuid::new_v4()),
        language: "sv".into(),
        roles: vec![role],
    };
    let member = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    let session = NewSession {
        token,
        member,
        level: Level::Full,
        means: "password",
        life: SessionLife {
            idle: jiff::SignedDuration::from_hours(10),
            ..SessionLife::default()
        },
        from: "192.0.2.7".into(),
        agent: "test".into(),
        at: at(seconds),
    };
    hub.begin_session(session).await.unwrap();
    Person(token)
}

pub async fn last(hub: &HubDb, action: Action, outcome: Outcome) -> Entry {
    let mut all = entries(hub).await;
    all.retain(|entry| entry.action == action && entry.outcome == outcome);
    all.pop().unwrap()
}

fn new_party(name: &str, ae_title: &str, email: &str) -> NewParty {
    NewParty {
        name: name.into(),
        kind: Kind::PrivateClinic,
        ae_title: AeTitle::new(ae_title).unwrap(),
        hsa_id: Some(HsaId::new(&format!("SE2321000016-{ae_title}").replace('_', "-")).unwrap()),
        number: Some(Number::new("232100-0016").unwrap()),
        administrator: FirstAdministrator {
            name: "Adam Admin".into(),
            email: email.into(),
            language: "sv".into(),
            token: Digest::of(ae_title.as_bytes()),
            expires: at(DAY),
            letter: SealLetter(Box::new(|by| format!("sealed, from {by}"))),
        },
    }
}

async fn an_operator(hub: &HubDb) -> (OrganisationId, Person) {
    let runs = organisation(hub, "operations", Kind::Authority).await.id;
    (runs, person(hub, runs, BuiltIn::Operator).await)
}

pub async fn an_organisation_comes_with_its_administrator_or_not_at_all(hub: &HubDb) {
    let (_, operator) = an_operator(hub).await;
    let caller = operator.at(1);
    let add = |new| hub.add_party(&caller, new);
    let clinic = add(new_party("Ögonkliniken", "BB_OGON", "adam@ogon.se")).await;
    let clinic = clinic.unwrap();
    let entry = last(hub, Action::AddOrganisation, Outcome::Success).await;
    assert_eq!(entry.counterpart, Some(clinic));
    assert!(entry.actor.member_id().is_some());
    assert_eq!(count(hub, Action::InviteMember, Outcome::Success).await, 2);

    let same_hsa_id = NewParty {
        hsa_id: Some(HsaId::new("SE2321000016-BB-OGON").unwrap()),
        ..new_party("Fourth", "BB_FOURTH", "d@x.se")
    };
    for (new, field) in [
        (new_party("ÖGONKLINIKEN", "BB_OTHER", "a@x.se"), "name"),
        (new_party("Other", "BB_OGON", "b@x.se"), "ae_title"),
        (new_party("Other", "BB_OTHER", "ADAM@ogon.se"), "email"),
        (same_hsa_id, "hsa_id"),
        (new_party("Bildbro Test", "BB_TEST", "c@x.se"), "name"),
        (new_party("Other", "BILDBRO_TEST", "c@x.se"), "ae_title"),
    ] {
        let refused = add(new).await;
        assert!(
            matches!(refused, Err(Refusal::Taken(taken)) if taken == field),
            "{field}: {refused:?}"
        );
    }
    // What was refused half-way left nothing.
    add(new_party("Other", "BB_OTHER", "e@x.se")).await.unwrap();
    let all = hub.parties(&caller).await.unwrap();
    let names: Vec<_> = all.iter().map(|party| party.name.as_str()).collect();
    assert_eq!(names, ["operations", "Other", "Ögonkliniken"]);
    let clinic = &all[2];
    assert_eq!((clinic.members, clinic.gateways), (1, 0));
    assert_eq!(
        (clinic.number.as_str(), clinic.last_image_at),
        ("2321000016", None)
    );
    assert_eq!(
        count(hub, Action::AddOrganisation, Outcome::Success).await,
        3
    );
}

pub async fn a_closed_organisation_is_out_at_once(hub: &HubDb) {
    let (runs, operator) = an_operator(hub).await;
    let (skane, halland) = two(hub).await;
    let id = skane.organisation.id;
    let siv = person(hub, id, BuiltIn::Administrator).await;
    let token = Digest::of(b"token");
    hub.put_token(token, skane.subject.gateway, at(DAY))
        .await
        .unwrap();

    let stale = hub.close_party(&operator.at(HOUR), id).await;
    assert!(matches!(
        stale,
        Err(Refusal::Denied {
            denial: Denial::StepUp,
            ..
        })
    ));
    hub.close_party(&operator.at(2), id).await.unwrap();
    let again = hub.close_party(&operator.at(3), id).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    let own = hub.close_party(&operator.at(3), runs).await;
    assert!(matches!(own, Err(Refusal::Invalid { .. })));
    for nothing in [OrganisationId(Uuid::new_v4()), TEST_SENDER] {
        let none = hub.close_party(&operator.at(3), nothing).await;
        assert!(matches!(none, Err(Refusal::NotFound)));
    }
    assert_eq!(
        count(hub, Action::CloseOrganisation, Outcome::Success).await,
        1
    );

    let siv_now = hub.own_organisation(&siv.at(4)).await;
    assert!(matches!(siv_now, Err(Refusal::NoSession)));
    assert_eq!(hub.token_subject(token, at(4)).await.unwrap(), None);
    let offer = image(1, 1, skane.share());
    let sent = admit(hub, &halland.call(4), &[stored(&offer)])
        .await
        .unwrap();
    assert_eq!(sent, [Answer::Denied]);

    hub.open_party(&operator.at(5), id).await.unwrap();
    let again = hub.open_party(&operator.at(5), id).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    // What had ended stays ended.
    let siv_now = hub.own_organisation(&siv.at(6)).await;
    assert!(matches!(siv_now, Err(Refusal::NoSession)));
    assert_eq!(hub.token_subject(token, at(6)).await.unwrap(), None);
}

pub async fn what_an_organisation_says_of_itself_is_kept(hub: &HubDb) {
    let (skane, halland) = two(hub).await;
    let siv = person(hub, skane.organisation.id, BuiltIn::Administrator).await;
    let change = |name: &str| ChangedOrganisation {
        name: name.into(),
        hsa_id: Some(HsaId::new("SE2321000255-1").unwrap()),
        number: None,
        postal: "Box 1\nLund".into(),
        on_call: "jour@skane.se".into(),
        names_staff: false,
        escalate_hours: 8,
    };
    let taken = hub.change_organisation(&siv.at(1), change("HALLAND")).await;
    assert!(matches!(taken, Err(Refusal::Taken("name"))));
    hub.change_organisation(&siv.at(1), change("Region Skåne"))
        .await
        .unwrap();
    let four_eyes = vec![Action::GrantRole, Action::LiftBlock];
    hub.set_four_eyes(&siv.at(1), four_eyes.clone())
        .await
        .unwrap();
    let own = hub.own_organisation(&siv.at(2)).await.unwrap();
    assert_eq!(
        (own.name.as_str(), own.postal.as_str()),
        ("Region Skåne", "Box 1\nLund")
    );
    assert_eq!((own.four_eyes, own.names_staff), (four_eyes, false));
    assert_eq!(own.escalate_hours, 8);
    for act in [Action::ChangeOrganisation, Action::ChangeFourEyes] {
        assert_eq!(count(hub, act, Outcome::Success).await, 1);
    }
    // Nobody takes them away alone.
    let none = hub.set_four_eyes(&siv.at(2), Vec::new()).await;
    assert!(matches!(none, Err(Refusal::ApprovalAsked(_))));

    let other = person(hub, halland.organisation.id, BuiltIn::Administrator).await;
    let same = hub
        .change_organisation(&other.at(3), change("Region Halland"))
        .await;
    assert!(matches!(same, Err(Refusal::Taken("hsa_id"))));
    let receiver = person(hub, skane.organisation.id, BuiltIn::Receiver).await;
    let denied = hub
        .change_organisation(&receiver.at(3), change("Mine"))
        .await;
    assert!(matches!(denied, Err(Refusal::Denied { .. })));
    assert_eq!(
        count(hub, Action::ChangeOrganisation, Outcome::Denied).await,
        1
    );
    let all = hub.listed(&receiver.at(3)).await.unwrap();
    assert!(all.iter().all(|one| one.id != TEST_SENDER));
    assert_eq!(all.len(), 2);
}

pub async fn care_units_are_told_apart(hub: &HubDb) {
    let (skane, halland) = two(hub).await;
    let siv = person(hub, skane.organisation.id, BuiltIn::Administrator).await;
    let other = person(hub, halland.organisation.id, BuiltIn::Administrator).await;
    let unit = |name: &str, hsa_id: &str, institution: &str| UnitParticulars {
        name: name.into(),
        hsa_id: Some(HsaId::new(hsa_id).unwrap()),
        institution: institution.into(),
        active: true,
    };
    let caller = siv.at(1);
    let thorax = unit("Thorax", "SE2321000255-1", "sus lund");
    let id = hub.add_unit(&caller, thorax.clone()).await.unwrap();
    for (wrong, field) in [
        (unit("THORAX", "SE2321000255-2", ""), "name"),
        (unit("Neuro", "SE2321000255-1", ""), "hsa_id"),
        (unit("Neuro", "SE2321000255-2", "sus lund"), "institution"),
    ] {
        let refused = hub.add_unit(&caller, wrong).await;
        assert!(matches!(refused, Err(Refusal::Taken(taken)) if taken == field));
    }
    let neuro = unit("Neuro", "SE2321000255-2", "");
    let neuro_id = hub.add_unit(&caller, neuro.clone()).await.unwrap();
    // The same name is another organisation's too.
    let theirs = unit("Thorax", "SE2321000131-1", "sus lund");
    let theirs_id = hub.add_unit(&other.at(1), theirs.clone()).await.unwrap();
    // As it is: no clash with itself. Then closed, under another name.
    hub.change_unit(&caller, id, thorax.clone()).await.unwrap();
    let closed = UnitParticulars {
        active: false,
        ..unit("Hjärta", "SE2321000255-1", "sus lund")
    };
    hub.change_unit(&caller, id, closed.clone()).await.unwrap();
    let clash = hub.change_unit(&caller, neuro_id, unit("hjärta", "SE2321000255-2", ""));
    assert!(matches!(clash.await, Err(Refusal::Taken("name"))));
    let all = hub.units(&siv.at(2)).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|view| (view.id, view.unit)).collect();
    assert_eq!(all, [(id, closed), (neuro_id, neuro)]);

    let foreign = hub.change_unit(&caller, theirs_id, unit("Mine", "SE2321000255-3", ""));
    assert!(matches!(foreign.await, Err(Refusal::NotFound)));
    assert_eq!(count(hub, Action::ChangeCareUnit, Outcome::Denied).await, 1);
    assert_eq!(hub.units(&other.at(2)).await.unwrap()[0].unit, theirs);
}

pub async fn a_sender_that_is_not_wanted_ends_in_the_list_to_share(hub: &HubDb) {
    let (sender, recipient) = two(hub).await;
    let siv = person(hub, recipient.organisation.id, BuiltIn::Administrator).await;
    let from = sender.organisation.id;
    hub.set_takes(&siv.at(1), Takes::Hold).await.unwrap();
    hub.set_partner(&siv.at(1), from, Some(Takes::Closed))
        .await
        .unwrap();
    let partners = hub.partners(&siv.at(1)).await.unwrap();
    assert_eq!(partners.takes, Takes::Hold);
    let said: Vec<_> = partners.partners.iter().map(|p| (p.id, p.takes)).collect();
    assert_eq!(said, [(from, Some(Takes::Closed))]);
    for nobody in [
        OrganisationId(Uuid::new_v4()),
        recipient.organisation.id,
        TEST_SENDER,
    ] {
        let refused = hub.set_partner(&siv.at(1), nobody, Some(Takes::Open)).await;
        assert!(matches!(refused, Err(Refusal::NotFound)));
    }

    let offers = [1, 2].map(|n| stored(&image(1, n, recipient.share())));
    let answers = admit(hub, &sender.call(2), &offers).await.unwrap();
    assert_eq!(answers, [Answer::Denied, Answer::Denied]);
    // The PACS was told that all is well: so a person is to see it.
    let overview = hub.overview(at(3), 10).await.unwrap();
    assert!(overview.deliveries.is_empty());
    assert_eq!(overview.held.len(), 1);
    assert_eq!(overview.held[0].images, 2);
    let denied = last(hub, Action::Share, Outcome::Denied).await;
    assert_eq!(denied.detail, Some(Denial::PartnerClosed.to_string()));

    hub.set_partner(&siv.at(4), from, None).await.unwrap();
    assert_eq!(
        hub.partners(&siv.at(4)).await.unwrap().partners[0].takes,
        None
    );
    send(hub, &sender.call(5), 2, 1..=1, recipient.share()).await;
    let caller = person(hub, recipient.organisation.id, BuiltIn::Receiver).await;
    let held = hub.inbox(&caller.at(5), Tray::New, None, 10).await.unwrap();
    assert_eq!(held.0.items.len(), 1, "as from everyone: held");
    assert_eq!(
        count(hub, Action::ChangePartners, Outcome::Success).await,
        3
    );
}

pub async fn a_gateway_is_cut_off_by_its_name(hub: &HubDb) {
    let (skane, halland) = two(hub).await;
    let siv = person(hub, skane.organisation.id, BuiltIn::Administrator).await;
    let id = skane.subject.gateway;
    let token = Digest::of(b"token");
    hub.put_token(token, id, at(DAY)).await.unwrap();
    let name = "gateway skane";

    let (caller, other) = (siv.at(1), halland.subject.gateway);
    let theirs = hub.cut_gateway_off(&caller, other, "gateway halland");
    assert!(matches!(theirs.await, Err(Refusal::NotFound)));
    assert_eq!(count(hub, Action::RevokeGateway, Outcome::Denied).await, 1);
    let unknown = hub
        .cut_gateway_off(&siv.at(1), GatewayId(Uuid::new_v4()), "")
        .await;
    assert!(matches!(unknown, Err(Refusal::NotFound)));
    let wrong = hub.cut_gateway_off(&siv.at(1), id, "gateway").await;
    assert!(matches!(
        wrong,
        Err(Refusal::Invalid {
            field: "confirm",
            ..
        })
    ));
    let stale = hub.cut_gateway_off(&siv.at(HOUR), id, name).await;
    assert!(matches!(
        stale,
        Err(Refusal::Denied {
            denial: Denial::StepUp,
            ..
        })
    ));
    assert!(hub.token_subject(token, at(2)).await.unwrap().is_some());

    hub.cut_gateway_off(&siv.at(3), id, name).await.unwrap();
    let again = hub.cut_gateway_off(&siv.at(3), id, name).await;
    assert!(matches!(again, Err(Refusal::Over(_))));
    assert!(hub.token_subject(token, at(4)).await.unwrap().is_none());
    assert!(
        hub.gateway(halland.subject.gateway)
            .await
            .unwrap()
            .is_some()
    );
    let all = hub.gateways(&siv.at(4)).await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|g| (g.id, g.active, g.is_live(at(4))))
        .collect();
    assert_eq!(all, [(id, false, false)]);
}

/// A test image as the hub's HTTP side hands it over.
async fn test_image(hub: &HubDb, n: u128, seconds: i64) -> TestImage {
    let (offer, _bytes) = test_image::make([n, n + 1, n + 2], at(seconds));
    let study = bildbro_domain::StudyId::of(TEST_SENDER, &offer.header.study_uid);
    let new = Wrapped {
        by: "test".into(),
        bytes: vec![1; 60],
    };
    let key = hub.keep_study_key(study, &new).await.unwrap().id;
    let item = Item {
        offer,
        stored: Some(key),
    };
    TestImage {
        item,
        at_hub: at(seconds + 1),
    }
}

pub async fn a_test_image_goes_the_ordinary_way(hub: &HubDb) {
    let (skane, halland) = two(hub).await;
    let siv = person(hub, skane.organisation.id, BuiltIn::Administrator).await;
    hub.set_takes(&siv.at(0), Takes::Closed).await.unwrap();
    let theirs = test_image(hub, 10, 1).await;
    let refused = hub
        .send_test(&siv.at(1), halland.subject.gateway, theirs)
        .await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    assert_eq!(count(hub, Action::SendTestImage, Outcome::Denied).await, 1);
    assert_eq!(hub.totals().await.unwrap().instances, 0);

    let image = test_image(hub, 20, 1).await;
    let delivery = hub
        .send_test(&siv.at(1), skane.subject.gateway, image)
        .await
        .unwrap();
    let entry = last(hub, Action::SendTestImage, Outcome::Success).await;
    assert_eq!((entry.delivery, entry.images), (Some(delivery), Some(1)));
    let waits = hub.test_progress(&siv.at(3), delivery).await.unwrap();
    assert_eq!((waits.made, waits.at_hub), (at(1), at(2)));
    assert_eq!(
        (waits.allowed, waits.in_pacs, waits.gateway),
        (None, None, None)
    );

    let task = hub.claim(&skane.call(4)).await.unwrap().unwrap();
    assert_eq!(task.delivery, delivery);
    let claimed = hub.test_progress(&siv.at(4), delivery).await.unwrap();
    assert_eq!(
        (claimed.state, claimed.allowed),
        (DeliveryState::UnderWay, Some(at(4)))
    );
    hub.release(&skane.call(5), &fetch(&task)).await.unwrap();
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&skane.call(7), &done, 0.5).await.unwrap();
    let there = hub.test_progress(&siv.at(60), delivery).await.unwrap();
    assert_eq!(
        (there.state, there.failure),
        (DeliveryState::Delivered, None)
    );
    assert_eq!((there.allowed, there.in_pacs), (Some(at(5)), Some(at(7))));
    assert_eq!(there.gateway, Some(skane.subject.gateway));

    let other = person(hub, halland.organisation.id, BuiltIn::Administrator).await;
    let looked = hub.test_progress(&other.at(8), delivery).await;
    assert!(matches!(looked, Err(Refusal::NotFound)));
    assert_eq!(count(hub, Action::SendTestImage, Outcome::Denied).await, 2);
    // An ordinary delivery is no test.
    send(hub, &skane.call(9), 1, 1..=1, halland.share()).await;
    let ordinary = deliveries(hub, 9).await[0].delivery;
    let looked = hub.test_progress(&other.at(9), ordinary).await;
    assert!(matches!(looked, Err(Refusal::NotFound)));
    assert!(
        hub.organisations()
            .await
            .unwrap()
            .iter()
            .all(|o| o.id != TEST_SENDER)
    );
}

pub async fn only_the_hubs_operator_runs_it(hub: &HubDb) {
    let (skane, _) = two(hub).await;
    let siv = person(hub, skane.organisation.id, BuiltIn::Administrator).await;
    let denied = Denial::NoPermission(bildbro_domain::permission::Permission::RunHub);
    let parties = hub.parties(&siv.at(1)).await;
    assert!(matches!(parties, Err(Refusal::Denied { denial, .. }) if denial == denied));
    let health = hub.health(&siv.at(1)).await;
    assert!(matches!(health, Err(Refusal::Denied { denial, .. }) if denial == denied));
    let add = hub
        .add_party(&siv.at(1), new_party("Mine", "BB_MINE", "m@x.se"))
        .await;
    assert!(matches!(add, Err(Refusal::Denied { denial, .. }) if denial == denied));
    assert_eq!(count(hub, Action::LogIn, Outcome::Denied).await, 2);
    assert_eq!(
        count(hub, Action::AddOrganisation, Outcome::Denied).await,
        1
    );
    assert_eq!(hub.organisations().await.unwrap().len(), 2);

    let (_, operator) = an_operator(hub).await;
    hub.may(&operator.at(1), Need::Member, SessionLife::default())
        .await
        .unwrap();
    let health = hub.health(&operator.at(1)).await.unwrap();
    assert_eq!((health.gateways.len(), health.checkpoint_at), (2, None));
}
