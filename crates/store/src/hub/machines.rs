//! Gateways, and what proves that one is calling: assertions and tokens, both
//! kept as digests only.

use super::{actor, directory, errands, queue};
use crate::{
    audit,
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{cut, id, maybe_time, micros, signed, to_json},
};
use bildbro_domain::{
    Digest, GatewayId, OrganisationId,
    audit::{Action, Actor, Outcome},
    organisation::{Gateway, Organisation},
    policy::Subject,
};
use bildbro_flow::ports::hub::Call;
use bildbro_wire::link::{Hello, NodeStatus};
use jiff::{SignedDuration, Timestamp};

/// What is kept of a gateway's own words.
const LONGEST_VERSION: usize = 40;
const LONGEST_NODE: usize = 64;
const MOST_NODES: usize = 64;

/// A used or expired code still answers "used" or "expired" for this long.
const CODE_MEMORY: SignedDuration = SignedDuration::from_hours(24 * 30);

const ACTIVE: &str = "SELECT g.organisation, g.name, g.public_key, g.last_seen FROM gateway g \
     JOIN organisation o ON o.id = g.organisation WHERE g.id = $1 AND g.active AND o.active";

const IS_ACTIVE: &str = "SELECT id FROM gateway \
     WHERE id = $1 AND organisation = $2 AND active";

const REVOKE: &str = "UPDATE gateway SET active = FALSE WHERE id = $1 AND active \
     RETURNING organisation";

const END_TOKENS: &str = "DELETE FROM token WHERE gateway = $1";

const FIRST_USE: &str = "INSERT INTO assertion (digest, expires_at) VALUES ($1, $2) \
     ON CONFLICT DO NOTHING";

const PUT_TOKEN: &str = "INSERT INTO token (token_hash, gateway, expires_at) VALUES ($1, $2, $3)";

const TOKEN_SUBJECT: &str = "SELECT g.id, g.organisation FROM token t \
     JOIN gateway g ON g.id = t.gateway JOIN organisation o ON o.id = g.organisation \
     WHERE t.token_hash = $1 AND t.expires_at > $2 AND g.active AND o.active";

const HELLO: &str = "UPDATE gateway SET last_seen = $2, version = $3, waiting_images = $4, \
     waiting_bytes = $5, nodes = $6, \
     run = COALESCE($7, run) WHERE id = $1 AND active";

const SWEEP: [&str; 6] = [
    "DELETE FROM token WHERE expires_at <= $1",
    "DELETE FROM assertion WHERE expires_at <= $1",
    "DELETE FROM machine_token WHERE expires_at <= $1",
    "DELETE FROM session WHERE ends_at <= $1 OR idle_until <= $1",
    "DELETE FROM ceremony WHERE expires_at <= $1",
    "DELETE FROM attempt WHERE expires_at <= $1",
];

const SWEEP_CODES: &str = "DELETE FROM enrol_code WHERE used_at <= $1 OR expires_at <= $1";

pub async fn active(
    connection: &mut Connection,
    gateway: GatewayId,
) -> Result<Option<Gateway>, Fault> {
    let row: Option<(String, String, String, Option<i64>)> = sqlx::query_as(ACTIVE)
        .bind(gateway.to_string())
        .fetch_optional(connection)
        .await?;
    let Some((organisation, name, public_key, last_seen)) = row else {
        return Ok(None);
    };
    Ok(Some(Gateway {
        id: gateway,
        organisation: id(&organisation, "gateway.organisation")?,
        name,
        public_key,
        active: true,
        last_seen: maybe_time(last_seen)?,
    }))
}

/// Whether the subject's gateway is still its organisation's, and not revoked;
/// nor will it be before this transaction ends.
pub async fn is_active(connection: &mut Connection, subject: &Subject) -> Result<bool, Fault> {
    let select = locking(connection, IS_ACTIVE, Lock::Shared);
    let found: Option<String> = sqlx::query_scalar(select)
        .bind(subject.gateway.to_string())
        .bind(subject.organisation.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

pub async fn revoke(
    connection: &mut Connection,
    gateway: GatewayId,
    by: Actor,
    at: Timestamp,
) -> Result<bool, Fault> {
    let Some(organisation) = cut_off(connection, gateway).await? else {
        return Ok(false);
    };
    let mut entry = audit::entry(at, Action::RevokeGateway, Outcome::Success, by);
    entry.organisation = Some(organisation);
    entry.detail = Some(format!("gateway {gateway}"));
    audit::append(connection, &[entry]).await?;
    Ok(true)
}

/// Ends a gateway and its tokens; answers whose it was, or nothing when it had
/// been revoked before. The entry is the caller's.
pub async fn cut_off(
    connection: &mut Connection,
    gateway: GatewayId,
) -> Result<Option<OrganisationId>, Fault> {
    let organisation: Option<String> = sqlx::query_scalar(REVOKE)
        .bind(gateway.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(organisation) = organisation else {
        return Ok(None);
    };
    sqlx::query(END_TOKENS)
        .bind(gateway.to_string())
        .execute(connection)
        .await?;
    id(&organisation, "gateway.organisation").map(Some)
}

pub async fn first_use(
    connection: &mut Connection,
    assertion: Digest,
    expires: Timestamp,
) -> Result<bool, Fault> {
    let kept = sqlx::query(FIRST_USE)
        .bind(assertion.to_string())
        .bind(micros(expires))
        .execute(connection)
        .await?;
    Ok(kept.rows_affected() == 1)
}

pub async fn put_token(
    connection: &mut Connection,
    token_hash: Digest,
    gateway: GatewayId,
    expires: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(PUT_TOKEN)
        .bind(token_hash.to_string())
        .bind(gateway.to_string())
        .bind(micros(expires))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn token_subject(
    connection: &mut Connection,
    token_hash: Digest,
    at: Timestamp,
) -> Result<Option<Subject>, Fault> {
    let row: Option<(String, String)> = sqlx::query_as(TOKEN_SUBJECT)
        .bind(token_hash.to_string())
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    let Some((gateway, organisation)) = row else {
        return Ok(None);
    };
    Ok(Some(Subject {
        gateway: id(&gateway, "gateway.id")?,
        organisation: id(&organisation, "gateway.organisation")?,
    }))
}

/// Answers everyone on the hub but the caller's organisation.
pub async fn hello(
    connection: &mut Connection,
    call: &Call,
    hello: &Hello,
) -> Result<Vec<Organisation>, Fault> {
    let nodes: Vec<NodeStatus> = hello
        .nodes
        .iter()
        .take(MOST_NODES)
        .map(|node| NodeStatus {
            name: cut(&node.name, LONGEST_NODE),
            ..node.clone()
        })
        .collect();
    if let Some(run) = hello.run {
        queue::free(connection, call.subject.gateway, run).await?;
        errands::free(connection, call.subject.gateway, run).await?;
    }
    sqlx::query(HELLO)
        .bind(call.subject.gateway.to_string())
        .bind(micros(call.at))
        .bind(cut(&hello.version, LONGEST_VERSION))
        .bind(signed(hello.waiting_images))
        .bind(signed(hello.waiting_bytes))
        .bind(to_json(&nodes, "a gateway's nodes")?)
        .bind(hello.run.map(|run| run.to_string()))
        .execute(&mut *connection)
        .await?;
    let mut all = directory::all(connection).await?;
    all.retain(|o| o.active && o.id != call.subject.organisation);
    Ok(all)
}

pub async fn sweep(connection: &mut Connection, at: Timestamp) -> Result<(), Fault> {
    for statement in SWEEP {
        sqlx::query(statement)
            .bind(micros(at))
            .execute(&mut *connection)
            .await?;
    }
    let forgotten = at.checked_sub(CODE_MEMORY).unwrap_or(Timestamp::MIN);
    sqlx::query(SWEEP_CODES)
        .bind(micros(forgotten))
        .execute(&mut *connection)
        .await?;
    errands::sweep(connection, at).await
}

/// An entry by a calling gateway on behalf of its organisation.
pub fn entry_of(call: &Call, action: Action, outcome: Outcome) -> bildbro_domain::audit::Entry {
    let mut entry = audit::entry(call.at, action, outcome, actor(call));
    entry.organisation = Some(call.subject.organisation);
    entry
}
