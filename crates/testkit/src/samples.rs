//! Real DICOM files: those that pydicom is tested with, of many makers,
//! transfer syntaxes and character sets, some of them broken on purpose.

use crate::folder::root;
use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

/// Python with pydicom and pynetdicom: `BILDBRO_PYTHON`, or the environment
/// that `make setup` makes.
pub fn python() -> PathBuf {
    env::var_os("BILDBRO_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from)
}

/// All Part 10 files that come with pydicom, in a fixed order.
///
/// # Panics
/// When there is no Python with pydicom.
pub fn pydicom_files() -> Vec<PathBuf> {
    let python = python();
    let script = "import os, pydicom.data as d; print(os.path.dirname(d.__file__))";
    let output = Command::new(&python).args(["-c", script]).output();
    let folder = match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => panic!(
            "{} has no pydicom: run `make setup`, or set BILDBRO_PYTHON",
            python.display()
        ),
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no DICOM files");
    files
}

/// The one of [`pydicom_files`] with this name, such as `CT_small.dcm`.
///
/// # Panics
/// When there is none.
pub fn pydicom_file(name: &str) -> PathBuf {
    let mut files = pydicom_files().into_iter();
    files
        .find(|file| file.file_name().is_some_and(|n| n == name))
        .unwrap_or_else(|| panic!("pydicom has no file {name}"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if is_part_10(&path) {
            files.push(path);
        }
    }
}

/// PS3.10 7.1: 128 bytes of preamble, then `DICM`.
fn is_part_10(path: &Path) -> bool {
    let mut head = [0; 132];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.ends_with(b"DICM")
}
