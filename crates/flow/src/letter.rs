//! Letters that the hub sends: what each tells, before it has words.
//!
//! A letter lies in the database, sealed by the vault at [`PLACE`], until it has
//! been sent. No personal data of patients, ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the vault seals a letter.
pub const PLACE: &str = "letter";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// E-mail address.
    pub to: String,
    /// `sv` or `en`.
    pub language: String,
    pub notice: Notice,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Notice {
    /// To set up an account.
    Invitation {
        organisation: String,
        invited_by: String,
        url: String,
        expires: Timestamp,
    },
    /// To choose a new password.
    PasswordReset { url: String, expires: Timestamp },
    /// A second factor was added, or taken away.
    SecondFactorChanged { what: String, at: Timestamp },
}
