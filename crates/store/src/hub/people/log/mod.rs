//! The audit log for people: search, spot checks, extracts; and for programs
//! that pass it on.
//!
//! Reading is on record like any act. Work is bounded: an index leads each
//! search to its newest entries, and what no index leads to is looked for in a
//! stretch of the log at a time ([`search`]).

mod cursor;
mod draw;
mod extract;
mod names;
mod search;
mod spot_check;
mod watched;

use crate::HubDb;
use async_trait::async_trait;
use bildbro_domain::{Personal, audit::spot_check::Assessment};
use bildbro_flow::ports::{
    StoreError,
    portal::{
        Answer, Caller, Refusal,
        log::{Accesses, DRAWN, Draw, Drawn, ExtractWish, Found, Log, Search, SpotCheck, Watched},
    },
};
use bildbro_wire::audit::Event;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Longest comment of a reviewer's, in characters.
const LONGEST_COMMENT: usize = 2_000;

/// Longest number of a patient that is taken, in characters.
const LONGEST_NUMBER: usize = 128;

#[async_trait]
impl Log for HubDb {
    async fn search_log(&self, caller: &Caller, search: &Search) -> Answer<Found> {
        let mut tx = self.db.write("search the audit log").await?;
        let found = search::search(&mut tx, caller, search).await;
        tx.end(found).await?
    }

    async fn search_log_as(&self, machine: &Caller, search: &Search) -> Answer<Found> {
        let mut tx = self.db.write("search the audit log for a machine").await?;
        let found = search::search_as(&mut tx, machine, search).await;
        tx.end(found).await?
    }

    async fn draw_spot_check(&self, caller: &Caller, draw: Draw, seed: u64) -> Answer<Uuid> {
        if draw.size == 0 || draw.size > DRAWN {
            let why = "1 to 200 entries can be drawn";
            return Err(Refusal::Invalid { field: "size", why });
        }
        if draw.from >= draw.until {
            let why = "the period ends before it begins";
            return Err(Refusal::Invalid {
                field: "until",
                why,
            });
        }
        // Looking through the log takes long; nobody waits for it.
        let mut look = self.db.read("look through the audit log").await?;
        let sample = draw::sample(&mut look, caller, draw, seed).await;
        let sample = look.end(sample).await?;
        let mut tx = self.db.write("draw a spot check").await?;
        let drawn = draw::keep(&mut tx, caller, draw, sample).await;
        tx.end(drawn).await?
    }

    async fn spot_checks(&self, caller: &Caller) -> Answer<Vec<SpotCheck>> {
        let mut tx = self.db.write("list spot checks").await?;
        let all = spot_check::all(&mut tx, caller).await;
        tx.end(all).await?
    }

    async fn spot_check(&self, caller: &Caller, id: Uuid) -> Answer<Drawn> {
        let mut tx = self.db.write("open a spot check").await?;
        let drawn = spot_check::open(&mut tx, caller, id).await;
        tx.end(drawn).await?
    }

    async fn assess(
        &self,
        caller: &Caller,
        id: Uuid,
        sequence: u64,
        assessment: Assessment,
        comment: Personal,
    ) -> Answer<()> {
        if comment.reveal().chars().count() > LONGEST_COMMENT {
            let (field, why) = ("comment", "it is longer than 2,000 characters");
            return Err(Refusal::Invalid { field, why });
        }
        let mut tx = self.db.write("assess an entry").await?;
        let verdict = spot_check::Verdict {
            sequence,
            assessment,
            comment,
        };
        let done = spot_check::assess(&mut tx, caller, id, verdict).await;
        tx.end(done).await?
    }

    async fn close_spot_check(&self, caller: &Caller, id: Uuid) -> Answer<()> {
        let mut tx = self.db.write("close a spot check").await?;
        let done = spot_check::close(&mut tx, caller, id).await;
        tx.end(done).await?
    }

    async fn watched_patients(&self, caller: &Caller) -> Answer<Vec<Watched>> {
        let mut tx = self.db.write("list watched patients").await?;
        let all = watched::all(&mut tx, caller).await;
        tx.end(all).await?
    }

    async fn watch_patient(&self, caller: &Caller, patient: &Personal) -> Answer<()> {
        let mut tx = self.db.write("watch a patient").await?;
        let done = watched::change(&mut tx, caller, patient, true).await;
        tx.end(done).await?
    }

    async fn unwatch_patient(&self, caller: &Caller, patient: &Personal) -> Answer<()> {
        let mut tx = self.db.write("stop watching a patient").await?;
        let done = watched::change(&mut tx, caller, patient, false).await;
        tx.end(done).await?
    }

    async fn extract_log(&self, caller: &Caller, wish: &ExtractWish) -> Answer<Accesses> {
        let mut tx = self.db.write("extract the audit log").await?;
        let accesses = extract::extract(&mut tx, caller, wish).await;
        tx.end(accesses).await?
    }

    async fn cursor_take(
        &self,
        name: &str,
        holder: &str,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<u64>, StoreError> {
        let mut tx = self.db.write("take the audit log's cursor").await?;
        let taken = cursor::take(&mut tx, name, holder, at, lease).await;
        tx.end(taken).await
    }

    async fn cursor_advance(
        &self,
        name: &str,
        holder: &str,
        to: u64,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("move the audit log's cursor").await?;
        let until = cursor::until(at, lease);
        let moved = cursor::advance(&mut tx, name, holder, to, until).await;
        tx.end(moved).await
    }

    async fn cursor_release(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write("let go of the audit log's cursor").await?;
        let done = cursor::release(&mut tx, name, holder).await;
        tx.end(done).await
    }

    async fn events_after(
        &self,
        after: u64,
        most: u32,
        source: &str,
    ) -> Result<Vec<Event>, StoreError> {
        let mut tx = self.db.read("read the audit log's events").await?;
        let events = cursor::events(&mut tx, after, most, source).await;
        tx.end(events).await
    }
}

/// The patient as compared in the log, where issuers are not kept.
fn key_of(patient: &Personal, at: Timestamp) -> Result<String, Refusal> {
    let text = patient.reveal();
    let key = if text.chars().count() > LONGEST_NUMBER {
        String::new()
    } else {
        crate::value::patient_key(text, "", at)
    };
    if key.is_empty() {
        return Err(Refusal::Invalid {
            field: "patient_id",
            why: "it is no patient's number",
        });
    }
    Ok(key)
}
