//! What an organisation sees and says of itself, and of others.

use bildbro_domain::{
    AeTitle, CareUnitId, HsaId, OrganisationId,
    audit::Action,
    organisation::{Kind, Number, Takes},
};

/// One's own organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrganisation {
    pub id: OrganisationId,
    pub name: String,
    pub kind: Kind,
    pub ae_title: AeTitle,
    pub hsa_id: Option<HsaId>,
    /// Empty: not said; so are the next two.
    pub number: String,
    pub postal: String,
    /// E-mail of whoever is on call.
    pub on_call: String,
    pub takes: Takes,
    /// What a second member must approve.
    pub four_eyes: Vec<Action>,
    /// Whether patients' extracts name who looked.
    pub names_staff: bool,
    /// Hours that what has come may lie unopened before others are told of it;
    /// 0: for ever.
    pub escalate_hours: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedOrganisation {
    pub name: String,
    pub hsa_id: Option<HsaId>,
    pub number: Option<Number>,
    pub postal: String,
    pub on_call: String,
    pub names_staff: bool,
    /// At most 720.
    pub escalate_hours: u16,
}

/// Another organisation, as everyone on the hub may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOrganisation {
    pub id: OrganisationId,
    pub name: String,
    pub kind: Kind,
    pub ae_title: AeTitle,
    pub hsa_id: Option<HsaId>,
}

/// What is taken, from everyone and from some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partners {
    pub takes: Takes,
    pub partners: Vec<PartnerView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerView {
    pub id: OrganisationId,
    pub name: String,
    pub kind: Kind,
    /// `None`: as from everyone.
    pub takes: Option<Takes>,
}

/// A care unit as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitParticulars {
    pub name: String,
    pub hsa_id: Option<HsaId>,
    /// What its PACS writes as Institution Name, in lower case; empty: none.
    pub institution: String,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitView {
    pub id: CareUnitId,
    pub unit: UnitParticulars,
    /// Open accounts that have a role there.
    pub members: u64,
}
