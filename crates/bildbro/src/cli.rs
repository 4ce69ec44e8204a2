//! The command line.

use crate::{admin, demo, fault::Fault, gateway, hub, sim};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "bildbro",
    version,
    about = "Image exchange between care providers"
)]
pub struct Cli {
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Run the hub
    Hub(hub::Arguments),
    /// Run a gateway, or enrol one, or ask a PACS through one
    Gateway(gateway::Arguments),
    /// Run everything on this machine, with sample studies
    Demo(demo::Arguments),
    /// Look after a hub: organisations, enrolment codes, shares, the audit log
    Admin(admin::Arguments),
    /// Play a service that cannot be reached from here, for tests and demos
    Sim(sim::Arguments),
}

impl Cli {
    pub async fn run(self) -> Result<(), Fault> {
        match self.program {
            Program::Hub(arguments) => hub::main(arguments).await,
            Program::Gateway(arguments) => gateway::main(arguments).await,
            Program::Demo(arguments) => demo::main(arguments).await,
            Program::Admin(arguments) => admin::main(arguments).await,
            Program::Sim(arguments) => sim::main(arguments).await,
        }
    }
}
