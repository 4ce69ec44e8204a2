//! The words of the hub's messages, in Swedish and English.
//!
//! Each is a text in a file: its subject, an empty line, paragraphs. The HTML is
//! made of the same paragraphs, so the two cannot say different things. Nothing
//! of patients or studies is in any of them.

use crate::{Address, Mail, Subject, Unusable};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "sv")]
    Swedish,
    #[serde(rename = "en")]
    English,
}

/// What to tell. Links are made by the caller, of its own public URL.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'a> {
    /// To someone who is to become a member.
    Invitation {
        organisation: &'a str,
        invited_by: &'a str,
        link: &'a str,
        until: Timestamp,
    },
    /// Asked for by someone who says that this address is theirs.
    PasswordReset { link: &'a str, until: Timestamp },
    /// After the fact, so that the right person notices if it was another.
    SecondFactorChanged { at: Timestamp },
}

#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("filling in a message: {0}")]
    Fill(#[from] minijinja::Error),
    #[error("the subject of a message: {0}")]
    Subject(#[from] Unusable),
}

const LAYOUT: &str = include_str!("templates/layout.html");

/// Puts a message together. Times are told in `zone`.
///
/// # Errors
/// A name with a line break or control character in it.
pub fn write(
    notice: &Notice<'_>,
    language: Language,
    to: Address,
    zone: &TimeZone,
) -> Result<Mail, TemplateError> {
    let tell = |at: Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M (%Z)")
            .to_string()
    };
    let (link, values) = match *notice {
        Notice::Invitation {
            organisation,
            invited_by,
            link,
            until,
        } => {
            // Names stand in running text: a line break there could forge a paragraph.
            for name in [organisation, invited_by] {
                Subject::new(name)?;
            }
            let until = tell(until);
            (link, context! { organisation, invited_by, link, until })
        }
        Notice::PasswordReset { link, until } => (link, context! { link, until => tell(until) }),
        Notice::SecondFactorChanged { at } => ("", context! { at => tell(at) }),
    };
    let environment = Environment::new();
    let filled = environment.render_str(words(notice, language), values)?;
    let (subject, text) = filled.split_once("\n\n").unwrap_or((&filled, ""));
    let paragraphs: Vec<&str> = text.trim().split("\n\n").collect();
    let lang = if language == Language::Swedish {
        "sv"
    } else {
        "en"
    };
    let html = environment.render_named_str(
        "layout.html",
        LAYOUT,
        context! { lang, subject, paragraphs, link },
    )?;
    Ok(Mail {
        to,
        subject: Subject::new(subject)?,
        text: text.to_owned(),
        html,
    })
}

const fn words(notice: &Notice<'_>, language: Language) -> &'static str {
    use Language::{English, Swedish};
    match (notice, language) {
        (Notice::Invitation { .. }, Swedish) => include_str!("templates/invitation.sv.txt"),
        (Notice::Invitation { .. }, English) => include_str!("templates/invitation.en.txt"),
        (Notice::PasswordReset { .. }, Swedish) => include_str!("templates/password-reset.sv.txt"),
        (Notice::PasswordReset { .. }, English) => include_str!("templates/password-reset.en.txt"),
        (Notice::SecondFactorChanged { .. }, Swedish) => {
            include_str!("templates/second-factor.sv.txt")
        }
        (Notice::SecondFactorChanged { .. }, English) => {
            include_str!("templates/second-factor.en.txt")
        }
    }
}
