//! Who is on the hub, and the outcome of looking for them.

use crate::{AeTitle, GatewayId, OrganisationId, words::words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Who test images come from. A row of its own, so that a test goes the ordinary
/// way in every table; no organisation, so it is in no list.
pub const TEST_SENDER: OrganisationId = OrganisationId(Uuid::from_u128(0x8000_8000_0000_0000_0001));

/// What kind of organisation it is; decides which legal modes fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Region,
    PrivateClinic,
    Insurer,
    Authority,
    Other,
}

impl Kind {
    /// The word as stored; the same as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::PrivateClinic => "private_clinic",
            Self::Insurer => "insurer",
            Self::Authority => "authority",
            Self::Other => "other",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Region,
            Self::PrivateClinic,
            Self::Insurer,
            Self::Authority,
            Self::Other,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// Inside care, sharing rests on the care itself; outside, on the
    /// patient's written authority.
    #[must_use]
    pub const fn in_care(self) -> bool {
        matches!(self, Self::Region | Self::PrivateClinic)
    }
}

words!(
    /// What an organisation takes from another.
    Takes {
        /// Everything, at once.
        Open = "open",
        /// Everything, but someone lets each delivery in first.
        Hold = "hold",
        /// Nothing.
        Closed = "closed",
    }
);

/// A Swedish organisation number: ten digits, the last by Luhn (lag 1974:174;
/// SKV 709). Written with or without a hyphen after the sixth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organisation number is ten digits, such as 232100-0016")]
pub struct NotANumber;

impl Number {
    /// # Errors
    /// When it has another form, or its last digit is wrong.
    pub fn new(text: &str) -> Result<Self, NotANumber> {
        let text = text.trim();
        let digits = match text.split_once('-') {
            Some((first, last)) if first.len() == 6 && last.len() == 4 => format!("{first}{last}"),
            Some(_) => return Err(NotANumber),
            None => text.to_owned(),
        };
        if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotANumber);
        }
        let sum: u32 = digits
            .bytes()
            .zip([2, 1].into_iter().cycle())
            .map(|(digit, weight)| {
                let product = u32::from(digit - b'0') * weight;
                product / 10 + product % 10
            })
            .sum();
        if sum.is_multiple_of(10) {
            Ok(Self(digits))
        } else {
            Err(NotANumber)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A care provider, clinic, insurer or authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: OrganisationId,
    /// As people say it: "Region Skåne".
    pub name: String,
    pub kind: Kind,
    /// The AE title that every other organisation's gateway answers to on this
    /// organisation's behalf: sending a study to it shares with this one.
    pub ae_title: AeTitle,
    /// An organisation that left keeps its history and gets nothing more.
    pub active: bool,
}

/// A gateway as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    pub id: GatewayId,
    pub organisation: OrganisationId,
    pub name: String,
    /// Public key, PEM (SubjectPublicKeyInfo).
    pub public_key: String,
    pub active: bool,
    pub last_seen: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_number_has_ten_digits_and_a_right_last_one() {
        for good in ["232100-0016", "2321000016", " 2321000131 "] {
            let number = Number::new(good).unwrap();
            assert_eq!(number.as_str(), good.trim().replace('-', ""));
        }
        for wrong in [
            "",
            "232100-0017",
            "23210-00016",
            "232100001",
            "23210000160",
            "232100-00-6",
            "232100001x",
            "２３２１０００016",
        ] {
            assert_eq!(Number::new(wrong), Err(NotANumber), "{wrong}");
        }
    }

    #[test]
    fn the_test_sender_is_as_the_migrations_write_it() {
        let written = "00000000-0000-8000-8000-000000000001";
        assert_eq!(TEST_SENDER.to_string(), written);
    }
}
