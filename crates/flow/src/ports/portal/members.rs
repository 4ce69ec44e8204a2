//! Members, their roles, invitations and approvals.

use super::Answer;
use async_trait::async_trait;
use bildbro_domain::{MemberId, OrganisationId, audit::Actor, permission::BuiltIn};
use jiff::Timestamp;

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

#[async_trait]
pub trait Members: Send + Sync + 'static {
    /// Makes an account with roles, without a password yet.
    async fn add_first_member(
        &self,
        new: FirstMember,
        by: Actor,
        at: Timestamp,
    ) -> Answer<MemberId>;
}
