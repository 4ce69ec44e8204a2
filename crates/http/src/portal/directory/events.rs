//! `/api/gateways/events`: the gateways as they change.

use super::gateways::look;
use crate::{
    HubState, Stopping, live,
    portal::{caller::Caller, refusal::Refused},
};
use axum::{
    Extension,
    extract::State,
    response::sse::{Event, Sse},
};
use futures::{FutureExt, Stream};
use std::convert::Infallible;

/// `GET /api/gateways/events`
pub async fn events(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let stopping = stopping.map(|Extension(stopping)| stopping);
    live::events(state, stopping, caller, "gateways", |state, caller| {
        async move {
            let list = look(&state, &caller).await.ok()?;
            serde_json::to_string(&list).ok()
        }
        .boxed()
    })
}
