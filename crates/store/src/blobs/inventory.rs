//! What lies in the storage, named and measured.

use super::{
    ObjectBlobs, failed, is_damage, permanent,
    place::{self, Place, SEGMENT, Spot, segment_length},
};
use async_trait::async_trait;
use bildbro_domain::{Digest, ErrorClass, OrganisationId};
use bildbro_flow::line;
use bildbro_flow::ports::{
    StoreError,
    hub::BlobKey,
    inventory::{BlobInventory, Condition, Folder, Listed, StoredObject, StudyPlace},
    keys::KeyId,
};
use bildbro_seal::sealed_length;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fs, io, path::Path as FilePath, str::FromStr};
use uuid::Uuid;

const LOOK: &str = "look over the blob storage";

#[async_trait]
impl BlobInventory for ObjectBlobs {
    async fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        let mut all = Vec::new();
        for holder in self.names::<Uuid>(None).await? {
            let holder = OrganisationId(holder);
            for key in self.names(Some(&place::holder(holder))).await? {
                let key = KeyId(key);
                all.push(Folder { holder, key });
            }
        }
        Ok(all)
    }

    async fn folder_of(&self, place: StudyPlace) -> Result<Option<Folder>, StoreError> {
        let holder = place.holder;
        let key = self.keys.id(place.study).await?;
        Ok(key.map(|key| Folder { holder, key }))
    }

    async fn objects(&self, folder: Folder) -> Result<Vec<StoredObject>, StoreError> {
        let path = place::folder(folder.holder, folder.key);
        let mut objects = self.list(&path, path.parts_count()).await?;
        let mut latest: HashMap<Digest, Timestamp> = HashMap::new();
        for part in objects.iter().filter(|object| object.part) {
            if let Some(digest) = part.digest {
                let latest = latest.entry(digest).or_insert(part.modified);
                *latest = part.modified.max(*latest);
            }
        }
        for part in objects.iter_mut().filter(|object| object.part) {
            let of_blob = part.digest.and_then(|digest| latest.get(&digest));
            part.modified = of_blob.copied().unwrap_or(part.modified);
        }
        // Marks come after what they mark, so that they go last.
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    async fn condition(
        &self,
        place: StudyPlace,
        digest: Digest,
        length: u64,
        listed: &Listed,
        read: bool,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        let key = BlobKey {
            holder: place.holder,
            study: place.study,
            digest,
        };
        let spot = match self.keys.for_reading(key).await {
            Ok(spot) => spot,
            Err(error) if is_damage(&error) => return Ok((Condition::Missing, Vec::new())),
            Err(error) => return Err(error),
        };
        let (condition, names) = self.parts_condition(&spot, length, listed).await?;
        if condition != Condition::Good || !read {
            return Ok((condition, names));
        }
        let right = self.reads_back(spot, length).await?;
        let condition = if right {
            Condition::Good
        } else {
            Condition::Spoilt
        };
        Ok((condition, names))
    }

    async fn is_unchanged(&self, object: &StoredObject) -> Result<bool, StoreError> {
        let path = Path::from(object.name.as_str());
        if !object.part {
            return match self.store.head(&path).await {
                Ok(now) => Ok(modified(&now) == object.modified),
                Err(object_store::Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(failed(LOOK, error)),
            };
        }
        let depth = path.parts_count().saturating_sub(2);
        let folder = Path::from_iter(path.parts().take(depth + 1));
        let parts = self.list(&folder, depth).await?;
        let latest = parts.iter().map(|part| part.modified).max();
        Ok(latest == Some(object.modified))
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
    async fn names<T: FromStr>(&self, folder: Option<&Path>) -> Result<Vec<T>, StoreError> {
        let list = self.store.list_with_delimiter(folder).await;
        let folders = list.map_err(|e| failed(LOOK, e))?.common_prefixes;
        let names = folders.iter().filter_map(|path| path.filename());
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    /// What lies below `path`; blobs are named at this depth.
    async fn list(&self, path: &Path, depth: usize) -> Result<Vec<StoredObject>, StoreError> {
        let list = self.store.list(Some(path)).map_ok(|object| StoredObject {
            digest: digest_of(&object.location, depth),
            part: object.location.parts_count() > depth + 1,
            name: object.location.to_string(),
            bytes: object.size,
            modified: modified(&object),
        });
        list.try_collect().await.map_err(|e| failed(LOOK, e))
    }

    /// Whether a blob's objects are there in their right lengths, and which
    /// they are.
    async fn parts_condition(
        &self,
        spot: &Spot,
        length: u64,
        listed: &Listed,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        let whole = Place::Whole.path(spot);
        if length <= SEGMENT {
            let condition = object_condition(&whole, length, listed);
            return Ok((condition, vec![whole.to_string()]));
        }
        let mut names = vec![whole.to_string()];
        let uploads = match self.manifest(spot, length).await {
            Ok(uploads) => uploads,
            Err(error) if is_damage(&error) => return Ok((Condition::Missing, names)),
            Err(error) => return Err(error),
        };
        let mut all = Condition::Good;
        for (index, upload) in (0..).zip(uploads) {
            let path = Place::Part { upload, index }.path(spot);
            let bytes = segment_length(length, index);
            all = all.max(object_condition(&path, bytes, listed));
            names.push(path.to_string());
        }
        Ok((all, names))
    }

    /// Whether a blob opens, and has its digest.
    async fn reads_back(&self, spot: Spot, length: u64) -> Result<bool, StoreError> {
        let digest = spot.digest;
        let mut bytes = match self.bytes(spot, length, 0).await {
            Ok(bytes) => bytes,
            Err(error) if is_damage(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut hash = Sha256::new();
        loop {
            match bytes.try_next().await {
                Ok(Some(piece)) => hash.update(&piece),
                Ok(None) => return Ok(Digest(hash.finalize().into()) == digest),
                Err(error) if line::is_spoilt(&error) => return Ok(false),
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

fn object_condition(path: &Path, length: u64, listed: &Listed) -> Condition {
    match listed.get(path.as_ref()) {
        Some(&found) if found == sealed_length(length) => Condition::Good,
        Some(_) => Condition::Spoilt,
        None => Condition::Missing,
    }
}

/// The blob that an object in a folder belongs to.
fn digest_of(path: &Path, depth: usize) -> Option<Digest> {
    let name = path.parts().nth(depth)?;
    let name = name.as_ref();
    name.strip_suffix(place::PARTS).unwrap_or(name).parse().ok()
}

fn modified(object: &ObjectMeta) -> Timestamp {
    let millis = object.last_modified.timestamp_millis();
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
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
                part: false,
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
