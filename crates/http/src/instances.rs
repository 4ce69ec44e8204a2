//! `INSTANCES`: a body of frames into [`Intake`], with the hub's storage
//! setting the pace.
//!
//! Runs in a task of its own: when the gateway hangs up in the middle, hyper
//! drops the handler, but what had come whole is still to be recorded.

use crate::{
    HubState,
    machine::Machine,
    measure,
    message::{next_chunk, require_media_type},
    problem::ProblemResponse,
};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use bildbro_domain::policy::Subject;
use bildbro_flow::admit::Intake;
use bildbro_wire::{
    frame::{Decoder, Event, FrameError, MEDIA_TYPE},
    link::{Answers, Carried, MAX_BATCH, Offer},
};
use tracing::Instrument;

/// Takes images; answers one word for each, in order.
pub async fn instances(
    State(state): State<HubState>,
    Machine(subject): Machine,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answers>, ProblemResponse> {
    require_media_type(&headers, MEDIA_TYPE)?;
    tokio::spawn(take(state, subject, body).in_current_span())
        .await
        .map_err(|_| ProblemResponse::internal())?
}

async fn take(
    state: HubState,
    subject: Subject,
    body: Body,
) -> Result<Json<Answers>, ProblemResponse> {
    let mut intake = Intake::new(
        state.store.clone(),
        state.blobs.clone(),
        state.clock.clone(),
        subject,
        state.max_object,
        state.room.clone(),
        state.wake.clone(),
    );
    let mut came = Came::default();
    let read = read(&mut intake, body, &mut came).await;
    let closed = intake.close().await;
    if let Ok(answers) = &closed {
        measure::answers(&state.metrics, answers);
        measure::admitted(&state.metrics, answers, &came.lengths);
    }
    read?;
    Ok(Json(Answers { answers: closed? }))
}

/// Lengths of the whole frames so far, in order.
#[derive(Default)]
struct Came {
    lengths: Vec<u64>,
    begun: u64,
}

async fn read(intake: &mut Intake, body: Body, came: &mut Came) -> Result<(), ProblemResponse> {
    let mut chunks = body.into_data_stream();
    let mut decoder = Decoder::default();
    while let Some(chunk) = next_chunk(&mut chunks).await? {
        decoder.push(&chunk);
        while let Some(event) = decoder.next_event().map_err(malformed)? {
            match event {
                Event::Head(meta) => {
                    if came.lengths.len() == MAX_BATCH {
                        return Err(ProblemResponse::too_many(MAX_BATCH));
                    }
                    let carried: Carried<Offer> = serde_json::from_slice(&meta).map_err(|_| {
                        ProblemResponse::unreadable("A frame's meta part is not an offer.")
                    })?;
                    came.begun = carried.image.length;
                    intake.begin(carried).await?;
                }
                Event::Data(bytes) => intake.data(bytes).await?,
                Event::Whole | Event::GivenUp => {
                    intake.end(event == Event::Whole).await?;
                    came.lengths.push(came.begun);
                }
                Event::End => {}
            }
        }
    }
    decoder.finish().map_err(malformed)
}

fn malformed(error: FrameError) -> ProblemResponse {
    match error {
        FrameError::CutOff => ProblemResponse::broken_off(),
        FrameError::MetaTooLong(_) | FrameError::PieceTooLong(_) | FrameError::AfterEnd => {
            ProblemResponse::unreadable(format!("{error}."))
        }
    }
}
