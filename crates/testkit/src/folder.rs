//! Folders that go away with the test, on the disk of the checkout: `/tmp` may
//! be memory, which would flatter a benchmark and hide what a sync costs.

use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The workspace's folder.
///
/// # Panics
/// Never: this crate lies two folders below it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("crates/testkit lies two folders below the root")
        .to_owned()
}

/// A new folder under `.work/tmp`, removed on drop.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// # Panics
    /// When the disk refuses.
    pub fn new(name: &str) -> Self {
        let parent = root().join(".work/tmp");
        let made = fs::create_dir_all(&parent)
            .and_then(|()| tempfile::Builder::new().prefix(name).tempdir_in(&parent));
        Self(
            made.unwrap_or_else(|error| panic!("making a folder in {}: {error}", parent.display())),
        )
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A subfolder, made if need be.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn sub(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("making {}: {error}", path.display()));
        path
    }

    /// Writes a file and gives its path.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content)
            .unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
        path
    }
}
