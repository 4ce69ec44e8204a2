//! The hub's HTTP side: the link that gateways call, and the status page.
//!
//! Ring 2. Handlers take a message apart, call one use-case of `flow`, and map
//! its answer; [`ENDPOINTS`] lists them all, with who may call and what is left
//! on record. Two routers go on two listeners: [`public_router`] where gateways
//! connect, [`operations_router`] on loopback only, since nobody logs in there.
//!
//! Invariants
//! - Every route of the link but enrolment and login needs a token that is good
//!   at that moment; a revoked gateway is out with its next request.
//! - Bodies are bounded and timed; images stream both ways, never held whole.
//! - Errors are RFC 9457 problems without personal data or a storage's words.
//! - Nothing of a request's text reaches the log but its route.
//!
//! What this crate deliberately does not do: it decides nothing (that is
//! `flow` and `domain::policy`), holds no session, and knows no SQL.

mod describe;
mod endpoints;
mod enrol;
mod guard;
mod health;
mod instances;
mod link;
mod live;
mod machine;
mod measure;
mod message;
mod portal;
mod problem;
mod serve;
pub mod service;
pub mod status;
mod token;

pub use describe::openapi;
pub use endpoints::{Caller, ENDPOINTS, Endpoint, Method, Record, Surface};
pub use portal::LoginMeans;
pub use serve::{Listener, ServeError, Tls};

use axum::{Router, middleware};
use bildbro_flow::{
    clock::Clock,
    ports::{
        checkpoints::Checkpoints,
        hub::{Blobs, HubStore},
        portal::Portal,
    },
    room::Room,
    vault::Vault,
    work::Wake,
};
use bildbro_login::bankid::BankId;
use bildbro_telemetry::Metrics;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the handlers work with. Cloned for each request.
#[derive(Clone)]
pub struct HubState {
    pub store: Arc<dyn HubStore>,
    /// The same database, for people.
    pub portal: Arc<dyn Portal>,
    /// The same database, for what vouches for its log.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// For secrets that lie in it.
    pub vault: Arc<Vault>,
    /// What log-in works with besides.
    pub login: Arc<LoginMeans>,
    /// For staff; `None`: no log-in by BankID.
    pub bankid: Option<Arc<BankId>>,
    pub blobs: Arc<dyn Blobs>,
    pub clock: Clock,
    pub wake: Wake,
    pub metrics: Metrics,
    /// How gateways reach the hub, without a slash at the end; an assertion's
    /// audience is this and the token's path.
    pub public_url: String,
    /// A proxy in front says where requests come from.
    pub behind_proxy: bool,
    /// Letters reach people; if not, links are told to whoever asks for them.
    pub post: bool,
    /// Largest image that is taken, in bytes.
    pub max_object: u64,
    /// Memory for images on their way in.
    pub room: Room,
}

/// Told to requests that would otherwise outlive the hub.
#[derive(Debug, Clone)]
struct Stopping(CancellationToken);

/// What gateways call.
pub fn public_router(state: HubState) -> Router {
    finish(endpoints::router(Surface::Public, &state), state)
}

/// Status page and metrics. To be served on loopback only.
pub fn operations_router(state: HubState) -> Router {
    let router = endpoints::router(Surface::Operations, &state);
    finish(router, state).layer(middleware::from_fn(guard::local_name_only))
}

fn finish(router: Router<HubState>, state: HubState) -> Router {
    router
        .layer(middleware::from_fn(guard::headers))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            measure::request,
        ))
        .with_state(state)
}
