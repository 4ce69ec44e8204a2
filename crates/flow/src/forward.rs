//! Stage 2, forward: the gateway hands what it holds to the hub.
//!
//! First it offers, so that what the hub has does not travel; then it sends
//! what is wanted, several bodies side by side, each of many images. An image
//! leaves the spool only when the hub has answered for it. Nothing here is
//! remembered outside the index: after any stop the same images are offered
//! again, and the hub says what it has.

mod troubles;

pub use troubles::Troubles;

use crate::{
    clock::Clock,
    line,
    ports::gateway::{GatewayStore, Hub, HubError, ObjectNumber, Sending, Spool, Spooled},
    receive::Bell,
};
use bildbro_domain::{ErrorClass, retry::BackOff};
use bildbro_wire::link::{Answer, MAX_BATCH, Offer, Refusal};
use futures::{StreamExt, TryStreamExt, stream::FuturesUnordered};
use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

/// An image that the hub wants, from a byte on.
struct Wanted {
    spooled: Spooled,
    from: u64,
    /// To be sent as it is: packed, it has come to nothing.
    plain: bool,
}

/// Images with an answer that holds, and what that comes to.
type Settled = (Vec<ObjectNumber>, Progress);

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
    pub troubles: Troubles,
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
                Ok(progress) => {
                    failures = 0;
                    if progress.again > 0 {
                        tracing::warn!(images = progress.again, "forward.again");
                    }
                    Wait::ForNews(self.troubles.wait(self.clock.now()))
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "forward.waiting");
                    }
                    Wait::For(BackOff::PEER.wait(failures, rand::random()))
                }
            };
            tokio::select! {
                () = wait.out(&mut news) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Hands over what waits, and what comes meanwhile, until nothing does: an
    /// image that takes long does not hold up those behind it. Answers how far
    /// it came.
    ///
    /// # Errors
    /// [`ForwardError`]; what was settled before stays settled.
    pub async fn round(&self) -> Result<Progress, ForwardError> {
        let mut news = self.bell.listen();
        let mut progress = Progress::default();
        // Not to be offered in this round: under way, or in trouble.
        let mut taken = self.troubles.not_due(self.clock.now());
        let mut bodies = VecDeque::new();
        let mut under_way = FuturesUnordered::new();
        // The first; then what is under way comes to its end, and no more.
        let mut failed = None;
        loop {
            if bodies.is_empty() && failed.is_none() {
                match self.offer_next(&taken).await {
                    Ok((wanted, settled)) => {
                        progress += settled;
                        taken.extend(wanted.iter().map(|wanted| wanted.spooled.object));
                        bodies = cut(wanted, self.pace);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            while failed.is_none()
                && under_way.len() < self.pace.lanes
                && let Some(body) = bodies.pop_front()
            {
                under_way.push(self.send(body));
            }
            if under_way.is_empty() {
                return failed.map_or(Ok(progress), Err);
            }
            let idle_lane = failed.is_none() && under_way.len() < self.pace.lanes;
            tokio::select! {
                Some(sent) = under_way.next() => match sent {
                    Ok((settled, sent)) => {
                        progress += sent;
                        for object in settled {
                            taken.remove(&object);
                        }
                    }
                    Err(error) => failed = failed.or(Some(error)),
                },
                Ok(()) = news.changed(), if idle_lane => {}
            }
        }
    }

    /// Offers the oldest images that wait and are not `taken`, until some of
    /// them are wanted; empty when there are no more.
    async fn offer_next(
        &self,
        taken: &HashSet<ObjectNumber>,
    ) -> Result<(Vec<Wanted>, Progress), ForwardError> {
        let most = u32::try_from(MAX_BATCH).unwrap_or(u32::MAX);
        let (mut after, mut progress) = (0, Progress::default());
        loop {
            let mut waiting = self.store.to_forward(after, most).await?;
            let Some(last) = waiting.last() else {
                return Ok((Vec::new(), progress));
            };
            after = last.object;
            waiting.retain(|spooled| !taken.contains(&spooled.object));
            if waiting.is_empty() {
                continue;
            }
            let (wanted, settled) = self.offer(waiting).await?;
            progress += settled;
            if !wanted.is_empty() {
                return Ok((wanted, progress));
            }
        }
    }

    async fn offer(&self, waiting: Vec<Spooled>) -> Result<(Vec<Wanted>, Progress), ForwardError> {
        let (spooled, offers): (Vec<Spooled>, Vec<Offer>) = waiting
            .into_iter()
            .filter_map(|s| s.offer().map(|offer| (s, offer)))
            .unzip();
        let answers = self.hub.offer(&offers).await?;
        let mut wanted = Vec::new();
        let mut known = Vec::new();
        for (spooled, answer) in spooled.into_iter().zip(answers) {
            let from = match answer {
                Answer::Send => 0,
                Answer::GoOn { from } => from,
                answer => {
                    known.push((spooled, answer));
                    continue;
                }
            };
            let plain = self.troubles.has(spooled.object);
            // What has come to nothing is begun anew.
            let from = if plain { 0 } else { from };
            wanted.push(Wanted {
                spooled,
                from,
                plain,
            });
        }
        let (_, settled) = self.settle(known).await?;
        Ok((wanted, settled))
    }

    async fn send(&self, body: Vec<Wanted>) -> Result<Settled, ForwardError> {
        let sending = body.iter().filter_map(|wanted| {
            Some(Sending {
                offer: wanted.spooled.offer()?,
                from: wanted.from,
                plain: wanted.plain,
            })
        });
        let sending: Vec<Sending> = sending.collect();
        let places = body
            .iter()
            .map(|wanted| (wanted.spooled.object, wanted.from));
        let places: Vec<(u64, u64)> = places.collect();
        let spool = Arc::clone(&self.spool);
        let spoilt = Arc::new(Mutex::new(HashSet::new()));
        let seen = Arc::clone(&spoilt);
        let read = Box::new(move |i: usize| {
            let seen = Arc::clone(&seen);
            let note = move |error: &std::io::Error| {
                if line::is_spoilt(error) {
                    seen.lock().expect("nobody panics with it").insert(i);
                }
            };
            let (object, from) = places[i];
            let stream = spool.read(object, from).inspect_err(&note)?;
            Ok(stream.inspect_err(note).boxed())
        });
        let mut answers = self.hub.send(sending, read).await?;
        // What the disk has spoilt must not be tried for ever, or keep the
        // others from passing: it stays, for a person to look at.
        for &i in spoilt.lock().expect("nobody panics with it").iter() {
            tracing::error!(object = body[i].spooled.object, "forward.unreadable");
            let reason = Refusal::Unreadable;
            answers[i] = Answer::Refused { reason };
        }
        let spooled = body.into_iter().map(|wanted| wanted.spooled);
        self.settle(spooled.zip(answers).collect()).await
    }

    async fn settle(&self, answers: Vec<(Spooled, Answer)>) -> Result<Settled, ForwardError> {
        let mut progress = Progress::default();
        if answers.is_empty() {
            return Ok((Vec::new(), progress));
        }
        let mut settled = Vec::new();
        for (spooled, answer) in &answers {
            if *answer == Answer::Again {
                progress.again += 1;
                self.troubles.add(spooled.object, self.clock.now());
                continue;
            }
            self.troubles.end(spooled.object);
            settled.push(spooled.object);
            if let Answer::Refused { reason } = answer {
                tracing::error!(object = spooled.object, ?reason, "forward.refused");
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
        Ok((settled, progress))
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
fn cut(wanted: Vec<Wanted>, pace: Pace) -> VecDeque<Vec<Wanted>> {
    let mut bodies: VecDeque<Vec<Wanted>> = VecDeque::new();
    let mut bytes = 0;
    for wanted in wanted {
        let length = wanted.spooled.length.saturating_sub(wanted.from);
        let full = bodies
            .back()
            .is_none_or(|body| body.len() >= pace.body_images || bytes + length > pace.body_bytes);
        if full {
            bodies.push_back(Vec::new());
            bytes = 0;
        }
        bytes += length;
        if let Some(body) = bodies.back_mut() {
            body.push(wanted);
        }
    }
    bodies
}

/// What the next round waits for.
enum Wait {
    /// Something new, or an image's time to be tried again.
    ForNews(Option<Duration>),
    /// A hub that is away: news change nothing.
    For(Duration),
}

impl Wait {
    async fn out(self, news: &mut tokio::sync::watch::Receiver<u64>) {
        match self {
            Self::For(wait) => tokio::time::sleep(wait).await,
            Self::ForNews(None) => {
                let _closed = news.changed().await;
            }
            Self::ForNews(Some(wait)) => {
                let _time_is_up = tokio::time::timeout(wait, news.changed()).await;
            }
        }
    }
}
