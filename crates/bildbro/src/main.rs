//! One binary: `bildbro hub`, `bildbro gateway`, `bildbro demo`,
//! `bildbro admin …`, `bildbro sim …`.
//!
//! Ring 3. Puts adapters and use-cases together; decides nothing itself. Each
//! program is one module: its configuration, and the wiring of its stages.

mod admin;
mod cli;
mod config;
mod demo;
mod durable;
mod fault;
mod gateway;
mod hub;
mod keys;
mod sim;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    // The one process-wide choice: which implementation rustls uses.
    let _already_set = rustls::crypto::aws_lc_rs::default_provider().install_default();
    std::thread::spawn(bildbro_identity::token::warm_up);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("bildbro: the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(arguments.run());
    // Blocking work that is still under way (a slow disk) must not keep the
    // process: everything acknowledged is on disk already.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bildbro: {fault}");
            ExitCode::FAILURE
        }
    }
}
