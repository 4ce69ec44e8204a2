//! Our own identifiers: one newtype each, so that a delivery's can never stand
//! where a share's is meant, and the digest that names bytes.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A care provider, clinic, insurer or authority on the hub.
    OrganisationId
);
id!(
    /// One enrolled gateway.
    GatewayId
);
id!(
    /// A ward, a clinic, a department: where a member acts.
    CareUnitId
);
id!(
    /// A person's account in an organisation.
    MemberId
);
id!(
    /// One log-in of one member, in one browser.
    SessionId
);
id!(
    /// Something that a gateway is asked to do at its nodes.
    ErrandId
);
id!(
    /// A role that an organisation has made of permissions.
    RoleId
);
id!(
    /// That a member has a role, at a care unit or in the whole organisation.
    AssignmentId
);
id!(
    /// A patient's no.
    BlockId
);
id!(
    /// A patient's yes.
    ConsentId
);
id!(
    /// A decision to look all the same, since life or health is at stake.
    EmergencyId
);
id!(
    /// A machine that logs in for itself: a gateway, 1177, an EHR, analytics.
    /// A gateway's is the same UUID as its [`GatewayId`].
    MachineId
);
id!(
    /// A study as one organisation holds it: two organisations' copies of the
    /// same Study Instance UID are two things.
    StudyId
);
id!(
    /// An instance as one organisation holds it.
    InstanceId
);
id!(
    /// One sender's act of sharing.
    ShareId
);
id!(
    /// One organisation's asking another for a patient's images.
    ImageRequestId
);
id!(
    /// A share's progress to one recipient.
    DeliveryId
);
id!(
    /// One gateway's hold on a piece of work, until its lease ends. A later
    /// claim makes an earlier one void.
    ClaimId
);

impl From<GatewayId> for MachineId {
    fn from(gateway: GatewayId) -> Self {
        Self(gateway.0)
    }
}

impl StudyId {
    /// A study's id follows from its holder and its UID, so that bytes can be
    /// put in their place before any row exists, and twice is the same place.
    #[must_use]
    pub fn of(holder: OrganisationId, study: &crate::StudyUid) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"bildbro.study.1");
        hash.update(holder.0.as_bytes());
        hash.update(study.as_str().as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        Self(uuid::Builder::from_custom_bytes(first).into_uuid())
    }
}

/// SHA-256 of an instance's data set bytes as received, file meta aside.
/// Together with the transfer syntax it says whether two objects are the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Digest of bytes that are all at hand; streams use [`Sha256`] directly.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;
    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let mut out = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NotADigest);
        }
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(out))
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}
