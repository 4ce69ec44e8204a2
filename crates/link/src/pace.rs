//! Bandwidth by time of day: a hospital lends the exchange so much of its line
//! while the day's work goes on, and more at night.

use bildbro_flow::ports::ByteStream;
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{
    num::NonZeroU64,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

/// Longest piece let through at once, so that several share a slow line fairly.
const PIECE: usize = 32 * 1024;

/// What has not been used is saved up for this long.
const SAVED: Duration = Duration::from_millis(100);

/// Bytes a second at this moment; `None` for as fast as it goes.
pub type Rate = dyn Fn() -> Option<NonZeroU64> + Send + Sync;

/// Holds all streams together to one rate.
#[derive(Clone)]
pub struct Pacer(Arc<Inner>);

struct Inner {
    rate: Box<Rate>,
    /// When the bytes let through so far will have been paid for.
    paid: Mutex<Instant>,
}

impl Pacer {
    #[must_use]
    pub fn new(rate: Box<Rate>) -> Self {
        let paid = Mutex::new(Instant::now());
        Self(Arc::new(Inner { rate, paid }))
    }

    /// As fast as it goes.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(Box::new(|| None))
    }

    /// The same bytes, at the rate.
    pub fn paced(&self, bytes: ByteStream) -> ByteStream {
        let pacer = self.clone();
        bytes
            .map(|chunk| chunk.map_or_else(|e| vec![Err(e)], |b| split(b).map(Ok).collect()))
            .map(stream::iter)
            .flatten()
            .then(move |piece| {
                let pacer = pacer.clone();
                async move {
                    if let Ok(bytes) = &piece {
                        pacer.wait(bytes.len()).await;
                    }
                    piece
                }
            })
            .boxed()
    }

    /// Waits until `bytes` more may pass.
    async fn wait(&self, bytes: usize) {
        let Some(rate) = (self.0.rate)() else { return };
        let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(rate.get()));
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let now = Instant::now();
        let due = {
            let mut paid = self.0.paid.lock().expect("nobody panics with it");
            let begin = (*paid).max(now.checked_sub(SAVED).unwrap_or(now));
            *paid = begin + cost;
            *paid
        };
        tokio::time::sleep_until(due).await;
    }
}

fn split(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(bytes.len().min(PIECE))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn body(length: usize) -> ByteStream {
        stream::iter([Ok(Bytes::from(vec![7; length]))]).boxed()
    }

    async fn length(stream: ByteStream) -> usize {
        let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
        pieces.iter().map(Bytes::len).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn two_streams_together_keep_to_the_rate() {
        let pacer = Pacer::new(Box::new(|| NonZeroU64::new(1_000_000)));
        let begin = Instant::now();
        let both = tokio::join!(
            length(pacer.paced(body(2_000_000))),
            length(pacer.paced(body(1_000_000)))
        );
        assert_eq!(both, (2_000_000, 1_000_000));
        let took = begin.elapsed().as_secs_f64();
        assert!((2.8..3.1).contains(&took), "{took} s");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_follows_the_clock() {
        let rate = Arc::new(AtomicU64::new(10_000));
        let now = Arc::clone(&rate);
        let pacer = Pacer::new(Box::new(move || {
            NonZeroU64::new(now.load(Ordering::Relaxed))
        }));
        let begin = Instant::now();
        let evening = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            rate.store(0, Ordering::Relaxed);
        };
        let (came, ()) = tokio::join!(length(pacer.paced(body(5_000_000))), evening);
        assert_eq!(came, 5_000_000);
        let took = begin.elapsed().as_secs_f64();
        assert!((59.0..64.0).contains(&took), "{took} s");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_waits() {
        let begin = Instant::now();
        assert_eq!(
            length(Pacer::unlimited().paced(body(9_000_000))).await,
            9_000_000
        );
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
