//! Asking another organisation for a patient's images, and answering.

use super::{Answer, Caller, Page, sharing::RecipientView, will::Named};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, Digest, ImageRequestId, MemberId, OrganisationId, Personal, ShareId,
    image_request::State,
    matching::Described,
    share::{Priority, Purpose},
};
use jiff::{Timestamp, civil::Date};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// As typed; of sex nothing is asked.
    pub patient: Described,
    /// In the asker's words.
    pub wanted: Personal,
    /// Of studies from this day on, and until that one.
    pub from: Option<Date>,
    pub until: Option<Date>,
    /// A code, or empty.
    pub modality: String,
    pub purpose: Purpose,
    pub priority: Priority,
    pub needed_by: Option<Date>,
}

#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Made by whoever asks: asked for twice, it is made once.
    pub id: ImageRequestId,
    pub holder: OrganisationId,
    pub wish: Wish,
    /// Of all the above.
    pub request: Digest,
}

/// Which side of a request one's organisation is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Asked,
    Received,
}

/// Which of an organisation's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    All,
    /// Waits for an answer.
    Waiting,
    Answered,
    /// Declined, withdrawn, or run out.
    Over,
}

/// A request as one side sees it: names of people are told to their own
/// organisation only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestView {
    pub id: ImageRequestId,
    pub side: Side,
    pub asker: Named<OrganisationId>,
    pub holder: Named<OrganisationId>,
    pub asked: Timestamp,
    pub asked_by: Option<Named<MemberId>>,
    pub unit: Option<Named<CareUnitId>>,
    /// The patient as compared.
    pub key: Personal,
    pub wish: Wish,
    pub state: State,
    pub expires: Timestamp,
    pub handled: Option<Timestamp>,
    pub handled_by: Option<Named<MemberId>>,
    pub reminded: Option<Timestamp>,
    /// What it was answered with.
    pub share: Option<ShareId>,
    /// Why it was declined.
    pub reason: Personal,
    pub changed: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitingCounts {
    pub open: u64,
    pub being_handled: u64,
}

/// What waits on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCounts {
    pub asked: WaitingCounts,
    pub received: WaitingCounts,
}

/// How a request goes, and nothing of whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestGoing {
    pub id: ImageRequestId,
    pub state: State,
    pub changed: Timestamp,
}

#[async_trait]
pub trait Requests: Send + Sync + 'static {
    /// Whom one can ask; `takes` is what one's own organisation takes from each.
    async fn holders(&self, caller: &Caller) -> Answer<Vec<RecipientView>>;
    /// False: it was there, the same. `Taken("id")`: something else has this id.
    async fn ask_images(&self, caller: &Caller, new: &NewRequest) -> Answer<bool>;
    /// Newest first. On record, patient by patient.
    async fn requests(
        &self,
        caller: &Caller,
        side: Side,
        stage: Stage,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<(Page<RequestView>, RequestCounts)>;
    /// One of them. On record.
    async fn request(&self, caller: &Caller, request: ImageRequestId) -> Answer<RequestView>;
    /// The newest ones of each side, for showing how they go; that is not on
    /// record.
    async fn requests_going(
        &self,
        caller: &Caller,
        limit: u32,
    ) -> Answer<(Vec<RequestGoing>, RequestCounts)>;
    /// The holder's member takes it, from a colleague too.
    async fn handle_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()>;
    async fn decline_request(
        &self,
        caller: &Caller,
        request: ImageRequestId,
        reason: &Personal,
    ) -> Answer<()>;
    /// The asker does not need them any more.
    async fn withdraw_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()>;
    /// `TooSoon` when the holder was reminded within a day.
    async fn remind_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()>;
}
