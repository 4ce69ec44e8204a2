//! Letters that wait for the post. Sealed; the port does not look into them.

use super::super::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// A letter that was taken, and is nobody else's until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenLetter {
    pub id: Uuid,
    pub sealed: String,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it was tried first: now, or earlier.
    pub tried_since: Timestamp,
}

#[async_trait]
pub trait Letters: Send + Sync + 'static {
    /// Some of those that are due, the oldest first. Several hubs may ask at
    /// once; each letter goes to one.
    async fn take_letters(
        &self,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<Vec<TakenLetter>, StoreError>;

    /// It is with the post, or nobody will take it: either way it is over.
    async fn letter_sent(&self, letter: Uuid) -> Result<(), StoreError>;

    /// It failed for now, and is due again at `due`.
    async fn letter_failed(&self, letter: Uuid, due: Timestamp) -> Result<(), StoreError>;
}
