//! Opening the spool, and what appenders, readers and the writer share: which
//! objects lie where, and which segments are still needed.

use crate::{
    Entry, ObjectId, SpoolError,
    append::Appender,
    disk::{self, Disk, StdDisk},
    read,
    record::{Commit, Extent},
    recover::{self, Recovery},
    sealed::Seal,
    writer::{Request, Writer},
};
use bildbro_seal::DataKey;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Semaphore, mpsc};

/// Requests that wait for the writer.
const QUEUE: usize = 256;

/// An object's number is the count of starts, and the count within one: so
/// that no number comes twice, even when every segment has gone.
const STARTS_SHIFT: u32 = 40;
const SEGMENT_SHIFT: u32 = 32;

#[derive(Debug, Clone)]
pub struct Options {
    pub directory: PathBuf,
    /// A segment is closed when it has grown to this.
    pub segment_bytes: u64,
    /// All segments together.
    pub max_bytes: u64,
    /// Longest chunk of an object; an object that fits one is one write.
    pub chunk_bytes: usize,
    /// Data held in memory for all appenders together.
    pub memory_bytes: u64,
    /// Seals what is on disk.
    pub key: DataKey,
}

impl Options {
    #[must_use]
    pub fn new(directory: PathBuf, key: DataKey) -> Self {
        Self {
            directory,
            segment_bytes: 64 << 20,
            max_bytes: 100 << 30,
            chunk_bytes: 256 << 10,
            memory_bytes: 64 << 20,
            key,
        }
    }
}

/// What the spool takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    pub bytes: u64,
    pub objects: u64,
    pub segments: u64,
}

/// A spool, open in this process alone.
pub struct Spool {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    next_object: AtomicU64,
    _lock: File,
}

pub(crate) struct Shared {
    pub options: Options,
    pub seal: Seal,
    pub memory: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: HashMap<u64, Held>,
    segments: BTreeMap<u64, Segment>,
    bytes: u64,
}

#[derive(Default)]
struct Held {
    /// With something of the object in them, its commit record included.
    segments: BTreeSet<u64>,
    /// Present once the object is whole and safe.
    commit: Option<Arc<Commit>>,
}

#[derive(Default)]
struct Segment {
    bytes: u64,
    objects: u64,
    closed: bool,
}

pub(crate) fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016x}.seg"))
}

impl Spool {
    /// Opens the spool in a directory, making it if need be, and reads what is
    /// there.
    ///
    /// # Errors
    /// [`SpoolError::Locked`], or [`SpoolError::Io`].
    pub fn open(options: Options) -> Result<(Self, Recovery), SpoolError> {
        Self::open_on(options, Box::new(StdDisk))
    }

    /// The same on another disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(options: Options, disk: Box<dyn Disk>) -> Result<(Self, Recovery), SpoolError> {
        let directory = options.directory.clone();
        fs::create_dir_all(&directory).map_err(|e| SpoolError::io("making the spool", e))?;
        let lock = lock(&directory)?;
        let seal = Seal::new(&options.key);
        let found =
            recover::scan(&directory, &seal).map_err(|e| SpoolError::io("reading the spool", e))?;
        if found.other_key {
            return Err(SpoolError::OtherKey);
        }
        let starts = count_start(&directory, found.last_segment >> SEGMENT_SHIFT)
            .map_err(|e| SpoolError::io("counting starts", e))?;
        let permits = usize::try_from(options.memory_bytes)
            .unwrap_or(usize::MAX)
            .clamp(options.chunk_bytes, Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared {
            memory: Arc::new(Semaphore::new(permits)),
            state: Mutex::default(),
            seal,
            options,
        });
        shared.restore(&found);
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new(
            disk,
            directory,
            shared.options.segment_bytes,
            starts << SEGMENT_SHIFT,
            Arc::clone(&shared),
        );
        std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|e| SpoolError::io("starting the spool's writer", e))?;
        let spool = Self {
            shared,
            requests,
            next_object: AtomicU64::new(starts << STARTS_SHIFT),
            _lock: lock,
        };
        Ok((spool, found.recovery))
    }

    /// Starts a new object.
    #[must_use]
    pub fn append(&self) -> Appender {
        let object = self.next_object.fetch_add(1, Ordering::Relaxed);
        Appender::new(object, Arc::clone(&self.shared), self.requests.clone())
    }

    /// The data of a whole object from `from` on, in chunks, each checked
    /// against its sum and its seal.
    ///
    /// # Errors
    /// [`SpoolError::NoObject`].
    pub fn read(
        &self,
        id: ObjectId,
        from: u64,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, SpoolError> {
        let state = self.shared.lock();
        let held = state
            .objects
            .get(&id.0)
            .and_then(|held| held.commit.clone());
        let commit = held.ok_or(SpoolError::NoObject(id.0))?;
        drop(state);
        Ok(read::stream(Arc::clone(&self.shared), id.0, commit, from))
    }

    /// The object is no longer needed. A segment without needed objects goes.
    pub fn release(&self, id: ObjectId) {
        self.shared.drop_object(id.0);
    }

    #[must_use]
    pub fn usage(&self) -> Usage {
        let state = self.shared.lock();
        Usage {
            bytes: state.bytes,
            objects: state
                .objects
                .values()
                .filter(|o| o.commit.is_some())
                .count() as u64,
            segments: state.segments.len() as u64,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the state")
    }

    /// Refuses `more` bytes when they would not fit.
    pub fn check_room(&self, more: u64) -> Result<(), SpoolError> {
        let used = self.lock().bytes;
        let most = self.options.max_bytes;
        if used + more > most {
            return Err(SpoolError::Full { used, most });
        }
        Ok(())
    }

    /// A segment has been made.
    pub fn opened(&self, segment: u64) {
        self.lock().segments.insert(segment, Segment::default());
    }

    /// A record of an object, `bytes` long, is in a segment.
    pub fn wrote(&self, object: u64, segment: u64, bytes: u64) {
        let mut state = self.lock();
        state.bytes += bytes;
        let new = state
            .objects
            .entry(object)
            .or_default()
            .segments
            .insert(segment);
        let segment = state.segments.entry(segment).or_default();
        segment.bytes += bytes;
        segment.objects += u64::from(new);
    }

    /// An object is whole and safe.
    pub fn keep(&self, object: u64, commit: &Commit) {
        // The description is with whoever committed it; only the place is kept.
        let place = Commit {
            meta: Bytes::new(),
            ..commit.clone()
        };
        self.lock().objects.entry(object).or_default().commit = Some(Arc::new(place));
    }

    /// Nothing more is written to a segment.
    pub fn closed(&self, segment: u64) {
        let mut state = self.lock();
        if let Some(found) = state.segments.get_mut(&segment) {
            found.closed = true;
        }
        self.remove_if_done(&mut state, segment);
    }

    /// An object is no longer needed, or never became whole.
    pub fn drop_object(&self, object: u64) {
        let mut state = self.lock();
        let Some(held) = state.objects.remove(&object) else {
            return;
        };
        for segment in held.segments {
            if let Some(found) = state.segments.get_mut(&segment) {
                found.objects = found.objects.saturating_sub(1);
            }
            self.remove_if_done(&mut state, segment);
        }
    }

    fn remove_if_done(&self, state: &mut State, segment: u64) {
        let done = state
            .segments
            .get(&segment)
            .is_some_and(|s| s.closed && s.objects == 0);
        if done && let Some(gone) = state.segments.remove(&segment) {
            state.bytes = state.bytes.saturating_sub(gone.bytes);
            disk::remove(&segment_path(&self.options.directory, segment));
        }
    }

    fn restore(&self, found: &recover::Found) {
        let mut state = self.lock();
        for (&number, &bytes) in &found.segments {
            state.bytes += bytes;
            let segment = Segment {
                bytes,
                objects: 0,
                closed: true,
            };
            state.segments.insert(number, segment);
        }
        for (entry, (commit_segment, commit)) in found.recovery.objects.iter().zip(&found.commits) {
            let mut held = Held {
                segments: commit.extents.iter().map(|e: &Extent| e.segment).collect(),
                commit: Some(Arc::clone(commit)),
            };
            held.segments.insert(*commit_segment);
            for segment in &held.segments {
                if let Some(segment) = state.segments.get_mut(segment) {
                    segment.objects += 1;
                }
            }
            state.objects.insert(entry.id.0, held);
        }
        let all: Vec<u64> = state.segments.keys().copied().collect();
        for segment in all {
            self.remove_if_done(&mut state, segment);
        }
    }
}

/// A whole object as found at the start.
pub(crate) fn entry(object: u64, commit: &Commit) -> Entry {
    Entry {
        id: ObjectId(object),
        meta: commit.meta.clone(),
        length: commit.length,
        digest: commit.digest,
    }
}

fn lock(directory: &Path) -> Result<File, SpoolError> {
    let path = directory.join("lock");
    let file = File::create(&path).map_err(|e| SpoolError::io("locking the spool", e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::Locked(directory.to_owned())),
        Err(TryLockError::Error(e)) => Err(SpoolError::io("locking the spool", e)),
    }
}

/// Counts this start, safely; at least one more than any segment knows of.
fn count_start(directory: &Path, known: u64) -> io::Result<u64> {
    let path = directory.join("starts");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let starts = text.trim().parse::<u64>().unwrap_or(0).max(known) + 1;
    let draft = directory.join("starts.new");
    fs::write(&draft, starts.to_string())?;
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, &path)?;
    disk::sync_directory(directory)?;
    Ok(starts)
}
