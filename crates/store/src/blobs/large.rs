//! Blobs of more than one segment: which objects make one up.
//!
//! An upload writes each of its segments once. One that breaks off leaves them;
//! the next goes on behind them, in a folder of its own. The manifest, written
//! when the digest has been found right, says which upload's object stands for
//! each segment; so an upload that brings other bytes under the same digest can
//! spoil nothing that has been admitted. An upload whose bytes were wrong is
//! marked and passed by; nothing of it is removed but by `fsck`, since another
//! may have gone on with its first segments.

use super::{
    BlobFault, ObjectBlobs, failed, permanent,
    place::{self, SEGMENT, Spot, Upload},
    read::READ_BLOB,
};
use bildbro_flow::ports::StoreError;
use bildbro_seal::sealed_length;
use futures::TryStreamExt;
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// `runs`: this many segments, one after another, from this upload.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    version: u32,
    runs: Vec<(Upload, u32)>,
}

impl Manifest {
    pub fn new(uploads: &[Upload]) -> Self {
        let mut runs: Vec<(Upload, u32)> = Vec::new();
        for &upload in uploads {
            match runs.last_mut() {
                Some((same, count)) if *same == upload => *count += 1,
                _ => runs.push((upload, 1)),
            }
        }
        Self { version: 1, runs }
    }

    /// The upload of each segment, of which there are `count`.
    fn uploads(&self, count: u64) -> Result<Vec<Upload>, BlobFault> {
        let said: u64 = self.runs.iter().map(|(_, n)| u64::from(*n)).sum();
        if self.version != 1 || said != count {
            return Err(BlobFault::Manifest);
        }
        let runs = self.runs.iter();
        Ok(runs
            .flat_map(|&(upload, n)| std::iter::repeat_n(upload, n as usize))
            .collect())
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("ids and numbers are JSON")
    }
}

impl ObjectBlobs {
    /// The upload of each segment that is whole, from the first to the first
    /// that is missing.
    pub(super) async fn parts(&self, spot: &Spot) -> Result<Vec<Upload>, StoreError> {
        let folder = place::parts(spot);
        let mut found = Vec::new();
        let mut bad = HashSet::new();
        let mut list = self.store.list(Some(&folder));
        while let Some(object) = list.try_next().await.map_err(|e| failed(READ_BLOB, e))? {
            if let Some(upload) = place::bad_of(&object.location) {
                bad.insert(upload);
            } else if let Some((upload, index)) = place::part_of(&object.location)
                && object.size == sealed_length(SEGMENT)
            {
                found.push((index, upload));
            }
        }
        found.retain(|(_, upload)| !bad.contains(upload));
        let found: BTreeMap<u32, Upload> = found.into_iter().collect();
        let in_order = (0..).map_while(|index| found.get(&index).copied());
        Ok(in_order.collect())
    }

    /// The uploads of the segments before `from`.
    pub(super) async fn begun_parts(
        &self,
        spot: &Spot,
        from: u64,
    ) -> Result<Vec<Upload>, StoreError> {
        let mut parts = self.parts(spot).await?;
        let count = usize::try_from(from / SEGMENT).unwrap_or(usize::MAX);
        if !from.is_multiple_of(SEGMENT) || parts.len() < count {
            return Err(permanent("go on with an upload", BlobFault::Offset(from)));
        }
        parts.truncate(count);
        Ok(parts)
    }

    /// The upload of each segment of an admitted blob.
    pub(super) async fn manifest(
        &self,
        spot: &Spot,
        length: u64,
    ) -> Result<Vec<Upload>, StoreError> {
        let json = self.open_manifest(spot).await?;
        let manifest: Manifest =
            serde_json::from_slice(&json).map_err(|_| permanent(READ_BLOB, BlobFault::Manifest))?;
        let uploads = manifest.uploads(length.div_ceil(SEGMENT));
        uploads.map_err(|fault| permanent(READ_BLOB, fault))
    }
}
