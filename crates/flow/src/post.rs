//! Sending letters: takes what is due, hands it to the post, and comes back to
//! what failed, more and more slowly, for a day.
//!
//! A hub that stops in the middle leaves a lease; when it ends, another sends
//! the letter. So one may be sent twice, never lost. What this deliberately does
//! not do: it says nothing of addresses, names or links in the log.

use crate::{
    letter::{Letter, PLACE},
    ports::{
        StoreError,
        portal::letters::{Letters, TakenLetter},
    },
    vault::Vault,
};
use async_trait::async_trait;
use bildbro_domain::{ErrorClass, retry::BackOff};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long a hub has for a batch; far longer than mail servers take.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// From here on a letter is given up: its link is old, and someone has asked anew.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);

/// Between tries.
const BACK_OFF: BackOff = BackOff {
    first: Duration::from_secs(10),
    most: Duration::from_secs(30 * 60),
};

/// Whoever brings letters.
#[async_trait]
pub trait Post: Send + Sync {
    /// # Errors
    /// What that says about trying again.
    async fn send(&self, letter: &Letter) -> Result<(), ErrorClass>;
}

/// What came of the letters that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posted {
    pub sent: u32,
    pub failed: u32,
    pub given_up: u32,
}

/// Sends what is due now. `random` is uniform in `[0, 1)`.
///
/// # Errors
/// When the store fails; letters taken by then wait for their lease to end.
pub async fn send_due(
    store: &dyn Letters,
    vault: &Vault,
    post: &dyn Post,
    at: Timestamp,
    random: f64,
) -> Result<Posted, StoreError> {
    let mut posted = Posted::default();
    for taken in store.take_letters(at, LEASE).await? {
        let sent = match vault.open::<Letter>(PLACE, &taken.sealed) {
            Ok(letter) => post.send(&letter).await,
            Err(error) => {
                tracing::error!(letter = %taken.id, %error, "letter.unopened");
                Err(ErrorClass::Permanent)
            }
        };
        match sent {
            Ok(()) => {
                store.letter_sent(taken.id).await?;
                posted.sent += 1;
            }
            Err(class) if is_hopeless(&taken, class, at) => {
                tracing::warn!(letter = %taken.id, ?class, "letter.given_up");
                store.letter_sent(taken.id).await?;
                posted.given_up += 1;
            }
            Err(class) => {
                let due = again(&taken, at, random);
                tracing::warn!(letter = %taken.id, ?class, %due, "letter.failed");
                store.letter_failed(taken.id, due).await?;
                posted.failed += 1;
            }
        }
    }
    Ok(posted)
}

fn is_hopeless(taken: &TakenLetter, class: ErrorClass, at: Timestamp) -> bool {
    class == ErrorClass::Permanent || at.duration_since(taken.tried_since) >= GIVEN_UP
}

fn again(taken: &TakenLetter, at: Timestamp, random: f64) -> Timestamp {
    let wait = BACK_OFF.wait(taken.attempts.saturating_add(1), random);
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| at.checked_add(wait).ok())
        .unwrap_or(at)
}
