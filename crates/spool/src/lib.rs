//! The gateway's spool: an append-only segment log with group commit.
//!
//! On the path's first stage. A file with its own flush for each image costs a
//! millisecond each; here all images that wait share one `fdatasync`.
//!
//! Invariants
//! - [`Appender::commit`] returns only when the object is on disk.
//! - A crash loses nothing that was committed, and leaves nothing that was not.
//! - A full spool refuses; it never lies.
//! - Memory is bounded, however many and large the objects are.
//! - What is on disk is sealed with the spool's key: data and descriptions.
//!
//! An object is one or more *chunks*, and a *commit* record that names them.
//! Objects may lie interleaved and over several segments. Each record carries
//! a checksum, so that what was torn shows also without the key. A segment goes when every object in it has been released.
//!
//! What this crate deliberately does not do: it knows nothing of DICOM, keeps
//! no index beyond where objects lie, and does not remember releases across a
//! restart (the gateway's index does).

mod append;
mod disk;
mod read;
mod record;
mod recover;
mod sealed;
mod spool;
mod writer;

pub use append::Appender;
pub use disk::{Disk, SegmentFile, StdDisk};
pub use recover::Recovery;
pub use spool::{Options, Spool, Usage};

use bildbro_domain::{Digest, ErrorClass};
use bytes::Bytes;
use std::{io, path::PathBuf, sync::Arc};

/// An object's number: grows, and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u64);

/// An object that is whole and on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: ObjectId,
    /// As given at commit.
    pub meta: Bytes,
    /// Bytes of data.
    pub length: u64,
    /// SHA-256 of the data.
    pub digest: Digest,
}

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpoolError {
    #[error("the spool is full ({used} of {most} bytes)")]
    Full { used: u64, most: u64 },
    #[error("the disk is full")]
    DiskFull,
    #[error("{operation} failed: {source}")]
    Io {
        operation: &'static str,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("another process has the spool {0} open")]
    Locked(PathBuf),
    #[error("the spool holds no object {0}")]
    NoObject(u64),
    #[error("the description of an object is {0} bytes long; at most {most} fit", most = record::MAX_META)]
    LongMeta(usize),
    #[error("the spool was written with another key")]
    OtherKey,
    #[error("the spool has stopped")]
    Stopped,
}

impl SpoolError {
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Full { .. } | Self::DiskFull | Self::Io { .. } | Self::Stopped => {
                ErrorClass::Transient
            }
            Self::Locked(_) | Self::NoObject(_) | Self::LongMeta(_) | Self::OtherKey => {
                ErrorClass::Permanent
            }
        }
    }

    /// Whether there is no room, rather than something broken.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::DiskFull)
    }

    pub(crate) fn io(operation: &'static str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::Io {
            operation,
            source: Arc::new(source),
        }
    }
}

#[cfg(test)]
mod tests;
