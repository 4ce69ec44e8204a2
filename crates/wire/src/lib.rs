//! What is said to others. Hub and gateway: the link's messages and its framing
//! of image bytes. Readers of the log: audit messages.
//!
//! Ring 0. Each message is a plain type; encoding is JSON. A hub speaks the
//! link's current version and the one before, so fields are only ever added,
//! with a default (`serde(default)`), until [`link::VERSION`] is raised.
//! [`bankid`] is another's: what the hub says to BankID.
//!
//! What this crate deliberately does not do: it opens no connection and makes
//! no decision.

pub mod audit;
pub mod bankid;
pub mod errand;
pub mod frame;
pub mod link;
pub mod problem;
