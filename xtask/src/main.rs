//! Checks of the repository itself that neither the compiler nor clippy makes.
//!
//! `cargo run -p xtask -- layers` reads `cargo metadata` and the files that
//! git knows, and fails when a crate reaches into a ring it may not use, or a
//! source file breaks a rule of CONTRIBUTING.md. It changes nothing.

mod layers;
mod sources;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments != ["layers"] {
        eprintln!("usage: cargo run -p xtask -- layers");
        return ExitCode::FAILURE;
    }
    match check_layers() {
        Ok(findings) => report(&findings),
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What a check found: errors fail the run, warnings are for the reviewer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    errors: Vec<String>,
    warnings: Vec<String>,
}

fn check_layers() -> Result<Findings, String> {
    let root = root();
    let metadata = output(
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(&root),
    )?;
    let packages = layers::read_metadata(&metadata)?;
    let mut findings = sources::check(&root, &tracked_files(&root)?)?;
    findings.errors.extend(layers::check(&packages));
    Ok(findings)
}

fn report(findings: &Findings) -> ExitCode {
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for error in &findings.errors {
        eprintln!("error: {error}");
    }
    if findings.errors.is_empty() {
        println!("layers: all rings and source rules hold");
        ExitCode::SUCCESS
    } else {
        eprintln!(
            "layers: {} rule(s) broken; CONTRIBUTING.md gives the reasons",
            findings.errors.len()
        );
        ExitCode::FAILURE
    }
}

/// The workspace's folder: the one above this package's.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Files in the repository, and those about to be: everything not ignored.
fn tracked_files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let listing = output(
        Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root),
    )?;
    let listing =
        String::from_utf8(listing).map_err(|_| "git lists a path that is not UTF-8".to_owned())?;
    Ok(listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect())
}

fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .map_err(|error| format!("{command:?} does not start: {error}"))?;
    if status.success() {
        Ok(stdout)
    } else {
        Err(format!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&stderr).trim()
        ))
    }
}
