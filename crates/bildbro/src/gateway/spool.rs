//! The spool crate behind the flow's port.

use async_trait::async_trait;
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Arrival, ObjectNumber, Spool, SpoolFailure, SpoolWriter, Spooled},
};
use bildbro_spool::{Appender, Entry, ObjectId, SpoolError};
use bytes::Bytes;
use std::io;

pub struct SpoolPort(pub bildbro_spool::Spool);

#[async_trait]
impl Spool for SpoolPort {
    fn read(&self, object: ObjectNumber, from: u64) -> io::Result<ByteStream> {
        let stream = self.0.read(ObjectId(object), from);
        let stream = stream.map_err(|error| match error {
            SpoolError::NoObject(_) => io::Error::new(io::ErrorKind::NotFound, error),
            error => io::Error::other(error),
        })?;
        Ok(Box::pin(stream))
    }

    fn release(&self, object: ObjectNumber) {
        self.0.release(ObjectId(object));
    }

    fn append(&self) -> Box<dyn SpoolWriter> {
        Box::new(Writer(self.0.append()))
    }
}

struct Writer(Appender);

#[async_trait]
impl SpoolWriter for Writer {
    async fn push(&mut self, bytes: Bytes) -> Result<(), SpoolFailure> {
        self.0.push(bytes).await.map_err(failure)
    }

    fn length(&self) -> u64 {
        self.0.len()
    }

    async fn commit(self: Box<Self>, arrival: Arrival) -> Result<Spooled, SpoolFailure> {
        let meta = serde_json::to_vec(&arrival).map_err(|_| SpoolFailure::Io)?;
        let entry = self.0.commit(meta).await.map_err(failure)?;
        Ok(Spooled {
            object: entry.id.0,
            arrival,
            digest: entry.digest,
            length: entry.length,
        })
    }
}

fn failure(error: SpoolError) -> SpoolFailure {
    if matches!(error, SpoolError::Full { .. }) {
        tracing::error!(%error, "spool.full");
        SpoolFailure::Full
    } else {
        tracing::error!(%error, "spool.failed");
        SpoolFailure::Io
    }
}

/// What the spool held at the start. An entry whose meta part cannot be read
/// (a newer version wrote it?) stays in the spool, and is reported.
pub fn found(entries: &[Entry]) -> Vec<Spooled> {
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries {
        match serde_json::from_slice::<Arrival>(&entry.meta) {
            Ok(arrival) => found.push(Spooled {
                object: entry.id.0,
                arrival,
                digest: entry.digest,
                length: entry.length,
            }),
            Err(_) => tracing::error!(object = entry.id.0, "spool.unreadable_meta"),
        }
    }
    found
}
