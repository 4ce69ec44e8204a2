//! What has come to one's organisation: to look at, take in, or turn away.

use super::{
    Answer, Caller, Page,
    sharing::{ShareEvent, ShareView},
    will::Named,
};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, MemberId, Personal, ShareId,
    matching::{Described, Verdict},
};

/// Which part of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tray {
    /// Waits for a person: held, or in the PACS and not looked at, or a recall
    /// that nobody has answered.
    New,
    /// On its way into the PACS.
    UnderWay,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrayCounts {
    pub new: u64,
    pub under_way: u64,
    pub done: u64,
}

/// What the own PACS knew of the patients, when it was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub verdict: Verdict,
    /// Candidates, sealed.
    pub sealed: String,
}

/// What a person says of who the patient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    None,
    SamePerson,
    NewPatient,
}

/// Whom something is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    Nobody,
    Member(MemberId),
    Unit(CareUnitId),
}

/// Colleagues that may receive, and one's organisation's care units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Colleagues {
    pub members: Vec<Named<MemberId>>,
    pub units: Vec<Named<CareUnitId>>,
}

#[async_trait]
pub trait Inboxes: Send + Sync + 'static {
    /// Newest first; shares with their one recipient, oneself. On record,
    /// patient by patient.
    async fn inbox(
        &self,
        caller: &Caller,
        tray: Tray,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<(Page<ShareView>, TrayCounts)>;
    /// How they go, and nothing of whom they are: that is not on record.
    async fn inbox_going(
        &self,
        caller: &Caller,
        limit: u32,
    ) -> Answer<(Vec<ShareView>, TrayCounts)>;
    /// One of them. On record.
    async fn inbox_item(
        &self,
        caller: &Caller,
        share: ShareId,
    ) -> Answer<(ShareView, Vec<ShareEvent>, Option<Compared>)>;
    /// Someone has it before them: it is not new any more, and the sender sees
    /// that it was opened.
    async fn open_item(&self, caller: &Caller, share: ShareId) -> Answer<()>;
    /// Whom it is about, to be compared with the own PACS.
    async fn patients_of(&self, caller: &Caller, share: ShareId) -> Answer<Vec<Described>>;
    async fn keep_comparison(
        &self,
        caller: &Caller,
        share: ShareId,
        compared: &Compared,
    ) -> Answer<()>;
    /// Lets it into the PACS. `Refusal::Undecided` when the comparison asks for
    /// a decision, or for a reason, that was not given.
    async fn accept_item(
        &self,
        caller: &Caller,
        share: ShareId,
        decision: Decision,
        reason: &Personal,
    ) -> Answer<()>;
    async fn decline_item(&self, caller: &Caller, share: ShareId, reason: &Personal) -> Answer<()>;
    async fn assign_item(&self, caller: &Caller, share: ShareId, to: Handler) -> Answer<()>;
    /// What became of the copies of a share that was taken back.
    async fn answer_recall(
        &self,
        caller: &Caller,
        share: ShareId,
        removed: bool,
        reason: &Personal,
    ) -> Answer<()>;
    async fn colleagues(&self, caller: &Caller) -> Answer<Colleagues>;
}
