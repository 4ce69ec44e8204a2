//! `/events`: the page's parts as they change (server-sent events).
//!
//! A wake-up or a tick leads to a look; what differs from what this reader has
//! is sent. Looks are at most four a second, readers are bounded, and a slow
//! reader gets the newest state, not a backlog.

use super::{Asked, Language, broken, language, look, render};
use crate::{HubState, Stopping, live::News, problem::ProblemResponse};
use axum::{
    Extension,
    extract::{Query, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use std::{collections::BTreeMap, convert::Infallible, sync::LazyLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Readers at a time.
const MOST_READERS: usize = 32;

static READERS: LazyLock<std::sync::Arc<Semaphore>> =
    LazyLock::new(|| std::sync::Arc::new(Semaphore::new(MOST_READERS)));

struct Reader {
    state: HubState,
    language: Language,
    news: News,
    sent: BTreeMap<&'static str, String>,
    _place: OwnedSemaphorePermit,
}

/// `GET /events`
pub(crate) async fn events(
    State(state): State<HubState>,
    stopping: Option<Extension<Stopping>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ProblemResponse> {
    let place = READERS
        .clone()
        .try_acquire_owned()
        .map_err(|_| ProblemResponse::busy("Too many pages are open; close some."))?;
    let reader = Reader {
        language: language(&asked, &headers),
        news: News::of(&state, stopping.map(|Extension(stopping)| stopping)),
        state,
        sent: BTreeMap::new(),
        _place: place,
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Reader {
    /// The next change, or `None` when the stream ends: the hub stops, or its
    /// storage fails, which the page shows as lost contact.
    async fn next(&mut self) -> Option<Event> {
        let first = self.sent.is_empty();
        let mut waited = first;
        loop {
            if !waited && !self.news.wait().await {
                return None;
            }
            waited = false;
            let board = look(&self.state)
                .await
                .map_err(|e| crate::problem::log(&e))
                .ok()?;
            let parts = render::parts(&board, self.language)
                .map_err(|e| broken(&e))
                .ok()?;
            let mut changed = parts.clone();
            changed.retain(|part, html| self.sent.get(part) != Some(html));
            self.sent = parts;
            if !changed.is_empty() {
                return Event::default().event("parts").json_data(changed).ok();
            }
        }
    }
}
