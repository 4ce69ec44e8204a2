//! People: who calls, what they have been given, and what they do with it.
//!
//! [`acting`] reads who a caller is in the transaction of the act, and [`allow`]
//! asks policy; a no is recorded by [`allow`] itself. Nothing of the portal is
//! read or changed but behind these two.

mod acting;
mod approvals;
mod directory;
mod exchange;
mod identity_provider;
mod letters;
mod links;
mod log;
mod login;
mod machines;
mod members;
mod notices;
mod roles;
mod stop;
mod will;

pub use acting::{acting, allow, refuse};
