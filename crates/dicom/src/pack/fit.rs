//! Weights that fit a block: least squares, by class of surroundings.
//!
//! Only the packer does this. Weights stand in the block as whole numbers, so
//! that nothing depends on how a machine rounds.

use super::{
    image::{Line, MODELS, Model},
    layout::Layout,
    predict::{Around, CLASSES, FRACTION, MARGIN, NEIGHBOURS, Predictor, Weights},
};

/// Samples of a plane that are looked at, about.
const FITTED: usize = 1 << 14;

/// Unknowns: the weights of all neighbours but `w`, whose weight is what the
/// others leave of 1.
const UNKNOWNS: usize = NEIGHBOURS - 1;
/// Largest weight, as it is written: 13 bits with the sign.
pub const LARGEST: i32 = (1 << 12) - 1;
/// Fewer samples than this make no weights of their own.
const ENOUGH: f32 = 48.0;

/// Products of differences from `w`, summed up over samples; the last of each
/// row and column is of the sample itself.
type Sums = [[f32; NEIGHBOURS]; NEIGHBOURS];

struct Fit {
    sums: [Sums; CLASSES],
    counts: [f32; CLASSES],
}

impl Fit {
    const fn new() -> Self {
        Self {
            sums: [[[0.0; NEIGHBOURS]; NEIGHBOURS]; CLASSES],
            counts: [0.0; CLASSES],
        }
    }

    /// Learns from one sample.
    fn add(&mut self, around: &Around, sample: i32) {
        let class = around.class();
        self.counts[class] += 1.0;
        let w = around.w;
        let [nww, nw, n, ne] = around.above;
        let [nn, nne] = around.above2;
        let around = [n, nw, ne, around.ww, nn, nne, nww, sample];
        let differences = around.map(|sample| (sample - w) as f32);
        for (row, a) in self.sums[class].iter_mut().zip(differences) {
            for (sum, b) in row.iter_mut().zip(differences) {
                *sum += a * b;
            }
        }
    }

    /// The weights. Classes with too few samples take those of all together.
    fn weights(&self) -> Weights {
        let mut all: Sums = [[0.0; NEIGHBOURS]; NEIGHBOURS];
        for sums in &self.sums {
            let places = all.as_flattened_mut().iter_mut();
            places.zip(sums.as_flattened()).for_each(|(a, b)| *a += b);
        }
        let mut weights = [solve(&all); CLASSES];
        for ((weights, sums), &count) in weights.iter_mut().zip(&self.sums).zip(&self.counts) {
            if count >= ENOUGH {
                *weights = solve(sums);
            }
        }
        weights
    }
}

/// The whole-number weights that minimise the squared error: Gauss without
/// pivoting will do, for the matrix is symmetric and made positive definite.
fn solve(sums: &Sums) -> [i32; NEIGHBOURS] {
    let mut rows = sums.map(|row| row.map(f64::from));
    let ridge = 1.0 + (0..UNKNOWNS).map(|i| rows[i][i]).sum::<f64>() * 1e-6;
    for (i, row) in rows.iter_mut().enumerate() {
        row[i] += ridge;
    }
    for i in 0..UNKNOWNS {
        let pivot = rows[i];
        for row in &mut rows[i + 1..UNKNOWNS] {
            let factor = row[i] / pivot[i];
            for (a, b) in row.iter_mut().zip(pivot) {
                *a -= factor * b;
            }
        }
    }
    let mut found = [0.0; UNKNOWNS];
    for i in (0..UNKNOWNS).rev() {
        let known: f64 = (i + 1..UNKNOWNS).map(|j| rows[i][j] * found[j]).sum();
        found[i] = (rows[i][UNKNOWNS] - known) / rows[i][i];
    }
    whole(found)
}

/// In parts of 2 to [`FRACTION`]; what is no number is 0.
fn whole(found: [f64; UNKNOWNS]) -> [i32; NEIGHBOURS] {
    let one = 1 << FRACTION;
    let mut weights = [0; NEIGHBOURS];
    for (weight, found) in weights[1..].iter_mut().zip(found) {
        *weight = ((found * f64::from(one)).round() as i32).clamp(-LARGEST, LARGEST);
    }
    weights[0] = one - weights[1..].iter().sum::<i32>();
    weights
}

/// Whether planes are better coded as differences from the middle one.
pub fn are_related(layout: &Layout, bytes: &[u8]) -> bool {
    let mut alone = 0;
    let mut related = 0;
    for row in fitted_rows(layout, bytes) {
        let line = &bytes[row * layout.row_bytes()..][..layout.row_bytes()];
        let planes: [Vec<i32>; 3] = std::array::from_fn(|plane| {
            let mut samples = vec![0; layout.width];
            layout.read(line, plane, &mut samples);
            samples
        });
        for x in 1..layout.width {
            let change = |plane: usize| planes[plane][x] - planes[plane][x - 1];
            let [first, middle, last] = [change(0), change(1), change(2)];
            alone += u64::from(first.unsigned_abs() + last.unsigned_abs());
            related += u64::from((first - middle).unsigned_abs() + (last - middle).unsigned_abs());
        }
    }
    related < alone
}

/// Rows that are looked at: some, all over the block.
fn fitted_rows(layout: &Layout, bytes: &[u8]) -> impl Iterator<Item = usize> {
    let rows = bytes.len() / layout.row_bytes();
    let step = (rows * layout.width / FITTED).max(1);
    (0..rows).skip(2).step_by(step)
}

/// How to predict the planes of this block.
pub fn models(layout: &Layout, bytes: &[u8], related: bool) -> [Model; MODELS] {
    let mut fits = [Fit::new(), Fit::new()];
    look(layout, bytes, related, |index, around, sample| {
        fits[index.min(MODELS - 1)].add(around, sample);
    });
    let weights = fits.map(|fit| fit.weights());
    let mut costs = [[0; 2]; MODELS];
    look(layout, bytes, related, |index, around, sample| {
        let set = index.min(MODELS - 1);
        let weighted = around.weighted(&weights[set][around.class()]);
        costs[set][0] += cost(sample - around.median());
        costs[set][1] += cost(sample - weighted);
    });
    std::array::from_fn(|set| {
        let [median, weighted] = costs[set];
        Model {
            predictor: if weighted < median {
                Predictor::Weighted
            } else {
                Predictor::Median
            },
            weights: weights[set],
        }
    })
}

/// About twice the bits that a residual takes.
fn cost(off: i32) -> u64 {
    let off = i64::from(off);
    u64::from((off * off * 2 + 1).ilog2())
}

/// Shows `each` samples of the block with what is around them.
fn look(layout: &Layout, bytes: &[u8], related: bool, mut each: impl FnMut(usize, &Around, i32)) {
    let size = layout.row_bytes();
    let mut lines = [(); 3].map(|()| Line::new(*layout, related));
    let mut rows = [(); 3].map(|()| vec![0; layout.width]);
    for y in fitted_rows(layout, bytes) {
        for index in 0..layout.planes {
            for (up, (line, row)) in lines.iter_mut().zip(&mut rows).enumerate() {
                line.read(&bytes[(y - up) * size..][..size], index, row);
            }
            let [row, above, above2] = &rows;
            for x in MARGIN..layout.width.saturating_sub(1) {
                let around = Around {
                    w: row[x - 1],
                    ww: row[x - 2],
                    above: [above[x - 2], above[x - 1], above[x], above[x + 1]],
                    above2: [above2[x], above2[x + 1]],
                };
                each(index, &around, row[x]);
            }
        }
    }
}
