//! Looks over the hub's storage and database, and explains where they differ.
//!
//! Bytes are written before their row, and rows go before their bytes. So a
//! crash leaves a blob without a row at most: rubbish, or an upload that still
//! goes on, which is why only what is old is removed. A row without its blob is
//! damage from outside; it is marked, so that the image can be sent anew.

use crate::ports::{
    StoreError,
    inventory::{
        BlobInventory, Condition, Folder, Listed, NamedBlob, Rows, StoredObject, StudyPlace,
    },
};
use bildbro_domain::{Digest, audit::Actor};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// What to look for, and what to do about it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Read every blob, and compare its digest: takes as long as reading all.
    pub read: bool,
    /// Mend what is safe to mend.
    pub mend: bool,
    /// Objects younger than this may belong to an upload under way.
    pub grace: SignedDuration,
    pub by: Actor,
    pub now: Timestamp,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A row names a blob that is not there, or not whole.
    Lost {
        place: StudyPlace,
        digest: Digest,
        condition: Condition,
    },
    /// An object that no row names.
    Orphan { name: String, bytes: u64 },
    /// The same, too young to judge.
    Young { name: String, bytes: u64 },
}

/// What was seen, and mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub studies: u64,
    pub blobs: u64,
    pub bytes: u64,
    pub lost: u64,
    pub orphans: u64,
    pub orphan_bytes: u64,
    pub young: u64,
    pub removed: u64,
    /// Images newly marked as lost, or no longer so.
    pub marked: u64,
}

impl Summary {
    /// Whether rows and blobs agree.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.orphans == 0
    }
}

/// The two sides, and who is told.
pub struct Fsck<'a> {
    rows: &'a dyn Rows,
    blobs: &'a dyn BlobInventory,
    plan: Plan,
    tell: &'a mut (dyn FnMut(&Finding) + Send),
    summary: Summary,
    /// Folders of studies that have rows.
    seen: HashSet<Folder>,
}

impl<'a> Fsck<'a> {
    pub fn new(
        rows: &'a dyn Rows,
        blobs: &'a dyn BlobInventory,
        plan: Plan,
        tell: &'a mut (dyn FnMut(&Finding) + Send),
    ) -> Self {
        Self {
            rows,
            blobs,
            plan,
            tell,
            summary: Summary::default(),
            seen: HashSet::new(),
        }
    }

    /// Looks over everything; one study at a time is in memory.
    ///
    /// # Errors
    /// When either side is away; what was mended stays mended.
    pub async fn run(mut self) -> Result<Summary, StoreError> {
        self.look_at_rows().await?;
        self.look_at_folders().await?;
        for draft in self.blobs.drafts().await? {
            let name = draft.name.clone();
            if self.orphan(&draft) {
                self.blobs.remove_draft(&name).await?;
                self.summary.removed += 1;
            }
        }
        Ok(self.summary)
    }

    async fn look_at_rows(&mut self) -> Result<(), StoreError> {
        for place in self.rows.places().await? {
            self.study(place).await?;
        }
        Ok(())
    }

    /// A study that has rows: each blob that they name, then what else lies in
    /// its folder.
    async fn study(&mut self, place: StudyPlace) -> Result<(), StoreError> {
        self.summary.studies += 1;
        // Rows first: what they name was written before.
        let named = self.rows.named(place).await?;
        let folder = self.blobs.folder_of(place).await?;
        let objects = match folder {
            Some(folder) => self.blobs.objects(folder).await?,
            None => Vec::new(),
        };
        let listed = objects.iter().map(|o| (o.name.clone(), o.bytes)).collect();
        let (mut lost, mut found) = (Vec::new(), Vec::new());
        let mut needed = HashSet::new();
        for blob in &named {
            let (condition, names) = self.look_at(place, blob, &listed).await?;
            needed.extend(names);
            if condition != Condition::Good {
                lost.push(blob.digest);
            } else if blob.lost && self.plan.read {
                found.push(blob.digest);
            }
        }
        if self.plan.mend {
            for (digests, now_lost) in [(&lost, true), (&found, false)] {
                let (by, now) = (self.plan.by.clone(), self.plan.now);
                let marked = self.rows.mark_lost(place, digests, now_lost, by, now);
                self.summary.marked += marked.await?;
            }
        }
        self.seen.extend(folder);
        for object in objects {
            // What is left of a lost blob may be all that is left of the image.
            let of_lost = object.digest.is_some_and(|digest| lost.contains(&digest));
            if !needed.contains(&object.name) && !of_lost {
                self.clear(Some(place), &object).await?;
            }
        }
        Ok(())
    }

    async fn look_at(
        &mut self,
        place: StudyPlace,
        blob: &NamedBlob,
        listed: &Listed,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        self.summary.blobs += 1;
        self.summary.bytes += blob.length;
        let looked = self
            .blobs
            .condition(place, blob.digest, blob.length, listed, self.plan.read);
        let (condition, names) = looked.await?;
        if condition != Condition::Good {
            self.summary.lost += 1;
            (self.tell)(&Finding::Lost {
                place,
                digest: blob.digest,
                condition,
            });
        }
        Ok((condition, names))
    }

    /// Folders in which no row names anything: of studies deleted, or of uploads
    /// that never came to a study.
    async fn look_at_folders(&mut self) -> Result<(), StoreError> {
        for folder in self.blobs.folders().await? {
            if self.seen.contains(&folder) {
                continue;
            }
            for object in self.blobs.objects(folder).await? {
                self.clear(None, &object).await?;
            }
        }
        Ok(())
    }

    /// Removes an object that nothing names, if it is old; looking once more
    /// just before, since it may have been written, or named, meanwhile.
    async fn clear(
        &mut self,
        place: Option<StudyPlace>,
        object: &StoredObject,
    ) -> Result<(), StoreError> {
        if !self.orphan(object) {
            return Ok(());
        }
        let named = match (place, object.digest) {
            (Some(place), Some(digest)) if !object.part => {
                let named = self.rows.named(place).await?;
                named.iter().any(|blob| blob.digest == digest)
            }
            _ => false,
        };
        if !named && self.blobs.is_unchanged(object).await? {
            self.blobs.remove(&object.name).await?;
            self.summary.removed += 1;
        }
        Ok(())
    }

    /// Tells of an object that nothing names; whether it is to be removed.
    fn orphan(&mut self, object: &StoredObject) -> bool {
        let (name, bytes) = (object.name.clone(), object.bytes);
        if self.plan.now.duration_since(object.modified) < self.plan.grace {
            self.summary.young += 1;
            (self.tell)(&Finding::Young { name, bytes });
            return false;
        }
        self.summary.orphans += 1;
        self.summary.orphan_bytes += bytes;
        (self.tell)(&Finding::Orphan { name, bytes });
        self.plan.mend
    }
}
