//! The first member of an organisation, made by whoever runs the hub.

use super::super::links;
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{
    AssignmentId, Digest, MemberId,
    audit::{Action, Actor, Outcome},
    member::InvitationKind,
    permission::BuiltIn,
};
use bildbro_flow::ports::portal::members::FirstMember;
use jiff::Timestamp;
use uuid::Uuid;

const ADD: &str = "INSERT INTO member (id, organisation, name, email, email_key, language, \
     active, created_at) VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7) ON CONFLICT DO NOTHING";

const ORGANISATION: &str = "SELECT organisation FROM member WHERE id = $1 AND active";

const GRANT: &str = "INSERT INTO assignment (id, member, role, care_unit, commission, granted_at) \
     VALUES ($1, $2, $3, NULL, NULL, $4)";

/// `None` when the address has an account already.
pub async fn add(
    connection: &mut Connection,
    new: FirstMember,
    by: Actor,
    at: Timestamp,
) -> Result<Option<MemberId>, Fault> {
    let member = MemberId(Uuid::now_v7());
    let added = sqlx::query(ADD)
        .bind(member.to_string())
        .bind(new.organisation.to_string())
        .bind(&new.name)
        .bind(&new.email)
        .bind(new.email.trim().to_lowercase())
        .bind(&new.language)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    if added.rows_affected() == 0 {
        return Ok(None);
    }
    let mut entries = Vec::new();
    let mut entry = audit::entry(at, Action::InviteMember, Outcome::Success, by.clone());
    entry.organisation = Some(new.organisation);
    entry.about = Some(member);
    entries.push(entry);
    for role in new.roles {
        entries.push(grant(connection, member, role, by.clone(), at).await?);
    }
    for entry in &mut entries {
        entry.organisation = Some(new.organisation);
    }
    audit::append(connection, &entries).await?;
    Ok(Some(member))
}

async fn grant(
    connection: &mut Connection,
    member: MemberId,
    role: BuiltIn,
    by: Actor,
    at: Timestamp,
) -> Result<bildbro_domain::audit::Entry, Fault> {
    sqlx::query(GRANT)
        .bind(AssignmentId(Uuid::now_v7()).to_string())
        .bind(member.to_string())
        .bind(role.as_str())
        .bind(micros(at))
        .execute(connection)
        .await?;
    let mut entry = audit::entry(at, Action::GrantRole, Outcome::Success, by);
    entry.about = Some(member);
    entry.detail = Some(role.as_str().to_owned());
    Ok(entry)
}

/// A link for someone; earlier ones end. False when there is no such member.
pub async fn link(
    connection: &mut Connection,
    member: MemberId,
    (token, expires): (Digest, Timestamp),
    by: Actor,
    at: Timestamp,
) -> Result<bool, Fault> {
    let organisation: Option<String> = sqlx::query_scalar(ORGANISATION)
        .bind(member.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(organisation) = organisation else {
        return Ok(false);
    };
    links::end(connection, member).await?;
    let kind = InvitationKind::Invitation;
    links::make(connection, member, kind, (token, expires), at).await?;
    let mut entry = audit::entry(at, Action::InviteMember, Outcome::Success, by);
    entry.organisation = Some(id(&organisation, "member.organisation")?);
    entry.about = Some(member);
    entry.detail = Some("a link".to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(true)
}
