//! What is in the spool at the start: every object whose commit record and
//! chunks are all whole, in the order they were committed.
//!
//! New records go to a new segment, so that a torn end needs no mending. A
//! damaged place in the middle (a disk's doing) is stepped over to the next
//! whole record, and counted.

use crate::{
    Entry,
    record::{Commit, HEAD, Head, Kind, MAGIC},
    sealed::Seal,
    spool::entry,
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

/// What was found at the start.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Whole objects, in the order of their commits.
    pub objects: Vec<Entry>,
    /// Bytes at the ends of segments that are no whole record: what was being
    /// written when the process or the power went.
    pub torn_bytes: u64,
    /// Places in the middle of segments that no longer read back.
    pub damaged: u64,
    /// Commit records without all of their chunks.
    pub incomplete: u64,
}

#[derive(Default)]
pub(crate) struct Found {
    pub recovery: Recovery,
    /// With each object: the segment of its commit record, and its place.
    pub commits: Vec<(u64, Arc<Commit>)>,
    committed: HashSet<u64>,
    /// Sizes.
    pub segments: BTreeMap<u64, u64>,
    pub last_segment: u64,
    /// A commit is whole, but this key does not open it.
    pub other_key: bool,
}

pub(crate) fn scan(directory: &Path, seal: &Seal) -> io::Result<Found> {
    let mut found = Found::default();
    for file in fs::read_dir(directory)? {
        let file = file?;
        let name = file.file_name();
        let number = name.to_str().and_then(|n| n.strip_suffix(".seg"));
        if let Some(number) = number.and_then(|n| u64::from_str_radix(n, 16).ok()) {
            found.segments.insert(number, file.metadata()?.len());
        }
    }
    found.last_segment = found.segments.keys().next_back().copied().unwrap_or(0);
    let mut chunks = HashMap::new();
    for (&number, &size) in &found.segments.clone() {
        let path = crate::spool::segment_path(directory, number);
        let mut segment = Segment {
            number,
            size,
            seal,
            reader: BufReader::with_capacity(1 << 20, File::open(path)?),
        };
        segment.read(&mut found, &mut chunks)?;
    }
    if found.recovery.damaged > 0 || found.recovery.incomplete > 0 {
        tracing::error!(
            damaged = found.recovery.damaged,
            incomplete = found.recovery.incomplete,
            "spool.damaged"
        );
    }
    Ok(found)
}

struct Segment<'a> {
    number: u64,
    size: u64,
    seal: &'a Seal,
    reader: BufReader<File>,
}

/// Whole chunks by segment and offset: their object and length.
type Chunks = HashMap<(u64, u64), (u64, u32)>;

impl Segment<'_> {
    fn read(&mut self, found: &mut Found, chunks: &mut Chunks) -> io::Result<()> {
        let mut at = 0;
        while at < self.size {
            if let Some((head, payload)) = self.record(at)? {
                self.take(at, head, &payload, found, chunks);
                at += HEAD as u64 + u64::from(head.length);
                continue;
            }
            match self.next_record(at + 1)? {
                Some(next) => {
                    found.recovery.damaged += 1;
                    at = next;
                }
                None => {
                    found.recovery.torn_bytes += self.size - at;
                    break;
                }
            }
        }
        Ok(())
    }

    /// The whole record at an offset, if there is one.
    fn record(&mut self, at: u64) -> io::Result<Option<(Head, Bytes)>> {
        if self.size - at < HEAD as u64 {
            return Ok(None);
        }
        self.go_to(at)?;
        let mut head = [0; HEAD];
        self.reader.read_exact(&mut head)?;
        let Some(head) = Head::decode(&head) else {
            return Ok(None);
        };
        if self.size - at - (HEAD as u64) < u64::from(head.length) {
            return Ok(None);
        }
        let mut payload = vec![0; head.length as usize];
        self.reader.read_exact(&mut payload)?;
        Ok(head.covers(&payload).then(|| (head, Bytes::from(payload))))
    }

    /// Where the next whole record begins, at or after `from`.
    fn next_record(&mut self, from: u64) -> io::Result<Option<u64>> {
        self.go_to(from)?;
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest)?;
        for start in 0..rest.len().saturating_sub(HEAD) {
            if rest[start..].starts_with(&MAGIC)
                && let Some(head) = Head::decode(&rest[start..])
                && let Some(payload) = rest.get(start + HEAD..start + HEAD + head.length as usize)
                && head.covers(payload)
            {
                return Ok(Some(from + start as u64));
            }
        }
        Ok(None)
    }

    fn go_to(&mut self, at: u64) -> io::Result<()> {
        let now = self.reader.stream_position()?;
        let step = i64::try_from(at).unwrap_or(0) - i64::try_from(now).unwrap_or(0);
        if step == 0 {
            return Ok(());
        }
        if step.unsigned_abs() < 1 << 20 {
            return self.reader.seek_relative(step);
        }
        self.reader.seek(SeekFrom::Start(at)).map(|_| ())
    }

    fn take(&self, at: u64, head: Head, payload: &Bytes, found: &mut Found, chunks: &mut Chunks) {
        if head.kind == Kind::Chunk {
            chunks.insert((self.number, at), (head.object, head.length));
            return;
        }
        let Ok(opened) = self.seal.open_commit(head.object, payload) else {
            found.other_key = true;
            return;
        };
        let whole = Commit::decode(&opened).filter(|commit| {
            commit.extents.iter().all(|extent| {
                chunks.get(&(extent.segment, extent.offset)) == Some(&(head.object, extent.length))
            })
        });
        match whole {
            // The same record again, where a disk has put it a second time.
            Some(_) if !found.committed.insert(head.object) => found.recovery.damaged += 1,
            Some(commit) => {
                found.recovery.objects.push(entry(head.object, &commit));
                found.commits.push((
                    self.number,
                    Arc::new(Commit {
                        meta: Bytes::new(),
                        ..commit
                    }),
                ));
            }
            None => found.recovery.incomplete += 1,
        }
    }
}
