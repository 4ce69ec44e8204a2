//! Keys and signed assertions of machines (RFC 7523; SMART App Launch 2.2,
//! "Client Authentication: Asymmetric").
//!
//! A machine is known by a [`MachineId`](bildbro_domain::MachineId); a gateway's
//! is its own id. Each may have several public keys, so that one can be
//! exchanged for another without a gap.

mod assertion;
mod pair;
mod public;

pub use assertion::{
    AssertionError, Verified, VerifiedMachine, assertion, verify_assertion, verify_machine,
};
pub use pair::{KeyError, KeyPair};
pub use public::{PublicKey, PublicKeyError};

#[cfg(test)]
mod tests;
