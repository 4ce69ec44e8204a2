//! Packs data sets for a slow line, and restores them byte for byte.
//!
//! Between gateway and hub each data set may travel packed, whatever its
//! transfer syntax. What stands in it can only make it pack badly, never
//! wrongly: the packer looks for native pixel data and takes the attributes'
//! word for rows, width and sample size; a block then only says that so many
//! bytes are samples in such rows, and restoring undoes just that. Whoever uses
//! this compares digests all the same.
//!
//! Both sides take bytes in any split and hold one block of at most 512 KiB, in
//! about 4 MiB together with tables. The unpacker trusts nothing: it takes no
//! more memory than that whatever a block says, gives no more bytes than it was
//! told to, and answers damage with an error or, as there is no checksum here,
//! with other bytes. No reference goes from one block to another.
//!
//! It does not read encapsulated pixel data: what is packed already passes as
//! it is. It does not use one frame, or one image, to predict the next.
//!
//! # The format, version 1
//!
//! Numbers are little endian. A stream is the version (1 byte, 1), the length of
//! the data set (8 bytes), and blocks until that many bytes are restored:
//!
//! | Bytes | |
//! |---|---|
//! | 1 | kind: 0 plain, 1 zstd, 2 image |
//! | 4 | length: bytes that it restores, 1 to 524,288 |
//! | 4 | packed length, below the length; a plain block has none |
//! | … | the bytes as they are, one zstd frame (RFC 8878), or an image |
//!
//! ## Image
//!
//! | Bytes | |
//! |---|---|
//! | 1 | flags: 1 samples of 16 bits, not 8; 2 big endian; 4 signed; 8 related planes |
//! | 1 | planes, P: samples of a pixel that stand together, 1 to 4 |
//! | 4 | width, W, in pixels |
//! | 4 | length of the bits in bytes |
//! | … | bits, from the lowest of each byte |
//! | … | states and words of the entropy coder |
//!
//! A row is W · P samples, at most 64 KiB; the length is that of R whole rows.
//! A sample is taken without a sign; where *signed* is set, its highest bit is
//! turned over. M is the largest sample, 255 or 65,535. *Related* needs three
//! planes: they are coded in the order 1, 0, 2, and of the last two the
//! difference to the first of them, `(s - first + M/2 + 1) & M` with `M/2`
//! rounded down; other planes are coded as they are, in their order.
//!
//! ### Bits
//!
//! 1. The model of the first coded plane, and, if there are more, one for all
//!    others. A model is one bit: 0 *median*; 1 *weighted*, followed by 32
//!    classes. A class is one bit, 0 when its weights are the last class's (of
//!    the first class: all 0); 1 when seven follow, each 13 bits, less 4,095:
//!    of n, nw, ne, ww, nn, nne, nww. The weight of w is what they leave of
//!    1,024.
//! 2. R · P bits, row by row and in it plane by plane: 1 when the row is the
//!    same as the one above (zeros above the first) and is not coded.
//! 3. 32 bits for each model, one a context: 1 when a stream begins with this
//!    context, 0 when it goes on. The first is 1.
//! 4. For each stream the number of its values (20 bits) and, if there are
//!    some, its table: the number of tokens (7 bits), then for each token the
//!    bit length of its frequency, as a step from that of the token before (at
//!    first 0), in zigzag (0, -1, 1, -2 … are 0, 1, 2, 3 …) and unary (zeros,
//!    then a one); if it is over 1, the bits below the highest. The frequencies
//!    sum up to 4,096.
//! 5. For each value, stream by stream, the bits that follow its token.
//!
//! ### Entropy coder
//!
//! rANS with four states of 32 bits, which stand first; the i-th value of all,
//! stream after stream, is read from state i mod 4. Then come words of 16 bits.
//! To read a token from a state x with the frequencies f of the table, whose
//! sums below each token are c: find the token t that x mod 4,096 falls into;
//! x becomes `f[t] * (x >> 12) + x mod 4096 - c[t]`; if that is below 65,536,
//! `x << 16` and the next word. In the end no word is left, and each state is
//! 65,536.
//!
//! A token below 16 is the value itself. Else, with n = (t - 8) / 4 rounded
//! down, n bits follow, and the value is `(4 + t mod 4) << n` plus these.
//!
//! ### Prediction
//!
//! ```text
//!          nn  nne
//! nww  nw  n   ne
//! ww   w   x
//! ```
//!
//! Values are residuals r: of x from its prediction p, 2 d for d ≥ 0 and
//! -2 d - 1 for d < 0; x is `(p + d) & M`. Left of a row, samples are the first
//! of the row above; right of it, its own last. Above the first row all is 0;
//! above the second, nn and nne are n and ne. Arithmetic is in 32 bits,
//! rounding down.
//!
//! - In the first row, p is w.
//! - *Median*: `w + n - nw`, but no less than min(w, n) and no more than
//!   max(w, n).
//! - *Weighted*: the sum of neighbours by their weights and 512, divided by
//!   1,024. The class is the place of the highest bit of
//!   `|w - nw| + |n - nw| + |ne - n|` (0 when that is 0).
//!
//! The energy is half of `2 r(w) + 2 r(n) + r(nw) + r(ne)`, 4,095 at most.
//! Left of a row, residuals are the first of the row above; right of it, its
//! own last; of rows that are not coded, 0. With o the place of the highest bit
//! of energy + 2, the context is 2 o - 2, and one more when the next lower bit
//! is set; for the model of other planes, its own 32.
//!
//! The packer chooses weights by least squares and joins contexts into streams
//! as it likes.

mod bits;
mod decode;
mod encode;
mod entropy;
mod finder;
mod fit;
mod image;
mod layout;
mod packer;
mod predict;
mod unpacker;

pub use packer::Packer;
pub use unpacker::Unpacker;

/// Most bytes of a data set in one block.
const BLOCK: usize = 512 * 1024;

/// The first byte.
const VERSION: u8 = 1;

/// Kinds of blocks.
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const IMAGE: u8 = 2;

/// The data set was not as long as announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("packing: {announced} bytes were announced, {came} came")]
pub struct PackError {
    pub announced: u64,
    pub came: u64,
}

/// Why a packed data set cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    #[error("unpacking: version {0} of the format is not known")]
    Version(u8),
    #[error("unpacking: the data set is {length} bytes long, at most {limit} are taken")]
    TooLong { length: u64, limit: u64 },
    #[error("unpacking: no block is of kind {0}")]
    Kind(u8),
    #[error("unpacking: a block cannot be {0} bytes long here")]
    BlockLength(usize),
    #[error("unpacking: an image block cannot be read")]
    Image,
    #[error("unpacking: a block cannot be inflated")]
    Zstd(#[source] std::io::Error),
    #[error("unpacking: the packed data set is cut off")]
    CutOff,
}

#[cfg(test)]
mod tests;
