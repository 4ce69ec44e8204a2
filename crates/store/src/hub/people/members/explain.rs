//! What a member can do and why, and where they are logged in.

use super::{
    super::{
        acting::{acting_alone, allow, whole_member},
        stop::Stop,
    },
    change::{about, append},
    find::find,
};
use crate::{
    database::Connection,
    value::{id, micros, time},
};
use bildbro_domain::{CareUnitId, MemberId, audit::Action, policy};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    members::{Explained, MemberSession, NamedUnit},
};

const SESSIONS: &str = "SELECT id, address, agent, created_at, seen_at, care_unit FROM session \
     WHERE member = $1 AND idle_until > $2 AND ends_at > $2 ORDER BY created_at DESC, id LIMIT 200";

const UNITS: &str = "SELECT DISTINCT u.id, u.name FROM assignment a \
     JOIN care_unit u ON u.id = a.care_unit WHERE a.member = $1 AND u.active ORDER BY u.name, u.id";

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    address: String,
    agent: String,
    created_at: i64,
    seen_at: i64,
    care_unit: Option<String>,
}

pub async fn sessions(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
) -> Result<Vec<MemberSession>, Stop> {
    let who = acting_alone(connection, caller).await?;
    let whose = find(connection, member).await?.organisation;
    allow(connection, &who, Action::ExplainMember, whose, caller.at).await??;
    let rows: Vec<SessionRow> = sqlx::query_as(SESSIONS)
        .bind(member.to_string())
        .bind(micros(caller.at))
        .fetch_all(connection)
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let unit = row.care_unit.as_deref();
        let unit = unit.map(|text| id::<CareUnitId>(text, "session.care_unit"));
        all.push(MemberSession {
            id: id(&row.id, "session.id")?,
            address: row.address,
            agent: row.agent,
            created: time(row.created_at)?,
            seen: time(row.seen_at)?,
            unit: unit.transpose()?,
        });
    }
    Ok(all)
}

pub async fn explain(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
) -> Result<Explained, Stop> {
    let who = acting_alone(connection, caller).await?;
    let whose = find(connection, member).await?.organisation;
    let allowed = allow(connection, &who, Action::ExplainMember, whose, caller.at).await??;
    let whole = whole_member(connection, member).await?;
    let whole = whole.ok_or(Refusal::NotFound)?;
    let rows: Vec<(String, String)> = sqlx::query_as(UNITS)
        .bind(member.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut units = Vec::with_capacity(rows.len());
    for (unit, name) in rows {
        let id = id(&unit, "care_unit.id")?;
        units.push(NamedUnit { id, name });
    }
    append(connection, about(&allowed, member)).await?;
    Ok(Explained {
        member,
        all: policy::explain(&whole),
        name: whole.member.name,
        units,
    })
}
