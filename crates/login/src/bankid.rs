//! Identifying and signing with BankID: "BankID Relying Party API v6.0".
//!
//! [`BankId`] talks to the service; an [`Order`] is what the caller keeps
//! between the citizen's requests, in a row of its own, on the server;
//! [`Message`] is what the citizen reads meanwhile.
//!
//! Invariants: the service must show a certificate from the authority that is
//! configured, the system's are never asked; `qr_start_secret` leaves the
//! process only inside a serialised [`Order`]; no answer is read beyond a
//! bound, no request waits without one; errors and `Debug` carry no personal
//! data and no token.
//!
//! What this module deliberately does not do: it keeps no order, decides
//! nothing about what the citizen may do, does not try again (the error's
//! class says whether that is of use), and does not verify the signature that
//! comes with a completed order: BankID's server vouches for it over TLS, and
//! it is to be kept as evidence.

mod client;
mod fault;
mod identity;
mod messages;
mod order;

pub use bildbro_wire::bankid::{
    CardReader, FailedHint, PendingHint, Requirement, Risk, Secret, Web,
};
pub use client::{Ask, BankId, Collected, Completed, Config, Text};
pub use fault::{BankIdError, SetupError};
pub use identity::Identity;
pub use messages::{Device, Message, Situation, Start};
pub use order::{App, Order};
