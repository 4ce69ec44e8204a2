//! C-STORE into one receiver: time at the sender (DCMTK `storescu`, started
//! once per association); processor time and memory of the receiver. Only
//! ingest is measured: the gateway's hub is not there.

use crate::{process, receivers::Receiver, sample::Sample};
use bildbro_testkit::dcmtk;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const SAMPLE_EVERY: Duration = Duration::from_millis(25);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ingest {
    pub objects_per_second: f64,
    /// Processor time of the receiver, milliseconds an object.
    pub cpu_ms: f64,
    /// Highest resident memory of the receiver, MiB.
    pub peak_mib: f64,
}

/// Starts the receiver, sends the sample over so many associations at once,
/// and stops it.
///
/// # Errors
/// When a sender fails; with what it wrote.
pub async fn measure(
    receiver: Receiver,
    sample: &Sample,
    associations: usize,
) -> Result<Ingest, String> {
    let running = receiver.start().await;
    let (peer, id) = (running.peer(), running.process_id());
    let before = process::cpu(id);
    let peak = Arc::new(AtomicU64::new(0));
    let watching = tokio::spawn(watch_memory(id, Arc::clone(&peak)));

    let begin = Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for folder in sample.shares(associations) {
        let peer = peer.clone();
        sending
            .spawn(async move { dcmtk::storescu("BENCH", &peer, &["+sd", "+r"], &[folder]).await });
    }
    let outcomes = sending.join_all().await;
    let elapsed = begin.elapsed();

    let used = process::cpu(id).saturating_sub(before);
    watching.abort();
    let peak_kib = peak.load(Ordering::Relaxed).max(process::peak_kib(id));
    if let Some(failed) = outcomes.into_iter().find(|outcome| !outcome.success) {
        return Err(failed.text);
    }
    let count = sample.count as f64;
    Ok(Ingest {
        objects_per_second: count / elapsed.as_secs_f64(),
        cpu_ms: used.as_secs_f64() * 1000.0 / count,
        peak_mib: peak_kib as f64 / 1024.0,
    })
}

/// Keeps the highest sum of the receiver's and its children's memory, KiB.
async fn watch_memory(id: u32, peak: Arc<AtomicU64>) {
    let mut every = tokio::time::interval(SAMPLE_EVERY);
    loop {
        every.tick().await;
        peak.fetch_max(process::resident_kib(id), Ordering::Relaxed);
    }
}
