//! What the stages need from outside, as traits. Adapters of ring 2 implement
//! them; one suite per port runs on every implementation.

pub mod checkpoints;
pub mod errands;
pub mod gateway;
pub mod hub;
pub mod inventory;
pub mod keys;
pub mod portal;

use bildbro_domain::ErrorClass;
use bytes::Bytes;
use futures::stream::BoxStream;

/// A storage port failed. The text is ours or the database's, never a peer's.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {source}")]
pub struct StoreError {
    pub operation: &'static str,
    pub class: ErrorClass,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.class
    }
}

/// In the middle of a stream: what lasts is invalid data.
impl From<StoreError> for std::io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.class() {
            ErrorClass::Permanent => std::io::ErrorKind::InvalidData,
            ErrorClass::Transient | ErrorClass::Ambiguous => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Bytes of one object, in order, at most about a mebibyte at a time.
pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;
