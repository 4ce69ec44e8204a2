//! The path: each stage of an image's way is one module.
//!
//! | Stage | Module | Runs in |
//! |---|---|---|
//! | 1 receive | [`receive`] | gateway |
//! | 2 forward | [`forward`], [`complete`] | gateway |
//! | 3 admit | [`admit`] | hub |
//! | 4 decide | [`decide`] | hub |
//! | 5a deliver | [`work`] at the hub, [`deliver`] at the gateway | both |
//! | 6 record | in the transaction of each of the above, by [`ports::hub::HubStore`] and [`ports::gateway::GatewayStore`] | both |
//!
//! Before it, for someone at the hub: [`search`] asks the PACS behind gateways,
//! [`dispatch`] hands errands to them, and [`errand`] does them there. Beside the
//! path: [`checkpoint`] and [`log`] vouch for the log, [`fsck`] for what is
//! stored; [`audit_event`] says an entry in others' words, [`spot_check`]
//! samples the log.
//!
//! Ring 1. Use-cases over ports (traits), no SQL, sockets or files here.
//! Invariants: nothing is released without a `Permit`; nothing is let go of
//! before the next stage has acknowledged it; every queue is bounded; no whole
//! object is held.

pub mod admit;
pub mod audit_event;
pub mod checkpoint;
pub mod clock;
pub mod complete;
pub mod decide;
pub mod deliver;
pub mod dispatch;
pub mod errand;
pub mod forward;
pub mod fsck;
pub mod letter;
pub mod line;
pub mod log;
pub mod notice;
pub mod ports;
pub mod post;
pub mod receive;
pub mod room;
pub mod search;
pub mod spot_check;
pub mod test_image;
pub mod vault;
pub mod work;
