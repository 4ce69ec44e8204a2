//! What whoever runs the hub sees and does.

use bildbro_domain::{
    AeTitle, Digest, HsaId, OrganisationId,
    organisation::{Kind, Number},
};
use jiff::Timestamp;
use std::fmt;

use crate::ports::hub::{GatewayView, Totals};

/// An organisation, as the hub's operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyView {
    pub id: OrganisationId,
    pub name: String,
    pub kind: Kind,
    pub ae_title: AeTitle,
    pub hsa_id: Option<HsaId>,
    /// Empty: not said.
    pub number: String,
    pub active: bool,
    /// Open accounts.
    pub members: u64,
    /// Gateways that are not revoked.
    pub gateways: u64,
    /// When it last sent something to the hub.
    pub last_image_at: Option<Timestamp>,
}

/// An organisation about to join, with whoever is to run it.
#[derive(Debug)]
pub struct NewParty {
    pub name: String,
    pub kind: Kind,
    pub ae_title: AeTitle,
    pub hsa_id: Option<HsaId>,
    pub number: Option<Number>,
    pub administrator: FirstAdministrator,
}

#[derive(Debug)]
pub struct FirstAdministrator {
    pub name: String,
    pub email: String,
    /// `sv` or `en`.
    pub language: String,
    /// SHA-256 of the invitation's token.
    pub token: Digest,
    pub expires: Timestamp,
    pub letter: SealLetter,
}

/// Makes the sealed letter, given the name of whoever invites.
pub struct SealLetter(pub Box<dyn FnOnce(&str) -> String + Send + Sync>);

impl fmt::Debug for SealLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealLetter")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub gateways: Vec<GatewayView>,
    pub totals: Totals,
    /// When the newest checkpoint of the log was signed.
    pub checkpoint_at: Option<Timestamp>,
}
