//! The words of the hub's messages, in Swedish and English.
//!
//! Each is a text in a file: its subject, an empty line, paragraphs. The HTML is
//! made of the same paragraphs, so the two cannot say different things. Nothing
//! of patients or studies is in any of them.

use crate::{Address, Mail, Subject, Unusable};
use bildbro_domain::share::Priority;
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Environment, Value, context};
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
    /// To a member: something waits in the inbox.
    Arrived {
        organisation: &'a str,
        list: List<'a>,
    },
    /// The same, once a day.
    Digest {
        organisation: &'a str,
        list: List<'a>,
    },
    /// To whoever is on call.
    Emergency {
        organisation: &'a str,
        sender: &'a str,
        studies: u64,
        link: &'a str,
    },
    /// To whoever is on call, or an administrator.
    Unopened {
        organisation: &'a str,
        share: Share<'a>,
        hours: u64,
    },
    /// To the member who sent it. `told`: someone at the recipient was.
    SentUnopened {
        recipient: &'a str,
        hours: u64,
        told: bool,
        link: &'a str,
    },
}

/// What waits, or some of it.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub shares: &'a [Share<'a>],
    /// How many more there are.
    pub more: u64,
    /// All of it.
    pub link: &'a str,
    /// Where one says when to be written to.
    pub settings: &'a str,
}

/// A share, as a letter may tell of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Share<'a> {
    pub sender: &'a str,
    pub studies: u64,
    pub priority: Priority,
    /// `came`, `held`, `recalled`.
    pub why: &'static str,
    pub link: &'a str,
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
    let (links, values) = values(notice, tell)?;
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
        context! { lang, subject, paragraphs, links },
    )?;
    Ok(Mail {
        to,
        subject: Subject::new(subject)?,
        text: text.to_owned(),
        html,
    })
}

/// The links of a message, and what goes into its words.
fn values<'a>(
    notice: &Notice<'a>,
    tell: impl Fn(Timestamp) -> String,
) -> Result<(Vec<&'a str>, Value), TemplateError> {
    // Names stand in running text: a line break there could forge a paragraph.
    let plain = |name: &str| Subject::new(name).map(drop);
    Ok(match *notice {
        Notice::Invitation {
            organisation,
            invited_by,
            link,
            until,
        } => {
            plain(organisation)?;
            plain(invited_by)?;
            let until = tell(until);
            let values = context! { organisation, invited_by, link, until };
            (vec![link], values)
        }
        Notice::PasswordReset { link, until } => {
            (vec![link], context! { link, until => tell(until) })
        }
        Notice::SecondFactorChanged { at } => (Vec::new(), context! { at => tell(at) }),
        Notice::Arrived { organisation, list } | Notice::Digest { organisation, list } => {
            plain(organisation)?;
            for share in list.shares {
                plain(share.sender)?;
            }
            let links = list.shares.iter().map(|share| share.link);
            let links = links.chain([list.link, list.settings]).collect();
            let List {
                shares,
                more,
                link,
                settings,
            } = list;
            let count = shares.len() as u64 + more;
            (
                links,
                context! { organisation, shares, count, more, link, settings },
            )
        }
        Notice::Emergency {
            organisation,
            sender,
            studies,
            link,
        } => {
            plain(organisation)?;
            plain(sender)?;
            let values = context! { organisation, sender, studies, link };
            (vec![link], values)
        }
        Notice::Unopened {
            organisation,
            share,
            hours,
        } => {
            plain(organisation)?;
            plain(share.sender)?;
            (vec![share.link], context! { organisation, share, hours })
        }
        Notice::SentUnopened {
            recipient,
            hours,
            told,
            link,
        } => {
            plain(recipient)?;
            (vec![link], context! { recipient, hours, told, link })
        }
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
        (Notice::Arrived { .. }, Swedish) => include_str!("templates/arrived.sv.txt"),
        (Notice::Arrived { .. }, English) => include_str!("templates/arrived.en.txt"),
        (Notice::Digest { .. }, Swedish) => include_str!("templates/digest.sv.txt"),
        (Notice::Digest { .. }, English) => include_str!("templates/digest.en.txt"),
        (Notice::Emergency { .. }, Swedish) => include_str!("templates/emergency.sv.txt"),
        (Notice::Emergency { .. }, English) => include_str!("templates/emergency.en.txt"),
        (Notice::Unopened { .. }, Swedish) => include_str!("templates/unopened.sv.txt"),
        (Notice::Unopened { .. }, English) => include_str!("templates/unopened.en.txt"),
        (Notice::SentUnopened { .. }, Swedish) => include_str!("templates/sent-unopened.sv.txt"),
        (Notice::SentUnopened { .. }, English) => include_str!("templates/sent-unopened.en.txt"),
    }
}
