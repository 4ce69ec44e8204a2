//! Restores an image block.

use super::{
    bits::BitReader,
    entropy::{self, Table},
    image::{
        ALL_CONTEXTS, BIG_ENDIAN, COUNT_BITS, HEAD, Line, MODELS, Model, Plane, RELATED, SIGNED,
        WIDE,
    },
    layout::Layout,
    predict::{self, CONTEXTS, Coder, Contexts, HALF_OCTAVES, MARGIN},
};

/// Memory that is kept from block to block.
#[derive(Default)]
pub struct Decoder {
    values: Vec<u16>,
}

impl Decoder {
    /// Appends the `length` bytes that were packed as `packed`; `None` when they
    /// cannot have been. `length` bounds the memory that is taken.
    pub fn decode(&mut self, packed: &[u8], length: usize, out: &mut Vec<u8>) -> Option<()> {
        let (head, rest) = packed.split_first_chunk::<HEAD>()?;
        let [flags, planes, w0, w1, w2, w3, b0, b1, b2, b3] = *head;
        let layout = Layout {
            width: u32::from_le_bytes([w0, w1, w2, w3]) as usize,
            planes: usize::from(planes),
            wide: flags & WIDE != 0,
            big_endian: flags & BIG_ENDIAN != 0,
            signed: flags & SIGNED != 0,
        };
        let related = flags & RELATED != 0;
        let fits = layout.fits()
            && length.is_multiple_of(layout.row_bytes())
            && (!related || layout.planes == 3);
        if !fits {
            return None;
        }
        let bits_length = u32::from_le_bytes([b0, b1, b2, b3]) as usize;
        let (bits, words) = rest.split_at_checked(bits_length)?;
        self.restore(
            &layout,
            related,
            length,
            &mut BitReader::new(bits),
            words,
            out,
        )
    }

    fn restore(
        &mut self,
        layout: &Layout,
        related: bool,
        length: usize,
        bits: &mut BitReader<'_>,
        words: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let sets = layout.planes.min(MODELS);
        let models: Vec<Model> = (0..sets).map(|_| Model::read(bits)).collect();
        let rows = length / layout.row_bytes();
        let same: Vec<bool> = (0..rows * layout.planes)
            .map(|_| bits.get(1) == 1)
            .collect();
        let coded = same.iter().filter(|&&same| !same).count() * layout.width;
        let mut streams = Streams::read(bits, sets * CONTEXTS, coded, words, &mut self.values)?;

        let start = out.len();
        out.resize(start + length, 0);
        let mut planes = vec![Plane::new(layout.width); layout.planes];
        let mut line = Line::new(*layout, related);
        let mut same = same.iter();
        let lines = out[start..].chunks_exact_mut(layout.row_bytes());
        for (y, bytes) in lines.enumerate() {
            for (index, plane) in planes.iter_mut().enumerate() {
                let (row, above) = plane.rows(y);
                if same.next() == Some(&true) {
                    row.repeat(above[0]);
                } else {
                    let set = index.min(MODELS - 1);
                    let how = (y > 0).then_some((models[set].predictor, &models[set].weights));
                    let mut coder = RowDecoder {
                        values: streams.values,
                        next: &mut streams.next,
                        most: layout.most(),
                    };
                    predict::walk(above, row, how, &streams.of[set], &mut coder);
                }
                line.write(&row.samples[MARGIN..][..layout.width], index, bytes);
                plane.next();
            }
        }
        streams.are_used_up().then_some(())
    }
}

/// More than there can be, so that finding one takes no comparison.
const MOST_STREAMS: usize = 256;
type Next = [u32; MOST_STREAMS];

/// Residuals by stream.
struct Streams<'a> {
    values: &'a [u16],
    /// By model and energy: the stream.
    of: [Contexts; MODELS],
    /// By stream: where its next value stands, and where it ends.
    next: Next,
    ends: Next,
}

impl<'a> Streams<'a> {
    /// Reads all streams: `coded` values together.
    fn read(
        bits: &mut BitReader<'_>,
        contexts: usize,
        coded: usize,
        words: &[u8],
        values: &'a mut Vec<u16>,
    ) -> Option<Self> {
        let mut this = Self {
            values: &[],
            of: [HALF_OCTAVES; MODELS],
            next: [0; MOST_STREAMS],
            ends: [0; MOST_STREAMS],
        };
        let mut count = 0;
        let mut streams = [0; ALL_CONTEXTS];
        for stream in &mut streams[..contexts] {
            count += bits.get(1) as u8;
            *stream = count.checked_sub(1)?;
        }
        for (of, streams) in this.of.iter_mut().zip(streams.chunks_exact(CONTEXTS)) {
            for stream in of {
                *stream = streams[usize::from(*stream)];
            }
        }
        let mut tables = Vec::with_capacity(usize::from(count));
        let mut end = 0;
        for stream in 0..usize::from(count) {
            this.next[stream] = end;
            let length = bits.get(COUNT_BITS);
            end += length;
            this.ends[stream] = end;
            if length > 0 {
                tables.push((length as usize, Table::read(bits)?));
            }
        }
        if end as usize != coded {
            return None;
        }
        let mut decoder = entropy::Decoder::new(words)?;
        values.resize(coded, 0);
        let mut rest = &mut values[..];
        for (length, table) in tables {
            let (stream, after) = rest.split_at_mut_checked(length)?;
            decoder.read(&table, stream, bits)?;
            rest = after;
        }
        this.values = values;
        (decoder.is_done() && !bits.overrun()).then_some(this)
    }

    /// Whether each stream was read to its end, and none further.
    fn are_used_up(&self) -> bool {
        self.next == self.ends
    }
}

/// Takes residuals of a row from their streams.
struct RowDecoder<'a> {
    values: &'a [u16],
    next: &'a mut Next,
    most: i32,
}

impl Coder for RowDecoder<'_> {
    #[inline(always)]
    fn code(&mut self, likely: i32, stream: u8) -> (i32, u16) {
        let next = &mut self.next[usize::from(stream)];
        let residual = self.values.get(*next as usize).copied().unwrap_or(0);
        *next += 1;
        (predict::sample(residual, likely, self.most), residual)
    }
}
