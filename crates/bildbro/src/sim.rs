//! `bildbro sim …`: services of others, played on this machine.

use crate::{
    fault::{Fault, While},
    hub,
};
use bildbro_sim::bankid;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    service: Service,
}

#[derive(Subcommand)]
enum Service {
    /// BankID: the server for relying parties, and a page that is the citizen's app
    Bankid(Bankid),
}

#[derive(Args)]
struct Bankid {
    /// Folder for the certificates; made when they are not there
    #[arg(long)]
    dir: PathBuf,
    /// Port of the relying parties' API, on this machine only; 0 for any
    #[arg(long, default_value_t = 8095)]
    port: u16,
    /// Port of the app's page, on this machine only; 0 for any
    #[arg(long, default_value_t = 8096)]
    app_port: u16,
}

pub async fn main(arguments: Arguments) -> Result<(), Fault> {
    let Service::Bankid(wanted) = arguments.service;
    let stop = hub::until_told_to_stop().doing("watching for signals")?;
    let config = bankid::Config {
        folder: wanted.dir,
        port: wanted.port,
        app_port: wanted.app_port,
    };
    let started = |simulator: &bankid::Simulator| {
        let file = |name| simulator.folder.join(name).display().to_string();
        println!("BankID, simulated: for tests and demos only");
        println!("  authority        {}", file(bankid::AUTHORITY));
        println!(
            "  relying party    {}, password {}; or {}",
            file(bankid::RELYING_PARTY_P12),
            bankid::PASSWORD,
            file(bankid::RELYING_PARTY)
        );
        println!("listening bankid {}", simulator.rp_url);
        println!("listening bankid-app {}", simulator.app_url);
    };
    bankid::run(config, stop, started)
        .await
        .doing("simulating BankID")
}
