//! Roles given and taken.

use super::{
    super::{
        acting::{acting_alone, allow, refuse},
        approvals::{self, Request},
        roles,
        stop::Stop,
    },
    administrators::{Goes, keeps_one},
    change::{about, append},
    find::{Found, find},
};
use crate::{database::Connection, fault::Fault, value::micros};
use bildbro_domain::{
    AssignmentId, CareUnitId, MemberId, OrganisationId,
    approval::Guarded,
    audit::{Action, Entry, Outcome},
    member::Acting,
    permission::{BuiltIn, Permission},
    policy::{Allowed, Denial},
};
use bildbro_flow::ports::portal::{Caller, Refusal, members::NewAssignment};
use jiff::Timestamp;
use uuid::Uuid;

const UNIT: &str = "SELECT name FROM care_unit WHERE id = $1 AND organisation = $2 AND active";

const HAS: &str = "SELECT id FROM assignment \
     WHERE member = $1 AND role = $2 AND COALESCE(care_unit, '') = $3";

const GRANT: &str = "INSERT INTO assignment (id, member, role, care_unit, commission, granted_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";

const ROLE_OF: &str = "SELECT role FROM assignment WHERE id = $1 AND member = $2";

const WITHDRAW: &str = "DELETE FROM assignment WHERE id = $1";

/// Gives the role, or asks a second member to.
pub async fn ask_grant(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    new: &NewAssignment,
) -> Result<AssignmentId, Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let allowed = allow(connection, &who, Action::GrantRole, whose, caller.at).await??;
    found.open()?;
    may_give(connection, &who, new, caller.at).await?;
    is_new(connection, member, new).await?;
    if approvals::needed(connection, whose, Guarded::GrantRole).await? {
        let request = Request::Grant {
            member,
            role: new.role.clone(),
            unit: new.unit,
            commission: new.commission.clone(),
        };
        return Err(approvals::ask_for(connection, &who, &request, caller.at).await?);
    }
    let (assignment, entry) = put(connection, &allowed, member, new).await?;
    append(connection, entry).await?;
    Ok(assignment)
}

/// The entry is for the caller to append.
pub async fn grant(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    found: &Found,
    new: &NewAssignment,
) -> Result<Entry, Stop> {
    found.open()?;
    may_give(connection, allowed.who(), new, allowed.at()).await?;
    is_new(connection, found.id, new).await?;
    let (_, entry) = put(connection, allowed, found.id, new).await?;
    Ok(entry)
}

/// Refuses a role or a care unit that is not the organisation's, and to give
/// away what runs the hub, unless one does oneself.
pub async fn may_give(
    connection: &mut Connection,
    who: &Acting,
    new: &NewAssignment,
    at: Timestamp,
) -> Result<(), Stop> {
    let organisation = who.member.organisation;
    if BuiltIn::parse(&new.role) == Some(BuiltIn::Operator) {
        if !who.holds(Permission::RunHub) {
            let id = Uuid::now_v7();
            let entry = Entry::by(id, at, Action::GrantRole, Outcome::Denied, who);
            let denial = Denial::NoPermission(Permission::RunHub);
            return Err(refuse(connection, entry, denial).await?.into());
        }
        if new.unit.is_some() {
            let why = "The hub is not run from a care unit.";
            return Err(Refusal::Invalid { field: "unit", why }.into());
        }
    }
    if roles::name_of(connection, organisation, &new.role)
        .await?
        .is_none()
    {
        let why = "There is no such role.";
        return Err(Refusal::Invalid { field: "role", why }.into());
    }
    if let Some(unit) = new.unit
        && unit_name(connection, organisation, unit).await?.is_none()
    {
        let why = "There is no such care unit, or it is closed.";
        return Err(Refusal::Invalid { field: "unit", why }.into());
    }
    Ok(())
}

pub async fn unit_name(
    connection: &mut Connection,
    organisation: OrganisationId,
    unit: CareUnitId,
) -> Result<Option<String>, Fault> {
    let name = sqlx::query_scalar(UNIT)
        .bind(unit.to_string())
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(name)
}

async fn is_new(
    connection: &mut Connection,
    member: MemberId,
    new: &NewAssignment,
) -> Result<(), Stop> {
    let has: Option<String> = sqlx::query_scalar(HAS)
        .bind(member.to_string())
        .bind(&new.role)
        .bind(new.unit.map_or_else(String::new, |unit| unit.to_string()))
        .fetch_optional(connection)
        .await?;
    match has {
        None => Ok(()),
        Some(_) => Err(Refusal::Taken("role").into()),
    }
}

/// Puts an assignment down; everything about it was found to be in order.
pub async fn put(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    member: MemberId,
    new: &NewAssignment,
) -> Result<(AssignmentId, Entry), Fault> {
    let assignment = AssignmentId(Uuid::now_v7());
    sqlx::query(GRANT)
        .bind(assignment.to_string())
        .bind(member.to_string())
        .bind(&new.role)
        .bind(new.unit.map(|unit| unit.to_string()))
        .bind(new.commission.as_ref().map(ToString::to_string))
        .bind(micros(allowed.at()))
        .execute(connection)
        .await?;
    let who = allowed.who();
    let mut entry = Entry::by(
        Uuid::now_v7(),
        allowed.at(),
        Action::GrantRole,
        Outcome::Success,
        who,
    );
    entry.about = Some(member);
    entry.detail = Some(place_of(&new.role, new.unit));
    Ok((assignment, entry))
}

/// A role and where it counts, for the log.
pub fn place_of(role: &str, unit: Option<CareUnitId>) -> String {
    match unit {
        None => role.to_owned(),
        Some(unit) => format!("{role} at {unit}"),
    }
}

pub async fn withdraw(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    assignment: AssignmentId,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let whose = find(connection, member).await?.organisation;
    let allowed = allow(connection, &who, Action::WithdrawRole, whose, caller.at).await??;
    let role: Option<String> = sqlx::query_scalar(ROLE_OF)
        .bind(assignment.to_string())
        .bind(member.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let role = role.ok_or(Refusal::NotFound)?;
    let goes = Goes::Assignment(assignment.to_string());
    if !keeps_one(connection, whose, &goes, caller.at).await? {
        return Err(Refusal::LastAdministrator.into());
    }
    sqlx::query(WITHDRAW)
        .bind(assignment.to_string())
        .execute(&mut *connection)
        .await?;
    let mut entry = about(&allowed, member);
    entry.detail = Some(role);
    append(connection, entry).await
}
