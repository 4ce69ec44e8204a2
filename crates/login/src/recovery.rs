//! Recovery codes: ten, each good once, for whoever lost the second factor.
//!
//! Only their digests are kept. SHA-256 without salt or stretching is right
//! here, unlike for passwords: a code is 100 random bits, so nobody finds it by
//! trying, and no two people have the same.
//!
//! What this module deliberately does not do: it does not strike out a code
//! that was used; the caller deletes its digest, in the transaction that lets
//! the person in.

use aws_lc_rs::{
    constant_time,
    digest::{SHA256, digest},
    rand,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// How many are handed out at a time.
pub const COUNT: usize = 10;
const SYMBOLS: usize = 20;
/// Longer texts are not looked through.
const LONGEST_TYPED: usize = 256;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code to be shown once: five groups of four. Prints as `‹code›`.
pub struct Code(Zeroizing<String>);

impl Code {
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored.
    #[must_use]
    pub fn digest(&self) -> CodeDigest {
        CodeDigest::of(&self.0).expect("a code of ours has its length")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹code›")
    }
}

/// SHA-256 of a code's 20 symbols, 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeDigest(String);

impl CodeDigest {
    /// Of a code as typed: hyphens, spaces and case do not matter, nor O for 0
    /// and I or L for 1. Nothing when it cannot be a code.
    #[must_use]
    pub fn of(typed: &str) -> Option<Self> {
        let symbols = normalise(typed)?;
        let digest = digest(&SHA256, symbols.as_bytes());
        Some(Self(data_encoding::HEXLOWER.encode(digest.as_ref())))
    }

    /// As stored; what was not written by [`CodeDigest::as_str`] matches nothing.
    #[must_use]
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ten new codes.
#[must_use]
pub fn generate() -> [Code; COUNT] {
    std::array::from_fn(|_| {
        let mut bytes = Zeroizing::new([0; SYMBOLS]);
        rand::fill(&mut *bytes).expect("the system has random numbers");
        let mut text = Zeroizing::new(String::with_capacity(SYMBOLS + SYMBOLS / 4));
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte & 31)]));
        }
        Code(text)
    })
}

/// Which of `stored` the typed code belongs to: delete that one.
#[must_use]
pub fn find(typed: &str, stored: &[CodeDigest]) -> Option<usize> {
    let wanted = CodeDigest::of(typed)?;
    let wanted = wanted.0.as_bytes();
    stored.iter().position(|digest| {
        constant_time::verify_slices_are_equal(digest.0.as_bytes(), wanted).is_ok()
    })
}

fn normalise(typed: &str) -> Option<Zeroizing<String>> {
    if typed.len() > LONGEST_TYPED {
        return None;
    }
    let symbols: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–'))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    let symbols = Zeroizing::new(symbols);
    let known = symbols.bytes().all(|b| ALPHABET.contains(&b));
    (known && symbols.len() == SYMBOLS).then_some(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_as_typed_and_gone_once_deleted() {
        let codes = generate();
        let mut stored: Vec<CodeDigest> = codes.iter().map(Code::digest).collect();
        let typed = format!(" {} ", codes[6].reveal().to_lowercase().replace('-', " – "));
        assert_eq!(
            find(&typed.replace('0', "o").replace('1', "l"), &stored),
            Some(6)
        );
        stored.remove(6);
        assert_eq!(find(&typed, &stored), None);
    }

    #[test]
    fn codes_differ_and_their_digests_are_the_published_function() {
        let codes = generate();
        for (at, code) in codes.iter().enumerate() {
            assert_eq!(code.reveal().len(), 24);
            assert!(
                codes[..at]
                    .iter()
                    .all(|other| other.reveal() != code.reveal())
            );
        }
        // printf 0123456789ABCDEFGHJK | sha256sum
        let known = CodeDigest::of("0123-4567-89ab-cdef-ghjk").unwrap();
        assert_eq!(known.as_str(), KNOWN);
        assert_eq!(format!("{:?}", codes[0]), "‹code›");
    }

    const KNOWN: &str = "a6b239e79989fa88083024f6fa3518b4f917667d90dc8408053fcf0cfc8cfb8a";

    #[test]
    fn what_is_no_code_matches_nothing() {
        let stored = [CodeDigest::stored(""), CodeDigest::stored("x")];
        let long = "0".repeat(1_000_000);
        for typed in [
            "",
            "0000",
            "0123-4567-89AB-CDEF-GHJU",
            "0123-4567-89AB-CDEF-GHJKM",
            &long,
        ] {
            assert_eq!(CodeDigest::of(typed), None);
            assert_eq!(find(typed, &stored), None);
        }
    }
}
