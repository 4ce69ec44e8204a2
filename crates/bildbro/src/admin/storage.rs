//! What is stored: keys wrapped anew, a study deleted, storage and database
//! compared.

use super::{find_organisation, operator};
use crate::{
    fault::{Fault, While},
    hub::Storage,
};
use bildbro_domain::{
    StudyUid,
    audit::{Action, Entry, Outcome},
};
use bildbro_flow::{
    fsck::{Finding, Fsck, Plan},
    ports::{
        hub::HubStore,
        inventory::{BlobInventory, Condition, Folder},
    },
};
use bildbro_keys::{KeyRing, Pkcs11Config};
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, HumanCount};
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make a new wrapping key in a file that only its owner can read
    New {
        /// Where; nothing may be there yet
        file: PathBuf,
    },
    /// Make a new wrapping key on a hardware module
    NewPkcs11(Pkcs11Arguments),
    /// Wrap all studies' keys with the current wrapping key; blobs stay as they are
    Rotate,
}

#[derive(Args)]
pub struct Pkcs11Arguments {
    /// The maker's library
    #[arg(long)]
    module: PathBuf,
    /// The token's label
    #[arg(long)]
    token: String,
    /// A file with the PIN
    #[arg(long)]
    pin_file: PathBuf,
    /// The new key's label
    #[arg(long)]
    label: String,
}

/// Commands that need no hub.
pub fn new_key(command: &KeysCommand) -> Option<Result<(), Fault>> {
    const DOING: &str = "making a wrapping key";
    match command {
        KeysCommand::New { file } => Some(KeyRing::generate_file(file).doing(DOING).map(|()| {
            println!(
                "The new key is in {}. Keep a copy in a safe place: without it nothing that it wraps can be read.",
                file.display()
            );
        })),
        KeysCommand::NewPkcs11(arguments) => {
            let config = Pkcs11Config {
                module: arguments.module.clone(),
                token: arguments.token.clone(),
                pin_file: Some(arguments.pin_file.clone()),
                pin_env: None,
                label: arguments.label.clone(),
            };
            let made = KeyRing::pkcs11_generate(&config).doing(DOING);
            Some(made.map(|()| {
                println!("The token has a new key `{}`, which cannot leave it.", arguments.label);
            }))
        }
        KeysCommand::Rotate => None,
    }
}

/// Wraps every study's key anew.
pub async fn rotate(storage: &Storage) -> Result<(), Fault> {
    let ring = storage.ring.as_ref();
    let bar = indicatif::ProgressBar::new_spinner();
    let rotated = bildbro_keys::rotate(&storage.db, ring, |n| {
        bar.set_position(n);
        bar.set_message(format!("{} keys", HumanCount(n)));
    });
    let rotated = rotated.await.doing("wrapping keys anew")?;
    bar.finish_and_clear();
    let failed = rotated.unopened > 0;
    let outcome = if failed {
        Outcome::Failure
    } else {
        Outcome::Success
    };
    let mut entry = Entry::new(
        Uuid::now_v7(),
        Timestamp::now(),
        Action::RotateKeys,
        outcome,
        operator(),
    );
    entry.detail = Some(format!(
        "{} keys wrapped by `{}`, {} cannot be opened",
        rotated.rewrapped,
        ring.current(),
        rotated.unopened
    ));
    storage.db.record(&entry).await.doing("recording it")?;
    println!(
        "{} keys are now wrapped by `{}`.",
        HumanCount(rotated.rewrapped),
        ring.current()
    );
    for unopened in &rotated.named {
        println!(
            "Study {} keeps its old key: {}",
            unopened.study, unopened.reason
        );
    }
    if failed {
        return Err(Fault::new(format!(
            "{} keys cannot be opened with the keys of this configuration; keep the old wrapping keys in it",
            rotated.unopened
        )));
    }
    println!(
        "Once this has been done, the older wrapping keys can be taken out of the configuration."
    );
    Ok(())
}

#[derive(Subcommand)]
pub enum StudyCommand {
    /// Delete a study: its key first, so that no backup can be read either
    Delete {
        /// Who holds it, by name or AE title
        #[arg(long)]
        organisation: String,
        /// Study Instance UID
        #[arg(long)]
        study: String,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
}

pub async fn study(storage: &Storage, command: StudyCommand) -> Result<(), Fault> {
    let StudyCommand::Delete {
        organisation,
        study,
        yes,
    } = command;
    let holder = find_organisation(&storage.db, &organisation).await?;
    let uid = StudyUid::new(&study).doing("the study")?;
    if !yes {
        return Err(Fault::new(format!(
            "this deletes the study at {} for good, and takes its shares back; say --yes if that is meant",
            holder.name
        )));
    }
    let deleted = storage
        .db
        .delete_study(holder.id, &uid, operator(), Timestamp::now())
        .await
        .doing("deleting the study")?;
    let Some(key) = deleted else {
        return Err(Fault::new(format!("{} holds no such study", holder.name)));
    };
    const DOING: &str = "removing what is left of it";
    let holder = holder.id;
    let objects = match key {
        Some(key) => storage.blobs.objects(Folder { holder, key }).await,
        None => Ok(Vec::new()),
    };
    let objects = objects.doing(DOING)?;
    for object in &objects {
        storage.blobs.remove(&object.name).await.doing(DOING)?;
    }
    println!(
        "The study is deleted: its key has been destroyed, and {} objects removed.",
        objects.len()
    );
    Ok(())
}

#[derive(Args)]
pub struct FsckArguments {
    /// Read every image, and compare it with its digest
    #[arg(long)]
    read: bool,
    /// Remove what nothing names, and mark images that are lost
    #[arg(long)]
    mend: bool,
    /// Objects younger than this many hours may belong to an upload under way
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    older_than: u32,
    /// Say no more than the sums
    #[arg(long)]
    quiet: bool,
}

pub async fn fsck(storage: &Storage, arguments: FsckArguments) -> Result<(), Fault> {
    if arguments.mend && arguments.older_than == 0 {
        return Err(Fault::new(
            "--older-than 0 with --mend would remove uploads under way: say at least 1",
        ));
    }
    let quiet = arguments.quiet;
    let mut tell = |finding: &Finding| {
        if !quiet {
            println!("{}", words(finding));
        }
    };
    let plan = Plan {
        read: arguments.read,
        mend: arguments.mend,
        grace: SignedDuration::from_hours(arguments.older_than.into()),
        by: operator(),
        now: Timestamp::now(),
    };
    let fsck = Fsck::new(&storage.db, &storage.blobs, plan, &mut tell);
    let summary = fsck.run().await.doing("looking over the storage")?;
    println!(
        "{} studies, {} images, {}.",
        HumanCount(summary.studies),
        HumanCount(summary.blobs),
        HumanBytes(summary.bytes)
    );
    if summary.young > 0 {
        println!(
            "{} objects that nothing names yet are younger than {} hours: uploads under way, or broken off.",
            summary.young, arguments.older_than
        );
    }
    if summary.orphans > 0 {
        println!(
            "{} objects ({}) that nothing names; {} removed.",
            summary.orphans,
            HumanBytes(summary.orphan_bytes),
            summary.removed
        );
    }
    if summary.is_clean() {
        println!("Rows and blobs agree.");
        return Ok(());
    }
    if arguments.mend && summary.lost == 0 {
        return Ok(());
    }
    Err(Fault::new(match (summary.lost, arguments.mend) {
        (0, _) => "there is something to clear away: say --mend to remove it".to_owned(),
        (lost, false) => format!(
            "{lost} images are lost: put the storage back from a backup, or say --mend, and ask their senders to send them again"
        ),
        (lost, true) => format!(
            "{lost} images are lost, {} of them newly marked: ask their senders to send them again",
            summary.marked
        ),
    }))
}

fn words(finding: &Finding) -> String {
    match finding {
        Finding::Lost {
            place,
            digest,
            condition,
        } => {
            let how = match condition {
                Condition::Missing => "its bytes are not there",
                Condition::Spoilt => "its bytes are not what they were",
                Condition::Good => "good",
            };
            format!(
                "lost: image {digest} of study {} of organisation {}: {how}",
                place.study, place.holder
            )
        }
        Finding::Orphan { name, bytes } => {
            format!("orphan: {name} ({}): no row names it", HumanBytes(*bytes))
        }
        Finding::Young { name, bytes } => {
            format!(
                "young: {name} ({}): no row names it yet",
                HumanBytes(*bytes)
            )
        }
    }
}
