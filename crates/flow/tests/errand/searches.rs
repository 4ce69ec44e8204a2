//! Searches: what the hub hears, and when.

use crate::ports::{Step, World, errand, study};
use bildbro_domain::{
    ErrorClass, Personal,
    audit::{Action, Outcome},
    share::Failure,
};
use bildbro_flow::errand::TurnError;
use bildbro_wire::errand::{Errand, ErrandEnd, Find, Found, FoundStudy, MAX_FOUND, Task};
use std::{sync::Arc, sync::atomic::Ordering, time::Duration};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

fn search(most: u32) -> Errand {
    errand(Task::Find(Find {
        name: Personal::new("andersson"),
        most,
        ..Find::default()
    }))
}

fn begin(world: &World, errand: Errand) -> JoinHandle<Result<(), TurnError>> {
    let errands = Arc::clone(&world.errands);
    tokio::spawn(async move { errands.turn(&errand, CancellationToken::new()).await })
}

fn numbers(found: &Found) -> Vec<&str> {
    let uids = found.studies.iter().map(|s| s.study_uid.as_str());
    uids.collect()
}

fn answers(world: &World, node: &str, studies: impl IntoIterator<Item = FoundStudy>) {
    for study in studies {
        world.let_do(node, Step::Answer(Box::new(study)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_study_is_told_before_the_node_has_ended_and_the_rest_in_groups() {
    let mut world = World::new(&["pacs"]);
    let turn = begin(&world, search(500));
    let begun = Instant::now();
    answers(&world, "pacs", [study("pacs", 1)]);
    let first = world.heard().await;
    assert_eq!(numbers(&first), ["1.2.1"]);
    assert_eq!(first.end, None);
    assert_eq!(begun.elapsed(), Duration::ZERO, "nothing is waited for");

    answers(&world, "pacs", (2..=200).map(|n| study("pacs", n)));
    world.end("pacs");
    let mut came = 1;
    let end = loop {
        let found = world.heard().await;
        assert!(found.studies.len() <= MAX_FOUND);
        came += found.studies.len();
        if let Some(end) = found.end {
            break end;
        }
        assert!(!found.studies.is_empty());
    };
    assert_eq!((came, end), (200, ErrandEnd::Done { cut: false }));
    turn.await.unwrap().unwrap();
    assert!(world.silent());
    assert_eq!(world.logged(), [(Action::Search, Outcome::Success, 200)]);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_waits_the_search_is_cancelled_at_the_node_and_nothing_else_is_sent() {
    let mut world = World::new(&["pacs"]);
    let turn = begin(&world, search(500));
    world.outside.go_on.store(false, Ordering::Relaxed);
    answers(&world, "pacs", [study("pacs", 1)]);
    assert_eq!(numbers(&world.heard().await), ["1.2.1"]);
    // The node has not ended, and goes on.
    tokio::task::yield_now().await;
    answers(&world, "pacs", [study("pacs", 2), study("pacs", 3)]);
    turn.await.unwrap().unwrap();
    assert!(world.outside.cancelled("pacs"));
    assert!(world.silent());
    assert_eq!(world.logged().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_is_dropped_when_nobody_waits() {
    let mut world = World::new(&["pacs"]);
    world.outside.go_on.store(false, Ordering::Relaxed);
    let begun = Instant::now();
    let turn = begin(&world, search(500));
    let sign_of_life = world.heard().await;
    assert!(sign_of_life.studies.is_empty() && sign_of_life.end.is_none());
    turn.await.unwrap().unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    assert!(world.silent());
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_a_node_says_nothing() {
    let mut world = World::new(&["pacs"]);
    let turn = begin(&world, search(500));
    let mut last = Instant::now();
    for _ in 0..5 {
        assert!(world.heard().await.end.is_none());
        assert!(last.elapsed() <= Duration::from_secs(15));
        last = Instant::now();
    }
    world.end("pacs");
    assert!(world.heard().await.end.is_some());
    turn.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_nodes_one_that_is_down_is_a_problem_and_no_failure() {
    let mut world = World::new(&["old", "pacs"]);
    let turn = begin(&world, search(500));
    let down = Step::Fail(ErrorClass::Transient, Failure::NodeUnreachable);
    world.let_do("old", down);
    let problem = world.heard().await.problems.remove(0);
    assert_eq!(problem.node, "old");
    assert_eq!(problem.failure, Failure::NodeUnreachable);
    answers(&world, "pacs", [study("pacs", 1)]);
    assert_eq!(numbers(&world.heard().await), ["1.2.1"]);
    world.end("pacs");
    let end = world.heard().await.end;
    assert_eq!(end, Some(ErrandEnd::Done { cut: false }));
    turn.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_search_that_no_node_answers_has_failed() {
    for nodes in [&["old", "pacs"][..], &[]] {
        let mut world = World::new(nodes);
        let turn = begin(&world, search(500));
        for node in nodes {
            let down = Step::Fail(ErrorClass::Transient, Failure::NodeRefused);
            world.let_do(node, down);
        }
        let end = loop {
            if let Some(end) = world.heard().await.end {
                break end;
            }
        };
        let expected = if nodes.is_empty() {
            (ErrorClass::Permanent, Failure::NoNode)
        } else {
            (ErrorClass::Transient, Failure::NodeRefused)
        };
        let (class, failure) = expected;
        assert_eq!(end, ErrandEnd::Failed { class, failure });
        turn.await.unwrap().unwrap();
        assert_eq!(world.logged(), [(Action::Search, Outcome::Failure, 0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_study_of_several_queries_is_told_once_and_that_of_two_nodes_twice() {
    let mut world = World::new(&["old", "pacs"]);
    for node in ["old", "pacs"] {
        answers(&world, node, [1, 2, 1, 2, 3].map(|n| study(node, n)));
    }
    let turn = begin(&world, search(500));
    world.end("old");
    world.end("pacs");
    let mut came = Vec::new();
    loop {
        let found = world.heard().await;
        came.extend(found.studies.into_iter().map(|s| (s.node, s.study_uid)));
        if found.end.is_some() {
            break;
        }
    }
    assert_eq!(came.len(), 6);
    came.sort();
    came.dedup();
    assert_eq!(came.len(), 6);
    turn.await.unwrap().unwrap();
    // The log names studies, of whichever node.
    assert_eq!(world.logged(), [(Action::Search, Outcome::Success, 3)]);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_asked_for_comes_and_the_end_says_so() {
    for (there, cut) in [(3, false), (4, true)] {
        let mut world = World::new(&["pacs"]);
        answers(&world, "pacs", (1..=there).map(|n| study("pacs", n)));
        let turn = begin(&world, search(3));
        world.end("pacs");
        let mut came = 0;
        let end = loop {
            let found = world.heard().await;
            came += found.studies.len();
            if let Some(end) = found.end {
                break end;
            }
        };
        assert_eq!((came, end), (3, ErrandEnd::Done { cut }));
        assert_eq!(world.outside.cancelled("pacs"), cut);
        turn.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_stops_puts_on_record_what_it_has_told() {
    let mut world = World::new(&["pacs"]);
    world.outside.waiting.lock().unwrap().push_back(search(500));
    let stop = CancellationToken::new();
    let errands = Arc::clone(&world.errands);
    let run = tokio::spawn(errands.run(stop.clone().cancelled_owned()));
    answers(&world, "pacs", [study("pacs", 1)]);
    assert_eq!(numbers(&world.heard().await), ["1.2.1"]);
    stop.cancel();
    run.await.unwrap();
    assert_eq!(world.logged(), [(Action::Search, Outcome::Success, 1)]);
    assert!(world.silent(), "the hub gives it to another");
}
