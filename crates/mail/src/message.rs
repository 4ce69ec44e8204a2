//! A message and what may be in its headers.

use lettre::message::Mailbox;
use std::fmt;

/// RFC 5322, 2.1.1: a line has at most 998 octets.
const LONGEST: usize = 900;

/// Why a text cannot be in a header. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("an e-mail address: not of the form name@domain")]
    Address,
    #[error("a header: a line break or other control character in it")]
    Control,
    #[error("a header: more than {LONGEST} octets")]
    Long,
}

/// An e-mail address, with or without a name: `a@example.org`,
/// `Bildbro <a@example.org>`. Prints as `‹personal›`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub(crate) Mailbox);

impl Address {
    /// # Errors
    /// What is no single address.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        line(text)?;
        text.parse().map(Self).map_err(|_| Unusable::Address)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹personal›")
    }
}

/// One line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// # Errors
    /// Control characters; more than 900 octets.
    pub fn new(text: impl Into<String>) -> Result<Self, Unusable> {
        let text = text.into();
        line(&text)?;
        Ok(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn line(text: &str) -> Result<(), Unusable> {
    if text.len() > LONGEST {
        return Err(Unusable::Long);
    }
    // Line and paragraph separators are line breaks to some programs.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().any(breaks) {
        Err(Unusable::Control)
    } else {
        Ok(())
    }
}

/// A message to one person.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: Address,
    pub subject: Subject,
    pub text: String,
    pub html: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_people_write_adds_a_header() {
        for text in [
            "a\r\nBcc: b@example.org",
            "a\nb",
            "a\rb",
            "a\u{2028}b",
            "a\0b",
            "\u{85}",
        ] {
            assert_eq!(Subject::new(text), Err(Unusable::Control), "{text:?}");
            let address = format!("{text} <a@example.org>");
            assert_eq!(Address::parse(&address), Err(Unusable::Control), "{text:?}");
        }
        assert_eq!(Subject::new("x".repeat(901)), Err(Unusable::Long));
        for text in ["", "a", "a@b, c@d", "<a@b", "a@b>", "a b@c"] {
            assert_eq!(Address::parse(text), Err(Unusable::Address), "{text:?}");
        }
        let tolvan = Address::parse("Tolvan Tolvansson <tolvan@example.org>").unwrap();
        assert_eq!(format!("{tolvan:?}"), "‹personal›");
    }
}
