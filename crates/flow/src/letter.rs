//! What is written to members by e-mail. Nothing of a patient's, ever; and no
//! secret but the link itself. It lies sealed in the database until it is sent.

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
