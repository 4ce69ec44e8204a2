//! Who is on the hub, and the outcome of looking for them.

use crate::{AeTitle, GatewayId, OrganisationId, words::words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
