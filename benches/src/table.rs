//! The results, as text for a terminal.

use crate::{Case, crossing::Crossing, receivers::Receiver, stages::Stages};
use std::fmt::Write as _;

/// Writing to a String does not fail.
macro_rules! line {
    ($text:expr, $($format:tt)*) => {{ let _ok = writeln!($text, $($format)*); }};
}

/// A table for each sample and number of associations.
pub fn ingest(cases: &[Case]) -> String {
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
            line!(
                text,
                "\n{title}\n{:<20}{:>11}{:>11}{:>12}{:>15}{:>14}",
                "receiver",
                "objects/s",
                "÷ Orthanc",
                "÷ dicom-rs",
                "CPU ms/object",
                "peak RSS MiB"
            );
            heading = title;
        }
        let speed = speed(case);
        line!(
            text,
            "{:<20}{:>11.0}{:>11}{:>12}{:>15.2}{:>14.0}",
            case.receiver.name(),
            speed,
            ratio(speed, beside(cases, case, Receiver::Orthanc)),
            ratio(speed, beside(cases, case, Receiver::DicomRsStorescp)),
            median(&case.rounds, |m| m.cpu_ms),
            median(&case.rounds, |m| m.peak_mib),
        );
    }
    text
}

fn speed(case: &Case) -> f64 {
    median(&case.rounds, |m| m.objects_per_second)
}

/// The speed of another receiver with the same load.
fn beside(cases: &[Case], case: &Case, receiver: Receiver) -> Option<f64> {
    let same = |other: &&Case| {
        other.receiver == receiver
            && other.associations == case.associations
            && other.sample.kind == case.sample.kind
    };
    cases.iter().find(same).map(speed)
}

fn ratio(value: f64, other: Option<f64>) -> String {
    other.map_or_else(|| "–".to_owned(), |other| format!("{:.2}", value / other))
}

/// Site to site, beside Orthanc where it is installed.
pub fn crossings(title: &str, ours: &[Crossing], orthanc: &[Crossing]) -> String {
    let mut text = format!("\n{title}: 100 Mbit/s, 20 ms\n");
    line!(
        text,
        "{:<20}{:>9}{:>11}{:>12}{:>12}{:>11}{:>22}",
        "",
        "seconds",
        "÷ Orthanc",
        "MB on A's",
        "MB on B's",
        "÷ Orthanc",
        "peak RSS MiB A/hub/B"
    );
    let seconds = |of: &[Crossing]| median(of, |c| c.seconds);
    let bytes = |of: &[Crossing], line: usize| median(of, |c| c.line[line] as f64);
    let beside = (!orthanc.is_empty()).then(|| (seconds(orthanc), bytes(orthanc, 0)));
    for (name, of) in [("bildbro", ours), ("Orthanc to Orthanc", orthanc)] {
        if of.is_empty() {
            continue;
        }
        let peak = |place: usize| median(of, |c| c.peak_kib[place] as f64 / 1024.0);
        line!(
            text,
            "{:<20}{:>9.2}{:>11}{:>12.1}{:>12.1}{:>11}{:>22}",
            name,
            seconds(of),
            ratio(seconds(of), beside.map(|(seconds, _)| seconds)),
            bytes(of, 0) / 1e6,
            bytes(of, 1) / 1e6,
            ratio(bytes(of, 0), beside.map(|(_, bytes)| bytes)),
            format!("{:.0}/{:.0}/{:.0}", peak(0), peak(1), peak(2)),
        );
    }
    text
}

pub fn latency(title: &str, ours: &[Crossing]) -> String {
    format!(
        "\n{title}: 100 Mbit/s, 20 ms\nfrom the last acknowledgement at gateway A to the whole study in B's PACS: {:.2} s\n",
        median(ours, |c| c.seconds_after)
    )
}

pub fn idle(programs: &[(&'static str, u64)]) -> String {
    let mut text = "\nidle\n".to_owned();
    for (name, kib) in programs {
        line!(text, "{:<20}{:>9.0} MiB", name, *kib as f64 / 1024.0);
    }
    text
}

/// Processor time and rate by stage, with packing and without.
pub fn stages(title: &str, count: usize, packed: &[Stages], plain: &[Stages]) -> String {
    let mut text = format!("\n{title}, by stage, no limit on the line\n");
    line!(
        text,
        "{:<11}{:<12}{:>16}{:>14}{:>18}{:>16}",
        "stage",
        "program",
        "packed: µs CPU",
        "images/s",
        "not packed: µs",
        "images/s"
    );
    let of = |rounds: &[Stages], stage: usize| {
        let each = |seconds: f64| seconds * 1e6 / count as f64;
        let cpu = median(rounds, |s| s.stages[stage].cpu.as_secs_f64());
        let took = median(rounds, |s| s.stages[stage].took.as_secs_f64());
        (each(cpu), count as f64 / took)
    };
    let stages = packed.first().map_or(&[][..], |first| &first.stages);
    for (place, stage) in stages.iter().enumerate() {
        let (packed, plain) = (of(packed, place), of(plain, place));
        line!(
            text,
            "{:<11}{:<12}{:>16.0}{:>14.0}{:>18.0}{:>16.0}",
            stage.name,
            stage.program,
            packed.0,
            packed.1,
            plain.0,
            plain.1
        );
    }
    for (name, rounds) in [("packed", packed), ("not packed", plain)] {
        let each = |way: usize| median(rounds, |s| s.line[way] as f64) / count as f64 / 1024.0;
        line!(
            text,
            "{name}: {:.0} KiB an image to the hub, {:.0} from it",
            each(0),
            each(1)
        );
    }
    text
}

fn median<T>(rounds: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
