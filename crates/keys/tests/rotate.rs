//! Rotation from one key in a file to the next.

#![expect(clippy::unwrap_used, reason = "tests")]

mod kept;

use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    StoreError,
    keys::{Wrapped, Wrapping, study_context},
};
use bildbro_keys::{KeyConfig, KeyRing, RingConfig, rotate};
use bildbro_seal::DataKey;
use kept::{Kept, data_key, study};
use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

fn old_and_new(directory: &Path) -> (KeyRing, KeyRing) {
    let old = KeyRing::single_file("old", &directory.join("old")).unwrap();
    KeyRing::generate_file(&directory.join("new")).unwrap();
    let place = |name: &str| {
        let file = Some(directory.join(name));
        let place = KeyConfig {
            file,
            ..KeyConfig::default()
        };
        (name.to_owned(), place)
    };
    let both = KeyRing::open(&RingConfig {
        current: "new".to_owned(),
        key: [place("old"), place("new")].into(),
    });
    (old, both.unwrap())
}

#[tokio::test]
async fn all_keys_come_under_the_current_one() {
    let directory = tempfile::tempdir().unwrap();
    let (old, both) = old_and_new(directory.path());
    let kept = Kept::wrapped_by(&old, 600).await;
    let mut seen = Vec::new();
    let done = rotate(&kept, &both, |handled| seen.push(handled)).await;
    assert_eq!(done.unwrap().rewrapped, 600);
    assert_eq!(seen, [256, 512, 600]);
    for number in [0, 255, 256, 599] {
        let wrapped = kept.wrapped(number);
        assert_eq!(wrapped.by, "new");
        let context = study_context(study(number));
        let opened = both.unwrap(&wrapped, &context).await.unwrap();
        assert_eq!(opened.expose(), data_key(number).expose());
    }
    let again = rotate(&kept, &both, |_| panic!("there is nothing left")).await;
    assert_eq!(again.unwrap().rewrapped, 0);
}

#[tokio::test]
async fn a_key_that_does_not_open_or_changes_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (old, both) = old_and_new(directory.path());
    let mut kept = Kept::wrapped_by(&old, 300).await;
    kept.raced.insert(study(7));
    let lost = Wrapped {
        by: "lost".to_owned(),
        ..kept.wrapped(0)
    };
    let swapped = kept.wrapped(2);
    kept.keys.lock().unwrap().insert(study(0), lost.clone());
    kept.keys.lock().unwrap().insert(study(290), swapped);

    let done = rotate(&kept, &both, |_| {}).await.unwrap();
    assert_eq!(done.rewrapped, 297);
    assert_eq!(done.changed_meanwhile, 1);
    assert_eq!(done.unopened, 2);
    let named: Vec<_> = done.named.iter().map(|one| one.study).collect();
    assert_eq!(named, [study(0), study(290)]);
    assert!(done.named[0].reason.to_string().contains("`lost`"));
    assert_eq!(kept.wrapped(0), lost, "it is as it was");
}

/// A ring whose token goes away.
struct Leaving {
    ring: KeyRing,
    left: AtomicU32,
}

#[async_trait]
impl Wrapping for Leaving {
    fn current(&self) -> &str {
        self.ring.current()
    }

    fn has(&self, name: &str) -> bool {
        name == self.current()
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Wrapped, StoreError> {
        self.ring.wrap(key, context).await
    }

    async fn unwrap(&self, wrapped: &Wrapped, context: &[u8]) -> Result<DataKey, StoreError> {
        if self.left.load(Ordering::Relaxed) == 0 {
            return Err(StoreError {
                operation: "unwrapping",
                class: ErrorClass::Transient,
                source: "the token is away".into(),
            });
        }
        self.left.fetch_sub(1, Ordering::Relaxed);
        self.ring.unwrap(wrapped, context).await
    }
}

#[tokio::test]
async fn a_rotation_that_was_broken_off_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (old, both) = old_and_new(directory.path());
    let kept = Kept::wrapped_by(&old, 10).await;
    let leaving = Leaving {
        ring: both,
        left: AtomicU32::new(4),
    };
    let error = rotate(&kept, &leaving, |_| {}).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    assert_eq!(kept.wrapped(3).by, "new");
    assert_eq!(kept.wrapped(4).by, "old");
    let done = rotate(&kept, &leaving.ring, |_| {}).await.unwrap();
    assert_eq!(done.rewrapped, 6);
}
