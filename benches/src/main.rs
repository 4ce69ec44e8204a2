//! `make bench`: C-STORE ingest into the gateway, beside other receivers.
//!
//! All receivers take turns in one run, on one disk, from one generator
//! (DCMTK `storescu`, started once per association), so that their ratios
//! hold though the machine's speed drifts. Each measurement starts its
//! receiver anew, with nothing in it.
//!
//! Only ingest is measured: the gateway's hub is not there. What the gateway
//! promises meanwhile is more than others do: an acknowledged object is synced
//! to the disk. DCMTK's and dicom-rs's receivers sync nothing and keep no
//! index; Orthanc runs as it comes, with its storage area synced.
//!
//! DCMTK (and so Orthanc) runs with `TCP_NODELAY=1`; see `testkit::dcmtk`.
//!
//! `SHORT=1`: one round, fewer objects, receivers that are not installed are
//! left out. `ROUNDS=n`: the median of n rounds (3). `ONLY=gateway`: only the
//! receivers with this in their name.

mod generate;
mod measure;
mod receivers;
mod table;

use generate::{Kind, Sample};
use measure::Measurement;
use receivers::Receiver;
use std::{env, fs, process::ExitCode};

/// One line of the result: what was sent, how, to whom.
struct Case<'a> {
    sample: &'a Sample,
    associations: usize,
    receiver: Receiver,
    rounds: Vec<Measurement>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let short = env::var("SHORT").is_ok_and(|value| value == "1");
    let default_rounds = if short { 1 } else { 3 };
    let rounds = env::var("ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default_rounds);
    let only = env::var("ONLY").unwrap_or_default();
    let (present, absent): (Vec<_>, Vec<_>) = Receiver::ALL
        .into_iter()
        .filter(|r| r.name().contains(&only))
        .partition(|r| r.is_installed());
    for receiver in &absent {
        println!("left out, not installed: {}", receiver.name());
    }
    if !absent.is_empty() && !short {
        eprintln!("`make setup` and `make bench` install what is missing; SHORT=1 does without");
        return ExitCode::FAILURE;
    }

    let (ct, mr) = if short { (60, 200) } else { (300, 2_000) };
    println!("making {ct} CT objects of 512 KiB and {mr} MR objects of 34 KiB …");
    let samples = [
        Sample::generate(Kind::Ct, ct),
        Sample::generate(Kind::Mr, mr),
    ];

    let mut cases: Vec<Case> = Vec::new();
    for sample in &samples {
        for associations in [1, generate::PARTS] {
            let of = |&receiver: &Receiver| Case {
                sample,
                associations,
                receiver,
                rounds: Vec::new(),
            };
            cases.extend(present.iter().map(of));
        }
    }
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for case in &mut cases {
            match measure::measure(case.receiver, case.sample, case.associations).await {
                Ok(measurement) => case.rounds.push(measurement),
                // A peer that fails has no figure for this round; that ours
                // fails is a defect.
                Err(why) if case.receiver == Receiver::Gateway => {
                    eprintln!("{} failed: {why}", case.receiver.name());
                    return ExitCode::FAILURE;
                }
                Err(why) => println!("{} left this round out: {why}", case.receiver.name()),
            }
        }
    }
    let text = table::render(&cases);
    println!("{text}");
    let file = bildbro_testkit::root().join("target/bench.txt");
    if let Err(error) = fs::write(&file, &text) {
        eprintln!("{} could not be written: {error}", file.display());
    }
    ExitCode::SUCCESS
}
