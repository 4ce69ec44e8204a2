//! Invitations, and links that let someone begin again.

use super::{
    super::{
        acting::{acting_alone, allow},
        approvals::{self, Request},
        letters, links,
        stop::Stop,
    },
    assign::{may_give, put},
    change::{about, append, each, email_key, free, not_above, shut_out},
    find::{Found, find},
};
use crate::{audit, database::Connection, fault::Fault, value::micros};
use bildbro_domain::{
    MemberId,
    approval::Guarded,
    audit::{Action, Entry},
    member::{Acting, InvitationKind},
    policy::Allowed,
};
use bildbro_flow::{
    letter::{Letter, Notice},
    ports::portal::{
        Caller, Refusal,
        members::{Invited, Link, NewAssignment, NewMember, Reset, Seal},
    },
};
use jiff::Timestamp;
use uuid::Uuid;

const ADD: &str = "INSERT INTO member (id, organisation, name, email, email_key, hsa_id, \
     personal_number, language, active, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9)";

const ORGANISATION_NAME: &str = "SELECT name FROM organisation WHERE id = $1";

/// After a reset only the link lets someone in: with the password alone a thief
/// of it could set up second factors of their own.
const FORGET_PASSWORD: &str = "UPDATE member SET password = NULL WHERE id = $1";

const FORGET_FACTORS: [&str; 2] = [
    "DELETE FROM factor WHERE member = $1",
    "DELETE FROM recovery_code WHERE member = $1",
];

pub async fn invite(
    connection: &mut Connection,
    caller: &Caller,
    new: &NewMember,
    link: &Link,
    seal: Seal<'_>,
) -> Result<Invited, Stop> {
    let at = caller.at;
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    let allowed = allow(connection, &who, Action::InviteMember, own, at).await??;
    let member = MemberId(Uuid::now_v7());
    free(connection, member, &own.to_string(), &new.particulars).await?;
    for (position, assignment) in new.assignments.iter().enumerate() {
        may_give(connection, &who, assignment, at).await?;
        let earlier = &new.assignments[..position];
        if earlier
            .iter()
            .any(|one| (&one.role, one.unit) == (&assignment.role, assignment.unit))
        {
            return Err(Refusal::Taken("assignments").into());
        }
    }
    add(connection, &who, member, new, at).await?;
    links::make(
        connection,
        member,
        InvitationKind::Invitation,
        (link.token, link.expires),
        at,
    )
    .await?;
    if let Some(seal) = seal {
        let to = (new.particulars.email.as_str(), new.language.as_str());
        let letter = invitation(connection, &who, to, link).await?;
        letters::queue(connection, &seal(&letter), at).await?;
    }
    let mut entries = vec![about(&allowed, member)];
    let approvals =
        assign_all(connection, &allowed, member, &new.assignments, &mut entries).await?;
    audit::append(connection, &entries).await?;
    Ok(Invited { member, approvals })
}

/// Gives the roles, or asks a second member to; which were asked for.
async fn assign_all(
    connection: &mut Connection,
    allowed: &Allowed<'_>,
    member: MemberId,
    assignments: &[NewAssignment],
    entries: &mut Vec<Entry>,
) -> Result<Vec<Uuid>, Fault> {
    let who = allowed.who();
    let own = who.member.organisation;
    let ask = approvals::needed(connection, own, Guarded::GrantRole).await?;
    let mut asked = Vec::new();
    for new in assignments {
        if ask {
            let request = Request::Grant {
                member,
                role: new.role.clone(),
                unit: new.unit,
                commission: new.commission.clone(),
            };
            let (approval, entry) = approvals::put(connection, who, &request, allowed.at()).await?;
            asked.push(approval);
            entries.extend(entry);
        } else {
            entries.push(put(connection, allowed, member, new).await?.1);
        }
    }
    Ok(asked)
}

async fn add(
    connection: &mut Connection,
    who: &Acting,
    member: MemberId,
    new: &NewMember,
    at: Timestamp,
) -> Result<(), Fault> {
    let to = &new.particulars;
    sqlx::query(ADD)
        .bind(member.to_string())
        .bind(who.member.organisation.to_string())
        .bind(&to.name)
        .bind(&to.email)
        .bind(email_key(&to.email))
        .bind(to.hsa_id.as_ref().map(ToString::to_string))
        .bind(to.personal_number.as_ref().map(|number| number.reveal()))
        .bind(&new.language)
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

/// `to`: address and language.
async fn invitation(
    connection: &mut Connection,
    who: &Acting,
    to: (&str, &str),
    link: &Link,
) -> Result<Letter, Fault> {
    let organisation: String = sqlx::query_scalar(ORGANISATION_NAME)
        .bind(who.member.organisation.to_string())
        .fetch_one(connection)
        .await?;
    Ok(Letter {
        to: to.0.to_owned(),
        language: to.1.to_owned(),
        notice: Notice::Invitation {
            organisation,
            invited_by: who.member.name.reveal().to_owned(),
            url: link.url.reveal().to_owned(),
            expires: link.expires,
        },
    })
}

pub async fn again(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    link: &Link,
    seal: Seal<'_>,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let action = Action::InviteMember;
    let allowed = allow(connection, &who, action, whose, caller.at).await??;
    not_above(connection, &who, member, action, caller.at).await?;
    found.open()?;
    if found.has_password {
        return Err(Refusal::Over("the account has been set up already").into());
    }
    shut_out(connection, member).await?;
    links::make(
        connection,
        member,
        InvitationKind::Invitation,
        (link.token, link.expires),
        caller.at,
    )
    .await?;
    if let Some(seal) = seal {
        let to = (found.email.as_str(), found.language.as_str());
        let letter = invitation(connection, &who, to, link).await?;
        letters::queue(connection, &seal(&letter), caller.at).await?;
    }
    let mut entry = about(&allowed, member);
    entry.detail = Some("again".to_owned());
    append(connection, entry).await
}

pub async fn reset(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
    what: Reset,
    link: &Link,
    seal: Seal<'_>,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let found = find(connection, member).await?;
    let whose = found.organisation;
    let action = Action::ResetMember;
    let allowed = allow(connection, &who, action, whose, caller.at).await??;
    not_above(connection, &who, member, action, caller.at).await?;
    found.open()?;
    shut_out(connection, member).await?;
    each(connection, &[FORGET_PASSWORD], member).await?;
    let detail = match what {
        Reset::Password => "password",
        Reset::Factors => {
            each(connection, &FORGET_FACTORS, member).await?;
            "factors"
        }
    };
    links::make(
        connection,
        member,
        InvitationKind::Reset,
        (link.token, link.expires),
        caller.at,
    )
    .await?;
    if let Some(seal) = seal {
        letters::queue(connection, &seal(&reset_letter(&found, link)), caller.at).await?;
    }
    let mut entry = about(&allowed, member);
    entry.detail = Some(detail.to_owned());
    append(connection, entry).await
}

fn reset_letter(found: &Found, link: &Link) -> Letter {
    Letter {
        to: found.email.clone(),
        language: found.language.clone(),
        notice: Notice::PasswordReset {
            url: link.url.reveal().to_owned(),
            expires: link.expires,
        },
    }
}
