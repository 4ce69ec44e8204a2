//! Keeps what a run that went wrong has left, for a person to look at.

use crate::{account::Findings, backends::Pair, sender::Sent, world::World};
use bildbro_testkit::root;
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Copies the programs' folders with data and logs, the book and the findings.
///
/// # Errors
/// When the disk refuses.
pub async fn keep(
    pair: Pair,
    seed: u64,
    world: &World,
    book: &[Sent],
    findings: &Findings,
) -> io::Result<PathBuf> {
    let folder = root().join(format!(".work/chaos/{}-{seed}", pair.name()));
    fs::create_dir_all(&folder)?;
    let mut text = String::new();
    for sent in book {
        // Writing to a String does not fail.
        let _ok = writeln!(text, "{sent:?}");
    }
    fs::write(folder.join("book"), text)?;
    fs::write(folder.join("findings"), findings.0.join("\n"))?;
    for place in world.places() {
        // Stopped, so that the copy is of one moment.
        let mut program = place.program.lock().await;
        program.kill();
        copy(program.folder(), &folder.join(place.name))?;
    }
    copy(world.archive.folder(), &folder.join("archive"))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let status = Command::new("cp").arg("-a").args([from, to]).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("cp of {} failed", from.display())))
    }
}
