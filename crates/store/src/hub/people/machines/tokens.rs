//! Machines' tokens, kept as digests.

use crate::{
    database::{Connection, hold},
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{Digest, MachineId};
use bildbro_flow::ports::portal::machines::{MachineKeys, NewToken, ServiceSubject};
use jiff::Timestamp;

const SCOPES: &str = "SELECT m.scopes FROM machine m JOIN organisation o ON o.id = m.organisation \
     WHERE m.id = $1 AND m.active AND o.active";

const GOOD_KEYS: &str = "SELECT public_key FROM machine_key \
     WHERE machine = $1 AND removed_at IS NULL ORDER BY added_at, kid";

const STILL_GOOD: &str = "SELECT m.id FROM machine m JOIN machine_key k ON k.machine = m.id \
     WHERE m.id = $1 AND m.active AND k.kid = $2 AND k.removed_at IS NULL";

const SEEN: &str = "UPDATE machine SET last_seen = $2 WHERE id = $1";

const SWEEP: &str = "DELETE FROM machine_token WHERE machine = $1 AND expires_at <= $2";

const PUT: &str = "INSERT INTO machine_token (token_hash, machine, scopes, expires_at) \
     VALUES ($1, $2, $3, $4)";

const SUBJECT: &str = "SELECT m.id, m.organisation, t.scopes FROM machine_token t \
     JOIN machine m ON m.id = t.machine JOIN organisation o ON o.id = m.organisation \
     WHERE t.token_hash = $1 AND t.expires_at > $2 AND m.active AND o.active";

pub async fn keys(
    connection: &mut Connection,
    machine: MachineId,
) -> Result<Option<MachineKeys>, Fault> {
    let scopes: Option<String> = sqlx::query_scalar(SCOPES)
        .bind(machine.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(scopes) = scopes else {
        return Ok(None);
    };
    let jwks = sqlx::query_scalar(GOOD_KEYS)
        .bind(machine.to_string())
        .fetch_all(connection)
        .await?;
    Ok(Some(MachineKeys { scopes, jwks }))
}

pub async fn put(connection: &mut Connection, new: &NewToken) -> Result<bool, Fault> {
    hold(connection, super::HOLD, new.machine.to_string()).await?;
    let good: Option<String> = sqlx::query_scalar(STILL_GOOD)
        .bind(new.machine.to_string())
        .bind(&new.kid)
        .fetch_optional(&mut *connection)
        .await?;
    if good.is_none() {
        return Ok(false);
    }
    for statement in [SWEEP, SEEN] {
        sqlx::query(statement)
            .bind(new.machine.to_string())
            .bind(micros(new.at))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(PUT)
        .bind(new.token.to_string())
        .bind(new.machine.to_string())
        .bind(&new.scopes)
        .bind(micros(new.expires))
        .execute(connection)
        .await?;
    Ok(true)
}

pub async fn subject(
    connection: &mut Connection,
    token: Digest,
    at: Timestamp,
) -> Result<Option<ServiceSubject>, Fault> {
    let row: Option<(String, String, String)> = sqlx::query_as(SUBJECT)
        .bind(token.to_string())
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    let Some((machine, organisation, scopes)) = row else {
        return Ok(None);
    };
    Ok(Some(ServiceSubject {
        machine: id(&machine, "machine.id")?,
        organisation: id(&organisation, "machine.organisation")?,
        scopes,
    }))
}
