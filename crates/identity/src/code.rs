//! One-time enrolment codes, made to be read aloud and typed.

use aws_lc_rs::rand;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new code: 100 random bits, in five groups of four.
#[must_use]
pub fn generate() -> String {
    let mut bytes = [0; 20];
    rand::fill(&mut bytes).expect("the system has random numbers");
    let symbols = bytes.map(|b| char::from(ALPHABET[usize::from(b & 31)]));
    let groups: Vec<String> = symbols.chunks(4).map(|g| g.iter().collect()).collect();
    groups.join("-")
}

/// A code as compared: without hyphens, spaces and case, and with what is
/// easily misread put right.
#[must_use]
pub fn normalise(code: &str) -> String {
    code.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_badly_it_is_still_the_same() {
        let code = generate();
        assert_eq!(code.len(), 24);
        let typed = format!(
            " {} ",
            code.to_lowercase().replace('-', " ").replace('0', "o")
        );
        assert_eq!(normalise(&typed), normalise(&code));
        assert_ne!(normalise(&generate()), normalise(&code));
    }
}
