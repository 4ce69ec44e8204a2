//! The log in runs that are verified side by side, and joined in order: the
//! chain holds, and the tree over it has these roots at these sizes.

use super::{
    Broken, GENESIS, Link, Verifier,
    merkle::{Frontier, Hash, leaf},
};

/// The tree at one size: what a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub size: u64,
    pub root: Hash,
    /// Hash of the last link.
    pub head: Hash,
}

/// Links that follow each other, verified but for what comes before them.
#[derive(Debug, Clone)]
pub struct Run {
    after: u64,
    previous: Hash,
    end: Verifier,
    frontier: Frontier,
    /// The run's own tree at sizes that were asked for.
    within: Vec<(Frontier, Hash)>,
}

impl Run {
    /// Verifies the links that follow number `after`. `sizes` are those of the
    /// whole log to remember the tree at, ascending.
    ///
    /// # Errors
    /// [`Broken`] names the first entry that does not hold.
    pub fn check(after: u64, links: &[Link], sizes: &[u64]) -> Result<Self, Broken> {
        let previous = links.first().map_or(GENESIS, |first| first.previous);
        let mut run = Self {
            after,
            previous,
            end: Verifier {
                sequence: after,
                hash: previous,
            },
            frontier: Frontier::default(),
            within: Vec::new(),
        };
        let mut sizes = &sizes[sizes.partition_point(|size| *size <= after)..];
        for link in links {
            run.end.next(link)?;
            run.frontier.append(leaf(&link.hash));
            if let [first, rest @ ..] = sizes
                && *first == link.sequence
            {
                run.within.push((run.frontier.clone(), link.hash));
                sizes = rest;
            }
        }
        Ok(run)
    }
}

/// The log as far as it has been verified.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    end: Verifier,
    frontier: Frontier,
    marks: Vec<Mark>,
}

impl Whole {
    /// From where an earlier walk has ended.
    #[must_use]
    pub fn resume(frontier: Frontier, head: Hash) -> Self {
        Self {
            end: Verifier {
                sequence: frontier.size(),
                hash: head,
            },
            frontier,
            marks: Vec::new(),
        }
    }

    /// Adds one link.
    ///
    /// # Errors
    /// [`Broken`] when it does not follow.
    pub fn push(&mut self, link: &Link) -> Result<(), Broken> {
        self.end.next(link)?;
        self.frontier.append(leaf(&link.hash));
        Ok(())
    }

    /// Adds the run that follows. All runs but the last are of one length, a
    /// power of two, and begin at a multiple of it.
    ///
    /// # Errors
    /// [`Broken`] when it does not follow.
    ///
    /// # Panics
    /// When runs are of other lengths.
    pub fn join(&mut self, run: &Run) -> Result<(), Broken> {
        if run.frontier.size() == 0 {
            return Ok(());
        }
        let first = run.after + 1;
        if run.after != self.end.sequence {
            return Err(Broken::Gap {
                expected: self.end.sequence + 1,
                found: first,
            });
        }
        if run.previous != self.end.hash {
            return Err(Broken::Unlinked(first));
        }
        for (within, head) in &run.within {
            let mut at = self.frontier.clone();
            assert!(
                at.extend(within),
                "runs begin at a multiple of their length"
            );
            self.marks.push(Mark {
                size: at.size(),
                root: at.root(),
                head: *head,
            });
        }
        let fits = self.frontier.extend(&run.frontier);
        assert!(fits, "runs begin at a multiple of their length");
        self.end = run.end.clone();
        Ok(())
    }

    /// Entries so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.end.sequence
    }

    /// Hash of the last link.
    #[must_use]
    pub const fn head(&self) -> Hash {
        self.end.hash
    }

    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Compares with the head that is kept beside the log.
    ///
    /// # Errors
    /// [`Broken::Truncated`] or [`Broken::Head`].
    pub fn finish(&self, sequence: u64, hash: Hash) -> Result<u64, Broken> {
        self.end.finish(sequence, hash)
    }

    /// The tree at each of the sizes that were asked for and reached.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain;

    fn links(n: u64) -> Vec<Link> {
        let mut previous = GENESIS;
        let one = |sequence| {
            let link = chain(previous, sequence, format!("{{\"n\":{sequence}}}"));
            previous = link.hash;
            link
        };
        (1..=n).map(one).collect()
    }

    fn joined(all: &[Link], sizes: &[u64]) -> Result<Whole, Broken> {
        let mut whole = Whole::default();
        for (run, after) in all.chunks(8).zip((0..).step_by(8)) {
            whole.join(&Run::check(after, run, sizes)?)?;
        }
        Ok(whole)
    }

    #[test]
    fn runs_give_the_same_as_one_walk() {
        let all = links(45);
        let sizes: Vec<u64> = (1..=45).collect();
        let whole = joined(&all, &sizes).unwrap();
        assert_eq!(whole.marks().len(), 45);
        let mut walk = Whole::default();
        for (link, mark) in all.iter().zip(whole.marks()) {
            walk.push(link).unwrap();
            let root = walk.frontier().root();
            let (size, head) = (link.sequence, link.hash);
            assert_eq!(*mark, Mark { size, root, head });
        }
        assert_eq!(whole.head(), walk.head());
        let mut resumed = Whole::resume(joined(&all[..21], &[]).unwrap().frontier, all[20].hash);
        for link in &all[21..] {
            resumed.push(link).unwrap();
        }
        assert_eq!(resumed.frontier(), whole.frontier());
    }

    #[test]
    fn a_break_between_runs_is_found() {
        let mut all = links(24);
        let other = chain([7; 32], 9, "{}".into());
        let mut previous = other.hash;
        all[8] = other;
        for link in &mut all[9..] {
            *link = chain(previous, link.sequence, link.text.clone());
            previous = link.hash;
        }
        assert_eq!(joined(&all, &[]).unwrap_err(), Broken::Unlinked(9));
        let mut all = links(24);
        all.remove(11);
        let gap = Broken::Gap {
            expected: 12,
            found: 13,
        };
        assert_eq!(joined(&all, &[]).unwrap_err(), gap);
    }
}
