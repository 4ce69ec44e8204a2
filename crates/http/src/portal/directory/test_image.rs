//! A test image, sent and followed.

use super::{Nothing, fields};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
    problem::ProblemResponse,
    status,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use bildbro_domain::share::{DeliveryState, Failure};
use bildbro_flow::{
    ports::portal::directory::{TestImage, TestProgress},
    test_image,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
pub struct TestSent {
    delivery: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// As of every delivery: waiting, under_way, retrying, delivered, stopped or
    /// withdrawn.
    state: &'static str,
    stages: Vec<Stage>,
    /// The gateway that took it on, once one has.
    gateway: Option<String>,
    /// Why it is not there, as a word.
    failure: Option<&'static str>,
    /// What a person can do about that.
    remedy: Option<Remedy>,
    /// From when it was made until it was in the PACS, or stopped, or now.
    seconds: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Stage {
    /// made, at_hub, allowed, under_way or in_pacs.
    stage: &'static str,
    /// Null: not there yet.
    at: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Remedy {
    sv: &'static str,
    en: &'static str,
}

impl Progress {
    fn of(test: &TestProgress, now: Timestamp) -> Self {
        let ended = matches!(
            test.state,
            DeliveryState::Delivered | DeliveryState::Stopped | DeliveryState::Withdrawn
        );
        let until = test
            .in_pacs
            .or(ended.then_some(test.updated))
            .unwrap_or(now);
        let stages = [
            ("made", Some(test.made)),
            ("at_hub", Some(test.at_hub)),
            ("allowed", test.allowed),
            // It sets out as it is let go: the decision is each fetch's own.
            ("under_way", test.allowed),
            ("in_pacs", test.in_pacs),
        ];
        let stage = |(stage, at): (&'static str, Option<Timestamp>)| Stage {
            stage,
            at: at.map(|at| at.to_string()),
        };
        Self {
            state: test.state.as_str(),
            stages: stages.map(stage).into(),
            gateway: test.gateway.map(|gateway| gateway.to_string()),
            failure: test.failure.map(Failure::as_str),
            remedy: test.failure.map(|failure| {
                let (sv, en) = status::remedy(failure);
                Remedy { sv, en }
            }),
            seconds: until.duration_since(test.made).as_secs_f64().max(0.0),
        }
    }
}

/// `POST /api/gateways/{id}/test`
pub async fn send(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(gateway): Path<String>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<(StatusCode, Json<TestSent>), Refused> {
    let gateway = fields::id(&gateway)?;
    let (offer, bytes) = test_image::make(rand::random(), caller.at);
    let kept = test_image::keep(state.blobs.as_ref(), offer, bytes).await;
    let image = TestImage {
        item: kept.map_err(ProblemResponse::from)?,
        at_hub: state.clock.now(),
    };
    let delivery = state.portal.send_test(&caller, gateway, image).await?;
    state.wake.all();
    let delivery = delivery.to_string();
    Ok((StatusCode::CREATED, Json(TestSent { delivery })))
}

/// `GET /api/tests/{delivery}`
pub async fn progress(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(delivery): Path<String>,
) -> Result<Json<Progress>, Refused> {
    let delivery = fields::id(&delivery)?;
    let test = state.portal.test_progress(&caller, delivery).await?;
    Ok(Json(Progress::of(&test, caller.at)))
}
