//! Whether the process lives, and whether it can do its work.

use crate::{
    HubState,
    problem::{self, ProblemResponse},
};
use axum::extract::State;
use std::time::Duration;

/// A storage that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// Database and image storage answer.
pub async fn ready(State(state): State<HubState>) -> Result<&'static str, ProblemResponse> {
    let both = async { tokio::try_join!(state.store.ready(), state.blobs.ready()) };
    match tokio::time::timeout(PATIENCE, both).await {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(error)) => {
            problem::log(&error);
            Err(ProblemResponse::not_ready())
        }
        Err(_) => {
            tracing::warn!(seconds = PATIENCE.as_secs(), "ready.timed_out");
            Err(ProblemResponse::not_ready())
        }
    }
}
