//! The log as Parquet files: for keeping for years, and for others' programs.
//!
//! Ring 2. A row is a link of the chain: its number, the hash before it, its
//! hash and the entry's exact text, from which all can be verified again; and
//! the entry's fields as columns, to search by. A field that this version does
//! not know is in the text.
//!
//! Invariants: a row group is at most [`ROWS`] rows, or [`BYTES`] of text, held
//! in memory at a time, when written and when read.
//!
//! What this crate deliberately does not do: it removes nothing, encrypts
//! nothing, and does not judge the chain; `domain::audit` does.

mod columns;
mod read;
mod write;

pub use read::{Links, read};
pub use write::{Summary, write};

use parquet::errors::ParquetError;

/// Rows of a row group at most.
pub const ROWS: usize = 50_000;
/// Bytes of text in a row group, about, at most.
pub const BYTES: usize = 32 << 20;

/// Why a file is not written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("writing the archive: {0}")]
    Write(#[source] ParquetError),
    #[error("reading the archive: {0}")]
    Read(#[source] ParquetError),
    #[error("the archive's file cannot be put on disk: {0}")]
    Sync(#[source] std::io::Error),
    /// Names the entry, and quotes nothing of it.
    #[error("entry {0} is no JSON object with a time in `at`")]
    Entry(u64),
    #[error("row {0} of the archive is no link of a log")]
    Row(u64),
}
