//! Ports for looking over what lies in the hub's storage, beside the path: for
//! `fsck`, and to remove what a deleted study leaves.
//!
//! No content passes here: objects are named, measured, checked and removed.

use super::{StoreError, keys::KeyId};
use async_trait::async_trait;
use bildbro_domain::{Digest, OrganisationId, StudyId};
use jiff::Timestamp;
use std::collections::HashMap;

/// A study as one organisation holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudyPlace {
    pub holder: OrganisationId,
    pub study: StudyId,
}

/// A folder of the storage: what is sealed with one study's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Folder {
    pub holder: OrganisationId,
    pub key: KeyId,
}

/// One object in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name in the storage.
    pub name: String,
    /// The blob that it is, or is a part of; `None` for something strange.
    pub digest: Option<Digest>,
    /// Whether it is only a part of the blob, or a mark at one.
    pub part: bool,
    pub bytes: u64,
    /// Of a part: when the latest of the same blob's parts came, since an
    /// upload may go on with old ones.
    pub modified: Timestamp,
}

/// The objects of a folder: names and bytes.
pub type Listed = HashMap<String, u64>;

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
    /// All folders: 32 bytes each.
    async fn folders(&self) -> Result<Vec<Folder>, StoreError>;
    /// The folder of the key that a study has, if it has one.
    async fn folder_of(&self, place: StudyPlace) -> Result<Option<Folder>, StoreError>;
    async fn objects(&self, folder: Folder) -> Result<Vec<StoredObject>, StoreError>;
    /// How a blob of this length is: whether its objects are among those listed,
    /// and, when `read`, whether their bytes have its digest. Names the objects
    /// that make it up.
    ///
    /// # Errors
    /// When the storage or a key is away: that says nothing of the blob.
    async fn condition(
        &self,
        place: StudyPlace,
        digest: Digest,
        length: u64,
        listed: &Listed,
        read: bool,
    ) -> Result<(Condition, Vec<String>), StoreError>;
    /// Whether an object is as old as it was when it was listed.
    async fn is_unchanged(&self, object: &StoredObject) -> Result<bool, StoreError>;
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
    /// It was found to be lost before.
    pub lost: bool,
}

/// What the database says should be there.
#[async_trait]
pub trait Rows: Send + Sync + 'static {
    /// All places that rows name: 32 bytes each.
    async fn places(&self) -> Result<Vec<StudyPlace>, StoreError>;
    /// The blobs that rows name in a place, quarantine included.
    async fn named(&self, place: StudyPlace) -> Result<Vec<NamedBlob>, StoreError>;
    /// Notes whether the hub has lost these blobs: it asks for lost images again
    /// when they are offered. On record. Answers how many images that changes.
    async fn mark_lost(
        &self,
        place: StudyPlace,
        blobs: &[Digest],
        lost: bool,
        by: bildbro_domain::audit::Actor,
        at: Timestamp,
    ) -> Result<u64, StoreError>;
}
