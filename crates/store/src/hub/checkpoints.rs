//! Checkpoints of the log, and the edge of its tree.

use super::HubDb;
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{id, signed, unsigned},
};
use async_trait::async_trait;
use bildbro_domain::{
    Digest,
    audit::{
        Link,
        checkpoint::Note,
        merkle::{Frontier, Hash},
    },
};
use bildbro_flow::ports::{
    StoreError,
    checkpoints::{Chain, Checkpoints, Edge, KeptCheckpoint},
};
use data_encoding::BASE64;
use uuid::Uuid;

/// Most notes read at a time.
const PAGE: u32 = 1_000;

const NAME: &str = "UPDATE checkpoint_edge SET hub = $1 WHERE id = 1 AND hub IS NULL";

const HUB: &str = "SELECT hub FROM checkpoint_edge WHERE id = 1";

const EDGE: &str = "SELECT size, head, frontier FROM checkpoint_edge WHERE id = 1";

const SET_EDGE: &str = "UPDATE checkpoint_edge SET size = $2, head = $3, frontier = $4 \
     WHERE id = 1 AND size = $1";

const KEEP: &str = "INSERT INTO checkpoint (size, note) VALUES ($1, $2)";

const NEWEST: &str = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";

const AFTER: &str = "SELECT size, note FROM checkpoint WHERE size > $1 ORDER BY size LIMIT $2";

async fn hub_id(connection: &mut Connection, new: Uuid) -> Result<Uuid, Fault> {
    let named = sqlx::query(NAME).bind(new.to_string());
    named.execute(&mut *connection).await?;
    let hub: String = sqlx::query_scalar(HUB).fetch_one(connection).await?;
    id(&hub, "checkpoint_edge.hub")
}

async fn edge(connection: &mut Connection) -> Result<Edge, Fault> {
    const FRONTIER: Fault = Fault::Unreadable("checkpoint_edge.frontier");
    let (size, head, frontier): (i64, String, String) =
        sqlx::query_as(EDGE).fetch_one(connection).await?;
    let bytes = BASE64.decode(frontier.as_bytes()).map_err(|_| FRONTIER)?;
    let frontier = Frontier::from_bytes(&bytes).map_err(|_| FRONTIER)?;
    if frontier.size() != unsigned(size) {
        return Err(FRONTIER);
    }
    let head = id::<Digest>(&head, "checkpoint_edge.head")?.0;
    Ok(Edge { frontier, head })
}

async fn keep(
    connection: &mut Connection,
    after: u64,
    edge: &Edge,
    note: &Note,
) -> Result<bool, Fault> {
    let size = signed(edge.frontier.size());
    let advanced = sqlx::query(SET_EDGE)
        .bind(signed(after))
        .bind(size)
        .bind(Digest(edge.head).to_string())
        .bind(BASE64.encode(&edge.frontier.to_bytes()))
        .execute(&mut *connection)
        .await?;
    if advanced.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(KEEP)
        .bind(size)
        .bind(note.to_string())
        .execute(connection)
        .await?;
    Ok(true)
}

fn kept((size, note): (i64, String)) -> KeptCheckpoint {
    KeptCheckpoint {
        size: unsigned(size),
        note,
    }
}

async fn newest(connection: &mut Connection) -> Result<Option<KeptCheckpoint>, Fault> {
    let row = sqlx::query_as(NEWEST).fetch_optional(connection).await?;
    Ok(row.map(kept))
}

async fn after(
    connection: &mut Connection,
    after: u64,
    most: u32,
) -> Result<Vec<KeptCheckpoint>, Fault> {
    let rows = sqlx::query_as(AFTER)
        .bind(signed(after))
        .bind(i64::from(most.min(PAGE)))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(kept).collect())
}

#[async_trait]
impl Chain for HubDb {
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        let mut tx = self.db.read("read the audit log").await?;
        let links = audit::links(&mut tx, after, most).await;
        tx.end(links).await
    }

    async fn head(&self) -> Result<(u64, Hash), StoreError> {
        let mut tx = self.db.read("read the audit log's head").await?;
        let head = audit::head(&mut tx).await;
        tx.end(head).await
    }
}

#[async_trait]
impl Checkpoints for HubDb {
    async fn hub_id(&self, new: Uuid) -> Result<Uuid, StoreError> {
        let mut tx = self.db.write("name the hub's log").await?;
        let kept = hub_id(&mut tx, new).await;
        tx.end(kept).await
    }

    async fn edge(&self) -> Result<Edge, StoreError> {
        let mut tx = self.db.read("read the edge of the log's tree").await?;
        let edge = edge(&mut tx).await;
        tx.end(edge).await
    }

    async fn keep_checkpoint(
        &self,
        after: u64,
        edge: &Edge,
        note: &Note,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("keep a checkpoint of the log").await?;
        let done = keep(&mut tx, after, edge, note).await;
        tx.end(done).await
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError> {
        let mut tx = self.db.read("read the newest checkpoint").await?;
        let found = newest(&mut tx).await;
        tx.end(found).await
    }

    async fn checkpoints(&self, size: u64, most: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        let mut tx = self.db.read("read the checkpoints").await?;
        let found = after(&mut tx, size, most).await;
        tx.end(found).await
    }
}
