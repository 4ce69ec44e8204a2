//! Ports of the hub: its database and its blobs.
//!
//! Each method of [`HubStore`] is one transaction, and appends the audit
//! entries of what it does in that transaction.

use super::{ByteStream, StoreError, errands::Errands, inventory::Rows, keys::KeyId};
use async_trait::async_trait;
use bildbro_domain::{
    AeTitle, DeliveryId, Digest, GatewayId, InstanceId, OrganisationId, ShareId, StudyId, StudyUid,
    SyntaxUid, audit,
    organisation::{Gateway, Kind, Organisation},
    policy::{Denial, Permit, Subject},
    share::{DeliveryState, Failure, Purpose, Quarantine},
};
use bildbro_wire::link::{
    Answer, Complete, DeliveryTask, Enrolled, Fetch, Hello, NodeStatus, Offer, Report, ReportReply,
};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

/// Who made a request, and when; the store stamps rows and entries with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub subject: Subject,
    pub at: Timestamp,
}

/// One image of an admission: offered, and, when `stored`, its bytes are
/// already safe under [`BlobKey::of`] it, sealed with that key.
#[derive(Debug, Clone)]
pub struct Item {
    pub offer: Offer,
    pub stored: Option<KeyId>,
}

/// Bytes of a blob that a storage takes at a time: what is lost at most when an
/// upload breaks off, and held in memory at most for a blob on its way.
pub const SEGMENT: u64 = 8 << 20;

/// Where an instance's bytes lie: a study's place, and the digest of the bytes.
/// No part of it comes from a peer's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobKey {
    pub holder: OrganisationId,
    pub study: StudyId,
    pub digest: Digest,
}

impl BlobKey {
    #[must_use]
    pub fn of(holder: OrganisationId, offer: &Offer) -> Self {
        Self {
            holder,
            study: StudyId::of(holder, &offer.header.study_uid),
            digest: offer.digest,
        }
    }
}

/// An instance that the hub may stream.
#[derive(Debug, Clone)]
pub struct HeldInstance {
    pub meta: bildbro_wire::link::InstanceMeta,
    pub study: StudyId,
    pub key: BlobKey,
}

/// How a claimed delivery's request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// No such delivery, or not this organisation's: the caller cannot tell.
    #[error("there is no such delivery")]
    NotFound,
    /// Another claim has taken over since.
    #[error("this claim has ended; ask for work again")]
    Stale,
    /// Policy said no. The denial is on record.
    #[error("{0}")]
    Denied(Denial),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How redeeming an enrolment code failed. Each attempt is on record.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    #[error("there is no such enrolment code")]
    Unknown,
    #[error("the enrolment code has been used; ask for a new one")]
    Used,
    #[error("the enrolment code has expired; ask for a new one")]
    Expired,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How adding an organisation, or a share by hand, failed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the name or the AE title is taken")]
    Taken,
    #[error("there is no {0} of that name")]
    NotFound(&'static str),
    #[error("{0}")]
    Denied(Denial),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone)]
pub struct NewOrganisation {
    pub name: String,
    pub kind: Kind,
    pub ae_title: AeTitle,
}

/// A gateway about to be enrolled. The code is given as its SHA-256.
#[derive(Debug, Clone)]
pub struct NewGateway {
    pub code_hash: Digest,
    pub name: String,
    pub public_key: String,
}

/// One row of the status page. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    pub delivery: DeliveryId,
    pub share: ShareId,
    pub sender: String,
    pub recipient: String,
    pub purpose: Purpose,
    pub modality: String,
    pub study_date: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub state: DeliveryState,
    /// All images of the share that the hub has.
    pub images: u64,
    pub bytes: u64,
    /// What the sender's PACS counts, when known.
    pub expected: Option<u64>,
    /// Whether the sender has said that all has come.
    pub complete: bool,
    pub stored: u64,
    pub already_there: u64,
    pub failed: u64,
    pub failure: Option<Failure>,
    pub next_attempt: Option<Timestamp>,
    /// Since when the recipient's gateway has been silent, if it is.
    pub recipient_silent_since: Option<Timestamp>,
}

/// A study in an organisation's list "to share".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldView {
    pub study: StudyId,
    pub organisation: String,
    pub modality: String,
    pub study_date: String,
    pub images: u64,
    pub bytes: u64,
    pub updated: Timestamp,
    pub complete: bool,
    pub expected: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineView {
    pub organisation: String,
    pub reason: Quarantine,
    pub images: u64,
    pub latest: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayView {
    pub gateway: GatewayId,
    pub organisation: String,
    pub name: String,
    pub version: String,
    pub last_seen: Option<Timestamp>,
    pub waiting_images: u64,
    pub waiting_bytes: u64,
    pub nodes: Vec<NodeStatus>,
}

/// Everything that the status page shows, newest first, bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    pub deliveries: Vec<DeliveryView>,
    /// Deliveries in all, of which `deliveries` are the latest.
    pub total_deliveries: u64,
    pub held: Vec<HeldView>,
    pub quarantined: Vec<QuarantineView>,
    pub gateways: Vec<GatewayView>,
}

/// Numbers for `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub studies: u64,
    pub instances: u64,
    pub instance_bytes: u64,
    pub quarantined: u64,
    /// Images waiting for delivery now.
    pub pending_images: u64,
    /// By [`DeliveryState`], in the order waiting, under way, retrying,
    /// delivered, stopped, withdrawn.
    pub deliveries: [u64; 6],
    pub audit_entries: u64,
}

/// How the hub's times are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A claim ends this long after its last sign of life.
    pub lease: SignedDuration,
    /// Images that come this long after the last one still join the share.
    pub join: SignedDuration,
    /// How long a share lives.
    pub share_life: SignedDuration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: SignedDuration::from_secs(60),
            join: SignedDuration::from_hours(24),
            share_life: SignedDuration::from_hours(24 * 90),
        }
    }
}

#[async_trait]
pub trait HubStore: Rows + Errands {
    // Directory and machines.

    async fn add_organisation(
        &self,
        new: NewOrganisation,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<Organisation, ChangeError>;
    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError>;
    /// Keeps the code's hash; the code itself is shown once, by the caller.
    async fn issue_code(
        &self,
        organisation: OrganisationId,
        code_hash: Digest,
        expires: Timestamp,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Makes a gateway of a code, once. A failure is recorded too.
    async fn redeem_code(&self, new: NewGateway, at: Timestamp) -> Result<Enrolled, RedeemError>;
    /// An active gateway of an active organisation.
    async fn gateway(&self, id: GatewayId) -> Result<Option<Gateway>, StoreError>;
    /// Cuts a gateway off: its tokens end at once. On record.
    async fn revoke_gateway(
        &self,
        id: GatewayId,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Remembers an assertion's id; false when it was seen before.
    async fn first_use(&self, assertion: Digest, expires: Timestamp) -> Result<bool, StoreError>;
    async fn put_token(
        &self,
        token_hash: Digest,
        gateway: GatewayId,
        expires: Timestamp,
    ) -> Result<(), StoreError>;
    /// Who holds this token, if it and the gateway are good at `at`.
    async fn token_subject(
        &self,
        token_hash: Digest,
        at: Timestamp,
    ) -> Result<Option<Subject>, StoreError>;
    /// Notes a gateway's sign of life; answers the directory without itself.
    async fn hello(&self, call: &Call, hello: &Hello) -> Result<Vec<Organisation>, StoreError>;

    // Admit.

    /// Judges each item by [`crate::admit::judge`], records those that are
    /// stored or known, applies their intent, and puts what is to be delivered
    /// on the recipients' queues. Answers in the order of the items.
    async fn admit(&self, call: &Call, items: &[Item]) -> Result<Vec<Answer>, StoreError>;
    /// Notes that a study has all come. Unknown studies are ignored.
    async fn complete(&self, call: &Call, complete: &Complete) -> Result<(), StoreError>;

    // Share, by hand.

    async fn share_study(
        &self,
        holder: OrganisationId,
        study: &StudyUid,
        recipient: OrganisationId,
        purpose: Purpose,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<ShareId, ChangeError>;
    /// Deletes a study of a holder: its key first, with it its shares are taken
    /// back, its images and what was set aside of it are forgotten. The log
    /// keeps that it was there. Answers which key it had: what is left in the
    /// storage cannot be read any more, and is the caller's to remove. `None`
    /// when there is no such study.
    async fn delete_study(
        &self,
        holder: OrganisationId,
        study: &StudyUid,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<Option<Option<KeyId>>, StoreError>;
    /// Takes a share back: no content leaves for it from now on.
    async fn revoke_share(
        &self,
        share: ShareId,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    // Deliver.

    /// Claims the most urgent due delivery to the subject's organisation.
    /// Deliveries that policy withdraws are marked so, on record, and passed by.
    async fn claim(&self, call: &Call) -> Result<Option<DeliveryTask>, StoreError>;
    /// Decides by [`bildbro_domain::policy::release`] and records the decision.
    /// Instances that are not part of the delivery are `NotFound`.
    async fn release(
        &self,
        call: &Call,
        fetch: &Fetch,
    ) -> Result<(Permit, Vec<HeldInstance>), ClaimError>;
    /// Takes receipts, renews the lease or ends the claim, schedules what is
    /// left by the error's class. `random` in `[0, 1)` spreads retries.
    async fn report(
        &self,
        call: &Call,
        report: &Report,
        random: f64,
    ) -> Result<ReportReply, ClaimError>;
    /// Puts a stopped or retrying delivery first in its queue again.
    async fn retry_now(
        &self,
        delivery: DeliveryId,
        by: audit::Actor,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    // Look.

    async fn overview(&self, at: Timestamp, most: u32) -> Result<Overview, StoreError>;
    async fn totals(&self) -> Result<Totals, StoreError>;
    /// Answers when the database can be written.
    async fn ready(&self) -> Result<(), StoreError>;
    /// Removes what has run out: tokens, assertion ids, codes long used.
    async fn sweep(&self, at: Timestamp) -> Result<(), StoreError>;
    /// Appends an entry about the hub itself.
    async fn record(&self, entry: &audit::Entry) -> Result<(), StoreError>;
    /// The next links of the audit chain after `after`, at most `most`.
    async fn audit_links(&self, after: u64, most: u32) -> Result<Vec<audit::Link>, StoreError>;
    /// The chain's head: sequence and hash.
    async fn audit_head(&self) -> Result<(u64, [u8; 32]), StoreError>;
}

/// Immutable bytes, named by [`BlobKey`].
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Starts writing a blob of `length` bytes at `from`: 0, or where
    /// [`Blobs::begun`] says that an upload broke off. What is dropped before
    /// `finish` leaves nothing that [`Blobs::read`] could see.
    ///
    /// # Errors
    /// Permanent when there is nothing to go on with at `from`.
    async fn write(
        &self,
        key: BlobKey,
        length: u64,
        from: u64,
    ) -> Result<Box<dyn BlobWriter>, StoreError>;
    /// How many bytes of an upload that broke off are safe; less than `length`.
    async fn begun(&self, key: BlobKey, length: u64) -> Result<u64, StoreError>;
    /// The first `length` of those bytes, for the stage that goes on with the
    /// upload and has to judge all of it. They are no image yet, and never
    /// leave the hub.
    async fn begun_bytes(&self, key: BlobKey, length: u64) -> Result<ByteStream, StoreError>;
    /// The only way to content: the bytes from `from` on.
    ///
    /// # Errors
    /// Permanent when the permit does not cover the instance, or the blob is
    /// not there or does not open; transient when the storage is away.
    async fn read(
        &self,
        permit: &Permit,
        instance: &HeldInstance,
        from: u64,
        now: Timestamp,
    ) -> Result<ByteStream, StoreError>;
    /// Answers when the storage can be reached.
    async fn ready(&self) -> Result<(), StoreError>;
}

#[async_trait]
pub trait BlobWriter: Send {
    async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError>;
    /// Returns when the bytes are safe, with the key that they are sealed with.
    /// Writing the same blob again is no error.
    async fn finish(self: Box<Self>) -> Result<KeyId, StoreError>;
    /// The bytes turned out to be wrong: nothing of them is gone on with.
    async fn discard(self: Box<Self>) -> Result<(), StoreError>;
}

/// What the store needs to know of an instance already held, to judge a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    pub instance: InstanceId,
    pub study_uid: StudyUid,
    pub digest: Digest,
    pub syntax: SyntaxUid,
    /// Its bytes are gone or spoilt: they are wanted again.
    pub lost: bool,
}
