//! A second member says yes or no.

use super::{
    super::{
        acting::{acting_alone, allow, refuse as deny},
        members, roles,
        stop::Stop,
    },
    Request,
};
use crate::{
    audit,
    database::{Connection, Flag},
    value::{from_json, id, micros, time, word},
};
use bildbro_domain::{
    MemberId, OrganisationId,
    approval::{Guarded, State, is_second},
    audit::{Action, Entry, Outcome},
    member::Acting,
    policy::Denial,
};
use bildbro_flow::ports::portal::{Caller, Refusal, members::NewAssignment, roles::RoleDefinition};
use jiff::SignedDuration;
use uuid::Uuid;

const FIND: &str = "SELECT p.organisation, p.action, p.request, p.about, p.asked_by, \
     p.expires_at, p.approved IS NOT NULL AS decided, m.active IS TRUE AS asker_active \
     FROM approval p JOIN member m ON m.id = p.asked_by WHERE p.id = $1";

const DECIDE: [&str; 2] = [
    "UPDATE approval SET approved = FALSE, decided_by = $2, decided_at = $3 WHERE id = $1",
    "UPDATE approval SET approved = TRUE, decided_by = $2, decided_at = $3 WHERE id = $1",
];

#[derive(sqlx::FromRow)]
struct Row {
    organisation: String,
    action: String,
    request: String,
    about: Option<String>,
    asked_by: String,
    expires_at: i64,
    decided: Flag,
    asker_active: Flag,
}

struct Asked {
    id: Uuid,
    organisation: OrganisationId,
    what: Guarded,
    request: String,
    about: Option<MemberId>,
    asked_by: MemberId,
    asker_active: bool,
    state: State,
}

async fn find(connection: &mut Connection, approval: Uuid, caller: &Caller) -> Result<Asked, Stop> {
    let row: Option<Row> = sqlx::query_as(FIND)
        .bind(approval.to_string())
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(Refusal::NotFound)?;
    let about = row.about.as_deref().map(|text| id(text, "approval.about"));
    // Which way it was decided makes no difference here.
    let decided = row.decided.0.then_some(true);
    Ok(Asked {
        id: approval,
        organisation: id(&row.organisation, "approval.organisation")?,
        what: word(Guarded::parse(&row.action), "approval.action")?,
        about: about.transpose()?,
        asked_by: id(&row.asked_by, "approval.asked_by")?,
        asker_active: row.asker_active.0,
        state: State::of(decided, time(row.expires_at)?, caller.at),
        request: row.request,
    })
}

impl Asked {
    fn waits(&self) -> Result<(), Stop> {
        match self.state {
            State::Waiting => Ok(()),
            State::Expired => Err(Refusal::Over("nobody approved it in time").into()),
            State::Approved | State::Refused => {
                Err(Refusal::Over("it has been decided already").into())
            }
        }
    }

    fn entry(&self, mut entry: Entry) -> Entry {
        entry.about = self.about;
        entry.detail = Some(format!("approval {}: {}", self.id, self.what.as_str()));
        entry
    }
}

/// Whoever asks is not to have had a hand in how the second member logs in.
const HANDLED: &str = "SELECT sequence FROM audit WHERE member = $1 AND at > $2 AND about = $3 \
     AND outcome = 'success' AND action IN ('change_member', 'reset_member') LIMIT 1";

/// For so long after it.
const HANDLED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

pub async fn approve(
    connection: &mut Connection,
    caller: &Caller,
    approval: Uuid,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let asked = find(connection, approval, caller).await?;
    let whose = asked.organisation;
    let allowed = allow(connection, &who, Action::Approve, whose, caller.at).await??;
    asked.waits()?;
    if !is_second(who.member.id, asked.asked_by, asked.about) {
        let id = Uuid::now_v7();
        let entry = Entry::by(id, caller.at, Action::Approve, Outcome::Denied, &who);
        let entry = asked.entry(entry);
        return Err(deny(connection, entry, Denial::FourEyes).await?.into());
    }
    // Who has just changed someone's address or log-in may be that someone.
    let handled: Option<i64> = sqlx::query_scalar(HANDLED)
        .bind(asked.asked_by.to_string())
        .bind(micros(
            caller.at.checked_sub(HANDLED_FOR).unwrap_or(caller.at),
        ))
        .bind(who.member.id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if handled.is_some() {
        let id = Uuid::now_v7();
        let entry = Entry::by(id, caller.at, Action::Approve, Outcome::Denied, &who);
        let entry = asked.entry(entry);
        return Err(deny(connection, entry, Denial::FourEyes).await?.into());
    }
    if !asked.asker_active {
        return Err(Refusal::Over("the account of whoever asked is closed").into());
    }
    let mut entries = Vec::new();
    if matches!(asked.what, Guarded::GrantRole | Guarded::CloseMember) {
        entries.push(act(connection, caller, &who, &asked).await?);
    }
    entries.push(asked.entry(allowed.entry(Uuid::now_v7())));
    decide(connection, caller, &who, &asked, true).await?;
    Ok(audit::append(connection, &entries).await?)
}

/// Does what was asked for, as whoever approves.
async fn act(
    connection: &mut Connection,
    caller: &Caller,
    who: &Acting,
    asked: &Asked,
) -> Result<Entry, Stop> {
    let whose = asked.organisation;
    match from_json(&asked.request, "approval.request")? {
        Request::Grant {
            member,
            role,
            unit,
            commission,
        } => {
            let allowed = allow(connection, who, Action::GrantRole, whose, caller.at).await??;
            let found = members::find(connection, member).await?;
            let new = NewAssignment {
                role,
                unit,
                commission,
            };
            members::grant(connection, &allowed, &found, &new).await
        }
        Request::Close { member } => {
            let allowed = allow(connection, who, Action::CloseMember, whose, caller.at).await??;
            let found = members::find(connection, member).await?;
            members::close(connection, &allowed, &found).await
        }
        Request::ChangeRole {
            role,
            name,
            permissions,
        } => {
            let allowed = allow(connection, who, Action::DefineRole, whose, caller.at).await??;
            let to = RoleDefinition { name, permissions };
            roles::change(connection, &allowed, role, &to).await
        }
    }
}

pub async fn refuse(
    connection: &mut Connection,
    caller: &Caller,
    approval: Uuid,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let asked = find(connection, approval, caller).await?;
    let whose = asked.organisation;
    let allowed = allow(connection, &who, Action::Refuse, whose, caller.at).await??;
    asked.waits()?;
    decide(connection, caller, &who, &asked, false).await?;
    let entry = asked.entry(allowed.entry(Uuid::now_v7()));
    Ok(audit::append(connection, &[entry]).await?)
}

async fn decide(
    connection: &mut Connection,
    caller: &Caller,
    who: &Acting,
    asked: &Asked,
    approved: bool,
) -> Result<(), Stop> {
    sqlx::query(DECIDE[usize::from(approved)])
        .bind(asked.id.to_string())
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(connection)
        .await?;
    Ok(())
}
