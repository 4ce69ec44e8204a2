//! What the portal's use-cases have in common: who calls, and how one refuses.
//!
//! Each port method of the portal takes a [`Caller`] and does one transaction:
//! it reads who that is and what they have been given, asks
//! [`bildbro_domain::policy`], does what was asked, and appends the audit entry.
//! A refusal is on record too.

pub mod approvals;
pub mod directory;
pub mod identity_provider;
pub mod inbox;
pub mod letters;
pub mod log;
pub mod login;
pub mod machines;
pub mod members;
pub mod notices;
pub mod requests;
pub mod roles;
pub mod search;
pub mod sharing;
pub mod will;

use self::{
    approvals::Approvals, directory::Directory, identity_provider::IdentityProviders,
    inbox::Inboxes, letters::Letters, log::Log, login::Login, machines::Machines, members::Members,
    notices::Notices, requests::Requests, roles::Roles, search::Searches, sharing::Sharing,
    will::Wills,
};
use super::StoreError;
use bildbro_domain::{Digest, OrganisationId, Personal, permission::BuiltIn, policy::Denial};
use jiff::Timestamp;
use uuid::Uuid;

/// A request with a session's token. Who that is, each transaction finds out
/// for itself, so that a session ended or a role withdrawn bites at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// SHA-256 of the token.
    pub token: Digest,
    /// The network address that the request came from.
    pub from: String,
    pub at: Timestamp,
}

/// How a portal's use-case says no.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such session, or it has ended.
    #[error("nobody is logged in")]
    NoSession,
    /// Policy said no; which of the built-in roles would have given it.
    #[error("{denial}")]
    Denied { denial: Denial, would: Vec<BuiltIn> },
    /// It is not there, or not this organisation's: the caller cannot tell.
    #[error("there is no such thing")]
    NotFound,
    /// Something else has this value already.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Something still has or uses it.
    #[error("{0} is in use")]
    InUse(&'static str),
    /// What was given for this field cannot be taken.
    #[error("{field}: {why}")]
    Invalid {
        field: &'static str,
        why: &'static str,
    },
    /// It can no longer be done: used, decided, or run out.
    #[error("{0}")]
    Over(&'static str),
    /// An organisation keeps one administrator who can log in.
    #[error("it is the organisation's last administrator")]
    LastAdministrator,
    /// Whoever has a second factor keeps one.
    #[error("it is the only second factor")]
    LastFactor,
    /// A second member has been asked to approve it.
    #[error("a second member must approve it")]
    ApprovalAsked(Uuid),
    /// The studies are of these patients: number and name.
    #[error("the studies are of several patients")]
    SeveralPatients(Vec<(Personal, Personal)>),
    /// This recipient does not take it.
    #[error("{denial}")]
    RecipientRefuses {
        recipient: OrganisationId,
        denial: Denial,
    },
    /// A study is of another patient than the one asked for.
    #[error("the studies are not of the patient asked for")]
    NotTheAskedPatient,
    /// It was done a moment ago; again from then on.
    #[error("it was done already, and may be done again from {0}")]
    TooSoon(Timestamp),
    /// Who the patient is must be decided first; with a reason, or without.
    #[error("who the patient is must be decided first")]
    Undecided { reason: bool },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a use-case of the portal answers.
pub type Answer<T> = Result<T, Refusal>;

/// All of the portal's ports: what the hub's database is to it.
pub trait Portal:
    Login
    + Directory
    + Members
    + Roles
    + Approvals
    + IdentityProviders
    + Machines
    + Letters
    + Notices
    + Wills
    + Log
    + Searches
    + Sharing
    + Inboxes
    + Requests
{
}

impl<T> Portal for T where
    T: Login
        + Directory
        + Members
        + Roles
        + Approvals
        + IdentityProviders
        + Machines
        + Letters
        + Notices
        + Wills
        + Log
        + Searches
        + Sharing
        + Inboxes
        + Requests
{
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to ask for the next page with; `None` at the end.
    pub next: Option<String>,
}
