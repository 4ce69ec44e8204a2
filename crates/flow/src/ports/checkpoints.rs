//! Ports for looking over the log: its links, hub's or gateway's, and at the hub
//! the checkpoints over it.

use super::StoreError;
use async_trait::async_trait;
use bildbro_domain::audit::{
    Link,
    checkpoint::Note,
    merkle::{Frontier, Hash},
};
use uuid::Uuid;

/// A log to read, the hub's or a gateway's.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// The next links after `after`, at most `most`, in order.
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError>;
    /// The chain's head: sequence and hash.
    async fn head(&self) -> Result<(u64, Hash), StoreError>;
}

/// The edge of the tree over the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    pub frontier: Frontier,
    /// Hash of the last link.
    pub head: Hash,
}

/// A checkpoint as it is kept. Its text is whatever the database says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    pub size: u64,
    pub note: String,
}

/// The hub's checkpoints. Kept for good: nothing here removes or changes one.
#[async_trait]
pub trait Checkpoints: Chain {
    /// The hub's id, the same for all hubs on one database: `new`, unless it has
    /// one.
    async fn hub_id(&self, new: Uuid) -> Result<Uuid, StoreError>;
    /// The edge at the newest checkpoint.
    async fn edge(&self) -> Result<Edge, StoreError>;
    /// Keeps a checkpoint and the edge that it is of. False, and nothing done,
    /// when the edge kept is no longer of `after` entries: another hub was faster.
    async fn keep_checkpoint(
        &self,
        after: u64,
        edge: &Edge,
        note: &Note,
    ) -> Result<bool, StoreError>;
    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError>;
    /// Checkpoints of more than `after` entries, in order, at most `most`.
    async fn checkpoints(&self, after: u64, most: u32) -> Result<Vec<KeptCheckpoint>, StoreError>;
}
