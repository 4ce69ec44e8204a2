//! The hub's blobs on an object store, sealed: a local folder, S3, Azure or
//! Google Cloud Storage, with the same code.
//!
//! A blob of up to [`SEGMENT`] bytes is one object, `holder/study/digest`. A
//! larger one is many: each [`SEGMENT`] bytes of it lie in an object of their
//! own, in the folder of the upload that brought them, and `holder/study/digest`
//! is a [`Manifest`] that names them. So no request is ever larger than one
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

pub use place::SEGMENT;

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

/// What is not there, or not allowed, stays so; anything else may pass.
fn failed(operation: &'static str, error: object_store::Error) -> StoreError {
    use object_store::Error;
    let class = match &error {
        Error::NotFound { .. }
        | Error::InvalidPath { .. }
        | Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::PermissionDenied { .. }
        | Error::Unauthenticated { .. }
        | Error::UnknownConfigurationKey { .. } => ErrorClass::Permanent,
        _ => ErrorClass::Transient,
    };
    StoreError {
        operation,
        class,
        source: Box::new(error),
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn write(
        &self,
        key: BlobKey,
        length: u64,
        from: u64,
    ) -> Result<Box<dyn BlobWriter>, StoreError> {
        let (key_id, data_key) = self.keys.for_writing(key.study).await?;
        let before = if from == 0 {
            Vec::new()
        } else {
            self.begun_parts(&key, from).await?
        };
        let store = Arc::clone(&self.store);
        let sealing = write::Sealing { key_id, data_key };
        let writer = write::Writer::new(store, sealing, key, length, before);
        Ok(Box::new(writer))
    }

    async fn begun(&self, key: BlobKey, length: u64) -> Result<u64, StoreError> {
        if length <= SEGMENT {
            return Ok(0);
        }
        let parts = self.parts(&key).await?;
        // Not all of it, or the writer would have nothing to write.
        let whole = (parts.len() as u64 * SEGMENT).min((length - 1) / SEGMENT * SEGMENT);
        Ok(whole)
    }

    async fn begun_bytes(&self, key: BlobKey, length: u64) -> Result<ByteStream, StoreError> {
        let data_key = self.keys.for_reading(key.study).await?;
        let parts = self.begun_parts(&key, length).await?;
        Ok(self.segments(key, data_key, parts, length, 0))
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
            return Err(permanent(read::READ_BLOB, BlobFault::NotCovered));
        }
        self.bytes(instance.key, instance.meta.length, from).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let (path, bytes) = (Path::from(PROBE), PutPayload::from_static(b"bildbro"));
        let put = self.store.put(&path, bytes).await;
        put.map(|_| ())
            .map_err(|e| failed("write to the blob storage", e))
    }
}
