//! Shares and deliveries: what is sent, to whom, for what purpose, and how far
//! it has come.

use crate::{ErrorClass, words::words};
use serde::{Deserialize, Serialize};

/// Why data are shared. Part of every permit and audit entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Care,
    SecondOpinion,
    BeforeSurgery,
    Conference,
    PatientRequest,
    Insurance,
    Other,
}

impl Purpose {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Care => "care",
            Self::SecondOpinion => "second_opinion",
            Self::BeforeSurgery => "before_surgery",
            Self::Conference => "conference",
            Self::PatientRequest => "patient_request",
            Self::Insurance => "insurance",
            Self::Other => "other",
        }
    }

    pub const ALL: [Self; 7] = [
        Self::Care,
        Self::SecondOpinion,
        Self::BeforeSurgery,
        Self::Conference,
        Self::PatientRequest,
        Self::Insurance,
        Self::Other,
    ];

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }

    /// Whether it is for the patient's own care: what may be browsed across
    /// providers (lag 2022:913 2 kap. 1 §).
    #[must_use]
    pub const fn is_care(self) -> bool {
        matches!(
            self,
            Self::Care | Self::SecondOpinion | Self::BeforeSurgery | Self::Conference
        )
    }
}

words!(
    /// How much it hurries.
    Priority {
        /// Life or health is at stake: before everything else, and told to
        /// whoever is on call.
        Emergency = "emergency",
        Urgent = "urgent",
        Ordinary = "ordinary",
    }
);

/// The two legal ways, never mixed: one provider pushes chosen studies to a
/// recipient (utlämnande), or another browses under consent (lag 2022:913).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalMode {
    Disclosure,
    CoherentAccess,
}

impl LegalMode {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosure => "disclosure",
            Self::CoherentAccess => "coherent_access",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Disclosure, Self::CoherentAccess]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

/// Where a delivery stands, as a person would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Nothing to do right now; the recipient's gateway has not asked yet.
    Waiting,
    /// A gateway is fetching and storing.
    UnderWay,
    /// Failed for now; tried again by itself.
    Retrying,
    /// Every image is in the recipient's PACS, or was there already.
    Delivered,
    /// Some images cannot be delivered as things are: a person must act.
    Stopped,
    /// Taken back by the sender, or run out.
    Withdrawn,
}

impl DeliveryState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Stopped => "stopped",
            Self::Withdrawn => "withdrawn",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Waiting,
            Self::UnderWay,
            Self::Retrying,
            Self::Delivered,
            Self::Stopped,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// What became of one image at the recipient's node: the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Receipt {
    /// The node answered success (or a warning, kept here) to C-STORE.
    Stored { status: u16 },
    /// The node, asked by C-FIND, already holds it; or it came from there.
    AlreadyThere,
    /// Not stored. `remedy` words are chosen from `failure` where shown.
    Failed {
        class: ErrorClass,
        failure: Failure,
        /// DIMSE status, when the node gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
}

/// Why an image or an attempt failed. Each has words for people, in Swedish
/// and English, where it is shown; none carries text from a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No connection to the node.
    NodeUnreachable,
    /// The node refused the association (wrong AE title, not configured).
    NodeRefused,
    /// The node stopped answering or dropped the association half-way.
    NodeDropped,
    /// The node has no room (A7xx).
    NodeFull,
    /// The node takes neither the stored transfer syntax nor one it could be
    /// turned into, or not the SOP class.
    NotAccepted,
    /// The node refused the object itself (A9xx, Cxxx, 01xx).
    ObjectRefused,
    /// Coercion by rule could not be applied.
    CoercionFailed,
    /// The hub could not be reached, or broke off.
    HubUnreachable,
    /// The bytes did not match their digest.
    DigestMismatch,
    /// The hub has lost or spoilt the image; it must be sent anew.
    ImageLost,
    /// The gateway's configuration names no node to deliver to.
    NoNode,
    /// The node was asked to send, and sent nothing, or not all.
    NotSent,
    /// Images came that are another patient's than the one who was chosen.
    OtherPatient,
    /// Something in Bildbro itself.
    Internal,
}

impl Failure {
    pub const ALL: [Self; 14] = [
        Self::NodeUnreachable,
        Self::NodeRefused,
        Self::NodeDropped,
        Self::NodeFull,
        Self::NotAccepted,
        Self::ObjectRefused,
        Self::CoercionFailed,
        Self::HubUnreachable,
        Self::DigestMismatch,
        Self::ImageLost,
        Self::NoNode,
        Self::NotSent,
        Self::OtherPatient,
        Self::Internal,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NodeUnreachable => "node_unreachable",
            Self::NodeRefused => "node_refused",
            Self::NodeDropped => "node_dropped",
            Self::NodeFull => "node_full",
            Self::NotAccepted => "not_accepted",
            Self::ObjectRefused => "object_refused",
            Self::CoercionFailed => "coercion_failed",
            Self::HubUnreachable => "hub_unreachable",
            Self::DigestMismatch => "digest_mismatch",
            Self::ImageLost => "image_lost",
            Self::NoNode => "no_node",
            Self::NotSent => "not_sent",
            Self::OtherPatient => "other_patient",
            Self::Internal => "internal",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == word)
    }
}

/// Why an image was set aside instead of admitted. Nothing is lost: the bytes
/// are kept until a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    /// The same SOP Instance UID is already held with other bytes.
    UidConflict,
    /// The instance is held under another study.
    OtherStudy,
}

impl Quarantine {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UidConflict => "uid_conflict",
            Self::OtherStudy => "other_study",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::UidConflict, Self::OtherStudy]
            .into_iter()
            .find(|q| q.as_str() == word)
    }
}
