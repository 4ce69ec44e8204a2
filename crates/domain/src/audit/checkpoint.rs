//! Checkpoints: the log's size and root at a time, signed, in a few lines that
//! can be kept elsewhere, printed, or mailed.
//!
//! The form is C2SP's `tlog-checkpoint` in a `signed-note`:
//!
//! ```text
//! bildbro/0198f2d4-…              the hub
//! 20852                           entries
//! CsUYapGGPo4dkMgIAUqom/Xajj…     root of the Merkle tree over them, base64
//! time 2026-11-24T18:00:00Z
//! head 8d0a…                      hash of the last entry's link
//! previous 51cc…                  SHA-256 of the checkpoint before this one
//!
//! — bildbro/0198f2d4-… Az3grl…    key id and Ed25519 signature, base64
//! ```
//!
//! Invariants: what is parsed prints to the same bytes; a note is at most
//! [`LONGEST`] bytes and [`MOST_SIGNATURES`] signatures. There is no personal
//! data in it.
//!
//! What this module deliberately does not do: it asks no witness to sign too;
//! signatures of keys that it is not given are passed by, as the form wants.

mod key;

pub use key::{KeyName, NoKey, PublicKey};

use super::merkle::Hash;
use bildbro_seal::{SIGNATURE, SigningKey};
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write};

/// Bytes of a note at most: ours have some hundred.
pub const LONGEST: usize = 8192;

/// Signatures of a note at most.
pub const MOST_SIGNATURES: usize = 16;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, `bildbro/<hub id>`: its key's name too.
    pub origin: KeyName,
    /// Entries.
    pub size: u64,
    /// Of the tree over them: [`super::merkle`].
    pub root: Hash,
    pub at: Timestamp,
    /// The hash of link `size`; [`super::GENESIS`] when there is none.
    pub head: Hash,
    /// [`Note::digest`] of the checkpoint before; zeros at the first.
    pub previous: Hash,
}

/// Why a text is no checkpoint of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it is longer than {LONGEST} bytes")]
    Long,
    #[error("it is not a text, an empty line and signatures")]
    Form,
    #[error("its line {0} is not as a checkpoint's is")]
    Line(usize),
    #[error("its signature {0} cannot be read")]
    Signature(usize),
}

/// Why nobody vouches for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    #[error("none of the keys that are trusted has signed it")]
    Unknown,
    #[error("its signature by {0} does not hold: its text was changed, or another has signed it")]
    Wrong(KeyName),
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", BASE64.encode(&self.root))?;
        writeln!(f, "time {}", self.at)?;
        writeln!(f, "head {}", HEXLOWER.encode(&self.head))?;
        writeln!(f, "previous {}", HEXLOWER.encode(&self.previous))
    }
}

impl Checkpoint {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let mut lines = text.split('\n').zip(1..);
        let mut line = |label: &str| {
            let (text, number) = lines.next().ok_or(Malformed::Form)?;
            let value = text.strip_prefix(label);
            Ok((value.ok_or(Malformed::Line(number))?, number))
        };
        let (origin, at_origin) = line("")?;
        let (size, at_size) = line("")?;
        let (root, at_root) = line("")?;
        let (time, at_time) = line("time ")?;
        let (head, at_head) = line("head ")?;
        let (previous, at_previous) = line("previous ")?;
        let hash = |bytes: Option<Vec<u8>>, number| {
            let bytes = bytes.and_then(|bytes| Hash::try_from(bytes).ok());
            bytes.ok_or(Malformed::Line(number))
        };
        let read = Self {
            origin: KeyName::new(origin).ok_or(Malformed::Line(at_origin))?,
            size: size.parse().map_err(|_| Malformed::Line(at_size))?,
            root: hash(BASE64.decode(root.as_bytes()).ok(), at_root)?,
            at: time.parse().map_err(|_| Malformed::Line(at_time))?,
            head: hash(HEXLOWER.decode(head.as_bytes()).ok(), at_head)?,
            previous: hash(HEXLOWER.decode(previous.as_bytes()).ok(), at_previous)?,
        };
        // Whatever could be written in two ways, or comes after.
        let printed = read.to_string();
        let differs = printed.split('\n').zip(text.split('\n'));
        let differs = differs.zip(1..).find(|((ours, theirs), _)| ours != theirs);
        match differs {
            Some((_, number)) => Err(Malformed::Line(number)),
            None if printed != text => Err(Malformed::Line(7)),
            None => Ok(read),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    by: KeyName,
    key_id: [u8; 4],
    /// 64 bytes when it is Ed25519; other kinds of signature are kept.
    bytes: Vec<u8>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    checkpoint: Checkpoint,
    signatures: Vec<Signature>,
}

impl Note {
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Self {
        let public = PublicKey::new(checkpoint.origin.clone(), key.public());
        let bytes = key.sign(checkpoint.to_string().as_bytes());
        let signature = Signature {
            by: checkpoint.origin.clone(),
            key_id: public.id(),
            bytes: bytes.to_vec(),
        };
        Self {
            checkpoint,
            signatures: vec![signature],
        }
    }

    /// Reads a note; says nothing yet of who signed it.
    ///
    /// # Errors
    /// When it is anything else than a checkpoint in this form.
    pub fn parse(note: &str) -> Result<Self, Malformed> {
        if note.len() > LONGEST {
            return Err(Malformed::Long);
        }
        let end = note.rfind("\n\n").ok_or(Malformed::Form)? + 1;
        let (text, signatures) = (&note[..end], &note[end + 1..]);
        let signatures = signatures.strip_suffix('\n').ok_or(Malformed::Form)?;
        let lines = signatures.split('\n').zip(1..);
        let read = |(line, number)| Signature::parse(line).ok_or(Malformed::Signature(number));
        let signatures: Vec<_> = lines.map(read).collect::<Result<_, _>>()?;
        if signatures.len() > MOST_SIGNATURES {
            return Err(Malformed::Signature(MOST_SIGNATURES + 1));
        }
        Ok(Self {
            checkpoint: Checkpoint::parse(text)?,
            signatures,
        })
    }

    /// The checkpoint, once one of these keys has signed it.
    ///
    /// # Errors
    /// When none has, or a signature by one of them does not hold.
    pub fn verify(&self, trusted: &[PublicKey]) -> Result<&Checkpoint, Unsigned> {
        let text = self.checkpoint.to_string();
        let mut signed = false;
        for signature in &self.signatures {
            let by = |key: &&PublicKey| key.id() == signature.key_id && *key.name() == signature.by;
            let Some(key) = trusted.iter().find(by) else {
                continue;
            };
            let bytes = <[u8; SIGNATURE]>::try_from(signature.bytes.as_slice()).ok();
            if !bytes.is_some_and(|bytes| key.holds(text.as_bytes(), &bytes)) {
                return Err(Unsigned::Wrong(signature.by.clone()));
            }
            // A key vouches for its own log only.
            signed |= signature.by == self.checkpoint.origin;
        }
        if signed {
            Ok(&self.checkpoint)
        } else {
            Err(Unsigned::Unknown)
        }
    }

    /// What it says, whoever has signed it, or nobody.
    #[must_use]
    pub const fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// SHA-256 of the text that is signed.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Sha256::digest(self.checkpoint.to_string()).into()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint)?;
        for signature in &self.signatures {
            let mut bytes = signature.key_id.to_vec();
            bytes.extend(&signature.bytes);
            f.write_char('\u{2014}')?;
            writeln!(f, " {} {}", signature.by, BASE64.encode(&bytes))?;
        }
        Ok(())
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (by, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = BASE64.decode(bytes.as_bytes()).ok()?;
        let (key_id, bytes) = bytes.split_first_chunk()?;
        Some(Self {
            by: KeyName::new(by)?,
            key_id: *key_id,
            bytes: bytes.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests;
