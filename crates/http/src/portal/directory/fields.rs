//! What people have typed, held to its form before it goes anywhere.

use bildbro_domain::{AeTitle, HsaId, organisation::Number};
use bildbro_flow::ports::portal::{Answer, Refusal};
use std::str::FromStr;

/// Longest name of an organisation, a care unit or a person, in characters.
pub const LONGEST_NAME: usize = 100;

/// Longest address that mail takes (RFC 5321 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

const fn invalid(field: &'static str, why: &'static str) -> Refusal {
    Refusal::Invalid { field, why }
}

/// One line, without blanks around it.
///
/// # Errors
/// When it is empty, longer than `most` characters, or has characters that are
/// not seen.
pub fn line(field: &'static str, text: &str, most: usize) -> Answer<String> {
    let text = maybe_line(field, text, most)?;
    if text.is_empty() {
        return Err(invalid(field, "It must not be empty."));
    }
    Ok(text)
}

/// As [`line`]; may be empty.
pub fn maybe_line(field: &'static str, text: &str, most: usize) -> Answer<String> {
    let text = text.trim();
    if text.chars().any(is_unseen) {
        return Err(invalid(field, "It has control characters in it."));
    }
    bounded(field, text, most)
}

/// Several lines; may be empty.
pub fn lines(field: &'static str, text: &str, most: usize) -> Answer<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|c| c != '\n' && is_unseen(c)) {
        return Err(invalid(field, "It has control characters in it."));
    }
    bounded(field, text, most)
}

fn bounded(field: &'static str, text: &str, most: usize) -> Answer<String> {
    if text.chars().count() > most {
        return Err(invalid(field, "It is too long."));
    }
    Ok(text.to_owned())
}

/// Controls, and what turns the direction of writing: a name must read as it is
/// compared.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// An e-mail address, as far as its form can tell; the letter tells the rest.
pub fn email(field: &'static str, text: &str) -> Answer<String> {
    let text = line(field, text, LONGEST_EMAIL)?;
    let is_address = text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !local.contains('@')
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| {
                !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
    });
    if !is_address || text.contains(|c: char| c.is_whitespace() || "<>()[],;:\\\"".contains(c)) {
        return Err(invalid(field, "It is not an e-mail address."));
    }
    Ok(text)
}

pub fn ae_title(field: &'static str, text: &str) -> Answer<AeTitle> {
    AeTitle::new(text).map_err(|_| {
        invalid(
            field,
            "An AE title is 1 to 16 letters, digits and signs of ASCII, without a backslash.",
        )
    })
}

/// `None` when nothing was given.
pub fn hsa_id(field: &'static str, text: Option<&str>) -> Answer<Option<HsaId>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(HsaId::new).transpose().map_err(|_| {
        let why = "An HSA-id is SE, ten digits, a hyphen and a name, such as SE2321000016-1003.";
        invalid(field, why)
    })
}

/// `None` when nothing was given.
pub fn number(field: &'static str, text: Option<&str>) -> Answer<Option<Number>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(Number::new).transpose().map_err(|_| {
        invalid(
            field,
            "An organisation number is ten digits, such as 232100-0016.",
        )
    })
}

/// One of a set of words, by its `parse`.
pub fn word<T>(field: &'static str, parsed: Option<T>) -> Answer<T> {
    parsed.ok_or(invalid(field, "It is none of the words that are known."))
}

/// An id of the path: what is no id names nothing.
pub fn id<T: FromStr>(text: &str) -> Answer<T> {
    text.parse().map_err(|_| Refusal::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_that_reads_as_it_is() {
        assert_eq!(
            line("name", "  Region Skåne ", 100).unwrap(),
            "Region Skåne"
        );
        let long = "å".repeat(101);
        for wrong in [
            "",
            " \t ",
            "a\nb",
            "a\0b",
            "a\u{1b}[31mb",
            "a\u{202e}b",
            "a\u{200b}b",
            &long,
        ] {
            assert!(line("name", wrong, 100).is_err(), "{wrong:?}");
        }
        assert_eq!(line("name", &long[2..], 100).unwrap().chars().count(), 100);
        assert_eq!(lines("postal", "Box 1\r\nLund", 20).unwrap(), "Box 1\nLund");
        assert!(lines("postal", "Box 1\0Lund", 20).is_err());
    }

    #[test]
    fn addresses_look_like_addresses() {
        for good in ["siv@skane.se", "siv.syster+jour@sus.skåne.se"] {
            assert_eq!(email("email", good).unwrap(), good);
        }
        for wrong in [
            "siv",
            "@skane.se",
            "siv@",
            "siv@skane",
            "siv@skane..se",
            "siv@@skane.se",
            "Siv <siv@skane.se>",
            "siv@skane.se, eve@evil.example",
            "siv@skane.se\r\nBcc: eve@evil.example",
        ] {
            assert!(email("email", wrong).is_err(), "{wrong:?}");
        }
    }
}
