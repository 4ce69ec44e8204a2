//! The gateway's database: the index of its spool, what it knows of studies
//! coming in, and its own audit log. Always SQLite, since a gateway must work
//! when nothing else does.
//!
//! One module per aggregate holds its SQL; this one gives each port method its
//! transaction.

mod direct;
mod directory;
mod forward;
mod index;
mod intake;

use crate::{audit, database::Database};
use async_trait::async_trait;
use bildbro_domain::{
    audit::{Entry, Link},
    share::Receipt,
};
use bildbro_flow::ports::{
    StoreError,
    checkpoints::Chain,
    gateway::{DirectTotals, GatewayStore, ObjectNumber, OpenStudy, Spooled},
};
use bildbro_wire::link::{Answer, DirectoryEntry};
use jiff::Timestamp;
use sqlx::migrate::Migrator;
use std::path::Path;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/gateway/sqlite");

/// The gateway's database. Cloned freely.
#[derive(Debug, Clone)]
pub struct GatewayDb {
    db: Database,
}

impl GatewayDb {
    /// Opens the database file, or makes it.
    ///
    /// # Errors
    /// When the file cannot be opened, or is of a later version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let db = Database::open(path, &MIGRATIONS).await?;
        Ok(Self { db })
    }
}

#[async_trait]
impl GatewayStore for GatewayDb {
    async fn index(&self, batch: &[Spooled], at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.write("index images").await?;
        let done = index::index(&mut tx, batch, at).await;
        tx.end(done).await
    }

    async fn needed(&self) -> Result<Vec<ObjectNumber>, StoreError> {
        let mut tx = self.db.read("read what the spool must keep").await?;
        let needed = index::needed(&mut tx).await;
        tx.end(needed).await
    }

    async fn forget_settled(&self, oldest: ObjectNumber) -> Result<(), StoreError> {
        let mut tx = self.db.write("forget settled images").await?;
        let done = index::forget_settled(&mut tx, oldest).await;
        tx.end(done).await
    }

    async fn to_forward(&self, after: ObjectNumber, most: u32) -> Result<Vec<Spooled>, StoreError> {
        let mut tx = self.db.read("read what waits for the hub").await?;
        let waiting = forward::waiting(&mut tx, after, most).await;
        tx.end(waiting).await
    }

    async fn settle_forward(
        &self,
        answers: &[(Spooled, Answer)],
        at: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError> {
        let mut tx = self.db.write("take the hub's answers").await?;
        let released = forward::settle(&mut tx, answers, at).await;
        tx.end(released).await
    }

    async fn to_node(
        &self,
        node: &str,
        at: Timestamp,
        most: u32,
    ) -> Result<Vec<Spooled>, StoreError> {
        let mut tx = self.db.read("read what waits for a node").await?;
        let waiting = direct::waiting(&mut tx, node, at, most).await;
        tx.end(waiting).await
    }

    async fn settle_node(
        &self,
        node: &str,
        outcomes: &[(Spooled, Receipt)],
        retry_at: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError> {
        let mut tx = self.db.write("take a node's answers").await?;
        let released = direct::settle(&mut tx, node, outcomes, retry_at, at).await;
        tx.end(released).await
    }

    async fn node_failures(&self, node: &str) -> Result<u32, StoreError> {
        let mut tx = self.db.read("read a node's failures").await?;
        let failures = direct::failures(&mut tx, node).await;
        tx.end(failures).await
    }

    async fn direct_totals(&self) -> Result<Vec<DirectTotals>, StoreError> {
        let mut tx = self.db.read("count deliveries to nodes").await?;
        let totals = direct::totals(&mut tx).await;
        tx.end(totals).await
    }

    async fn open_studies(&self) -> Result<Vec<OpenStudy>, StoreError> {
        let mut tx = self.db.read("read the open studies").await?;
        let open = intake::open(&mut tx).await;
        tx.end(open).await
    }

    async fn close_study(
        &self,
        study: &OpenStudy,
        expected: Option<u32>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("close a study").await?;
        let closed = intake::close(&mut tx, study, expected, at).await;
        tx.end(closed).await
    }

    async fn directory(&self) -> Result<Vec<DirectoryEntry>, StoreError> {
        let mut tx = self.db.read("read the directory").await?;
        let entries = directory::read(&mut tx).await;
        tx.end(entries).await
    }

    async fn save_directory(&self, entries: &[DirectoryEntry]) -> Result<(), StoreError> {
        // It is heard every few seconds, and seldom new.
        if self.directory().await? == directory::sorted(entries) {
            return Ok(());
        }
        let mut tx = self.db.write("save the directory").await?;
        let done = directory::save(&mut tx, entries).await;
        tx.end(done).await
    }

    async fn waiting(&self) -> Result<(u64, u64), StoreError> {
        let mut tx = self.db.read("count what waits for the hub").await?;
        let count = forward::count(&mut tx).await;
        tx.end(count).await
    }

    async fn record(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut tx = self.db.write("record").await?;
        let done = audit::append(&mut tx, entries).await;
        tx.end(done).await
    }

    async fn audit_links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        let mut tx = self.db.read("read the audit log").await?;
        let links = audit::links(&mut tx, after, most).await;
        tx.end(links).await
    }

    async fn audit_head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        let mut tx = self.db.read("read the audit log's head").await?;
        let head = audit::head(&mut tx).await;
        tx.end(head).await
    }
}

#[async_trait]
impl Chain for GatewayDb {
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        self.audit_links(after, most).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        self.audit_head().await
    }
}
