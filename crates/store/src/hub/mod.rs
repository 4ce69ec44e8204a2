//! The hub's database.
//!
//! One module per aggregate holds its SQL; this one gives each port method its
//! transaction. An inner answer that refuses (`Err` inside `Ok`) commits, since
//! the refusal is on record; only a [`Fault`](crate::fault::Fault) rolls back.
//!
//! Several processes may do this at once on one PostgreSQL. What keeps them
//! apart there (on SQLite one transaction writes at a time):
//!
//! | What | By | So that |
//! |---|---|---|
//! | `admit`, `complete`, `share_study` | the holder's row | an image is judged once; a study has one share to join; a share by hand has all that was there |
//! | `share` | the holder's row | a share's id makes one share; it has all that was there |
//! | `accept_item`, `decline_item`, `take_back`, `cancel_recipient` | the share's row, then the deliveries' | of two who decide, one does |
//! | `claim_errand`, `found` | the errand, passing by what others hold | an errand has one claim |
//! | joining a share, `revoke_share` | the share's row | what joins a share is withdrawn with it, or has one of its own |
//! | `release`, `report`, `retry_now`, joining, withdrawing | the delivery's row, which stands for its images and its job | counters add up; nothing is released after it was taken back |
//! | care units, `change_organisation`, `close_party` | the organisation's row | names differ; it is closed once |
//! | `delete_study` | the holder | nothing is admitted to a study that goes |
//! | `claim` | job and delivery, passing by what others hold | a delivery has one claim |
//! | `hello` of a new run | its jobs, then its own row | what an earlier run held is free |
//! | `claim`, `release` beside `revoke_gateway` | the gateway's row, shared | a gateway cut off gets nothing after it |
//! | `redeem_code` | the code's row | a code makes one gateway |
//! | `first_use`, `add_organisation`, quarantine | unique keys, `ON CONFLICT DO NOTHING` | only one is first |
//! | `lift_block`, `withdraw_consent`, `review_emergency` | the row | it is done once; what a block kept back goes on |
//! | whatever changes members, roles or approvals | the organisation's row | an administrator stays; a yes is given once |
//! | machines and their tokens | the machine's row | a token ends with its key |
//! | `rise`, factors, recovery codes, ceremonies, `change_password` | a change made only of what was judged | what proves who someone is does so once |
//! | setting up and removing factors, taking a link | the link's row, the member's row | whoever has a second factor keeps one; a link serves once |
//! | `attempt` | the buckets' rows, in their order | tries are counted at all hubs together |
//! | `share` that answers, handling, declining, withdrawing, reminding of a request | the request's row | a request has one end |
//! | every entry of the log | the head's row | the chain has one end |
//! | `keep_checkpoint` | the edge's row, changed only as it was read | checkpoints follow each other |
//!
//! Rows are held in this order: block (or consent, emergency), holder (or
//! organisation), machine, share, delivery, job, image request, gateway, link,
//! member, buckets, head; a share that answers is new, so its own rows are nobody
//! else's, and it holds the request before them; the head comes last of all, since everyone waits for it. `claim` takes the
//! job first, but waits for no one. So none of these wait in a circle; should
//! the server find one all the same, it is a transient error, and callers come
//! back: every method may be repeated.
//!
//! Whether a recipient has an image itself is read without holding anything: an
//! image that it sends at that very moment is delivered to it, and its gateway
//! finds it there.

mod admission;
mod by_hand;
mod checkpoints;
mod claim;
mod completion;
#[cfg(test)]
mod cost;
mod delivery;
mod directory;
mod enrolment;
mod errands;
mod holdings;
mod inbox;
mod keys;
mod machines;
mod overview;
mod partners;
mod people;
mod quarantine;
mod queue;
mod receipts;
mod release;
mod removal;
mod rows;
mod shares;
mod will;

use crate::{audit, database::Database, fault::Fault};
use async_trait::async_trait;
use bildbro_domain::{
    DeliveryId, Digest, GatewayId, OrganisationId, ShareId, StudyId, StudyUid,
    audit::{Actor, Entry, Link},
    organisation::{Gateway, Organisation},
    policy::{Permit, Subject},
    share::Purpose,
};
use bildbro_flow::ports::{
    StoreError,
    errands::{ClaimedErrand, Errands, SealedFound},
    hub::{
        Call, ChangeError, ClaimError, HeldInstance, HubStore, Item, NewGateway, NewOrganisation,
        Overview, RedeemError, Timing, Totals,
    },
    inventory::{NamedBlob, Rows, StudyPlace},
    keys::{KeyId, StudyKey, StudyKeys, Wrapped},
};
use bildbro_wire::errand::FoundReply;
use bildbro_wire::link::{
    Answer, Complete, DeliveryTask, Enrolled, Fetch, Hello, Report, ReportReply,
};
use futures::stream::BoxStream;
use jiff::Timestamp;
use sqlx::migrate::Migrator;
use std::path::Path;

static SQLITE: Migrator = sqlx::migrate!("migrations/hub/sqlite");
static SERVER: Migrator = sqlx::migrate!("migrations/hub/postgres");

/// The hub's database. Cloned freely.
#[derive(Debug, Clone)]
pub struct HubDb {
    db: Database,
    timing: Timing,
}

impl HubDb {
    /// Opens the database file, or makes it.
    ///
    /// # Errors
    /// When the file cannot be opened, or is of a later version.
    pub async fn open(path: &Path, timing: Timing) -> Result<Self, StoreError> {
        let db = Database::open(path, &SQLITE).await?;
        Ok(Self { db, timing })
    }

    /// Connects to a database on a PostgreSQL, which other hub processes may use
    /// too: `postgres://user:password@host:port/database`, with `sslmode`,
    /// `sslrootcert`, `sslcert` and `sslkey` as libpq knows them.
    ///
    /// # Errors
    /// Permanent when the address is wrong, the server refuses, or the tables
    /// are of a later version; transient when the server is away or starting.
    /// Never quotes the address, which has a password in it.
    pub async fn connect(url: &str, timing: Timing) -> Result<Self, StoreError> {
        let db = Database::connect(url, &SERVER).await?;
        Ok(Self { db, timing })
    }

    /// An item whenever another hub process may have changed something that
    /// someone waits for: new work, receipts, shares taken back. One comes at
    /// the beginning, and after each connection lost. `None` on SQLite, where
    /// there are no others.
    #[must_use]
    pub fn changes(&self) -> Option<BoxStream<'static, ()>> {
        self.db.changes()
    }
}

/// The gateway that calls, for the log.
const fn actor(call: &Call) -> Actor {
    Actor::Gateway {
        id: Some(call.subject.gateway),
    }
}

#[async_trait]
impl HubStore for HubDb {
    async fn add_organisation(
        &self,
        new: NewOrganisation,
        by: Actor,
        at: Timestamp,
    ) -> Result<Organisation, ChangeError> {
        let mut tx = self.db.write("add an organisation").await?;
        let added = directory::add(&mut tx, new, by, at).await;
        let added = tx.end_telling(added, Option::is_some).await?;
        added.ok_or(ChangeError::Taken)
    }

    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        let mut tx = self.db.read("read the organisations").await?;
        let all = directory::all(&mut tx).await;
        tx.end(all).await
    }

    async fn issue_code(
        &self,
        organisation: OrganisationId,
        code_hash: Digest,
        expires: Timestamp,
        by: Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write("keep an enrolment code").await?;
        let done = enrolment::issue(&mut tx, organisation, code_hash, expires, by, at).await;
        tx.end(done).await
    }

    async fn redeem_code(&self, new: NewGateway, at: Timestamp) -> Result<Enrolled, RedeemError> {
        let mut tx = self.db.write("redeem an enrolment code").await?;
        let answer = enrolment::redeem(&mut tx, new, at).await;
        tx.end_telling(answer, Result::is_ok).await?
    }

    async fn gateway(&self, id: GatewayId) -> Result<Option<Gateway>, StoreError> {
        let mut tx = self.db.read("read a gateway").await?;
        let found = machines::active(&mut tx, id).await;
        tx.end(found).await
    }

    async fn revoke_gateway(
        &self,
        id: GatewayId,
        by: Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("revoke a gateway").await?;
        let done = machines::revoke(&mut tx, id, by, at).await;
        tx.end_telling(done, |done| *done).await
    }

    async fn first_use(&self, assertion: Digest, expires: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.db.write("remember an assertion").await?;
        let first = machines::first_use(&mut tx, assertion, expires).await;
        tx.end(first).await
    }

    async fn put_token(
        &self,
        token_hash: Digest,
        gateway: GatewayId,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write("keep a token").await?;
        let done = machines::put_token(&mut tx, token_hash, gateway, expires).await;
        tx.end(done).await
    }

    async fn token_subject(
        &self,
        token_hash: Digest,
        at: Timestamp,
    ) -> Result<Option<Subject>, StoreError> {
        let mut tx = self.db.read("look up a token").await?;
        let subject = machines::token_subject(&mut tx, token_hash, at).await;
        tx.end(subject).await
    }

    async fn hello(&self, call: &Call, hello: &Hello) -> Result<Vec<Organisation>, StoreError> {
        let mut tx = self.db.write("note a gateway's sign of life").await?;
        let directory = machines::hello(&mut tx, call, hello).await;
        tx.end(directory).await
    }

    async fn admit(&self, call: &Call, items: &[Item]) -> Result<Vec<Answer>, StoreError> {
        let mut tx = self.db.write("admit images").await?;
        let admitted = admission::admit(&mut tx, &self.timing, call, items).await;
        let is_news = |answers: &Vec<Answer>| answers.iter().any(|a| *a != Answer::Send);
        tx.end_telling(admitted, is_news).await
    }

    async fn complete(&self, call: &Call, complete: &Complete) -> Result<(), StoreError> {
        let mut tx = self.db.write("complete a study").await?;
        let done = completion::complete(&mut tx, &self.timing, call, complete).await;
        tx.end_telling(done, |()| true).await
    }

    async fn share_study(
        &self,
        holder: OrganisationId,
        study: &StudyUid,
        recipient: OrganisationId,
        purpose: Purpose,
        by: Actor,
        at: Timestamp,
    ) -> Result<ShareId, ChangeError> {
        let wish = by_hand::ByHand {
            holder,
            study,
            recipient,
            purpose,
        };
        let mut tx = self.db.write("share a study").await?;
        let shared = by_hand::share(&mut tx, &self.timing, wish, by, at).await;
        tx.end_telling(shared, Result::is_ok).await?
    }

    async fn delete_study(
        &self,
        holder: OrganisationId,
        study: &StudyUid,
        by: Actor,
        at: Timestamp,
    ) -> Result<Option<Option<KeyId>>, StoreError> {
        let mut tx = self.db.write("delete a study").await?;
        let deleted = removal::delete(&mut tx, holder, study, by, at).await;
        tx.end_telling(deleted, Option::is_some).await
    }

    async fn record(&self, entry: &Entry) -> Result<(), StoreError> {
        let mut tx = self.db.write("record an act").await?;
        let done = audit::append(&mut tx, std::slice::from_ref(entry)).await;
        tx.end(done).await
    }

    async fn revoke_share(
        &self,
        share: ShareId,
        by: Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("take a share back").await?;
        let done = by_hand::revoke(&mut tx, share, by, at).await;
        tx.end_telling(done, |done| *done).await
    }

    async fn claim(&self, call: &Call) -> Result<Option<DeliveryTask>, StoreError> {
        // Most requests find nothing; those do not queue for the write lock.
        let mut look = self.db.read("look for work").await?;
        let any = queue::is_any(&mut look, call.subject.organisation, call.at).await;
        if !look.end(any).await? {
            return Ok(None);
        }
        let mut tx = self.db.write("claim a delivery").await?;
        let task = claim::claim(&mut tx, &self.timing, call).await;
        tx.end_telling(task, Option::is_some).await
    }

    async fn release(
        &self,
        call: &Call,
        fetch: &Fetch,
    ) -> Result<(Permit, Vec<HeldInstance>), ClaimError> {
        let mut tx = self.db.write("release images").await?;
        let released = release::release(&mut tx, call, fetch).await;
        tx.end(released).await?
    }

    async fn report(
        &self,
        call: &Call,
        report: &Report,
        random: f64,
    ) -> Result<ReportReply, ClaimError> {
        let mut tx = self.db.write("take receipts").await?;
        let reply = receipts::report(&mut tx, &self.timing, call, report, random).await;
        tx.end_telling(reply, Result::is_ok).await?
    }

    async fn retry_now(
        &self,
        delivery: DeliveryId,
        by: Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("try a delivery again").await?;
        let done = delivery::retry_now(&mut tx, delivery, by, at).await;
        tx.end_telling(done, |done| *done).await
    }

    async fn overview(&self, at: Timestamp, most: u32) -> Result<Overview, StoreError> {
        let mut tx = self.db.read("read the overview").await?;
        let overview = overview::overview(&mut tx, at, most).await;
        tx.end(overview).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let mut tx = self.db.read("read the totals").await?;
        let totals = overview::totals(&mut tx).await;
        tx.end(totals).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        const PROBE: &str = "UPDATE probe SET count = count + 1 WHERE id = 1";
        let mut tx = self.db.write("write to the database").await?;
        let probed = sqlx::query(PROBE).execute(&mut *tx).await;
        tx.end(probed.map(|_| ()).map_err(Fault::from)).await
    }

    async fn sweep(&self, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.write("remove what has run out").await?;
        let swept = machines::sweep(&mut tx, at).await;
        tx.end(swept).await
    }

    async fn audit_links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        let mut tx = self.db.read("read the audit log").await?;
        let links = audit::links(&mut tx, after, most).await;
        tx.end(links).await
    }

    async fn audit_head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        let mut tx = self.db.read("read the audit log's head").await?;
        let head = audit::head(&mut tx).await;
        tx.end(head).await
    }
}

#[async_trait]
impl Errands for HubDb {
    async fn claim_errand(
        &self,
        call: &Call,
        urgent_only: bool,
    ) -> Result<Option<ClaimedErrand>, StoreError> {
        // As with deliveries: most requests find nothing.
        let mut look = self.db.read("look for errands").await?;
        let any = errands::is_any(&mut look, call, urgent_only).await;
        if !look.end(any).await? {
            return Ok(None);
        }
        let mut tx = self.db.write("claim an errand").await?;
        let claimed = errands::claim(&mut tx, &self.timing, call, urgent_only).await;
        tx.end_telling(claimed, Option::is_some).await
    }

    async fn found(
        &self,
        call: &Call,
        found: &SealedFound,
        random: f64,
    ) -> Result<FoundReply, StoreError> {
        let mut tx = self.db.write("keep what was found").await?;
        let reply = errands::found(&mut tx, &self.timing, call, found, random).await;
        tx.end_telling(reply, |_| true).await
    }
}

#[async_trait]
impl StudyKeys for HubDb {
    async fn study_key(&self, study: StudyId) -> Result<Option<StudyKey>, StoreError> {
        let mut tx = self.db.read("read a study's key").await?;
        let found = keys::of(&mut tx, study).await;
        tx.end(found).await
    }

    async fn keep_study_key(&self, study: StudyId, new: &Wrapped) -> Result<StudyKey, StoreError> {
        let mut tx = self.db.write("keep a study's key").await?;
        let kept = keys::keep(&mut tx, study, new).await;
        tx.end(kept).await
    }

    async fn wrapping_keys(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut tx = self.db.read("read which keys wrap").await?;
        let found = keys::wrapping(&mut tx).await;
        tx.end(found).await
    }

    async fn study_keys_to_rewrap(
        &self,
        current: &str,
        after: Option<StudyId>,
        most: u32,
    ) -> Result<Vec<(StudyId, Wrapped)>, StoreError> {
        let mut tx = self.db.read("read keys to wrap anew").await?;
        let found = keys::to_rewrap(&mut tx, current, after, most).await;
        tx.end(found).await
    }

    async fn rewrap_study_key(
        &self,
        study: StudyId,
        old: &Wrapped,
        new: &Wrapped,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("wrap a study's key anew").await?;
        let done = keys::rewrap(&mut tx, study, old, new).await;
        tx.end(done).await
    }
}

#[async_trait]
impl Rows for HubDb {
    async fn places(&self) -> Result<Vec<StudyPlace>, StoreError> {
        let mut tx = self.db.read("read what is held").await?;
        let places = rows::places(&mut tx).await;
        tx.end(places).await
    }

    async fn named(&self, place: StudyPlace) -> Result<Vec<NamedBlob>, StoreError> {
        let mut tx = self.db.read("read a study's images").await?;
        let named = rows::named(&mut tx, place).await;
        tx.end(named).await
    }

    async fn mark_lost(
        &self,
        place: StudyPlace,
        blobs: &[Digest],
        lost: bool,
        by: Actor,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.write("mark images as lost").await?;
        let marked = rows::mark_lost(&mut tx, place, blobs, lost, by, at).await;
        tx.end(marked).await
    }
}
