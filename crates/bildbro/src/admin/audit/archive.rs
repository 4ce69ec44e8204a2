//! `audit archive` and `audit check-archive`: the log as Parquet files, one for
//! each month that is over, and a manifest.

use super::read_text;
use crate::{
    durable::write_private,
    fault::{Fault, While},
};
use bildbro_domain::{
    Digest,
    audit::{GENESIS, Link, merkle::Frontier, run::Whole},
};
use bildbro_flow::{
    log::{self, LogError},
    ports::checkpoints::Chain,
};
use clap::Args;
use futures::{StreamExt, pin_mut};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    iter::Peekable,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

const MANIFEST: &str = "manifest.json";
/// Bytes of a manifest at most: some 400 for each month.
const LONGEST: u64 = 4 << 20;

#[derive(Args)]
pub struct ArchiveArguments {
    /// Whole months that end on or before this day (2026-12-01), by UTC
    #[arg(long)]
    until: Date,
    /// The folder. Files that are there already are compared, not written anew
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub struct CheckArguments {
    /// The folder
    folder: PathBuf,
}

#[derive(Serialize, Deserialize, Default)]
struct Manifest {
    files: Vec<Month>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Month {
    file: String,
    bytes: u64,
    first: u64,
    last: u64,
    /// Hash of the link before the first, and of the last.
    previous: Digest,
    head: Digest,
    /// Of the Merkle tree over the log, up to the file's last entry.
    root: Digest,
}

pub async fn write(chain: &Arc<dyn Chain>, arguments: &ArchiveArguments) -> Result<(), Fault> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    if arguments.until > today {
        return Err(Fault::new(format!(
            "{} is not over yet: only what no entry joins any more is archived",
            arguments.until
        )));
    }
    let (out, until) = (arguments.out.clone(), arguments.until);
    fs::create_dir_all(&out).doing(format!("making {}", out.display()))?;
    let (last, _) = chain.head().await.doing("reading the log")?;
    // One page waits while another is written.
    let (pages, read) = mpsc::sync_channel(1);
    let writing = tokio::task::spawn_blocking(move || write_months(&read, until, &out));
    let stream = log::links(chain, last);
    pin_mut!(stream);
    while let Some(page) = stream.next().await {
        let given = tokio::task::block_in_place(|| pages.send(page));
        if given.is_err() {
            break;
        }
    }
    drop(pages);
    let manifest = writing.await.doing("writing the archive")??;
    for month in &manifest.files {
        println!("{}: entries {} to {}", month.file, month.first, month.last);
    }
    Ok(())
}

type Page = Result<Vec<Link>, LogError>;

fn write_months(pages: &mpsc::Receiver<Page>, until: Date, out: &Path) -> Result<Manifest, Fault> {
    let known = read_manifest(out)?.unwrap_or_default();
    let mut failed = None;
    let mut links = pages
        .iter()
        .map_while(|page| page.map_err(|error| failed = Some(error)).ok())
        .flatten()
        .peekable();
    let (mut whole, mut manifest) = (Whole::default(), Manifest::default());
    while let Some(first) = links.peek() {
        let month = month_of(first)?;
        if month >= until.first_of_month() {
            break;
        }
        let known = known.files.get(manifest.files.len());
        let written = write_month(&mut links, &mut whole, month, known, out)?;
        manifest.files.push(written);
        // What is there already stays named, should the rest not come.
        if manifest.files.len() > known_files(out)? {
            save(out, &manifest)?;
        }
    }
    drop(links);
    match failed {
        Some(error) => Err(error).doing("reading the log"),
        None => Ok(manifest),
    }
}

fn known_files(out: &Path) -> Result<usize, Fault> {
    Ok(read_manifest(out)?.map_or(0, |manifest| manifest.files.len()))
}

/// The links of one month, and those after it that were stamped before its end.
fn write_month(
    links: &mut Peekable<impl Iterator<Item = Link>>,
    whole: &mut Whole,
    month: Date,
    known: Option<&Month>,
    out: &Path,
) -> Result<Month, Fault> {
    const BROKEN: &str = "the audit log is broken";
    let (first, previous) = (whole.size() + 1, Digest(whole.head()));
    let mut broken = Ok(());
    let of_month = std::iter::from_fn(|| {
        let link = links.next_if(|link| month_of(link).is_ok_and(|at| at <= month))?;
        match whole.push(&link) {
            Ok(()) => Some(link),
            Err(error) => {
                broken = Err(error);
                None
            }
        }
    });
    let name = format!("audit-{}.parquet", month.strftime("%Y-%m"));
    let path = out.join(&name);
    let doing = format!("writing {}", path.display());
    if known.is_some() {
        of_month.for_each(drop);
    } else {
        let draft = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&draft).doing(&doing)?;
        bildbro_archive::write(of_month, file).doing(&doing)?;
        broken.clone().doing(BROKEN)?;
        if path.exists() {
            return Err(Fault::new(format!(
                "{} is there, but not in the manifest: move it away first",
                path.display()
            )));
        }
        fs::rename(&draft, &path).doing(&doing)?;
    }
    broken.doing(BROKEN)?;
    let written = Month {
        file: name,
        bytes: fs::metadata(&path)
            .doing(format!("reading {}", path.display()))?
            .len(),
        first,
        last: whole.size(),
        previous,
        head: Digest(whole.head()),
        root: Digest(whole.frontier().root()),
    };
    match known {
        Some(known) if *known != written => Err(Fault::new(format!(
            "the log is not what was archived in {}: it was rewritten, or the file was changed",
            known.file
        ))),
        _ => Ok(written),
    }
}

fn month_of(link: &Link) -> Result<Date, Fault> {
    #[derive(Deserialize)]
    struct Stamped {
        at: Timestamp,
    }
    let read = serde_json::from_str::<Stamped>(&link.text);
    let read = read.map_err(|_| Fault::new(format!("entry {} has no time", link.sequence)))?;
    Ok(read.at.to_zoned(TimeZone::UTC).date().first_of_month())
}

fn read_manifest(folder: &Path) -> Result<Option<Manifest>, Fault> {
    let file = folder.join(MANIFEST);
    if !file.exists() {
        return Ok(None);
    }
    let text = read_text(&file, LONGEST)?;
    let read = serde_json::from_str(&text);
    read.doing(format!("reading {}", file.display())).map(Some)
}

fn save(folder: &Path, manifest: &Manifest) -> Result<(), Fault> {
    let json = serde_json::to_vec_pretty(manifest).doing("writing the manifest")?;
    write_private(&folder.join(MANIFEST), &json)
}

/// Walks the chain through all files of a manifest.
pub fn check(arguments: &CheckArguments) -> Result<(), Fault> {
    let folder = &arguments.folder;
    let manifest = read_manifest(folder)?;
    let manifest = manifest
        .ok_or_else(|| Fault::new(format!("there is no {MANIFEST} in {}", folder.display())))?;
    let mut whole = Whole::resume(Frontier::default(), GENESIS);
    for month in &manifest.files {
        // A name is never a way out of the folder.
        let name = Path::new(&month.file).file_name().unwrap_or_default();
        let doing = format!("verifying {}", month.file);
        let file = fs::File::open(folder.join(name)).doing(&doing)?;
        for link in bildbro_archive::read(file).doing(&doing)? {
            whole.push(&link.doing(&doing)?).doing(&doing)?;
        }
        let root = Digest(whole.frontier().root());
        if (whole.size(), Digest(whole.head()), root) != (month.last, month.head, month.root) {
            return Err(Fault::new(format!(
                "{} does not end as the manifest says",
                month.file
            )));
        }
    }
    println!(
        "the archive is whole: {} files, {} entries; root {}",
        manifest.files.len(),
        whole.size(),
        Digest(whole.frontier().root())
    );
    Ok(())
}
