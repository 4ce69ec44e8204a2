//! Memory for images on their way into the hub: bounded in all, and for each
//! organisation, so that none can take it from the others.

use crate::ports::{StoreError, hub::SEGMENT};
use bildbro_domain::{ErrorClass, OrganisationId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Room is counted in mebibytes.
const UNIT: u64 = 1 << 20;

/// What restoring a packed image takes, beside its bytes.
const RESTORING: u64 = 5 << 20;

/// One organisation may have so much of all: a quarter.
const SHARE: usize = 4;

/// How long an image waits for room before its gateway is told to come back.
const WAIT: Duration = Duration::from_secs(30);

/// Room in this process. Cloned freely.
#[derive(Clone)]
pub struct Room {
    all: Arc<Semaphore>,
    each: usize,
    organisations: Arc<Mutex<HashMap<OrganisationId, Arc<Semaphore>>>>,
}

/// Room taken; given back when dropped.
pub struct Taken {
    _of_all: OwnedSemaphorePermit,
    _of_one: OwnedSemaphorePermit,
}

#[derive(Debug, thiserror::Error)]
#[error("too many images are on their way")]
struct NoRoom;

impl Room {
    /// Room for this many mebibytes; at least for one large image.
    #[must_use]
    pub fn new(mebibytes: usize) -> Self {
        let one = usize::try_from((SEGMENT + RESTORING).div_ceil(UNIT)).unwrap_or(usize::MAX);
        let each = (mebibytes / SHARE).max(one);
        Self {
            all: Arc::new(Semaphore::new(mebibytes.max(each))),
            each,
            organisations: Arc::default(),
        }
    }

    /// Takes room for an image of this length.
    ///
    /// # Errors
    /// Transient when there is none for a while.
    pub async fn take(&self, of: OrganisationId, length: u64) -> Result<Taken, StoreError> {
        let units = (length.min(SEGMENT) + RESTORING.min(length)).div_ceil(UNIT);
        let units = u32::try_from(units.max(1)).unwrap_or(u32::MAX);
        let one = {
            let mut all = self.organisations.lock().expect("nobody panics with it");
            let new = || Arc::new(Semaphore::new(self.each));
            Arc::clone(all.entry(of).or_insert_with(new))
        };
        let both = async {
            // One's own first: who waits here holds nothing of the others'.
            let of_one = one.acquire_many_owned(units).await;
            let of_all = Arc::clone(&self.all).acquire_many_owned(units).await;
            (of_one, of_all)
        };
        match timeout(WAIT, both).await {
            Ok((Ok(_of_one), Ok(_of_all))) => Ok(Taken { _of_all, _of_one }),
            _ => Err(StoreError {
                operation: "make room for an image",
                class: ErrorClass::Transient,
                source: Box::new(NoRoom),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test(start_paused = true)]
    async fn one_organisation_cannot_take_the_others_room() {
        let room = Room::new(64);
        let (greedy, other) = (OrganisationId(Uuid::nil()), OrganisationId(Uuid::max()));
        let mut taken = Vec::new();
        let refused = loop {
            match room.take(greedy, 4 << 30).await {
                Ok(more) => taken.push(more),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.class(), ErrorClass::Transient);
        assert_eq!(taken.len(), 1, "a quarter of 64 holds one of 13");
        room.take(other, 4 << 30).await.unwrap();
        drop(taken.pop());
        room.take(greedy, 4 << 30).await.unwrap();
    }
}
