//! Makes inputs of others: blind changes, and ones that know what lengths,
//! nesting and the words of a format look like.

use crate::random::Random;

/// Numbers at which lengths and counts go wrong.
const INTERESTING: [u32; 16] = [
    0,
    1,
    2,
    3,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
];

/// A new input of `seeds`, one to a dozen changes away from one of them.
#[must_use]
pub fn make(random: &mut Random, seeds: &[Vec<u8>], words: &[&[u8]], longest: usize) -> Vec<u8> {
    let mut input = pick(random, seeds).to_vec();
    for _ in 0..=random.small(12) {
        change(random, &mut input, seeds, words);
        input.truncate(longest);
    }
    input
}

fn pick<'a>(random: &mut Random, seeds: &'a [Vec<u8>]) -> &'a [u8] {
    seeds
        .get(random.below(seeds.len()))
        .map_or(&[], Vec::as_slice)
}

fn change(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&[u8]]) {
    match random.below(14) {
        0 | 1 => flip(random, input),
        2 | 3 => length_field(random, input),
        4 | 5 if !words.is_empty() => {
            let word = random.one_of(words);
            put(random, input, word);
        }
        6 => {
            let bytes: Vec<u8> = (0..random.small(64)).map(|_| random.byte()).collect();
            put(random, input, &bytes);
        }
        7 => {
            let at = random.below(input.len() + 1);
            input.truncate(at);
        }
        8 => {
            let range = range(random, input.len());
            input.drain(range);
        }
        9 => {
            let range = range(random, input.len());
            let copy = input[range].to_vec();
            put(random, input, &copy);
        }
        10 => splice(random, input, seeds),
        11 => nest(random, input, words),
        12 => {
            let at = range(random, input.len());
            input[at].fill([0, 0xFF, b' ', 0x1B][random.below(4)]);
        }
        _ => {
            if let Some(byte) = anywhere(random, input) {
                *byte = byte.wrapping_add(if random.below(2) == 0 { 1 } else { 0xFF });
            }
        }
    }
}

fn anywhere<'a>(random: &mut Random, input: &'a mut [u8]) -> Option<&'a mut u8> {
    let at = random.below(input.len());
    input.get_mut(at)
}

fn range(random: &mut Random, length: usize) -> std::ops::Range<usize> {
    let start = random.below(length + 1);
    start..start + random.small(length - start + 1)
}

fn flip(random: &mut Random, input: &mut [u8]) {
    let bit = 1 << random.below(8);
    if let Some(byte) = anywhere(random, input) {
        *byte ^= bit;
    }
}

/// Overwrites two, four or eight bytes by a number: an interesting one, or
/// what would just reach the end, or just beyond.
fn length_field(random: &mut Random, input: &mut [u8]) {
    let at = random.below(input.len());
    let width = [2, 4, 8][random.below(3)];
    let rest = u32::try_from(input.len() - at).unwrap_or(u32::MAX);
    let number = match random.below(3) {
        0 => rest
            .wrapping_add(u32::from(random.byte() % 9))
            .wrapping_sub(12),
        _ => INTERESTING[random.below(INTERESTING.len())],
    };
    let little = u64::from(number).to_le_bytes();
    let mut bytes = little[..width].to_vec();
    if random.below(2) == 0 {
        bytes.reverse();
    }
    for (byte, new) in input[at..].iter_mut().zip(bytes) {
        *byte = new;
    }
}

/// Inserts, or overwrites by, some bytes.
fn put(random: &mut Random, input: &mut Vec<u8>, bytes: &[u8]) {
    let at = random.below(input.len() + 1);
    let over = if random.below(2) == 0 { 0 } else { bytes.len() };
    let end = (at + over).min(input.len());
    input.splice(at..end, bytes.iter().copied());
}

/// The beginning of this one, the end of another.
fn splice(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let other = pick(random, seeds);
    let from = random.below(other.len() + 1);
    let at = random.below(input.len() + 1);
    input.truncate(at);
    input.extend_from_slice(&other[from..]);
}

/// The same again and again: deep nesting, many items.
fn nest(random: &mut Random, input: &mut Vec<u8>, words: &[&[u8]]) {
    let range = range(random, input.len());
    let part = if words.is_empty() || random.below(2) == 0 {
        input[range].to_vec()
    } else {
        random.one_of(words).to_vec()
    };
    let times = 1 + random.small(2000 / part.len().max(1) + 2);
    put(random, input, &part.repeat(times));
}
