//! Random numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood,
//! 2014), ten lines that give the same inputs everywhere and for ever.

/// The generator. The same seed gives the same numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One that follows from bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(u64::from(crc32fast::hash(bytes)))
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `most`; 0 when that is 0.
    pub fn below(&mut self, most: usize) -> usize {
        let most = u64::try_from(most).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % most).unwrap_or(0)
    }

    /// A number below `most`, small ones more often.
    pub fn small(&mut self, most: usize) -> usize {
        let bound = 1 << self.below(usize::BITS as usize - 1).min(20);
        self.below(bound.min(most))
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// One of several; there must be one.
    pub fn one_of<'a, T: ?Sized>(&mut self, several: &[&'a T]) -> &'a T {
        several[self.below(several.len())]
    }
}

/// Cuts bytes into pieces of random lengths, empty ones among them.
#[must_use]
pub fn pieces(mut bytes: &[u8], mut random: Random) -> Vec<&[u8]> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let most = [2, 17, 300, 5000][random.below(4)];
        let (piece, rest) = bytes.split_at(random.below(most).min(bytes.len()));
        out.push(piece);
        bytes = rest;
    }
    out
}
