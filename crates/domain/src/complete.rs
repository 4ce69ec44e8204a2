//! When a study that a PACS sends has all arrived.
//!
//! DICOM has no "end of study". A study is complete after a quiet time and,
//! where the PACS answers C-FIND, when its count agrees. A PACS that counts
//! more than it sends (someone sent one series) must not hold a study for
//! ever: after `patience` the study is complete, and says what is missing.

use std::time::Duration;

/// How long to wait. Configured per gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// No image for this long: ask the PACS, or, if it does not answer, take
    /// the study as complete.
    pub quiet: Duration,
    /// The PACS counts more than came: wait this long for the rest.
    pub rest: Duration,
}

/// What to do about a study now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Look again after this long.
    Wait(Duration),
    /// Ask the PACS how many images it holds.
    Ask,
    /// All that will come has come. `expected` is the PACS's count, if known.
    Complete { expected: Option<u32> },
}

/// What the PACS said of the number of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    NotAsked,
    /// It does not answer C-FIND, or not now.
    Unknown,
    Images(u32),
}

/// Decides. `silence` is the time since the last image of the study came,
/// `received` the number of distinct images.
#[must_use]
pub fn judge(patience: Patience, silence: Duration, received: u32, count: Count) -> Verdict {
    if silence < patience.quiet {
        return Verdict::Wait(patience.quiet - silence);
    }
    match count {
        Count::NotAsked => Verdict::Ask,
        Count::Unknown => Verdict::Complete { expected: None },
        Count::Images(n) if n <= received => Verdict::Complete { expected: Some(n) },
        Count::Images(_) if silence < patience.rest => Verdict::Wait(patience.rest - silence),
        Count::Images(n) => Verdict::Complete { expected: Some(n) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        quiet: Duration::from_secs(10),
        rest: Duration::from_secs(60),
    };

    #[test]
    fn waits_out_the_quiet_time_then_asks() {
        let at = |s| judge(PATIENCE, Duration::from_secs(s), 3, Count::NotAsked);
        assert_eq!(at(4), Verdict::Wait(Duration::from_secs(6)));
        assert_eq!(at(10), Verdict::Ask);
    }

    #[test]
    fn counts_that_agree_or_are_unknown_complete_it() {
        let with = |count| judge(PATIENCE, Duration::from_secs(11), 3, count);
        assert_eq!(
            with(Count::Images(3)),
            Verdict::Complete { expected: Some(3) }
        );
        assert_eq!(with(Count::Unknown), Verdict::Complete { expected: None });
    }

    #[test]
    fn a_short_study_waits_for_the_rest_but_not_for_ever() {
        let at = |s| judge(PATIENCE, Duration::from_secs(s), 3, Count::Images(5));
        assert_eq!(at(11), Verdict::Wait(Duration::from_secs(49)));
        assert_eq!(at(60), Verdict::Complete { expected: Some(5) });
    }
}
