//! The entropy coder: range asymmetric numeral systems (rANS, J. Duda,
//! arXiv:1311.2540) over tables that stand in the block.
//!
//! A number of up to 16 bits is a token, which is coded, and bits that follow
//! as they are: below 16 the token is the number; above, it says the highest
//! bit and the two bits after it. Four states take turns, so that a processor
//! has four sums to work on at a time.

use super::bits::{BitReader, BitWriter};

/// Tokens there are: 0 to 63.
pub const TOKENS: usize = 64;
/// Frequencies of a table sum up to 2 to this.
const SCALE_BITS: u32 = 12;
const SCALE: u32 = 1 << SCALE_BITS;
/// States are at least this between steps; a step reads 16 bits at most.
const LOW: u32 = 1 << 16;
/// States that take turns.
const LANES: usize = 4;
/// Bytes that the states take at the start.
const STATES: usize = LANES * 4;

/// How often each token occurs.
pub type Counts = [u32; TOKENS];

/// The token of `value`, and how many bits of it follow.
#[inline]
pub fn token(value: u16) -> (u8, u32) {
    match OF_SMALL.get(usize::from(value)) {
        Some(&(token, follow)) => (token, u32::from(follow)),
        None => large(value),
    }
}

/// Tokens of values that are often met.
static OF_SMALL: [(u8, u8); 1024] = {
    let mut all = [(0, 0); 1024];
    let mut value = 0;
    while value < all.len() {
        let (token, follow) = large(value as u16);
        all[value] = (token, follow as u8);
        value += 1;
    }
    all
};

/// The same, worked out.
const fn large(value: u16) -> (u8, u32) {
    if value < 16 {
        return (value as u8, 0);
    }
    let follow = value.ilog2() - 2;
    ((4 * follow + 4) as u8 + (value >> follow) as u8, follow)
}

/// The value of `token` with zeros for the bits that follow, and their number.
const fn first(token: usize) -> (u16, u8) {
    if token < 16 {
        return (token as u16, 0);
    }
    let follow = (token - 8) / 4;
    (((4 + (token & 3)) << follow) as u16, follow as u8)
}

static FIRST: [(u16, u8); TOKENS] = {
    let mut all = [(0, 0); TOKENS];
    let mut token = 0;
    while token < TOKENS {
        all[token] = first(token);
        token += 1;
    }
    all
};

/// Frequencies of tokens; they sum up to [`SCALE`], or all are 0.
pub struct Table([u32; TOKENS]);

impl Table {
    /// Frequencies in proportion to counts, at least 1 for what occurs.
    pub fn of(counts: &Counts) -> Self {
        let total: u64 = counts.iter().map(|&n| u64::from(n)).sum();
        let mut all = [0; TOKENS];
        if total == 0 {
            return Self(all);
        }
        for (frequency, &count) in all.iter_mut().zip(counts) {
            let share = (u64::from(count) * u64::from(SCALE) + total / 2) / total;
            *frequency = (share as u32).max(u32::from(count > 0));
        }
        // What rounding gave or took, the most frequent gives back.
        loop {
            let sum: u32 = all.iter().sum();
            let most = (0..TOKENS).max_by_key(|&t| all[t]).unwrap_or(0);
            if sum <= SCALE {
                all[most] += SCALE - sum;
                return Self(all);
            }
            let spare = (all[most] / 2).min(sum - SCALE);
            all[most] -= spare;
        }
    }

    /// Each frequency as its number of bits, told by its difference from the
    /// last one's, and the bits below the highest.
    pub fn write(&self, bits: &mut BitWriter) {
        let used = self.0.iter().rposition(|&f| f > 0).map_or(0, |t| t + 1);
        bits.put(used as u32, 7);
        let mut last = 0;
        for &frequency in &self.0[..used] {
            let length = (32 - frequency.leading_zeros()) as i32;
            let step = length - last;
            bits.put_unary(((step << 1) ^ (step >> 31)) as u32);
            if length > 1 {
                bits.put(frequency & ((1 << (length - 1)) - 1), length as u32 - 1);
            }
            last = length;
        }
    }

    /// `None` when it is none that [`write`](Self::write) writes.
    pub fn read(bits: &mut BitReader<'_>) -> Option<Self> {
        let used = bits.get(7) as usize;
        let mut all = [0; TOKENS];
        let mut last = 0;
        let mut sum = 0;
        for frequency in all.get_mut(..used)? {
            let step = bits.get_unary()? as i32;
            let length = last + ((step >> 1) ^ -(step & 1));
            *frequency = match length {
                0 => 0,
                1..=13 => 1 << (length - 1) | bits.get(length as u32 - 1),
                _ => return None,
            };
            sum += *frequency;
            last = length;
        }
        (sum == SCALE || sum == 0).then_some(Self(all))
    }

    /// About how many bits `counts` take with a table of their own.
    pub fn cost(counts: &Counts) -> f32 {
        let total: u32 = counts.iter().sum();
        if total == 0 {
            return 0.0;
        }
        let all = total as f32 * (total as f32).log2();
        let used = counts.iter().filter(|&&n| n > 0);
        used.fold(all + 30.0, |bits, &n| {
            bits + 7.0 - n as f32 * (n as f32).log2()
        })
    }
}

/// What an encoder needs of one token.
#[derive(Clone, Copy, Default)]
struct Step {
    start: u32,
    /// What the frequency lacks of [`SCALE`].
    rest: u32,
    /// A state from here on gives 16 bits away first.
    full: u64,
    /// 2^44 by the frequency, rounded up. A state times this, and by 2^44, is the
    /// quotient of state and frequency, for states are below 2^32 and
    /// frequencies at most 2^12; and the product is below 2^64, for states are
    /// below `full`.
    inverse: u64,
}

/// Codes `tokens`, divided into streams of so many tokens with a table each.
pub fn encode<'a>(
    tokens: &[u8],
    streams: impl DoubleEndedIterator<Item = (usize, &'a Table)>,
    words: &mut Vec<u16>,
    out: &mut Vec<u8>,
) {
    // A word for each token at most, and a place for the one not taken.
    words.resize(tokens.len() + 1, 0);
    let mut written = 0;
    let mut states = [LOW; LANES];
    let mut end = tokens.len();
    for (count, table) in streams.rev() {
        let mut steps = [Step::default(); TOKENS];
        let mut start = 0;
        for (step, &frequency) in steps.iter_mut().zip(&table.0) {
            *step = Step {
                start,
                rest: SCALE - frequency,
                full: u64::from(frequency) << (32 - SCALE_BITS),
                inverse: (1u64 << 44).div_ceil(u64::from(frequency.max(1))),
            };
            start += frequency;
        }
        let begin = end - count;
        states.rotate_left(begin % LANES);
        let fours = tokens[begin..end].chunks_exact(LANES);
        let mut put = |tokens: &[u8]| {
            for (token, state) in tokens.iter().zip(&mut states).rev() {
                let step = &steps[usize::from(*token) % TOKENS];
                // Without a branch: whether it is full no processor can foresee.
                let full = u64::from(*state) >= step.full;
                words[written] = *state as u16;
                written += usize::from(full);
                let low = if full { *state >> 16 } else { *state };
                let quotient = ((u64::from(low) * step.inverse) >> 44) as u32;
                // SCALE * quotient, what is left of the division, and start.
                *state = low + quotient * step.rest + step.start;
            }
        };
        put(fours.remainder());
        fours.rev().for_each(&mut put);
        states.rotate_right(begin % LANES);
        end = begin;
    }
    for state in states {
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.extend(
        words[..written]
            .iter()
            .rev()
            .flat_map(|word| word.to_le_bytes()),
    );
}

/// Reads values stream by stream.
pub struct Decoder<'a> {
    states: [u32; LANES],
    words: &'a [u8],
    /// Values so far, modulo [`LANES`]: whose turn it is.
    turn: usize,
    /// By the lowest bits of a state: token, frequency - 1, distance from the
    /// first place of the token, in 8, 12 and 12 bits.
    places: Box<[u32; SCALE as usize]>,
}

impl<'a> Decoder<'a> {
    /// `None` when there are too few bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (head, words) = bytes.split_at_checked(STATES)?;
        let mut states = [0; LANES];
        for (state, four) in states.iter_mut().zip(head.chunks_exact(4)) {
            *state = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        }
        Some(Self {
            states,
            words,
            turn: 0,
            places: Box::new([0; SCALE as usize]),
        })
    }

    /// Fills `values`; the bits that follow tokens come from `bits`. `None`
    /// when the table is empty.
    pub fn read(
        &mut self,
        table: &Table,
        values: &mut [u16],
        bits: &mut BitReader<'_>,
    ) -> Option<()> {
        self.set(table)?;
        let mut states = self.states;
        states.rotate_left(self.turn);
        let mut words = self.words;
        let mut fours = values.chunks_exact_mut(LANES);
        for four in &mut fours {
            for (value, state) in four.iter_mut().zip(&mut states) {
                *value = Self::step(&self.places, state, &mut words, bits);
            }
        }
        let rest = fours.into_remainder();
        for (value, state) in rest.iter_mut().zip(&mut states) {
            *value = Self::step(&self.places, state, &mut words, bits);
        }
        states.rotate_right(self.turn);
        self.turn = (self.turn + rest.len()) % LANES;
        (self.states, self.words) = (states, words);
        Some(())
    }

    #[inline]
    fn step(
        places: &[u32; SCALE as usize],
        state: &mut u32,
        words: &mut &[u8],
        bits: &mut BitReader<'_>,
    ) -> u16 {
        let place = places[(*state % SCALE) as usize];
        let frequency = (place >> 12 & 0xFFF) + 1;
        let mut next = frequency
            .wrapping_mul(*state >> SCALE_BITS)
            .wrapping_add(place & 0xFFF);
        if next < LOW {
            // Past the end there are zeros: what comes out is wrong then, and
            // the check of `is_done` says so.
            let (word, rest) = words.split_first_chunk().unwrap_or((&[0; 2], &[]));
            next = next << 16 | u32::from(u16::from_le_bytes(*word));
            *words = rest;
        }
        *state = next;
        let (base, follow) = FIRST[(place >> 24) as usize % TOKENS];
        base | bits.get(u32::from(follow)) as u16
    }

    fn set(&mut self, table: &Table) -> Option<()> {
        let mut start = 0;
        for (token, &frequency) in table.0.iter().enumerate() {
            let places = self.places.get_mut(start..start + frequency as usize)?;
            for (distance, place) in places.iter_mut().enumerate() {
                *place = (token as u32) << 24 | (frequency - 1) << 12 | distance as u32;
            }
            start += frequency as usize;
        }
        (start == SCALE as usize).then_some(())
    }

    /// Whether all was read, and came to where the encoder began.
    pub fn is_done(&self) -> bool {
        self.words.is_empty() && self.states == [LOW; LANES]
    }
}
