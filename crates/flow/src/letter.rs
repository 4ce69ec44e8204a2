//! What is written to members by e-mail. Nothing of a patient's, ever; and no
//! secret but the link itself. It lies sealed in the database until it is sent.

use bildbro_domain::share::Priority;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a sealed letter is sealed for.
pub const PLACE: &str = "letter";

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// An e-mail address.
    pub to: String,
    /// `sv` or `en`.
    pub language: String,
    pub notice: Notice,
}

/// What it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    Invitation {
        organisation: String,
        invited_by: String,
        url: String,
        expires: Timestamp,
    },
    PasswordReset {
        url: String,
        expires: Timestamp,
    },
    /// How the member logs in was changed.
    SecondFactorChanged {
        /// A word: `passkey_added`, `totp_added`, `factor_removed`,
        /// `recovery_made`, `recovery_used`, `password_changed`.
        what: String,
        at: Timestamp,
    },
    /// Something has come that waits for a person.
    Arrived {
        organisation: String,
        items: Items,
    },
    /// The same, of what waits at an hour of day.
    Digest {
        organisation: String,
        items: Items,
    },
    /// To whoever is on call: it cannot wait.
    Emergency {
        organisation: String,
        sender: String,
        studies: u64,
        url: String,
    },
    /// To whoever is on call, or the administrators: nobody has opened it.
    Unopened {
        organisation: String,
        item: Item,
        hours: u64,
    },
    /// To the member who sent it: nobody has opened it.
    SentUnopened {
        recipient: String,
        hours: u64,
        /// Whether anyone at the recipient could be written to of it.
        told: bool,
        url: String,
    },
}

/// What a letter lists: some of it, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    pub listed: Vec<Item>,
    /// How many more there are.
    pub more: u64,
    /// The inbox.
    pub url: String,
    /// Where one says when to be written to.
    pub settings: String,
}

/// A share, as a letter may tell of it: not whom it is about, nor of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub sender: String,
    pub studies: u64,
    pub priority: Priority,
    pub why: Why,
    pub url: String,
}

/// Why it waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is to be opened.
    Came,
    /// It is to be let in, or turned away.
    Held,
    /// The sender took it back: copies are to be removed.
    Recalled,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter")
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notice")
    }
}
