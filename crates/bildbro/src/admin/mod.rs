//! `bildbro admin …`: what the hub's operator does at the hub's own command
//! line. Works on the hub's database directly, also while the hub runs.
//!
//! Whoever can run this can read the database anyway; what is done here is on
//! record like anything else, under the login name of the one who did it.

mod audit;
mod directory;
mod member;
pub use member::invite;
mod shares;
mod storage;

use crate::{
    config,
    fault::{Fault, While},
    hub::{Storage, config::Config},
};
use bildbro_domain::{audit::Actor, organisation::Organisation};
use bildbro_flow::ports::hub::HubStore;
use clap::{Args, Subcommand};
use std::path::PathBuf;

pub use audit::{AuditCommand, command as audit_command};
pub use directory::issue_code;

#[derive(Args)]
pub struct Arguments {
    /// The hub's configuration file
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The hub's data directory, instead of the configuration's
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Add an organisation, or list them
    #[command(subcommand)]
    Organisation(directory::OrganisationCommand),
    /// Make a one-time code with which an organisation enrols a gateway
    EnrolCode(directory::EnrolCodeArguments),
    /// Invite an organisation's first member to the portal
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// List gateways, or cut one off
    #[command(subcommand)]
    Gateway(directory::GatewayCommand),
    /// Share a study, or take a share back
    #[command(subcommand)]
    Share(shares::ShareCommand),
    /// Look at deliveries, or try one again now
    #[command(subcommand)]
    Delivery(shares::DeliveryCommand),
    /// Look at what was set aside
    Quarantine,
    /// Delete a study
    #[command(subcommand)]
    Study(storage::StudyCommand),
    /// Make a wrapping key, or wrap all keys anew
    #[command(subcommand)]
    Keys(storage::KeysCommand),
    /// Compare storage and database, explain where they differ, and mend it
    Fsck(storage::FsckArguments),
    /// Prove that the audit log is whole, read it, archive it
    #[command(subcommand)]
    Audit(audit::HubAuditCommand),
}

pub async fn main(arguments: Arguments) -> Result<(), Fault> {
    if let Command::Audit(command) = &arguments.command
        && let Some(done) = command.offline()
    {
        return done;
    }
    let mut config: Config = config::load(arguments.config.as_deref())?;
    if let Some(data_dir) = arguments.data_dir {
        config.data_dir = data_dir;
    }
    if let Command::Keys(command) = &arguments.command
        && let Some(made) = storage::new_key(command)
    {
        return made;
    }
    let db = Storage::database(&config).await?;
    match arguments.command {
        Command::Organisation(command) => directory::organisation(&db, command).await,
        Command::EnrolCode(arguments) => directory::enrol_code(&db, arguments).await,
        Command::Member(command) => member::member(&db, command, config.public_url).await,
        Command::Gateway(command) => directory::gateway(&db, command).await,
        Command::Share(command) => shares::share(&db, command).await,
        Command::Delivery(command) => shares::delivery(&db, command).await,
        Command::Quarantine => shares::quarantine(&db).await,
        Command::Study(command) => {
            storage::study(&Storage::open_existing(&config).await?, command).await
        }
        Command::Keys(_) => storage::rotate(&Storage::open_existing(&config).await?).await,
        Command::Fsck(arguments) => {
            storage::fsck(&Storage::open_existing(&config).await?, arguments).await
        }
        Command::Audit(command) => audit::hub_command(db, &config, command).await,
    }
}

/// The person at the terminal, for the log.
fn operator() -> Actor {
    let login = ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned());
    Actor::Operator { login }
}

/// Finds an organisation by name (without regard to case) or AE title.
async fn find_organisation(store: &dyn HubStore, wanted: &str) -> Result<Organisation, Fault> {
    let all = store
        .organisations()
        .await
        .doing("reading the organisations")?;
    let matches = |o: &&Organisation| {
        o.name.to_lowercase() == wanted.to_lowercase() || o.ae_title.as_str() == wanted
    };
    if let Some(found) = all.iter().find(matches) {
        return Ok(found.clone());
    }
    let names: Vec<_> = all.iter().map(|o| o.name.as_str()).collect();
    Err(Fault::new(format!(
        "there is no organisation `{wanted}`; there are: {}",
        names.join(", ")
    )))
}
