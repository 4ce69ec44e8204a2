//! One object on its way in.

use crate::{
    Entry, SpoolError,
    record::{self, Commit, Extent},
    spool::{self, Shared},
    writer::{Chunk, Request},
};
use bildbro_domain::Digest;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// Takes one object, piece by piece. Dropped without [`Appender::commit`], the
/// object never was.
pub struct Appender {
    object: u64,
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    pieces: Vec<Bytes>,
    memory: Vec<OwnedSemaphorePermit>,
    buffered: usize,
    /// Chunks made so far.
    chunks: usize,
    extents: Vec<Extent>,
    /// The chunk on its way to the disk.
    written: Option<oneshot::Receiver<Result<Extent, SpoolError>>>,
    length: u64,
    hash: Sha256,
    committed: bool,
}

impl Appender {
    pub(crate) fn new(object: u64, shared: Arc<Shared>, requests: mpsc::Sender<Request>) -> Self {
        Self {
            object,
            shared,
            requests,
            pieces: Vec::new(),
            memory: Vec::new(),
            buffered: 0,
            chunks: 0,
            extents: Vec::new(),
            written: None,
            length: 0,
            hash: Sha256::new(),
            committed: false,
        }
    }

    /// Bytes taken so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Takes more of the object. Waits while too much is in memory.
    ///
    /// # Errors
    /// [`SpoolError`]; the object is then to be given up.
    pub async fn push(&mut self, mut bytes: Bytes) -> Result<(), SpoolError> {
        self.shared.check_room(bytes.len() as u64)?;
        self.hash.update(&bytes);
        self.length += bytes.len() as u64;
        let most = self.shared.options.chunk_bytes;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(most - self.buffered));
            self.charge(piece.len()).await?;
            self.buffered += piece.len();
            self.pieces.push(piece);
            if self.buffered >= most {
                self.write_chunk().await?;
            }
        }
        Ok(())
    }

    /// Charges memory. Before it waits for some it writes out what it holds
    /// itself, so that appenders never wait for one another in a ring.
    async fn charge(&mut self, bytes: usize) -> Result<(), SpoolError> {
        let bytes = u32::try_from(bytes).expect("a chunk is far below 4 GB");
        let free = Arc::clone(&self.shared.memory).try_acquire_many_owned(bytes);
        let permit = match free {
            Ok(permit) => permit,
            Err(_) => {
                self.write_chunk().await?;
                let memory = Arc::clone(&self.shared.memory);
                let waited = memory.acquire_many_owned(bytes).await;
                waited.map_err(|_| SpoolError::Stopped)?
            }
        };
        self.memory.push(permit);
        Ok(())
    }

    fn take_chunk(&mut self) -> Option<Chunk> {
        if self.pieces.is_empty() {
            return None;
        }
        self.buffered = 0;
        let pieces = std::mem::take(&mut self.pieces);
        // Here, not by the writer: there is one writer, but a sealer for each
        // association.
        let payload = self.shared.seal.chunk(self.object, self.chunks, &pieces);
        self.chunks += 1;
        Some(Chunk {
            payload,
            _memory: std::mem::take(&mut self.memory),
        })
    }

    async fn write_chunk(&mut self) -> Result<(), SpoolError> {
        let Some(chunk) = self.take_chunk() else {
            return Ok(());
        };
        let (done, written) = oneshot::channel();
        let request = Request::Chunk {
            object: self.object,
            chunk,
            done,
        };
        // One chunk is sealed and written while the next is received.
        self.await_written().await?;
        self.send(request).await?;
        self.written = Some(written);
        Ok(())
    }

    /// Waits for the chunk that is being written.
    async fn await_written(&mut self) -> Result<(), SpoolError> {
        if let Some(written) = self.written.take() {
            let extent = written.await.map_err(|_| SpoolError::Stopped)??;
            self.extents.push(extent);
        }
        Ok(())
    }

    async fn send(&self, request: Request) -> Result<(), SpoolError> {
        let sent = self.requests.send(request).await;
        sent.map_err(|_| SpoolError::Stopped)
    }

    /// Makes the object whole. Returns when it is on disk. `meta` comes back
    /// with the entry, also after a restart.
    ///
    /// # Errors
    /// [`SpoolError`]; the object must then be taken as not kept.
    pub async fn commit(mut self, meta: Vec<u8>) -> Result<Entry, SpoolError> {
        record::check_meta(&meta)?;
        self.await_written().await?;
        let commit = Commit {
            meta: Bytes::from(meta),
            length: self.length,
            digest: Digest(self.hash.clone().finalize().into()),
            extents: std::mem::take(&mut self.extents),
        };
        let (done, safe) = oneshot::channel();
        let request = Request::Commit {
            object: self.object,
            chunk: self.take_chunk(),
            commit,
            done,
        };
        self.send(request).await?;
        let commit = safe.await.map_err(|_| SpoolError::Stopped)??;
        self.committed = true;
        Ok(spool::entry(self.object, &commit))
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        if !self.committed {
            self.shared.drop_object(self.object);
        }
    }
}
