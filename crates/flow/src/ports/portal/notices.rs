//! Telling people of what has come and waits for them.
//!
//! Each method is one short transaction that does some of what is due: it marks
//! in a row that something is told, and puts the sealed letters of it beside
//! those that are due, both or neither. Several hubs may ask at once; each row is
//! marked by one.

use super::super::StoreError;
use crate::notice::Pen;
use async_trait::async_trait;
use bildbro_domain::OrganisationId;
use jiff::Timestamp;

#[async_trait]
pub trait Notices: Send + Sync + 'static {
    /// Writes to whoever is on call of emergencies that have come. Answers how
    /// many rows were looked at: none are left when it is 0.
    async fn call_out(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError>;

    /// The organisations whose members are to be told of something: that came at
    /// `before` or earlier, or is an emergency.
    async fn to_be_told(
        &self,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<OrganisationId>, StoreError>;

    /// Writes to an organisation's members of all that has come, one letter to
    /// each who wants it at once. Answers how many rows were looked at.
    async fn tell(
        &self,
        pen: &Pen,
        organisation: OrganisationId,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<u32, StoreError>;

    /// Writes to members whose hour it is. Answers how many were looked at.
    async fn digest(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError>;

    /// Tells of what nobody has opened for too long: at the recipient, and the
    /// sender. On record. Answers how many rows were looked at.
    async fn escalate(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError>;
}
