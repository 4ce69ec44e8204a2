//! The few things the writer asks of a disk, so that tests can make it fail.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Seek, SeekFrom, Write},
    path::Path,
};

/// A segment open for writing.
pub trait SegmentFile: Send {
    /// Writes all of the pieces at the end.
    ///
    /// # Errors
    /// The system's; the file's end is then anywhere.
    fn append(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()>;
    /// # Errors
    /// The system's; what was written may or may not be safe.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file back to this length.
    ///
    /// # Errors
    /// The system's.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

pub trait Disk: Send {
    /// Makes a new segment, its name safe in the directory.
    ///
    /// # Errors
    /// The system's.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;
}

/// The real one.
pub struct StdDisk;

impl Disk for StdDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        if let Some(directory) = path.parent() {
            sync_directory(directory)?;
        }
        Ok(Box::new(StdSegment(file)))
    }
}

/// Makes names in a directory safe.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Removes a segment. What is left after a failure is found, and removed
/// again, at the next start.
pub fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "spool.segment_not_removed");
    }
}

struct StdSegment(File);

impl SegmentFile for StdSegment {
    fn append(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut rest = pieces;
        while !rest.is_empty() {
            // The system takes at most IOV_MAX (1,024 on Linux) pieces.
            let most = rest.len().min(1024);
            match self.0.write_vectored(&rest[..most]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => IoSlice::advance_slices(&mut rest, n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        self.0.seek(SeekFrom::Start(length)).map(|_| ())
    }
}
