//! What is kept between two steps of a log-in.

use crate::{
    database::{Connection, Lock, locking},
    fault::Fault,
    value::micros,
};
use bildbro_domain::Digest;
use bildbro_flow::ports::portal::login::Ceremony;
use jiff::Timestamp;

const KEEP: &str = "INSERT INTO ceremony (id_hash, kind, data, expires_at) \
     VALUES ($1, $2, $3, $4)";

const SEE: &str = "SELECT data FROM ceremony \
     WHERE id_hash = $1 AND kind = $2 AND expires_at > $3";

/// Whoever deletes it has it; another finds nothing.
const TAKE: &str = "DELETE FROM ceremony WHERE id_hash = $1 AND kind = $2 \
     RETURNING data, expires_at";

const STALE: &str = "SELECT id_hash FROM ceremony WHERE expires_at <= $1 LIMIT 20";
const DROP: &str = "DELETE FROM ceremony WHERE id_hash = $1";

pub async fn keep(
    connection: &mut Connection,
    ceremony: &Ceremony,
    at: Timestamp,
) -> Result<(), Fault> {
    let stale = locking(connection, STALE, Lock::AloneIfFree);
    let stale: Vec<(String,)> = sqlx::query_as(stale)
        .bind(micros(at))
        .fetch_all(&mut *connection)
        .await?;
    for (id,) in stale {
        sqlx::query(DROP).bind(id).execute(&mut *connection).await?;
    }
    sqlx::query(KEEP)
        .bind(ceremony.id.to_string())
        .bind(ceremony.kind)
        .bind(&ceremony.data)
        .bind(micros(ceremony.expires_at))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn see(
    connection: &mut Connection,
    id: Digest,
    kind: &str,
    at: Timestamp,
) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> = sqlx::query_as(SEE)
        .bind(id.to_string())
        .bind(kind)
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(data,)| data))
}

pub async fn take(
    connection: &mut Connection,
    id: Digest,
    kind: &str,
    at: Timestamp,
) -> Result<Option<String>, Fault> {
    let row: Option<(String, i64)> = sqlx::query_as(TAKE)
        .bind(id.to_string())
        .bind(kind)
        .fetch_optional(connection)
        .await?;
    Ok(row
        .filter(|(_, expires)| *expires > micros(at))
        .map(|(data, _)| data))
}
