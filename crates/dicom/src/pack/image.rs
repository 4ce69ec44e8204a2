//! What packing and restoring of an image block have in common.

use super::{
    bits::{BitReader, BitWriter},
    fit::LARGEST,
    layout::Layout,
    predict::{CLASSES, CONTEXTS, FRACTION, NEIGHBOURS, Predictor, Row, Weights},
};

/// Bytes before the bits.
pub const HEAD: usize = 10;
pub const WIDE: u8 = 1;
pub const BIG_ENDIAN: u8 = 2;
pub const SIGNED: u8 = 4;
pub const RELATED: u8 = 8;

/// The first plane has a model and contexts of its own; the others share.
pub const MODELS: usize = 2;
/// Contexts of all models.
pub const ALL_CONTEXTS: usize = MODELS * CONTEXTS;
/// Bits of the number of a stream's values.
pub const COUNT_BITS: u32 = 20;
/// Bits of a weight: its distance from the smallest.
const WEIGHT_BITS: u32 = 13;

/// How samples of a plane are predicted.
pub struct Model {
    pub predictor: Predictor,
    pub weights: Weights,
}

impl Model {
    pub fn write(&self, bits: &mut BitWriter) {
        bits.put(u32::from(self.predictor == Predictor::Weighted), 1);
        if self.predictor == Predictor::Median {
            return;
        }
        let mut last = [0; NEIGHBOURS];
        for weights in &self.weights {
            bits.put(u32::from(*weights != last), 1);
            if *weights != last {
                for weight in &weights[1..] {
                    bits.put((weight + LARGEST) as u32, WEIGHT_BITS);
                }
            }
            last = *weights;
        }
    }

    pub fn read(bits: &mut BitReader<'_>) -> Self {
        let mut model = Self {
            predictor: Predictor::Median,
            weights: [[0; NEIGHBOURS]; CLASSES],
        };
        if bits.get(1) == 0 {
            return model;
        }
        model.predictor = Predictor::Weighted;
        let mut last = [0; NEIGHBOURS];
        for weights in &mut model.weights {
            if bits.get(1) == 1 {
                for weight in &mut last[1..] {
                    *weight = bits.get(WEIGHT_BITS) as i32 - LARGEST;
                }
                last[0] = (1 << FRACTION) - last[1..].iter().sum::<i32>();
            }
            *weights = last;
        }
        model
    }
}

/// The last rows of one plane: the one in hand, the one above, and above that.
#[derive(Clone)]
pub struct Plane([Row; 3]);

impl Plane {
    pub fn new(width: usize) -> Self {
        Self([Row::new(width), Row::new(width), Row::new(width)])
    }

    /// The row in hand and those above; the second row has but one above,
    /// which is taken twice.
    pub fn rows(&mut self, y: usize) -> (&mut Row, [&Row; 2]) {
        let [row, above, above2] = &mut self.0;
        (row, [above, if y < 2 { above } else { above2 }])
    }

    /// The row in hand becomes the one above.
    pub fn next(&mut self) {
        self.0.rotate_right(1);
    }
}

/// Which plane comes as the `index`th: of related ones the middle one first.
const fn plane_at(index: usize, related: bool) -> usize {
    match (related, index) {
        (true, 0) => 1,
        (true, 1) => 0,
        _ => index,
    }
}

/// Planes of one line of bytes, in their order. Related planes after the first
/// are differences from it.
pub struct Line {
    layout: Layout,
    related: bool,
    /// Samples of the first plane.
    base: Vec<i32>,
}

impl Line {
    pub fn new(layout: Layout, related: bool) -> Self {
        Self {
            layout,
            related,
            base: vec![0; layout.width],
        }
    }

    /// Takes the `index`th plane out of the line's bytes.
    pub fn read(&mut self, bytes: &[u8], index: usize, samples: &mut [i32]) {
        let most = self.layout.most();
        self.layout
            .read(bytes, plane_at(index, self.related), samples);
        if self.related && index == 0 {
            self.base.copy_from_slice(samples);
        } else if self.related {
            for (sample, base) in samples.iter_mut().zip(&self.base) {
                *sample = (*sample - base + most / 2 + 1) & most;
            }
        }
    }

    /// Puts the `index`th plane into the line's bytes.
    pub fn write(&mut self, samples: &[i32], index: usize, bytes: &mut [u8]) {
        let most = self.layout.most();
        let plane = plane_at(index, self.related);
        if self.related && index > 0 {
            let sums = samples.iter().zip(&self.base);
            let sums = sums.map(|(sample, base)| (sample + base + most / 2 + 1) & most);
            self.layout.write(sums, plane, bytes);
            return;
        }
        if self.related {
            self.base.copy_from_slice(samples);
        }
        self.layout.write(samples.iter().copied(), plane, bytes);
    }
}
