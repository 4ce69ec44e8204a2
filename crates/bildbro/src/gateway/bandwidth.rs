//! How much of the hospital's line the exchange may use, by time of day.

use crate::fault::Fault;
use bildbro_link::{Pacer, Rate};
use jiff::{Zoned, civil::Time};
use serde::Deserialize;
use std::num::NonZeroU64;

/// Slowest rate: below it a line stands still for longer than a peer waits.
const SLOWEST_MBIT: f64 = 0.1;

/// A window of the day, in local time, and what may pass in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `07:00`.
    pub from: Time,
    /// Not included; earlier than `from` when the window goes past midnight, the
    /// same when it is the whole day.
    pub to: Time,
    /// Megabits a second to the hub, and from it; no limit when absent.
    #[serde(default)]
    pub up_mbit: Option<f64>,
    #[serde(default)]
    pub down_mbit: Option<f64>,
}

impl Window {
    /// # Errors
    /// When a rate is no rate.
    pub fn validate(&self) -> Result<(), Fault> {
        for rate in [self.up_mbit, self.down_mbit].into_iter().flatten() {
            if !rate.is_finite() || rate < SLOWEST_MBIT {
                return Err(Fault::new(format!(
                    "hub.bandwidth: {rate} Mbit/s is too slow; give {SLOWEST_MBIT} or more, or leave it out for no limit"
                )));
            }
        }
        Ok(())
    }

    fn holds(&self, at: Time) -> bool {
        if self.from == self.to {
            true
        } else if self.from < self.to {
            (self.from..self.to).contains(&at)
        } else {
            at >= self.from || at < self.to
        }
    }
}

/// The rate at a time of day, in bytes a second.
fn rate(windows: &[Window], at: Time, of: fn(&Window) -> Option<f64>) -> Option<NonZeroU64> {
    let window = windows.iter().find(|window| window.holds(at))?;
    let bytes = of(window)? * 1_000_000.0 / 8.0;
    NonZeroU64::new(bytes as u64)
}

/// Pacers for both directions.
pub fn pacers(windows: &[Window]) -> (Pacer, Pacer) {
    let pacer = |of: fn(&Window) -> Option<f64>| {
        let windows = windows.to_vec();
        if windows.is_empty() {
            return Pacer::unlimited();
        }
        let now: Box<Rate> = Box::new(move || rate(&windows, Zoned::now().time(), of));
        Pacer::new(now)
    };
    (pacer(|w| w.up_mbit), pacer(|w| w.down_mbit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_window_that_holds_counts_also_past_midnight() {
        let window = |from, to, up_mbit| Window {
            from: at(from),
            to: at(to),
            up_mbit,
            down_mbit: None,
        };
        let windows = [
            window("07:00", "17:00", Some(8.0)),
            window("22:00", "06:00", Some(80.0)),
        ];
        let rate = |time| rate(&windows, at(time), |w| w.up_mbit).map(NonZeroU64::get);
        assert_eq!(rate("07:00"), Some(1_000_000));
        assert_eq!(rate("16:59"), Some(1_000_000));
        assert_eq!(rate("17:00"), None);
        assert_eq!(rate("23:30"), Some(10_000_000));
        assert_eq!(rate("05:59"), Some(10_000_000));
        assert_eq!(rate("06:00"), None);
        assert!(window("00:00", "00:00", None).holds(at("12:00")));
        assert!(window("07:00", "17:00", Some(0.0)).validate().is_err());
    }
}
