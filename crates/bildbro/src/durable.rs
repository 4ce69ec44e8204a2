//! Small files that must be whole, and private, whatever happens.

use crate::fault::{Fault, While};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// Writes a file that only its owner can read; on disk before it has its name.
///
/// # Errors
/// When the disk says no; the file is then as it was.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let doing = || format!("writing {}", file.display());
    let draft = file.with_extension("new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .doing(doing())?;
    out.write_all(bytes).doing(doing())?;
    out.sync_all().doing(doing())?;
    fs::rename(&draft, file).doing(doing())?;
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .doing(doing())
}
