//! That an organisation keeps an administrator who can log in.

use crate::{
    database::{Connection, Flag},
    fault::Fault,
    value::{from_json, micros},
};
use bildbro_domain::{
    OrganisationId,
    permission::{BuiltIn, Permission},
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Whoever has a password, a link that is still good, or a way in that needs no
/// password.
const HOLDERS: &str = "SELECT a.id, a.member, a.role, r.permissions, \
     (m.password IS NOT NULL OR m.personal_number IS NOT NULL \
      OR EXISTS (SELECT 1 FROM identity_provider p WHERE p.organisation = m.organisation) \
      OR EXISTS (SELECT 1 FROM invitation i WHERE i.member = m.id AND i.used_at IS NULL \
                 AND i.expires_at > $2)) AS gets_in \
     FROM assignment a JOIN member m ON m.id = a.member \
     LEFT JOIN role r ON r.id = a.role AND r.active \
     WHERE m.organisation = $1 AND m.active AND a.care_unit IS NULL";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    member: String,
    role: String,
    permissions: Option<String>,
    gets_in: Flag,
}

impl Row {
    fn administers(&self) -> Result<bool, Fault> {
        let wanted = Permission::ManageMembers;
        match (BuiltIn::parse(&self.role), &self.permissions) {
            (Some(role), _) => Ok(role.permissions().contains(&wanted)),
            (None, Some(permissions)) => {
                let all: BTreeSet<Permission> = from_json(permissions, "role.permissions")?;
                Ok(all.contains(&wanted))
            }
            (None, None) => Ok(false),
        }
    }
}

/// What is about to go.
#[derive(Debug, Clone)]
pub enum Goes {
    Member(String),
    Assignment(String),
    /// What a role gives of this kind.
    Role(String),
}

impl Goes {
    fn takes(&self, row: &Row) -> bool {
        match self {
            Self::Member(member) => *member == row.member,
            Self::Assignment(assignment) => *assignment == row.id,
            Self::Role(role) => *role == row.role,
        }
    }
}

/// Whether an administrator who gets in is left. What touches none may go in any
/// case. The organisation is held.
pub async fn keeps_one(
    connection: &mut Connection,
    organisation: OrganisationId,
    goes: &Goes,
    at: Timestamp,
) -> Result<bool, Fault> {
    let rows: Vec<Row> = sqlx::query_as(HOLDERS)
        .bind(organisation.to_string())
        .bind(micros(at))
        .fetch_all(connection)
        .await?;
    let (mut touched, mut left) = (false, false);
    for row in rows {
        if !row.administers()? {
            continue;
        }
        if goes.takes(&row) {
            touched = true;
        } else if row.gets_in.0 {
            left = true;
        }
    }
    Ok(left || !touched)
}
