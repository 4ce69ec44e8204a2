//! Putting the current wrapping key in the place of older ones.
//!
//! Only the wrapping changes: a study's data key stays, so blobs are not
//! touched. What is done is known from the database alone, so a rotation that
//! was broken off is simply run again. Hubs may work meanwhile, when all of them
//! have the new current key already.

use bildbro_domain::{ErrorClass, StudyId};
use bildbro_flow::ports::{
    StoreError,
    keys::{StudyKeys, Wrapped, Wrapping, study_context},
};

/// Keys read at once.
const BATCH: u32 = 256;

/// Keys that are named when they do not open; the rest are only counted.
const NAMED: usize = 1000;

/// What a rotation did. When `unopened` is zero, nothing is wrapped by old keys
/// any more, and they can go.
#[derive(Debug, Default)]
pub struct Rotated {
    pub rewrapped: u64,
    /// Keys that someone else deleted or wrapped anew meanwhile.
    pub changed_meanwhile: u64,
    /// Keys that could not be unwrapped, and are as they were.
    pub unopened: u64,
    /// The first thousand of them.
    pub named: Vec<Unopened>,
}

/// A key that its wrapping key does not open.
#[derive(Debug)]
pub struct Unopened {
    pub study: StudyId,
    pub reason: StoreError,
}

impl Rotated {
    const fn handled(&self) -> u64 {
        self.rewrapped + self.changed_meanwhile + self.unopened
    }
}

/// Wraps all study keys anew that another than the current key wraps. Tells
/// `progress` after each batch how many keys have been handled.
///
/// # Errors
/// When the database fails, or the keeper of a key is away (transient): what
/// has been done so far stays done. A key that can never be unwrapped is no
/// error but counted in [`Rotated::unopened`].
pub async fn rotate(
    keys: &dyn StudyKeys,
    ring: &dyn Wrapping,
    mut progress: impl FnMut(u64),
) -> Result<Rotated, StoreError> {
    let mut rotated = Rotated::default();
    let mut after = None;
    loop {
        let batch = keys.study_keys_to_rewrap(ring.current(), after, BATCH);
        let batch = batch.await?;
        let Some((last, _)) = batch.last() else {
            return Ok(rotated);
        };
        after = Some(*last);
        for (study, old) in batch {
            match rewrap(keys, ring, study, &old).await {
                Ok(true) => rotated.rewrapped += 1,
                Ok(false) => rotated.changed_meanwhile += 1,
                Err(Stop::Never(reason)) => {
                    rotated.unopened += 1;
                    if rotated.named.len() < NAMED {
                        rotated.named.push(Unopened { study, reason });
                    }
                }
                Err(Stop::All(error)) => return Err(error),
            }
        }
        progress(rotated.handled());
    }
}

enum Stop {
    /// This key will not open, whenever it is tried.
    Never(StoreError),
    All(StoreError),
}

async fn rewrap(
    keys: &dyn StudyKeys,
    ring: &dyn Wrapping,
    study: StudyId,
    old: &Wrapped,
) -> Result<bool, Stop> {
    let context = study_context(study);
    let key = ring.unwrap(old, &context).await;
    let key = key.map_err(|error| match error.class() {
        ErrorClass::Permanent => Stop::Never(error),
        ErrorClass::Transient | ErrorClass::Ambiguous => Stop::All(error),
    })?;
    let new = ring.wrap(&key, &context).await.map_err(Stop::All)?;
    let kept = keys.rewrap_study_key(study, old, &new).await;
    kept.map_err(Stop::All)
}
