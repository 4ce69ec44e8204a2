//! Why someone can, or cannot, do something: for the administrator who asks.

use crate::{
    CareUnitId,
    member::Acting,
    permission::{BuiltIn, Permission},
};

/// A role that gives the permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The role's word.
    pub role: String,
    pub name: String,
    /// Where it counts; `None`: everywhere in the organisation.
    pub unit: Option<CareUnitId>,
}

/// What a member can do by one permission, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub permission: Permission,
    /// The roles that give it, each where it counts. None: the member cannot.
    pub by: Vec<Ground>,
    /// Built-in roles that would give it.
    pub would: Vec<BuiltIn>,
}

/// Every permission, with what gives it to `who`, wherever they act. An account
/// that is closed holds nothing.
#[must_use]
pub fn explain(who: &Acting) -> Vec<Explanation> {
    let good = who.member.active && who.organisation_active;
    Permission::ALL
        .iter()
        .map(|permission| Explanation {
            permission: *permission,
            by: who
                .assignments
                .iter()
                .filter(|assignment| good && assignment.gives(*permission))
                .filter(|given| given.unit.is_none() || !permission.is_of_the_whole())
                .map(|assignment| Ground {
                    role: assignment.role.word.clone(),
                    name: assignment.role.name.clone(),
                    unit: assignment.unit,
                })
                .collect(),
            would: BuiltIn::ALL
                .iter()
                .copied()
                .filter(|role| role.permissions().contains(permission))
                .collect(),
        })
        .collect()
}
