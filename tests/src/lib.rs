//! Tests of the whole path with real peers. The tests are in `tests/`:
//! `scenarios` follows images from PACS to PACS, `interop_*` hold one service
//! against other makers' programs, `bad_input` sends what nobody should,
//! `peers` proves the kit itself. Here is what they share: two hospitals on a
//! hub, and studies to send.

mod exchange;
mod study;

pub use exchange::{Exchange, HALLAND, SKANE, gateway_options};
pub use study::{data_set, files, slices};
