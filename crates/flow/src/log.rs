//! Looking over the log: that its chain holds, that the tree over it is the one
//! in each checkpoint, and proofs of single entries.
//!
//! The log is read in runs, some ahead, and verified side by side on all
//! processors; memory is bounded by the runs under way.
//!
//! What this module deliberately does not do: it compares no entry with what
//! happened. It shows that the log is as it was when a checkpoint was signed.

mod proof;

pub use proof::{Proof, ProofError, find, prove};

use crate::ports::{
    StoreError,
    checkpoints::{Chain, Checkpoints, Edge, KeptCheckpoint},
};
use bildbro_domain::audit::{
    Broken, Link,
    checkpoint::{Malformed, Note, PublicKey, Unsigned},
    merkle::Hash,
    run::{Run, Whole},
};
use futures::{Stream, StreamExt, stream};
use std::sync::Arc;
use tokio::task::JoinError;

/// Links of a run: a power of two, and no more than a store reads at a time.
const RUN: u32 = 8_192;

/// Runs under way at once.
const AHEAD: usize = 4;

/// Checkpoints read at a time.
const NOTES: u32 = 1_000;

/// What is wrong with a log, or why that cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("verifying the log broke off")]
    Task(#[from] JoinError),
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the checkpoint of {size} entries cannot be read: {source}")]
    Malformed { size: u64, source: Malformed },
    #[error("the checkpoint kept as that of {kept} entries says that it is of {says}")]
    Misplaced { kept: u64, says: u64 },
    #[error("the checkpoint of {size} entries is not to be trusted: {source}")]
    Unsigned { size: u64, source: Unsigned },
    #[error(
        "there was a checkpoint of {size} entries, but the log has only {entries}: its end was cut off, or a backup was restored"
    )]
    Shorter { size: u64, entries: u64 },
    #[error(
        "the log was rewritten: its first {size} entries are not those of the checkpoint of {at}, though they hang together"
    )]
    Rewritten { size: u64, at: jiff::Timestamp },
    #[error("the checkpoint before that of {size} entries is missing: one was removed or replaced")]
    CheckpointGone { size: u64 },
    #[error(
        "the newest checkpoint was removed: the edge of the log's tree is kept at {edge} entries, and there is no checkpoint of that"
    )]
    NewestGone { edge: u64 },
    #[error(
        "the checkpoint of {size} entries is not among those that the database keeps: it was removed there"
    )]
    NotKept { size: u64 },
}

impl LogError {
    /// Whether this says that the log is not what it was; else it could not be
    /// looked at.
    #[must_use]
    pub const fn is_tampering(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Task(_))
    }
}

/// What was found to hold.
#[derive(Debug, Clone)]
pub struct Verified {
    pub entries: u64,
    pub head: Hash,
    /// Of the tree over all entries.
    pub root: Hash,
    /// Checkpoints in the database.
    pub checkpoints: u64,
}

/// Walks the whole chain up to its head as it was when the walk began, so that
/// a log in use can be verified. `sizes` (ascending) are those to remember the
/// tree at.
///
/// # Errors
/// Names the first entry that does not hold.
pub async fn walk(chain: &Arc<dyn Chain>, sizes: Vec<u64>) -> Result<Whole, LogError> {
    let (last, hash) = chain.head().await?;
    let sizes = Arc::new(sizes);
    let mut runs = stream::iter((0..last).step_by(RUN as usize))
        .map(|after| tokio::spawn(check(Arc::clone(chain), after, last, Arc::clone(&sizes))))
        .buffered(AHEAD);
    let mut whole = Whole::default();
    while let Some(run) = runs.next().await {
        whole.join(&run??)?;
    }
    whole.finish(last, hash)?;
    Ok(whole)
}

async fn check(
    chain: Arc<dyn Chain>,
    after: u64,
    last: u64,
    sizes: Arc<Vec<u64>>,
) -> Result<Run, LogError> {
    let links = run_of(chain, after, last).await?;
    let checked = tokio::task::spawn_blocking(move || Run::check(after, &links, &sizes));
    Ok(checked.await??)
}

async fn run_of(chain: Arc<dyn Chain>, after: u64, last: u64) -> Result<Vec<Link>, StoreError> {
    let mut links = chain.links(after, RUN).await?;
    let end = (after + u64::from(RUN)).min(last);
    // Where entries are missing, what comes later would come in their place.
    let excess = links.partition_point(|link| link.sequence <= end);
    if excess > 0 || end < last {
        links.truncate(excess.max(1));
    } else {
        links.truncate(excess);
    }
    Ok(links)
}

/// The links up to `last`, in order, read ahead.
pub fn links(
    chain: &Arc<dyn Chain>,
    last: u64,
) -> impl Stream<Item = Result<Vec<Link>, LogError>> + use<> {
    let chain = Arc::clone(chain);
    stream::iter((0..last).step_by(RUN as usize))
        .map(move |after| tokio::spawn(run_of(Arc::clone(&chain), after, last)))
        .buffered(AHEAD)
        .map(|read| Ok(read??))
}

/// Verifies the chain and all checkpoints: those in the database, and those
/// `elsewhere` that someone has kept away from who could change the database.
///
/// # Errors
/// Says what does not hold.
pub async fn verify<C: Checkpoints>(
    store: &Arc<C>,
    trusted: &[PublicKey],
    elsewhere: &[Note],
) -> Result<Verified, LogError> {
    // Edge, checkpoints, log: each is at least as far as the one before.
    let edge = store.edge().await?;
    let mut notes = Vec::new();
    let mut before = ([0; 32], 0);
    loop {
        let page = store.checkpoints(before.1, NOTES).await?;
        if page.is_empty() {
            break;
        }
        for kept in page {
            let note = read(&kept, trusted)?;
            if note.unverified().previous != before.0 {
                return Err(LogError::CheckpointGone { size: kept.size });
            }
            before = (note.digest(), kept.size);
            notes.push(note);
        }
    }
    edge_is_kept(&edge, &notes)?;
    for note in elsewhere {
        note.verify(trusted).map_err(|source| LogError::Unsigned {
            size: note.unverified().size,
            source,
        })?;
    }
    let all = || notes.iter().chain(elsewhere).map(Note::unverified);
    let mut sizes: Vec<u64> = all().map(|checkpoint| checkpoint.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let chain: Arc<dyn Chain> = Arc::clone(store) as _;
    let whole = walk(&chain, sizes).await?;
    for checkpoint in all() {
        holds(&whole, checkpoint)?;
    }
    for note in elsewhere {
        if !notes.iter().any(|kept| kept.digest() == note.digest()) {
            let size = note.unverified().size;
            return Err(LogError::NotKept { size });
        }
    }
    Ok(Verified {
        entries: whole.size(),
        head: whole.head(),
        root: whole.frontier().root(),
        checkpoints: notes.len() as u64,
    })
}

fn read(kept: &KeptCheckpoint, trusted: &[PublicKey]) -> Result<Note, LogError> {
    let size = kept.size;
    let note = Note::parse(&kept.note).map_err(|source| LogError::Malformed { size, source })?;
    let checkpoint = note.verify(trusted);
    let checkpoint = checkpoint.map_err(|source| LogError::Unsigned { size, source })?;
    if checkpoint.size != size {
        return Err(LogError::Misplaced {
            kept: size,
            says: checkpoint.size,
        });
    }
    Ok(note)
}

fn edge_is_kept(edge: &Edge, notes: &[Note]) -> Result<(), LogError> {
    let size = edge.frontier.size();
    let place = notes.binary_search_by_key(&size, |note| note.unverified().size);
    let of = place.ok().map(|place| &notes[place]);
    if crate::checkpoint::is_edge_of(edge, of) {
        Ok(())
    } else {
        Err(LogError::NewestGone { edge: size })
    }
}

/// Whether the log begins with what a checkpoint is of.
fn holds(
    whole: &Whole,
    checkpoint: &bildbro_domain::audit::checkpoint::Checkpoint,
) -> Result<(), LogError> {
    let size = checkpoint.size;
    let marks = whole.marks();
    let Ok(place) = marks.binary_search_by_key(&size, |mark| mark.size) else {
        let entries = whole.size();
        return Err(LogError::Shorter { size, entries });
    };
    let mark = &marks[place];
    if mark.root == checkpoint.root && mark.head == checkpoint.head {
        return Ok(());
    }
    let at = checkpoint.at;
    Err(LogError::Rewritten { size, at })
}
