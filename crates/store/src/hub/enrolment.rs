//! Enrolment codes: issued, kept as hashes, redeemed once.

use crate::{
    audit,
    database::{Connection, Flag, hold},
    fault::Fault,
    value::{cut, id, maybe_time, micros, time},
};
use bildbro_domain::{
    Digest, GatewayId, OrganisationId,
    audit::{Action, Actor, Outcome},
};
use bildbro_flow::ports::hub::{NewGateway, RedeemError};
use bildbro_wire::link::Enrolled;
use jiff::Timestamp;
use uuid::Uuid;

/// Longest name of a gateway that is kept, in characters.
const LONGEST_NAME: usize = 100;

const ISSUE: &str = "INSERT INTO enrol_code (code_hash, organisation, issued_at, expires_at) \
     VALUES ($1, $2, $3, $4)";

const FIND: &str = "SELECT c.organisation, c.expires_at, c.used_at, o.name, o.active IS TRUE AS active \
     FROM enrol_code c JOIN organisation o ON o.id = c.organisation WHERE c.code_hash = $1";

/// Makes the code good for one gateway, whoever else tries.
const HOLD: &str = "SELECT code_hash FROM enrol_code WHERE code_hash = $1";

const USE: &str = "UPDATE enrol_code SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL";

const ADD_GATEWAY: &str = "INSERT INTO gateway \
     (id, organisation, name, public_key, active, created_at) VALUES ($1, $2, $3, $4, TRUE, $5)";

pub async fn issue(
    connection: &mut Connection,
    organisation: OrganisationId,
    code_hash: Digest,
    expires: Timestamp,
    by: Actor,
    at: Timestamp,
) -> Result<(), Fault> {
    keep(connection, organisation, code_hash, expires, at).await?;
    let mut entry = audit::entry(at, Action::IssueEnrolCode, Outcome::Success, by);
    entry.organisation = Some(organisation);
    audit::append(connection, &[entry]).await
}

/// Keeps a code's hash; the entry is the caller's.
pub async fn keep(
    connection: &mut Connection,
    organisation: OrganisationId,
    code_hash: Digest,
    expires: Timestamp,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(ISSUE)
        .bind(code_hash.to_string())
        .bind(organisation.to_string())
        .bind(micros(at))
        .bind(micros(expires))
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Code {
    organisation: String,
    expires_at: i64,
    used_at: Option<i64>,
    name: String,
    active: Flag,
}

pub async fn redeem(
    connection: &mut Connection,
    new: NewGateway,
    at: Timestamp,
) -> Result<Result<Enrolled, RedeemError>, Fault> {
    hold(connection, HOLD, new.code_hash.to_string()).await?;
    let code: Option<Code> = sqlx::query_as(FIND)
        .bind(new.code_hash.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(code) = code else {
        return refuse(connection, None, RedeemError::Unknown, at).await;
    };
    let organisation: OrganisationId = id(&code.organisation, "enrol_code.organisation")?;
    if maybe_time(code.used_at)?.is_some() {
        return refuse(connection, Some(organisation), RedeemError::Used, at).await;
    }
    if time(code.expires_at)? <= at || !code.active.0 {
        return refuse(connection, Some(organisation), RedeemError::Expired, at).await;
    }
    sqlx::query(USE)
        .bind(new.code_hash.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    let gateway = GatewayId(Uuid::now_v7());
    sqlx::query(ADD_GATEWAY)
        .bind(gateway.to_string())
        .bind(organisation.to_string())
        .bind(cut(&new.name, LONGEST_NAME))
        .bind(new.public_key)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    let by = Actor::Gateway { id: Some(gateway) };
    let mut entry = audit::entry(at, Action::EnrolGateway, Outcome::Success, by);
    entry.organisation = Some(organisation);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(Enrolled {
        gateway,
        organisation,
        organisation_name: code.name,
    }))
}

async fn refuse(
    connection: &mut Connection,
    organisation: Option<OrganisationId>,
    why: RedeemError,
    at: Timestamp,
) -> Result<Result<Enrolled, RedeemError>, Fault> {
    let mut entry = audit::entry(at, Action::EnrolGateway, Outcome::Denied, Actor::Anonymous);
    entry.organisation = organisation;
    entry.detail = Some(why.to_string());
    audit::append(connection, &[entry]).await?;
    Ok(Err(why))
}
