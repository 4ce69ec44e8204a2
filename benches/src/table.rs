//! The result, as text for a terminal.

use crate::{Case, measure::Measurement, receivers::Receiver};
use std::fmt::Write as _;

/// A table for each sample and number of associations.
pub fn render(cases: &[Case]) -> String {
    let mut text = String::new();
    let mut heading = String::new();
    for case in cases {
        let plural = if case.associations == 1 { "" } else { "s" };
        let title = format!(
            "{}, {} association{plural}",
            case.sample.title(),
            case.associations
        );
        if title != heading {
            // Writing to a String does not fail.
            let _ok = writeln!(
                text,
                "\n{title}\n{:<20}{:>11}{:>11}{:>12}{:>15}{:>14}",
                "receiver", "objects/s", "÷ Orthanc", "÷ dicom-rs", "CPU ms/object", "peak RSS MiB"
            );
            heading = title;
        }
        let speed = median(case, |m| m.objects_per_second);
        let _ok = writeln!(
            text,
            "{:<20}{:>11.0}{:>11}{:>12}{:>15.2}{:>14.0}",
            case.receiver.name(),
            speed,
            ratio(speed, beside(cases, case, Receiver::Orthanc)),
            ratio(speed, beside(cases, case, Receiver::DicomRsStorescp)),
            median(case, |m| m.cpu_ms),
            median(case, |m| m.peak_mib),
        );
    }
    text
}

/// The speed of another receiver with the same load.
fn beside(cases: &[Case], case: &Case, receiver: Receiver) -> Option<f64> {
    let same = |other: &&Case| {
        other.receiver == receiver
            && other.associations == case.associations
            && other.sample.kind == case.sample.kind
    };
    cases
        .iter()
        .find(same)
        .map(|other| median(other, |m| m.objects_per_second))
}

fn ratio(speed: f64, other: Option<f64>) -> String {
    other.map_or_else(|| "–".to_owned(), |other| format!("{:.2}", speed / other))
}

fn median(case: &Case, value: impl Fn(&Measurement) -> f64) -> f64 {
    let mut values: Vec<f64> = case.rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
