//! Telling people of what has come: nothing that comes is invisible.
//!
//! A round looks for what is due and writes letters; [`crate::post`] sends them.
//! What was told is marked in rows, in the transaction that writes the letter, so
//! that any number of hubs may run rounds, and one that dies in the middle leaves
//! nothing half done.
//!
//! What this deliberately does not do: it says nothing of patients or studies but
//! how many these are, and it does not judge what waits for a person; the inbox
//! does.

use crate::{
    letter::{Letter, PLACE},
    ports::{StoreError, portal::notices::Notices},
    vault::Vault,
};
use bildbro_domain::ShareId;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use std::{fmt, sync::Arc};

/// Where the people are that read the letters.
const ZONE: &str = "Europe/Stockholm";

/// What comes within this of the first is told of in the same letter.
pub const TOGETHER: SignedDuration = SignedDuration::from_mins(2);

/// A round ends after so many transactions of one kind; the next goes on.
const MOST: usize = 20;

/// What letters are written with.
#[derive(Clone)]
pub struct Pen {
    vault: Arc<Vault>,
    /// The portal's address, without a slash at its end.
    url: String,
    /// Whether there is anyone to bring letters; without, none are written.
    post: bool,
}

impl fmt::Debug for Pen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pen")
    }
}

impl Pen {
    #[must_use]
    pub const fn new(vault: Arc<Vault>, url: String, post: bool) -> Self {
        Self { vault, url, post }
    }

    /// The letter, sealed; `None` when nobody would bring it.
    #[must_use]
    pub fn seal(&self, letter: &Letter) -> Option<String> {
        self.post.then(|| self.vault.seal(PLACE, letter))
    }

    #[must_use]
    pub fn inbox(&self) -> String {
        format!("{}/inbox", self.url)
    }

    #[must_use]
    pub fn item(&self, share: ShareId) -> String {
        format!("{}/inbox/{share}", self.url)
    }

    #[must_use]
    pub fn share(&self, share: ShareId) -> String {
        format!("{}/shares/{share}", self.url)
    }

    #[must_use]
    pub fn settings(&self) -> String {
        format!("{}/account", self.url)
    }
}

/// Tells of all that is due now, within bounds.
///
/// # Errors
/// When the store fails; what was marked by then is told.
pub async fn round(store: &dyn Notices, pen: &Pen, at: Timestamp) -> Result<(), StoreError> {
    // What cannot wait goes first.
    for _ in 0..MOST {
        if store.call_out(pen, at).await? == 0 {
            break;
        }
    }
    let before = at.checked_sub(TOGETHER).unwrap_or(at);
    for organisation in store.to_be_told(before, at).await? {
        for _ in 0..MOST {
            if store.tell(pen, organisation, before, at).await? == 0 {
                break;
            }
        }
    }
    for _ in 0..MOST {
        if store.digest(pen, at).await? == 0 {
            break;
        }
    }
    for _ in 0..MOST {
        if store.escalate(pen, at).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// The zone that hours of day are told in.
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// When it is this hour of day next, after `at`.
#[must_use]
pub fn next_digest(hour: u8, at: Timestamp) -> Timestamp {
    let now = at.to_zoned(zone());
    let hour = i8::try_from(hour).unwrap_or(0).clamp(0, 23);
    let on = |day: &Zoned| {
        let time = day.date().at(hour, 0, 0, 0);
        time.to_zoned(now.time_zone().clone()).ok()
    };
    let today = on(&now).filter(|today| *today > now);
    let next = today.or_else(|| on(&now.tomorrow().ok()?));
    next.map_or(at, |next| next.timestamp())
}

/// Since when something is new in the digest that was due then: since the one
/// before, and a little more, as rows become visible some time after theirs.
#[must_use]
pub fn since_digest(due: Timestamp) -> Timestamp {
    let before = due.to_zoned(zone()).yesterday();
    let before = before.map_or(due, |before| before.timestamp());
    before
        .checked_sub(SignedDuration::from_mins(10))
        .unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_digest_comes_at_its_hour_in_summer_and_in_winter() {
        // (hour, now, then)
        let cases = [
            (7, "2026-01-10T05:59:00Z", "2026-01-10T06:00:00Z"),
            (7, "2026-01-10T06:00:00Z", "2026-01-11T06:00:00Z"),
            (7, "2026-07-10T04:59:59Z", "2026-07-10T05:00:00Z"),
            (0, "2026-07-10T12:00:00Z", "2026-07-10T22:00:00Z"),
            // There is no half past two that night, and an hour twice in October.
            (2, "2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z"),
            (2, "2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z"),
            (23, "2026-12-31T23:00:00Z", "2027-01-01T22:00:00Z"),
        ];
        for (hour, now, then) in cases {
            assert_eq!(next_digest(hour, at(now)), at(then), "{hour} {now}");
        }
        let due = at("2026-10-25T06:00:00Z");
        assert_eq!(since_digest(due), at("2026-10-24T04:50:00Z"));
    }
}
