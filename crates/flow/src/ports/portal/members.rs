//! Members, invitations, and what members have been given.
//!
//! An organisation keeps at least one administrator who can log in: one who is
//! active and may manage members in the whole organisation. What would take the
//! last one away is [`Refusal::LastAdministrator`](super::Refusal), also when two
//! try it on each other at once.

use super::{Answer, Caller, Page};
use crate::letter::Letter;
use async_trait::async_trait;
use bildbro_domain::{
    AssignmentId, CareUnitId, Digest, HsaId, MemberId, OrganisationId, Personal, SessionId,
    audit::Actor, permission::BuiltIn, policy::Explanation,
};
use jiff::Timestamp;
use uuid::Uuid;

/// The first member of an organisation, made by whoever runs the hub.
#[derive(Debug, Clone)]
pub struct FirstMember {
    pub organisation: OrganisationId,
    pub name: String,
    pub email: String,
    /// `sv` or `en`.
    pub language: String,
    /// In the whole organisation.
    pub roles: Vec<BuiltIn>,
}

/// A role about to be given: where, and in which commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssignment {
    /// A built-in role's word, or the id of one's own.
    pub role: String,
    /// `None`: the whole organisation.
    pub unit: Option<CareUnitId>,
    pub commission: Option<HsaId>,
}

/// What of a member others set.
#[derive(Debug, Clone)]
pub struct Particulars {
    pub name: String,
    pub email: String,
    pub hsa_id: Option<HsaId>,
    /// Twelve digits.
    pub personal_number: Option<Personal>,
}

/// Someone to be invited.
#[derive(Debug, Clone)]
pub struct NewMember {
    pub particulars: Particulars,
    /// `sv` or `en`.
    pub language: String,
    pub assignments: Vec<NewAssignment>,
}

/// A link that makes its holder the member.
#[derive(Debug, Clone)]
pub struct Link {
    /// SHA-256 of the token in it.
    pub token: Digest,
    pub url: Personal,
    pub expires: Timestamp,
}

/// Seals a letter for its way through the database. `None`: there is no post,
/// so none is to be kept.
pub type Seal<'a> = Option<&'a (dyn Fn(&Letter) -> String + Send + Sync)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    pub member: MemberId,
    /// Roles that a second member must approve first.
    pub approvals: Vec<Uuid>,
}

/// What of someone's log-in is taken away. Their sessions end, and a link is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    Password,
    /// Passkeys, authenticator app and recovery codes.
    Factors,
}

/// What to look for. All is given in any case.
#[derive(Debug, Clone, Default)]
pub struct MemberQuery {
    /// Part of a name or an address; case and diacritics do not matter.
    pub search: String,
    pub active: Option<bool>,
    pub after: Option<MemberId>,
    /// Most items of a page; bounded by the port.
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUnit {
    pub id: CareUnitId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentView {
    pub id: AssignmentId,
    /// A built-in role's word, or the id of one's own.
    pub role: String,
    pub role_name: String,
    pub unit: Option<NamedUnit>,
    pub commission: Option<HsaId>,
}

/// A member, as the administrator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    pub id: MemberId,
    pub name: Personal,
    pub email: Personal,
    pub hsa_id: Option<HsaId>,
    pub personal_number: Option<Personal>,
    pub active: bool,
    /// There is a link that has not been used, and no password yet.
    pub invited: bool,
    pub last_login: Option<Timestamp>,
    pub passkeys: u32,
    pub totp: bool,
    pub assignments: Vec<AssignmentView>,
}

/// A log-in of a member's that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSession {
    pub id: SessionId,
    pub address: String,
    pub agent: String,
    pub created: Timestamp,
    pub seen: Timestamp,
    pub unit: Option<CareUnitId>,
}

/// What a member can do, and why.
#[derive(Debug, Clone)]
pub struct Explained {
    pub member: MemberId,
    pub name: Personal,
    pub all: Vec<Explanation>,
    /// Where something is given besides the whole organisation.
    pub units: Vec<NamedUnit>,
}

#[async_trait]
pub trait Members: Send + Sync + 'static {
    /// Makes an account with roles, without a password yet.
    async fn add_first_member(
        &self,
        new: FirstMember,
        by: Actor,
        at: Timestamp,
    ) -> Answer<MemberId>;

    /// Makes a link for someone, as whoever runs the hub; earlier ones end.
    async fn issue_link(
        &self,
        member: MemberId,
        token: Digest,
        expires: Timestamp,
        by: Actor,
        at: Timestamp,
    ) -> Answer<()>;

    /// In the order of their names.
    async fn members(&self, caller: &Caller, query: &MemberQuery) -> Answer<Page<MemberView>>;

    async fn member(&self, caller: &Caller, member: MemberId) -> Answer<MemberView>;

    /// Makes an account, its link, and the letter with it. Roles that a second
    /// member must approve are asked for.
    async fn invite(
        &self,
        caller: &Caller,
        new: &NewMember,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<Invited>;

    /// Makes a new link for someone who has not used theirs; earlier ones end.
    async fn invite_again(
        &self,
        caller: &Caller,
        member: MemberId,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<()>;

    async fn change_member(
        &self,
        caller: &Caller,
        member: MemberId,
        to: &Particulars,
    ) -> Answer<()>;

    /// Closes an account and ends all its sessions. `confirm` is the member's name.
    async fn close_member(&self, caller: &Caller, member: MemberId, confirm: &str) -> Answer<()>;

    async fn open_member(&self, caller: &Caller, member: MemberId) -> Answer<()>;

    async fn reset_member(
        &self,
        caller: &Caller,
        member: MemberId,
        what: Reset,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<()>;

    async fn grant_role(
        &self,
        caller: &Caller,
        member: MemberId,
        new: &NewAssignment,
    ) -> Answer<AssignmentId>;

    async fn withdraw_role(
        &self,
        caller: &Caller,
        member: MemberId,
        assignment: AssignmentId,
    ) -> Answer<()>;

    async fn member_sessions(
        &self,
        caller: &Caller,
        member: MemberId,
    ) -> Answer<Vec<MemberSession>>;

    /// Ends all of a member's sessions.
    async fn end_member_sessions(&self, caller: &Caller, member: MemberId) -> Answer<()>;

    async fn explain_member(&self, caller: &Caller, member: MemberId) -> Answer<Explained>;
}
