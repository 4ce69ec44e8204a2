//! `make bench`: what an image exchange is measured by, beside other programs.
//!
//! - C-STORE ingest into the gateway, beside other receivers ([`ingest`]).
//! - A study from site to site over a narrow line, beside Orthanc, and how long
//!   after its last image it is there ([`crossing`]).
//! - Memory: idle ([`idle`]), and the most in each of these.
//! - What each stage costs, packed and not ([`stages`]).
//!
//! All take turns in one run, on one disk, with the same images, so that their
//! ratios hold though the machine's speed drifts. Each measurement starts its
//! programs anew, with nothing in them, and each study that has crossed is
//! compared with what was sent, byte for byte.
//!
//! What the gateway promises is more than others do: an acknowledged object is
//! encrypted and synced to the disk. DCMTK's and dicom-rs's receivers sync
//! nothing and keep no index; Orthanc runs as it comes, with its storage area
//! synced. DCMTK (and so Orthanc) runs with `TCP_NODELAY=1`; see
//! `testkit::dcmtk`.
//!
//! `SHORT=1`: one round, few images, programs that are not installed are left
//! out. `ROUNDS=n`: the median of n rounds (3). `ONLY=ingest`, `exchange`,
//! `idle` or `stages`: only this.

mod crossing;
mod exchange;
mod idle;
mod ingest;
mod process;
mod receivers;
mod sample;
mod stages;
mod table;

use ingest::Ingest;
use receivers::Receiver;
use sample::{Kind, Sample};
use std::{env, fs, process::ExitCode, time::Duration};

/// Modality pace, for the time after the last image.
const PACE: Duration = Duration::from_millis(100);

/// How much of each.
struct Load {
    rounds: usize,
    ct: usize,
    mr: usize,
    paced: usize,
    idle: Duration,
}

const FULL: Load = Load {
    rounds: 3,
    ct: 300,
    mr: 2_000,
    paced: 60,
    idle: Duration::from_secs(5),
};

/// To see that it runs; the figures mean nothing.
const SHORT: Load = Load {
    rounds: 1,
    ct: 12,
    mr: 40,
    paced: 5,
    idle: Duration::from_millis(500),
};

/// One line of the ingest table: what was sent, how, to whom.
struct Case<'a> {
    sample: &'a Sample,
    associations: usize,
    receiver: Receiver,
    rounds: Vec<Ingest>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let short = env::var("SHORT").is_ok_and(|value| value == "1");
    let mut load = if short { SHORT } else { FULL };
    if let Some(rounds) = env::var("ROUNDS").ok().and_then(|text| text.parse().ok()) {
        load.rounds = rounds;
    }
    let (present, absent): (Vec<_>, Vec<_>) = Receiver::ALL
        .into_iter()
        .partition(|receiver| receiver.is_installed());
    for receiver in &absent {
        println!("left out, not installed: {}", receiver.name());
    }
    if !absent.is_empty() && !short {
        eprintln!("`make setup` and `make bench` install what is missing; SHORT=1 does without");
        return ExitCode::FAILURE;
    }
    match run(&load, &present).await {
        Ok(text) => {
            println!("{text}");
            let file = bildbro_testkit::root().join("target/bench.txt");
            if let Err(error) = fs::write(&file, &text) {
                eprintln!("{} could not be written: {error}", file.display());
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// All that was asked for, as text.
///
/// # Errors
/// When the product fails. A peer that fails has no figure for the round.
async fn run(load: &Load, present: &[Receiver]) -> Result<String, String> {
    let only = env::var("ONLY").unwrap_or_default();
    let asked = |part: &str| only.is_empty() || only == part;
    println!("drawing {} CT and {} MR images …", load.ct, load.mr);
    let ct = Sample::draw(Kind::Ct, load.ct);
    let mut text = String::new();
    if asked("ingest") {
        let mr = Sample::draw(Kind::Mr, load.mr);
        text += &ingest(load, present, &[&ct, &mr]).await?;
    }
    if asked("exchange") {
        text += &exchange(load, present, &ct).await?;
    }
    if asked("idle") {
        text += &table::idle(&idle::measure(load.idle, present).await);
    }
    if asked("stages") {
        let (mut packed, mut plain) = (Vec::new(), Vec::new());
        for round in 1..=load.rounds {
            println!("stages, round {round} of {}", load.rounds);
            packed.push(stages::measure(&ct, true).await?);
            plain.push(stages::measure(&ct, false).await?);
        }
        text += &table::stages(&ct.title(), ct.count, &packed, &plain);
    }
    Ok(text)
}

async fn ingest(load: &Load, present: &[Receiver], samples: &[&Sample]) -> Result<String, String> {
    let mut cases: Vec<Case> = Vec::new();
    for sample in samples {
        for associations in [1, sample::PARTS] {
            let of = |&receiver: &Receiver| Case {
                sample,
                associations,
                receiver,
                rounds: Vec::new(),
            };
            cases.extend(present.iter().map(of));
        }
    }
    for round in 1..=load.rounds {
        println!("ingest, round {round} of {}", load.rounds);
        for case in &mut cases {
            let name = case.receiver.name();
            match ingest::measure(case.receiver, case.sample, case.associations).await {
                Ok(measured) => case.rounds.push(measured),
                Err(why) if case.receiver == Receiver::Gateway => {
                    return Err(format!("{name} failed: {why}"));
                }
                Err(why) => println!("{name} left this round out: {why}"),
            }
        }
    }
    Ok(table::ingest(&cases))
}

async fn exchange(load: &Load, present: &[Receiver], ct: &Sample) -> Result<String, String> {
    let paced = Sample::draw(Kind::Ct, load.paced);
    let (mut ours, mut orthanc, mut latency) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=load.rounds {
        println!("site to site, round {round} of {}", load.rounds);
        ours.push(crossing::ours(ct, None).await?);
        if present.contains(&Receiver::Orthanc) {
            match crossing::orthanc(ct).await {
                Ok(crossing) => orthanc.push(crossing),
                Err(why) => println!("Orthanc left this round out: {why}"),
            }
        }
        latency.push(crossing::ours(&paced, Some(PACE)).await?);
    }
    let at_pace = format!("{}, one each {} ms", paced.title(), PACE.as_millis());
    Ok(table::crossings(&ct.title(), &ours, &orthanc) + &table::latency(&at_pace, &latency))
}
