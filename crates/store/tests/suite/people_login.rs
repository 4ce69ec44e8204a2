//! Log-in's port: what is counted, kept, and good once, whichever hub asks.

use crate::fixture::*;
use bildbro_domain::{
    Digest, MemberId, Personal,
    audit::{Action, Outcome},
    member::{FactorKind, Level},
    organisation::Kind,
    permission::BuiltIn,
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    login::{
        Attempt, Bucket, Ceremony, Goal, Login, Named, NewFactor, NewSession, Proof, Renewal,
        SessionLife,
    },
    members::{FirstMember, Members},
};
use bildbro_store::HubDb;
use jiff::SignedDuration;
use uuid::Uuid;

async fn member(hub: &HubDb) -> MemberId {
    let skane = organisation(hub, "skane", Kind::Region).await;
    let new = FirstMember {
        organisation: skane.id,
        name: "Siv Syster".into(),
        email: "Siv@Example.com".into(),
        language: "sv".into(),
        roles: vec![BuiltIn::Sender],
    };
    hub.add_first_member(new, operator(), at(0)).await.unwrap()
}

fn caller(token: &[u8], seconds: i64) -> Caller {
    Caller {
        token: Digest::of(token),
        from: "192.0.2.1".into(),
        at: at(seconds),
    }
}

async fn log_in(hub: &HubDb, member: MemberId, token: &[u8], level: Level) -> Level {
    let new = NewSession {
        token: Digest::of(token),
        member,
        level,
        means: "password",
        life: SessionLife::default(),
        from: "192.0.2.1".into(),
        agent: "test".into(),
        at: at(0),
    };
    hub.log_in(new, None, None).await.unwrap().1
}

fn renewal(token: &[u8]) -> Renewal {
    Renewal {
        token: Digest::of(token),
        life: SessionLife::default(),
    }
}

fn passkey(id: u128, data: &str) -> NewFactor {
    NewFactor {
        id: Uuid::from_u128(id),
        kind: FactorKind::Passkey,
        name: "key".into(),
        credential: Some("credential".into()),
        data: data.into(),
    }
}

pub async fn a_try_is_counted_once_at_whichever_hub(hub: &HubDb) {
    let bucket = Bucket {
        key: Digest::of(b"account"),
        most: 5,
        window: SignedDuration::from_mins(15),
    };
    let attempt = |seconds| Attempt {
        buckets: vec![bucket],
        action: Action::LogIn,
        about: None,
        from: "192.0.2.1".into(),
        at: at(seconds),
    };
    let all = (0..12).map(|_| hub.attempt(attempt(0)));
    let all = futures::future::join_all(all).await;
    let passed = all.into_iter().filter(|one| matches!(one, Ok(None)));
    assert_eq!(passed.count(), 5);
    assert_eq!(count(hub, Action::LogIn, Outcome::Denied).await, 1);
    assert_eq!(hub.attempt(attempt(899)).await.unwrap(), Some(at(900)));
    // Set back a little, the window stays; a day, and it is given up.
    assert!(hub.attempt(attempt(-60)).await.unwrap().is_some());
    assert_eq!(hub.attempt(attempt(-DAY)).await.unwrap(), None);
    assert_eq!(hub.attempt(attempt(900)).await.unwrap(), None);
    for _ in 0..4 {
        hub.attempt(attempt(901)).await.unwrap();
    }
    hub.forgive(&[bucket.key]).await.unwrap();
    assert_eq!(hub.attempt(attempt(902)).await.unwrap(), None);
    assert!(hub.attempt(attempt(902)).await.unwrap().is_some());
}

pub async fn a_proof_lets_one_session_rise_once(hub: &HubDb) {
    let member = member(hub).await;
    assert_eq!(
        log_in(hub, member, b"setup", Level::First).await,
        Level::Setup
    );
    let setup = caller(b"setup", 1);
    let added = hub
        .add_passkey(&setup, passkey(1, "counter 1"), renewal(b"full"), None)
        .await;
    assert!(added.unwrap(), "whoever was setting up is logged in");
    let gone = hub.session(&setup).await;
    assert!(matches!(gone, Err(Refusal::NoSession)));
    let again = hub
        .add_passkey(&caller(b"full", 2), passkey(2, "x"), renewal(b"y"), None)
        .await;
    assert!(matches!(again, Err(Refusal::Taken("credential"))));

    // The same answer of an authenticator, in two sessions at once.
    for token in [b"one", b"two"] {
        assert_eq!(log_in(hub, member, token, Level::First).await, Level::First);
    }
    let proof = Proof::Passkey {
        factor: Uuid::from_u128(1),
        before: "counter 1".into(),
        after: "counter 2".into(),
    };
    let (one, two) = (caller(b"one", 3), caller(b"two", 3));
    let (first, second) = tokio::join!(
        hub.rise(&one, Goal::LogIn, proof.clone(), renewal(b"one2"), None),
        hub.rise(&two, Goal::LogIn, proof.clone(), renewal(b"two2"), None),
    );
    let used = [&first, &second]
        .iter()
        .filter(|one| matches!(one, Err(Refusal::Over("used"))))
        .count();
    assert_eq!((used, first.is_ok() || second.is_ok()), (1, true));
    assert_eq!(count(hub, Action::LogIn, Outcome::Failure).await, 1);
    // What is not proven, or another's, proves nothing.
    let totp = Proof::Totp {
        factor: Uuid::from_u128(1),
        step: 10,
    };
    assert_eq!(
        log_in(hub, member, b"three", Level::First).await,
        Level::First
    );
    let three = caller(b"three", 4);
    let refused = hub
        .rise(&three, Goal::LogIn, totp, renewal(b"z"), None)
        .await;
    assert!(matches!(refused, Err(Refusal::Over("used"))));
    let early = hub
        .rise(&three, Goal::StepUp, proof, renewal(b"z"), None)
        .await;
    assert!(matches!(early, Err(Refusal::NoSession)));
}

pub async fn a_ceremony_is_taken_once_and_in_time(hub: &HubDb) {
    let keep = |id: &[u8]| Ceremony {
        id: Digest::of(id),
        kind: "oidc",
        data: "sealed".into(),
        expires_at: at(300),
    };
    for id in [b"one", b"two"] {
        hub.keep_ceremony(keep(id), at(0)).await.unwrap();
    }
    let id = Digest::of(b"one");
    assert_eq!(hub.take_ceremony(id, "bankid", at(1)).await.unwrap(), None);
    let takes = (0..4).map(|_| hub.take_ceremony(id, "oidc", at(1)));
    let takes = futures::future::join_all(takes).await;
    let taken = takes.into_iter().filter(|one| matches!(one, Ok(Some(_))));
    assert_eq!(taken.count(), 1);
    let late = hub.take_ceremony(Digest::of(b"two"), "oidc", at(300)).await;
    assert_eq!(late.unwrap(), None);
}

pub async fn a_provider_speaks_for_its_own_organisation(hub: &HubDb) {
    let member = member(hub).await;
    let other = organisation(hub, "halland", Kind::Region).await;
    let found = hub
        .accounts(Named::Email(Personal::new(" siv@example.COM")))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].member, member);
    let at_provider = |organisation| Named::AtProvider {
        organisation,
        hsa_id: None,
        email: Some(Personal::new("siv@example.com")),
    };
    let own = hub.accounts(at_provider(found[0].organisation)).await;
    assert_eq!(own.unwrap().len(), 1);
    let foreign = hub.accounts(at_provider(other.id)).await;
    assert!(foreign.unwrap().is_empty());
}

/// Of a try in flight, and of an address's domain.
pub async fn what_was_judged_before_a_change_does_not_hold_after_it(hub: &HubDb) {
    let member = member(hub).await;
    let new = |n: u8| NewSession {
        token: Digest::of(&[n]),
        member,
        level: Level::First,
        means: "password",
        life: SessionLife::default(),
        from: String::new(),
        agent: String::new(),
        at: at(0),
    };
    let judged = Some(Personal::new("the hash of a password that was reset"));
    let late = hub.log_in(new(1), judged, None).await;
    assert!(matches!(late, Err(Refusal::NoSession)), "{late:?}");
    assert!(hub.log_in(new(2), None, None).await.is_ok());
}
