//! Letters of what has come, and of what nobody opens.

use crate::{
    fixture::*,
    people_directory::last,
    people_exchange::{found, none, wanted},
};
use bildbro_domain::{
    Digest, MemberId, OrganisationId,
    audit::{Action, Actor, Outcome},
    member::{Level, Notices as When},
    organisation::Takes,
    permission::BuiltIn,
    share::{Priority, Receipt},
};
use bildbro_flow::{
    letter::{Item, Letter, Notice, PLACE, Why},
    notice::{Pen, round},
    ports::{
        hub::HubStore,
        portal::{
            Caller,
            directory::{ChangedOrganisation, Directory, UnitParticulars},
            inbox::{Decision, Handler, Inboxes},
            letters::Letters,
            login::{Login, NewSession, OwnNotices, SessionLife},
            members::{FirstMember, Members, NewAssignment},
            sharing::{Sharing, TakenBackWhy, WantedShare},
        },
    },
    vault::Vault,
};
use bildbro_seal::DataKey;
use bildbro_store::HubDb;
use bildbro_testkit::Postgres;
use bildbro_wire::link::{End, Intent};
use jiff::SignedDuration;
use std::sync::Arc;
use uuid::Uuid;

const MINUTE: i64 = 60;

fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(&DataKey::new([7; 32])))
}

fn pen() -> Pen {
    Pen::new(vault(), "https://hub.example".into(), true)
}

/// A member, of whom all that is known is at hand.
struct Who {
    id: MemberId,
    email: String,
}

impl Who {
    /// In a session that begins just then.
    async fn at(&self, hub: &HubDb, seconds: i64) -> Caller {
        let token = Digest::of(Uuid::new_v4().as_bytes());
        let session = NewSession {
            token,
            member: self.id,
            level: Level::Full,
            means: "password",
            life: SessionLife::default(),
            from: "192.0.2.7".into(),
            agent: "test".into(),
            at: at(seconds),
        };
        hub.begin_session(session).await.unwrap();
        Caller {
            token,
            from: "192.0.2.7".into(),
            at: at(seconds),
        }
    }

    async fn wants(&self, hub: &HubDb, notices: When, seconds: i64) {
        let new = OwnNotices { notices, hour: 10 };
        let caller = self.at(hub, seconds).await;
        hub.change_notices(&caller, new).await.unwrap();
    }
}

async fn someone(
    hub: &HubDb,
    organisation: OrganisationId,
    name: &str,
    language: &str,
    roles: &[BuiltIn],
) -> Who {
    let email = format!("{name}@example.com");
    let new = FirstMember {
        organisation,
        name: "Siv Syster".into(),
        email: email.clone(),
        language: language.into(),
        roles: roles.to_vec(),
    };
    let id = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    Who { id, email }
}

/// Skåne, where sven sends and studies 1 and 2 lie; Halland, where rut receives
/// and ada administers.
struct World {
    skane: Party,
    halland: Party,
    sven: Who,
    rut: Who,
    ada: Who,
}

async fn world(hub: &HubDb) -> World {
    let (skane, halland) = two(hub).await;
    let (from, to) = (skane.organisation.id, halland.organisation.id);
    for of in 1..=2 {
        send(hub, &skane.call(0), of, 1..=2, Intent::Hold).await;
    }
    World {
        sven: someone(hub, from, "sven", "sv", &[BuiltIn::Sender]).await,
        rut: someone(hub, to, "rut", "en", &[BuiltIn::Receiver]).await,
        ada: someone(hub, to, "ada", "sv", &[BuiltIn::Administrator]).await,
        skane,
        halland,
    }
}

impl World {
    async fn share(&self, hub: &HubDb, priority: Priority, seconds: i64) -> WantedShare {
        let mut new = wanted(
            &self.skane,
            vec![found(1, 2), found(2, 2)],
            &[&self.halland],
        );
        new.priority = priority;
        let caller = self.sven.at(hub, seconds).await;
        assert!(hub.share(&caller, &new).await.unwrap());
        new
    }

    async fn particulars(&self, hub: &HubDb, on_call: &str, escalate_hours: u16) {
        let change = ChangedOrganisation {
            name: "halland".into(),
            hsa_id: None,
            number: None,
            postal: String::new(),
            on_call: on_call.into(),
            names_staff: true,
            escalate_hours,
        };
        let ada = self.ada.at(hub, 1).await;
        hub.change_organisation(&ada, change).await.unwrap();
    }
}

/// What has been written until now, and has gone with it; to whom.
async fn letters(hub: &HubDb) -> Vec<Letter> {
    let vault = vault();
    let mut all: Vec<Letter> = Vec::new();
    loop {
        let lease = SignedDuration::from_mins(1);
        let taken = hub.take_letters(at(400 * DAY), lease).await.unwrap();
        if taken.is_empty() {
            break;
        }
        for letter in taken {
            all.push(vault.open(PLACE, &letter.sealed).unwrap());
            hub.letter_sent(letter.id).await.unwrap();
        }
    }
    // No letter ever says whom it is about, nor of what, nor what was written.
    for letter in &all {
        let text = serde_json::to_string(letter).unwrap();
        for personal in ["olvan", "1212", "Thorax", "left lung", "1.2.3", "Siv"] {
            assert!(!text.contains(personal), "{text}");
        }
    }
    all.sort_by(|a, b| a.to.cmp(&b.to));
    all
}

async fn told(hub: &HubDb, seconds: i64) -> Vec<Letter> {
    round(hub, &pen(), at(seconds)).await.unwrap();
    letters(hub).await
}

fn to(letters: &[Letter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.to.as_str()).collect()
}

fn listed(letter: &Letter) -> &[Item] {
    match &letter.notice {
        Notice::Arrived { items, .. } | Notice::Digest { items, .. } => &items.listed,
        _ => panic!("it lists nothing"),
    }
}

pub async fn who_receives_is_told_and_nobody_else(hub: &HubDb) {
    let world = world(hub).await;
    let to_ = world.halland.organisation.id;
    let from = world.skane.organisation.id;
    let closed = someone(hub, to_, "closed", "sv", &[BuiltIn::Receiver]).await;
    let ada = world.ada.at(hub, 1).await;
    hub.close_member(&ada, closed.id, "Siv Syster")
        .await
        .unwrap();
    let off = someone(hub, to_, "off", "sv", &[BuiltIn::Receiver]).await;
    off.wants(hub, When::Off, 1).await;
    let digest = someone(hub, to_, "digest", "sv", &[BuiltIn::Receiver]).await;
    digest.wants(hub, When::Digest, 1).await;
    someone(hub, to_, "sends", "sv", &[BuiltIn::Sender]).await;
    someone(hub, from, "elsewhere", "sv", &[BuiltIn::Receiver]).await;

    // What a PACS sends is seen in a PACS.
    send(hub, &world.skane.call(2), 3, 1..=1, world.halland.share()).await;
    let new = world.share(hub, Priority::Urgent, 2).await;
    let written = told(hub, 10 * MINUTE).await;
    assert_eq!(to(&written), [&world.rut.email]);
    let [letter] = &written[..] else { panic!() };
    assert_eq!(letter.language, "en");
    let url = format!("https://hub.example/inbox/{}", new.id);
    let item = Item {
        sender: "skane".into(),
        studies: 2,
        priority: Priority::Urgent,
        why: Why::Came,
        url,
    };
    assert_eq!(listed(letter), [item]);
    assert!(told(hub, 20 * MINUTE).await.is_empty(), "once");

    // What was changed is on record, and as it was left.
    let caller = off.at(hub, 3).await;
    let own = hub.own_notices(&caller).await.unwrap();
    assert_eq!((own.notices, own.hour), (When::Off, 10));
    let entry = last(hub, Action::ChangeMember, Outcome::Success).await;
    assert_eq!(entry.about, Some(digest.id));
    // Whoever has left the hub is told nothing.
    world.share(hub, Priority::Ordinary, HOUR).await;
    let runs = someone(hub, from, "runs", "sv", &[BuiltIn::Operator]).await;
    let runs = runs.at(hub, HOUR).await;
    hub.close_party(&runs, to_).await.unwrap();
    assert!(told(hub, 2 * HOUR).await.is_empty());
}

pub async fn what_comes_together_is_told_together(hub: &HubDb) {
    let world = world(hub).await;
    let mut undone = wanted(&world.skane, vec![found(1, 2)], &[&world.halland]);
    undone.sends_at = Some(at(30));
    let sven = world.sven.at(hub, 2).await;
    hub.share(&sven, &undone).await.unwrap();
    for seconds in [40, 60, 80] {
        world.share(hub, Priority::Ordinary, seconds).await;
    }
    // It came when it could no longer be undone; what comes after it comes along.
    assert!(told(hub, 2 * MINUTE + 29).await.is_empty());
    let written = told(hub, 2 * MINUTE + 30).await;
    assert_eq!(to(&written), [&world.rut.email]);
    assert_eq!(listed(&written[0]).len(), 4);
    // More than a letter lists.
    for _ in 0..25 {
        world.share(hub, Priority::Ordinary, HOUR).await;
    }
    world.share(hub, Priority::Urgent, HOUR + 1).await;
    let written = told(hub, HOUR + 3 * MINUTE).await;
    let Notice::Arrived { items, .. } = &written[0].notice else {
        panic!()
    };
    assert_eq!((written.len(), items.listed.len(), items.more), (1, 20, 6));
    assert_eq!(items.listed[0].priority, Priority::Urgent);
}

pub async fn what_was_given_to_someone_is_theirs_to_hear_of(hub: &HubDb) {
    let world = world(hub).await;
    let organisation = world.halland.organisation.id;
    let ada = world.ada.at(hub, 1).await;
    let unit = |name: &str| UnitParticulars {
        name: name.into(),
        hsa_id: None,
        institution: String::new(),
        active: true,
    };
    let thorax = hub.add_unit(&ada, unit("Thorax")).await.unwrap();
    let neuro = hub.add_unit(&ada, unit("Neuro")).await.unwrap();
    let empty = hub.add_unit(&ada, unit("Empty")).await.unwrap();
    let mut at_units = Vec::new();
    for (name, unit) in [("there", thorax), ("other", neuro)] {
        let who = someone(hub, organisation, name, "sv", &[]).await;
        let new = NewAssignment {
            role: "receiver".into(),
            unit: Some(unit),
            commission: None,
        };
        hub.grant_role(&ada, who.id, &new).await.unwrap();
        at_units.push(who);
    }
    let [there, other] = &at_units[..] else {
        panic!()
    };

    let all = [&*other.email, &*world.rut.email, &*there.email];
    let cases = [
        (Handler::Nobody, &all[..]),
        (Handler::Unit(thorax), &[&*there.email]),
        (Handler::Member(other.id), &[&*other.email]),
        // Where nobody is, those of the whole organisation are.
        (Handler::Unit(empty), &[&*world.rut.email]),
    ];
    for (n, (handler, whom)) in (1..).zip(cases) {
        let seconds = n * HOUR;
        let new = world.share(hub, Priority::Ordinary, seconds).await;
        let rut = world.rut.at(hub, seconds).await;
        hub.assign_item(&rut, new.id, handler).await.unwrap();
        let written = told(hub, seconds + 5 * MINUTE).await;
        assert_eq!(to(&written), whom, "{handler:?}");
    }
    // Who was given it has turned letters off: that is theirs to say.
    other.wants(hub, When::Off, 6 * HOUR).await;
    let new = world.share(hub, Priority::Ordinary, 6 * HOUR).await;
    let rut = world.rut.at(hub, 6 * HOUR).await;
    let theirs = Handler::Member(other.id);
    hub.assign_item(&rut, new.id, theirs).await.unwrap();
    assert!(told(hub, 7 * HOUR).await.is_empty());
    // Their account is closed: it is everybody's again.
    let new = world.share(hub, Priority::Ordinary, 8 * HOUR).await;
    let ada = world.ada.at(hub, 8 * HOUR).await;
    let rut = world.rut.at(hub, 8 * HOUR).await;
    hub.assign_item(&rut, new.id, theirs).await.unwrap();
    hub.close_member(&ada, other.id, "Siv Syster")
        .await
        .unwrap();
    let written = told(hub, 9 * HOUR).await;
    assert_eq!(to(&written), [&*world.rut.email, &*there.email]);
}

pub async fn a_digest_comes_once_a_day_if_there_is_anything_new(hub: &HubDb) {
    // It is 09:00 in Stockholm; hour 10 is an hour away.
    let world = world(hub).await;
    world.rut.wants(hub, When::Digest, 1).await;
    let first = world.share(hub, Priority::Ordinary, 2).await;
    assert!(told(hub, HOUR - 1).await.is_empty());
    let written = told(hub, HOUR).await;
    assert_eq!(to(&written), [&world.rut.email]);
    assert!(matches!(written[0].notice, Notice::Digest { .. }));
    assert_eq!(listed(&written[0]).len(), 1);
    assert!(told(hub, HOUR + 10).await.is_empty());
    assert!(told(hub, 23 * HOUR).await.is_empty());

    // What waits still stands beside what is new; what was opened does not.
    world.share(hub, Priority::Urgent, 2 * HOUR).await;
    let third = world.share(hub, Priority::Ordinary, 3 * HOUR).await;
    let rut = world.rut.at(hub, 4 * HOUR).await;
    hub.open_item(&rut, third.id).await.unwrap();
    world.particulars(hub, "", 0).await;
    let written = told(hub, 25 * HOUR + 5).await;
    let all = listed(&written[0]);
    let words: Vec<_> = all.iter().map(|item| item.priority).collect();
    assert_eq!(words, [Priority::Urgent, Priority::Ordinary]);
    assert!(all[1].url.ends_with(&first.id.to_string()));
    // Nothing new: nothing to say.
    assert!(told(hub, 49 * HOUR + 5).await.is_empty());
    // Off is off.
    world.share(hub, Priority::Urgent, 50 * HOUR).await;
    world.rut.wants(hub, When::Off, 50 * HOUR).await;
    assert!(told(hub, 80 * HOUR).await.is_empty());
}

pub async fn an_emergency_is_told_at_once_and_alone(hub: &HubDb) {
    let world = world(hub).await;
    world.share(hub, Priority::Emergency, 2).await;
    let written = told(hub, 2).await;
    assert_eq!(to(&written), [&world.rut.email], "nobody is on call");
    world.particulars(hub, "jour@halland.example", 24).await;
    let caller = world.sven.at(hub, 3).await;
    let recipients = hub.recipients(&caller).await.unwrap();
    assert!(recipients[0].on_call);

    let ordinary = world.share(hub, Priority::Ordinary, 10).await;
    let one = world.share(hub, Priority::Emergency, 11).await;
    let other = world.share(hub, Priority::Emergency, 11).await;
    let written = told(hub, 11).await;
    // The members' letter waits for nothing either, and brings along what does.
    assert_eq!(
        to(&written),
        [
            "jour@halland.example",
            "jour@halland.example",
            &world.rut.email
        ]
    );
    let mut urls = Vec::new();
    for letter in &written[..2] {
        let Notice::Emergency {
            organisation,
            sender,
            studies,
            url,
        } = &letter.notice
        else {
            panic!("each of them alone")
        };
        assert_eq!(
            (organisation.as_str(), sender.as_str(), *studies),
            ("halland", "skane", 2)
        );
        urls.push(url.clone());
    }
    urls.sort();
    let mut expected = [one.id, other.id].map(|id| format!("https://hub.example/inbox/{id}"));
    expected.sort();
    assert_eq!(urls, expected);
    let of_all = listed(&written[2]);
    assert_eq!(of_all.len(), 3);
    assert!(of_all[2].url.ends_with(&ordinary.id.to_string()));
    assert!(told(hub, 5 * MINUTE).await.is_empty());
}

pub async fn what_is_seen_or_taken_back_is_not_told_of(hub: &HubDb) {
    let world = world(hub).await;
    world.particulars(hub, "jour@halland.example", 24).await;
    let (why, reason) = (TakenBackWhy::WrongRecipient, none());
    let back = world.share(hub, Priority::Emergency, 2).await;
    let sven = world.sven.at(hub, 3).await;
    hub.take_back(&sven, back.id, why, &reason).await.unwrap();
    let left_out = world.share(hub, Priority::Ordinary, 4).await;
    let to_ = world.halland.organisation.id;
    let sven = world.sven.at(hub, 5).await;
    hub.cancel_recipient(&sven, left_out.id, to_, &reason)
        .await
        .unwrap();
    let seen = world.share(hub, Priority::Ordinary, 6).await;
    let rut = world.rut.at(hub, 7).await;
    hub.open_item(&rut, seen.id).await.unwrap();
    let mut short = wanted(&world.skane, vec![found(1, 2)], &[&world.halland]);
    short.expires = Some(at(60));
    let sven = world.sven.at(hub, 8).await;
    hub.share(&sven, &short).await.unwrap();
    assert!(told(hub, 10 * MINUTE).await.is_empty());
    // Nor is it told of later, when nobody has opened it.
    assert!(told(hub, 3 * DAY).await.is_empty());
    assert_eq!(count(hub, Action::Escalate, Outcome::Success).await, 0);
}

pub async fn what_nobody_opens_is_told_of_once(hub: &HubDb) {
    let world = world(hub).await;
    world.particulars(hub, "jour@halland.example", 24).await;
    let new = world.share(hub, Priority::Ordinary, 2).await;
    let accepted = world.share(hub, Priority::Ordinary, 2).await;
    let rut = world.rut.at(hub, 3).await;
    hub.open_item(&rut, accepted.id).await.unwrap();
    assert_eq!(told(hub, HOUR).await.len(), 1);
    assert!(told(hub, DAY + 1).await.is_empty());
    let written = told(hub, DAY + 2).await;
    assert_eq!(to(&written), ["jour@halland.example", &world.sven.email]);
    let Notice::Unopened { item, hours, .. } = &written[0].notice else {
        panic!()
    };
    assert_eq!((*hours, item.why, item.studies), (24, Why::Came, 2));
    let Notice::SentUnopened {
        recipient,
        hours: 24,
        told: true,
        url,
    } = &written[1].notice
    else {
        panic!()
    };
    assert_eq!(recipient, "halland");
    assert_eq!(url, &format!("https://hub.example/shares/{}", new.id));
    assert!(told(hub, 9 * DAY).await.is_empty(), "once");

    let entry = last(hub, Action::Escalate, Outcome::Success).await;
    assert_eq!((entry.actor, entry.share), (Actor::Hub, Some(new.id)));
    assert_eq!(entry.organisation, Some(world.halland.organisation.id));
    assert_eq!(entry.counterpart, Some(world.skane.organisation.id));
    let detail = "not opened for 24 h; told: whoever is on call";
    assert_eq!(entry.detail.as_deref(), Some(detail));
    assert_eq!(count(hub, Action::Escalate, Outcome::Success).await, 1);
    let sven = world.sven.at(hub, 2 * DAY).await;
    let (view, events) = hub.share_view(&sven, new.id).await.unwrap();
    assert_eq!(view.recipients[0].escalated, Some(at(DAY + 2)));
    assert!(view.recipients[0].on_call);
    let told = events.iter().find(|event| event.what == "escalated");
    let told = told.unwrap();
    assert_eq!(told.recipient, Some(world.halland.organisation.id));
    assert_eq!((told.at, &told.by), (at(DAY + 2), &None));
}

pub async fn who_is_told_of_what_nobody_opens(hub: &HubDb) {
    let world = world(hub).await;
    // Without anyone on call the administrators are, however they want other news.
    world.ada.wants(hub, When::Off, 1).await;
    world.sven.wants(hub, When::Off, 1).await;
    world.particulars(hub, "", 2).await;
    world.share(hub, Priority::Ordinary, 2).await;
    assert_eq!(told(hub, HOUR).await.len(), 1);
    let written = told(hub, 2 * HOUR + 2).await;
    assert_eq!(to(&written), [&world.ada.email]);
    assert_eq!(written[0].language, "sv");
    // An emergency waits for an hour.
    world.share(hub, Priority::Emergency, 3 * HOUR).await;
    assert_eq!(told(hub, 3 * HOUR).await.len(), 1);
    assert!(told(hub, 4 * HOUR - 1).await.is_empty());
    let written = told(hub, 4 * HOUR).await;
    let hours = |letter: &Letter| match letter.notice {
        Notice::Unopened { hours, .. } => hours,
        _ => 0,
    };
    assert_eq!(
        (to(&written), hours(&written[0])),
        (vec![&*world.ada.email], 1)
    );
    // Never is never.
    world.particulars(hub, "", 0).await;
    world.share(hub, Priority::Emergency, 5 * HOUR).await;
    assert_eq!(told(hub, 5 * HOUR).await.len(), 1);
    assert!(told(hub, 40 * DAY).await.is_empty());
    assert_eq!(count(hub, Action::Escalate, Outcome::Success).await, 2);
}

pub async fn what_is_held_or_recalled_is_told_of(hub: &HubDb) {
    let world = world(hub).await;
    let ada = world.ada.at(hub, 1).await;
    // What a PACS sends waits for a person when it is held.
    hub.set_takes(&ada, Takes::Hold).await.unwrap();
    send(hub, &world.skane.call(2), 3, 1..=1, world.halland.share()).await;
    let written = told(hub, HOUR).await;
    assert_eq!(to(&written), [&world.rut.email]);
    assert_eq!(listed(&written[0])[0].why, Why::Held);
    let held = deliveries(hub, 3).await[0].share;
    let rut = world.rut.at(hub, 2 * HOUR).await;
    hub.accept_item(&rut, held, Decision::SamePerson, &none())
        .await
        .unwrap();
    let task = hub.claim(&world.halland.call(2 * HOUR)).await.unwrap();
    let task = task.unwrap();
    hub.release(&world.halland.call(2 * HOUR), &fetch(&task))
        .await
        .unwrap();
    let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
    hub.report(&world.halland.call(2 * HOUR), &done, 0.5)
        .await
        .unwrap();
    assert!(told(hub, 3 * DAY).await.is_empty(), "it was let in");

    hub.revoke_share(held, operator(), at(4 * DAY))
        .await
        .unwrap();
    let written = told(hub, 4 * DAY + HOUR).await;
    assert_eq!(to(&written), [&world.rut.email]);
    assert_eq!(listed(&written[0])[0].why, Why::Recalled);
    assert_eq!(listed(&written[0])[0].studies, 1);
    assert!(told(hub, 9 * DAY).await.is_empty());
    assert_eq!(count(hub, Action::Escalate, Outcome::Success).await, 0);
}

pub async fn without_a_post_nothing_is_written_and_the_sender_sees_all_the_same(hub: &HubDb) {
    let world = world(hub).await;
    world.particulars(hub, "jour@halland.example", 24).await;
    let new = world.share(hub, Priority::Ordinary, 2).await;
    let mute = Pen::new(vault(), "https://hub.example".into(), false);
    round(hub, &mute, at(2 * DAY)).await.unwrap();
    assert!(letters(hub).await.is_empty());
    let entry = last(hub, Action::Escalate, Outcome::Success).await;
    let detail = "not opened for 24 h; told: nobody: there is no address";
    assert_eq!(entry.detail.as_deref(), Some(detail));
    let sven = world.sven.at(hub, 2 * DAY).await;
    let (view, _) = hub.share_view(&sven, new.id).await.unwrap();
    assert_eq!(view.recipients[0].escalated, Some(at(2 * DAY)));
    // What was not written is not written later.
    assert!(told(hub, 3 * DAY).await.is_empty());
}

/// Two hub processes run rounds at the same moments: each thing is told once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hubs_side_by_side_tell_each_thing_once() {
    const SHARES: usize = 30;
    let server = Postgres::shared().await;
    let url = server.url();
    let connect = || HubDb::connect(&url, bildbro_flow::ports::hub::Timing::default());
    let (one, other) = tokio::join!(connect(), connect());
    let hubs = [one.unwrap(), other.unwrap()];
    let world = world(&hubs[0]).await;
    world
        .particulars(&hubs[0], "jour@halland.example", 24)
        .await;
    for _ in 0..SHARES {
        world.share(&hubs[0], Priority::Emergency, 2).await;
    }
    let at_once = async |seconds: i64| {
        let rounds = (0..6).map(|n: usize| {
            let hub = hubs[n % 2].clone();
            tokio::spawn(async move { round(&hub, &pen(), at(seconds)).await })
        });
        for done in futures::future::join_all(rounds).await {
            done.unwrap().unwrap();
        }
        letters(&hubs[0]).await
    };
    let written = at_once(3).await;
    let (calls, members): (Vec<_>, Vec<_>) = written
        .iter()
        .partition(|letter| letter.to == "jour@halland.example");
    assert_eq!((calls.len(), members.len()), (SHARES, 1));
    // Half of the senders' letters are sven's.
    let written = at_once(HOUR + 2).await;
    assert_eq!(written.len(), 2 * SHARES);
    let escalated = count(&hubs[0], Action::Escalate, Outcome::Success).await;
    assert_eq!(escalated, SHARES);
    assert!(at_once(DAY).await.is_empty());
    verify_hub(&hubs[0]).await;
}
