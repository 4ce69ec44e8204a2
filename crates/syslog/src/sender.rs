//! The loop that brings the log to a receiver.

use crate::{
    message::{Message, Origin},
    receiver::{DeliveryError, Receiver},
};
use async_trait::async_trait;
use bildbro_domain::retry::BackOff;
use bildbro_wire::audit::Event;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What a source says when it cannot: words for a log, without personal data.
#[derive(Debug, thiserror::Error)]
#[error("the audit log's cursor: {0}")]
pub struct SourceError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The log, and one receiver's cursor in it. The cursor outlives the process.
///
/// At most one process holds the cursor at a time, so that entries are sent
/// once as a rule and in order; a holder that does not come back loses it when
/// its lease ends. Who a holder is, the implementation knows.
#[async_trait]
pub trait Source: Send + Sync {
    /// Takes or renews the lease. The sequence that the receiver is known to
    /// have, 0 for none; `None` while another holds the cursor.
    async fn take(&self, lease: Duration) -> Result<Option<u64>, SourceError>;

    /// The entries after a sequence in their order, `most` at most. An entry
    /// must not appear below one that was given before: commits out of order
    /// are for the implementation to hold back.
    async fn next(&self, after: u64, most: usize) -> Result<Vec<Event>, SourceError>;

    /// Moves the cursor forward and renews the lease. False, and nothing is
    /// moved, when another holds it by now.
    async fn advance(&self, to: u64, lease: Duration) -> Result<bool, SourceError>;

    /// Lets go of the lease, so that another need not wait for its end.
    async fn release(&self) -> Result<(), SourceError>;

    /// Returns when there may be something new; early or never is no fault.
    async fn changed(&self) {
        std::future::pending().await
    }
}

/// How much at once, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Entries of a batch, which is a connection.
    pub most: usize,
    /// A batch ends at this many bytes, with the entry that reaches it.
    pub most_bytes: usize,
    /// How long the cursor is held. A batch that takes longer is given up, lest
    /// two send at once.
    pub lease: Duration,
    /// How often to look when nobody says that there is something new.
    pub look: Duration,
    pub back_off: BackOff,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            most: 500,
            most_bytes: 4 << 20,
            lease: Duration::from_secs(120),
            look: Duration::from_secs(5),
            back_off: BackOff::PEER,
        }
    }
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Another process holds the cursor.
    Elsewhere,
    /// The receiver has all there is.
    Idle,
    /// This many entries were confirmed.
    Sent(usize),
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error("a batch took longer than the lease")]
    Slow,
}

/// Sends what the source has to one receiver.
pub struct Sender<S> {
    source: S,
    receiver: Receiver,
    origin: Origin,
    pace: Pace,
}

impl<S: Source> Sender<S> {
    pub const fn new(source: S, receiver: Receiver, origin: Origin, pace: Pace) -> Self {
        Self {
            source,
            receiver,
            origin,
            pace,
        }
    }

    /// Sends until told to stop. A receiver that is away is asked again and
    /// again, ever more slowly; the first failure and the recovery are logged.
    /// A stop does not wait for a batch under way: it is sent again.
    pub async fn run(&self, stop: CancellationToken) {
        stop.run_until_cancelled(self.send_on()).await;
        if let Err(error) = self.source.release().await {
            tracing::warn!(%error, "the cursor of the syslog receiver stays taken until its lease ends");
        }
    }

    async fn send_on(&self) {
        let mut failed = 0;
        loop {
            match self.round().await {
                Ok(round) => {
                    if failed > 0 && matches!(round, Round::Sent(_)) {
                        tracing::info!("the syslog receiver takes audit messages again");
                    }
                    failed = 0;
                    if !matches!(round, Round::Sent(_)) {
                        self.pause().await;
                    }
                }
                Err(error) => {
                    failed += 1;
                    if failed == 1 {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, "audit messages wait for the syslog receiver");
                    }
                    sleep(self.pace.back_off.wait(failed, rand::random())).await;
                }
            }
        }
    }

    async fn pause(&self) {
        let _either = timeout(self.pace.look, self.source.changed()).await;
    }

    /// One batch: from the cursor to the receiver's confirmation.
    ///
    /// # Errors
    /// When source or receiver fails; the cursor is where it was.
    pub async fn round(&self) -> Result<Round, SendError> {
        let lease = self.pace.lease;
        let Some(after) = self.source.take(lease).await? else {
            return Ok(Round::Elsewhere);
        };
        let events = self.source.next(after, self.pace.most).await?;
        let (frames, last) = self.batch(&events);
        let Some(last) = last else {
            return Ok(Round::Idle);
        };
        // Well before the lease ends, since `take` was a moment ago.
        timeout(lease.mul_f32(0.8), self.receiver.deliver(&frames))
            .await
            .map_err(|_| SendError::Slow)??;
        if self.source.advance(last, lease).await? {
            Ok(Round::Sent(frames.len()))
        } else {
            Ok(Round::Elsewhere)
        }
    }

    fn batch(&self, events: &[Event]) -> (Vec<Vec<u8>>, Option<u64>) {
        let mut frames = Vec::with_capacity(events.len());
        let (mut bytes, mut last) = (0, None);
        for event in events {
            if bytes >= self.pace.most_bytes {
                break;
            }
            let frame = Message::audit(event, &self.origin).frame();
            bytes += frame.len();
            frames.push(frame);
            last = Some(event.sequence);
        }
        (frames, last)
    }
}
