//! Letters to people with an account: what is to be told, and to whom. No
//! personal data of patients, ever. They wait in the database, sealed
//! ([`crate::vault`], place [`PLACE`]), until the post has taken them.

use bildbro_domain::Personal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a letter is sealed for.
pub const PLACE: &str = "letter";

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// An e-mail address.
    pub to: Personal,
    /// `sv` or `en`.
    pub language: String,
    pub notice: Notice,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// To someone who is to become a member. Whoever has `url` can.
    Invitation {
        organisation: String,
        invited_by: Personal,
        url: Personal,
        expires: Timestamp,
    },
    PasswordReset { url: Personal, expires: Timestamp },
    /// After the fact, so that the right person notices if it was another.
    SecondFactorChanged { what: String, at: Timestamp },
}
