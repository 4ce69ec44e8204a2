//! What is PostgreSQL's own: several hub processes on one database, each with
//! connections of its own, and a server that goes away.

use crate::fixture::*;
use bildbro_domain::{
    Digest, ErrorClass, Personal,
    audit::{Action, Outcome},
    share::{DeliveryState, Purpose, Receipt},
};
use bildbro_flow::ports::{
    StoreError,
    hub::{ClaimError, HubStore, Timing},
};
use bildbro_store::HubDb;
use bildbro_testkit::{LIMIT, Postgres};
use bildbro_wire::link::{Answer, End, Intent};
use futures::{StreamExt, future::join_all, stream::BoxStream};
use sqlx::{Connection, PgConnection};
use std::{
    collections::HashSet,
    error::Error,
    sync::{Arc, Mutex},
};

async fn connect(url: &str) -> HubDb {
    HubDb::connect(url, Timing::default()).await.unwrap()
}

/// Two hub processes, as far as a database can tell.
async fn two_hubs(server: &Postgres) -> [HubDb; 2] {
    let url = server.url();
    let (one, other) = tokio::join!(connect(&url), connect(&url));
    [one, other]
}

async fn spawn_all<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks = tasks.into_iter().map(tokio::spawn);
    join_all(tasks)
        .await
        .into_iter()
        .map(|t| t.unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hubs_side_by_side_give_each_delivery_to_one() {
    const STUDIES: u32 = 24;
    let server = Postgres::shared().await;
    let hubs = two_hubs(&server).await;
    let (sender, recipient) = two(&hubs[0]).await;
    let (sender, recipient) = (Arc::new(sender), Arc::new(recipient));
    spawn_all((1..=STUDIES).map(|n| {
        let (hub, call) = (hubs[n as usize % 2].clone(), sender.call(1));
        let intent = recipient.share();
        async move { send(&hub, &call, n, 1..=3, intent).await }
    }))
    .await;

    let given = Arc::new(Mutex::new(Vec::new()));
    spawn_all((0..8).map(|n| {
        let (hubs, recipient, given) = (hubs.clone(), recipient.clone(), given.clone());
        async move {
            let hub = &hubs[n % 2];
            // None may also mean that another is just taking the last one.
            while given.lock().unwrap().len() < STUDIES as usize {
                let Some(task) = hub.claim(&recipient.call(2)).await.unwrap() else {
                    tokio::task::yield_now().await;
                    continue;
                };
                given.lock().unwrap().push(task.delivery);
                assert_eq!(task.instances.len(), 3);
                hub.release(&recipient.call(2), &fetch(&task))
                    .await
                    .unwrap();
                // The gateway repeats itself, and each hub hears it once.
                let done = report(&task, &Receipt::Stored { status: 0 }, Some(End::Done));
                let call = recipient.call(3);
                let replies = tokio::join!(
                    hubs[0].report(&call, &done, 0.5),
                    hubs[1].report(&call, &done, 0.5)
                );
                assert!(matches!(
                    replies,
                    (Ok(_), Err(ClaimError::Stale)) | (Err(ClaimError::Stale), Ok(_))
                ));
            }
        }
    }))
    .await;
    let given = given.lock().unwrap().clone();
    assert_eq!(given.iter().collect::<HashSet<_>>().len(), given.len());
    let all = deliveries(&hubs[1], 4).await;
    assert_eq!(all.len(), STUDIES as usize);
    assert!(
        all.iter()
            .all(|d| d.state == DeliveryState::Delivered && d.stored == 3)
    );
    let receipts = count(&hubs[0], Action::Deliver, Outcome::Success).await;
    assert_eq!(receipts, STUDIES as usize);
    verify_hub(&hubs[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hubs_side_by_side_judge_an_image_once() {
    let server = Postgres::shared().await;
    let hubs = two_hubs(&server).await;
    let (sender, recipient) = two(&hubs[0]).await;
    // Of each image: its bytes through both hubs, and other bytes through both.
    let answers = spawn_all((1..=10).flat_map(|n| {
        (0..4).map({
            let (sender, hubs, intent) = (sender.call(1), hubs.clone(), recipient.share());
            move |variant: usize| {
                let (call, hub) = (sender.clone(), hubs[variant % 2].clone());
                async move {
                    let mut offer = image(1, n, intent);
                    if variant >= 2 {
                        offer.digest = Digest::of(b"other");
                    }
                    let answers = admit(&hub, &call, &[stored(&offer)]).await.unwrap();
                    answers.into_iter().next()
                }
            }
        })
    }))
    .await;
    for of_one in answers.chunks(4) {
        let held =
            |a: &[Option<Answer>]| a.iter().flatten().filter(|a| **a == Answer::Held).count();
        // The first to come wins, with its twin.
        assert!(matches!(
            (held(&of_one[..2]), held(&of_one[2..])),
            (2, 0) | (0, 2)
        ));
    }
    let totals = hubs[1].totals().await.unwrap();
    assert_eq!((totals.instances, totals.quarantined), (10, 10));
    let delivery = the_delivery(&hubs[0], 2).await;
    assert_eq!((delivery.images, delivery.already_there), (10, 0));
    verify_hub(&hubs[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_it_is_shared_or_taken_back_is_not_lost() {
    let server = Postgres::shared().await;
    let hubs = two_hubs(&server).await;
    let (sender, recipient) = two(&hubs[0]).await;
    let hold = Intent::Hold;
    for n in 1..=10 {
        send(&hubs[0], &sender.call(1), n, 1..=1, hold).await;
        let uid = study(n);
        let (share, ()) = tokio::join!(
            hubs[0].share_study(
                sender.organisation.id,
                &uid,
                recipient.organisation.id,
                Purpose::Care,
                operator(),
                at(2),
            ),
            async { send(&hubs[1], &sender.call(2), n, 2..=2, hold).await },
        );
        share.unwrap();
    }
    for delivery in deliveries(&hubs[0], 3).await {
        assert_eq!(delivery.images, 2);
    }

    for n in 11..=20 {
        let now = i64::from(n) * 10;
        let intent = recipient.share();
        send(&hubs[0], &sender.call(now), n, 1..=1, intent).await;
        let before = deliveries(&hubs[0], now).await;
        let share = before[0].share;
        let (revoked, ()) = tokio::join!(
            hubs[0].revoke_share(share, operator(), at(now + 1)),
            async { send(&hubs[1], &sender.call(now + 1), n, 2..=2, intent).await },
        );
        assert!(revoked.unwrap());
        let after = deliveries(&hubs[0], now + 2).await;
        let old = after.iter().find(|d| d.share == share).unwrap();
        assert_eq!(old.state, DeliveryState::Withdrawn);
        // In the old share before it was taken back, or in one of its own.
        assert_eq!(old.images as usize + after.len() - before.len(), 2);
    }
    verify_hub(&hubs[0]).await;
}

async fn heard(changes: &mut BoxStream<'static, ()>) {
    let heard = tokio::time::timeout(LIMIT, changes.next()).await;
    assert_eq!(heard.unwrap(), Some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_hears_of_the_others_changes_also_after_a_lost_connection() {
    let server = Postgres::shared().await;
    let url = server.url();
    let (one, other) = (connect(&url).await, connect(&url).await);
    let (sender, recipient) = two(&one).await;
    let mut changes = other.changes().unwrap();
    heard(&mut changes).await; // Connected.
    send(&one, &sender.call(1), 1, 1..=1, recipient.share()).await;
    heard(&mut changes).await;
    assert!(other.claim(&recipient.call(2)).await.unwrap().is_some());
    heard(&mut changes).await;
    server.cut(&url);
    heard(&mut changes).await; // Connected again.
    send(&one, &sender.call(3), 2, 1..=1, recipient.share()).await;
    heard(&mut changes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_pass_and_nothing_is_done_twice() {
    let server = Postgres::shared().await;
    let url = server.url();
    let hub = connect(&url).await;
    let (sender, recipient) = two(&hub).await;
    let cutting = {
        let (server, url) = (server.clone(), url.clone());
        tokio::task::spawn_blocking(move || (0..10).for_each(|_| server.cut(&url)))
    };
    let troubles: usize = spawn_all((1..=8).map(|n| {
        let (hub, call, intent) = (hub.clone(), sender.call(1), recipient.share());
        async move {
            let mut troubles = 0;
            for image_number in 1..=20 {
                let item = stored(&image(n, image_number, intent));
                while let Err(error) = admit(&hub, &call, std::slice::from_ref(&item)).await {
                    assert_ne!(error.class(), ErrorClass::Permanent, "{error:?}");
                    troubles += 1;
                }
            }
            troubles
        }
    }))
    .await
    .into_iter()
    .sum();
    cutting.await.unwrap();
    println!("{troubles} admissions were cut off");
    assert_eq!(hub.totals().await.unwrap().instances, 160);
    assert_eq!(
        deliveries(&hub, 2)
            .await
            .iter()
            .map(|d| d.images)
            .sum::<u64>(),
        160
    );
    verify_hub(&hub).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashed_is_found_again_with_all_that_was_answered() {
    let mut server = Postgres::start().await;
    let url = server.url();
    let hub = connect(&url).await;
    let (sender, recipient) = two(&hub).await;
    let mut changes = hub.changes().unwrap();
    heard(&mut changes).await;
    send(&hub, &sender.call(1), 1, 1..=5, recipient.share()).await;
    heard(&mut changes).await;
    for orderly in [false, true] {
        if orderly {
            server.stop().await;
        } else {
            server.kill().await;
        }
        let away = HubDb::connect(&url, Timing::default()).await.unwrap_err();
        assert_eq!(away.class(), ErrorClass::Transient, "{away:?}");
        server.start_again().await;
        assert_eq!(hub.totals().await.unwrap().instances, 5);
        heard(&mut changes).await;
    }
    assert!(hub.claim(&recipient.call(2)).await.unwrap().is_some());
    verify_hub(&hub).await;
}

#[tokio::test]
async fn the_audit_log_is_only_appended_to() {
    let server = Postgres::shared().await;
    let url = server.url();
    let hub = connect(&url).await;
    let (sender, recipient) = two(&hub).await;
    send(&hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let forbidden = [
        "UPDATE audit SET text = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit CASCADE",
        "UPDATE audit_study SET study_uid = '1'",
        "DELETE FROM audit_study",
        "TRUNCATE audit_study",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "UPDATE audit_head SET sequence = sequence - 1",
    ];
    for statement in forbidden {
        let done = sqlx::query(statement).execute(&mut raw).await;
        let error = done.map(|_| ()).expect_err(statement).to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    raw.close().await.unwrap();
    verify_hub(&hub).await;
}

/// PostgreSQL holds no character zero; a peer may send one all the same.
#[tokio::test]
async fn a_zero_in_a_name_is_no_poison() {
    let server = Postgres::shared().await;
    let hub = connect(&server.url()).await;
    let (sender, recipient) = two(&hub).await;
    let mut offer = image(1, 1, recipient.share());
    offer.header.patient_name = Personal::new("Tolvansson\0^Tolvan");
    offer.header.patient_id = Personal::new("19\0");
    offer.header.modality = "C\0T".into();
    let answers = admit(&hub, &sender.call(1), &[stored(&offer)])
        .await
        .unwrap();
    assert_eq!(answers, [Answer::Held]);
    verify_hub(&hub).await;
}

/// All that an error says, in any way of asking.
fn words(error: &StoreError) -> String {
    let mut words = format!("{error:?} {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(" {error:?} {error}"));
        cause = error.source();
    }
    words
}

#[tokio::test]
async fn a_wrong_address_is_told_without_its_password() {
    let server = Postgres::shared().await;
    let url = server.url();
    let secret = server.password();
    let (to_server, _) = url.rsplit_once('/').unwrap();
    let wrong = [
        format!("{to_server}/not_there"),
        url.replace("postgres://", "mysql://"),
        format!("{url}?passwort={secret}"),
        format!("{url}?sslmode={secret}"),
        url.replace("127.0.0.1:", "127.0.0.1:9"),
        secret.to_owned(),
    ];
    for url in wrong {
        let error = HubDb::connect(&url, Timing::default()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent, "{error:?}");
        assert!(!words(&error).contains(secret), "{}", words(&error));
    }
    let hub = connect(&url).await;
    assert!(!format!("{hub:?}").contains(secret));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_decide_on_a_held_delivery_one_wins() {
    use crate::people_directory::person;
    use bildbro_domain::{organisation::Takes, permission::BuiltIn};
    use bildbro_flow::ports::portal::{
        Refusal,
        directory::Directory,
        inbox::{Decision, Inboxes, Tray},
    };
    let server = Postgres::shared().await;
    let hubs = two_hubs(&server).await;
    let (sender, recipient) = two(&hubs[0]).await;
    let own = recipient.organisation.id;
    let siv = person(&hubs[0], own, BuiltIn::Administrator).await;
    let receiver = person(&hubs[0], own, BuiltIn::Receiver).await;
    hubs[0].set_takes(&siv.at(0), Takes::Hold).await.unwrap();
    for n in 1..=12 {
        send(&hubs[0], &sender.call(1), n, 1..=2, recipient.share()).await;
        let held = hubs[0].inbox(&receiver.at(2), Tray::New, None, 1).await;
        let share = held.unwrap().0.items[0].id;
        let (yes, no) = (hubs[0].clone(), hubs[1].clone());
        let (caller, other) = (receiver.at(3), receiver.at(3));
        let accept = tokio::spawn(async move {
            let same = Decision::SamePerson;
            yes.accept_item(&caller, share, same, &Personal::default())
                .await
        });
        let decline = tokio::spawn(async move {
            let reason = Personal::new("not ours".to_owned());
            no.decline_item(&other, share, &reason).await
        });
        match (accept.await.unwrap(), decline.await.unwrap()) {
            (Ok(()), Err(Refusal::Over(_))) => {
                let task = hubs[1].claim(&recipient.call(4)).await.unwrap().unwrap();
                assert_eq!(task.study_uid, crate::fixture::study(n));
            }
            (Err(Refusal::Over(_)), Ok(())) => {
                assert!(hubs[0].claim(&recipient.call(4)).await.unwrap().is_none());
            }
            both => panic!("{both:?}"),
        }
    }
    let won = count(&hubs[0], Action::Accept, Outcome::Success).await
        + count(&hubs[0], Action::Decline, Outcome::Success).await;
    assert_eq!(won, 12);
    verify_hub(&hubs[1]).await;
}
