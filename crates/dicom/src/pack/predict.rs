//! What a sample is likely to be, and how far off that is likely to be, from
//! samples before it: the same on both sides, in whole numbers.
//!
//! ```text
//!          nn  nne
//! nww  nw  n   ne
//! ww   w   x
//! ```

/// Places beside a row on either side.
pub const MARGIN: usize = 2;
/// Contexts that a residual may stand in; more than there are, so that finding
/// one takes no comparison.
pub const CONTEXTS: usize = 32;
/// Kinds of surroundings, each with weights of its own; more than there are,
/// so that finding one takes no comparison.
pub const CLASSES: usize = 32;
/// Weights are in parts of 2 to this.
pub const FRACTION: u32 = 10;
/// Neighbours that are weighed: `w`, and the others.
pub const NEIGHBOURS: usize = 8;

/// Weights of w, n, nw, ne, ww, nn, nne and nww, by class.
pub type Weights = [[i32; NEIGHBOURS]; CLASSES];

/// How the samples of a block are predicted, but for its first row, where each
/// is taken for the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Predictor {
    /// The median of w, n and w + n - nw, as JPEG-LS has it (ITU-T T.87 A.4.1).
    Median,
    /// The weighted sum of neighbours.
    Weighted,
}

/// Samples of a row and their residuals, with margins.
#[derive(Clone)]
pub struct Row {
    pub samples: Vec<i32>,
    pub residuals: Vec<u16>,
}

impl Row {
    pub fn new(width: usize) -> Self {
        Self {
            samples: vec![0; width + 2 * MARGIN],
            residuals: vec![0; width + 2 * MARGIN],
        }
    }

    /// Sets the margins: to the left stands the first sample of the row above,
    /// to the right the last one of this row.
    pub fn close(&mut self, above: &Self) {
        let end = self.samples.len() - MARGIN;
        self.samples[..MARGIN].fill(above.samples[MARGIN]);
        let last = self.samples[end - 1];
        self.samples[end..].fill(last);
        self.residuals[MARGIN - 1] = above.residuals[MARGIN];
        self.residuals[end] = self.residuals[end - 1];
    }

    /// Becomes a copy of `above`, with no residuals.
    pub fn repeat(&mut self, above: &Self) {
        self.samples.copy_from_slice(&above.samples);
        self.residuals.fill(0);
        self.close(above);
    }
}

/// What is around a sample.
#[derive(Clone, Copy)]
pub struct Around {
    pub w: i32,
    pub ww: i32,
    /// nww, nw, n and ne.
    pub above: [i32; 4],
    /// nn and nne.
    pub above2: [i32; 2],
}

impl Around {
    /// By the highest bit of how much samples differ from their neighbours.
    #[inline]
    pub const fn class(&self) -> usize {
        let [_, nw, n, ne] = self.above;
        let change = (self.w - nw).abs() + ((n - nw).abs() + (ne - n).abs());
        (change | 1).ilog2() as usize % CLASSES
    }

    #[inline]
    pub fn median(&self) -> i32 {
        let [_, nw, n, _] = self.above;
        (self.w + n - nw).clamp(self.w.min(n), self.w.max(n))
    }

    /// May lie outside of what samples can be; arithmetic is modulo 2^32.
    #[inline]
    pub const fn weighted(&self, weights: &[i32; NEIGHBOURS]) -> i32 {
        let [nww, nw, n, ne] = self.above;
        let [nn, nne] = self.above2;
        let above = n
            .wrapping_mul(weights[1])
            .wrapping_add(nw.wrapping_mul(weights[2]))
            .wrapping_add(ne.wrapping_mul(weights[3]))
            .wrapping_add(nww.wrapping_mul(weights[7]));
        let above2 = nn
            .wrapping_mul(weights[5])
            .wrapping_add(nne.wrapping_mul(weights[6]));
        let before = self.ww.wrapping_mul(weights[4]).wrapping_add(HALF);
        let sum = above.wrapping_add(above2).wrapping_add(before);
        self.w.wrapping_mul(weights[0]).wrapping_add(sum) >> FRACTION
    }
}

const HALF: i32 = 1 << (FRACTION - 1);

/// Contexts by how large residuals around are: by half octaves of
/// [`energy`] + 2.
pub type Contexts = [u8; ENERGIES];
const ENERGIES: usize = 4096;
pub static HALF_OCTAVES: Contexts = {
    let mut contexts = [0; ENERGIES];
    let mut energy = 0;
    while energy < ENERGIES {
        let octave = (energy + 2).ilog2();
        contexts[energy] = (2 * octave - 2) as u8 + ((energy + 2) >> (octave - 1) & 1) as u8;
        energy += 1;
    }
    contexts
};

/// The weighted sum of residuals around, `w`, `n`, `nw` and `ne`.
#[inline]
const fn energy(w: u16, [nw, n, ne]: [u16; 3]) -> usize {
    let above = 2 * n as usize + nw as usize + ne as usize;
    let sum = (2 * w as usize + above) / 2;
    if sum < ENERGIES { sum } else { ENERGIES - 1 }
}

/// Packs or restores one sample after another.
pub trait Coder {
    /// Gets the prediction of the next sample, and its context. Gives the
    /// sample and its residual.
    fn code(&mut self, likely: i32, context: u8) -> (i32, u16);
}

/// Goes along a row; where there is none above, `how` is `None`.
pub fn walk(
    above: [&Row; 2],
    row: &mut Row,
    how: Option<(Predictor, &Weights)>,
    contexts: &Contexts,
    coder: &mut impl Coder,
) {
    match how {
        None => walk_by(above, row, contexts, coder, |around| around.w),
        Some((Predictor::Median, _)) => walk_by(above, row, contexts, coder, Around::median),
        Some((Predictor::Weighted, weights)) => {
            let weighted = |around: &Around| around.weighted(&weights[around.class()]);
            walk_by(above, row, contexts, coder, weighted);
        }
    }
    row.close(above[0]);
}

#[inline(always)]
fn walk_by(
    [above, above2]: [&Row; 2],
    row: &mut Row,
    contexts: &Contexts,
    coder: &mut impl Coder,
    predict: impl Fn(&Around) -> i32,
) {
    let ahead = above.samples.array_windows::<4>();
    let ahead2 = above2.samples[MARGIN..].array_windows::<2>();
    let residuals_ahead = above.residuals[MARGIN - 1..].array_windows::<3>();
    let aheads = ahead.zip(ahead2).zip(residuals_ahead);
    let end = row.samples.len() - MARGIN;
    let samples = row.samples[MARGIN..end].iter_mut();
    let places = samples.zip(&mut row.residuals[MARGIN..end]);
    let mut w = above.samples[MARGIN];
    let mut ww = w;
    let mut residual_w = above.residuals[MARGIN];
    for ((sample, residual), ((&above, &above2), &residuals)) in places.zip(aheads) {
        let around = Around {
            w,
            ww,
            above,
            above2,
        };
        let context = contexts[energy(residual_w, residuals)];
        (*sample, *residual) = coder.code(predict(&around), context);
        (ww, w, residual_w) = (w, *sample, *residual);
    }
}

/// Residuals of a row and their contexts, as [`walk`] had them.
pub fn contexts<'a>(row: &'a Row, above: &'a Row) -> impl Iterator<Item = (u16, u8)> + 'a {
    let pairs = row.residuals[MARGIN - 1..].array_windows::<2>();
    let aheads = above.residuals[MARGIN - 1..].array_windows::<3>();
    pairs
        .zip(aheads)
        .map(|(&[w, residual], &aheads)| (residual, HALF_OCTAVES[energy(w, aheads)]))
}

/// The residual of a sample of `16 - spare` bits: the difference from what was
/// likely modulo 2 to its bits, from near 0 outwards: 0, -1, 1, -2, 2.
#[inline]
pub const fn residual(sample: i32, likely: i32, spare: u32) -> u16 {
    let off = sample.wrapping_sub(likely) << (16 + spare) >> (16 + spare);
    ((off << 1) ^ (off >> 31)) as u16
}

/// What [`residual`] was taken of, when samples are `most` at most.
#[inline]
pub const fn sample(residual: u16, likely: i32, most: i32) -> i32 {
    let residual = residual as i32;
    likely.wrapping_add((residual >> 1) ^ -(residual & 1)) & most
}
