//! A sample of entries of which nobody knows beforehand how many there are.

use rand::{Rng, SeedableRng, rngs::StdRng};

pub use bildbro_domain::audit::spot_check::{Assessment, Rule};

/// Keeps `size` of all that it is given, each with the same chance, in memory
/// for those only (Vitter 1985, algorithm R). The same seed keeps the same.
#[derive(Debug)]
pub struct Reservoir<T> {
    size: usize,
    kept: Vec<T>,
    seen: u64,
    random: StdRng,
}

impl<T> Reservoir<T> {
    #[must_use]
    pub fn new(size: usize, seed: u64) -> Self {
        Self {
            size,
            kept: Vec::new(),
            seen: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn offer(&mut self, item: T) {
        self.seen += 1;
        if self.kept.len() < self.size {
            self.kept.push(item);
            return;
        }
        let place = self.random.random_range(0..self.seen);
        if let Some(slot) = usize::try_from(place)
            .ok()
            .and_then(|place| self.kept.get_mut(place))
        {
            *slot = item;
        }
    }

    /// How many it was given, and those kept.
    #[must_use]
    pub fn finish(self) -> (u64, Vec<T>) {
        (self.seen, self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::Reservoir;

    fn drawn(size: usize, of: u64, seed: u64) -> Vec<u64> {
        let mut reservoir = Reservoir::new(size, seed);
        (0..of).for_each(|n| reservoir.offer(n));
        let (seen, kept) = reservoir.finish();
        assert_eq!(seen, of);
        kept
    }

    #[test]
    fn each_has_the_same_chance() {
        assert_eq!(drawn(5, 3, 1), [0, 1, 2]);
        assert_eq!(drawn(5, 1000, 7), drawn(5, 1000, 7));
        assert_ne!(drawn(5, 1000, 7), drawn(5, 1000, 8));
        let mut times = [0_u32; 20];
        for seed in 0..4000 {
            for n in drawn(5, 20, seed) {
                times[usize::try_from(n).unwrap()] += 1;
            }
        }
        // Expected 1,000 each, with a standard deviation of 27.
        assert!(times.iter().all(|n| (880..1120).contains(n)), "{times:?}");
    }
}
