//! What changes while someone looks (server-sent events).
//!
//! A wake-up or a tick leads to a look, and what differs from what this reader
//! has is sent. Each look asks again who the session is, so that the stream
//! ends with it, and a member who only watches is as idle as one who is away.

use crate::{
    HubState, Stopping,
    portal::{Caller, Refused},
    problem::ProblemResponse,
};
use axum::response::sse::{Event, KeepAlive, Sse};
use bildbro_flow::ports::portal;
use futures::{Stream, future::BoxFuture, stream};
use std::{
    convert::Infallible,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Looks are this far apart at least.
const PACE: Duration = Duration::from_millis(250);

/// Without a wake-up: a gateway's sign of life, one that has fallen silent, and a
/// session that has ended, wake nobody.
const TICK: Duration = Duration::from_secs(2);

/// What a reader waits for: something new, perhaps, or that the hub stops.
pub struct News {
    changes: watch::Receiver<u64>,
    stopping: Option<Stopping>,
}

impl News {
    pub fn of(state: &HubState, stopping: Option<Stopping>) -> Self {
        Self {
            changes: state.wake.subscribe(),
            stopping,
        }
    }

    /// Until there may be something new; false when the hub stops.
    pub async fn wait(&mut self) -> bool {
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

/// Readers at a time, of this process.
const MOST_READERS: usize = 256;

static READERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(MOST_READERS)));

/// One look, as JSON; `None` ends the stream.
pub type Look = fn(HubState, portal::Caller) -> BoxFuture<'static, Option<String>>;

struct Reader {
    state: HubState,
    caller: portal::Caller,
    name: &'static str,
    look: Look,
    news: News,
    sent: Option<String>,
    _place: OwnedSemaphorePermit,
}

/// Events of one name, each with the whole of what is looked at.
///
/// # Errors
/// When too many read already.
pub fn events(
    state: HubState,
    stopping: Option<Stopping>,
    Caller(caller): Caller,
    name: &'static str,
    look: Look,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let place = READERS
        .clone()
        .try_acquire_owned()
        .map_err(|_| ProblemResponse::busy("Too many pages are open; close some."))?;
    let reader = Reader {
        news: News::of(&state, stopping),
        state,
        caller,
        name,
        look,
        sent: None,
        _place: place,
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Reader {
    /// The next change, or `None` when the stream ends: the hub stops, its
    /// database fails, or the session has ended or may no longer see this.
    async fn next(&mut self) -> Option<Event> {
        let mut waited = self.sent.is_none();
        loop {
            if !waited && !self.news.wait().await {
                return None;
            }
            waited = false;
            self.caller.at = self.state.clock.now();
            let seen = (self.look)(self.state.clone(), self.caller.clone()).await?;
            if self.sent.as_ref() != Some(&seen) {
                let event = Event::default().event(self.name).data(&seen);
                self.sent = Some(seen);
                return Some(event);
            }
        }
    }
}
