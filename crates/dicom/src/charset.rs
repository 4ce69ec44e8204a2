//! Specific Character Set (0008,0005): bytes to text and back (PS3.5 6.1, PS3.3
//! C.12.1.1.2).
//!
//! Decoding never fails: what cannot be decoded becomes U+FFFD. A missing
//! value means ASCII, but Swedish PACS often send Latin-1 then; bytes that are
//! good UTF-8 are taken as that first.

use encoding_rs::Encoding;

/// A character set that a value can be in.
#[derive(Clone, Copy)]
enum Set {
    Default,
    Latin1,
    Other(&'static Encoding),
}

fn by_term(term: &str) -> Option<Set> {
    use encoding_rs as e;
    let other = |encoding| Some(Set::Other(encoding));
    // "ISO 2022 IR n" and "ISO_IR n" name the same repertoire.
    let number = term
        .strip_prefix("ISO_IR ")
        .or_else(|| term.strip_prefix("ISO 2022 IR "));
    match number.map(str::trim) {
        Some("6") => Some(Set::Default),
        Some("100") => Some(Set::Latin1),
        Some("101") => other(e::ISO_8859_2),
        Some("109") => other(e::ISO_8859_3),
        Some("110") => other(e::ISO_8859_4),
        Some("144") => other(e::ISO_8859_5),
        Some("127") => other(e::ISO_8859_6),
        Some("126") => other(e::ISO_8859_7),
        Some("138") => other(e::ISO_8859_8),
        Some("148") => other(e::WINDOWS_1254),
        Some("203") => other(e::ISO_8859_15),
        Some("13") => other(e::SHIFT_JIS),
        Some("166") => other(e::WINDOWS_874),
        Some("192") => other(e::UTF_8),
        Some("87" | "159") => other(e::ISO_2022_JP),
        Some("149") => other(e::EUC_KR),
        Some("58") => other(e::GBK),
        _ => match term {
            "" => Some(Set::Default),
            "GB18030" => other(e::GB18030),
            "GBK" => other(e::GBK),
            _ => None,
        },
    }
}

/// Escape sequences of the code extensions (PS3.3 table C.12-3, C.12-4), what
/// they switch to, and whether the set takes two bytes a character in G0, where
/// delimiters are not to be looked for.
const ESCAPES: &[(&[u8], &str, bool)] = &[
    (b"\x1b(B", "ISO_IR 6", false),
    (b"\x1b(J", "ISO_IR 13", false),
    (b"\x1b)I", "ISO_IR 13", false),
    (b"\x1b-A", "ISO_IR 100", false),
    (b"\x1b-B", "ISO_IR 101", false),
    (b"\x1b-C", "ISO_IR 109", false),
    (b"\x1b-D", "ISO_IR 110", false),
    (b"\x1b-L", "ISO_IR 144", false),
    (b"\x1b-G", "ISO_IR 127", false),
    (b"\x1b-F", "ISO_IR 126", false),
    (b"\x1b-H", "ISO_IR 138", false),
    (b"\x1b-M", "ISO_IR 148", false),
    (b"\x1b-b", "ISO_IR 203", false),
    (b"\x1b-T", "ISO_IR 166", false),
    (b"\x1b$B", "ISO_IR 87", true),
    (b"\x1b$(D", "ISO_IR 159", true),
    (b"\x1b$)C", "ISO_IR 149", false),
    (b"\x1b$)A", "ISO_IR 58", false),
];

/// Decodes one value. `character_set` is the decoded (0008,0005), backslashes
/// between its values.
#[must_use]
pub fn decode(character_set: &str, bytes: &[u8]) -> String {
    if bytes.is_ascii() && !bytes.contains(&0x1b) {
        return bytes.iter().map(|&b| char::from(b)).collect();
    }
    let first = character_set.split('\\').next().unwrap_or("").trim();
    // An unknown term is treated like a missing one.
    let initial = by_term(first).unwrap_or(Set::Default);
    if !bytes.contains(&0x1b) {
        return piece(initial, bytes);
    }
    extended(initial, bytes)
}

fn piece(set: Set, bytes: &[u8]) -> String {
    match set {
        Set::Other(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        Set::Latin1 => latin1(bytes),
        Set::Default => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => latin1(bytes),
        },
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

/// Decodes with code extensions: each stretch between escape sequences in its
/// own set; delimiters switch back to the initial one (PS3.5 6.1.2.5.3).
fn extended(initial: Set, bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut set = initial;
    let mut escape: &[u8] = b"";
    let mut wide = false;
    let mut rest = bytes;
    while !rest.is_empty() {
        if rest[0] == 0x1b {
            if let Some((sequence, term, two)) = ESCAPES.iter().find(|(s, ..)| rest.starts_with(s))
            {
                set = by_term(term).unwrap_or(Set::Default);
                escape = if *two { sequence } else { b"" };
                wide = *two;
                rest = &rest[sequence.len()..];
            } else {
                out.push('\u{FFFD}');
                rest = &rest[1..];
            }
            continue;
        }
        let end = rest
            .iter()
            .position(|&b| b == 0x1b || (!wide && matches!(b, b'^' | b'=' | b'\\' | b'\r' | b'\n')))
            .unwrap_or(rest.len());
        if end == 0 {
            out.push(char::from(rest[0]));
            rest = &rest[1..];
            set = initial;
            continue;
        }
        if escape.is_empty() {
            out.push_str(&piece(set, &rest[..end]));
        } else {
            // The decoder of ISO-2022-JP wants its escape sequence.
            let with_escape = [escape, &rest[..end]].concat();
            out.push_str(&piece(set, &with_escape));
        }
        rest = &rest[end..];
    }
    out
}

/// Encodes a value for a data set whose (0008,0005) is `character_set`; `None`
/// when the set lacks a character, or is not one that we write.
#[must_use]
pub fn encode(character_set: &str, text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return Some(text.as_bytes().to_vec());
    }
    match by_term(character_set.split('\\').next().unwrap_or("").trim())? {
        Set::Latin1 => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).ok())
            .collect(),
        Set::Default => None,
        Set::Other(encoding) => {
            let (bytes, used, lost) = encoding.encode(text);
            (!lost && used == encoding && has_all(encoding, &bytes, text))
                .then(|| bytes.into_owned())
        }
    }
}

/// Whether what the library wrote is in the set of the standard: its own sets
/// are those of the web, and wider. Shift JIS has kanji besides the repertoire of
/// ISO_IR 13, and writes a yen sign as the byte that divides values; the Windows
/// sets have characters where ISO's have controls.
fn has_all(encoding: &'static Encoding, bytes: &[u8], text: &str) -> bool {
    use encoding_rs::{GB18030, GBK, UTF_8};
    if [UTF_8, GB18030, GBK].contains(&encoding) {
        return true;
    }
    bytes.len() == text.chars().count()
        && !bytes.iter().any(|b| matches!(b, 0x80..=0x9F))
        && encoding.decode_without_bom_handling(bytes).0 == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swedish_names_in_each_way_they_come() {
        assert_eq!(decode("ISO_IR 100", b"\xc5str\xf6m^\xc5sa"), "Åström^Åsa");
        assert_eq!(decode("ISO_IR 192", "Åström^Åsa".as_bytes()), "Åström^Åsa");
        // No character set at all, against the standard and common.
        assert_eq!(decode("", b"\xc5str\xf6m"), "Åström");
        assert_eq!(decode("", "Åström".as_bytes()), "Åström");
    }

    #[test]
    fn the_standards_own_examples_with_code_extensions() {
        // PS3.5 H.3.1 and I.2.
        assert_eq!(
            decode(
                "\\ISO 2022 IR 87",
                b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
            ),
            "Yamada^Tarou=山田^太郎"
        );
        assert_eq!(
            decode(
                "\\ISO 2022 IR 149",
                b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"
            ),
            "Hong^Gildong=洪^吉洞"
        );
    }

    #[test]
    fn bad_bytes_never_fail() {
        assert_eq!(decode("ISO_IR 192", b"A\xff"), "A\u{FFFD}");
        assert_eq!(decode("NONSENSE", b"A\xc5"), "AÅ");
        assert_eq!(decode("", b"A\x1bQ\xc5"), "A\u{FFFD}QÅ");
    }

    #[test]
    fn encoding_refuses_what_the_set_lacks() {
        assert_eq!(encode("ISO_IR 100", "Åsa"), Some(b"\xc5sa".to_vec()));
        assert_eq!(encode("ISO_IR 100", "山"), None);
        assert_eq!(encode("", "Åsa"), None);
        assert_eq!(encode("ISO_IR 192", "山"), Some("山".as_bytes().to_vec()));
        assert_eq!(encode("ISO_IR 13", "ﾔﾏ"), Some(b"\xd4\xcf".to_vec()));
        // Found by fuzzing: a yen sign became a second value.
        for (set, text) in [
            ("ISO_IR 13", "¥100"),
            ("ISO_IR 13", "山"),
            ("ISO_IR 148", "€"),
            ("ISO_IR 166", "€"),
            ("ISO_IR 149", "山"),
        ] {
            assert_eq!(encode(set, text), None, "{set} {text}");
        }
    }
}
