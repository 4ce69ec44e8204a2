//! The forwarding stage between a real index and a hub and spool that behave
//! as told.

#![expect(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use bildbro_domain::{
    AeTitle, ClassUid, Digest, InstanceHeader, InstanceUid, SeriesUid, StudyUid, SyntaxUid,
};
use bildbro_flow::{
    clock::Clock,
    forward::{Forward, Pace, Progress, Troubles},
    ports::{
        ByteStream,
        gateway::{
            Arrival, Content, GatewayStore, Hub, HubError, ObjectNumber, Route, Sending, Spool,
            SpoolWriter, Spooled,
        },
    },
    receive::Bell,
};
use bildbro_store::GatewayDb;
use bildbro_wire::errand::{Errand, Found, FoundReply};
use bildbro_wire::link::{
    Answer, Complete, DeliveryTask, Fetch, Hello, HelloReply, Intent, Offer, Report, ReportReply,
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

fn spooled(object: ObjectNumber) -> Spooled {
    let uid = format!("1.2.{object}");
    let text = serde_json::json!({
        "study_uid": "1.2", "series_uid": "1.2.1", "sop_uid": uid, "class_uid": "1.2.840.10008.5.1.4.1.1.2",
    });
    let header: InstanceHeader = serde_json::from_value(text).unwrap();
    assert_eq!(header.study_uid, StudyUid::new("1.2").unwrap());
    assert_eq!(header.series_uid, SeriesUid::new("1.2.1").unwrap());
    assert_eq!(header.sop_uid, InstanceUid::new(&uid).unwrap());
    assert_eq!(
        header.class_uid,
        ClassUid::new("1.2.840.10008.5.1.4.1.1.2").unwrap()
    );
    Spooled {
        object,
        arrival: Arrival {
            header,
            syntax: SyntaxUid::new("1.2.840.10008.1.2.1").unwrap(),
            calling: AeTitle::new("PACS").unwrap(),
            called: AeTitle::new("BILDBRO").unwrap(),
            route: Route::Hub {
                intent: Intent::Hold,
            },
            received: Timestamp::from_second(1_000).unwrap(),
        },
        digest: Digest::of(uid.as_bytes()),
        length: 4,
    }
}

/// Objects that do not read back, and those let go of.
#[derive(Default)]
struct Shelf {
    spoilt: BTreeSet<ObjectNumber>,
    released: Mutex<BTreeSet<ObjectNumber>>,
}

#[async_trait]
impl Spool for Shelf {
    fn read(&self, object: ObjectNumber, _from: u64) -> io::Result<ByteStream> {
        let data = if self.spoilt.contains(&object) {
            Err(io::ErrorKind::InvalidData.into())
        } else {
            Ok("data".into())
        };
        Ok(stream::iter([data]).boxed())
    }
    fn release(&self, object: ObjectNumber) {
        self.released.lock().unwrap().insert(object);
    }
    fn append(&self) -> Box<dyn SpoolWriter> {
        unreachable!("nothing is received here")
    }
}

/// Takes what it can read; answers `Again` as often as told, by UID.
#[derive(Default)]
struct Taker {
    again: Mutex<HashMap<String, u32>>,
    has: Mutex<BTreeSet<String>>,
    /// This one takes until it is told to go on.
    slow: String,
    go_on: Arc<Notify>,
    /// Whether the image wanted again was sent plain, each time.
    plain: Arc<Mutex<Vec<bool>>>,
}

fn away() -> HubError {
    HubError::Unreachable("broke off".into())
}

#[async_trait]
impl Hub for Taker {
    async fn offer(&self, offers: &[Offer]) -> Result<Vec<Answer>, HubError> {
        let has = self.has.lock().unwrap();
        let known = offers
            .iter()
            .map(|o| has.contains(o.header.sop_uid.as_str()));
        Ok(known
            .map(|k| if k { Answer::Held } else { Answer::Send })
            .collect())
    }
    async fn send(
        &self,
        images: Vec<Sending>,
        read: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        let mut answers = Vec::new();
        for (i, image) in images.iter().enumerate() {
            let uid = image.offer.header.sop_uid.to_string();
            if uid == self.slow {
                self.go_on.notified().await;
            }
            let spoilt = match read(i) {
                Ok(bytes) => bytes.try_collect::<Vec<_>>().await.is_err(),
                Err(_) => true,
            };
            if spoilt {
                answers.push(Answer::Again);
                continue;
            }
            let mut again = self.again.lock().unwrap();
            if again.contains_key(&uid) {
                self.plain.lock().unwrap().push(image.plain);
            }
            let left = again.entry(uid.clone()).or_default();
            if *left > 0 {
                *left -= 1;
                answers.push(Answer::Again);
            } else {
                self.has.lock().unwrap().insert(uid);
                answers.push(Answer::Held);
            }
        }
        Ok(answers)
    }
    async fn hello(&self, _: &Hello) -> Result<HelloReply, HubError> {
        Err(away())
    }
    async fn complete(&self, _: &Complete) -> Result<(), HubError> {
        Err(away())
    }
    async fn work(&self, _: Duration) -> Result<Option<DeliveryTask>, HubError> {
        Err(away())
    }
    async fn content(&self, _: &Fetch) -> Result<Box<dyn Content>, HubError> {
        Err(away())
    }
    async fn report(&self, _: &Report) -> Result<ReportReply, HubError> {
        Err(away())
    }
    async fn errand(&self, _: Duration, _: bool) -> Result<Option<Errand>, HubError> {
        Err(away())
    }
    async fn found(&self, _: &Found) -> Result<FoundReply, HubError> {
        Err(away())
    }
}

struct Stage {
    plain: Arc<Mutex<Vec<bool>>>,
    /// Seconds that the clock has gone on.
    later: Arc<AtomicI64>,
    forward: Forward,
    shelf: Arc<Shelf>,
    _dir: tempfile::TempDir,
}

async fn stage(objects: u64, shelf: Shelf, taker: Taker) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let store = GatewayDb::open(&dir.path().join("gateway.sqlite"))
        .await
        .unwrap();
    let all: Vec<Spooled> = (1..=objects).map(spooled).collect();
    let now = Timestamp::from_second(2_000).unwrap();
    store.index(&all, now).await.unwrap();
    let shelf = Arc::new(shelf);
    let plain = Arc::clone(&taker.plain);
    let later = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&later);
    Stage {
        later,
        plain,
        forward: Forward {
            store: Arc::new(store),
            spool: Arc::clone(&shelf) as Arc<dyn Spool>,
            hub: Arc::new(taker),
            clock: Clock::from_fn(move || {
                now + SignedDuration::from_secs(told.load(Ordering::Relaxed))
            }),
            pace: Pace::default(),
            bell: Bell::default(),
            settled: Bell::default(),
            troubles: Troubles::default(),
        },
        shelf,
        _dir: dir,
    }
}

impl Stage {
    fn released(&self) -> BTreeSet<ObjectNumber> {
        self.shelf.released.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn an_image_wanted_again_is_kept_and_sent_again() {
    let again = HashMap::from([("1.2.2".to_owned(), 1)]);
    let taker = Taker {
        again: Mutex::new(again),
        ..Taker::default()
    };
    let stage = stage(3, Shelf::default(), taker).await;
    let first = stage.forward.round().await.unwrap();
    assert_eq!(
        first,
        Progress {
            settled: 2,
            again: 1
        }
    );
    assert_eq!(stage.released(), BTreeSet::from([1, 3]));
    // It waits its time; what comes meanwhile does not.
    let now = Timestamp::from_second(2_001).unwrap();
    stage.forward.store.index(&[spooled(4)], now).await.unwrap();
    assert_eq!(stage.forward.round().await.unwrap().settled, 1);
    assert_eq!(stage.released(), BTreeSet::from([1, 3, 4]));
    stage.later.store(1, Ordering::Relaxed);
    let second = stage.forward.round().await.unwrap();
    assert_eq!(
        second,
        Progress {
            settled: 1,
            again: 0
        }
    );
    assert_eq!(stage.released(), BTreeSet::from([1, 2, 3, 4]));
    assert_eq!(*stage.plain.lock().unwrap(), [false, true]);
}

#[tokio::test]
async fn an_image_that_the_disk_has_spoilt_does_not_keep_the_others() {
    let shelf = Shelf {
        spoilt: BTreeSet::from([2]),
        ..Shelf::default()
    };
    let stage = stage(4, shelf, Taker::default()).await;
    stage.forward.round().await.unwrap();
    assert_eq!(stage.released(), BTreeSet::from([1, 3, 4]));
    let needed = stage.forward.store.needed().await.unwrap();
    assert_eq!(needed, vec![2], "it stays, for a person to look at");
}

#[tokio::test]
async fn an_image_that_takes_long_does_not_hold_up_those_that_come_meanwhile() {
    let go_on = Arc::new(Notify::new());
    let taker = Taker {
        slow: "1.2.1".to_owned(),
        go_on: Arc::clone(&go_on),
        ..Taker::default()
    };
    let stage = stage(1, Shelf::default(), taker).await;
    let later = async {
        let settled = &mut stage.forward.settled.listen();
        for object in 2..=3 {
            let now = Timestamp::from_second(2_000 + i64::try_from(object).unwrap()).unwrap();
            stage
                .forward
                .store
                .index(&[spooled(object)], now)
                .await
                .unwrap();
            stage.forward.bell.ring();
            settled.changed().await.unwrap();
            assert!(stage.released().contains(&object));
        }
        assert!(!stage.released().contains(&1));
        go_on.notify_one();
    };
    let (round, ()) = tokio::join!(stage.forward.round(), later);
    assert_eq!(round.unwrap().settled, 3);
}
