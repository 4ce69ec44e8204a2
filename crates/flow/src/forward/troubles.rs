//! Images that the hub has wanted once more: each waits its own time, so that
//! it neither holds up the others nor takes the line from them.

use crate::ports::gateway::ObjectNumber;
use bildbro_domain::retry::BackOff;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

/// Forgotten when the process ends: then all are tried again at once.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<HashMap<ObjectNumber, Trouble>>);

#[derive(Debug)]
struct Trouble {
    attempts: u32,
    due: Timestamp,
}

impl Troubles {
    /// One more attempt came to nothing.
    pub(super) fn add(&self, object: ObjectNumber, now: Timestamp) {
        let mut all = self.lock();
        let trouble = all.entry(object).or_insert(Trouble {
            attempts: 0,
            due: now,
        });
        trouble.attempts += 1;
        let wait = BackOff::PEER.wait(trouble.attempts, rand::random());
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        trouble.due = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    }

    /// The hub has answered for it.
    pub(super) fn end(&self, object: ObjectNumber) {
        self.lock().remove(&object);
    }

    pub(super) fn has(&self, object: ObjectNumber) -> bool {
        self.lock().contains_key(&object)
    }

    /// Those whose time has not come.
    pub(super) fn not_due(&self, now: Timestamp) -> HashSet<ObjectNumber> {
        let all = self.lock();
        let waiting = all.iter().filter(|(_, trouble)| trouble.due > now);
        waiting.map(|(object, _)| *object).collect()
    }

    /// How long until the next one's time comes; `None` when there are none.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let next = self.lock().values().map(|trouble| trouble.due).min()?;
        Some(Duration::try_from(next.duration_since(now)).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectNumber, Trouble>> {
        self.0.lock().expect("nobody panics with it")
    }
}
