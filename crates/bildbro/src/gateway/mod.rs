//! `bildbro gateway`: the program inside an organisation's network.
//!
//! DICOM inwards, one outgoing HTTPS connection to the hub; it opens no port
//! to the outside.

mod bandwidth;
pub mod config;
mod enrol;
mod nodes;
mod query;
mod routes;
mod services;
mod spool;
mod spool_key;
mod tls;
mod wiring;

use crate::{
    admin::{self},
    config::load,
    fault::{Fault, While},
    hub::{init_logs, until_told_to_stop},
};
use clap::{Args, Subcommand};
use config::{Config, HubConfig};
use std::path::PathBuf;

pub use enrol::enrol;
pub use wiring::Gateway;

#[derive(Args)]
pub struct Arguments {
    /// The gateway's configuration file
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The gateway's data directory, instead of the configuration's
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Tie this gateway to an organisation, with a one-time code
    Enrol {
        /// The hub's address: https://…
        #[arg(long)]
        hub: Option<String>,
        #[arg(long)]
        code: String,
        /// What the hub calls this gateway
        #[arg(long, default_value = "gateway")]
        name: String,
    },
    /// Ask whether each node answers (C-ECHO)
    Echo,
    /// Search a node (C-FIND); prints patients' data
    Find(query::FindArguments),
    /// Have a node send a study here (C-MOVE, or C-GET)
    Fetch(query::FetchArguments),
    /// Prove that this gateway's audit log is whole, or read it
    #[command(subcommand)]
    Audit(admin::AuditCommand),
}

pub async fn main(arguments: Arguments) -> Result<(), Fault> {
    let mut config: Config = load(arguments.config.as_deref())?;
    if let Some(data_dir) = arguments.data_dir {
        config.data_dir = data_dir;
    }
    match arguments.command {
        None => run(config).await,
        Some(Command::Enrol { hub, code, name }) => {
            let ca_file = config.hub.as_ref().and_then(|hub| hub.ca_file.clone());
            let url = hub.or_else(|| config.hub.as_ref().map(|hub| hub.url.clone()));
            let url = url.ok_or_else(|| Fault::new("which hub? give --hub URL"))?;
            let hub = HubConfig {
                ca_file,
                ..HubConfig::at(url)
            };
            let enrolment = enrol(&config, &hub, &code, &name).await?;
            println!(
                "This is now gateway {} of {}.",
                enrolment.gateway, enrolment.organisation_name
            );
            Ok(())
        }
        Some(Command::Echo) => query::echo(&config).await,
        Some(Command::Find(arguments)) => query::find(&config, arguments).await,
        Some(Command::Fetch(arguments)) => query::fetch(&config, arguments).await,
        Some(Command::Audit(command)) => {
            let index = wiring::open_index(&config.data_dir).await?;
            admin::audit_command(index, command).await
        }
    }
}

async fn run(config: Config) -> Result<(), Fault> {
    init_logs(&config.log)?;
    let gateway = Gateway::open(config).await?;
    for (port, address) in gateway.ports() {
        tracing::info!(port, %address, "gateway.listening");
        println!("listening {port} {address}");
    }
    let stop = until_told_to_stop().doing("watching for signals")?;
    gateway.run(stop).await;
    tracing::info!("gateway.stopped");
    Ok(())
}
