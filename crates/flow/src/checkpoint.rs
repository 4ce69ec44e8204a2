//! Making checkpoints of the log, from time to time.
//!
//! Entries since the last checkpoint are verified as they are added to the tree:
//! a hub does not sign a log that is broken, nor one that no longer goes on from
//! its own last checkpoint. That needs no more than the edge of the tree; what
//! lies before it is verified by [`crate::log`].
//!
//! Several hubs may try at once. Each reads what is committed, and one of them
//! keeps its checkpoint.

use crate::ports::{
    StoreError,
    checkpoints::{Checkpoints, Edge},
};
use bildbro_domain::audit::{
    Broken,
    checkpoint::{Checkpoint, KeyName, Malformed, Note, PublicKey, Unsigned},
    run::Whole,
};
use bildbro_seal::SigningKey;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Links read at a time.
const PAGE: u32 = 2_000;

/// When there is to be a checkpoint: whichever comes first, if there is a new
/// entry at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub every: SignedDuration,
    pub entries: u64,
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the log is broken after its last checkpoint: {0}")]
    Broken(#[from] Broken),
    #[error("the last checkpoint cannot be read: {0}")]
    Malformed(#[from] Malformed),
    #[error("the last checkpoint is not to be trusted: {0}")]
    Unsigned(#[from] Unsigned),
    #[error("the last checkpoint does not fit the edge of the tree that is kept beside it")]
    Edge,
}

/// Who signs, and whose older signatures are still taken.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    origin: KeyName,
    trusted: Vec<PublicKey>,
}

impl Signer {
    #[must_use]
    pub fn new(hub: Uuid, key: SigningKey, earlier: Vec<PublicKey>) -> Self {
        let origin = KeyName::of_hub(hub);
        let mut trusted = earlier;
        trusted.push(PublicKey::new(origin.clone(), key.public()));
        Self {
            key,
            origin,
            trusted,
        }
    }

    /// All keys that may have signed, this one last.
    #[must_use]
    pub fn trusted(&self) -> &[PublicKey] {
        &self.trusted
    }
}

/// Makes a checkpoint if it is time for one.
///
/// # Errors
/// [`CheckpointError`]; all but transient failures of the store mean that
/// someone has been at the log.
pub async fn make_if_due(
    store: &dyn Checkpoints,
    signer: &Signer,
    pace: Pace,
    at: Timestamp,
) -> Result<Option<Note>, CheckpointError> {
    let last = last(store, signer).await?;
    let (size, _) = store.head().await?;
    let (before, since) = match &last {
        Some(note) => (note.unverified().size, Some(note.unverified().at)),
        None => (0, None),
    };
    let waited = since.is_none_or(|since| at.duration_since(since) >= pace.every);
    if size == before || !waited && size.saturating_sub(before) < pace.entries {
        return Ok(None);
    }
    make_after(store, signer, last, at).await
}

/// Makes a checkpoint of the log as it is now. `None` when there is nothing new,
/// or another hub was faster.
///
/// # Errors
/// As [`make_if_due`].
pub async fn make(
    store: &dyn Checkpoints,
    signer: &Signer,
    at: Timestamp,
) -> Result<Option<Note>, CheckpointError> {
    let last = last(store, signer).await?;
    make_after(store, signer, last, at).await
}

async fn last(store: &dyn Checkpoints, signer: &Signer) -> Result<Option<Note>, CheckpointError> {
    let Some(kept) = store.newest_checkpoint().await? else {
        return Ok(None);
    };
    let note = Note::parse(&kept.note)?;
    note.verify(&signer.trusted)?;
    Ok(Some(note))
}

async fn make_after(
    store: &dyn Checkpoints,
    signer: &Signer,
    last: Option<Note>,
    at: Timestamp,
) -> Result<Option<Note>, CheckpointError> {
    let edge = store.edge().await?;
    if !is_edge_of(&edge, last.as_ref()) {
        // Another hub may have been between the two look-ups.
        let again = self::last(store, signer).await?;
        return if again == last {
            Err(CheckpointError::Edge)
        } else {
            Ok(None)
        };
    }
    let before = edge.frontier.size();
    let mut whole = Whole::resume(edge.frontier, edge.head);
    let (size, hash) = store.head().await?;
    while whole.size() < size {
        let links = store.links(whole.size(), PAGE).await?;
        if links.is_empty() {
            break;
        }
        let wanted = links.iter().take_while(|link| link.sequence <= size);
        for link in wanted {
            whole.push(link)?;
        }
        if links.last().is_some_and(|link| link.sequence > size) {
            break;
        }
    }
    whole.finish(size, hash)?;
    if size == before {
        return Ok(None);
    }
    let checkpoint = Checkpoint {
        origin: signer.origin.clone(),
        size,
        root: whole.frontier().root(),
        at,
        head: whole.head(),
        previous: last.map_or([0; 32], |last| last.digest()),
    };
    let note = Note::sign(checkpoint, &signer.key);
    let edge = Edge {
        frontier: whole.frontier().clone(),
        head: whole.head(),
    };
    let kept = store.keep_checkpoint(before, &edge, &note).await?;
    Ok(kept.then_some(note))
}

/// Whether the tree's kept edge is the one that the newest checkpoint is of.
pub(crate) fn is_edge_of(edge: &Edge, newest: Option<&Note>) -> bool {
    newest.map_or(*edge == Edge::default(), |note| {
        let checkpoint = note.unverified();
        edge.frontier.size() == checkpoint.size
            && edge.frontier.root() == checkpoint.root
            && edge.head == checkpoint.head
    })
}
