//! People with an account, and how they have shown who they are.

use crate::{
    AssignmentId, CareUnitId, HsaId, MemberId, OrganisationId, Personal, SessionId,
    permission::{Permission, Role},
    words::words,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A person's account in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub organisation: OrganisationId,
    pub name: Personal,
    pub email: Personal,
    pub hsa_id: Option<HsaId>,
    /// For log-in by BankID.
    pub personal_number: Option<Personal>,
    pub active: bool,
}

/// A care unit of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareUnit {
    pub id: CareUnitId,
    pub organisation: OrganisationId,
    pub name: String,
    pub hsa_id: Option<HsaId>,
    pub active: bool,
}

/// That a member has a role: at one care unit, or in the whole organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub id: AssignmentId,
    pub role: Role,
    /// `None`: the whole organisation.
    pub unit: Option<CareUnitId>,
    /// The commission (medarbetaruppdrag) that it stands for.
    pub commission: Option<HsaId>,
}

impl Assignment {
    /// Whether it counts for someone who acts at `unit`.
    #[must_use]
    pub fn counts_at(&self, unit: Option<CareUnitId>) -> bool {
        self.unit.is_none() || self.unit == unit
    }

    #[must_use]
    pub fn gives(&self, permission: Permission) -> bool {
        self.role.permissions.contains(&permission)
    }
}

words!(
    /// When a member is written to of what has come to their organisation.
    Notices {
        /// When it comes.
        AtOnce = "at_once",
        /// Once a day, if there is anything new.
        Digest = "digest",
        /// Never.
        Off = "off",
    }
);

words!(
    /// How far a session has come.
    Level {
        /// The password was right; nothing but the second factor may follow.
        First = "first",
        /// Two factors, or an identity provider that vouches for as much, but
        /// no factor of one's own has been set up yet.
        Setup = "setup",
        /// Logged in.
        Full = "full",
    }
);

words!(
    /// What a second factor is.
    FactorKind {
        Passkey = "passkey",
        Totp = "totp",
    }
);

words!(
    /// What a link that was sent is for.
    InvitationKind {
        Invitation = "invitation",
        Reset = "reset",
    }
);

/// Who acts, as read from the database in the transaction of the act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    pub session: SessionId,
    pub level: Level,
    pub member: Member,
    pub organisation_active: bool,
    pub organisation_in_care: bool,
    /// The care unit that the member has chosen to act at.
    pub unit: Option<CareUnitId>,
    /// All that the member has been given, wherever it counts.
    pub assignments: Vec<Assignment>,
    /// When a second factor was last shown.
    pub fresh_at: Timestamp,
    /// The address that the request came from.
    pub from: String,
}

impl Acting {
    /// What counts at the care unit acted at.
    pub fn counting(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments
            .iter()
            .filter(|assignment| assignment.counts_at(self.unit))
    }

    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.counting()
            .any(|a| a.gives(permission) && (a.unit.is_none() || !permission.is_of_the_whole()))
    }

    /// The care unit acted at, when something was given there: to be allowed to
    /// act everywhere makes no one one of a unit's own.
    #[must_use]
    pub fn works_at(&self) -> Option<CareUnitId> {
        self.unit
            .filter(|unit| self.assignments.iter().any(|a| a.unit == Some(*unit)))
    }
}
