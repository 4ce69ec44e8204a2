//! The only place where permits are made.
//!
//! A [`Permit`] has private fields, is not `Clone`, and is not stored: content
//! is reached only through functions that take one, and each attempt decides
//! again, so that a revocation, an expiry or a block bites at once. Denial is
//! the default: every rule below must hold.

mod access;
mod act;
mod explain;

pub use access::{Access, ContentRequest, Deed, Relation, content};
pub use act::{Allowed, Demand, FRESH, allow, demand, is_open, logged_in, own_account};
pub use explain::{Explanation, Ground, explain};

use crate::{
    DeliveryId, GatewayId, OrganisationId, ShareId, StudyId,
    care::Closed,
    permission::Permission,
    share::{LegalMode, Purpose},
};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// How long a permit for one transfer lives: long enough for the slowest line
/// to start reading, short enough that a revocation is felt at once.
const PERMIT_LIFE: SignedDuration = SignedDuration::from_secs(15 * 60);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub gateway: GatewayId,
    pub organisation: OrganisationId,
}

/// A wish to read the content of a delivery, with the facts that decide it,
/// read in the same transaction as the decision is recorded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    pub subject: Subject,
    pub delivery: DeliveryId,
    pub share: ShareId,
    pub study: StudyId,
    pub sender: OrganisationId,
    pub recipient: OrganisationId,
    pub purpose: Purpose,
    pub legal_mode: LegalMode,
    pub subject_active: bool,
    pub sender_active: bool,
    pub recipient_active: bool,
    pub recipient_in_care: bool,
    /// What the patient has closed.
    pub closed: Closed,
    /// The recipient holds what comes from this sender until someone lets it in.
    pub held: bool,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// A wish to share studies of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRequest {
    pub sender: OrganisationId,
    pub holder: OrganisationId,
    pub recipient: OrganisationId,
    pub purpose: Purpose,
    pub sender_active: bool,
    pub recipient_active: bool,
    pub recipient_in_care: bool,
    pub closed: Closed,
    /// The recipient takes nothing from this sender.
    pub partner_closed: bool,
}

/// Why not. The words are for the log and for those who may know; a caller
/// who may not know of a thing is answered as if it did not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    #[error("the log-in is not complete: a second factor is missing")]
    NotLoggedIn,
    #[error("the account has been closed")]
    MemberInactive,
    #[error("none of the member's roles gives this here")]
    NoPermission(Permission),
    #[error("a fresh second factor is needed")]
    StepUp,
    #[error("it is another organisation's")]
    OtherOrganisation,
    #[error("the patient has blocked it")]
    Blocked,
    #[error("the patient has not consented")]
    NoConsent,
    #[error("what other providers hold may be seen for the patient's care only")]
    NotCare,
    #[error("the receiving organisation has not let it in yet")]
    Held,
    #[error("the receiving organisation takes nothing from this sender")]
    PartnerClosed,
    #[error("a second member must approve it")]
    FourEyes,
    /// The gateway's, or the member's organisation.
    #[error("the gateway has been revoked, or its organisation closed")]
    SubjectInactive,
    #[error("the delivery is another organisation's")]
    NotRecipient,
    #[error("the sending organisation has left the exchange")]
    SenderInactive,
    #[error("the receiving organisation has left the exchange")]
    RecipientInactive,
    #[error("the share was taken back")]
    Revoked,
    #[error("the share has run out")]
    Expired,
    #[error("the study is another organisation's")]
    NotHolder,
    #[error("an organisation cannot share with itself")]
    ToItself,
    #[error("a recipient outside care needs the patient's written authority")]
    OutsideCare,
    #[error("this legal mode does not fit a share")]
    LegalMode,
}

impl Denial {
    /// Whether the caller may know that the thing exists. If not: 404.
    #[must_use]
    pub const fn may_be_told(self) -> bool {
        !matches!(
            self,
            Self::NotRecipient | Self::NotHolder | Self::OtherOrganisation
        )
    }

    /// The stable word for machines and translations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::MemberInactive => "member_inactive",
            Self::NoPermission(_) => "no_permission",
            Self::StepUp => "step_up",
            Self::OtherOrganisation => "other_organisation",
            Self::Blocked => "blocked",
            Self::NoConsent => "no_consent",
            Self::NotCare => "not_care",
            Self::Held => "held",
            Self::PartnerClosed => "partner_closed",
            Self::FourEyes => "four_eyes",
            Self::SubjectInactive => "subject_inactive",
            Self::NotRecipient => "not_recipient",
            Self::SenderInactive => "sender_inactive",
            Self::RecipientInactive => "recipient_inactive",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::NotHolder => "not_holder",
            Self::ToItself => "to_itself",
            Self::OutsideCare => "outside_care",
            Self::LegalMode => "legal_mode",
        }
    }

    /// Whether the denial lasts: the delivery is over, not merely postponed.
    #[must_use]
    pub const fn is_withdrawal(self) -> bool {
        matches!(self, Self::Revoked | Self::Expired)
    }
}

/// The proof that this release is allowed now.
pub struct Permit {
    subject: Subject,
    delivery: DeliveryId,
    study: StudyId,
    purpose: Purpose,
    legal_mode: LegalMode,
    until: Timestamp,
}

impl Permit {
    #[must_use]
    pub const fn delivery(&self) -> DeliveryId {
        self.delivery
    }

    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    #[must_use]
    pub const fn legal_mode(&self) -> LegalMode {
        self.legal_mode
    }

    /// Whether the permit covers an instance of `study` at `now`.
    #[must_use]
    pub fn covers(&self, study: StudyId, now: Timestamp) -> bool {
        self.study == study && now < self.until
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("delivery", &self.delivery)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// May this gateway read this delivery's content now?
///
/// # Errors
/// The first [`Denial`] that applies. What the caller may not know of comes
/// first, so that no later reason gives its existence away.
pub fn release(request: &ReleaseRequest, now: Timestamp) -> Result<Permit, Denial> {
    if request.subject.organisation != request.recipient {
        return Err(Denial::NotRecipient);
    }
    if !request.subject_active {
        return Err(Denial::SubjectInactive);
    }
    if !request.recipient_active {
        return Err(Denial::RecipientInactive);
    }
    if !request.sender_active {
        return Err(Denial::SenderInactive);
    }
    if request.revoked.is_some_and(|at| at <= now) {
        return Err(Denial::Revoked);
    }
    if request.expires.is_some_and(|at| at <= now) {
        return Err(Denial::Expired);
    }
    if request.legal_mode != LegalMode::Disclosure {
        return Err(Denial::LegalMode);
    }
    if !request.recipient_in_care {
        return Err(Denial::OutsideCare);
    }
    if closes(request.closed, request.purpose) {
        return Err(Denial::Blocked);
    }
    if request.held {
        return Err(Denial::Held);
    }
    let life = now.checked_add(PERMIT_LIFE).unwrap_or(now);
    Ok(Permit {
        subject: request.subject.clone(),
        delivery: request.delivery,
        study: request.study,
        purpose: request.purpose,
        legal_mode: request.legal_mode,
        until: request.expires.map_or(life, |at| at.min(life)),
    })
}

/// May this organisation share these studies with that one? A yes is no
/// permit to content: each release decides again.
///
/// # Errors
/// The first [`Denial`] that applies.
pub fn share(request: &ShareRequest) -> Result<(), Denial> {
    if request.sender != request.holder {
        return Err(Denial::NotHolder);
    }
    if !request.sender_active {
        return Err(Denial::SenderInactive);
    }
    if request.recipient == request.sender {
        return Err(Denial::ToItself);
    }
    if !request.recipient_active {
        return Err(Denial::RecipientInactive);
    }
    if !request.recipient_in_care {
        return Err(Denial::OutsideCare);
    }
    if request.partner_closed {
        return Err(Denial::PartnerClosed);
    }
    if closes(request.closed, request.purpose) {
        return Err(Denial::Blocked);
    }
    Ok(())
}

/// A block closes every way out but the one that the patient asks for.
const fn closes(closed: Closed, purpose: Purpose) -> bool {
    !matches!(closed, Closed::Nothing) && !matches!(purpose, Purpose::PatientRequest)
}

#[cfg(test)]
mod tests;
