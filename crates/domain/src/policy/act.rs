//! May this member do this administrative act?

use super::Denial;
use crate::{
    OrganisationId,
    audit::{Action, Entry, Outcome},
    member::{Acting, Level},
    permission::Permission,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How long a second factor counts as fresh.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// What an act asks of whoever does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub permission: Permission,
    /// A second factor must have been shown just now.
    pub fresh: bool,
}

/// What is asked for an act of a member's; `None` for what no member does, or
/// what each does with their own account. One verb in policy and log, so that
/// the two cannot drift apart.
#[must_use]
pub const fn demand(action: Action) -> Option<Demand> {
    use Action as A;
    use Permission as P;
    let (permission, fresh) = match action {
        A::AddOrganisation | A::CloseOrganisation => (P::RunHub, true),
        A::ChangeOrganisation | A::AddCareUnit | A::ChangeCareUnit | A::ChangePartners => {
            (P::ManageOrganisation, false)
        }
        A::ChangeFourEyes => (P::ManageOrganisation, true),
        A::IssueEnrolCode | A::SendTestImage => (P::ManageGateways, false),
        A::RevokeGateway => (P::ManageGateways, true),
        A::AddMachine | A::ChangeMachine | A::RevokeMachine => (P::ManageMachines, true),
        A::InviteMember
        | A::ChangeMember
        | A::CloseMember
        | A::ResetMember
        | A::GrantRole
        | A::WithdrawRole
        | A::DefineRole
        | A::ChangeIdentityProvider
        | A::Approve
        | A::Refuse => (P::ManageMembers, true),
        A::ExplainMember => (P::ManageMembers, false),
        A::RegisterBlock | A::LiftBlock | A::RegisterConsent | A::WithdrawConsent => {
            (P::RegisterWill, false)
        }
        A::EmergencyAccess => (P::Emergency, true),
        A::Accept | A::Decline | A::OpenInbox | A::Assign | A::AnswerRecall | A::AskImages => {
            (P::Receive, false)
        }
        // Both who ask and who answer find; nobody else need know who is asked for.
        A::Search | A::FollowRequest => (P::Find, false),
        A::Share | A::Revoke | A::Retry | A::FollowShare | A::AnswerRequest => (P::Share, false),
        A::View => (P::View, false),
        A::Download => (P::Download, false),
        A::SearchAudit => (P::SearchAudit, false),
        A::DrawSpotCheck | A::ReviewAudit => (P::ReviewAudit, false),
        A::ExtractAudit => (P::SearchAudit, true),
        A::Receive
        | A::Forward
        | A::Admit
        | A::Quarantine
        | A::Decide
        | A::Deliver
        | A::Complete
        | A::Fetch
        | A::Escalate
        | A::EnrolGateway
        | A::AcceptInvitation
        | A::LogIn
        | A::LogOut
        | A::ChooseUnit
        | A::StepUp
        | A::AddFactor
        | A::RemoveFactor
        | A::ChangePassword
        | A::EndSession
        | A::AskApproval
        | A::DeleteStudy
        | A::MarkLost
        | A::RotateKeys => return None,
    };
    Some(Demand { permission, fresh })
}

/// The proof that a member may do this now. Whatever changes or shows
/// something takes one; it is not stored, and lives as long as its transaction.
pub struct Allowed<'a> {
    who: &'a Acting,
    action: Action,
    at: Timestamp,
}

impl Allowed<'_> {
    #[must_use]
    pub const fn who(&self) -> &Acting {
        self.who
    }

    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The entry that says it was done, for the same transaction.
    #[must_use]
    pub fn entry(&self, id: Uuid) -> Entry {
        Entry::by(id, self.at, self.action, Outcome::Success, self.who)
    }
}

/// May `who` do this with something of `whose`?
///
/// # Errors
/// The first [`Denial`] that applies; that something is another organisation's
/// comes before anything that would tell of it.
pub fn allow(
    who: &Acting,
    action: Action,
    whose: OrganisationId,
    now: Timestamp,
) -> Result<Allowed<'_>, Denial> {
    logged_in(who)?;
    let Some(demand) = demand(action) else {
        return Err(Denial::OtherOrganisation);
    };
    // The operator's acts are about others; theirs alone are.
    let runs_hub = demand.permission == Permission::RunHub;
    if whose != who.member.organisation && !runs_hub {
        return Err(Denial::OtherOrganisation);
    }
    if !who.holds(demand.permission) {
        return Err(Denial::NoPermission(demand.permission));
    }
    if demand.fresh && !is_fresh(who, now) {
        return Err(Denial::StepUp);
    }
    Ok(Allowed {
        who,
        action,
        at: now,
    })
}

/// Whether the log-in is complete, and account and organisation are open.
///
/// # Errors
/// When the log-in is not complete, or the account or its organisation closed.
pub fn logged_in(who: &Acting) -> Result<(), Denial> {
    if who.level != Level::Full {
        return Err(Denial::NotLoggedIn);
    }
    is_open(who)
}

/// May `who` change how they themselves log in? Whoever has no second factor yet
/// (`first`) may set one up; whoever has one must have shown it just now.
///
/// # Errors
/// When the log-in has not come far enough, is not fresh, or account or
/// organisation are closed.
pub fn own_account(who: &Acting, first: bool, now: Timestamp) -> Result<(), Denial> {
    if who.level == Level::Setup && first {
        return is_open(who);
    }
    logged_in(who)?;
    if is_fresh(who, now) {
        Ok(())
    } else {
        Err(Denial::StepUp)
    }
}

/// Whether account and organisation are open.
///
/// # Errors
/// When one of them is closed.
pub fn is_open(who: &Acting) -> Result<(), Denial> {
    if !who.member.active {
        return Err(Denial::MemberInactive);
    }
    if !who.organisation_active {
        return Err(Denial::SubjectInactive);
    }
    Ok(())
}

pub(super) fn is_fresh(who: &Acting, now: Timestamp) -> bool {
    // A clock that was set back makes nothing fresh.
    who.fresh_at <= now && now.duration_since(who.fresh_at) < FRESH
}
