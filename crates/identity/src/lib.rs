//! Who is at the other end: machine login, tokens, enrolment codes.
//!
//! Ring 2. Machines log in by OAuth 2.0 client credentials with
//! `private_key_jwt` (RFC 6749 4.4, RFC 7521, RFC 7523; as SMART Backend
//! Services do): one mechanism for gateways, and later for 1177, EHRs and
//! analytics.
//!
//! What this crate deliberately does not do: it keeps nothing. Whether an
//! assertion was used before, and whose token is good, the database says, so
//! that it holds on every replica.

pub mod code;
pub mod machine;
pub mod scope;
pub mod token;
