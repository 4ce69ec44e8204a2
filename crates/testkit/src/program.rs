//! The product's own programs, as an operator runs them: by the binary, a
//! configuration file and the command line.

mod gateway;
mod hub;

pub use gateway::{Gateway, GatewayOptions, Node};
pub use hub::{Hub, HubOptions};

use crate::{dcmtk::Outcome, process::Process, wait::LIMIT};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// How long a command may take: `fsck` after hours of faults has much to look at.
const COMMAND: Duration = LIMIT.saturating_mul(5);

/// The binary of this build: beside the running test's folder, or beside the
/// running benchmark.
///
/// # Panics
/// When it has not been built.
pub fn bildbro() -> PathBuf {
    let here = env::current_exe().expect("a running program knows its path");
    here.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("bildbro"))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!(
                "no `bildbro` near {}: run `cargo build --bin bildbro` first",
                here.display()
            )
        })
}

/// The environment that the tests run in must not configure the program.
fn clean(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("BILDBRO_") {
            command.env_remove(name);
        }
    }
    command
}

async fn run(arguments: &[&str], config: &Path) -> Outcome {
    let mut command = Command::new(bildbro());
    command.args(arguments).arg("--config").arg(config);
    let mut command = tokio::process::Command::from(clean(command));
    command.kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND, command.output())
        .await
        .unwrap_or_else(|_| panic!("bildbro {arguments:?} does not end"))
        .unwrap_or_else(|error| panic!("bildbro does not start: {error}"));
    let success = output.status.success();
    let stream = if success {
        output.stdout
    } else {
        output.stderr
    };
    Outcome {
        success,
        text: String::from_utf8_lossy(&stream).into_owned(),
    }
}

/// The address in the last line `listening <what> <address>` of a log that
/// only this start has written to.
fn listening(log: &str, what: &str) -> Option<String> {
    let prefix = format!("listening {what} ");
    let line = log
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(&prefix))?;
    Some(line.trim().to_owned())
}

async fn stop(process: &mut Option<Process>) {
    if let Some(mut process) = process.take() {
        let status = process.terminate().await;
        assert!(
            status.success(),
            "stopped with {status}; the end of its log:\n{}",
            process.tail()
        );
    }
}
