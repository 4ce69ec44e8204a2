//! What a process has used, its children included: `/proc` (proc(5)).

use std::{fs, time::Duration};

/// Ticks a second in `/proc/PID/stat`: USER_HZ, 100 on every Linux ABI that
/// this runs on.
const TICKS: u64 = 100;

/// Processor time so far, user and system: the process, the children it has
/// waited for, and those it has not.
pub fn cpu(id: u32) -> Duration {
    let children = children(id).into_iter().map(|child| ticks(child, 2));
    let ticks = ticks(id, 4) + children.sum::<u64>();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// Memory it has now, KiB, its children's with it.
pub fn resident_kib(id: u32) -> u64 {
    let family = children(id).into_iter().chain([id]);
    family.map(|id| status_kib(id, "VmRSS:")).sum()
}

/// The most memory that it had at once, KiB, without its children.
pub fn peak_kib(id: u32) -> u64 {
    status_kib(id, "VmHWM:")
}

/// The first `count` of utime, stime, cutime, cstime (fields 14 to 17), added.
fn ticks(id: u32, count: usize) -> u64 {
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

/// A line of `/proc/PID/status`; 0 when the process is gone.
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
        assert!(peak_kib(id) > 100);
        assert!(peak_kib(id) >= status_kib(id, "VmRSS:"));
    }
}
