//! Waiting for what another process does: ask again, shortly, up to a limit.

use std::time::{Duration, Instant};

/// How long anything in a test may take to come true. Generous: only a
/// failing test waits this long.
pub const LIMIT: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer; `None` when `limit` has passed.
pub async fn until<T>(limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// [`until`] with the usual limit, for a test that cannot go on without.
///
/// # Panics
/// When it does not come true.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    match until(LIMIT, ask).await {
        Some(answer) => answer,
        None => panic!("waited {LIMIT:?} in vain: {what}"),
    }
}
