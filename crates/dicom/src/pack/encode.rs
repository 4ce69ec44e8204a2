//! Packs an image block.

use super::{
    bits::BitWriter,
    entropy::{self, Counts, TOKENS, Table},
    fit,
    image::{
        ALL_CONTEXTS, BIG_ENDIAN, COUNT_BITS, Line, MODELS, Model, Plane, RELATED, SIGNED, WIDE,
    },
    layout::Layout,
    predict::{self, CONTEXTS, Coder, HALF_OCTAVES, MARGIN},
};

/// Memory that is kept from block to block.
pub struct Encoder {
    /// Residuals, mapped to whole numbers from 0, and their contexts.
    values: Vec<u16>,
    contexts: Vec<u8>,
    counts: Box<[Counts; ALL_CONTEXTS]>,
    /// Values by stream.
    sorted: Vec<u16>,
    tokens: Vec<u8>,
    words: Vec<u16>,
    bits: BitWriter,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            contexts: Vec::new(),
            counts: Box::new([[0; TOKENS]; ALL_CONTEXTS]),
            sorted: Vec::new(),
            tokens: Vec::new(),
            words: Vec::new(),
            bits: BitWriter::default(),
        }
    }
}

impl Encoder {
    /// Appends `bytes`, which are whole rows, packed to `out`.
    pub fn encode(&mut self, layout: &Layout, bytes: &[u8], out: &mut Vec<u8>) {
        let related = layout.planes == 3 && fit::are_related(layout, bytes);
        let models = fit::models(layout, bytes, related);
        self.bits.clear();
        for model in &models[..layout.planes.min(MODELS)] {
            model.write(&mut self.bits);
        }
        self.predict(layout, bytes, related, &models);
        let streams = self.join(layout.planes.min(MODELS) * CONTEXTS);
        self.sort(&streams);

        let flags = [
            (layout.wide, WIDE),
            (layout.big_endian, BIG_ENDIAN),
            (layout.signed, SIGNED),
            (related, RELATED),
        ];
        let set = flags.iter().filter(|(set, _)| *set);
        let flags = set.fold(0, |flags, (_, flag)| flags | flag);
        out.extend_from_slice(&[flags, layout.planes as u8]);
        out.extend_from_slice(&(layout.width as u32).to_le_bytes());
        let bits = self.bits.finish();
        out.extend_from_slice(&(bits.len() as u32).to_le_bytes());
        out.extend_from_slice(bits);
        let tables = streams.iter().map(|s| (s.count, &s.table));
        entropy::encode(&self.tokens, tables, &mut self.words, out);
    }

    /// Finds residuals and contexts of all samples; writes which rows are the
    /// same as the one above.
    fn predict(&mut self, layout: &Layout, bytes: &[u8], related: bool, models: &[Model; MODELS]) {
        self.values.clear();
        self.contexts.clear();
        self.counts.fill([0; TOKENS]);
        let mut planes = vec![Plane::new(layout.width); layout.planes];
        let mut line = Line::new(*layout, related);
        let mut samples = vec![0; layout.width];
        for (y, row_bytes) in bytes.chunks_exact(layout.row_bytes()).enumerate() {
            for (index, plane) in planes.iter_mut().enumerate() {
                line.read(row_bytes, index, &mut samples);
                let (row, above) = plane.rows(y);
                let same = samples == above[0].samples[MARGIN..][..layout.width];
                self.bits.put(u32::from(same), 1);
                if same {
                    row.repeat(above[0]);
                } else {
                    let set = index.min(MODELS - 1);
                    let how = (y > 0).then_some((models[set].predictor, &models[set].weights));
                    let spare = if layout.wide { 0 } else { 8 };
                    let mut known = Known {
                        samples: samples.iter(),
                        spare,
                    };
                    predict::walk(above, row, how, &HALF_OCTAVES, &mut known);
                    self.count(
                        predict::contexts(row, above[0]),
                        set * CONTEXTS,
                        layout.width,
                    );
                }
                plane.next();
            }
        }
    }

    /// Keeps residuals of a row.
    fn count(&mut self, row: impl Iterator<Item = (u16, u8)>, first_context: usize, width: usize) {
        let at = self.values.len();
        self.values.resize(at + width, 0);
        self.contexts.resize(at + width, 0);
        let values = self.values[at..].iter_mut();
        let places = values.zip(&mut self.contexts[at..]);
        for ((value, place), (residual, context)) in places.zip(row) {
            let context = usize::from(context) + first_context;
            (*value, *place) = (residual, context as u8);
            let counts = &mut self.counts[context % ALL_CONTEXTS];
            counts[usize::from(entropy::token(residual).0) % TOKENS] += 1;
        }
    }

    /// Joins neighbouring contexts whose residuals are alike; writes the
    /// streams that come of it.
    fn join(&mut self, contexts: usize) -> Vec<Stream> {
        let mut joined: Vec<(usize, Counts, f32)> = Vec::new();
        for (context, counts) in self.counts[..contexts].iter().enumerate() {
            let cost = Table::cost(counts);
            if let Some((_, last, last_cost)) = joined.last_mut() {
                let mut both = *last;
                both.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
                let both_cost = Table::cost(&both);
                if both_cost <= *last_cost + cost {
                    (*last, *last_cost) = (both, both_cost);
                    continue;
                }
            }
            joined.push((context, *counts, cost));
        }
        let streams: Vec<Stream> = joined
            .iter()
            .map(|(from, counts, _)| Stream {
                from: *from,
                count: counts.iter().sum::<u32>() as usize,
                table: Table::of(counts),
            })
            .collect();
        for context in 0..contexts {
            let starts = streams.iter().any(|s| s.from == context);
            self.bits.put(u32::from(starts), 1);
        }
        for stream in &streams {
            self.bits.put(stream.count as u32, COUNT_BITS);
            if stream.count > 0 {
                stream.table.write(&mut self.bits);
            }
        }
        streams
    }

    /// Puts the values in the order of streams; writes the bits that follow
    /// tokens.
    fn sort(&mut self, streams: &[Stream]) {
        let mut places = [0; ALL_CONTEXTS];
        let mut place = 0;
        for (index, stream) in streams.iter().enumerate() {
            let end = streams.get(index + 1).map_or(ALL_CONTEXTS, |s| s.from);
            places[stream.from..end].fill(index);
        }
        let mut next = [0; ALL_CONTEXTS];
        for (next, stream) in next.iter_mut().zip(streams) {
            *next = place;
            place += stream.count;
        }
        self.sorted.clear();
        self.sorted.resize(self.values.len(), 0);
        for (&value, &context) in self.values.iter().zip(&self.contexts) {
            let next = &mut next[places[usize::from(context) % ALL_CONTEXTS] % ALL_CONTEXTS];
            self.sorted[*next] = value;
            *next += 1;
        }
        self.tokens.clear();
        let bits = &mut self.bits;
        self.tokens.extend(self.sorted.iter().map(|&value| {
            let (token, follow) = entropy::token(value);
            bits.put(u32::from(value) & ((1 << follow) - 1), follow);
            token
        }));
    }
}

/// Values that share a table, of the contexts from here to the next stream.
struct Stream {
    from: usize,
    count: usize,
    table: Table,
}

/// Samples of a row that are known.
struct Known<'a> {
    samples: std::slice::Iter<'a, i32>,
    /// Bits that samples do not have of 16.
    spare: u32,
}

impl Coder for Known<'_> {
    #[inline(always)]
    fn code(&mut self, likely: i32, _: u8) -> (i32, u16) {
        let sample = self.samples.next().copied().unwrap_or(0);
        (sample, predict::residual(sample, likely, self.spare))
    }
}
