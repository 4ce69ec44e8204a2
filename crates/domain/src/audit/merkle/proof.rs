//! Proofs: that an entry is in a tree, and that a tree goes on from an earlier
//! one. Made from a stream of leaves; verified with roots alone.

use super::{Frontier, Hash, node};
use std::ops::Range;

/// Why there is no proof, or why one does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a tree of {size} leaves has no leaf {index}")]
    NoLeaf { index: u64, size: u64 },
    #[error("a tree of {new} leaves has not grown from one of {old}")]
    NotGrown { old: u64, new: u64 },
    #[error("the proof needs {expected} leaves, and {found} came")]
    Leaves { expected: u64, found: u64 },
    #[error("the proof has too few or too many hashes for a tree of this size")]
    Length,
    #[error("the proof leads to another root")]
    Root,
}

/// Makes a proof of the leaves of a tree, given one after the other.
///
/// Each hash of a proof is the root of a run of leaves, and those runs do not
/// overlap: one [`Frontier`] at a time is enough.
#[derive(Debug, Clone)]
pub struct Prover {
    /// Runs by their start, and the place of each in the proof.
    runs: Vec<(Range<u64>, usize)>,
    next: usize,
    run: Frontier,
    proof: Vec<Hash>,
    seen: u64,
    size: u64,
}

impl Prover {
    /// That the leaf `index` (from 0) is in the tree of `size`: RFC 9162
    /// section 2.1.3.1.
    ///
    /// # Errors
    /// [`Refused::NoLeaf`].
    pub fn inclusion(index: u64, size: u64) -> Result<Self, Refused> {
        if index >= size {
            return Err(Refused::NoLeaf { index, size });
        }
        let (mut runs, mut tree) = (Vec::new(), 0..size);
        while tree.end - tree.start > 1 {
            let middle = split(&tree);
            if index < middle {
                runs.push(middle..tree.end);
                tree.end = middle;
            } else {
                runs.push(tree.start..middle);
                tree.start = middle;
            }
        }
        Ok(Self::of(runs, size))
    }

    /// That the tree of `new` begins with all of the tree of `old`: RFC 9162
    /// section 2.1.4.1. Empty when one of them has nothing to show.
    ///
    /// # Errors
    /// [`Refused::NotGrown`].
    pub fn consistency(old: u64, new: u64) -> Result<Self, Refused> {
        if old > new {
            return Err(Refused::NotGrown { old, new });
        }
        let (mut runs, mut tree) = (Vec::new(), 0..new);
        if old > 0 && old < new {
            while tree.end != old {
                let middle = split(&tree);
                if old <= middle {
                    runs.push(middle..tree.end);
                    tree.end = middle;
                } else {
                    runs.push(tree.start..middle);
                    tree.start = middle;
                }
            }
            // The old root itself is known to who asks.
            if tree.start > 0 {
                runs.push(tree);
            }
        }
        Ok(Self::of(runs, new))
    }

    /// `runs` from the root downwards; a proof is upwards.
    fn of(mut runs: Vec<Range<u64>>, size: u64) -> Self {
        runs.reverse();
        let proof = vec![[0; 32]; runs.len()];
        let mut runs: Vec<_> = runs.into_iter().zip(0..).collect();
        runs.sort_unstable_by_key(|(run, _)| run.start);
        Self {
            runs,
            next: 0,
            run: Frontier::default(),
            proof,
            seen: 0,
            size,
        }
    }

    /// Takes the next leaf's hash. What comes after the tree's end is passed by.
    pub fn push(&mut self, leaf: Hash) {
        if let Some((run, place)) = self.runs.get(self.next)
            && run.contains(&self.seen)
        {
            self.run.append(leaf);
            if self.seen + 1 == run.end {
                self.proof[*place] = std::mem::take(&mut self.run).root();
                self.next += 1;
            }
        }
        self.seen = (self.seen + 1).min(self.size);
    }

    /// The proof, from the leaf upwards.
    ///
    /// # Errors
    /// [`Refused::Leaves`] when not all leaves have come.
    pub fn finish(self) -> Result<Vec<Hash>, Refused> {
        if self.seen < self.size {
            return Err(Refused::Leaves {
                expected: self.size,
                found: self.seen,
            });
        }
        Ok(self.proof)
    }
}

/// Where a tree of more than one leaf parts: after the largest power of two
/// that is smaller than it.
const fn split(tree: &Range<u64>) -> u64 {
    tree.start + (1 << (tree.end - tree.start - 1).ilog2())
}

/// Whether `leaf` is number `index` (from 0) of the tree of `size` with this
/// root: RFC 9162 section 2.1.3.2.
///
/// # Errors
/// Why not.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Refused> {
    if index >= size {
        return Err(Refused::NoLeaf { index, size });
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Refused::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    ended(last, hash == *root)
}

/// Whether the tree of `new` begins with the tree of `old`, by their roots: RFC
/// 9162 section 2.1.4.2.
///
/// # Errors
/// Why not.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), Refused> {
    if old > new {
        return Err(Refused::NotGrown { old, new });
    }
    if old == 0 || old == new {
        let expected = match old {
            0 => Frontier::default().root(),
            _ => *new_root,
        };
        return ended(proof.len() as u64, *old_root == expected);
    }
    let mut proof = proof.iter();
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let begin = if old.is_power_of_two() {
        old_root
    } else {
        proof.next().ok_or(Refused::Length)?
    };
    let (mut old_hash, mut new_hash) = (*begin, *begin);
    for sibling in proof {
        if last == 0 {
            return Err(Refused::Length);
        }
        if at & 1 == 1 || at == last {
            old_hash = node(sibling, &old_hash);
            new_hash = node(sibling, &new_hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    ended(last, old_hash == *old_root && new_hash == *new_root)
}

const fn ended(left: u64, same: bool) -> Result<(), Refused> {
    match (left, same) {
        (0, true) => Ok(()),
        (0, false) => Err(Refused::Root),
        _ => Err(Refused::Length),
    }
}
