//! Roles that organisations make for themselves, beside those that all have.

use super::{Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::{RoleId, permission::Permission};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleView {
    /// A built-in role's word, or the id of one's own.
    pub word: String,
    pub name: String,
    pub built_in: bool,
    pub permissions: BTreeSet<Permission>,
    /// How many members of the organisation have it.
    pub members: u64,
}

/// What a role of one's own is.
#[derive(Debug, Clone)]
pub struct RoleDefinition {
    pub name: String,
    pub permissions: BTreeSet<Permission>,
}

#[async_trait]
pub trait Roles: Send + Sync + 'static {
    /// The built-in ones first, then one's own by name.
    async fn roles(&self, caller: &Caller) -> Answer<Vec<RoleView>>;

    async fn define_role(&self, caller: &Caller, new: &RoleDefinition) -> Answer<RoleId>;

    /// Takes effect at once for everyone who has it. Where four eyes are wanted
    /// for giving roles, they are for widening one that someone has.
    async fn change_role(&self, caller: &Caller, role: RoleId, to: &RoleDefinition) -> Answer<()>;

    /// Only one that nobody has.
    async fn delete_role(&self, caller: &Caller, role: RoleId) -> Answer<()>;
}
