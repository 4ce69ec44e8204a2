//! When to try again. Retries read an error's class, never its text.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an error says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The same request may succeed later: network, full disk, busy peer.
    Transient,
    /// It may or may not have happened: ask before repeating.
    Ambiguous,
    /// The same request will fail the same way: a person must act.
    Permanent,
}

/// Exponential back-off with full jitter, bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    pub first: Duration,
    pub most: Duration,
}

impl BackOff {
    /// For peers on the hospital's network and for the hub: quick at first,
    /// since most stops are short, and never slower than every five minutes,
    /// so that a mended partner is found again before anyone has to ask.
    pub const PEER: Self = Self {
        first: Duration::from_secs(1),
        most: Duration::from_secs(300),
    };

    /// The wait before attempt `attempts + 1`, given that `attempts` have
    /// failed. `random` is uniform in `[0, 1)`; half of the wait is certain,
    /// half is jitter, so that a hundred gateways do not return at once.
    #[must_use]
    pub fn wait(&self, attempts: u32, random: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        let full = self.first.saturating_mul(1 << doublings).min(self.most);
        full.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_bound_and_no_further() {
        let back_off = BackOff::PEER;
        assert_eq!(back_off.wait(1, 0.0), Duration::from_millis(500));
        assert_eq!(back_off.wait(2, 1.0), Duration::from_secs(2));
        assert_eq!(back_off.wait(4_000_000, 1.0), Duration::from_secs(300));
    }
}
