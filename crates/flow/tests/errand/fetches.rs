//! Fetches: how they end, and that nothing waits behind them.

use crate::ports::{Step, World, errand};
use bildbro_domain::{
    ErrorClass, Personal, StudyUid,
    audit::{Action, Outcome},
    share::{Failure, Priority},
};
use bildbro_flow::errand::TurnError;
use bildbro_wire::errand::{Errand, ErrandEnd, FetchStudy, Find, Moved, Task};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

const DONE: ErrandEnd = ErrandEnd::Done { cut: false };

fn fetch(node: &str, priority: Priority) -> Errand {
    errand(Task::Fetch(FetchStudy {
        node: node.to_owned(),
        study_uid: StudyUid::new("1.2.3").unwrap(),
        priority,
    }))
}

fn begin(world: &World, node: &str) -> JoinHandle<Result<(), TurnError>> {
    let errands = Arc::clone(&world.errands);
    let errand = fetch(node, Priority::Ordinary);
    tokio::spawn(async move { errands.turn(&errand, CancellationToken::new()).await })
}

fn moved(remaining: u32, completed: u32, failed: u32) -> Moved {
    Moved {
        remaining: Some(remaining),
        completed,
        failed,
    }
}

const fn failed(class: ErrorClass, failure: Failure) -> ErrandEnd {
    ErrandEnd::Failed { class, failure }
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_now_and_then_and_the_end_at_once() {
    let mut world = World::new(&["pacs"]);
    let turn = begin(&world, "pacs");
    let begun = Instant::now();
    let mut told = 0;
    for n in 1..=100 {
        world.let_do("pacs", Step::Moved(moved(100 - n, n, 0)));
        tokio::time::sleep(Duration::from_millis(100)).await;
        while let Ok(found) = world.found.try_recv() {
            assert!(found.moved.is_some());
            told += 1;
        }
    }
    assert!((8..=12).contains(&told), "{told} in {:?}", begun.elapsed());
    world.end("pacs");
    let end = loop {
        let found = world.heard().await;
        if let Some(end) = found.end {
            assert_eq!(found.moved, Some(moved(0, 100, 0)));
            break end;
        }
    };
    assert_eq!(end, DONE);
    turn.await.unwrap().unwrap();
    assert_eq!(world.logged(), [(Action::Fetch, Outcome::Success, 1)]);
}

#[tokio::test(start_paused = true)]
async fn only_what_came_whole_is_done() {
    let not_sent = failed(ErrorClass::Transient, Failure::NotSent);
    for (last, end) in [
        (Some(moved(0, 3, 0)), DONE),
        (Some(moved(0, 2, 1)), not_sent),
        (Some(moved(0, 0, 3)), not_sent),
        (None, not_sent),
    ] {
        let mut world = World::new(&["pacs"]);
        if let Some(last) = last {
            world.let_do("pacs", Step::Moved(last));
        }
        world.end("pacs");
        begin(&world, "pacs").await.unwrap().unwrap();
        let mut heard = None;
        while let Ok(found) = world.found.try_recv() {
            heard = found.end;
        }
        assert_eq!(heard, Some(end), "{last:?}");
        let outcome = if end == DONE {
            Outcome::Success
        } else {
            Outcome::Failure
        };
        assert_eq!(world.logged(), [(Action::Fetch, outcome, 1)]);
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_node_moves_nothing_the_lease_is_renewed_and_its_failure_is_the_end() {
    let mut world = World::new(&["pacs"]);
    let turn = begin(&world, "pacs");
    let mut last = Instant::now();
    for _ in 0..4 {
        let found = world.heard().await;
        assert_eq!((found.moved, found.end), (None, None));
        assert!(last.elapsed() <= Duration::from_secs(16));
        last = Instant::now();
    }
    let stuck = Step::Fail(ErrorClass::Transient, Failure::NotSent);
    world.let_do("pacs", stuck);
    let end = world.heard().await.end;
    assert_eq!(end, Some(failed(ErrorClass::Transient, Failure::NotSent)));
    turn.await.unwrap().unwrap();
    assert_eq!(world.logged(), [(Action::Fetch, Outcome::Failure, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_waits_for_is_given_up() {
    let mut world = World::new(&["pacs"]);
    world.outside.go_on.store(false, Ordering::Relaxed);
    let turn = begin(&world, "pacs");
    assert_eq!(world.heard().await.end, None);
    turn.await.unwrap().unwrap();
    assert!(world.silent());
    assert_eq!(world.logged(), [(Action::Fetch, Outcome::Failure, 1)]);
}

#[tokio::test(start_paused = true)]
async fn searches_and_emergencies_do_not_wait_behind_fetches() {
    let mut world = World::new(&["a", "b", "c", "d"]);
    let find = Find {
        name: Personal::new("x"),
        most: 10,
        ..Find::default()
    };
    {
        let mut waiting = world.outside.waiting.lock().unwrap();
        for node in ["a", "b", "c"] {
            waiting.push_back(fetch(node, Priority::Ordinary));
        }
        waiting.push_back(fetch("d", Priority::Emergency));
        waiting.push_back(errand(Task::Find(find)));
    }
    let stop = CancellationToken::new();
    let errands = Arc::clone(&world.errands);
    let run = tokio::spawn(errands.run(stop.clone().cancelled_owned()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let outside = Arc::clone(&world.outside);
    let asked = |node| outside.asked(node);
    assert!(asked("a") && asked("b") && asked("d"));
    assert!(!asked("c"), "two at a time");
    assert!(outside.searched("c"));

    // The turn of the third comes when the first has ended.
    world.let_do("a", Step::Moved(moved(0, 1, 0)));
    world.end("a");
    while world.heard().await.end.is_none() {}
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(asked("c"));
    stop.cancel();
    run.await.unwrap();
}
