//! Errands between a hub and nodes that behave as told.

#![expect(clippy::unwrap_used, reason = "tests")]

mod fetches;
mod ports;
mod searches;
