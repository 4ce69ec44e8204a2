//! The portal's API, for people in a browser: `/api/…`, JSON, by session.
//!
//! Each module is a part of it, and gives its routes to [`crate::ENDPOINTS`]'
//! list; a handler takes a request apart, calls one port method with the
//! [`Caller`](bildbro_flow::ports::portal::Caller), and maps its answer.
//! [`caller`] says who calls; [`refusal`] maps what a port refuses.

mod account;
mod caller;
mod directory;
mod exchange;
mod ids;
mod log;
mod login;
mod machines;
mod members;
mod refusal;
mod site;
mod will;

pub use caller::{Caller, Guard, address, guard, same_site};
pub use login::LoginMeans;
pub use refusal::Refused;
pub use site::site;

use crate::endpoints::Endpoint;

/// The routes of each part.
pub const PARTS: &[&[Endpoint]] = &[
    login::ENDPOINTS,
    account::ENDPOINTS,
    directory::ENDPOINTS,
    members::ENDPOINTS,
    machines::ENDPOINTS,
    will::ENDPOINTS,
    exchange::ENDPOINTS,
    log::ENDPOINTS,
];
