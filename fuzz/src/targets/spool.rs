//! The gateway's spool after damage to its segments: it opens; every object
//! that it still has is one that was committed, and reads as that or not at
//! all; what no damage touched is there, and reads; released, it leaves nothing
//! behind.

use bildbro_seal::DataKey;
use bildbro_spool::{Entry, Options, Spool};
use bytes::Bytes;
use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Segments as they were, by name, and what was committed in them.
struct Before {
    segments: BTreeMap<String, Vec<u8>>,
    objects: HashMap<u64, Object>,
}

struct Object {
    entry: Entry,
    content: Vec<u8>,
    /// Where its records lie.
    records: Vec<(String, Range<usize>)>,
}

pub fn run(data: &[u8]) {
    static BEFORE: OnceLock<Before> = OnceLock::new();
    let before = BEFORE.get_or_init(fill);
    let mut segments = before.segments.clone();
    damage(&mut segments, data);

    let folder = folder();
    for (name, bytes) in &segments {
        fs::write(folder.path().join(name), bytes).expect("the test's own folder");
    }
    let runtime = runtime();
    let (spool, recovery) = Spool::open(options(folder.path())).expect("a damaged spool opens");
    let mut there = HashSet::new();
    for entry in &recovery.objects {
        assert!(there.insert(entry.id.0), "each object once");
        let known = before.objects.get(&entry.id.0);
        let known = known.expect("nothing that was not committed");
        assert_eq!(*entry, known.entry, "as it was committed");
        match runtime.block_on(read(&spool, entry)) {
            Ok(content) => assert!(content == known.content, "its content"),
            // A chunk of its own in another's place has a right sum, and shows
            // by its seal when it is read.
            Err(_) => assert!(!undamaged(before, &segments, known), "it reads"),
        }
    }
    for (id, object) in &before.objects {
        let whole = undamaged(before, &segments, object);
        assert!(!whole || there.contains(id), "what is undamaged is there");
    }
    assert_eq!(spool.usage().objects, there.len() as u64, "all are counted");
    for entry in recovery.objects {
        spool.release(entry.id);
    }
    let usage = spool.usage();
    assert_eq!(
        (usage.objects, usage.segments, usage.bytes),
        (0, 0, 0),
        "nothing stays behind"
    );
}

fn undamaged(before: &Before, after: &BTreeMap<String, Vec<u8>>, object: &Object) -> bool {
    object.records.iter().all(|(name, range)| {
        let now = after.get(name).and_then(|bytes| bytes.get(range.clone()));
        now == before.segments[name].get(range.clone())
    })
}

async fn read(spool: &Spool, entry: &Entry) -> io::Result<Vec<u8>> {
    let mut stream = spool.read(entry.id, 0).map_err(io::Error::other)?;
    let mut out = Vec::new();
    while let Some(bytes) = stream.next().await {
        out.extend_from_slice(&bytes?);
    }
    Ok(out)
}

/// Damages as the input says: seven bytes for each, what, in which segment,
/// where, how long, and one more.
fn damage(segments: &mut BTreeMap<String, Vec<u8>>, data: &[u8]) {
    let names: Vec<String> = segments.keys().cloned().collect();
    for step in data.chunks_exact(7).take(16) {
        let name = &names[usize::from(step[1]) % names.len()];
        let at = usize::from(u16::from_le_bytes([step[2], step[3]]));
        let length = usize::from(u16::from_le_bytes([step[4], step[5]]));
        if step[0] % 8 == 7 {
            segments.remove(name);
            continue;
        }
        let Some(bytes) = segments.get_mut(name) else {
            continue;
        };
        let at = at % (bytes.len() + 1);
        let range = at..(at + length % 2048).min(bytes.len());
        match step[0] % 8 {
            0 => bytes[range.start..]
                .iter_mut()
                .take(1)
                .for_each(|b| *b ^= step[6] | 1),
            1 => bytes[range].fill(step[6]),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(range)),
            // The same again, pushing the rest away, or in the place of others.
            4 => {
                let copy = bytes[range].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => {
                let copy = bytes[range].to_vec();
                let to = usize::from(step[6]) * 24 % (bytes.len() + 1);
                let end = (to + copy.len()).min(bytes.len());
                bytes.splice(to..end, copy);
            }
            // A record in another's place, in another segment perhaps.
            _ => {
                let to = &names[usize::from(step[6]) % names.len()];
                let copy = bytes[range.clone()].to_vec();
                if let Some(other) = segments.get_mut(to) {
                    let start = range.start.min(other.len());
                    let end = range.end.min(other.len()).max(start);
                    other.splice(start..end, copy);
                }
            }
        }
    }
}

fn options(folder: &Path) -> Options {
    Options {
        segment_bytes: 4096,
        chunk_bytes: 512,
        memory_bytes: 1 << 20,
        ..Options::new(folder.to_owned(), DataKey::new([7; 32]))
    }
}

/// In memory, where there is such a place: nothing here is to outlive the run.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    made.expect("a temporary folder")
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made")
}

/// A spool in use: objects of no chunk, one and many, interleaved, one never
/// finished, and one that holds records.
fn fill() -> Before {
    let folder = folder();
    let runtime = runtime();
    let objects = runtime.block_on(async {
        let (spool, _) = Spool::open(options(folder.path())).expect("a new spool");
        let mut objects = HashMap::new();
        let mut unfinished = spool.append();
        for (n, length) in [0, 1, 300, 512, 513, 1536, 5000].into_iter().enumerate() {
            // Chunks that differ, and some that do not differ in length.
            let content: Vec<u8> = (0..length)
                .map(|i| u8::try_from((i / 512 + i % 7 + n) % 256).unwrap_or(0))
                .collect();
            let more = unfinished.push(Bytes::from(vec![9; 300])).await;
            more.expect("there is room");
            let mut appender = spool.append();
            for piece in content.chunks(200) {
                let pushed = appender.push(Bytes::copy_from_slice(piece)).await;
                pushed.expect("there is room");
            }
            let entry = appender.commit(format!("object {n}").into_bytes()).await;
            let entry = entry.expect("there is room");
            let records = Vec::new();
            objects.insert(
                entry.id.0,
                Object {
                    entry,
                    content,
                    records,
                },
            );
        }
        objects
    });
    let mut before = Before {
        segments: BTreeMap::new(),
        objects,
    };
    for file in fs::read_dir(folder.path()).expect("the test's own folder") {
        let path: PathBuf = file.expect("the test's own folder").path();
        if path.extension().is_some_and(|e| e == "seg") {
            let name = path.file_name().and_then(|n| n.to_str());
            let bytes = fs::read(&path).expect("the test's own folder");
            before
                .segments
                .insert(name.expect("a hexadecimal name").to_owned(), bytes);
        }
    }
    note_records(&mut before);
    for object in before.objects.values() {
        let digest: [u8; 32] = Sha256::digest(&object.content).into();
        assert_eq!(object.entry.digest.0, digest, "the right digest");
    }
    before
}

/// Reads the segments by the layout that the spool's records have: a head of
/// 24 bytes, with the object's number at 8 and the payload's length at 16.
fn note_records(before: &mut Before) {
    for (name, bytes) in &before.segments {
        let mut at = 0;
        while let Some(head) = bytes.get(at..at + 24) {
            let number = |range: Range<usize>| {
                let little = head[range].iter().rev();
                little.fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
            };
            let end = at + 24 + usize::try_from(number(16..20)).unwrap_or(usize::MAX - at - 24);
            if let Some(object) = before.objects.get_mut(&number(8..16)) {
                object.records.push((name.clone(), at..end));
            }
            at = end;
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new()];
    // Each kind of damage, here and there.
    for kind in 0..8_u8 {
        for place in 0..8_u8 {
            out.push(vec![
                kind,
                place,
                place.wrapping_mul(37),
                place,
                24,
                1,
                place,
            ]);
        }
    }
    out
}
