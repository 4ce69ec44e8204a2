//! The Merkle tree over the log: RFC 9162 section 2.1 (as RFC 6962), SHA-256.
//!
//! The log's hash chain shows that entries hang together; it does not hold
//! against who can write all of it anew. The tree does, with a few hundred bytes
//! kept elsewhere: its root at some size ([`super::checkpoint`]). A leaf is the
//! hash of a link of the chain, so that a root stands for every entry before it.
//!
//! Invariants: nothing here holds more than one hash for each level of the tree,
//! however long the log; sizes and indexes that no tree has are errors.
//!
//! What this module deliberately does not do: it keeps no nodes. A proof is made
//! by going through the leaves once.

mod proof;

pub use proof::{Prover, Refused, verify_consistency, verify_inclusion};

use sha2::{Digest as _, Sha256};

/// A SHA-256 value: of a leaf, a node or a root.
pub type Hash = [u8; 32];

/// The hash of a leaf that holds `data`: `SHA-256(0x00 ‖ data)`.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(data);
    hash.finalize().into()
}

/// The hash of a node: `SHA-256(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// The right edge of a tree: all that is needed to append to it, and its root.
///
/// One hash for each perfect subtree, the largest first, so for each bit that
/// is set in the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// A kept frontier cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no frontier of a Merkle tree")]
pub struct NoFrontier;

impl Frontier {
    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a [`leaf`].
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("a peak for each bit of the size");
            hash = node(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Appends all leaves of another tree. False, and nothing done, unless this
    /// tree's size is a multiple of the power of two that holds the other: only
    /// then are the other's subtrees this one's too.
    #[must_use]
    pub fn extend(&mut self, other: &Self) -> bool {
        let Some(span) = other.size.checked_next_power_of_two() else {
            return false;
        };
        if !self.size.is_multiple_of(span) {
            return false;
        }
        let mut left = other.size;
        for peak in &other.peaks {
            let height = left.ilog2();
            let mut hash = *peak;
            for _ in 0..(self.size >> height).trailing_ones() {
                let left = self.peaks.pop().expect("a peak for each bit of the size");
                hash = node(&left, &hash);
            }
            self.peaks.push(hash);
            self.size += 1 << height;
            left -= 1 << height;
        }
        true
    }

    /// The root: of no leaves it is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return Sha256::digest([]).into();
        };
        peaks.fold(*last, |right, left| node(left, &right))
    }

    /// 8 bytes of size, big-endian, and 32 for each peak: 2,056 at most.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.peaks.len());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.peaks.iter().flatten());
        bytes
    }

    /// # Errors
    /// When there is not one hash for each subtree of the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoFrontier> {
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or(NoFrontier)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, odd) = rest.as_chunks::<32>();
        if !odd.is_empty() || peaks.len() != size.count_ones() as usize {
            return Err(NoFrontier);
        }
        Ok(Self {
            size,
            peaks: peaks.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests;
