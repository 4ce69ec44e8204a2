//! The words and rules of the exchange: organisations, studies, shares,
//! deliveries, policy, audit.
//!
//! Ring 0. Pure: no async, no I/O, no clock, no randomness; time and random
//! numbers come in as parameters. Everything else in the project speaks these
//! types.
//!
//! What this crate deliberately does not do: it does not read DICOM (crate
//! `dicom`), know JSON shapes on any wire (crate `wire`), or touch a database
//! (crate `store`).

pub mod audit;
pub mod complete;
pub mod header;
pub mod id;
pub mod organisation;
pub mod personal;
pub mod policy;
pub mod retry;
pub mod share;
pub mod uid;

pub use header::InstanceHeader;
pub use id::{
    ClaimId, DeliveryId, Digest, GatewayId, InstanceId, MachineId, OrganisationId, ShareId, StudyId,
};
pub use personal::Personal;
pub use retry::ErrorClass;
pub use uid::{AeTitle, ClassUid, InstanceUid, SeriesUid, StudyUid, SyntaxUid};
