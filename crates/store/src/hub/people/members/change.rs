//! A member's particulars; closing and opening accounts.

use super::{
    super::{
        acting::{acting_alone, allow, refuse, whole_member},
        approvals::{self, Request},
        links,
        stop::Stop,
    },
    administrators::{Goes, keeps_one},
    find::{Found, find},
};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
};
use bildbro_domain::{
    MemberId,
    approval::Guarded,
    audit::{Action, Entry, Outcome},
    member::Acting,
    permission::Permission,
    policy::{Allowed, Denial},
};
use bildbro_flow::ports::portal::{Caller, Refusal, members::Particulars};
use jiff::Timestamp;
use uuid::Uuid;

const TAKEN: &str = "SELECT CASE WHEN email_key = $2 THEN 'email' ELSE 'hsa_id' END FROM member \
     WHERE id <> $1 AND (email_key = $2 OR (organisation = $3 AND hsa_id = $4)) LIMIT 1";

const CHANGE: &str = "UPDATE member SET name = $2, email = $3, email_key = $4, hsa_id = $5, \
     personal_number = $6 WHERE id = $1";

const SET_ACTIVE: [&str; 2] = [
    "UPDATE member SET active = FALSE WHERE id = $1",
    "UPDATE member SET active = TRUE WHERE id = $1",
];

const HOLD: &str = "SELECT id FROM member WHERE id = $1";

const END_SESSIONS: &str = "DELETE FROM session WHERE member = $1";

/// The address as compared.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Refuses what another account has already.
pub async fn free(
    connection: &mut Connection,
    member: MemberId,
    organisation: &str,
    to: &Particulars,
) -> Result<(), Stop> {
    let taken: Option<String> = sqlx::query_scalar(TAKEN)
        .bind(member.to_string())
        .bind(email_key(&to.email))
        .bind(organisation)
        .bind(to.hsa_id.as_ref().map(ToString::to_string))
        .fetch_optional(connection)
        .await?;
    match taken.as_deref() {
        None => Ok(()),
        Some("email") => Err(Refusal::Taken("email").into()),
        Some(_) => Err(Refusal::Taken("hsa_id").into()),
    }
}

/// Refuses to touch how someone logs in who runs the hub, unless one does
/// oneself: whoever gets in as they has what they have.
pub async fn not_above(
    connection: &mut Connection,
    who: &Acting,
    member: MemberId,
    action: Action,
    at: Timestamp,
) -> Result<(), Stop> {
    let theirs = whole_member(connection, member).await?;
    let runs_hub = Permission::RunHub;
    if theirs.is_some_and(|theirs| theirs.holds(runs_hub)) && !who.holds(runs_hub) {
        let mut entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
        entry.about = Some(member);
        let denial = Denial::NoPermission(runs_hub);
        return Err(refuse(connection, entry, denial).await?.into());
    }
    Ok(())
}

pub async fn change(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    to: &Particulars,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let action = Action::ChangeMember;
    let allowed = allow(connection, &who, action, whose, caller.at).await??;
    not_above(connection, &who, member, action, caller.at).await?;
    free(connection, member, &whose.to_string(), to).await?;
    sqlx::query(CHANGE)
        .bind(member.to_string())
        .bind(&to.name)
        .bind(&to.email)
        .bind(email_key(&to.email))
        .bind(to.hsa_id.as_ref().map(ToString::to_string))
        .bind(to.personal_number.as_ref().map(|number| number.reveal()))
        .execute(&mut *connection)
        .await?;
    if email_key(&found.email) != email_key(&to.email) {
        // Links lie in a mailbox that is no longer theirs.
        links::end(connection, member).await?;
    }
    append(connection, about(&allowed, member)).await
}

/// Closes the account, or asks a second member to.
pub async fn ask_close(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    confirm: &str,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let allowed = allow(connection, &who, Action::CloseMember, whose, caller.at).await??;
    if confirm.trim() != found.name.trim() {
        return Err(Refusal::Invalid {
            field: "confirm",
            why: "It is not the member's name.",
        }
        .into());
    }
    may_close(connection, &allowed, &found).await?;
    if approvals::needed(connection, whose, Guarded::CloseMember).await? {
        let request = Request::Close { member };
        return Err(approvals::ask_for(connection, &who, &request, caller.at).await?);
    }
    let entry = close(connection, &allowed, &found).await?;
    append(connection, entry).await
}

async fn may_close(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    found: &Found,
) -> Result<(), Stop> {
    found.open()?;
    let goes = Goes::Member(found.id.to_string());
    if keeps_one(connection, found.organisation, &goes, allowed.at()).await? {
        Ok(())
    } else {
        Err(Refusal::LastAdministrator.into())
    }
}

/// The entry is for the caller to append.
pub async fn close(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    found: &Found,
) -> Result<Entry, Stop> {
    may_close(connection, allowed, found).await?;
    links::end(connection, found.id).await?;
    each(connection, &[SET_ACTIVE[0], END_SESSIONS], found.id).await?;
    Ok(about(allowed, found.id))
}

pub async fn open(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let allowed = allow(connection, &who, Action::ChangeMember, whose, caller.at).await??;
    if found.active {
        return Err(Refusal::Over("the account is open already").into());
    }
    each(connection, &[SET_ACTIVE[1]], member).await?;
    let mut entry = about(&allowed, member);
    entry.detail = Some("opened".to_owned());
    append(connection, entry).await
}

pub async fn end_sessions(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let whose = find(connection, member).await?.organisation;
    let allowed = allow(connection, &who, Action::ResetMember, whose, caller.at).await??;
    each(connection, &[END_SESSIONS], member).await?;
    let mut entry = about(&allowed, member);
    entry.detail = Some("sessions".to_owned());
    append(connection, entry).await
}

/// Ends sessions and links, as before a new link is made.
pub async fn shut_out(connection: &mut Connection, member: MemberId) -> Result<(), Fault> {
    links::end(connection, member).await?;
    hold(connection, HOLD, member.to_string()).await?;
    each(connection, &[END_SESSIONS], member).await
}

/// Statements that take a member's id and nothing else.
pub async fn each(
    connection: &mut Connection,
    statements: &[&'static str],
    member: MemberId,
) -> Result<(), Fault> {
    for statement in statements {
        sqlx::query(*statement)
            .bind(member.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub fn about(allowed: &Allowed<'_>, member: MemberId) -> Entry {
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.about = Some(member);
    entry
}

pub async fn append(connection: &mut Connection, entry: Entry) -> Result<(), Stop> {
    Ok(audit::append(connection, &[entry]).await?)
}
