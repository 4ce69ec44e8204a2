//! The DICOM network: associations, and the services on them, as provider
//! (SCP) and user (SCU), over TCP or TLS.
//!
//! Ring 2, on the path's first and last stage. Cites PS3.7 (messages),
//! PS3.8 (upper layer) and PS3.15 (TLS).
//!
//! Invariants: nothing a peer says is trusted before it is checked against a
//! bound; a P-DATA PDU is held whole (it is at most what we announced), a data
//! set never is; every wait on a peer has a limit; whatever a peer does ends
//! its own association and no other.
//!
//! What this crate deliberately does not do: it does not read data sets, and
//! keeps nothing.

mod channel;
pub mod client;
pub mod command;
pub mod pdu;
pub mod server;
pub mod sop;
pub mod status;
mod stream;
pub mod tls;

pub use channel::ChannelError;
