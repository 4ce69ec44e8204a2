//! What is inside a DICOM object: reading a data set as it streams by,
//! character sets, file meta, query identifiers, coercion, transcoding, and
//! the sample studies of demo and tests.
//!
//! Ring 0: no async, no I/O, no clock. dicom-rs types stay inside this crate.
//!
//! Invariants: lengths, UIDs and text from a peer are never trusted; readers
//! take bytes in any split and hold a bounded part of them; errors name tags
//! and lengths, never values. The one place that holds an object whole is
//! [`transcode`], bounded by its caller.

pub mod charset;
pub mod coerce;
mod dictionary;
mod element;
pub mod identifier;
mod inflate;
pub mod pack;
pub mod part10;
pub mod phantom;
pub mod query;
pub mod scan;
mod structure;
pub mod syntax;
pub mod tag;
pub mod transcode;
pub mod uid;

pub use tag::Tag;
