//! Who a person is: passwords, second factors, OpenID Connect, BankID.
//!
//! Ring 2. What this crate deliberately does not do: it keeps nothing, and
//! decides nothing about what someone may do.

pub mod bankid;
pub mod oidc;
pub mod passkey;
pub mod password;
pub mod recovery;
pub mod totp;
