//! Stage 1, receive: an image from a PACS is in the spool, on disk, and only
//! then acknowledged.
//!
//! The data set is read once as it streams by, for the few values the exchange
//! needs and to see that it is whole; its bytes are never changed. What cannot
//! be read is refused with a status that says why: the sender still has it.
//! Indexing comes after the acknowledgement, since the spool itself is the
//! record: an image that a crash kept from the index is found there again.

use crate::{
    clock::Clock,
    ports::{
        StoreError,
        gateway::{
            Arrival, GatewayStore, ObjectNumber, Route, Spool, SpoolFailure, SpoolWriter, Spooled,
        },
    },
};
use bildbro_dicom::scan::{Limits, ScanError, Scanner};
use bildbro_domain::{AeTitle, ClassUid, ErrorClass, InstanceUid, SyntaxUid};
use bytes::Bytes;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};

/// Images between spool and index; more than this and receiving waits.
const QUEUE: usize = 1024;

/// Images indexed in one transaction.
const BATCH: usize = 256;

/// How long to wait before the index is tried again.
const INDEX_RETRY: Duration = Duration::from_secs(1);

/// Why an image was not taken. Nothing of it is kept, and the sender is told.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the spool has no room")]
    Full,
    #[error("the spool cannot be written")]
    Spool,
    #[error("the object is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the data set cannot be read: {0}")]
    Unreadable(#[from] ScanError),
    #[error("the SOP Class or Instance UID differs between command and data set")]
    Mismatch,
}

impl Refused {
    /// DIMSE status: PS3.4 B.2.3 and PS3.7 C.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Full | Self::Spool | Self::TooLarge { .. } => 0xA700,
            Self::Mismatch => 0xA900,
            Self::Unreadable(_) => 0xC000,
        }
    }
}

impl From<SpoolFailure> for Refused {
    fn from(failure: SpoolFailure) -> Self {
        match failure {
            SpoolFailure::Full => Self::Full,
            SpoolFailure::Io => Self::Spool,
        }
    }
}

/// What is known of an image before its bytes: from association and command.
#[derive(Debug, Clone)]
pub struct Announced {
    pub calling: AeTitle,
    pub called: AeTitle,
    pub route: Route,
    pub class: ClassUid,
    pub sop_uid: InstanceUid,
    pub syntax: SyntaxUid,
}

/// Takes images into the spool. Cloned freely.
#[derive(Clone)]
pub struct Receiver {
    spool: Arc<dyn Spool>,
    clock: Clock,
    max_object: u64,
    to_index: mpsc::Sender<Spooled>,
}

impl Receiver {
    /// The receiver, and the queue that [`index`] empties.
    #[must_use]
    pub fn new(
        spool: Arc<dyn Spool>,
        clock: Clock,
        max_object: u64,
    ) -> (Self, mpsc::Receiver<Spooled>) {
        let (to_index, queue) = mpsc::channel(QUEUE);
        let receiver = Self {
            spool,
            clock,
            max_object,
            to_index,
        };
        (receiver, queue)
    }

    #[must_use]
    pub fn begin(&self, announced: Announced) -> Receiving {
        Receiving {
            writer: self.spool.append(),
            scanner: Scanner::new(announced.syntax.as_str(), Limits::default()),
            announced,
            receiver: self.clone(),
        }
    }
}

/// One image on its way in.
pub struct Receiving {
    writer: Box<dyn SpoolWriter>,
    scanner: Scanner,
    announced: Announced,
    receiver: Receiver,
}

impl Receiving {
    /// # Errors
    /// [`Refused`]; the image is then given up.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), Refused> {
        let limit = self.receiver.max_object;
        if self.writer.length() + bytes.len() as u64 > limit {
            return Err(Refused::TooLarge { limit });
        }
        self.scanner.push(&bytes)?;
        Ok(self.writer.push(bytes).await?)
    }

    /// Returns when the image is on disk: acknowledge it only after that.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the image is kept.
    pub async fn commit(self) -> Result<Spooled, Refused> {
        let header = self.scanner.finish()?;
        let announced = self.announced;
        if header.sop_uid != announced.sop_uid || header.class_uid != announced.class {
            return Err(Refused::Mismatch);
        }
        let arrival = Arrival {
            header,
            syntax: announced.syntax,
            calling: announced.calling,
            called: announced.called,
            route: announced.route,
            received: self.receiver.clock.now(),
        };
        let spooled = self.writer.commit(arrival).await?;
        // A closed queue means that the gateway is stopping; the spool shows
        // the image again at the next start.
        let _stopping = self.receiver.to_index.send(spooled.clone()).await;
        Ok(spooled)
    }
}

/// Tells later stages that there is something to look at.
#[derive(Clone, Debug)]
pub struct Bell(Arc<watch::Sender<u64>>);

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Bell {
    pub fn ring(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// Indexes what comes, in batches, until the queue closes. A failing index
/// stops nothing but itself: receiving goes on until the queue is full.
pub async fn index(
    store: Arc<dyn GatewayStore>,
    mut queue: mpsc::Receiver<Spooled>,
    clock: Clock,
    bell: Bell,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        if !index_batch(store.as_ref(), &batch, &clock).await {
            // One of them cannot be indexed: it must not keep the others.
            for one in batch.chunks(1) {
                if !index_batch(store.as_ref(), one, &clock).await {
                    let object = one.first().map(|spooled| spooled.object);
                    tracing::error!(object, "index.given_up");
                }
            }
        }
        batch.clear();
        bell.ring();
    }
}

/// Tries until it is done, or cannot be: answers which.
async fn index_batch(store: &dyn GatewayStore, batch: &[Spooled], clock: &Clock) -> bool {
    while let Err(error) = store.index(batch, clock.now()).await {
        tracing::error!(%error, images = batch.len(), "index.failed");
        if error.class() == ErrorClass::Permanent {
            return false;
        }
        tokio::time::sleep(INDEX_RETRY).await;
    }
    true
}

/// Brings spool and index together at the start, after whatever happened:
/// indexes what the index lacks, lets go of what it has settled.
///
/// # Errors
/// When the index fails; nothing is let go of then.
pub async fn reconcile(
    store: &dyn GatewayStore,
    spool: &dyn Spool,
    found: &[Spooled],
    at: jiff::Timestamp,
) -> Result<(), StoreError> {
    for batch in found.chunks(BATCH) {
        store.index(batch, at).await?;
    }
    let needed: HashSet<ObjectNumber> = store.needed().await?.into_iter().collect();
    for spooled in found {
        if !needed.contains(&spooled.object) {
            spool.release(spooled.object);
        }
    }
    // Found in the order of commits, which is not that of numbers.
    let numbers = found.iter().map(|spooled| spooled.object);
    let oldest = numbers.min().unwrap_or(ObjectNumber::MAX);
    store.forget_settled(oldest).await
}
