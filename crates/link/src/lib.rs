//! The gateway's client of the hub: one HTTPS connection, outwards.
//!
//! Ring 2, on stages 2 and 5a of the path. Speaks `bildbro_wire::link`; logs in
//! by a signed assertion (RFC 7523) for a token that lives ten minutes.
//!
//! Invariants: plain HTTP only to loopback; redirects are not followed; images
//! stream both ways, never held whole; every wait has a limit.
//!
//! What this crate deliberately does not do: it retries nothing but a login
//! that has run out. When to try again is `flow`'s.

mod client;
mod connect;
mod content;
mod login;
mod pace;
mod upload;

pub use client::{HubLink, LinkConfig, LinkError, enrol};
pub use pace::{Pacer, Rate};
