//! Rules about all of an organisation's members, letters, and machines' tokens.

use crate::fixture::*;
use bildbro_domain::{
    Digest, ErrorClass, MemberId, OrganisationId, Personal,
    audit::{Action, Outcome},
    member::Level,
    organisation::Kind,
    permission::BuiltIn,
};
use bildbro_flow::{
    letter::{Letter, Notice},
    ports::portal::{
        Caller, Refusal,
        letters::Letters,
        login::{Login, NewSession, SessionLife},
        machines::{Machines, NewKey, NewMachine, NewToken},
        members::{FirstMember, Link, Members, NewAssignment, NewMember, Particulars},
    },
    post::{Post, Posted, send_due},
    vault::Vault,
};
use bildbro_seal::DataKey;
use bildbro_store::HubDb;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An administrator who is logged in; `n` tells them apart.
async fn administrator(hub: &HubDb, organisation: OrganisationId, n: u32) -> (MemberId, Caller) {
    let new = FirstMember {
        organisation,
        name: format!("Siv {n}"),
        email: format!("siv{n}@{organisation}.example"),
        language: "sv".into(),
        roles: vec![BuiltIn::Administrator],
    };
    let member = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    // A way in, as everyone has who has come in.
    let link = Digest::of(format!("link {organisation} {n}").as_bytes());
    hub.issue_link(member, link, at(30 * 24 * 3600), operator(), at(0))
        .await
        .unwrap();
    let token = Digest::of(format!("{organisation} {n}").as_bytes());
    let session = NewSession {
        token,
        member,
        level: Level::Full,
        means: "password",
        life: SessionLife::default(),
        from: "192.0.2.7".into(),
        agent: "test".into(),
        at: at(0),
    };
    hub.begin_session(session).await.unwrap();
    let caller = Caller {
        token,
        from: "192.0.2.7".into(),
        at: at(1),
    };
    (member, caller)
}

/// Each closes the other, and both withdraw the other's role, at the same moment.
pub async fn administrators_who_remove_each_other_leave_one(hub: &HubDb) {
    for round in 0..6 {
        let name = format!("org{round}");
        let organisation = organisation(hub, &name, Kind::Region).await.id;
        let (one, by_one) = administrator(hub, organisation, 1).await;
        let (other, by_other) = administrator(hub, organisation, 2).await;
        let (left, right) = if round % 2 == 0 {
            tokio::join!(
                hub.close_member(&by_one, other, "Siv 2"),
                hub.close_member(&by_other, one, "Siv 1"),
            )
        } else {
            let assignment = async |caller: &Caller, member| {
                hub.member(caller, member).await.unwrap().assignments[0].id
            };
            let (first, second) = (
                assignment(&by_one, one).await,
                assignment(&by_one, other).await,
            );
            tokio::join!(
                hub.withdraw_role(&by_one, other, second),
                hub.withdraw_role(&by_other, one, first),
            )
        };
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    }
}

/// An invitation that ran out is no administrator who gets in.
pub async fn an_administrator_who_never_came_does_not_count(hub: &HubDb) {
    let organisation = organisation(hub, "skane", Kind::Region).await.id;
    let (one, caller) = administrator(hub, organisation, 1).await;
    let invited = hub
        .invite(&caller, &someone(), &link(b"link"), None)
        .await
        .unwrap();
    assert!(invited.approvals.is_empty());
    let view = hub.member(&caller, invited.member).await.unwrap();
    assert!(view.invited && view.assignments.len() == 1);
    let late = Caller {
        at: at(60 * 20),
        ..caller.clone()
    };
    // The second factor is no longer fresh by then, which is another matter.
    let denied = hub.close_member(&late, one, "Siv 1").await;
    assert!(matches!(denied, Err(Refusal::Denied { .. })), "{denied:?}");
    let mut old = link(b"old");
    old.expires = at(1);
    hub.invite_again(&caller, invited.member, &old, None)
        .await
        .unwrap();
    let last = hub.close_member(&caller, one, "Siv 1").await;
    assert!(matches!(last, Err(Refusal::LastAdministrator)), "{last:?}");
    hub.invite_again(&caller, invited.member, &link(b"new"), None)
        .await
        .unwrap();
    hub.close_member(&caller, one, "Siv 1").await.unwrap();
    assert_eq!(count(hub, Action::CloseMember, Outcome::Success).await, 1);
}

fn someone() -> NewMember {
    NewMember {
        particulars: Particulars {
            name: "Nils Ny".into(),
            email: "nils@skane.example".into(),
            hsa_id: None,
            personal_number: None,
        },
        language: "en".into(),
        assignments: vec![NewAssignment {
            role: "administrator".into(),
            unit: None,
            commission: None,
        }],
    }
}

fn link(token: &[u8]) -> Link {
    Link {
        token: Digest::of(token),
        url: Personal::new("https://hub.example/invitation/x"),
        expires: at(7 * DAY),
    }
}

/// A mail server that is away for the first few letters.
struct Away(AtomicUsize);

#[async_trait::async_trait]
impl Post for Away {
    async fn send(&self, letter: &Letter) -> Result<(), ErrorClass> {
        let Notice::Invitation { invited_by, .. } = &letter.notice else {
            return Err(ErrorClass::Permanent);
        };
        assert_eq!(
            (letter.to.as_str(), invited_by.as_str()),
            ("nils@skane.example", "Siv 1")
        );
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        left.map_or(Ok(()), |_| Err(ErrorClass::Transient))
    }
}

pub async fn a_letter_is_sent_once_however_often_it_takes(hub: &HubDb) {
    let vault = Vault::new(&DataKey::new([7; 32]));
    let organisation = organisation(hub, "skane", Kind::Region).await.id;
    let (_, caller) = administrator(hub, organisation, 1).await;
    let seal = |letter: &Letter| vault.seal("letter", letter);
    let invited = hub
        .invite(&caller, &someone(), &link(b"link"), Some(&seal))
        .await
        .unwrap();
    let posted = |sent, failed, given_up| Posted {
        sent,
        failed,
        given_up,
    };
    let away = Away(AtomicUsize::new(2));
    let send = async |seconds| {
        send_due(hub, &vault, &away, at(seconds), 0.0)
            .await
            .unwrap()
    };
    assert_eq!(send(0).await, posted(0, 0, 0)); // Not due yet.
    assert_eq!(send(1).await, posted(0, 1, 0));
    assert_eq!(send(2).await, posted(0, 0, 0)); // It waits.
    assert_eq!(send(60).await, posted(0, 1, 0));
    // Two hubs look at once; one sends it.
    let (one, other) = tokio::join!(send(600), send(600));
    assert_eq!(one.sent + other.sent, 1);
    assert_eq!(send(10_000).await, posted(0, 0, 0));

    // What a hub has taken is another's when its lease has run out.
    hub.invite_again(&caller, invited.member, &link(b"2"), Some(&seal))
        .await
        .unwrap();
    let lease = SignedDuration::from_mins(10);
    assert_eq!(hub.take_letters(at(1), lease).await.unwrap().len(), 1);
    assert_eq!(hub.take_letters(at(600), lease).await.unwrap().len(), 0);
    assert_eq!(hub.take_letters(at(601), lease).await.unwrap().len(), 1);
    // A day after the first try it is given up.
    away.0.store(10, Ordering::SeqCst);
    assert_eq!(send(DAY).await, posted(0, 1, 0));
    assert_eq!(send(DAY + HOUR).await, posted(0, 0, 1));
    assert_eq!(send(3 * DAY).await, posted(0, 0, 0));
}

pub async fn a_machines_token_ends_with_its_key(hub: &HubDb) {
    let organisation = organisation(hub, "skane", Kind::Region).await.id;
    let (_, caller) = administrator(hub, organisation, 1).await;
    let key = |kid: &str| NewKey {
        kid: kid.into(),
        alg: "ES256".into(),
        jwk: "{}".into(),
    };
    let new = NewMachine {
        name: "EHR".into(),
        scopes: "analytics.read".into(),
        keys: vec![key("a"), key("b")],
    };
    let machine = hub.add_machine(&caller, &new).await.unwrap();
    let token = |n: &[u8], kid: &str| NewToken {
        token: Digest::of(n),
        machine,
        kid: kid.into(),
        scopes: "analytics.read".into(),
        at: at(1),
        expires: at(600),
    };
    assert!(hub.put_machine_token(&token(b"1", "a")).await.unwrap());
    let subject = |n: &[u8], seconds| hub.service_subject(Digest::of(n), at(seconds));
    let found = subject(b"1", 599).await.unwrap().unwrap();
    assert_eq!((found.machine, found.organisation), (machine, organisation));
    assert_eq!(subject(b"1", 600).await.unwrap(), None);
    hub.remove_machine_key(&caller, machine, "a").await.unwrap();
    assert_eq!(subject(b"1", 2).await.unwrap(), None);
    // The assertion was verified just before the key went.
    assert!(!hub.put_machine_token(&token(b"2", "a")).await.unwrap());
    assert!(hub.put_machine_token(&token(b"3", "b")).await.unwrap());
    hub.revoke_machine(&caller, machine).await.unwrap();
    assert_eq!(subject(b"3", 2).await.unwrap(), None);
    assert!(!hub.put_machine_token(&token(b"4", "b")).await.unwrap());
    assert_eq!(hub.machine_keys(machine).await.unwrap(), None);
}
