//! Storage and database compared, on a folder and SQLite.

use crate::{backends, blobs::write, fixture::*};
use async_trait::async_trait;
use bildbro_domain::{Digest, StudyId};
use bildbro_flow::{
    fsck::{Finding, Fsck, Plan, Summary},
    ports::{
        StoreError,
        hub::{BlobKey, Blobs, HubStore, Item, SEGMENT},
        inventory::{BlobInventory, Condition, Folder, Listed, StoredObject, StudyPlace},
        keys::{KeyId, StudyKeys},
    },
};
use bildbro_store::{HubDb, ObjectBlobs};
use bildbro_wire::link::{Answer, Intent, Offer};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

struct World {
    db: Arc<HubDb>,
    blobs: ObjectBlobs,
    sender: Party,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (db, ring) = backends::keys(&folder).await;
        let blobs = ObjectBlobs::folder(&folder.path().join("blobs"), db.clone(), ring).unwrap();
        let (sender, _) = two(&db).await;
        Self {
            db,
            blobs,
            sender,
            folder,
        }
    }

    /// An image of these bytes, its blob written but not admitted.
    async fn written(&self, number: u32, bytes: &[u8]) -> Item {
        let offer = Offer {
            digest: Digest::of(bytes),
            length: bytes.len() as u64,
            ..image(1, number, Intent::Hold)
        };
        let key = BlobKey::of(self.sender.organisation.id, &offer);
        write(&self.blobs, key, bytes, 1 << 20).await;
        Item {
            offer,
            stored: self.key().await,
        }
    }

    async fn admitted(&self, number: u32, bytes: &[u8]) -> Offer {
        let item = self.written(number, bytes).await;
        let call = self.sender.call(1);
        let answers = self.db.admit(&call, std::slice::from_ref(&item)).await;
        assert_eq!(answers.unwrap(), [Answer::Held]);
        item.offer
    }

    async fn offered(&self, offer: &Offer) -> Answer {
        let call = self.sender.call(2);
        let answers = self.db.admit(&call, &[offered(offer)]).await.unwrap();
        answers.into_iter().next().unwrap()
    }

    async fn key(&self) -> Option<KeyId> {
        let holder = self.sender.organisation.id;
        let of = StudyId::of(holder, &study(1));
        self.db.study_key(of).await.unwrap().map(|kept| kept.id)
    }

    /// So many hours from now.
    async fn fsck(&self, hours: i64, read: bool, mend: bool) -> (Summary, Vec<Finding>) {
        self.fsck_of(&self.blobs, hours, read, mend).await
    }

    async fn fsck_of(
        &self,
        blobs: &dyn BlobInventory,
        hours: i64,
        read: bool,
        mend: bool,
    ) -> (Summary, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut tell = |finding: &Finding| findings.push(finding.clone());
        let plan = Plan {
            read,
            mend,
            grace: SignedDuration::from_hours(24),
            by: operator(),
            now: Timestamp::now() + SignedDuration::from_hours(hours),
        };
        let fsck = Fsck::new(self.db.as_ref(), blobs, plan, &mut tell);
        let summary = fsck.run().await.unwrap();
        (summary, findings)
    }

    /// The files of a blob.
    fn files(&self, of: &Offer) -> Vec<PathBuf> {
        let mut all = Vec::new();
        walk(&self.folder.path().join("blobs"), &mut all);
        let digest = of.digest.to_string();
        all.retain(|file| file.to_string_lossy().contains(&digest));
        all.sort();
        all
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn large() -> Vec<u8> {
    let length = usize::try_from(SEGMENT + 99).unwrap();
    (0..length).map(|i| (i % 239) as u8).collect()
}

#[tokio::test]
async fn what_agrees_is_left_alone() {
    let world = World::new().await;
    world.admitted(1, b"small").await;
    world.admitted(2, &large()).await;
    let (summary, findings) = world.fsck(48, true, true).await;
    assert!(summary.is_clean() && findings.is_empty(), "{findings:?}");
    assert_eq!((summary.studies, summary.blobs), (1, 2));
    let (again, _) = world.fsck(48, true, false).await;
    assert!(again.is_clean(), "and nothing was removed");
}

#[tokio::test]
async fn what_nothing_names_is_removed_once_it_is_old() {
    let world = World::new().await;
    world.admitted(1, b"small").await;
    let orphans = [
        world.written(2, b"never admitted").await.offer,
        world.written(3, &large()).await.offer,
    ];
    // And an upload that broke off.
    let broken = Offer {
        digest: Digest::of(b"broken off"),
        ..image(1, 4, Intent::Hold)
    };
    let key = BlobKey::of(world.sender.organisation.id, &broken);
    let mut writer = world.blobs.write(key, 3 * SEGMENT, 0).await.unwrap();
    writer.push(large().into()).await.unwrap();
    drop(writer);

    let (summary, _) = world.fsck(1, false, true).await;
    assert_eq!((summary.young, summary.orphans), (5, 0));
    let (summary, _) = world.fsck(48, false, false).await;
    assert_eq!((summary.orphans, summary.removed), (5, 0), "only looked at");
    let (summary, _) = world.fsck(48, false, true).await;
    assert_eq!((summary.orphans, summary.removed), (5, 5));
    for orphan in orphans.iter().chain([&broken]) {
        assert!(world.files(orphan).is_empty());
    }
    let (summary, _) = world.fsck(48, true, true).await;
    assert!(summary.is_clean());
}

#[tokio::test]
async fn a_lost_or_spoilt_image_is_named_marked_and_unmarked_when_it_is_back() {
    let world = World::new().await;
    let (gone, changed) = (
        world.admitted(1, b"gone").await,
        world.admitted(2, &large()).await,
    );
    let file = world.files(&gone).remove(0);
    let kept = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let part = world.files(&changed).pop().unwrap();
    let mut bytes = fs::read(&part).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&part, bytes).unwrap();

    let (summary, findings) = world.fsck(48, false, false).await;
    assert_eq!((summary.lost, findings.len()), (1, 1), "{findings:?}");
    let (summary, findings) = world.fsck(48, true, true).await;
    assert_eq!((summary.lost, summary.marked, summary.removed), (2, 2, 0));
    let conditions = findings.iter().map(|finding| match finding {
        Finding::Lost { condition, .. } => *condition,
        other => panic!("{other:?}"),
    });
    let conditions: Vec<Condition> = conditions.collect();
    assert!(conditions.contains(&Condition::Missing));
    assert!(conditions.contains(&Condition::Spoilt));
    assert_eq!(world.offered(&gone).await, Answer::Send);
    assert_eq!(world.offered(&changed).await, Answer::Send);

    // Put back from a backup.
    fs::write(&file, kept).unwrap();
    let (summary, _) = world.fsck(48, true, true).await;
    assert_eq!((summary.lost, summary.marked), (1, 1));
    assert_eq!(world.offered(&gone).await, Answer::Held);
}

/// The inventory of a storage into which someone writes just before fsck removes.
struct Busy {
    blobs: ObjectBlobs,
    key: BlobKey,
    bytes: Vec<u8>,
}

#[async_trait]
impl BlobInventory for Busy {
    async fn is_unchanged(&self, object: &StoredObject) -> Result<bool, StoreError> {
        write(&self.blobs, self.key, &self.bytes, 1 << 20).await;
        self.blobs.is_unchanged(object).await
    }
    async fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        self.blobs.folders().await
    }
    async fn folder_of(&self, place: StudyPlace) -> Result<Option<Folder>, StoreError> {
        self.blobs.folder_of(place).await
    }
    async fn objects(&self, folder: Folder) -> Result<Vec<StoredObject>, StoreError> {
        self.blobs.objects(folder).await
    }
    async fn condition(
        &self,
        place: StudyPlace,
        digest: Digest,
        length: u64,
        listed: &Listed,
        read: bool,
    ) -> Result<(Condition, Vec<String>), StoreError> {
        let blobs = &self.blobs;
        blobs.condition(place, digest, length, listed, read).await
    }
    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.blobs.remove(name).await
    }
    async fn drafts(&self) -> Result<Vec<StoredObject>, StoreError> {
        self.blobs.drafts().await
    }
    async fn remove_draft(&self, name: &str) -> Result<(), StoreError> {
        self.blobs.remove_draft(name).await
    }
}

#[tokio::test]
async fn what_is_written_again_just_before_it_would_go_stays() {
    let world = World::new().await;
    world.admitted(1, b"small").await;
    for bytes in [b"left by a crash".to_vec(), large()] {
        let orphan = world.written(2, &bytes).await.offer;
        let busy = Busy {
            blobs: world.blobs.clone(),
            key: BlobKey::of(world.sender.organisation.id, &orphan),
            bytes,
        };
        let (summary, _) = world.fsck_of(&busy, 48, false, true).await;
        assert!(summary.orphans > 0);
        let item = Item {
            stored: world.key().await,
            offer: orphan,
        };
        let call = world.sender.call(2);
        let answers = world.db.admit(&call, std::slice::from_ref(&item)).await;
        assert_eq!(answers.unwrap(), [Answer::Held]);
        let (summary, findings) = world.fsck(48, true, false).await;
        assert_eq!(summary.lost, 0, "{findings:?}");
        let offer = item.offer.header.study_uid;
        let holder = world.sender.organisation.id;
        world
            .db
            .delete_study(holder, &offer, operator(), at(3))
            .await
            .unwrap();
        world.admitted(1, b"small").await;
    }
}

#[tokio::test]
async fn a_study_that_is_deleted_leaves_only_what_nothing_names() {
    let world = World::new().await;
    let offer = world.admitted(1, b"image").await;
    let holder = world.sender.organisation.id;
    let uid = &offer.header.study_uid;
    let deleted = world.db.delete_study(holder, uid, operator(), at(3)).await;
    assert!(deleted.unwrap().is_some());
    assert_eq!(
        world.files(&offer).len(),
        1,
        "removed by the caller, or by fsck"
    );
    // The same image comes again, and does not meet what is left.
    let again = world.admitted(1, b"image").await;
    assert_eq!(world.files(&again).len(), 2);
    let (summary, _) = world.fsck(48, true, true).await;
    assert_eq!((summary.lost, summary.removed), (0, 1));
    assert_eq!(world.offered(&again).await, Answer::Held);
}
