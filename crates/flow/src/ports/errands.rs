//! Errands as the database keeps them: sealed, claimed by lease.
//!
//! What an errand asks and what is found are patients' data: they pass through
//! here sealed by [`Vault`](crate::vault::Vault), and are removed when whoever
//! waits has read them.

use super::{StoreError, hub::Call};
use async_trait::async_trait;
use bildbro_domain::{ClaimId, ErrandId, GatewayId};
use bildbro_wire::errand::{ErrandEnd, FoundReply, Moved};
use jiff::Timestamp;

/// What a task is sealed for: bound to the gateway that is to do it.
#[must_use]
pub fn task_place(gateway: GatewayId) -> String {
    format!("errand of {gateway}")
}

/// What a finding is sealed for: bound to its errand.
#[must_use]
pub fn finding_place(errand: ErrandId) -> String {
    format!("finding of {errand}")
}

/// An errand that a gateway has just claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedErrand {
    pub id: ErrandId,
    pub claim: ClaimId,
    pub lease_until: Timestamp,
    pub attempts: u32,
    /// A sealed [`Task`](bildbro_wire::errand::Task).
    pub task: String,
}

/// What a gateway has found, sealed finding by finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFound {
    pub errand: ErrandId,
    pub claim: ClaimId,
    pub findings: Vec<String>,
    pub moved: Option<Moved>,
    pub end: Option<ErrandEnd>,
}

#[async_trait]
pub trait Errands: Send + Sync + 'static {
    /// Claims the most urgent errand of the calling gateway that is due;
    /// `urgent_only`: a search, or a fetch for an emergency.
    async fn claim_errand(
        &self,
        call: &Call,
        urgent_only: bool,
    ) -> Result<Option<ClaimedErrand>, StoreError>;
    /// Keeps what was found, renews the lease or ends the errand, and schedules
    /// a fetch that failed for now again. An errand that is not there, not the
    /// caller's, over, or claimed anew since is answered with `go_on: false`.
    /// `random` in `[0, 1)` spreads retries.
    async fn found(
        &self,
        call: &Call,
        found: &SealedFound,
        random: f64,
    ) -> Result<FoundReply, StoreError>;
}
