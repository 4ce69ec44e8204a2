//! The link's messages. All are sent by the gateway (it alone opens
//! connections) as `POST` under `/link/v1/`, and answered by the hub.

use bildbro_domain::{
    AeTitle, ClaimId, DeliveryId, Digest, GatewayId, InstanceHeader, InstanceId, OrganisationId,
    StudyUid, SyntaxUid,
    share::{Failure, LegalMode, Purpose, Quarantine, Receipt},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The link's version, in every path.
pub const VERSION: u32 = 1;

/// Most instances in one offer, one task, or one body of frames.
pub const MAX_BATCH: usize = 256;

pub const ENROL: &str = "/link/v1/enrol";
pub const TOKEN: &str = "/oauth/token";
pub const HELLO: &str = "/link/v1/hello";
pub const OFFER: &str = "/link/v1/offer";
/// Body: frames, meta [`Carried`] [`Offer`]; answer: [`Answers`].
pub const INSTANCES: &str = "/link/v1/instances";
pub const COMPLETE: &str = "/link/v1/complete";
pub const WORK: &str = "/link/v1/work";
/// Body: [`Fetch`]; answer: frames, meta [`Carried`] [`InstanceMeta`].
pub const CONTENT: &str = "/link/v1/content";
pub const REPORT: &str = "/link/v1/report";

/// A gateway introduces itself with a one-time code and its public key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enrol {
    pub code: String,
    /// PEM, SubjectPublicKeyInfo, P-256.
    pub public_key: String,
    pub gateway_name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enrolled {
    pub gateway: GatewayId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
}

/// Said every few seconds: how the gateway is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    pub version: String,
    /// This run of the program: a random id, made at its start. Claims of an
    /// earlier run end with the first hello of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// Images in the spool that the hub has not acknowledged.
    pub waiting_images: u64,
    pub waiting_bytes: u64,
    /// The nodes that this gateway knows, and whether they answered C-ECHO.
    #[serde(default)]
    pub nodes: Vec<NodeStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    pub name: String,
    pub ae_title: AeTitle,
    /// `None`: not asked yet.
    pub answers: Option<bool>,
    /// Deliveries straight to this node, beside the hub.
    #[serde(default)]
    pub direct_waiting: u64,
    #[serde(default)]
    pub direct_stored: u64,
    #[serde(default)]
    pub direct_failed: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HelloReply {
    /// The hub's clock, so that a gateway can say when its own is wrong.
    pub time: Timestamp,
    /// Everyone on the hub but oneself.
    pub directory: Vec<DirectoryEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    pub organisation: OrganisationId,
    pub name: String,
    pub ae_title: AeTitle,
}

/// What the sender meant with an image, read off the AE title it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "intent")]
pub enum Intent {
    /// To the gateway's own AE: into the list "to share".
    Hold,
    /// To an organisation's AE: share with it.
    Share { recipient: OrganisationId },
}

/// An image that the gateway holds: offered first, and in the meta part of its
/// frame when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub header: InstanceHeader,
    pub syntax: SyntaxUid,
    pub digest: Digest,
    pub length: u64,
    #[serde(flatten)]
    pub intent: Intent,
    /// The AE title that sent it to the gateway.
    pub calling: AeTitle,
    pub received: Timestamp,
}

/// How an image's bytes lie in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As they are.
    #[default]
    Identity,
    /// Packed without loss, to be restored exactly (`bildbro_dicom::pack`).
    Packed,
}

/// The meta part of a frame: an image, and which of its bytes follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried<T> {
    #[serde(flatten)]
    pub image: T,
    #[serde(default)]
    pub encoding: Encoding,
    /// The first byte that is carried; those before it have come earlier.
    #[serde(default)]
    pub from: u64,
}

/// Body of `OFFER`; at most [`MAX_BATCH`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offers {
    pub offers: Vec<Offer>,
}

/// The hub's word on each offered or sent image, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// The hub lacks it: send the bytes. Only ever answers an offer.
    Send,
    /// The hub has the first bytes of it, from an attempt that broke off: send
    /// the rest. Only ever answers an offer.
    GoOn { from: u64 },
    /// The hub has it (already, or now) and has recorded the intent. The
    /// gateway may let go of its copy.
    Held,
    /// Set aside; kept at the hub. The gateway may let go of its copy.
    Quarantined { reason: Quarantine },
    /// Not taken, and not kept. The gateway keeps its copy and tells a person.
    Refused { reason: Refusal },
    /// The image was kept, but policy denied the share, or the recipient is
    /// not on the hub. The gateway may let go of its copy; a person is told.
    Denied,
    /// Not taken this time: send again.
    Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    TooLarge,
    /// The data set cannot be read, or is not the image that was offered.
    Unreadable,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answers {
    pub answers: Vec<Answer>,
}

/// A study that the PACS sent has all arrived at the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Complete {
    pub study_uid: StudyUid,
    #[serde(flatten)]
    pub intent: Intent,
    /// Distinct images that came.
    pub received: u32,
    /// What the PACS counts, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u32>,
}

/// Asks for something to do; the hub answers at once if there is something,
/// else when there is or after `wait_seconds` (at most 30).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskWork {
    pub wait_seconds: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    pub task: Option<DeliveryTask>,
}

/// One delivery, claimed for this gateway until `lease_until`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveryTask {
    pub delivery: DeliveryId,
    pub claim: ClaimId,
    pub lease_until: Timestamp,
    /// Attempts that have failed before this one.
    pub attempts: u32,
    pub sender: String,
    pub study_uid: StudyUid,
    pub purpose: Purpose,
    pub legal_mode: LegalMode,
    /// Images not yet settled, at most [`MAX_BATCH`]; the rest follow in the
    /// next task.
    pub instances: Vec<InstanceMeta>,
}

/// An image at the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceMeta {
    pub instance: InstanceId,
    pub header: InstanceHeader,
    pub syntax: SyntaxUid,
    pub digest: Digest,
    pub length: u64,
}

/// Asks for the bytes of some images of a claimed delivery. Policy decides
/// anew, and the decision is on record, at each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fetch {
    pub delivery: DeliveryId,
    pub claim: ClaimId,
    pub instances: Vec<InstanceId>,
    /// The first byte wanted of the first of them.
    #[serde(default)]
    pub from: u64,
    /// How the bytes may come.
    #[serde(default)]
    pub encoding: Encoding,
}

/// What became of images of a claimed delivery. Also renews the lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    pub delivery: DeliveryId,
    pub claim: ClaimId,
    /// Name of the node they were stored at.
    pub node: String,
    pub receipts: Vec<InstanceReceipt>,
    /// Present when this attempt is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceReceipt {
    pub instance: InstanceId,
    #[serde(flatten)]
    pub receipt: Receipt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum End {
    /// Everything in the task is settled.
    Done,
    /// The attempt failed as a whole; what has no receipt is tried again.
    Failed {
        class: bildbro_domain::ErrorClass,
        failure: Failure,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportReply {
    pub lease_until: Timestamp,
}
