//! `audit prove` and `audit check-proof`.

use super::{Keys, read_note, read_text};
use crate::fault::{Fault, While};
use bildbro_flow::{
    log::{self, Proof},
    ports::checkpoints::Chain,
};
use clap::Args;
use std::{path::PathBuf, sync::Arc};
use uuid::Uuid;

/// Bytes of a proof at most. An entry names its studies, and those of a share
/// may be many.
const LONGEST: u64 = 16 << 20;

#[derive(Args)]
pub struct ProveArguments {
    /// The entry, by its number or its id
    #[arg(long)]
    entry: String,
    /// The checkpoint to prove it by
    #[arg(long)]
    checkpoint: PathBuf,
    /// Into this file, instead of the terminal
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct CheckArguments {
    /// The proof
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

pub async fn prove(chain: &Arc<dyn Chain>, arguments: &ProveArguments) -> Result<(), Fault> {
    const DOING: &str = "proving the entry";
    let note = read_note(&arguments.checkpoint)?;
    let sequence = match (arguments.entry.parse(), arguments.entry.parse::<Uuid>()) {
        (Ok(sequence), _) => sequence,
        (_, Ok(id)) => log::find(chain, id).await.doing(DOING)?,
        _ => return Err(Fault::new("--entry is an entry's number, or its id")),
    };
    let proof = log::prove(chain, sequence, &note).await.doing(DOING)?;
    let mut json = serde_json::to_string_pretty(&proof).doing("writing the proof")?;
    json.push('\n');
    match &arguments.out {
        None => print!("{json}"),
        // It has personal data in it.
        Some(file) => crate::durable::write_private(file, json.as_bytes())?,
    }
    Ok(())
}

pub fn check(arguments: &CheckArguments) -> Result<(), Fault> {
    if arguments.keys.keys.is_empty() {
        return Err(Fault::new(
            "say with --key whose checkpoints are trusted; at the hub, `bildbro admin audit key` prints its key",
        ));
    }
    let text = read_text(&arguments.file, LONGEST)?;
    let file = arguments.file.display();
    let proof: Proof = serde_json::from_str(&text).map_err(|error| {
        // The parser's own words could quote the entry.
        let (line, column) = (error.line(), error.column());
        Fault::new(format!("{file} is no proof: line {line}, column {column}"))
    })?;
    let note = proof.verify(&arguments.keys.keys);
    let note = note.doing(format!("{file} proves nothing"))?;
    let checkpoint = note.unverified();
    println!(
        "entry {} is in the log of {}, as it was at {} with {} entries",
        proof.sequence, checkpoint.origin, checkpoint.at, checkpoint.size
    );
    Ok(())
}
