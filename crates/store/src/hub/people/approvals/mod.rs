//! Four eyes: what waits for a second member.
//!
//! Any part may ask ([`needed`], [`ask`]). What this module knows how to do
//! ([`Request`]) is done when a second member says yes; anything else is then
//! for whoever asked to do, once, within a day ([`spend`]).

mod decide;
mod list;
#[cfg(test)]
mod tests;

use super::stop::{Stop, settle};
use crate::{
    HubDb, audit,
    database::Connection,
    fault::Fault,
    value::{from_json, micros, to_json},
};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, HsaId, MemberId, OrganisationId, RoleId,
    approval::{Guarded, LASTS, WAITS},
    audit::{Action, Entry, Outcome},
    member::Acting,
    permission::Permission,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    approvals::{ApprovalView, Approvals},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

const FOUR_EYES: &str = "SELECT four_eyes FROM organisation WHERE id = $1";

const WAITING: &str = "SELECT id FROM approval WHERE organisation = $1 AND action = $2 \
     AND asked_by = $3 AND request = $4 AND approved IS NULL AND expires_at > $5 LIMIT 1";

const ASK: &str = "INSERT INTO approval \
     (id, organisation, action, request, about, asked_by, asked_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const GRANTED: &str = "SELECT id FROM approval WHERE organisation = $1 AND action = $2 \
     AND asked_by = $3 AND decided_by <> asked_by AND request = $4 AND approved AND spent_at IS NULL \
     AND decided_at > $5 ORDER BY decided_at DESC LIMIT 1";

const SPEND: &str = "UPDATE approval SET spent_at = $6 WHERE id = $1 AND organisation = $2 \
     AND action = $3 AND asked_by = $4 AND decided_by <> asked_by AND request = $5 \
     AND approved AND spent_at IS NULL \
     AND decided_at > $7";

/// What is done when a second member says yes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    Grant {
        member: MemberId,
        role: String,
        unit: Option<CareUnitId>,
        commission: Option<HsaId>,
    },
    Close {
        member: MemberId,
    },
    ChangeRole {
        role: RoleId,
        name: String,
        permissions: BTreeSet<Permission>,
    },
}

impl Request {
    const fn action(&self) -> Guarded {
        match self {
            Self::Grant { .. } | Self::ChangeRole { .. } => Guarded::GrantRole,
            Self::Close { .. } => Guarded::CloseMember,
        }
    }

    const fn about(&self) -> Option<MemberId> {
        match self {
            Self::Grant { member, .. } | Self::Close { member } => Some(*member),
            Self::ChangeRole { .. } => None,
        }
    }
}

#[async_trait]
impl Approvals for HubDb {
    async fn approvals(&self, caller: &Caller) -> Answer<Vec<ApprovalView>> {
        let mut tx = self.db.write("list what waits for approval").await?;
        let all = settle(list::all(&mut tx, caller).await);
        tx.end(all).await?
    }

    async fn approve(&self, caller: &Caller, approval: Uuid) -> Answer<()> {
        let mut tx = self.db.write("approve what a member asked for").await?;
        let done = settle(decide::approve(&mut tx, caller, approval).await);
        tx.end(done).await?
    }

    async fn refuse_approval(&self, caller: &Caller, approval: Uuid) -> Answer<()> {
        let mut tx = self.db.write("refuse what a member asked for").await?;
        let done = settle(decide::refuse(&mut tx, caller, approval).await);
        tx.end(done).await?
    }
}

/// Whether the organisation wants a second member for this.
pub async fn needed(
    connection: &mut Connection,
    organisation: OrganisationId,
    what: Guarded,
) -> Result<bool, Fault> {
    let words: String = sqlx::query_scalar(FOUR_EYES)
        .bind(organisation.to_string())
        .fetch_one(connection)
        .await?;
    let words: Vec<String> = from_json(&words, "organisation.four_eyes")?;
    Ok(words.iter().any(|word| word == what.as_str()))
}

/// Asks for something of another part's. `request` says exactly what, as JSON;
/// it is not shown to anyone. The same asked for twice is one. Appends to the
/// log, so it comes last.
async fn ask(
    connection: &mut Connection,
    who: &Acting,
    what: Guarded,
    about: Option<MemberId>,
    request: &str,
    at: Timestamp,
) -> Result<Uuid, Fault> {
    let (approval, entry) = insert(connection, who, (what, about), request, at).await?;
    if let Some(entry) = entry {
        audit::append(connection, &[entry]).await?;
    }
    Ok(approval)
}

/// Makes use of a yes to exactly this request: true once, for whoever asked,
/// within a day of it.
async fn spend(
    connection: &mut Connection,
    approval: Uuid,
    what: Guarded,
    request: &str,
    who: &Acting,
    at: Timestamp,
) -> Result<bool, Fault> {
    let since = at.checked_sub(LASTS).unwrap_or(Timestamp::MIN);
    let spent = sqlx::query(SPEND)
        .bind(approval.to_string())
        .bind(who.member.organisation.to_string())
        .bind(what.as_str())
        .bind(who.member.id.to_string())
        .bind(request)
        .bind(micros(at))
        .bind(micros(since))
        .execute(connection)
        .await?;
    Ok(spent.rows_affected() == 1)
}

/// A yes to this that has not been used.
async fn granted(
    connection: &mut Connection,
    what: Guarded,
    request: &str,
    who: &Acting,
    at: Timestamp,
) -> Result<Option<Uuid>, Fault> {
    let since = at.checked_sub(LASTS).unwrap_or(Timestamp::MIN);
    let found: Option<String> = sqlx::query_scalar(GRANTED)
        .bind(who.member.organisation.to_string())
        .bind(what.as_str())
        .bind(who.member.id.to_string())
        .bind(request)
        .bind(micros(since))
        .fetch_optional(connection)
        .await?;
    found
        .map(|text| crate::value::id(&text, "approval.id"))
        .transpose()
}

/// Goes on with a yes that was given; without one, asks for it.
pub async fn spend_or_ask(
    connection: &mut Connection,
    who: &Acting,
    (what, request): (Guarded, &str),
    approval: Option<Uuid>,
    at: Timestamp,
) -> Result<Answer<()>, Fault> {
    let Some(approval) = approval else {
        // Whoever simply tries again means the yes that was given meanwhile.
        let given = granted(connection, what, request, who, at).await?;
        if let Some(given) = given
            && spend(connection, given, what, request, who, at).await?
        {
            return Ok(Ok(()));
        }
        let asked = ask(connection, who, what, None, request, at).await?;
        return Ok(Err(Refusal::ApprovalAsked(asked)));
    };
    if spend(connection, approval, what, request, who, at).await? {
        return Ok(Ok(()));
    }
    Ok(Err(Refusal::Over("it has not been approved")))
}

/// Asks for something of this part's; what the asker is answered.
pub async fn ask_for(
    connection: &mut Connection,
    who: &Acting,
    request: &Request,
    at: Timestamp,
) -> Result<Stop, Fault> {
    let (approval, entry) = put(connection, who, request, at).await?;
    if let Some(entry) = entry {
        audit::append(connection, &[entry]).await?;
    }
    Ok(Refusal::ApprovalAsked(approval).into())
}

/// As [`ask_for`]; the entry, if it was not asked for already, is for the caller
/// to append.
pub async fn put(
    connection: &mut Connection,
    who: &Acting,
    request: &Request,
    at: Timestamp,
) -> Result<(Uuid, Option<Entry>), Fault> {
    let json = to_json(request, "a request for approval")?;
    let what = (request.action(), request.about());
    insert(connection, who, what, &json, at).await
}

async fn insert(
    connection: &mut Connection,
    who: &Acting,
    (what, about): (Guarded, Option<MemberId>),
    request: &str,
    at: Timestamp,
) -> Result<(Uuid, Option<Entry>), Fault> {
    let organisation = who.member.organisation.to_string();
    let waiting: Option<String> = sqlx::query_scalar(WAITING)
        .bind(&organisation)
        .bind(what.as_str())
        .bind(who.member.id.to_string())
        .bind(request)
        .bind(micros(at))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(waiting) = waiting {
        return Ok((crate::value::id(&waiting, "approval.id")?, None));
    }
    let approval = Uuid::now_v7();
    sqlx::query(ASK)
        .bind(approval.to_string())
        .bind(&organisation)
        .bind(what.as_str())
        .bind(request)
        .bind(about.map(|member| member.to_string()))
        .bind(who.member.id.to_string())
        .bind(micros(at))
        .bind(micros(at.checked_add(WAITS).unwrap_or(at)))
        .execute(connection)
        .await?;
    let id = Uuid::now_v7();
    let mut entry = Entry::by(id, at, Action::AskApproval, Outcome::Success, who);
    entry.about = about;
    entry.detail = Some(format!("approval {approval}: {}", what.as_str()));
    Ok((approval, Some(entry)))
}
