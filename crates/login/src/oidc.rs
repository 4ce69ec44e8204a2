//! Logging in with an organisation's own identity provider: an OpenID Connect
//! relying party (OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, 7636, 9207).
//!
//! One way only: authorisation code with PKCE, `state` and `nonce`. A
//! [`Flow`] is what lies between [`RelyingParty::begin`] and
//! [`RelyingParty::finish`]; the caller keeps it on the server, ties it to the
//! browser by a cookie, and takes it away when it is used.
//!
//! Invariants: an [`Identity`] comes from an ID token whose signature, issuer,
//! audience, times, nonce and level of assurance all held. The provider is
//! spoken to by TLS (loopback aside), follows no redirect, and has bounded time
//! and room. What is kept in memory are the provider's public documents, for
//! minutes; they decide nothing.
//!
//! What this module deliberately does not do: it keeps no sessions, makes no
//! accounts, takes no implicit or hybrid answers, and reads no encrypted tokens.

mod claims;
mod documents;
mod error;
mod exchange;
mod fetch;
mod flow;
mod id_token;
mod provider;
mod return_to;

pub use claims::{Commission, Identity};
pub use documents::RelyingParty;
pub use error::{IdTokenError, OidcError};
pub use fetch::Limits;
pub use flow::{Callback, Flow};
pub use provider::{
    ClientAuthentication, CommissionMapping, Mapping, Provider, Secret, SigningAlgorithm,
};
pub use return_to::local_path;
