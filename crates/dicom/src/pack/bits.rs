//! Bits, lowest first, in bytes.

/// Most bits in one go.
const MOST: u32 = 24;

#[derive(Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Starts anew, in the same memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.held, self.count) = (0, 0);
    }

    /// Appends the `count` lowest bits of `value`, whose others are 0.
    #[inline]
    pub fn put(&mut self, value: u32, count: u32) {
        debug_assert!(count <= MOST && u64::from(value) < 1 << count);
        self.held |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes
                .extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// `value` zeros and a one.
    pub fn put_unary(&mut self, value: u32) {
        for _ in 0..value {
            self.put(0, 1);
        }
        self.put(1, 1);
    }

    /// Fills the last byte up with zeros; all bytes so far.
    pub fn finish(&mut self) -> &[u8] {
        let whole = self.count.div_ceil(8) as usize;
        self.bytes
            .extend_from_slice(&self.held.to_le_bytes()[..whole]);
        (self.held, self.count) = (0, 0);
        &self.bytes
    }
}

/// Reads what [`BitWriter`] wrote; zeros past the end.
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub fn get(&mut self, count: u32) -> u32 {
        debug_assert!(count <= MOST);
        let from = self.at >> 3;
        let word = match self.bytes.get(from..from + 4) {
            Some(four) => u32::from_le_bytes([four[0], four[1], four[2], four[3]]),
            None => self.tail(from),
        };
        let value = (word >> (self.at & 7)) & ((1 << count) - 1);
        self.at += count as usize;
        value
    }

    #[cold]
    fn tail(&self, from: usize) -> u32 {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u32::from(byte))
    }

    /// The number of zeros before the next one; `None` past the end.
    pub fn get_unary(&mut self) -> Option<u32> {
        let mut value = 0;
        while !self.overrun() {
            if self.get(1) == 1 {
                return Some(value);
            }
            value += 1;
        }
        None
    }

    /// Whether more was read than there is.
    pub const fn overrun(&self) -> bool {
        self.at > self.bytes.len() * 8
    }
}
