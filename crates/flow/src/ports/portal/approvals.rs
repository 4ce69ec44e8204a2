//! What waits for a second member.
//!
//! A yes to giving a role or closing an account is done at once, in the same
//! transaction, as the act of whoever says it. A yes to something of another
//! kind lets whoever asked do it, once, within a day.

use super::{Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::{
    MemberId, Personal,
    approval::{Guarded, State},
};
use jiff::Timestamp;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMember {
    pub id: MemberId,
    pub name: Personal,
}

/// What is asked for, in words of the organisation's own. Nothing of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub role: Option<String>,
    pub role_name: Option<String>,
    pub unit: Option<String>,
    /// Permissions that a role would give from now on.
    pub permissions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalView {
    pub id: Uuid,
    pub action: Guarded,
    pub about: Option<NamedMember>,
    pub summary: Summary,
    pub asked_by: NamedMember,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    pub state: State,
}

#[async_trait]
pub trait Approvals: Send + Sync + 'static {
    /// The newest first; a bounded number.
    async fn approvals(&self, caller: &Caller) -> Answer<Vec<ApprovalView>>;

    /// # Errors
    /// [`Denial::FourEyes`](bildbro_domain::policy::Denial) to whoever asked and
    /// whom it is about; [`Refusal::Over`](super::Refusal) when it was decided,
    /// or too late.
    async fn approve(&self, caller: &Caller, approval: Uuid) -> Answer<()>;

    /// # Errors
    /// As [`Self::approve`], but whoever asked may think better of it.
    async fn refuse_approval(&self, caller: &Caller, approval: Uuid) -> Answer<()>;
}
