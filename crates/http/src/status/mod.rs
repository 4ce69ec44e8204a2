//! The status page: where every delivery stands, in plain words, by itself.
//!
//! Rendered here, in Swedish or English; a small script keeps it true by the
//! stream at `/events`, and without script it is still the page. It shows no
//! personal data, since nobody logs in.

mod asset;
mod events;
mod json;
mod language;
mod line;
mod render;
mod view;
mod words;

pub use asset::asset;
pub(crate) use events::events;
pub use language::Language;
pub use render::page as render_page;
pub use view::Board;

use crate::{HubState, problem::ProblemResponse};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use bildbro_domain::share::Failure;
use bildbro_flow::ports::StoreError;
use serde::Deserialize;

/// Rows of each list that the page shows.
const MOST: u32 = 100;

/// `?lang=`; anything else in the query is ignored.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
}

fn language(asked: &Asked, headers: &HeaderMap) -> Language {
    let accept = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Language::choose(asked.lang.as_deref(), accept)
}

/// Reads what the page shows.
async fn look(state: &HubState) -> Result<Board, StoreError> {
    let at = state.clock.now();
    let (overview, totals, organisations) = tokio::try_join!(
        state.store.overview(at, MOST),
        state.store.totals(),
        state.store.organisations(),
    )?;
    Ok(Board {
        overview,
        totals,
        organisations,
        at,
    })
}

/// What a person can do about a failure, in Swedish and in English.
#[must_use]
pub(crate) const fn remedy(failure: Failure) -> (&'static str, &'static str) {
    let (_, remedy) = words::failure(failure);
    (remedy.sv, remedy.en)
}

/// A template that fails is a fault of ours.
fn broken(error: &minijinja::Error) -> ProblemResponse {
    tracing::error!(%error, "page.failed");
    ProblemResponse::internal()
}

/// `GET /`
pub async fn page(
    State(state): State<HubState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let language = language(&asked, &headers);
    let board = look(&state).await?;
    let html = render::page(&board, language).map_err(|error| broken(&error))?;
    let headers = [
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "accept-language"),
    ];
    Ok((headers, Html(html)).into_response())
}

/// `GET /overview.json`: the same facts for machines.
pub async fn overview(State(state): State<HubState>) -> Result<Response, ProblemResponse> {
    let board = look(&state).await?;
    Ok(Json(json::overview(&board)).into_response())
}
