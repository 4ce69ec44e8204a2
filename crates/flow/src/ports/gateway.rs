//! Ports of the gateway: its index, its spool, the hub, and the nodes.

use super::{ByteStream, StoreError};
use async_trait::async_trait;
use bildbro_domain::{
    AeTitle, ClassUid, ErrorClass, InstanceUid, StudyUid, SyntaxUid, audit, share::Failure,
};
use bildbro_wire::errand::{Errand, Find, Found, FoundReply, FoundStudy, Moved};
use bildbro_wire::link::{
    Answer, Complete, DeliveryTask, DirectoryEntry, Fetch, Hello, HelloReply, InstanceMeta, Intent,
    Offer, Report, ReportReply,
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, time::Duration};

/// A spooled object's number; grows, never reused.
pub type ObjectNumber = u64;

/// Where an image that came is to go; read off the called AE title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "route")]
pub enum Route {
    /// To the hub, with this intent.
    Hub {
        #[serde(flatten)]
        intent: Intent,
    },
    /// Straight to a configured node, beside the hub.
    Node { name: String },
}

/// What the spool keeps with an image: its meta part, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub header: bildbro_domain::InstanceHeader,
    pub syntax: SyntaxUid,
    pub calling: AeTitle,
    pub called: AeTitle,
    #[serde(flatten)]
    pub route: Route,
    pub received: Timestamp,
}

/// An image in the spool, whole and on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    pub object: ObjectNumber,
    pub arrival: Arrival,
    pub digest: bildbro_domain::Digest,
    pub length: u64,
}

impl Spooled {
    /// As offered to the hub; `None` when it goes to a node instead.
    #[must_use]
    pub fn offer(&self) -> Option<Offer> {
        let Route::Hub { intent } = &self.arrival.route else {
            return None;
        };
        Some(Offer {
            header: self.arrival.header.clone(),
            syntax: self.arrival.syntax.clone(),
            digest: self.digest,
            length: self.length,
            intent: *intent,
            calling: self.arrival.calling.clone(),
            received: self.arrival.received,
        })
    }
}

/// A study that a PACS has sent some of, not yet declared complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenStudy {
    pub study_uid: StudyUid,
    pub route: Route,
    pub calling: AeTitle,
    /// Distinct SOP Instance UIDs.
    pub received: u32,
    /// When the last one came.
    pub latest: Timestamp,
    /// Images of it that still wait to be handed over (refused ones do not).
    pub waiting: u32,
}

/// Numbers of deliveries straight to one node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectTotals {
    pub node: String,
    pub waiting: u64,
    pub stored: u64,
    pub failed: u64,
}

/// The gateway's index of its spool, and its own audit chain. Each method is
/// one transaction, and appends the audit entries of what it does in it.
#[async_trait]
pub trait GatewayStore: Send + Sync + 'static {
    /// Indexes images, in any order of numbers. Those already indexed, settled
    /// ones included, are passed by: after a crash the spool shows settled
    /// images again until their segment is gone. One `receive` entry for each
    /// study, route and calling AE title.
    async fn index(&self, batch: &[Spooled], at: Timestamp) -> Result<(), StoreError>;
    /// Numbers of all images that the gateway still needs in the spool:
    /// waiting or refused, not settled.
    async fn needed(&self) -> Result<Vec<ObjectNumber>, StoreError>;
    /// Forgets settled images with numbers below `oldest`, which the spool no
    /// longer has.
    async fn forget_settled(&self, oldest: ObjectNumber) -> Result<(), StoreError>;

    /// Images to forward to the hub with numbers above `after`, oldest first.
    async fn to_forward(&self, after: ObjectNumber, most: u32) -> Result<Vec<Spooled>, StoreError>;
    /// Records the hub's answers; `Send` and `Again` leave an image waiting.
    /// Answers the numbers of images that the spool may let go of.
    async fn settle_forward(
        &self,
        answers: &[(Spooled, Answer)],
        at: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError>;

    /// Images waiting for a node, due now, oldest first.
    async fn to_node(
        &self,
        node: &str,
        at: Timestamp,
        most: u32,
    ) -> Result<Vec<Spooled>, StoreError>;
    /// Records what became of images at a node. Transient and ambiguous
    /// failures wait for the next attempt at `retry_at`; permanent ones stay
    /// for a person, and in the spool. Answers the numbers that may be let go.
    async fn settle_node(
        &self,
        node: &str,
        outcomes: &[(Spooled, bildbro_domain::share::Receipt)],
        retry_at: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError>;
    /// How many attempts in a row a node has failed; 0 after a success.
    async fn node_failures(&self, node: &str) -> Result<u32, StoreError>;
    async fn direct_totals(&self) -> Result<Vec<DirectTotals>, StoreError>;

    /// Studies not yet declared complete.
    async fn open_studies(&self) -> Result<Vec<OpenStudy>, StoreError>;
    /// Closes a study, unless more of it came since `study` was read; says
    /// whether it did. A late image opens it again.
    async fn close_study(
        &self,
        study: &OpenStudy,
        expected: Option<u32>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The hub's directory as last heard, so that AE titles work while the hub
    /// is away.
    async fn directory(&self) -> Result<Vec<DirectoryEntry>, StoreError>;
    async fn save_directory(&self, entries: &[DirectoryEntry]) -> Result<(), StoreError>;

    /// Images and bytes in the spool that wait for the hub.
    async fn waiting(&self) -> Result<(u64, u64), StoreError>;
    /// Appends entries of their own (searches, fetches, deliveries from the hub).
    async fn record(&self, entries: &[audit::Entry]) -> Result<(), StoreError>;
    async fn audit_links(&self, after: u64, most: u32) -> Result<Vec<audit::Link>, StoreError>;
    async fn audit_head(&self) -> Result<(u64, [u8; 32]), StoreError>;
}

/// The spool, as the stages after `receive` see it.
#[async_trait]
pub trait Spool: Send + Sync + 'static {
    /// The bytes of an image from `from` on.
    ///
    /// # Errors
    /// When there is no such object, or its record does not read back whole.
    fn read(&self, object: ObjectNumber, from: u64) -> std::io::Result<ByteStream>;
    fn release(&self, object: ObjectNumber);
    /// Starts a new object.
    fn append(&self) -> Box<dyn SpoolWriter>;
}

/// One object on its way into the spool. Dropped without `commit`, it was
/// never there.
#[async_trait]
pub trait SpoolWriter: Send {
    async fn push(&mut self, bytes: Bytes) -> Result<(), SpoolFailure>;
    fn length(&self) -> u64;
    /// Returns when the object is on disk: the only moment after which it may
    /// be acknowledged.
    async fn commit(self: Box<Self>, arrival: Arrival) -> Result<Spooled, SpoolFailure>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpoolFailure {
    #[error("the spool is full")]
    Full,
    #[error("the spool cannot be written")]
    Io,
}

/// A call to the hub failed.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error("the hub cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The hub answered with a problem (RFC 9457).
    #[error("the hub answered {status}: {title}")]
    Problem {
        status: u16,
        title: String,
        class: ErrorClass,
    },
    #[error("the hub's answer cannot be read")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The hub has lost or spoilt this image; those behind it follow.
    #[error("the hub cannot read the image")]
    Spoilt,
}

impl HubError {
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable(_) => ErrorClass::Transient,
            Self::Problem { class, .. } => *class,
            Self::Answer(_) => ErrorClass::Ambiguous,
            Self::Spoilt => ErrorClass::Permanent,
        }
    }
}

/// An image to be sent.
#[derive(Debug, Clone)]
pub struct Sending {
    pub offer: Offer,
    /// The first byte.
    pub from: u64,
    /// As it is, whatever the link does with others.
    pub plain: bool,
}

/// The hub, over the link.
#[async_trait]
pub trait Hub: Send + Sync + 'static {
    async fn hello(&self, hello: &Hello) -> Result<HelloReply, HubError>;
    /// Answers one per offer, in order.
    async fn offer(&self, offers: &[Offer]) -> Result<Vec<Answer>, HubError>;
    /// Sends bytes: of each image, from a byte on. `read` opens them when their
    /// turn comes; an image that it cannot read is passed by, and answered for
    /// with [`Answer::Again`].
    async fn send(
        &self,
        images: Vec<Sending>,
        read: Box<dyn Fn(usize) -> std::io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError>;
    async fn complete(&self, complete: &Complete) -> Result<(), HubError>;
    async fn work(&self, wait: Duration) -> Result<Option<DeliveryTask>, HubError>;
    async fn content(&self, fetch: &Fetch) -> Result<Box<dyn Content>, HubError>;
    async fn report(&self, report: &Report) -> Result<ReportReply, HubError>;
    /// Asks for something to do at a node; waits for it as long as told.
    /// Waits for an errand; `urgent_only`: a search, or an emergency's fetch.
    async fn errand(&self, wait: Duration, urgent_only: bool) -> Result<Option<Errand>, HubError>;
    /// Says what came of an errand so far.
    async fn found(&self, found: &Found) -> Result<FoundReply, HubError>;
}

/// Images on their way from the hub, one after another.
#[async_trait]
pub trait Content: Send {
    /// The next image; what is left of the one before is skipped. `None` at
    /// the end mark; an error when the body breaks off before it.
    async fn next(&mut self) -> Result<Option<InstanceMeta>, HubError>;
    /// The next bytes of the current image; `None` when it is whole. After
    /// [`HubError::Spoilt`] the next image can be asked for.
    async fn chunk(&mut self) -> Result<Option<Bytes>, HubError>;
}

/// A conversation with a node failed.
#[derive(Debug, thiserror::Error)]
#[error("{failure:?}")]
pub struct NodeError {
    pub failure: Failure,
    pub class: ErrorClass,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A kind of object to be stored: what the association must offer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    pub class: ClassUid,
    pub syntax: SyntaxUid,
}

/// The nodes that this gateway is configured for, by name.
#[async_trait]
pub trait Nodes: Send + Sync + 'static {
    /// The node that deliveries from the hub go to.
    fn for_deliveries(&self) -> Option<String>;
    /// The node with this AE title.
    fn by_ae_title(&self, ae_title: &AeTitle) -> Option<String>;
    /// Asks by C-FIND which instances of a study the node holds; `None` when
    /// it does not answer C-FIND.
    async fn holds(
        &self,
        node: &str,
        study: &StudyUid,
    ) -> Result<Option<HashSet<InstanceUid>>, NodeError>;
    /// Opens an association for storing objects of these kinds.
    async fn open(&self, node: &str, kinds: &[Kind]) -> Result<Box<dyn StoreSession>, NodeError>;
    /// Names of the nodes that answer C-FIND.
    fn searchable(&self) -> Vec<String>;
    /// Searches a node by C-FIND, in as many queries as it takes. `each` sees
    /// every study as it comes, one of two queries twice; when it answers false
    /// the search is cancelled at the node, which is no error.
    async fn search(
        &self,
        node: &str,
        find: &Find,
        each: &mut (dyn FnMut(FoundStudy) -> bool + Send),
    ) -> Result<(), NodeError>;
    /// Lets a node send a study to this gateway, under the gateway's own AE
    /// title. `each` hears how far the node says it has come. The answer counts
    /// what the node sent, also when that is nothing.
    async fn fetch(
        &self,
        node: &str,
        study: &StudyUid,
        each: &(dyn Fn(Moved) + Send + Sync),
    ) -> Result<Moved, NodeError>;
}

/// An association for storing.
#[async_trait]
pub trait StoreSession: Send {
    /// Stores one object: negotiated as stored, else transcoded; coerced by
    /// the node's rules. `bytes` ends early with an error when the object is
    /// not to be stored after all (its digest is wrong): the association is
    /// then aborted, so that the node keeps nothing of it.
    ///
    /// The answer is the node's DIMSE status, also when it says no.
    async fn store(&mut self, meta: &ObjectMeta, bytes: ByteStream) -> Result<u16, NodeError>;
    async fn close(self: Box<Self>);
}

/// What storing needs to know of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    pub class: ClassUid,
    pub sop_uid: InstanceUid,
    pub syntax: SyntaxUid,
    pub length: u64,
    /// Name of the organisation or AE title that it comes from, for the
    /// Original Attributes Sequence.
    pub source: String,
}
