//! The link's messages: each handler takes one, calls one use-case, and maps
//! its answer. `INSTANCES` has its own module.

use crate::{
    HubState, Stopping, machine::Machine, measure, message::Message, problem::ProblemResponse,
};
use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildbro_domain::policy::Subject;
use bildbro_flow::{
    admit, decide,
    dispatch::Dispatch,
    ports::hub::Call,
    work::{LONGEST_WAIT, Work},
};
use bildbro_wire::{
    errand::{AskErrand, AskedErrand, Found, FoundReply, MAX_FOUND},
    frame,
    link::{
        Answer, Answers, AskWork, Complete, DirectoryEntry, Fetch, Hello, HelloReply, MAX_BATCH,
        Offers, Report, ReportReply, Work as WorkReply,
    },
};
use std::time::Duration;
use tokio::time::Instant;

/// A waiting request looks up this often to see whether the hub is stopping.
/// It is not cut short in between, since a claim could be lost with it.
const SLICE: Duration = Duration::from_secs(1);

type Answered<T> = Result<Json<T>, ProblemResponse>;

fn call(state: &HubState, subject: Subject) -> Call {
    Call {
        subject,
        at: state.clock.now(),
    }
}

fn work(state: &HubState) -> Work {
    Work {
        store: state.store.clone(),
        clock: state.clock.clone(),
        wake: state.wake.clone(),
    }
}

const fn at_most(n: usize) -> Result<(), usize> {
    if n > MAX_BATCH {
        Err(MAX_BATCH)
    } else {
        Ok(())
    }
}

/// A gateway's sign of life; answers who else is on the hub.
pub async fn hello(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(hello): Message<Hello>,
) -> Answered<HelloReply> {
    let call = call(&state, subject);
    let others = state.store.hello(&call, &hello).await?;
    let directory = others
        .into_iter()
        .map(|other| DirectoryEntry {
            organisation: other.id,
            name: other.name,
            ae_title: other.ae_title,
        })
        .collect();
    Ok(Json(HelloReply {
        time: call.at,
        directory,
    }))
}

/// Which of the gateway's images the hub lacks. Those it has are settled here.
pub async fn offer(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(Offers { offers }): Message<Offers>,
) -> Answered<Answers> {
    at_most(offers.len()).map_err(ProblemResponse::too_many)?;
    let call = call(&state, subject);
    let answers = admit::offered(&*state.store, &*state.blobs, &call, offers).await?;
    let sent_for = |answer: &Answer| matches!(answer, Answer::Send | Answer::GoOn { .. });
    if !answers.iter().all(sent_for) {
        state.wake.all();
    }
    measure::answers(&state.metrics, &answers);
    Ok(Json(Answers { answers }))
}

/// A study has all come.
pub async fn complete(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(complete): Message<Complete>,
) -> Result<StatusCode, ProblemResponse> {
    state
        .store
        .complete(&call(&state, subject), &complete)
        .await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// Waits for a delivery to the gateway's organisation.
pub async fn ask_work(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    Machine(subject): Machine,
    Message(AskWork { wait_seconds }): Message<AskWork>,
) -> Answered<WorkReply> {
    let work = work(&state);
    let wait = Duration::from_secs(wait_seconds.into()).min(LONGEST_WAIT);
    let deadline = Instant::now() + wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let task = work.ask(&subject, left.min(SLICE)).await?;
        let stopping = stopping
            .as_ref()
            .is_some_and(|Extension(stopping)| stopping.0.is_cancelled());
        if task.is_some() || left <= SLICE || stopping {
            return Ok(Json(WorkReply { task }));
        }
    }
}

/// Images of a claimed delivery, decided anew.
pub async fn content(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(fetch): Message<Fetch>,
) -> Result<Response, ProblemResponse> {
    at_most(fetch.instances.len()).map_err(ProblemResponse::too_many)?;
    let HubState {
        store,
        blobs,
        clock,
        ..
    } = &state;
    let bytes = decide::content(store, blobs, clock, &subject, &fetch).await?;
    let headers = [(header::CONTENT_TYPE, frame::MEDIA_TYPE)];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

/// Waits for an errand of the gateway's.
pub async fn ask_errand(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    Machine(subject): Machine,
    Message(AskErrand {
        wait_seconds,
        urgent_only,
    }): Message<AskErrand>,
) -> Answered<AskedErrand> {
    let dispatch = dispatch(&state);
    let wait = Duration::from_secs(wait_seconds.into()).min(LONGEST_WAIT);
    let deadline = Instant::now() + wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let errand = dispatch.ask(&subject, left.min(SLICE), urgent_only).await?;
        let stopping = stopping
            .as_ref()
            .is_some_and(|Extension(stopping)| stopping.0.is_cancelled());
        if errand.is_some() || left <= SLICE || stopping {
            return Ok(Json(AskedErrand { errand }));
        }
    }
}

/// What came of an errand so far.
pub async fn found(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(found): Message<Found>,
) -> Answered<FoundReply> {
    let count = found.studies.len().max(found.problems.len());
    if count > MAX_FOUND {
        return Err(ProblemResponse::too_many(MAX_FOUND));
    }
    let reply = dispatch(&state)
        .found(&subject, found, rand::random())
        .await?;
    Ok(Json(reply))
}

fn dispatch(state: &HubState) -> Dispatch {
    Dispatch {
        store: state.store.clone(),
        vault: state.vault.clone(),
        clock: state.clock.clone(),
        wake: state.wake.clone(),
    }
}

/// What became of images of a claimed delivery.
pub async fn report(
    State(state): State<HubState>,
    Machine(subject): Machine,
    Message(report): Message<Report>,
) -> Answered<ReportReply> {
    at_most(report.receipts.len()).map_err(ProblemResponse::too_many)?;
    let reply = work(&state)
        .report(&subject, &report, rand::random())
        .await?;
    Ok(Json(reply))
}
