//! A proof that one entry is in the log that a checkpoint is of: to be given
//! away, and checked without the log.

use super::{LogError, links};
use crate::ports::checkpoints::Chain;
use bildbro_domain::{
    Digest,
    audit::{
        Broken, Link,
        checkpoint::{Malformed, Note, PublicKey, Unsigned},
        merkle::{self, Prover, Refused},
        run::Whole,
    },
};
use futures::{StreamExt, pin_mut};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Its form, as JSON. It has the entry in it, and so personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub format: Format,
    /// The entry's number, from 1.
    pub sequence: u64,
    /// Hash of the link before.
    pub previous: Digest,
    /// The entry, byte for byte as hashed.
    pub text: String,
    /// RFC 9162 section 2.1.3, from the leaf upwards; the leaf is number
    /// `sequence - 1`, and holds the link's hash.
    pub inclusion: Vec<Digest>,
    /// The checkpoint that the proof leads to.
    pub checkpoint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    #[serde(rename = "bildbro-inclusion-1")]
    Inclusion1,
}

/// Why there is no proof, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("there is no such entry in the log")]
    NoEntry,
    #[error("the entry is number {sequence}, and the checkpoint is of {size}: take a later one")]
    Later { sequence: u64, size: u64 },
    #[error("the checkpoint cannot be read: {0}")]
    Malformed(#[from] Malformed),
    #[error("the checkpoint is not to be trusted: {0}")]
    Unsigned(#[from] Unsigned),
    #[error("the entry is not in the log that the checkpoint is of: {0}")]
    Refused(#[from] Refused),
}

impl From<Broken> for ProofError {
    fn from(broken: Broken) -> Self {
        Self::Log(broken.into())
    }
}

/// The number of the entry with this id.
///
/// # Errors
/// [`ProofError::NoEntry`], or the log cannot be read.
pub async fn find(chain: &Arc<dyn Chain>, id: Uuid) -> Result<u64, ProofError> {
    #[derive(Deserialize)]
    struct Named {
        id: Uuid,
    }
    let word = id.to_string();
    let is_it = |link: &Link| {
        link.text.contains(&word)
            && serde_json::from_str::<Named>(&link.text).is_ok_and(|entry| entry.id == id)
    };
    let (last, _) = chain.head().await.map_err(LogError::from)?;
    let pages = links(chain, last);
    pin_mut!(pages);
    while let Some(page) = pages.next().await {
        if let Some(link) = page?.iter().find(|link| is_it(link)) {
            return Ok(link.sequence);
        }
    }
    Err(ProofError::NoEntry)
}

/// Proves that entry `sequence` is in the log that `note` is of. Goes through
/// all of that log, and verifies it.
///
/// # Errors
/// When it is not, or the log no longer is what the note says.
pub async fn prove(
    chain: &Arc<dyn Chain>,
    sequence: u64,
    note: &Note,
) -> Result<Proof, ProofError> {
    let checkpoint = note.unverified();
    let size = checkpoint.size;
    let index = sequence.checked_sub(1).ok_or(ProofError::NoEntry)?;
    if sequence > size {
        return Err(ProofError::Later { sequence, size });
    }
    let mut prover = Prover::inclusion(index, size)?;
    let (mut whole, mut entry) = (Whole::default(), None);
    let pages = links(chain, size);
    pin_mut!(pages);
    while let Some(page) = pages.next().await {
        for link in page? {
            whole.push(&link)?;
            prover.push(merkle::leaf(&link.hash));
            if link.sequence == sequence {
                entry = Some(link);
            }
        }
    }
    let entry = entry.ok_or(ProofError::NoEntry)?;
    let inclusion = prover.finish()?.into_iter().map(Digest).collect();
    if whole.frontier().root() != checkpoint.root {
        let at = checkpoint.at;
        return Err(LogError::Rewritten { size, at }.into());
    }
    Ok(Proof {
        format: Format::Inclusion1,
        sequence,
        previous: Digest(entry.previous),
        text: entry.text,
        inclusion,
        checkpoint: note.to_string(),
    })
}

impl Proof {
    /// Whether it proves the entry, for who trusts these keys. Answers the
    /// checkpoint that it leads to.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn verify(&self, trusted: &[PublicKey]) -> Result<Note, ProofError> {
        let note = Note::parse(&self.checkpoint)?;
        let checkpoint = note.verify(trusted)?;
        let index = self.sequence.checked_sub(1).ok_or(ProofError::NoEntry)?;
        let previous = self.previous.0;
        let link = bildbro_domain::audit::chain(previous, self.sequence, self.text.clone());
        let inclusion: Vec<_> = self.inclusion.iter().map(|hash| hash.0).collect();
        let leaf = merkle::leaf(&link.hash);
        merkle::verify_inclusion(leaf, index, checkpoint.size, &inclusion, &checkpoint.root)?;
        Ok(note)
    }
}
