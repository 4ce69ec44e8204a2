//! `/events`: the page's parts as they change (server-sent events).
//!
//! A wake-up or a tick leads to a look; what differs from what this reader has
//! is sent. Looks are at most four a second, readers are bounded, and a slow
//! reader gets the newest state, not a backlog.

use super::{Asked, Language, broken, language, look, render};
use crate::{HubState, Stopping, problem::ProblemResponse};
use axum::{
    Extension,
    extract::{Query, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use std::{collections::BTreeMap, convert::Infallible, sync::LazyLock, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Looks are this far apart at least.
const PACE: Duration = Duration::from_millis(250);

/// Without a wake-up the page is looked at this often: a gateway that has
/// fallen silent, or another process's change, wakes nobody.
const TICK: Duration = Duration::from_secs(2);

/// Readers at a time.
const MOST_READERS: usize = 32;

static READERS: LazyLock<std::sync::Arc<Semaphore>> =
    LazyLock::new(|| std::sync::Arc::new(Semaphore::new(MOST_READERS)));

struct Reader {
    state: HubState,
    language: Language,
    changes: watch::Receiver<u64>,
    sent: BTreeMap<&'static str, String>,
    stopping: Option<Stopping>,
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
        changes: state.wake.subscribe(),
        state,
        sent: BTreeMap::new(),
        stopping: stopping.map(|Extension(stopping)| stopping),
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
            if !waited && !self.wait().await {
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

    /// Until there may be something new; false when the hub stops.
    async fn wait(&mut self) -> bool {
        let stopped = async {
            match &self.stopping {
                Some(Stopping(stop)) => stop.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let changed = async {
            tokio::time::sleep(PACE).await;
            tokio::select! {
                _ = self.changes.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        };
        tokio::select! {
            () = stopped => false,
            () = changed => true,
        }
    }
}
