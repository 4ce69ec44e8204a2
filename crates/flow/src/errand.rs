//! Errands, at the gateway: what people at the hub want of this hospital's
//! nodes. A search is answered study by study while it goes on; a study is
//! fetched by letting the node send it to the gateway, from where it goes the
//! path of any other image.
//!
//! Invariants: what was claimed is heard of by the hub before its lease ends;
//! what was done is on the gateway's own record before the hub hears of its
//! end; when the hub says that nobody waits any more, nothing else of it is
//! sent.
//!
//! What it deliberately does not do: it tries nothing again. The hub gives a
//! failed errand anew, perhaps to another gateway.

mod fetch;
mod search;

use crate::{
    clock::Clock,
    deliver::patiently,
    ports::{
        StoreError,
        gateway::{GatewayStore, Hub, HubError, Nodes},
    },
};
use bildbro_domain::{
    ErrorClass,
    audit::{Action, Actor, Entry, Outcome},
    retry::BackOff,
    share::Failure,
};
use bildbro_wire::errand::{Errand, ErrandEnd, Found, FoundReply, Task};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long one request for an errand may wait at the hub.
const ASK: Duration = Duration::from_secs(30);

/// Errands in hand at once.
const IN_HAND: usize = 32;

/// Fetches in hand at once: those under way, and as many that are next. With
/// more, the hub is asked for what is urgent only, so that neither a search nor
/// an emergency stands in line behind them.
const FETCHES_IN_HAND: usize = 2 * FETCHES;

/// Studies fetched at once: a PACS that sends many at a time sends each of
/// them slowly, and has other work. An emergency does not wait for its turn.
const FETCHES: usize = 2;

/// How long a node has to end a search in order once it has been cancelled;
/// as long again, when the gateway stops, for what was done to be recorded.
const ENDING: Duration = Duration::from_secs(5);

/// The stage.
pub struct Errands {
    store: Arc<dyn GatewayStore>,
    hub: Arc<dyn Hub>,
    nodes: Arc<dyn Nodes>,
    clock: Clock,
    fetches: Semaphore,
    fetches_in_hand: AtomicUsize,
}

/// Why an errand was given up before its end.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Errands {
    #[must_use]
    pub fn new(
        store: Arc<dyn GatewayStore>,
        hub: Arc<dyn Hub>,
        nodes: Arc<dyn Nodes>,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            hub,
            nodes,
            clock,
            fetches: Semaphore::new(FETCHES),
            fetches_in_hand: AtomicUsize::new(0),
        }
    }

    /// Goes on until `stop` is ready; then ends what is in hand.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let stopping = CancellationToken::new();
        let mut in_hand = JoinSet::new();
        tokio::select! {
            () = self.ask(&mut in_hand, &stopping) => {}
            () = stop => {}
        }
        stopping.cancel();
        let ended = async { while in_hand.join_next().await.is_some() {} };
        // The leases of what has not ended run out.
        let _in_time = timeout(2 * ENDING, ended).await;
    }

    async fn ask(self: &Arc<Self>, in_hand: &mut JoinSet<()>, stopping: &CancellationToken) {
        let mut failures = 0;
        loop {
            while in_hand.try_join_next().is_some() {}
            if in_hand.len() >= IN_HAND {
                in_hand.join_next().await;
                continue;
            }
            let fetches = self.fetches_in_hand.load(Ordering::Relaxed);
            match self.hub.errand(ASK, fetches >= FETCHES_IN_HAND).await {
                Ok(errand) => {
                    failures = 0;
                    if let Some(errand) = errand {
                        let (this, stopping) = (Arc::clone(self), stopping.clone());
                        let is_fetch = matches!(errand.task, Task::Fetch(_));
                        if is_fetch {
                            this.fetches_in_hand.fetch_add(1, Ordering::Relaxed);
                        }
                        in_hand.spawn(async move {
                            this.attend(&errand, stopping).await;
                            if is_fetch {
                                this.fetches_in_hand.fetch_sub(1, Ordering::Relaxed);
                            }
                        });
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "errand.waiting");
                    }
                    let wait = BackOff::PEER.wait(failures, rand::random());
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attend(&self, errand: &Errand, stopping: CancellationToken) {
        if let Err(error) = self.turn(errand, stopping).await {
            // The hub hears nothing of it, and gives it anew when the lease ends.
            tracing::warn!(errand = %errand.id, %error, "errand.given_up");
        }
    }

    /// Does one errand, to its end or until `stopping`.
    ///
    /// # Errors
    /// When the hub does not want to hear of it, cannot be told, or nothing can
    /// be recorded.
    pub async fn turn(
        &self,
        errand: &Errand,
        stopping: CancellationToken,
    ) -> Result<(), TurnError> {
        match &errand.task {
            Task::Find(find) => {
                tracing::info!(errand = %errand.id, "errand.find");
                self.search(errand, find, stopping).await
            }
            Task::Fetch(wanted) => {
                tracing::info!(errand = %errand.id, node = wanted.node, "errand.fetch");
                self.fetch(errand, wanted, stopping).await
            }
        }
    }

    async fn tell(&self, found: &Found) -> Result<FoundReply, HubError> {
        patiently(|| self.hub.found(found)).await
    }

    async fn end(&self, errand: &Errand, end: ErrandEnd) -> Result<(), TurnError> {
        let found = Found {
            end: Some(end),
            ..nothing_new(errand)
        };
        self.tell(&found).await?;
        Ok(())
    }

    fn entry(&self, action: Action, well: bool) -> Entry {
        let outcome = if well {
            Outcome::Success
        } else {
            Outcome::Failure
        };
        let actor = Actor::Gateway { id: None };
        Entry::new(Uuid::now_v7(), self.clock.now(), action, outcome, actor)
    }

    async fn record(&self, entry: Entry) -> Result<(), StoreError> {
        let entries = [entry];
        let recorded = patiently(|| self.store.record(&entries)).await;
        recorded.inspect_err(|error| tracing::error!(%error, "errand.record_failed"))
    }
}

/// A sign of life, or the frame of more.
fn nothing_new(errand: &Errand) -> Found {
    Found {
        errand: errand.id,
        claim: errand.claim,
        studies: Vec::new(),
        problems: Vec::new(),
        moved: None,
        end: None,
    }
}

const fn failed(class: ErrorClass, failure: Failure) -> ErrandEnd {
    ErrandEnd::Failed { class, failure }
}
