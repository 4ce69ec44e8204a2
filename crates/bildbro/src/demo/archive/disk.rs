//! The archive's files: one Part 10 file for each object (PS3.10 7), named by
//! the digest of its SOP Instance UID.
//!
//! Invariants: a file with its final name is whole and on disk; what a crash
//! leaves under another name goes at the next start. Files are read and
//! written in pieces.

use super::Index;
use crate::fault::{Fault, While};
use bildbro_dicom::{
    part10::{self, Meta, MetaError},
    scan::{Limits, ScanError, Scanner},
};
use bildbro_dimse::{server::StoredObject, status};
use bildbro_domain::{Digest, InstanceHeader, InstanceUid, SyntaxUid};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    fs::{self, File},
    io::{self, Read, SeekFrom, Write},
    path::{Path, PathBuf},
};
use tokio::io::AsyncSeekExt;
use tokio_util::io::ReaderStream;

/// Bytes read at a time.
const PIECE: usize = 256 * 1024;

const KEPT: &str = "dcm";
const DRAFT: &str = "part";

/// Why an object is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("writing the object's file")]
    Write(#[from] io::Error),
    #[error("reading the data set")]
    Scan(#[from] ScanError),
    #[error("the data set is another object than the one announced")]
    OtherObject,
}

impl KeepError {
    /// The DIMSE status that says so (PS3.4 B.2.3).
    pub const fn status(&self) -> u16 {
        match self {
            Self::Write(_) => status::OUT_OF_RESOURCES,
            Self::Scan(_) => status::CANNOT_UNDERSTAND,
            Self::OtherObject => status::DOES_NOT_MATCH,
        }
    }
}

/// Why a file of the archive cannot be read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("reading the file")]
    Read(#[from] io::Error),
    #[error("reading the file meta information")]
    Meta(#[from] MetaError),
    #[error("reading the data set")]
    Scan(#[from] ScanError),
}

/// An object held.
#[derive(Clone)]
pub struct Kept {
    pub header: InstanceHeader,
    pub syntax: SyntaxUid,
    pub path: PathBuf,
    /// Where the data set begins, in bytes from the start of the file.
    pub data_set_at: u64,
}

impl Kept {
    /// For sending. The file is opened when its turn comes.
    pub fn object(self) -> StoredObject {
        let Self {
            header,
            syntax,
            path,
            data_set_at,
        } = self;
        let open = async move {
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(SeekFrom::Start(data_set_at)).await?;
            Ok::<_, io::Error>(ReaderStream::with_capacity(file, PIECE))
        };
        StoredObject {
            class: header.class_uid,
            sop_uid: header.sop_uid,
            syntax,
            bytes: stream::once(open).try_flatten().boxed(),
        }
    }
}

/// A file not written to its end. Dropped, it goes.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Absent once it has its final name; otherwise the next start tries
        // again.
        let _best_effort = fs::remove_file(&self.0);
    }
}

/// An object that is being written.
pub struct Draft {
    temporary: Temporary,
    file: File,
    scanner: Scanner,
    meta: Meta,
    data_set_at: u64,
}

impl Draft {
    pub fn begin(directory: &Path, meta: Meta) -> Result<Self, KeepError> {
        let name = format!("{}.{DRAFT}", uuid::Uuid::new_v4());
        let path = directory.join(name);
        let mut file = File::create_new(&path)?;
        let temporary = Temporary(path);
        let head = part10::meta_header(&meta);
        file.write_all(&head)?;
        Ok(Self {
            temporary,
            file,
            scanner: Scanner::new(meta.syntax.as_str(), Limits::default()),
            meta,
            data_set_at: head.len() as u64,
        })
    }

    /// Takes the next bytes of the data set.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), KeepError> {
        self.scanner.push(bytes)?;
        Ok(self.file.write_all(bytes)?)
    }

    /// The data set has ended: checks it, and has it written to disk.
    pub fn finish(self) -> Result<Finished, KeepError> {
        let header = self.scanner.finish()?;
        if header.sop_uid != self.meta.sop_uid || header.class_uid != self.meta.class {
            return Err(KeepError::OtherObject);
        }
        self.file.sync_all()?;
        Ok(Finished {
            temporary: self.temporary,
            header,
            syntax: self.meta.syntax,
            data_set_at: self.data_set_at,
        })
    }
}

/// An object that is whole and on disk, without its name.
pub struct Finished {
    temporary: Temporary,
    header: InstanceHeader,
    syntax: SyntaxUid,
    data_set_at: u64,
}

impl Finished {
    pub fn sop_uid(&self) -> &InstanceUid {
        &self.header.sop_uid
    }

    /// Gives it its name, in the directory it was begun in.
    pub fn keep(self, directory: &Path) -> Result<Kept, KeepError> {
        let name = Digest::of(self.header.sop_uid.as_str().as_bytes());
        let path = directory.join(format!("{name}.{KEPT}"));
        fs::rename(&self.temporary.0, &path)?;
        File::open(directory)?.sync_all()?;
        Ok(Kept {
            header: self.header,
            syntax: self.syntax,
            path,
            data_set_at: self.data_set_at,
        })
    }
}

/// Reads every object's file, and removes drafts that a crash has left.
pub fn read_all(directory: &Path) -> Result<Index, Fault> {
    let what = format!("reading the archive {}", directory.display());
    let mut index = Index::new();
    for entry in fs::read_dir(directory).doing(&what)? {
        let path = entry.doing(&what)?.path();
        match path.extension().and_then(|e| e.to_str()) {
            Some(KEPT) => {
                let kept = read(&path).doing(format!("reading {}", path.display()))?;
                index.insert(kept.header.sop_uid.clone(), kept);
            }
            Some(DRAFT) => {
                fs::remove_file(&path).doing(format!("removing {}", path.display()))?;
            }
            _ => {}
        }
    }
    Ok(index)
}

fn read(path: &Path) -> Result<Kept, ReadError> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    let longest = part10::MAX_META as u64 * 2;
    (&file).take(longest).read_to_end(&mut head)?;
    let (meta, data_set_at) = part10::read_meta(&head)?;
    let mut scanner = Scanner::new(meta.syntax.as_str(), Limits::default());
    scanner.push(&head[data_set_at..])?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        scanner.push(&piece[..length])?;
    }
    Ok(Kept {
        header: scanner.finish()?,
        syntax: meta.syntax,
        path: path.to_owned(),
        data_set_at: data_set_at as u64,
    })
}
