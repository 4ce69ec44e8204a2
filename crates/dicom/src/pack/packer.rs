//! The packing side.

use super::{
    BLOCK, IMAGE, PLAIN, PackError, VERSION, ZSTD, encode::Encoder, finder::Finder, layout::Layout,
};
use std::mem;
use zstd::bulk::Compressor;

/// Pixel data shorter than this are not looked at as images.
const SMALLEST: u64 = 2048;
/// What must be left of a block for packing to be worth the while: 97 %.
const WORTH: (usize, usize) = (97, 100);
/// Bytes that are packed to guess what would become of a block.
const GUESSED: usize = 16 * 1024;
/// Blocks from one comparison of ways to the next.
const COMPARED: u32 = 16;

enum Region {
    /// Up to the pixel data.
    Before,
    /// In pixel data of which so many bytes are to come.
    Pixels(Layout, u64),
    /// Anything else.
    After,
}

impl Region {
    /// Bytes of a block: of pixels, whole rows.
    const fn block(&self) -> usize {
        match self {
            Self::Pixels(layout, _) => BLOCK - BLOCK % layout.row_bytes(),
            Self::Before | Self::After => BLOCK,
        }
    }
}

/// Packs a data set that is pushed through it, in about 4 MiB.
pub struct Packer {
    length: u64,
    taken: u64,
    begun: bool,
    region: Region,
    finder: Finder,
    /// Blocks until the ways to pack pixel data are compared again.
    compare_in: u32,
    images_win: bool,
    /// The block in hand.
    block: Vec<u8>,
    memory: Memory,
}

/// What need not be asked for again for the next data set.
#[derive(Default)]
struct Memory {
    encoder: Option<Box<Encoder>>,
    zstd: Option<Compressor<'static>>,
    /// What became of a block as an image.
    image: Vec<u8>,
    /// What zstd made of a block.
    squeezed: Vec<u8>,
}

impl Packer {
    /// For a data set of `length` bytes in this transfer syntax (UID).
    #[must_use]
    pub fn new(transfer_syntax: &str, length: u64) -> Self {
        Self {
            length,
            taken: 0,
            begun: false,
            region: Region::Before,
            finder: Finder::new(transfer_syntax),
            compare_in: 0,
            images_win: true,
            block: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// Turns to another data set, in the memory of the last one.
    pub fn restart(&mut self, transfer_syntax: &str, length: u64) {
        let (mut block, memory) = (mem::take(&mut self.block), mem::take(&mut self.memory));
        block.clear();
        *self = Self {
            block,
            memory,
            ..Self::new(transfer_syntax, length)
        };
    }

    /// Takes the next bytes of the data set; appends what is ready to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        self.begin(out);
        self.taken += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = self.region.block() - self.block.len();
            let most = match self.region {
                Region::Before => self.finder.push(&bytes[..room.min(bytes.len())]),
                Region::Pixels(_, left) => usize::try_from(left).unwrap_or(room).min(room),
                Region::After => room,
            };
            let (now, later) = bytes.split_at(most.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            self.advance(now.len(), out);
        }
    }

    /// The data set has ended: appends what is left to `out`.
    ///
    /// # Errors
    /// [`PackError`] when it was not as long as announced; `out` is of no use then.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), PackError> {
        self.begin(out);
        self.flush(out);
        if self.taken == self.length {
            return Ok(());
        }
        Err(PackError {
            announced: self.length,
            came: self.taken,
        })
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !mem::replace(&mut self.begun, true) {
            out.push(VERSION);
            out.extend_from_slice(&self.length.to_le_bytes());
        }
    }

    /// `n` more bytes are in the block: writes it when it is full, or when what
    /// it is part of has ended.
    fn advance(&mut self, n: usize, out: &mut Vec<u8>) {
        let next = match &mut self.region {
            Region::Before => self.finder.found().map(|(length, layout)| match layout {
                Some(layout) if length >= SMALLEST => Region::Pixels(layout, length),
                _ => Region::After,
            }),
            Region::Pixels(_, left) => {
                *left -= n as u64;
                (*left == 0).then_some(Region::After)
            }
            Region::After => None,
        };
        if next.is_some() || self.block.len() == self.region.block() {
            self.flush(out);
        }
        if let Some(next) = next {
            self.region = next;
        }
    }

    /// Writes the block in hand.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let mut block = mem::take(&mut self.block);
        if let Region::Pixels(layout, _) = self.region {
            let (rows, rest) = block.split_at(block.len() - block.len() % layout.row_bytes());
            self.write_rows(&layout, rows, out);
            self.write_bytes(rest, out);
        } else {
            self.write_bytes(&block, out);
        }
        block.clear();
        self.block = block;
    }

    /// Writes rows of pixels, in the way that takes least.
    fn write_rows(&mut self, layout: &Layout, rows: &[u8], out: &mut Vec<u8>) {
        if rows.is_empty() {
            return;
        }
        let compare = self.compare_in == 0;
        self.compare_in = if compare {
            COMPARED
        } else {
            self.compare_in - 1
        };
        if !compare && !self.images_win {
            return self.write_bytes(rows, out);
        }
        let memory = &mut self.memory;
        memory.image.clear();
        memory
            .encoder
            .get_or_insert_default()
            .encode(layout, rows, &mut memory.image);
        if compare {
            // Mostly a guess is enough, and spares the time.
            self.images_win = memory.guess(rows) > memory.image.len() || {
                memory.squeeze(rows);
                memory.squeezed.len() >= memory.image.len()
            };
            if !self.images_win {
                return write_block(ZSTD, rows, &memory.squeezed, out);
            }
        }
        write_block(IMAGE, rows, &memory.image, out);
    }

    /// Writes bytes of which nothing is known.
    fn write_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if bytes.len() >= 4 * GUESSED && !worth(self.memory.guess(bytes), bytes.len()) {
            return write_plain(bytes, out);
        }
        self.memory.squeeze(bytes);
        write_block(ZSTD, bytes, &self.memory.squeezed, out);
    }
}

impl Memory {
    /// About how many bytes zstd makes of these, from some in the middle.
    fn guess(&mut self, bytes: &[u8]) -> usize {
        let middle = bytes.len().saturating_sub(GUESSED) / 2;
        let sample = &bytes[middle..(middle + GUESSED).min(bytes.len())];
        self.squeeze(sample);
        self.squeezed.len() * bytes.len() / sample.len().max(1)
    }

    /// Leaves in `squeezed` what zstd makes of these bytes.
    fn squeeze(&mut self, bytes: &[u8]) {
        self.squeezed.clear();
        self.squeezed
            .reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        if self.zstd.is_none() {
            self.zstd = Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL).ok();
        }
        let zstd = self.zstd.as_mut();
        let done = zstd.and_then(|zstd| zstd.compress_to_buffer(bytes, &mut self.squeezed).ok());
        if done.is_none() {
            // It had no memory: the bytes are no smaller for it, and go as they are.
            self.squeezed.clear();
            self.squeezed.extend_from_slice(bytes);
        }
    }
}

const fn worth(packed: usize, length: usize) -> bool {
    packed * WORTH.1 <= length * WORTH.0
}

/// Writes a block as it is when packing is not worth the while.
fn write_block(kind: u8, bytes: &[u8], packed: &[u8], out: &mut Vec<u8>) {
    if !worth(packed.len(), bytes.len()) {
        return write_plain(bytes, out);
    }
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    out.extend_from_slice(packed);
}

fn write_plain(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(PLAIN);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}
