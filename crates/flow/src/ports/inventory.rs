//! Ports for looking over what lies in the hub's storage, beside the path: for
//! `fsck`, and to remove what a deleted study leaves.
//!
//! No content passes here: objects are named, measured, checked and removed.

use super::StoreError;
use async_trait::async_trait;
use bildbro_domain::{Digest, OrganisationId, StudyId};
use jiff::Timestamp;

/// A study's place in the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudyPlace {
    pub holder: OrganisationId,
    pub study: StudyId,
}

/// One object in a study's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name in the storage.
    pub name: String,
    /// The blob that it is, or is a part of; `None` for something strange.
    pub digest: Option<Digest>,
    pub bytes: u64,
    pub modified: Timestamp,
}

/// How a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    Good,
    /// It, or a part of it, is not there.
    Missing,
    /// It is there, but does not open, or is not what it was.
    Spoilt,
}

/// What lies in the storage.
#[async_trait]
pub trait BlobInventory: Send + Sync + 'static {
    /// Everyone who has a place.
    async fn holders(&self) -> Result<Vec<OrganisationId>, StoreError>;
    async fn studies(&self, holder: OrganisationId) -> Result<Vec<StudyId>, StoreError>;
    async fn objects(&self, place: StudyPlace) -> Result<Vec<StoredObject>, StoreError>;
    /// How a blob of this length is: whether its objects are there, and, when
    /// `read`, whether their bytes have its digest. Names the objects that make
    /// it up.
    async fn condition(
        &self,
        place: StudyPlace,
        digest: Digest,
        length: u64,
        read: bool,
    ) -> Result<(Condition, Vec<String>), StoreError>;
    /// Removes an object; one that has gone already is no error.
    async fn remove(&self, name: &str) -> Result<(), StoreError>;
    /// Files that a crash in the middle of a write left, where the storage has
    /// such: with their bytes and age.
    async fn drafts(&self) -> Result<Vec<StoredObject>, StoreError>;
    async fn remove_draft(&self, name: &str) -> Result<(), StoreError>;
}

/// A blob that a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NamedBlob {
    pub digest: Digest,
    pub length: u64,
}

/// What the database says should be there.
#[async_trait]
pub trait Rows: Send + Sync + 'static {
    /// All places that rows name: 32 bytes each.
    async fn places(&self) -> Result<Vec<StudyPlace>, StoreError>;
    /// The blobs that rows name in a place, quarantine included; `None` when
    /// there is no row of the study at all.
    async fn named(&self, place: StudyPlace) -> Result<Option<Vec<NamedBlob>>, StoreError>;
    /// Notes that the hub has lost these blobs: it asks for the images again
    /// when they are offered, and delivers them no more. On record. Answers how
    /// many images that concerns.
    async fn mark_lost(
        &self,
        place: StudyPlace,
        lost: &[Digest],
        by: bildbro_domain::audit::Actor,
        at: Timestamp,
    ) -> Result<u64, StoreError>;
}
