//! The passwords everyone has, from breaches that were published.
//!
//! The list ships with the program, so it works without a network and no
//! password's hash leaves the hub. `breached/README.md` names its sources. It
//! finds the words themselves and their trivial variations: other case, digits
//! and signs before or after, the same thing typed several times.

use aws_lc_rs::digest::{SHA256, digest};
use unicode_normalization::UnicodeNormalization;

/// Sorted; the first octets of SHA-256 of each word. Made by `breached/make.py`.
static WORDS: &[u8] = include_bytes!("../../breached/words.bin");
const KEPT: usize = 5;

/// Whether `password` is on the list or a trivial variation of what is.
pub fn contains(password: &str) -> bool {
    let whole = fold(password);
    let unit = repeated(&whole);
    let bare = core(&whole);
    let listed_unit = unit.len() < whole.len() && (unit.chars().count() < 4 || listed(unit));
    listed_unit || listed(&whole) || listed(core(unit)) || listed(bare) || listed(repeated(bare))
}

/// Without case; the same as in `make.py`.
pub fn fold(word: &str) -> String {
    let lower: String = word.nfkc().flat_map(char::to_lowercase).collect();
    lower.nfkc().collect()
}

/// Without what is not a letter before and after it.
fn core(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphabetic())
}

/// The shortest piece that, typed several times, gives `text`; else all of it.
fn repeated(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    ends.take_while(|end| end * 2 <= text.len())
        .map(|end| &text[..end])
        .find(|piece| {
            text.len().is_multiple_of(piece.len())
                && text
                    .as_bytes()
                    .chunks(piece.len())
                    .all(|c| c == piece.as_bytes())
        })
        .unwrap_or(text)
}

fn listed(word: &str) -> bool {
    let wanted = digest(&SHA256, word.as_bytes());
    let wanted = &wanted.as_ref()[..KEPT];
    let (words, _) = WORDS.as_chunks::<KEPT>();
    words
        .binary_search_by(|word| word.as_slice().cmp(wanted))
        .is_ok()
}
