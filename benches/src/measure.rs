//! One measurement: time at the sender; processor time and memory of the
//! receiver, its children included, from `/proc` (proc(5)).

use crate::{generate::Sample, receivers::Receiver};
use bildbro_testkit::dcmtk;
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Ticks a second in `/proc/PID/stat`: USER_HZ, 100 on every Linux ABI that
/// this runs on.
const TICKS: f64 = 100.0;

const SAMPLE_EVERY: Duration = Duration::from_millis(25);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
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
) -> Result<Measurement, String> {
    let running = receiver.start().await;
    let (peer, id) = (running.peer(), running.process_id());
    let before = cpu_ticks(id);
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

    let ticks = cpu_ticks(id).saturating_sub(before);
    watching.abort();
    let peak_kib = peak.load(Ordering::Relaxed).max(status_kib(id, "VmHWM:"));
    if let Some(failed) = outcomes.into_iter().find(|outcome| !outcome.success) {
        return Err(failed.text);
    }
    let count = sample.count as f64;
    Ok(Measurement {
        objects_per_second: count / elapsed.as_secs_f64(),
        cpu_ms: ticks as f64 / TICKS * 1000.0 / count,
        peak_mib: peak_kib as f64 / 1024.0,
    })
}

/// Keeps the highest sum of the receiver's and its children's memory, KiB.
async fn watch_memory(id: u32, peak: Arc<AtomicU64>) {
    let mut every = tokio::time::interval(SAMPLE_EVERY);
    loop {
        every.tick().await;
        let family = children(id).into_iter().chain([id]);
        let sum = family.map(|id| status_kib(id, "VmRSS:")).sum();
        peak.fetch_max(sum, Ordering::Relaxed);
    }
}

/// Processor time so far, user and system: the process, the children it has
/// waited for, and those it has not.
fn cpu_ticks(id: u32) -> u64 {
    let own = stat_ticks(id, 4);
    own + children(id)
        .into_iter()
        .map(|child| stat_ticks(child, 2))
        .sum::<u64>()
}

/// The first `count` of utime, stime, cutime, cstime (fields 14 to 17), added.
fn stat_ticks(id: u32, count: usize) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The program's name, field 2, may hold spaces; it ends at the last bracket.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    fields
        .split_whitespace()
        .skip(11)
        .take(count)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}

fn children(id: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// A line of `/proc/PID/status`, KiB; 0 when the process is gone.
fn status_kib(id: u32, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        let id = std::process::id();
        assert!(status_kib(id, "VmHWM:") > 100);
        assert!(status_kib(id, "VmHWM:") >= status_kib(id, "VmRSS:"));
    }
}
