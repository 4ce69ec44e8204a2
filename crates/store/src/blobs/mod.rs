//! The hub's blobs on an object store, sealed: a local folder, S3, Azure or
//! Google Cloud Storage, with the same code.
//!
//! A blob of up to [`SEGMENT`] bytes is one object, `holder/key/digest`, where
//! `key` is the id of the study's key. A larger one is many: each [`SEGMENT`]
//! bytes of it lie in an object of their own, named by the upload that brought
//! them, and `holder/key/digest` is a manifest of them. So no request is ever larger than one
//! segment, an upload that breaks off is gone on with where it was, and nothing
//! that has been admitted is ever written over.
//!
//! Invariants
//! - A blob appears whole or not at all, and is safe when `finish` returns.
//! - Everything is sealed with the study's data key, bound to its place.
//! - Reading takes a permit that covers the study.
//! - Memory is bounded by one segment for each blob on its way.
//!
//! What this module deliberately does not do: it does not check digests, which
//! the stages do as the bytes pass.

mod inventory;
mod keys;
mod large;
mod open;
mod place;
mod read;
mod write;

use place::SEGMENT;

use async_trait::async_trait;
use bildbro_domain::{ErrorClass, policy::Permit};
use bildbro_flow::ports::{
    ByteStream, StoreError,
    hub::{BlobKey, BlobWriter, Blobs, HeldInstance},
    keys::{StudyKeys, Wrapping},
};
use jiff::Timestamp;
use keys::Keys;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// Written to find out whether the storage can be written. No key of a blob
/// looks like it.
const PROBE: &str = "probe";

/// Blobs in an object store.
#[derive(Clone)]
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    keys: Arc<Keys>,
    /// When it is one.
    folder: Option<PathBuf>,
}

/// What is wrong with a request for a blob, or with the blob.
#[derive(Debug, thiserror::Error)]
enum BlobFault {
    #[error("the permit does not cover this image now")]
    NotCovered,
    #[error("the blob has {found} bytes instead of {expected}")]
    Length { expected: u64, found: u64 },
    #[error("the study has no key: it was deleted")]
    NoKey,
    #[error("the list of a blob's parts is damaged")]
    Manifest,
    #[error("an upload goes on at {0}, which is not where one broke off")]
    Offset(u64),
    #[error(transparent)]
    Seal(#[from] bildbro_seal::SealError),
}

impl ObjectBlobs {
    /// Blobs in a local folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn folder(
        path: &std::path::Path,
        study_keys: Arc<dyn StudyKeys>,
        wrapping: Arc<dyn Wrapping>,
    ) -> Result<Self, StoreError> {
        const OPEN: &str = "open the blob folder";
        std::fs::create_dir_all(path).map_err(|e| permanent(OPEN, e))?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|e| permanent(OPEN, e))?;
        let store = Arc::new(store.with_fsync(true));
        Ok(Self {
            folder: Some(path.to_owned()),
            ..Self::new(store, study_keys, wrapping)
        })
    }

    /// Blobs at an address, such as `s3://bucket/prefix`, `az://container` or
    /// `gs://bucket`. `options` are named as `object_store` names them.
    ///
    /// # Errors
    /// When the address or an option is unknown.
    pub fn at(
        url: &str,
        options: &BTreeMap<String, String>,
        study_keys: Arc<dyn StudyKeys>,
        wrapping: Arc<dyn Wrapping>,
    ) -> Result<Self, StoreError> {
        let store = open::open(url, options)?;
        Ok(Self::new(store, study_keys, wrapping))
    }

    /// Whether this storage has been a hub's before: an empty one under a full
    /// database is a disk that is not mounted, or the wrong bucket.
    ///
    /// # Errors
    /// When the storage is away.
    pub async fn is_used(&self) -> Result<bool, StoreError> {
        match self.store.head(&Path::from(PROBE)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("look for the blob storage", error)),
        }
    }

    /// Blobs in any store that answers a write only when it is safe.
    #[must_use]
    pub fn new(
        store: Arc<dyn ObjectStore>,
        study_keys: Arc<dyn StudyKeys>,
        wrapping: Arc<dyn Wrapping>,
    ) -> Self {
        let keys = Arc::new(Keys::new(study_keys, wrapping));
        Self {
            store,
            keys,
            folder: None,
        }
    }
}

fn permanent(
    operation: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError {
        operation,
        class: ErrorClass::Permanent,
        source: Box::new(source),
    }
}

/// What is not there stays so; anything else may pass.
fn failed(operation: &'static str, error: object_store::Error) -> StoreError {
    use object_store::Error;
    let class = match &error {
        Error::NotFound { .. }
        | Error::InvalidPath { .. }
        | Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::UnknownConfigurationKey { .. } => ErrorClass::Permanent,
        // Also what a person must mend, such as credentials that have run out:
        // the images are there, and nobody is to take them for lost.
        _ => ErrorClass::Transient,
    };
    StoreError {
        operation,
        class,
        source: Box::new(error),
    }
}

/// Whether an error says that a blob is gone or damaged, rather than that
/// something is in the way of reading it.
fn is_damage(error: &StoreError) -> bool {
    let source = error.source.as_ref();
    matches!(
        source.downcast_ref(),
        Some(object_store::Error::NotFound { .. })
    ) || source.downcast_ref::<BlobFault>().is_some()
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn write(
        &self,
        key: BlobKey,
        length: u64,
        from: u64,
    ) -> Result<Box<dyn BlobWriter>, StoreError> {
        let spot = self.keys.for_writing(key).await?;
        let before = if from == 0 {
            Vec::new()
        } else {
            self.begun_parts(&spot, from).await?
        };
        let writer = write::Writer::new(Arc::clone(&self.store), spot, length, before);
        if from > 0 {
            writer.mark_going_on().await?;
        }
        Ok(Box::new(writer))
    }

    async fn begun(&self, key: BlobKey, length: u64) -> Result<u64, StoreError> {
        if length <= SEGMENT {
            return Ok(0);
        }
        // Asking makes nothing: also no key.
        let spot = match self.keys.for_reading(key).await {
            Ok(spot) => spot,
            Err(error) if is_damage(&error) => return Ok(0),
            Err(error) => return Err(error),
        };
        let parts = self.parts(&spot).await?;
        // Not all of it, or the writer would have nothing to write.
        let whole = (parts.len() as u64 * SEGMENT).min((length - 1) / SEGMENT * SEGMENT);
        Ok(whole)
    }

    async fn begun_bytes(&self, key: BlobKey, length: u64) -> Result<ByteStream, StoreError> {
        let spot = self.keys.for_reading(key).await?;
        let parts = self.begun_parts(&spot, length).await?;
        Ok(self.segments(spot, parts, length, 0))
    }

    async fn read(
        &self,
        permit: &Permit,
        instance: &HeldInstance,
        from: u64,
        now: Timestamp,
    ) -> Result<ByteStream, StoreError> {
        // The place must be the study's that the permit is for.
        if !permit.covers(instance.study, now) || instance.key.study != instance.study {
            // Mostly a permit that has run out in a long body: the rest is
            // asked for, and decided, anew.
            return Err(StoreError {
                operation: read::READ_BLOB,
                class: ErrorClass::Transient,
                source: Box::new(BlobFault::NotCovered),
            });
        }
        let spot = self.keys.for_reading(instance.key).await?;
        match self.bytes(spot, instance.meta.length, from).await {
            // Nothing is there: not the image's doing.
            Err(error) if is_damage(&error) && !self.is_used().await? => Err(StoreError {
                class: ErrorClass::Transient,
                ..error
            }),
            read => read,
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let (path, bytes) = (Path::from(PROBE), PutPayload::from_static(b"bildbro"));
        let put = self.store.put(&path, bytes).await;
        put.map(|_| ())
            .map_err(|e| failed("write to the blob storage", e))
    }
}
