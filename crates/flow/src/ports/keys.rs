//! Ports for the keys that guard what is at rest.
//!
//! Each study has a data key of its own. It is kept wrapped: by a wrapping key
//! that lies elsewhere (a file, the environment, a hardware module), so that
//! the database and the blobs, or a backup of them, are nothing without it.

use super::StoreError;
use async_trait::async_trait;
use bildbro_domain::StudyId;
use bildbro_seal::DataKey;
use uuid::Uuid;

/// A data key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The wrapping key's name. Names are never used for another key.
    pub by: String,
    pub bytes: Vec<u8>,
}

/// A study's key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyKey {
    /// Stays the same when the key is wrapped anew; a study that was deleted
    /// and comes again has another.
    pub id: KeyId,
    pub wrapped: Wrapped,
}

/// Which of a study's keys, one after another, something is sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub Uuid);

/// Where wrapping keys lie, and how they are used.
#[async_trait]
pub trait Wrapping: Send + Sync + 'static {
    /// The name of the key that wraps from now on.
    fn current(&self) -> &str;

    /// Whether there is a key of this name.
    fn has(&self, name: &str) -> bool;

    /// Wraps with the current key. `context` names what the key is for; it
    /// opens with the same context only.
    ///
    /// # Errors
    /// When the keeper of the key is away (transient) or refuses (permanent).
    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Wrapped, StoreError>;

    /// # Errors
    /// As [`Wrapping::wrap`]; permanent when the wrapping key is unknown here,
    /// or the wrapped key was changed or is another thing's.
    async fn unwrap(&self, wrapped: &Wrapped, context: &[u8]) -> Result<DataKey, StoreError>;
}

/// The studies' wrapped keys, in the hub's database.
#[async_trait]
pub trait StudyKeys: Send + Sync + 'static {
    async fn study_key(&self, study: StudyId) -> Result<Option<StudyKey>, StoreError>;

    /// Keeps a key for a study that has none yet; answers the one that is kept,
    /// which is another when someone was faster.
    async fn keep_study_key(&self, study: StudyId, new: &Wrapped) -> Result<StudyKey, StoreError>;

    /// The names of the keys that wrap studies' keys, and how many each.
    async fn wrapping_keys(&self) -> Result<Vec<(String, u64)>, StoreError>;

    /// Keys that another than `current` wraps, by study, after `after`.
    async fn study_keys_to_rewrap(
        &self,
        current: &str,
        after: Option<StudyId>,
        most: u32,
    ) -> Result<Vec<(StudyId, Wrapped)>, StoreError>;

    /// Puts the same key, wrapped anew, in the place of `old`. False when the
    /// study's key is no longer `old`.
    async fn rewrap_study_key(
        &self,
        study: StudyId,
        old: &Wrapped,
        new: &Wrapped,
    ) -> Result<bool, StoreError>;
}

/// The context of a study's key.
#[must_use]
pub fn study_context(study: StudyId) -> Vec<u8> {
    format!("bildbro study {study}").into_bytes()
}
