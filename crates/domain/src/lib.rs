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

pub mod approval;
pub mod audit;
pub mod care;
pub mod complete;
pub mod fold;
pub mod header;
pub mod hsa;
pub mod id;
pub mod image_request;
pub mod matching;
pub mod member;
pub mod organisation;
pub mod patient;
pub mod permission;
pub mod personal;
pub mod policy;
pub mod retry;
pub mod share;
pub mod uid;
mod words;

pub use header::InstanceHeader;
pub use hsa::HsaId;
pub use id::{
    AssignmentId, BlockId, CareUnitId, ClaimId, ConsentId, DeliveryId, Digest, EmergencyId,
    ErrandId, GatewayId, ImageRequestId, InstanceId, MachineId, MemberId, OrganisationId, RoleId,
    SessionId, ShareId, StudyId,
};
pub use patient::PatientKey;
pub use personal::Personal;
pub use retry::ErrorClass;
pub use uid::{AeTitle, ClassUid, InstanceUid, SeriesUid, StudyUid, SyntaxUid};
