//! What each stage of the product costs: one stage at a time, on a line without
//! limits, by the processor time of each program.
//!
//! First the line stands still, so that the gateway only receives; then it
//! passes, and the gateway forwards what the hub admits; only then B's gateway
//! starts, and delivers what the hub releases.

use crate::{
    exchange::{Exchange, id},
    process,
    sample::Sample,
};
use bildbro_testkit::{Shaper, eventually};
use std::time::{Duration, Instant};

/// A line on which nothing has passed for so long has nothing more to carry.
const QUIET: Duration = Duration::from_millis(500);

/// Processor time of one stage for the whole sample, and how long it took
/// together with the stages that worked at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub name: &'static str,
    pub program: &'static str,
    pub cpu: Duration,
    pub took: Duration,
}

#[derive(Debug, Clone)]
pub struct Stages {
    pub stages: [Stage; 5],
    /// Bytes on the way to the hub, and from it.
    pub line: [u64; 2],
}

/// # Errors
/// When an image is not taken, does not come, or comes changed.
pub async fn measure(sample: &Sample, packed: bool) -> Result<Stages, String> {
    let mut exchange = Exchange::start(packed).await;
    let (sender, hub) = (id(exchange.sender.process()), id(exchange.hub.process()));
    let begun = (process::cpu(sender), process::cpu(hub));
    let (up, down) = exchange.line.passed();

    exchange.line.stall(true);
    let begin = Instant::now();
    let acknowledged = exchange.send(sample, None).await?;
    let receive = acknowledged - begin;
    let received = process::cpu(sender);

    exchange.line.stall(false);
    let begin = Instant::now();
    let forward = quiet(&exchange.line).await - begin;
    eventually("all images at the hub", async || {
        let overview = exchange.hub.overview().await?;
        let held = overview["totals"]["instances"].as_u64()?;
        (held == sample.count as u64).then_some(())
    })
    .await;
    let forwarded = (process::cpu(sender), process::cpu(hub));

    exchange.receiver.start_again().await;
    let receiver = id(exchange.receiver.process());
    let begin = Instant::now();
    let deliver = exchange.arrived(sample).await? - begin;
    let passed = exchange.line.passed();
    let delivered = (process::cpu(hub), process::cpu(receiver));
    exchange.verify(sample).await?;

    let stage = |name, program, cpu, took| Stage {
        name,
        program,
        cpu,
        took,
    };
    Ok(Stages {
        stages: [
            stage("receive", "gateway A", received - begun.0, receive),
            stage("forward", "gateway A", forwarded.0 - received, forward),
            stage("admit", "hub", forwarded.1 - begun.1, forward),
            stage("release", "hub", delivered.0 - forwarded.1, deliver),
            stage("deliver", "gateway B", delivered.1, deliver),
        ],
        line: [passed.0 - up, passed.1 - down],
    })
}

/// When the last byte passed.
async fn quiet(line: &Shaper) -> Instant {
    let (mut last, mut passed) = (Instant::now(), line.passed());
    while last.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if line.passed() != passed {
            (last, passed) = (Instant::now(), line.passed());
        }
    }
    last
}
