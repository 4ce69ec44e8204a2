//! What lies in the storage, named and measured.

use super::{
    ObjectBlobs, failed, permanent,
    place::{self, Place, SEGMENT, segment_length},
};
use async_trait::async_trait;
use bildbro_domain::{Digest, ErrorClass, OrganisationId, StudyId};
use bildbro_flow::ports::{
    StoreError,
    hub::BlobKey,
    inventory::{BlobInventory, Condition, StoredObject, StudyPlace},
};
use bildbro_seal::sealed_length;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use sha2::{Digest as _, Sha256};
use std::{fs, io, path::Path as FilePath, str::FromStr};

const LOOK: &str = "look over the blob storage";

#[async_trait]
impl BlobInventory for ObjectBlobs {
    async fn holders(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.folders(None).await
    }

    async fn studies(&self, holder: OrganisationId) -> Result<Vec<StudyId>, StoreError> {
        self.folders(Some(&place::holder(holder))).await
    }

    async fn objects(&self, of: StudyPlace) -> Result<Vec<StoredObject>, StoreError> {
        let folder = place::study(of.holder, of.study);
        let depth = folder.parts_count();
        let list = self
            .store
            .list(Some(&folder))
            .map_ok(|object| StoredObject {
                digest: digest_of(&object.location, depth),
                name: object.location.to_string(),
                bytes: object.size,
                modified: modified(&object),
            });
        list.try_collect().await.map_err(|e| failed(LOOK, e))
    }

    async fn condition(
        &self,
        place: StudyPlace,
        digest: Digest,
        length: u64,
        read: bool,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        let key = BlobKey {
            holder: place.holder,
            study: place.study,
            digest,
        };
        let (condition, names) = self.parts_condition(key, length).await?;
        if condition != Condition::Good || !read {
            return Ok((condition, names));
        }
        let right = self.reads_back(key, length).await?;
        let condition = if right {
            Condition::Good
        } else {
            Condition::Spoilt
        };
        Ok((condition, names))
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match self.store.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("remove an object", error)),
        }
    }

    async fn drafts(&self) -> Result<Vec<StoredObject>, StoreError> {
        let Some(folder) = self.folder.clone() else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let walked = tokio::task::spawn_blocking(move || {
            drafts(&folder, &mut found)?;
            Ok::<_, io::Error>(found)
        });
        let walked = walked.await.map_err(|e| permanent(LOOK, e))?;
        walked.map_err(|e| permanent(LOOK, e))
    }

    async fn remove_draft(&self, name: &str) -> Result<(), StoreError> {
        match tokio::fs::remove_file(name).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(permanent("remove a draft", error))
            }
            _ => Ok(()),
        }
    }
}

impl ObjectBlobs {
    async fn folders<T: FromStr>(&self, folder: Option<&Path>) -> Result<Vec<T>, StoreError> {
        let list = self.store.list_with_delimiter(folder).await;
        let folders = list.map_err(|e| failed(LOOK, e))?.common_prefixes;
        let names = folders.iter().filter_map(|path| path.filename());
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    /// Whether a blob's objects are there in their right lengths, and which
    /// they are.
    async fn parts_condition(
        &self,
        key: BlobKey,
        length: u64,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        let whole = Place::Whole.path(&key);
        if length <= SEGMENT {
            let condition = self.object_condition(&whole, length).await?;
            return Ok((condition, vec![whole.to_string()]));
        }
        let mut names = vec![whole.to_string()];
        let uploads = match self.keys.for_reading(key.study).await {
            Ok(data_key) => self.manifest(&key, &data_key, length).await,
            Err(error) => Err(error),
        };
        let uploads = match uploads {
            Ok(uploads) => uploads,
            Err(error) if error.class() == ErrorClass::Permanent => {
                return Ok((Condition::Missing, names));
            }
            Err(error) => return Err(error),
        };
        let mut all = Condition::Good;
        for (index, upload) in (0..).zip(uploads) {
            let path = Place::Part { upload, index }.path(&key);
            let bytes = segment_length(length, index);
            all = all.max(self.object_condition(&path, bytes).await?);
            names.push(path.to_string());
        }
        Ok((all, names))
    }

    async fn object_condition(&self, path: &Path, length: u64) -> Result<Condition, StoreError> {
        match self.store.head(path).await {
            Ok(found) if found.size == sealed_length(length) => Ok(Condition::Good),
            Ok(_) => Ok(Condition::Spoilt),
            Err(object_store::Error::NotFound { .. }) => Ok(Condition::Missing),
            Err(error) => Err(failed(LOOK, error)),
        }
    }

    /// Whether a blob opens, and has its digest.
    async fn reads_back(&self, key: BlobKey, length: u64) -> Result<bool, StoreError> {
        let mut bytes = match self.bytes(key, length, 0).await {
            Ok(bytes) => bytes,
            Err(error) if error.class() == ErrorClass::Permanent => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut hash = Sha256::new();
        loop {
            match bytes.try_next().await {
                Ok(Some(piece)) => hash.update(&piece),
                Ok(None) => return Ok(Digest(hash.finalize().into()) == key.digest),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(false),
                Err(error) => {
                    return Err(StoreError {
                        operation: LOOK,
                        class: ErrorClass::Transient,
                        source: Box::new(error),
                    });
                }
            }
        }
    }
}

/// The blob that an object in a study's place belongs to.
fn digest_of(path: &Path, depth: usize) -> Option<Digest> {
    let name = path.parts().nth(depth)?;
    let name = name.as_ref();
    name.strip_suffix(place::PARTS).unwrap_or(name).parse().ok()
}

fn modified(object: &ObjectMeta) -> Timestamp {
    Timestamp::from_second(object.last_modified.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A local store writes `name#1`, and gives it its name when it is whole.
fn drafts(folder: &FilePath, found: &mut Vec<StoredObject>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, meta) = (entry.path(), entry.metadata()?);
        if meta.is_dir() {
            drafts(&path, found)?;
        } else if is_draft(&path) {
            found.push(StoredObject {
                digest: None,
                name: path.display().to_string(),
                bytes: meta.len(),
                modified: meta.modified()?.try_into().unwrap_or(Timestamp::UNIX_EPOCH),
            });
        }
    }
    Ok(())
}

fn is_draft(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.rsplit_once('#'))
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
