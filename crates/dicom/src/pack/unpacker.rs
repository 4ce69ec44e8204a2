//! The restoring side. What comes is not trusted.

use super::{BLOCK, IMAGE, PLAIN, UnpackError, VERSION, ZSTD, decode::Decoder};
use std::mem;
use zstd::bulk::Decompressor;

enum State {
    /// Version and length.
    Start,
    Header,
    /// A plain block of which so many bytes are to come.
    Plain(usize),
    /// A packed block: kind, length, packed length.
    Packed(u8, usize, usize),
}

/// Restores a data set that is pushed through it, packed, in about 4 MiB.
pub struct Unpacker {
    limit: u64,
    /// Bytes of the data set that are still to come.
    left: u64,
    state: State,
    /// A header or a packed block that has begun to come.
    held: Vec<u8>,
    memory: Memory,
}

/// What need not be asked for again for the next data set.
#[derive(Default)]
struct Memory {
    image: Decoder,
    zstd: Option<Decompressor<'static>>,
}

impl Unpacker {
    /// For a data set of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            left: 0,
            state: State::Start,
            held: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// Turns to another data set, in the memory of the last one.
    pub fn restart(&mut self, limit: u64) {
        let (mut held, memory) = (mem::take(&mut self.held), mem::take(&mut self.memory));
        held.clear();
        *self = Self {
            held,
            memory,
            ..Self::new(limit)
        };
    }

    /// Takes bytes from the front of `bytes`, until they are used up or a block
    /// is restored: appends one block at most, of up to 512 KiB, to `out`.
    ///
    /// # Errors
    /// [`UnpackError`]; the unpacker is of no use afterwards.
    pub fn push(&mut self, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<(), UnpackError> {
        while !bytes.is_empty() {
            match self.state {
                State::Plain(left) => {
                    let now = take(bytes, left);
                    out.extend_from_slice(now);
                    let left = left - now.len();
                    self.state = if left > 0 {
                        State::Plain(left)
                    } else {
                        State::Header
                    };
                    return Ok(());
                }
                State::Packed(kind, length, packed) => {
                    if self.hold(bytes, packed) {
                        self.restore(kind, length, out)?;
                        self.state = State::Header;
                        return Ok(());
                    }
                }
                State::Start => {
                    if self.hold(bytes, 9) {
                        self.start()?;
                    }
                }
                State::Header => {
                    let plain = self.held.first().or(bytes.first()) == Some(&PLAIN);
                    if self.hold(bytes, if plain { 5 } else { 9 }) {
                        self.header()?;
                    }
                }
            }
        }
        Ok(())
    }

    /// All bytes have come: says whether the data set is whole.
    ///
    /// # Errors
    /// [`UnpackError::CutOff`].
    pub const fn finish(&self) -> Result<(), UnpackError> {
        match self.state {
            State::Header if self.left == 0 && self.held.is_empty() => Ok(()),
            _ => Err(UnpackError::CutOff),
        }
    }

    /// Holds bytes until there are `n`: whether there are.
    fn hold(&mut self, bytes: &mut &[u8], n: usize) -> bool {
        let now = take(bytes, n - self.held.len());
        self.held.extend_from_slice(now);
        self.held.len() == n
    }

    fn start(&mut self) -> Result<(), UnpackError> {
        let version = self.held[0];
        if version != VERSION {
            return Err(UnpackError::Version(version));
        }
        let length = self.held[1..].iter().rev();
        self.left = length.fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        if self.left > self.limit {
            return Err(UnpackError::TooLong {
                length: self.left,
                limit: self.limit,
            });
        }
        self.held.clear();
        self.state = State::Header;
        Ok(())
    }

    fn header(&mut self) -> Result<(), UnpackError> {
        let number = |at: usize| {
            let four = self.held.get(at..at + 4).unwrap_or_default();
            four.iter()
                .rev()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let (kind, length, packed) = (self.held[0], number(1), number(5));
        if length == 0 || length > BLOCK || length as u64 > self.left {
            return Err(UnpackError::BlockLength(length));
        }
        self.state = match kind {
            PLAIN => State::Plain(length),
            // Nobody packs a block into more than it is.
            ZSTD | IMAGE if packed > 0 && packed < length => State::Packed(kind, length, packed),
            ZSTD | IMAGE => return Err(UnpackError::BlockLength(packed)),
            _ => return Err(UnpackError::Kind(kind)),
        };
        self.left -= length as u64;
        self.held.clear();
        Ok(())
    }

    fn restore(&mut self, kind: u8, length: usize, out: &mut Vec<u8>) -> Result<(), UnpackError> {
        if kind == IMAGE {
            let image = &mut self.memory.image;
            image
                .decode(&self.held, length, out)
                .ok_or(UnpackError::Image)?;
        } else {
            let zstd = match &mut self.memory.zstd {
                Some(zstd) => zstd,
                none => none.insert(Decompressor::new().map_err(UnpackError::Zstd)?),
            };
            let block = zstd
                .decompress(&self.held, length)
                .map_err(UnpackError::Zstd)?;
            if block.len() != length {
                return Err(UnpackError::BlockLength(block.len()));
            }
            out.extend_from_slice(&block);
        }
        self.held.clear();
        Ok(())
    }
}

/// Takes `n` bytes, or as many as there are.
fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (now, later) = bytes.split_at(n.min(bytes.len()));
    *bytes = later;
    now
}
