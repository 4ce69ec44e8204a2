//! Disks of their own for the programs' data, so that they can be full: memory
//! that is mounted as a file system, whose limit is drawn in to what is used.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const SIZE: u64 = 4 << 30;

/// A mounted disk; unmounted on drop.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// `None` where this is not allowed: it takes root.
    pub fn mount(path: &Path) -> Option<Self> {
        let options = format!("size={SIZE},mode=0700");
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(path));
        mounted.then(|| Self {
            path: path.to_owned(),
        })
    }

    /// Leaves no room. Answers whether it could.
    pub fn fill(&self) -> bool {
        // What is written between the two steps makes the limit too low, which
        // the kernel refuses.
        (0..5).any(|_| self.used().is_some_and(|used| self.resize(used)))
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn free(&self) {
        assert!(self.resize(SIZE), "{} stays full", self.path.display());
    }

    fn used(&self) -> Option<u64> {
        let output = Command::new("df")
            .args(["--block-size=1", "--output=used"])
            .arg(&self.path)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().nth(1)?.trim().parse().ok()
    }

    fn resize(&self, bytes: u64) -> bool {
        // A size of 0 would be no limit.
        let options = format!("remount,size={}", bytes.max(4096));
        run(Command::new("mount").args(["-o", &options]).arg(&self.path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a program that uses it may still be there.
        run(Command::new("umount").arg("-l").arg(&self.path));
    }
}

fn run(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
