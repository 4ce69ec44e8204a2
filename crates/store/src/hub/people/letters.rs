//! Letters that wait to be sent.

use crate::{database::Connection, fault::Fault, value::micros};
use jiff::Timestamp;
use uuid::Uuid;

const QUEUE: &str = "INSERT INTO letter (id, data, due_at) VALUES ($1, $2, $3)";

/// Puts a sealed letter with those that are due at once.
pub async fn queue(connection: &mut Connection, data: &str, at: Timestamp) -> Result<(), Fault> {
    sqlx::query(QUEUE)
        .bind(Uuid::now_v7().to_string())
        .bind(data)
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}
