//! Stage 2, forward: the gateway hands what it holds to the hub.
//!
//! First it offers, so that what the hub has does not travel; then it sends
//! what is wanted, several bodies side by side, each of many images. An image
//! leaves the spool only when the hub has answered for it. Nothing here is
//! remembered outside the index: after any stop the same images are offered
//! again, and the hub says what it has.

use crate::{
    clock::Clock,
    ports::gateway::{GatewayStore, Hub, HubError, Spool, Spooled},
    receive::Bell,
};
use bildbro_domain::{ErrorClass, retry::BackOff};
use bildbro_wire::link::{Answer, MAX_BATCH, Offer, Refusal};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Bodies under way at once, and most bytes in one: a loss costs little, and a
/// long line is kept busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub lanes: usize,
    pub body_images: usize,
    pub body_bytes: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lanes: 4,
            body_images: 64,
            body_bytes: 16 << 20,
        }
    }
}

/// The forwarding stage.
pub struct Forward {
    pub store: Arc<dyn GatewayStore>,
    pub spool: Arc<dyn Spool>,
    pub hub: Arc<dyn Hub>,
    pub clock: Clock,
    pub pace: Pace,
    pub bell: Bell,
    /// Rung when images have been settled: completeness may be judged.
    pub settled: Bell,
}

/// Why a round ended without everything being handed over.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] crate::ports::StoreError),
}

impl ForwardError {
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Hub(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

impl Forward {
    /// Goes on until `stop` is ready. A hub that is away is tried again, more
    /// and more seldom; whatever the error's class, since the images must
    /// reach the hub once a person has mended what is wrong.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut news = self.bell.listen();
        let mut failures = 0;
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = &mut stop => return,
            };
            let wait = match round {
                Ok(progress) if progress.again > 0 => {
                    failures += 1;
                    tracing::warn!(images = progress.again, "forward.again");
                    Some(BackOff::PEER.wait(failures, rand::random()))
                }
                Ok(_) => {
                    failures = 0;
                    None
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "forward.waiting");
                    }
                    Some(BackOff::PEER.wait(failures, rand::random()))
                }
            };
            tokio::select! {
                () = idle(wait, &mut news) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Hands over everything that waits now. Answers how far it came.
    ///
    /// # Errors
    /// [`ForwardError`]; what was settled before stays settled.
    pub async fn round(&self) -> Result<Progress, ForwardError> {
        let mut progress = Progress::default();
        let mut after = 0;
        loop {
            let most = u32::try_from(MAX_BATCH).unwrap_or(u32::MAX);
            let waiting = self.store.to_forward(after, most).await?;
            let Some(last) = waiting.last() else {
                return Ok(progress);
            };
            after = last.object;
            progress += self.hand_over(waiting).await?;
        }
    }

    async fn hand_over(&self, waiting: Vec<Spooled>) -> Result<Progress, ForwardError> {
        let (spooled, offers): (Vec<Spooled>, Vec<Offer>) = waiting
            .into_iter()
            .filter_map(|s| s.offer().map(|offer| (s, offer)))
            .unzip();
        let answers = self.hub.offer(&offers).await?;
        let mut wanted = Vec::new();
        let mut known = Vec::new();
        for (spooled, answer) in spooled.into_iter().zip(answers) {
            match answer {
                Answer::Send => wanted.push(spooled),
                answer => known.push((spooled, answer)),
            }
        }
        let settled = self.settle(known).await?;
        let sent = stream::iter(bodies(wanted, self.pace))
            .map(|body| self.send(body))
            .buffer_unordered(self.pace.lanes)
            .try_fold(settled, |sum, more| async move { Ok(sum + more) })
            .await?;
        Ok(sent)
    }

    async fn send(&self, body: Vec<Spooled>) -> Result<Progress, ForwardError> {
        let offers: Vec<Offer> = body.iter().filter_map(Spooled::offer).collect();
        let numbers: Vec<u64> = body.iter().map(|s| s.object).collect();
        let spool = Arc::clone(&self.spool);
        let damaged = Arc::new(OnceLock::new());
        let seen = Arc::clone(&damaged);
        let read = Box::new(move |i: usize| {
            let watch = Arc::clone(&seen);
            let opened = spool.read(numbers[i]);
            let noted = move |_: &std::io::Error| {
                let _first_only = watch.set(i);
            };
            let stream = opened.inspect_err(&noted)?;
            Ok(stream.inspect_err(noted).boxed())
        });
        match self.hub.send(offers, read).await {
            Ok(answers) => self.settle(body.into_iter().zip(answers).collect()).await,
            Err(error) => {
                // An image that the disk has spoilt must not keep the others
                // from passing: it stays, for a person to look at.
                if let Some(spoilt) = damaged.get().and_then(|&i| body.into_iter().nth(i)) {
                    tracing::error!(object = spoilt.object, "forward.unreadable");
                    let reason = Refusal::Unreadable;
                    self.settle(vec![(spoilt, Answer::Refused { reason })])
                        .await?;
                }
                Err(error.into())
            }
        }
    }

    async fn settle(&self, answers: Vec<(Spooled, Answer)>) -> Result<Progress, ForwardError> {
        let mut progress = Progress::default();
        if answers.is_empty() {
            return Ok(progress);
        }
        for (spooled, answer) in &answers {
            match answer {
                Answer::Again => progress.again += 1,
                Answer::Refused { reason } => {
                    tracing::error!(object = spooled.object, ?reason, "forward.refused");
                }
                _ => {}
            }
        }
        let released = self
            .store
            .settle_forward(&answers, self.clock.now())
            .await?;
        for object in &released {
            self.spool.release(*object);
        }
        progress.settled = released.len() as u64;
        self.settled.ring();
        Ok(progress)
    }
}

/// How far a round came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Images that the hub has answered for.
    pub settled: u64,
    /// Images that the hub wants once more.
    pub again: u64,
}

impl std::ops::Add for Progress {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            settled: self.settled + other.settled,
            again: self.again + other.again,
        }
    }
}

impl std::ops::AddAssign for Progress {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Cuts what is to be sent into bodies.
fn bodies(wanted: Vec<Spooled>, pace: Pace) -> Vec<Vec<Spooled>> {
    let mut bodies: Vec<Vec<Spooled>> = Vec::new();
    let mut bytes = 0;
    for spooled in wanted {
        let full = bodies.last().is_none_or(|body| {
            body.len() >= pace.body_images || bytes + spooled.length > pace.body_bytes
        });
        if full {
            bodies.push(Vec::new());
            bytes = 0;
        }
        bytes += spooled.length;
        if let Some(body) = bodies.last_mut() {
            body.push(spooled);
        }
    }
    bodies
}

/// Waits for news, or, after a failure, for its time to pass.
async fn idle(wait: Option<Duration>, news: &mut tokio::sync::watch::Receiver<u64>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => {
            let _closed = news.changed().await;
        }
    }
}
