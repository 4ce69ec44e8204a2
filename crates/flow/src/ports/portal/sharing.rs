//! Sharing one's own studies, following what becomes of them, taking back.

use super::{Answer, Caller, Page, will::Named};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, Digest, GatewayId, ImageRequestId, MemberId, OrganisationId, Personal, ShareId,
    StudyUid,
    matching::Described,
    organisation::{Kind, Takes},
    share::{DeliveryState, Failure, LegalMode, Priority, Purpose},
};
use bildbro_wire::errand::{FoundStudy, Moved};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whom one can share with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientView {
    pub id: OrganisationId,
    pub name: String,
    pub kind: Kind,
    /// What it takes from us.
    pub takes: Takes,
    pub favourite: bool,
    /// It has said where whoever is on call can be written to.
    pub on_call: bool,
    /// When we shared with it last.
    pub last: Option<Timestamp>,
}

/// A study that a member has found, and may name when sharing. It lies sealed
/// with whoever found it, so that nobody can share what they did not find, or
/// as someone else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundToShare {
    pub organisation: OrganisationId,
    pub gateway: GatewayId,
    pub study: FoundStudy,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct WantedStudy {
    pub found: FoundToShare,
    /// The task of fetching it, sealed for its gateway.
    pub fetch: String,
}

#[derive(Debug, Clone)]
pub struct WantedShare {
    /// Made by whoever asks: asked for twice, it is made once.
    pub id: ShareId,
    pub studies: Vec<WantedStudy>,
    pub recipients: Vec<OrganisationId>,
    pub purpose: Purpose,
    pub priority: Priority,
    pub message: Personal,
    pub expires: Option<Timestamp>,
    /// Nothing leaves before this.
    pub sends_at: Option<Timestamp>,
    /// That the studies are of several patients is meant.
    pub several_patients: bool,
    /// The request that it answers.
    pub answers: Option<ImageRequestId>,
    /// Of all the above.
    pub request: Digest,
}

/// Why a share is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenBackWhy {
    WrongPatient,
    WrongRecipient,
    NotNeeded,
    Other,
}

impl TakenBackWhy {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongPatient => "wrong_patient",
            Self::WrongRecipient => "wrong_recipient",
            Self::NotNeeded => "not_needed",
            Self::Other => "other",
        }
    }
}

/// Which of an organisation's shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    #[default]
    All,
    UnderWay,
    /// A person must act.
    Trouble,
    Done,
    /// What was not held since it was called an emergency: to be reviewed.
    Emergency,
}

/// A share with all that is known of it. Its lists are never long: at most 50
/// studies and 20 recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareView {
    pub id: ShareId,
    pub sender: Named<OrganisationId>,
    pub made: Timestamp,
    pub made_by: Option<Named<MemberId>>,
    pub unit: Option<Named<CareUnitId>>,
    pub purpose: Purpose,
    pub legal_mode: LegalMode,
    pub priority: Priority,
    pub message: Personal,
    pub expires: Option<Timestamp>,
    pub sends_at: Option<Timestamp>,
    pub taken_back: Option<Timestamp>,
    pub taken_back_why: String,
    /// The request that it answers; told to who asked and who answers.
    pub answers: Option<ImageRequestId>,
    pub studies: Vec<SharedStudy>,
    pub recipients: Vec<SharedRecipient>,
    pub deliveries: Vec<SharedDelivery>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStudy {
    pub uid: StudyUid,
    pub patient: Described,
    pub date: String,
    pub time: String,
    /// Distinct codes, joined by `/`.
    pub modalities: String,
    pub description: String,
    pub accession: Personal,
    pub institution: String,
    /// Images at the hub.
    pub here: u64,
    /// What the sender's PACS counts.
    pub expected: Option<u64>,
    pub complete: bool,
    pub series: Vec<SharedSeries>,
    pub fetch: Option<FetchView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSeries {
    pub modality: String,
    pub description: String,
    pub body_part: String,
    pub images: u64,
}

/// How the newest fetch of a study stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchView {
    pub state: FetchState,
    pub node: String,
    pub moved: Moved,
    pub failure: Option<Failure>,
    pub due: Timestamp,
    pub changed: Timestamp,
    /// Since when its gateway has not been heard from, if it is silent.
    pub silent_since: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchState {
    Waiting,
    UnderWay,
    Done,
    Failed,
}

/// What a recipient's people have done with a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRecipient {
    pub id: OrganisationId,
    pub name: String,
    pub came: Timestamp,
    pub opened: Option<Timestamp>,
    pub opened_by: Option<Named<MemberId>>,
    pub member: Option<Named<MemberId>>,
    pub unit: Option<Named<CareUnitId>>,
    pub accepted: Option<Timestamp>,
    pub declined: Option<Timestamp>,
    pub decline_reason: Personal,
    pub recall: Option<Timestamp>,
    pub recalled: Option<Timestamp>,
    pub changed: Timestamp,
    /// It has said where whoever is on call can be written to.
    pub on_call: bool,
    /// When it was told that nobody had opened it.
    pub escalated: Option<Timestamp>,
    /// Since when its newest gateway has not been heard from, if it is silent.
    pub silent_since: Option<Timestamp>,
}

/// One study's way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedDelivery {
    pub study: StudyUid,
    pub recipient: OrganisationId,
    pub state: DeliveryState,
    pub held: bool,
    pub complete: bool,
    pub images: u64,
    pub bytes: u64,
    pub pending: u64,
    pub stored: u64,
    pub already_there: u64,
    pub failed: u64,
    pub failure: Option<Failure>,
    pub next_attempt: Option<Timestamp>,
    pub changed: Timestamp,
    /// Bytes of what is in the recipient's PACS, and when the first came there.
    pub stored_bytes: u64,
    pub first_stored: Option<Timestamp>,
}

/// Something that happened to a share, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareEvent {
    pub at: Timestamp,
    /// A word: `shared`, `allowed`, `first_stored`, `all_stored`, `failed`,
    /// `retried`, `let_in`, `opened`, `declined`, `taken_back`, `recalled`, `escalated`.
    pub what: &'static str,
    pub recipient: Option<OrganisationId>,
    pub images: Option<u64>,
    pub by: Option<Personal>,
}

#[async_trait]
pub trait Sharing: Send + Sync + 'static {
    async fn recipients(&self, caller: &Caller) -> Answer<Vec<RecipientView>>;
    async fn set_favourite(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        favourite: bool,
    ) -> Answer<()>;
    /// What one has begun to write, sealed.
    async fn draft(&self, caller: &Caller) -> Answer<Option<String>>;
    async fn keep_draft(&self, caller: &Caller, draft: Option<&str>) -> Answer<()>;

    /// Makes the share, its deliveries and fetches. False: it was there, the
    /// same. `Taken("id")`: something else has this id.
    async fn share(&self, caller: &Caller, wanted: &WantedShare) -> Answer<bool>;
    /// What one's organisation has shared in the portal, newest first. On
    /// record, patient by patient.
    async fn shares(
        &self,
        caller: &Caller,
        which: Which,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<Page<ShareView>>;
    /// One of them, with its history. On record.
    async fn share_view(
        &self,
        caller: &Caller,
        share: ShareId,
    ) -> Answer<(ShareView, Vec<ShareEvent>)>;
    /// The newest ones, for showing how they go and nothing of whom they are:
    /// that is not on record.
    async fn shares_going(&self, caller: &Caller, limit: u32) -> Answer<Vec<ShareView>>;
    /// Ends access everywhere; answers how many recipients hold copies, who are
    /// asked to remove them.
    async fn take_back(
        &self,
        caller: &Caller,
        share: ShareId,
        why: TakenBackWhy,
        reason: &Personal,
    ) -> Answer<u64>;
    /// Ends one recipient's deliveries of a share; answers whether it holds
    /// copies.
    async fn cancel_recipient(
        &self,
        caller: &Caller,
        share: ShareId,
        recipient: OrganisationId,
        reason: &Personal,
    ) -> Answer<bool>;
    /// What stands still goes first in its queue.
    async fn retry_recipient(
        &self,
        caller: &Caller,
        share: ShareId,
        recipient: OrganisationId,
    ) -> Answer<()>;
    /// Fetches a study of a share again, now.
    async fn fetch_again(&self, caller: &Caller, share: ShareId, study: &StudyUid) -> Answer<()>;
}
