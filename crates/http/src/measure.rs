//! Counting and tracing: every request by its route, and what passes.
//!
//! A route is named by its pattern from [`crate::ENDPOINTS`], never by the
//! path asked for, so that labels are few and no text of a caller's gets into
//! metrics or logs.

use crate::{HubState, problem::ProblemResponse};
use axum::{
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bildbro_domain::share::DeliveryState;
use bildbro_telemetry::Metrics;
use bildbro_wire::link::Answer;
use std::time::Instant;
use tracing::Instrument;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What has no route.
const NO_ROUTE: &str = "none";

/// As [`bildbro_flow::ports::hub::Totals::deliveries`] counts them.
const STATES: [DeliveryState; 6] = [
    DeliveryState::Waiting,
    DeliveryState::UnderWay,
    DeliveryState::Retrying,
    DeliveryState::Delivered,
    DeliveryState::Stopped,
    DeliveryState::Withdrawn,
];

/// Stands around every request.
pub async fn request(State(state): State<HubState>, request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let route = path.and_then(listed).unwrap_or(NO_ROUTE);
    let span = tracing::info_span!("http.request", method = %request.method(), route);
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status();
    state.metrics.http_request(route, status.as_u16(), took);
    let milliseconds = took.as_millis();
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), milliseconds, "http.answered");
        } else if status.is_client_error() {
            tracing::info!(status = status.as_u16(), milliseconds, "http.answered");
        } else {
            tracing::debug!(status = status.as_u16(), milliseconds, "http.answered");
        }
    });
    response
}

fn listed(path: &str) -> Option<&'static str> {
    let endpoint = crate::ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.path == path);
    endpoint.map(|endpoint| endpoint.path)
}

/// What images were answered, by kind.
pub fn answers(metrics: &Metrics, answers: &[Answer]) {
    for answer in answers {
        metrics.answered(kind(answer));
    }
}

/// Images that were taken in; `lengths` in bytes, in the order of the answers.
pub fn admitted(metrics: &Metrics, answers: &[Answer], lengths: &[u64]) {
    for (answer, length) in answers.iter().zip(lengths) {
        if matches!(
            answer,
            Answer::Held | Answer::Quarantined { .. } | Answer::Denied
        ) {
            metrics.admitted(*length);
        }
    }
}

const fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Send => "send",
        Answer::GoOn { .. } => "go_on",
        Answer::Held => "held",
        Answer::Quarantined { .. } => "quarantined",
        Answer::Refused { .. } => "refused",
        Answer::Denied => "denied",
        Answer::Again => "again",
    }
}

/// `GET /metrics`: OpenMetrics text.
pub async fn metrics(State(state): State<HubState>) -> Result<Response, ProblemResponse> {
    let totals = state.store.totals().await?;
    let metrics = &state.metrics;
    for (state, n) in STATES.into_iter().zip(totals.deliveries) {
        metrics.set_deliveries(state.as_str(), n);
    }
    metrics.set_holdings(totals.studies, totals.instances, totals.instance_bytes);
    metrics.set_quarantined(totals.quarantined);
    metrics.set_pending(totals.pending_images);
    metrics.set_audit_entries(totals.audit_entries);
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], metrics.encode()).into_response())
}
