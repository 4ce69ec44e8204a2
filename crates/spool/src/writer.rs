//! The one thread that writes: takes what waits, writes it, flushes once, and
//! answers everyone.

use crate::{
    SpoolError,
    disk::{Disk, SegmentFile},
    record::{Commit, Extent, HEAD, Head, Kind},
    spool::Shared,
};
use bytes::Bytes;
use std::{collections::HashSet, io::IoSlice, path::PathBuf, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// Most requests taken into one group.
const GROUP: usize = 256;

/// A chunk's data, and the memory it is charged to, given back once written.
pub struct Chunk {
    /// Sealed.
    pub payload: Bytes,
    pub _memory: Vec<OwnedSemaphorePermit>,
}

pub enum Request {
    /// Answered when written, not when safe.
    Chunk {
        object: u64,
        chunk: Chunk,
        done: oneshot::Sender<Result<Extent, SpoolError>>,
    },
    /// The last chunk, if any, and the commit; answered when safe.
    Commit {
        object: u64,
        chunk: Option<Chunk>,
        commit: Commit,
        done: oneshot::Sender<Result<Commit, SpoolError>>,
    },
}

struct Open {
    file: Box<dyn SegmentFile>,
    number: u64,
    /// Everything before this is whole records.
    end: u64,
}

pub struct Writer {
    pub disk: Box<dyn Disk>,
    pub directory: PathBuf,
    pub segment_bytes: u64,
    pub next_segment: u64,
    pub shared: Arc<Shared>,
    open: Option<Open>,
    /// Segments of which a flush failed: what the system has of them cannot be
    /// known, so that no object with a part in one is ever answered for.
    poisoned: HashSet<u64>,
}

/// A commit that has been written and waits for the flush.
struct Waiting {
    object: u64,
    /// Where the commit record itself lies.
    segment: u64,
    commit: Commit,
    done: oneshot::Sender<Result<Commit, SpoolError>>,
}

impl Writer {
    pub fn new(
        disk: Box<dyn Disk>,
        directory: PathBuf,
        segment_bytes: u64,
        next_segment: u64,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            disk,
            directory,
            segment_bytes,
            next_segment,
            shared,
            open: None,
            poisoned: HashSet::new(),
        }
    }

    /// Runs until every appender and the spool are gone.
    pub fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::with_capacity(GROUP);
        while let Some(first) = requests.blocking_recv() {
            group.push(first);
            while group.len() < GROUP
                && let Ok(request) = requests.try_recv()
            {
                group.push(request);
            }
            self.group(group.drain(..));
        }
    }

    fn group(&mut self, requests: impl Iterator<Item = Request>) {
        let mut waiting: Vec<Waiting> = Vec::new();
        for request in requests {
            match request {
                Request::Chunk {
                    object,
                    chunk,
                    done,
                } => {
                    let written = self.chunk(object, &chunk);
                    if done.send(written).is_err() {
                        // The appender was dropped meanwhile.
                        self.shared.drop_object(object);
                    }
                }
                Request::Commit {
                    object,
                    chunk,
                    commit,
                    done,
                } => match self.commit(object, chunk, commit) {
                    Ok((segment, commit)) => waiting.push(Waiting {
                        object,
                        segment,
                        commit,
                        done,
                    }),
                    Err(error) => {
                        self.shared.drop_object(object);
                        let _appender_gone = done.send(Err(error));
                    }
                },
            }
            if self
                .open
                .as_ref()
                .is_some_and(|o| o.end >= self.segment_bytes)
            {
                self.flush(&mut waiting);
                self.roll();
            }
        }
        self.flush(&mut waiting);
    }

    fn chunk(&mut self, object: u64, chunk: &Chunk) -> Result<Extent, SpoolError> {
        let head = Head::of(Kind::Chunk, object, &chunk.payload);
        let (segment, offset) = self.append(head, &chunk.payload)?;
        Ok(Extent {
            segment,
            offset,
            length: head.length,
        })
    }

    fn commit(
        &mut self,
        object: u64,
        chunk: Option<Chunk>,
        mut commit: Commit,
    ) -> Result<(u64, Commit), SpoolError> {
        if let Some(chunk) = chunk {
            commit.extents.push(self.chunk(object, &chunk)?);
        }
        let payload = self.shared.seal.commit(object, &commit.encode());
        let head = Head::of(Kind::Commit, object, &payload);
        let (segment, _) = self.append(head, &payload)?;
        Ok((segment, commit))
    }

    /// Appends one record. After a failed write the segment is cut back to its
    /// last whole record, or left behind.
    fn append(&mut self, head: Head, payload: &[u8]) -> Result<(u64, u64), SpoolError> {
        self.ensure_open()?;
        let open = self.open.as_mut().expect("just opened");
        let head_bytes = head.encode();
        let offset = open.end;
        let mut slices = [IoSlice::new(&head_bytes), IoSlice::new(payload)];
        if let Err(error) = open.file.append(&mut slices) {
            if open.file.truncate(offset).is_err() {
                self.give_up_segment();
            }
            return Err(SpoolError::io("writing to the spool", error));
        }
        let size = HEAD as u64 + u64::from(head.length);
        open.end += size;
        self.shared.wrote(head.object, open.number, size);
        Ok((open.number, offset))
    }

    fn ensure_open(&mut self) -> Result<(), SpoolError> {
        if self.open.is_some() {
            return Ok(());
        }
        let number = self.next_segment;
        let path = crate::spool::segment_path(&self.directory, number);
        self.next_segment += 1;
        let file = self
            .disk
            .create(&path)
            .map_err(|error| SpoolError::io("making a spool segment", error))?;
        self.shared.opened(number);
        self.open = Some(Open {
            file,
            number,
            end: 0,
        });
        Ok(())
    }

    /// Makes safe what was written, and answers.
    fn flush(&mut self, waiting: &mut Vec<Waiting>) {
        if waiting.is_empty() {
            return;
        }
        let mut because = std::io::ErrorKind::Other;
        if let Some(open) = &mut self.open
            && let Err(error) = open.file.sync()
        {
            tracing::error!(%error, "spool.flush_failed");
            because = error.kind();
            self.give_up_segment();
        }
        for Waiting {
            object,
            segment,
            commit,
            done,
        } in waiting.drain(..)
        {
            let mut segments = commit.extents.iter().map(|e| e.segment);
            let safe =
                !self.poisoned.contains(&segment) && !segments.any(|s| self.poisoned.contains(&s));
            let answer = if safe {
                self.shared.keep(object, &commit);
                Ok(commit)
            } else {
                Err(SpoolError::io("flushing the spool", because.into()))
            };
            let failed = answer.is_err();
            // Nobody waits for it any more: nobody will ever release it.
            if done.send(answer).is_err() || failed {
                self.shared.drop_object(object);
            }
        }
    }

    /// Begins a new segment with the next record. Chunks whose commit lands in
    /// a later segment must be safe by then, so the old one is flushed now.
    fn roll(&mut self) {
        if let Some(mut open) = self.open.take() {
            if let Err(error) = open.file.sync() {
                tracing::error!(%error, "spool.flush_failed");
                self.poisoned.insert(open.number);
            }
            self.shared.closed(open.number);
        }
    }

    fn give_up_segment(&mut self) {
        if let Some(open) = self.open.take() {
            self.poisoned.insert(open.number);
            self.shared.closed(open.number);
        }
    }
}
