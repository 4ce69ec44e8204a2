//! Roles: the built-in ones, and those that organisations make.

use super::{
    acting::{acting_alone, allow},
    approvals::{self, Request},
    members::{Goes, keeps_one},
    stop::{Stop, settle},
};
use crate::{
    HubDb, audit,
    database::{Connection, Flag},
    fault::Fault,
    value::{from_json, id, to_json, unsigned},
};
use async_trait::async_trait;
use bildbro_domain::{
    OrganisationId, RoleId,
    approval::Guarded,
    audit::{Action, Entry},
    permission::{BuiltIn, Permission, is_grantable},
    policy::Allowed,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    roles::{RoleDefinition, RoleView, Roles},
};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Most roles of one organisation's own.
const MOST: usize = 200;

const OWN: &str = "SELECT id, name, permissions FROM role \
     WHERE organisation = $1 AND active ORDER BY name_key, id";

const HOLDERS: &str = "SELECT a.role, COUNT(DISTINCT a.member) FROM assignment a \
     JOIN member m ON m.id = a.member WHERE m.organisation = $1 GROUP BY a.role";

const FIND: &str = "SELECT organisation, permissions, \
     (EXISTS (SELECT 1 FROM assignment a WHERE a.role = role.id) \
      OR EXISTS (SELECT 1 FROM approval p WHERE p.organisation = role.organisation \
                 AND p.approved IS NULL AND p.request LIKE '%' || role.id || '%')) AS used \
     FROM role WHERE id = $1 AND active";

const NAME: &str = "SELECT name FROM role WHERE id = $1 AND organisation = $2 AND active";

const TAKEN: &str = "SELECT id FROM role WHERE organisation = $1 AND name_key = $2 AND id <> $3";

const ADD: &str = "INSERT INTO role (id, organisation, name, name_key, permissions, active) \
     VALUES ($1, $2, $3, $4, $5, TRUE)";

const CHANGE: &str = "UPDATE role SET name = $2, name_key = $3, permissions = $4 WHERE id = $1";

const DELETE: &str = "DELETE FROM role WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    organisation: String,
    permissions: String,
    used: Flag,
}

struct Found {
    id: RoleId,
    organisation: OrganisationId,
    permissions: BTreeSet<Permission>,
    /// Someone has it.
    used: bool,
}

#[async_trait]
impl Roles for HubDb {
    async fn roles(&self, caller: &Caller) -> Answer<Vec<RoleView>> {
        let mut tx = self.db.write("list roles").await?;
        let all = settle(all(&mut tx, caller).await);
        tx.end(all).await?
    }

    async fn define_role(&self, caller: &Caller, new: &RoleDefinition) -> Answer<RoleId> {
        let mut tx = self.db.write("define a role").await?;
        let role = settle(define(&mut tx, caller, new).await);
        tx.end(role).await?
    }

    async fn change_role(&self, caller: &Caller, role: RoleId, to: &RoleDefinition) -> Answer<()> {
        let mut tx = self.db.write("change a role").await?;
        let done = settle(ask_change(&mut tx, caller, role, to).await);
        tx.end(done).await?
    }

    async fn delete_role(&self, caller: &Caller, role: RoleId) -> Answer<()> {
        let mut tx = self.db.write("delete a role").await?;
        let done = settle(delete(&mut tx, caller, role).await);
        tx.end(done).await?
    }
}

async fn all(connection: &mut Connection, caller: &Caller) -> Result<Vec<RoleView>, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    allow(connection, &who, Action::ExplainMember, own, caller.at).await??;
    let holders: Vec<(String, i64)> = sqlx::query_as(HOLDERS)
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let holders: HashMap<String, i64> = holders.into_iter().collect();
    let members = |word: &str| unsigned(holders.get(word).copied().unwrap_or(0));
    let runs_hub = who.holds(Permission::RunHub);
    let mut all: Vec<RoleView> = BuiltIn::ALL
        .iter()
        // Only where it can be given.
        .filter(|role| runs_hub || **role != BuiltIn::Operator)
        .map(|role| RoleView {
            word: role.as_str().to_owned(),
            name: role.as_str().to_owned(),
            built_in: true,
            permissions: role.permissions().iter().copied().collect(),
            members: members(role.as_str()),
        })
        .collect();
    let rows: Vec<(String, String, String)> = sqlx::query_as(OWN)
        .bind(own.to_string())
        .fetch_all(connection)
        .await?;
    for (word, name, permissions) in rows {
        all.push(RoleView {
            name,
            built_in: false,
            permissions: from_json(&permissions, "role.permissions")?,
            members: members(&word),
            word,
        });
    }
    Ok(all)
}

/// How a role is called that the organisation can give; `None` when there is
/// none such.
pub async fn name_of(
    connection: &mut Connection,
    organisation: OrganisationId,
    role: &str,
) -> Result<Option<String>, Fault> {
    if let Some(role) = BuiltIn::parse(role) {
        return Ok(Some(role.as_str().to_owned()));
    }
    let name = sqlx::query_scalar(NAME)
        .bind(role)
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(name)
}

async fn find(connection: &mut Connection, role: RoleId) -> Result<Found, Stop> {
    let row: Option<Row> = sqlx::query_as(FIND)
        .bind(role.to_string())
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(Refusal::NotFound)?;
    Ok(Found {
        id: role,
        organisation: id(&row.organisation, "role.organisation")?,
        permissions: from_json(&row.permissions, "role.permissions")?,
        used: row.used.0,
    })
}

async fn may_be(
    connection: &mut Connection,
    organisation: OrganisationId,
    role: RoleId,
    to: &RoleDefinition,
) -> Result<(), Stop> {
    if !is_grantable(&to.permissions) {
        return Err(Refusal::Invalid {
            field: "permissions",
            why: "A role needs one permission at least, and running the hub is not one to give.",
        }
        .into());
    }
    let key = to.name.to_lowercase();
    let taken: Option<String> = sqlx::query_scalar(TAKEN)
        .bind(organisation.to_string())
        .bind(&key)
        .bind(role.to_string())
        .fetch_optional(connection)
        .await?;
    // A built-in role's name would be taken for it.
    if taken.is_some() || BuiltIn::parse(&key).is_some() {
        return Err(Refusal::Taken("name").into());
    }
    Ok(())
}

async fn define(
    connection: &mut Connection,
    caller: &Caller,
    new: &RoleDefinition,
) -> Result<RoleId, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    let allowed = allow(connection, &who, Action::DefineRole, own, caller.at).await??;
    let role = RoleId(Uuid::now_v7());
    may_be(connection, own, role, new).await?;
    let there: Vec<(String, String, String)> = sqlx::query_as(OWN)
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    if there.len() >= MOST {
        let why = "There are 200 roles already; take some away first.";
        return Err(Refusal::Invalid { field: "name", why }.into());
    }
    sqlx::query(ADD)
        .bind(role.to_string())
        .bind(own.to_string())
        .bind(&new.name)
        .bind(new.name.to_lowercase())
        .bind(to_json(&new.permissions, "a role's permissions")?)
        .execute(&mut *connection)
        .await?;
    let entry = entry(&allowed, role, Some(&new.permissions));
    audit::append(connection, &[entry]).await?;
    Ok(role)
}

/// Changes the role, or asks a second member to.
async fn ask_change(
    connection: &mut Connection,
    caller: &Caller,
    role: RoleId,
    to: &RoleDefinition,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, role).await?;
    let whose = found.organisation;
    let allowed = allow(connection, &who, Action::DefineRole, whose, caller.at).await??;
    may_change(connection, &allowed, &found, to).await?;
    let widens = found.used && !to.permissions.is_subset(&found.permissions);
    if widens && approvals::needed(connection, whose, Guarded::GrantRole).await? {
        let request = Request::ChangeRole {
            role,
            name: to.name.clone(),
            permissions: to.permissions.clone(),
        };
        return Err(approvals::ask_for(connection, &who, &request, caller.at).await?);
    }
    let entry = put(connection, &allowed, &found, to).await?;
    Ok(audit::append(connection, &[entry]).await?)
}

async fn may_change(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    found: &Found,
    to: &RoleDefinition,
) -> Result<(), Stop> {
    may_be(connection, found.organisation, found.id, to).await?;
    let goes = Goes::Role(found.id.to_string());
    if !to.permissions.contains(&Permission::ManageMembers)
        && !keeps_one(connection, found.organisation, &goes, allowed.at()).await?
    {
        return Err(Refusal::LastAdministrator.into());
    }
    Ok(())
}

/// For whoever approves; the entry is for the caller to append.
pub async fn change(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    role: RoleId,
    to: &RoleDefinition,
) -> Result<Entry, Stop> {
    let found = find(connection, role).await?;
    if found.organisation != allowed.who().member.organisation {
        return Err(Refusal::NotFound.into());
    }
    may_change(connection, allowed, &found, to).await?;
    Ok(put(connection, allowed, &found, to).await?)
}

async fn put(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    found: &Found,
    to: &RoleDefinition,
) -> Result<Entry, Fault> {
    sqlx::query(CHANGE)
        .bind(found.id.to_string())
        .bind(&to.name)
        .bind(to.name.to_lowercase())
        .bind(to_json(&to.permissions, "a role's permissions")?)
        .execute(connection)
        .await?;
    Ok(entry(allowed, found.id, Some(&to.permissions)))
}

async fn delete(connection: &mut Connection, caller: &Caller, role: RoleId) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, role).await?;
    let whose = found.organisation;
    let allowed = allow(connection, &who, Action::DefineRole, whose, caller.at).await??;
    if found.used {
        return Err(Refusal::InUse("role").into());
    }
    sqlx::query(DELETE)
        .bind(role.to_string())
        .execute(&mut *connection)
        .await?;
    let entry = entry(&allowed, role, None);
    Ok(audit::append(connection, &[entry]).await?)
}

/// What it gives from now on; `None`: it is no more.
fn entry(allowed: &Allowed<'_>, role: RoleId, gives: Option<&BTreeSet<Permission>>) -> Entry {
    let mut entry = allowed.entry(Uuid::now_v7());
    let gives = gives.map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>());
    entry.detail = Some(match gives {
        Some(words) => format!("role {role}: {}", words.join(" ")),
        None => format!("role {role} deleted"),
    });
    entry
}
