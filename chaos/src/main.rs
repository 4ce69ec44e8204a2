//! `make chaos`: a hub, two gateways and an archive, to which everything is
//! done that happens to programs, disks and lines, while a PACS sends. In the
//! end every image that was acknowledged must be where it was sent, once, with
//! the same bytes, and every log must be whole; see docs/chaos.md.
//!
//! What is drawn at random follows from the seed: images, faults, and the
//! pauses between them. When each falls in the programs' own work does not, so
//! a seed repeats a run's load and faults, not its every step.

mod account;
mod backends;
mod disk;
mod faults;
mod images;
mod keep;
mod sender;
mod world;

use account::{Expected, Findings, Held};
use backends::Pair;
use clap::Parser;
use faults::{Enough, Faults, Tally};
use sender::Sender;
use std::{process::ExitCode, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use world::World;

/// How long the PACS may need, after the last fault, to get rid of its images.
const DRAIN_LIMIT: Duration = Duration::from_secs(120);

#[derive(Parser)]
#[command(about = "Faults as tests")]
struct Arguments {
    /// Where the hub keeps things
    #[arg(long, value_enum, default_value = "sqlite-folder")]
    pair: Pair,
    /// What is drawn at random follows from it; drawn itself if not given
    #[arg(long)]
    seed: Option<u64>,
    /// The faults end after so many kills …
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// … or so many seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let enough = Enough {
        kills: arguments.kills,
        after: Duration::from_secs(arguments.seconds),
    };
    // Restarts are tasks beside others; what waits for a program is not `Send`.
    let local = tokio::task::LocalSet::new();
    tokio::select! {
        whole = local.run_until(run(arguments.pair, seed, enough)) => if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        // What was mounted must be unmounted.
        () = interrupted() => ExitCode::FAILURE,
    }
}

async fn interrupted() {
    let mut terminated = signal(SignalKind::terminate()).expect("signals can be listened to");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// Answers whether nothing was found wrong.
async fn run(pair: Pair, seed: u64, enough: Enough) -> bool {
    println!("chaos: {}, seed {seed}", pair.name());
    let world = World::start(pair).await;
    if !world.has_disks() {
        println!("no full disks: mounting takes root");
    }
    if !world.has_clock() {
        println!("no steps of clocks: libfaketime is not installed");
    }
    let sender = Sender::new(seed, world.to.clone());
    let tally = Tally::default();
    let faults = Faults {
        world: &world,
        seed,
        enough,
        tally: &tally,
    };
    let (failed, drained) = tokio::join!(
        async {
            let failed = tokio::select! {
                done = faults.run() => done.err(),
                () = progress(&sender, &tally) => None,
            };
            let mended = world.mend().await.err();
            sender.enough.cancel();
            failed.or(mended)
        },
        async {
            let sending = sender.run();
            tokio::pin!(sending);
            tokio::select! {
                () = &mut sending => true,
                () = async {
                    sender.enough.cancelled().await;
                    tokio::time::sleep(DRAIN_LIMIT).await;
                } => false,
            }
        }
    );
    for (kind, count) in tally.all() {
        println!("{count:>6}  {kind}");
    }
    let book = sender.book.all();
    let expected = Expected::new(&book);
    let mut findings = Findings::default();
    findings.0.extend(failed);
    if !drained {
        let open = book.iter().filter(|sent| sent.acknowledged.is_none());
        findings
            .0
            .extend(open.map(|sent| format!("never acknowledged: {sent:?}")));
    }
    println!(
        "faults over after {:.0?}, waiting for quiet",
        sender.book.elapsed()
    );
    match account::quiet(&world, &expected).await {
        Ok(after) => println!("quiet after {after:.1?}"),
        Err(why) => findings.0.push(why),
    }
    let (held, more) = account::reckon(&world, &expected).await;
    findings.0.extend(more.0);
    totals(&book, &expected, &held);
    if findings.0.is_empty() {
        println!("whole: nothing lost, nothing altered, nothing unaccounted for (seed {seed})");
        return true;
    }
    for finding in &findings.0 {
        println!("WRONG: {finding}");
    }
    match keep::keep(pair, seed, &world, &book, &findings).await {
        Ok(folder) => println!("kept for a look: {}", folder.display()),
        Err(error) => println!("could not keep the folders: {error}"),
    }
    println!("not whole: {} findings (seed {seed})", findings.0.len());
    false
}

async fn progress(sender: &Sender, tally: &Tally) {
    let mut every = tokio::time::interval(Duration::from_secs(10));
    loop {
        every.tick().await;
        let book = sender.book.all();
        let acknowledged = book.iter().filter(|sent| sent.acknowledged.is_some());
        println!(
            "{:>4.0?}  {} kills, {} images acknowledged, {} being sent",
            sender.book.elapsed(),
            tally.kills(),
            acknowledged.clone().count(),
            book.len() - acknowledged.count(),
        );
    }
}

fn totals(book: &[sender::Sent], expected: &Expected, held: &Held) {
    let bytes: usize = book.iter().map(|sent| sent.bytes).sum();
    let tries: u32 = book.iter().map(|sent| sent.tries).sum();
    println!(
        "{} images of {} studies, {} MB, and {} conflicts, acknowledged after {tries} tries; \
         {} in the archive, {} sent to it again",
        expected.images(),
        expected.studies(),
        bytes / 1_000_000,
        expected.conflicts(),
        held.images,
        held.again,
    );
}
