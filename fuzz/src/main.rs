//! `bildbro-fuzz TARGET|all --seconds N [--seed S]`; `TARGET --input FILE` for
//! one input; `TARGET --seeds FOLDER` and `list` for other fuzzers. Targets run in a process of their own each, so that one
//! which takes its process down does not end the others.

use bildbro_fuzz::{
    Target,
    drive::{self, Counting},
    target, targets,
};
use clap::Parser;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, ExitCode},
    time::Duration,
};

#[global_allocator]
static COUNTING: Counting = peak_alloc::PeakAlloc;

#[derive(Parser)]
struct Arguments {
    /// A target's name, `all`, or `list`.
    target: String,
    /// How long each target is fuzzed.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs this input alone.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Writes the target's seeds to this folder, and does no more.
    #[arg(long)]
    seeds: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.target == "all" {
        return all(&arguments);
    }
    if arguments.target == "list" {
        targets::ALL.iter().for_each(|t| println!("{}", t.name));
        return ExitCode::SUCCESS;
    }
    let Some(target) = target(&arguments.target) else {
        let names: Vec<_> = targets::ALL.iter().map(|t| t.name).collect();
        eprintln!(
            "there is no target `{}`; there are {} and all",
            arguments.target,
            names.join(", ")
        );
        return ExitCode::from(2);
    };
    match (&arguments.input, &arguments.seeds) {
        (Some(path), _) => one(target, path),
        (None, Some(folder)) => write_seeds(target, folder),
        (None, None) => fuzz(target, &arguments),
    }
}

fn one(target: &Target, path: &Path) -> ExitCode {
    let input = match fs::read(path) {
        Ok(input) => input,
        Err(error) => {
            eprintln!("reading {}: {error}", path.display());
            return ExitCode::from(2);
        }
    };
    match drive::once(target, COUNTING, &input) {
        Ok(held) => {
            println!("{}: nothing wrong; held {} KB", target.name, held / 1024);
            ExitCode::SUCCESS
        }
        Err(fault) => {
            println!("{}: {fault:?}", target.name);
            ExitCode::FAILURE
        }
    }
}

fn write_seeds(target: &Target, folder: &Path) -> ExitCode {
    let seeds = (target.seeds)();
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut places = seeds.iter().enumerate();
        places.try_for_each(|(place, seed)| fs::write(folder.join(format!("seed-{place}")), seed))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("writing to {}: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}

fn found() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("found")
}

fn fuzz(target: &'static Target, arguments: &Arguments) -> ExitCode {
    let time = Duration::from_secs(arguments.seconds);
    let report = match drive::run(target, COUNTING, arguments.seed, time, on_hang) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("{}: {error}", target.name);
            return ExitCode::from(2);
        }
    };
    println!(
        "{:<12} {:>9} executions, at most {:>6} KB and {:>5} ms, {} findings",
        target.name,
        report.executions,
        report.held / 1024,
        report.longest.as_millis(),
        report.faults.len(),
    );
    for (fault, input) in &report.faults {
        tell(target, &format!("{fault:?}"), input);
    }
    if report.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn tell(target: &Target, fault: &str, input: &[u8]) {
    let fault: String = fault.chars().take(400).collect();
    match drive::keep(&found(), target, input) {
        Ok(path) => println!("  {fault}\n  in {}", path.display()),
        Err(error) => println!("  {fault}\n  and could not be kept: {error}"),
    }
}

/// An input that does not end: told of, and the process with it.
fn on_hang(target: &Target, input: &[u8]) {
    tell(target, &format!("{} hangs", target.name), input);
    process::exit(1);
}

fn all(arguments: &Arguments) -> ExitCode {
    let Ok(program) = env::current_exe() else {
        eprintln!("the system does not say where this program is");
        return ExitCode::from(2);
    };
    let mut failed = false;
    for target in &targets::ALL {
        let child = Command::new(&program)
            .arg(target.name)
            .args(["--seconds", &arguments.seconds.to_string()])
            .args(["--seed", &arguments.seed.to_string()])
            .spawn();
        let ended = child.and_then(|mut child| Ok((child.id(), child.wait()?)));
        match ended {
            Ok((_, status)) if status.success() => {}
            Ok((id, status)) => {
                failed = true;
                // Killed by a signal: it had no time to say by what.
                let last = drive::last_words(target, id);
                if let (None, Ok(input)) = (status.code(), fs::read(last)) {
                    tell(target, &format!("{}: {status}", target.name), &input);
                }
            }
            Err(error) => {
                failed = true;
                eprintln!("{}: {error}", target.name);
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
