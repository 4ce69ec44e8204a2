//! The hub's blobs on an object store: a local folder now, S3 and its like by
//! configuration, with the same code.
//!
//! Invariants: a blob appears whole or not at all, and is on disk when `finish`
//! returns; reading takes a permit that covers the study; memory is bounded by
//! one part for each blob on its way. A key follows from content, so writing
//! twice is the same blob.
//!
//! What this module deliberately does not do: it does not check digests, which
//! the stages do as the bytes pass, and it never deletes.

use async_trait::async_trait;
use bildbro_domain::{ErrorClass, policy::Permit};
use bildbro_flow::ports::{
    ByteStream, StoreError,
    hub::{BlobKey, BlobWriter, Blobs, HeldInstance},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use object_store::{
    GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload,
    local::LocalFileSystem, path::Path,
};
use std::{io, sync::Arc};
use tokio_util::io::ReaderStream;

/// A blob up to this size is one request, and held until it is whole; a larger
/// one is sent in parts of this size. Object stores want parts of 5 MiB or more.
const PART: usize = 8 << 20;

/// Bytes read at a time from a local file.
const READ: usize = 1 << 20;

/// Written to find out whether the storage can be written. No key of a blob
/// looks like it.
const PROBE: &str = "probe";

/// Blobs in an object store.
#[derive(Debug, Clone)]
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
}

/// What is wrong with a request for a blob, or with the blob.
#[derive(Debug, thiserror::Error)]
enum BlobFault {
    #[error("the permit does not cover this image now")]
    NotCovered,
    #[error("the blob has {found} bytes instead of {expected}")]
    Length { expected: u64, found: u64 },
}

impl ObjectBlobs {
    /// Blobs in a local folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn folder(path: &std::path::Path) -> Result<Self, StoreError> {
        const OPEN: &str = "open the blob folder";
        std::fs::create_dir_all(path).map_err(|e| permanent(OPEN, e))?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|e| permanent(OPEN, e))?;
        Ok(Self::new(Arc::new(store.with_fsync(true))))
    }

    /// Blobs in any store that answers a write only when it is safe.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }
}

fn path(key: &BlobKey) -> Path {
    Path::from_iter([
        key.holder.to_string(),
        key.study.to_string(),
        key.digest.to_string(),
    ])
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
    async fn write(&self, key: BlobKey) -> Result<Box<dyn BlobWriter>, StoreError> {
        Ok(Box::new(Writer {
            store: Arc::clone(&self.store),
            path: path(&key),
            buffer: Vec::new(),
            buffered: 0,
            upload: None,
        }))
    }

    async fn read(
        &self,
        permit: &Permit,
        instance: &HeldInstance,
        now: Timestamp,
    ) -> Result<ByteStream, StoreError> {
        const READ_BLOB: &str = "read a blob";
        // The place must be the study's that the permit is for.
        if !permit.covers(instance.study, now) || instance.key.study != instance.study {
            return Err(permanent(READ_BLOB, BlobFault::NotCovered));
        }
        let found = self.store.get(&path(&instance.key)).await;
        let found = found.map_err(|e| failed(READ_BLOB, e))?;
        let expected = instance.meta.length;
        if found.meta.size != expected {
            let found = found.meta.size;
            return Err(permanent(READ_BLOB, BlobFault::Length { expected, found }));
        }
        let bytes = match found.payload {
            GetResultPayload::File(file, _) => {
                let file = tokio::fs::File::from_std(file);
                ReaderStream::with_capacity(file, buffer_for(expected)).boxed()
            }
            GetResultPayload::Stream(bytes) => bytes.map_err(io::Error::other).boxed(),
        };
        Ok(whole(bytes, expected))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let (path, bytes) = (Path::from(PROBE), PutPayload::from_static(b"bildbro"));
        let put = self.store.put(&path, bytes).await;
        put.map(|_| ())
            .map_err(|e| failed("write to the blob storage", e))
    }
}

/// Small images do not need a large buffer each.
fn buffer_for(length: u64) -> usize {
    usize::try_from(length).unwrap_or(READ).clamp(1, READ)
}

/// Passes a blob on; an error ends it when it is not `expected` bytes long.
fn whole(bytes: ByteStream, expected: u64) -> ByteStream {
    stream::try_unfold((bytes, 0), move |(mut bytes, so_far)| async move {
        let next = bytes.try_next().await?;
        let found = so_far + next.as_ref().map_or(0, |b| b.len() as u64);
        if found > expected || (next.is_none() && found != expected) {
            let fault = BlobFault::Length { expected, found };
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
        }
        Ok(next.map(|b| (b, (bytes, found))))
    })
    .boxed()
}

/// A blob on its way. Holds at most one part and what was pushed last.
struct Writer {
    store: Arc<dyn ObjectStore>,
    path: Path,
    buffer: Vec<Bytes>,
    buffered: usize,
    /// Begun when the blob turns out to be a large one.
    upload: Option<Box<dyn MultipartUpload>>,
}

const WRITE_BLOB: &str = "write a blob";

impl Writer {
    /// Takes exactly one part's bytes, or all when there are fewer.
    fn take_part(&mut self) -> PutPayload {
        let mut part = Vec::new();
        let mut room = PART;
        for bytes in std::mem::take(&mut self.buffer) {
            let mut bytes = bytes;
            if bytes.len() > room {
                self.buffer.push(bytes.split_off(room));
            }
            room -= bytes.len();
            if !bytes.is_empty() {
                part.push(bytes);
            }
        }
        self.buffered -= PART - room;
        part.into_iter().collect()
    }

    async fn put_part(&mut self) -> Result<(), object_store::Error> {
        let part = self.take_part();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.store.put_multipart(&self.path).await?),
        };
        upload.put_part(part).await
    }

    async fn complete(&mut self) -> Result<(), object_store::Error> {
        if self.upload.is_none() {
            let all = std::mem::take(&mut self.buffer).into_iter().collect();
            self.store.put(&self.path, all).await?;
            return Ok(());
        }
        if self.buffered > 0 {
            self.put_part().await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.buffered += bytes.len();
        self.buffer.push(bytes);
        while self.buffered > PART {
            self.put_part().await.map_err(|e| failed(WRITE_BLOB, e))?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        self.complete().await.map_err(|e| failed(WRITE_BLOB, e))
    }
}

impl Drop for Writer {
    /// Parts that a store keeps of an upload given up cost money for ever.
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "blob.abort_failed");
                }
            });
        }
    }
}
