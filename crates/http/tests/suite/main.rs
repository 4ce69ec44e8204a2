//! The hub's HTTP side over a real database and blob folder, called in
//! process. `unauthorised` and `audited` walk every endpoint in the list.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../sample/mod.rs"]
mod sample;

mod audited;
mod bodies;
mod described;
mod fixture;
mod pages;
mod portal_coverage;
mod portal_directory;
mod portal_exchange;
mod portal_log;
mod portal_login;
mod portal_machines;
mod portal_members;
mod portal_oidc;
mod portal_requests;
mod portal_takeover;
mod portal_will;
mod serving;
mod token;
mod unauthorised;
