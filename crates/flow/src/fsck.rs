//! Looks over the hub's storage and database, and explains where they differ.
//!
//! Bytes are written before their row, and rows go before their bytes. So a
//! crash leaves a blob without a row at most: rubbish, or an upload that still
//! goes on, which is why only what is old is removed. A row without its blob is
//! damage from outside; it is marked, so that the image can be sent anew.

use crate::ports::{
    StoreError,
    inventory::{BlobInventory, Condition, NamedBlob, Rows, StoredObject, StudyPlace},
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
    /// Images marked as lost.
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
    pub rows: &'a dyn Rows,
    pub blobs: &'a dyn BlobInventory,
    pub plan: Plan,
    pub tell: &'a mut (dyn FnMut(&Finding) + Send),
    pub summary: Summary,
}

impl Fsck<'_> {
    /// Looks over everything; one study at a time is in memory.
    ///
    /// # Errors
    /// When either side is away; what was mended stays mended.
    pub async fn run(mut self) -> Result<Summary, StoreError> {
        self.look_at_rows().await?;
        self.look_at_places().await?;
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
            if let Some(named) = self.rows.named(place).await? {
                self.study(place, &named).await?;
            }
        }
        Ok(())
    }

    /// A study that has rows: each blob that they name, then what else lies
    /// there.
    async fn study(&mut self, place: StudyPlace, named: &[NamedBlob]) -> Result<(), StoreError> {
        self.summary.studies += 1;
        let objects = self.blobs.objects(place).await?;
        let mut needed = HashSet::new();
        let mut lost = Vec::new();
        for blob in named {
            self.summary.blobs += 1;
            self.summary.bytes += blob.length;
            let (condition, names) = self
                .blobs
                .condition(place, blob.digest, blob.length, self.plan.read)
                .await?;
            needed.extend(names);
            if condition != Condition::Good {
                self.summary.lost += 1;
                lost.push(blob.digest);
                (self.tell)(&Finding::Lost {
                    place,
                    digest: blob.digest,
                    condition,
                });
            }
        }
        if self.plan.mend && !lost.is_empty() {
            let (by, now) = (self.plan.by.clone(), self.plan.now);
            self.summary.marked += self.rows.mark_lost(place, &lost, by, now).await?;
        }
        for object in objects {
            // What is left of a lost blob may be all that is left of the image.
            let of_lost = object.digest.is_some_and(|digest| lost.contains(&digest));
            if !needed.contains(&object.name) && !of_lost {
                self.clear(&object).await?;
            }
        }
        Ok(())
    }

    /// Places that no row names.
    async fn look_at_places(&mut self) -> Result<(), StoreError> {
        for holder in self.blobs.holders().await? {
            for study in self.blobs.studies(holder).await? {
                let place = StudyPlace { holder, study };
                if self.rows.named(place).await?.is_some() {
                    continue;
                }
                for object in self.blobs.objects(place).await? {
                    self.clear(&object).await?;
                }
            }
        }
        Ok(())
    }

    async fn clear(&mut self, object: &StoredObject) -> Result<(), StoreError> {
        if self.orphan(object) {
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
