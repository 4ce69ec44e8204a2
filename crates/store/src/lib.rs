//! The databases of hub and gateway, and the hub's blobs. The only crate that
//! contains SQL.
//!
//! Ring 2. [`HubDb`] and [`GatewayDb`] implement the storage ports of `flow`
//! on SQLite, [`HubDb`] on PostgreSQL too; [`ObjectBlobs`] the hub's blobs on any
//! object store.
//!
//! Invariants
//! - Each port method is one transaction, and the audit entries of what it does
//!   are appended in it: what is not on record has not happened.
//! - SQL lies in one module per aggregate, in words that SQLite and PostgreSQL
//!   share: numbered placeholders, `ON CONFLICT`, `RETURNING`, no function of
//!   one database only. What differs is in `database` and in the migrations.
//! - A time is microseconds since 1970, an id or digest lower-case text.
//! - Errors carry the database's words, never a bound value.
//!
//! What this crate deliberately does not do: it makes no policy decision (it
//! reads the facts and asks `domain::policy`), and it never looks into an image.

mod audit;
mod blobs;
mod database;
mod fault;
mod gateway;
mod group;
mod hub;
mod value;

pub use blobs::ObjectBlobs;
pub use gateway::GatewayDb;
pub use hub::HubDb;
