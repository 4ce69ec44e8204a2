//! Letters that wait to be sent.

use crate::{
    HubDb,
    database::{Connection, Lock, locking},
    fault::Fault,
    value::{id, micros, time},
};
use async_trait::async_trait;
use bildbro_flow::ports::{
    StoreError,
    portal::letters::{Letters, TakenLetter},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const QUEUE: &str = "INSERT INTO letter (id, data, due_at) VALUES ($1, $2, $3)";

/// A batch: what a mail server takes within a lease.
const DUE: &str = "SELECT id, data, attempts, COALESCE(tried_at, $1) AS tried_at FROM letter \
     WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) \
     ORDER BY due_at, id LIMIT 20";

const LEASE: &str = "UPDATE letter SET lease_until = $2, tried_at = $3 WHERE id = $1";

const SENT: &str = "DELETE FROM letter WHERE id = $1";

const FAILED: &str = "UPDATE letter SET due_at = $2, attempts = attempts + 1, \
     lease_until = NULL WHERE id = $1";

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

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    data: String,
    attempts: i64,
    tried_at: i64,
}

#[async_trait]
impl Letters for HubDb {
    async fn take_letters(
        &self,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<Vec<TakenLetter>, StoreError> {
        let mut tx = self.db.write("take letters to send").await?;
        let taken = take(&mut tx, at, lease).await;
        tx.end(taken).await
    }

    async fn letter_sent(&self, letter: Uuid) -> Result<(), StoreError> {
        let mut tx = self.db.write("forget a letter").await?;
        let done = sqlx::query(SENT)
            .bind(letter.to_string())
            .execute(&mut *tx)
            .await;
        tx.end(done.map(|_| ()).map_err(Fault::from)).await
    }

    async fn letter_failed(&self, letter: Uuid, due: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.write("put a letter back").await?;
        let done = sqlx::query(FAILED)
            .bind(letter.to_string())
            .bind(micros(due))
            .execute(&mut *tx)
            .await;
        tx.end(done.map(|_| ()).map_err(Fault::from)).await
    }
}

async fn take(
    connection: &mut Connection,
    at: Timestamp,
    lease: SignedDuration,
) -> Result<Vec<TakenLetter>, Fault> {
    let until = at.checked_add(lease).unwrap_or(at);
    let select = locking(connection, DUE, Lock::AloneIfFree);
    let rows: Vec<Row> = sqlx::query_as(select)
        .bind(micros(at))
        .fetch_all(&mut *connection)
        .await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        sqlx::query(LEASE)
            .bind(&row.id)
            .bind(micros(until))
            .bind(row.tried_at)
            .execute(&mut *connection)
            .await?;
        taken.push(TakenLetter {
            id: id(&row.id, "letter.id")?,
            sealed: row.data,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            tried_since: time(row.tried_at)?,
        });
    }
    Ok(taken)
}
