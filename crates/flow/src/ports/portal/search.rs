//! Searching the own organisation's PACS, through its gateways.

use super::{super::StoreError, Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::{
    ErrandId, GatewayId, OrganisationId, Personal, StudyUid,
    share::{Failure, Priority},
};
use bildbro_wire::errand::{FoundStudy, NodeProblem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a finding holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Study(Box<FoundStudy>),
    Problem(NodeProblem),
}

/// A gateway that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Askable {
    pub id: GatewayId,
    pub name: String,
    /// It has not been heard from for a while.
    pub silent: bool,
}

/// A search that is about to begin: a task for each gateway.
#[derive(Debug, Clone)]
pub struct NewSearch {
    /// The patient asked for, as it is compared, for the log.
    pub patient: Option<Personal>,
    /// Gateway, and its task, sealed for it.
    pub tasks: Vec<(GatewayId, String)>,
    pub priority: Priority,
    pub expires: Timestamp,
}

/// How a gateway's part of a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub errand: ErrandId,
    pub gateway: GatewayId,
    /// New findings, sealed, in order.
    pub findings: Vec<String>,
    pub end: Option<PartEnd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnd {
    Done { cut: bool },
    Failed(Failure),
}

#[async_trait]
pub trait Searches: Send + Sync + 'static {
    /// One's organisation, and its gateways.
    async fn askable(&self, caller: &Caller) -> Answer<(OrganisationId, Vec<Askable>)>;
    /// Begins a search; on record with whom it is for.
    async fn begin_search(&self, caller: &Caller, search: &NewSearch) -> Answer<Vec<ErrandId>>;
    /// What has come of each part since `seen` findings. Whoever's session
    /// began it.
    async fn look_search(&self, caller: &Caller, parts: &[(ErrandId, u64)]) -> Answer<Vec<Part>>;
    /// Puts on record, patient by patient, what is about to be shown, and
    /// answers how many images of each study the hub holds for one's
    /// organisation. Nothing is shown before it has answered.
    async fn show_found(&self, caller: &Caller, found: &[(Personal, StudyUid)])
    -> Answer<Vec<u64>>;
    /// Ends it: gateways stop, and findings are removed; also when the session
    /// has ended in the meantime.
    async fn end_search(&self, parts: &[ErrandId]) -> Result<(), StoreError>;
}
