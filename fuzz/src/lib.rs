//! Fuzz targets for everything that reads bytes from a peer, or from a disk
//! that may be damaged; a driver for stable Rust; and what has been found.
//!
//! Ring 3. A target is a plain function of bytes that panics when something
//! that must always hold does not: the same answer at any split, a round trip
//! that loses nothing, memory and time within bounds. So each runs under the
//! driver here ([`drive`]), under libFuzzer (`fuzz/cargo`), and as a test over
//! the inputs that once broke something (`fuzz/regressions`).
//!
//! Invariant: what a target does follows from its input alone, so that an input
//! that fails once fails again.

pub mod drive;
pub mod mutate;
pub mod random;
pub mod seeds;
pub mod targets;

use std::time::Duration;

/// One thing to be fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Panics when an invariant is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with: right ones, mostly.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of the input's language, for mutations to put in.
    pub words: &'static [&'static [u8]],
    /// Bytes that one input may make it hold, beyond what it held before.
    pub memory: usize,
    /// How long one input may take; a hang if longer. Generous, since the
    /// machine may be busy.
    pub time: Duration,
    /// Longest input that is tried.
    pub longest: usize,
}

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    targets::ALL.iter().find(|target| target.name == name)
}
