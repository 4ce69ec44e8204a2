//! `audit verify` proves that the log is whole; `audit show` reads it. At the
//! hub also checkpoints, proofs and the archive.

mod archive;
mod prove;

use crate::{
    fault::{Fault, While},
    hub::{Storage, config::Config},
};
use bildbro_domain::{
    Digest,
    audit::checkpoint::{LONGEST, Note, PublicKey},
};
use bildbro_flow::{
    checkpoint,
    log::{self, LogError},
    ports::checkpoints::{Chain, Checkpoints},
};
use bildbro_store::HubDb;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a gateway's log can be asked, and the hub's too.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Prove the hash chain from its start; name the first broken entry
    Verify,
    /// Print entries as JSON lines. They hold personal data: handle them so
    Show(ShowArguments),
}

#[derive(Args)]
pub struct ShowArguments {
    /// Begin after this entry
    #[arg(long, default_value_t = 0)]
    after: u64,
    #[arg(long, default_value_t = 100)]
    most: u32,
}

#[derive(Subcommand)]
pub enum HubAuditCommand {
    /// Prove the hash chain from its start, and every checkpoint over it
    Verify {
        /// A checkpoint that was kept elsewhere; may be given several times
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        #[command(flatten)]
        keys: Keys,
    },
    /// Print entries as JSON lines. They hold personal data: handle them so
    Show(ShowArguments),
    /// Write a checkpoint of the log as it is now, to be kept elsewhere
    Checkpoint {
        /// Into this file, instead of the terminal
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the public key that checkpoints are verified with
    Key,
    /// Prove that one entry is in the log. The proof has the entry in it
    Prove(prove::ProveArguments),
    /// Verify a proof, without the log
    CheckProof(prove::CheckArguments),
    /// Write the log as Parquet files, one for each month. Removes nothing
    Archive(archive::ArchiveArguments),
    /// Verify archived files, without the log
    CheckArchive(archive::CheckArguments),
}

/// Whose checkpoints are trusted.
#[derive(Args)]
pub struct Keys {
    /// A public key (`audit key` prints it), instead of this hub's own; may be
    /// given several times
    #[arg(long = "key")]
    keys: Vec<PublicKey>,
}

impl HubAuditCommand {
    /// Does what needs no database. `None` when it is not this command's.
    pub fn offline(&self) -> Option<Result<(), Fault>> {
        match self {
            Self::CheckProof(arguments) => Some(prove::check(arguments)),
            Self::CheckArchive(arguments) => Some(archive::check(arguments)),
            _ => None,
        }
    }
}

pub async fn command<C: Chain>(chain: C, command: AuditCommand) -> Result<(), Fault> {
    match command {
        AuditCommand::Verify => {
            let chain: Arc<dyn Chain> = Arc::new(chain);
            let whole = log::walk(&chain, Vec::new()).await;
            let whole = whole.map_err(told)?;
            println!(
                "the audit log is whole: {} entries, each linked to the one before",
                whole.size()
            );
            Ok(())
        }
        AuditCommand::Show(arguments) => show(&chain, &arguments).await,
    }
}

pub async fn hub_command(db: HubDb, config: &Config, what: HubAuditCommand) -> Result<(), Fault> {
    let store = Arc::new(db);
    match what {
        HubAuditCommand::Verify { checkpoint, keys } => {
            let elsewhere = checkpoint.iter().map(|file| read_note(file));
            let elsewhere: Vec<_> = elsewhere.collect::<Result<_, _>>()?;
            let trusted = trusted(&store, config, keys).await?;
            let verified = log::verify(&store, &trusted, &elsewhere).await;
            let verified = verified.map_err(told)?;
            println!(
                "the audit log is whole: {} entries, each linked to the one before",
                verified.entries
            );
            println!(
                "checkpoints: {} in the database and {} kept elsewhere, all signed and true",
                verified.checkpoints,
                elsewhere.len()
            );
            println!("root: {}", Digest(verified.root));
            Ok(())
        }
        HubAuditCommand::Show(arguments) => show(store.as_ref(), &arguments).await,
        HubAuditCommand::Checkpoint { out } => write_checkpoint(&store, config, out).await,
        HubAuditCommand::Key => {
            let signer = Storage::signer(store.as_ref(), config).await?;
            for key in signer.trusted() {
                println!("{key}");
            }
            Ok(())
        }
        HubAuditCommand::Prove(arguments) => {
            prove::prove(&(store as Arc<dyn Chain>), &arguments).await
        }
        HubAuditCommand::Archive(arguments) => {
            archive::write(&(store as Arc<dyn Chain>), &arguments).await
        }
        HubAuditCommand::CheckProof(_) | HubAuditCommand::CheckArchive(_) => {
            what.offline().unwrap_or(Ok(()))
        }
    }
}

async fn show(chain: &dyn Chain, arguments: &ShowArguments) -> Result<(), Fault> {
    let links = chain.links(arguments.after, arguments.most).await;
    for link in links.doing("reading the log")? {
        println!("{}", link.text);
    }
    Ok(())
}

async fn write_checkpoint(
    store: &Arc<HubDb>,
    config: &Config,
    out: Option<PathBuf>,
) -> Result<(), Fault> {
    let signer = Storage::signer(store.as_ref(), config).await?;
    checkpoint::make(store.as_ref(), &signer, Timestamp::now())
        .await
        .doing("making a checkpoint of the log")?;
    let newest = store.newest_checkpoint().await;
    let Some(kept) = newest.doing("reading the newest checkpoint")? else {
        return Err(Fault::new("the log has no entries yet"));
    };
    match out {
        None => print!("{}", kept.note),
        Some(file) => {
            std::fs::write(&file, &kept.note).doing(format!("writing {}", file.display()))?;
            println!("{}: {} entries", file.display(), kept.size);
        }
    }
    Ok(())
}

async fn trusted(store: &HubDb, config: &Config, keys: Keys) -> Result<Vec<PublicKey>, Fault> {
    if !keys.keys.is_empty() {
        return Ok(keys.keys);
    }
    let signer = Storage::signer(store, config).await?;
    Ok(signer.trusted().to_vec())
}

/// A broken log is said to be broken; the rest is how looking at it failed.
fn told(error: LogError) -> Fault {
    let what = if error.is_tampering() {
        "the audit log is broken"
    } else {
        "reading the log"
    };
    match Err::<(), _>(error).doing(what) {
        Err(fault) => fault,
        Ok(()) => Fault::new(what),
    }
}

fn read_note(file: &Path) -> Result<Note, Fault> {
    let text = read_text(file, LONGEST as u64)?;
    Note::parse(&text).doing(format!("reading the checkpoint {}", file.display()))
}

/// A file of at most so many bytes, and one more to see that it is too long.
fn read_text(file: &Path, most: u64) -> Result<String, Fault> {
    let doing = || format!("reading {}", file.display());
    let mut text = String::new();
    let opened = File::open(file).doing(doing())?;
    opened
        .take(most + 1)
        .read_to_string(&mut text)
        .doing(doing())?;
    Ok(text)
}
