//! Who acts.

use super::stop::Stop;
use crate::{
    audit,
    database::{Connection, Flag, hold},
    fault::Fault,
    value::{from_json, id, micros, time, word},
};
use bildbro_domain::{
    CareUnitId, HsaId, MemberId, OrganisationId, Personal,
    audit::{Action, Entry, Outcome},
    member::{Acting, Assignment, Level, Member},
    organisation::Kind,
    permission::{BuiltIn, Role},
    policy::{self, Allowed, Denial},
};
use bildbro_flow::ports::portal::{Caller, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

const SESSION: &str = "SELECT s.id, s.member, s.level, s.care_unit, s.commissions, s.fresh_at \
     FROM session s WHERE s.token_hash = $1 AND s.idle_until > $2 AND s.ends_at > $2";

const MEMBER: &str = "SELECT m.organisation, m.name, m.email, m.hsa_id, m.personal_number, \
     m.active IS TRUE AS active, o.active IS TRUE AS organisation_active, o.kind \
     FROM member m JOIN organisation o ON o.id = m.organisation WHERE m.id = $1";

/// Roles of one's own that have been put away give nothing.
const ASSIGNMENTS: &str = "SELECT a.id, a.role, a.care_unit, a.commission, r.name, r.permissions \
     FROM assignment a LEFT JOIN role r ON r.id = a.role AND r.active \
     LEFT JOIN care_unit u ON u.id = a.care_unit \
     WHERE a.member = $1 AND (a.care_unit IS NULL OR u.active) ORDER BY a.granted_at, a.id";

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    member: String,
    level: String,
    care_unit: Option<String>,
    commissions: Option<String>,
    fresh_at: i64,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    organisation: String,
    name: String,
    email: String,
    hsa_id: Option<String>,
    personal_number: Option<String>,
    active: Flag,
    organisation_active: Flag,
    kind: String,
}

#[derive(sqlx::FromRow)]
struct AssignmentRow {
    id: String,
    role: String,
    care_unit: Option<String>,
    commission: Option<String>,
    name: Option<String>,
    permissions: Option<String>,
}

impl AssignmentRow {
    /// `None`: the role is no longer there.
    fn read(self) -> Result<Option<Assignment>, Fault> {
        let role = match (BuiltIn::parse(&self.role), self.name, self.permissions) {
            (Some(built_in), ..) => Role::built_in(built_in),
            (None, Some(name), Some(permissions)) => Role {
                word: self.role,
                name,
                permissions: from_json(&permissions, "role.permissions")?,
            },
            (None, ..) => return Ok(None),
        };
        Ok(Some(Assignment {
            id: id(&self.id, "assignment.id")?,
            role,
            unit: unit(self.care_unit.as_deref(), "assignment.care_unit")?,
            commission: hsa_id(self.commission.as_deref(), "assignment.commission")?,
        }))
    }
}

const HOLD: &str = "SELECT id FROM organisation WHERE id = $1";

fn unit(text: Option<&str>, column: &'static str) -> Result<Option<CareUnitId>, Fault> {
    text.map(|text| id(text, column)).transpose()
}

fn hsa_id(text: Option<&str>, column: &'static str) -> Result<Option<HsaId>, Fault> {
    text.map(|text| id(text, column)).transpose()
}

/// Who calls; `None` when there is no such session, or it has ended. How far
/// the log-in has come is for policy to judge.
pub async fn acting(connection: &mut Connection, caller: &Caller) -> Result<Option<Acting>, Fault> {
    let row: Option<SessionRow> = sqlx::query_as(SESSION)
        .bind(caller.token.to_string())
        .bind(micros(caller.at))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let Some(mut who) = whole_member(connection, id(&row.member, "session.member")?).await? else {
        return Ok(None);
    };
    if let Some(commissions) = &row.commissions {
        // What the identity provider did not vouch for does not count.
        let named: Vec<HsaId> = from_json(commissions, "session.commissions")?;
        who.assignments.retain(|assignment| {
            assignment
                .commission
                .as_ref()
                .is_none_or(|commission| named.contains(commission))
        });
    }
    who.session = id(&row.id, "session.id")?;
    who.level = word(Level::parse(&row.level), "session.level")?;
    who.unit = unit(row.care_unit.as_deref(), "session.care_unit")?;
    who.fresh_at = time(row.fresh_at)?;
    who.from.clone_from(&caller.from);
    Ok(Some(who))
}

/// Who calls, with their organisation held: nobody else changes its members,
/// roles and approvals until this transaction ends.
pub async fn acting_alone(connection: &mut Connection, caller: &Caller) -> Result<Acting, Stop> {
    let who = acting(connection, caller).await?;
    let who = who.ok_or(Refusal::NoSession)?;
    hold(connection, HOLD, who.member.organisation.to_string()).await?;
    // What whoever held it before has taken away from them, they no longer have.
    let who = acting(connection, caller).await?;
    Ok(who.ok_or(Refusal::NoSession)?)
}

/// A member with all that they have been given, as if acting for the whole
/// organisation, logged in and long not fresh: to explain what they could do.
pub async fn whole_member(
    connection: &mut Connection,
    member: MemberId,
) -> Result<Option<Acting>, Fault> {
    let row: Option<MemberRow> = sqlx::query_as(MEMBER)
        .bind(member.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let rows: Vec<AssignmentRow> = sqlx::query_as(ASSIGNMENTS)
        .bind(member.to_string())
        .fetch_all(connection)
        .await?;
    let assignments = rows.into_iter().map(AssignmentRow::read);
    Ok(Some(Acting {
        session: bildbro_domain::SessionId(Uuid::nil()),
        level: Level::Full,
        member: Member {
            id: member,
            organisation: id(&row.organisation, "member.organisation")?,
            name: Personal::new(row.name),
            email: Personal::new(row.email),
            hsa_id: hsa_id(row.hsa_id.as_deref(), "member.hsa_id")?,
            personal_number: row.personal_number.map(Personal::new),
            active: row.active.0,
        },
        organisation_active: row.organisation_active.0,
        organisation_in_care: word(Kind::parse(&row.kind), "organisation.kind")?.in_care(),
        unit: None,
        assignments: assignments
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        fresh_at: Timestamp::MIN,
        from: String::new(),
    }))
}

/// Asks policy whether `who` may do this with something of `whose`. A no is on
/// record when this returns; what the caller may not know of is not found.
pub async fn allow<'a>(
    connection: &mut Connection,
    who: &'a Acting,
    action: Action,
    whose: OrganisationId,
    at: Timestamp,
) -> Result<Result<Allowed<'a>, Refusal>, Fault> {
    match policy::allow(who, action, whose, at) {
        Ok(allowed) => Ok(Ok(allowed)),
        Err(denial) => {
            let entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
            refuse(connection, entry, denial).await.map(Err)
        }
    }
}

/// Asks policy whether `who` may look at what this action changes in their own
/// organisation. No fresh second factor is needed to look.
pub async fn allow_reading(
    connection: &mut Connection,
    who: &Acting,
    action: Action,
    at: Timestamp,
) -> Result<Result<(), Refusal>, Fault> {
    let holds = policy::logged_in(who).and_then(|()| match policy::demand(action) {
        None => Err(Denial::OtherOrganisation),
        Some(demand) if who.holds(demand.permission) => Ok(()),
        Some(demand) => Err(Denial::NoPermission(demand.permission)),
    });
    match holds {
        Ok(()) => Ok(Ok(())),
        Err(denial) => {
            let entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
            refuse(connection, entry, denial).await.map(Err)
        }
    }
}

/// Puts a denial on record, and says what the caller may know of it.
pub async fn refuse(
    connection: &mut Connection,
    mut entry: Entry,
    denial: Denial,
) -> Result<Refusal, Fault> {
    entry.detail = Some(denial.to_string());
    audit::append(connection, &[entry]).await?;
    if !denial.may_be_told() {
        return Ok(Refusal::NotFound);
    }
    let would = match denial {
        Denial::NoPermission(permission) => BuiltIn::ALL
            .iter()
            .copied()
            .filter(|role| role.permissions().contains(&permission))
            .collect(),
        _ => Vec::new(),
    };
    Ok(Refusal::Denied { denial, would })
}
