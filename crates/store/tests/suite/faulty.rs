//! Blobs on a storage that fails, answers late, or returns other bytes than it
//! was given.

use crate::{
    backends,
    blobs::{instance, permit, read, write},
    fixture::at,
};
use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    StoreError,
    hub::{Blobs, HeldInstance, SEGMENT},
};
use bildbro_store::ObjectBlobs;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    memory::InMemory, path::Path,
};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::sync::Notify;

#[derive(Debug, Clone, Default)]
enum Fault {
    #[default]
    None,
    /// As an object storage that is away.
    Away,
    /// Answers when told.
    Late(Arc<Notify>),
    /// One byte of each object is another; which, counted from the end.
    Changed(usize),
    /// Objects end early, and the storage does not say so.
    Short(usize),
}

/// A storage that can be told to misbehave.
#[derive(Debug, Default)]
struct Faulty {
    inner: InMemory,
    fault: Mutex<Fault>,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl Faulty {
    fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    async fn pass(&self) -> Result<()> {
        let fault = self.fault.lock().unwrap().clone();
        match fault {
            Fault::Away => Err(Error::Generic {
                store: "faulty",
                source: "away".into(),
            }),
            Fault::Late(told) => {
                told.notified().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, to: &Path, bytes: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.pass().await?;
        self.inner.put_opts(to, bytes, how).await
    }
    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented {
            operation: "put_multipart".into(),
            implementer: "faulty".into(),
        })
    }
    async fn get_opts(&self, from: &Path, how: GetOptions) -> Result<GetResult> {
        self.pass().await?;
        let mut found = self.inner.get_opts(from, how).await?;
        let fault = self.fault.lock().unwrap().clone();
        let (meta, range) = (found.meta.clone(), found.range.clone());
        let attributes = found.attributes.clone();
        let bytes = found.bytes().await?;
        let mut bytes = bytes.to_vec();
        match fault {
            Fault::Changed(at) if bytes.len() > at => {
                let at = bytes.len() - 1 - at;
                bytes[at] ^= 1;
            }
            Fault::Short(by) => bytes.truncate(bytes.len().saturating_sub(by)),
            _ => {}
        }
        let payload = futures::stream::iter([Ok(Bytes::from(bytes))]).boxed();
        found = GetResult {
            payload: GetResultPayload::Stream(payload),
            meta,
            range,
            attributes,
            extensions: Default::default(),
        };
        Ok(found)
    }
    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}

async fn blobs() -> (ObjectBlobs, Arc<Faulty>, TempDir) {
    let folder = TempDir::new().unwrap();
    let (db, ring) = backends::keys(&folder).await;
    let storage = Arc::new(Faulty::default());
    let blobs = ObjectBlobs::new(Arc::clone(&storage) as _, db, ring);
    (blobs, storage, folder)
}

/// Reads all; an error before the first byte or in the middle.
async fn try_read(blobs: &dyn Blobs, of: &HeldInstance) -> std::result::Result<Vec<u8>, String> {
    let bytes = blobs.read(&permit(of.study), of, 0, at(1)).await;
    let bytes = bytes.map_err(|e| format!("{:?}", e.class()))?;
    let pieces: Vec<Bytes> = bytes
        .try_collect()
        .await
        .map_err(|e| format!("{:?}", e.kind()))?;
    Ok(pieces.concat())
}

async fn try_write(
    blobs: &dyn Blobs,
    of: &HeldInstance,
    bytes: &[u8],
) -> std::result::Result<(), StoreError> {
    let mut writer = blobs.write(of.key, bytes.len() as u64, 0).await?;
    writer.push(Bytes::copy_from_slice(bytes)).await?;
    writer.finish().await.map(|_| ())
}

fn large() -> Vec<u8> {
    let length = usize::try_from(SEGMENT * 2 + 77).unwrap();
    (0..length).map(|i| (i % 241) as u8).collect()
}

#[tokio::test]
async fn a_storage_that_is_away_is_tried_again_and_nothing_is_lost() {
    for bytes in [vec![1; 1000], large()] {
        let (blobs, storage, _folder) = blobs().await;
        let of = instance(1, &bytes);
        storage.set(Fault::Away);
        let error = try_write(&blobs, &of, &bytes).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Transient);
        storage.set(Fault::None);
        try_write(&blobs, &of, &bytes).await.unwrap();
        storage.set(Fault::Away);
        assert_eq!(try_read(&blobs, &of).await, Err("Transient".into()));
        assert!(blobs.ready().await.is_err());
        storage.set(Fault::None);
        assert!(read(&blobs, &of).await == bytes);
    }
}

#[tokio::test]
async fn a_storage_that_answers_late_is_waited_for() {
    let (blobs, storage, _folder) = blobs().await;
    let of = instance(1, b"image");
    let told = Arc::new(Notify::new());
    storage.set(Fault::Late(Arc::clone(&told)));
    let (done, ()) = tokio::join!(try_write(&blobs, &of, b"image"), async {
        told.notify_one();
    });
    done.unwrap();
    storage.set(Fault::None);
    assert_eq!(read(&blobs, &of).await, b"image");
}

#[tokio::test]
async fn wrong_bytes_never_come_out() {
    for bytes in [vec![1; 1000], vec![2; 200_000], large()] {
        let (blobs, storage, _folder) = blobs().await;
        let of = instance(1, &bytes);
        write(&blobs, of.key, &bytes, 1 << 20).await;
        for fault in [
            Fault::Changed(0),
            Fault::Changed(40),
            Fault::Changed(900),
            Fault::Short(1),
            Fault::Short(1_000_000_000),
        ] {
            storage.set(fault.clone());
            let answer = try_read(&blobs, &of).await;
            assert!(answer.is_err(), "{fault:?} of {}", bytes.len());
        }
    }
}

#[tokio::test]
async fn one_blob_in_the_place_of_another_does_not_open() {
    let (blobs, storage, _folder) = blobs().await;
    let (one, other) = (instance(1, b"one"), instance(1, b"two"));
    write(&blobs, one.key, b"one", 3).await;
    write(&blobs, other.key, b"two", 3).await;
    let names: Vec<Path> = storage
        .list(None)
        .map_ok(|o| o.location)
        .try_collect()
        .await
        .unwrap();
    let path = |of: &HeldInstance| {
        let digest = of.key.digest.to_string();
        names
            .iter()
            .find(|name| name.filename() == Some(&digest))
            .unwrap()
    };
    let how = CopyOptions::default();
    storage
        .copy_opts(path(&one), path(&other), how)
        .await
        .unwrap();
    assert_eq!(try_read(&blobs, &other).await, Err("InvalidData".into()));
}
