//! How samples stand in bytes, and how the rows of a block become rows of
//! planes and back.

/// How native pixel data stand in the data set (PS3.5 8.1, PS3.3 C.7.6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Pixels in a row; at least 1.
    pub width: usize,
    /// Samples of a pixel that stand together: 1 to 4.
    pub planes: usize,
    /// 16 bits a sample, not 8.
    pub wide: bool,
    pub big_endian: bool,
    pub signed: bool,
}

/// Most bytes of a row, so that a block has some rows.
const MOST_ROW: usize = 64 * 1024;

impl Layout {
    /// Whether we pack it, and restore it.
    pub fn fits(&self) -> bool {
        let planes = (1..=4).contains(&self.planes);
        planes && (1..=MOST_ROW).contains(&self.width) && self.row_bytes() <= MOST_ROW
    }

    pub const fn sample_bytes(&self) -> usize {
        1 + self.wide as usize
    }

    pub const fn row_bytes(&self) -> usize {
        self.width * self.planes * self.sample_bytes()
    }

    /// The largest sample.
    pub const fn most(&self) -> i32 {
        if self.wide { 0xFFFF } else { 0xFF }
    }

    /// The sign bit is turned over, so that samples near 0 are near each other.
    const fn offset(&self) -> i32 {
        match (self.signed, self.wide) {
            (false, _) => 0,
            (true, false) => 0x80,
            (true, true) => 0x8000,
        }
    }

    /// Takes the samples of one plane out of a row's bytes.
    pub fn read(&self, bytes: &[u8], plane: usize, samples: &mut [i32]) {
        let offset = self.offset();
        let size = self.sample_bytes();
        let from = &bytes[plane * size..];
        let all = samples.iter_mut();
        match (self.planes, self.wide) {
            (1, false) => all.zip(from).for_each(|(s, &b)| *s = i32::from(b) ^ offset),
            (n, false) => all
                .zip(from.chunks(n))
                .for_each(|(s, pixel)| *s = i32::from(pixel[0]) ^ offset),
            (1, true) if !self.big_endian => {
                let pairs = from.as_chunks().0;
                all.zip(pairs)
                    .for_each(|(s, &pair)| *s = i32::from(u16::from_le_bytes(pair)) ^ offset);
            }
            (n, true) => {
                let bytes = if self.big_endian { [1, 0] } else { [0, 1] };
                all.zip(from.chunks(2 * n)).for_each(|(s, pixel)| {
                    let value = u16::from_le_bytes([pixel[bytes[0]], pixel[bytes[1]]]);
                    *s = i32::from(value) ^ offset;
                });
            }
        }
    }

    /// Puts the samples of one plane into a row's bytes.
    pub fn write(&self, all: impl Iterator<Item = i32>, plane: usize, bytes: &mut [u8]) {
        let offset = self.offset();
        let size = self.sample_bytes();
        let to = &mut bytes[plane * size..];
        match (self.planes, self.wide) {
            (1, false) => all.zip(to).for_each(|(s, b)| *b = (s ^ offset) as u8),
            (n, false) => all
                .zip(to.chunks_mut(n))
                .for_each(|(s, pixel)| pixel[0] = (s ^ offset) as u8),
            (1, true) if !self.big_endian => {
                let pairs = to.as_chunks_mut().0;
                all.zip(pairs)
                    .for_each(|(s, pair)| *pair = ((s ^ offset) as u16).to_le_bytes());
            }
            (n, true) => {
                let places = if self.big_endian { [1, 0] } else { [0, 1] };
                all.zip(to.chunks_mut(2 * n)).for_each(|(s, pixel)| {
                    let value = ((s ^ offset) as u16).to_le_bytes();
                    pixel[places[0]] = value[0];
                    pixel[places[1]] = value[1];
                });
            }
        }
    }
}
