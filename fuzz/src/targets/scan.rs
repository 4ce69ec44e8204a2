//! The reading of a data set as it streams by: the same answer at any split,
//! and no more kept of a value than its bound.

use crate::{
    random::{Random, pieces},
    seeds,
};
use bildbro_dicom::{
    scan::{Limits, ScanError, Scanner},
    syntax,
};
use bildbro_domain::InstanceHeader;
use flate2::write::DeflateEncoder;
use std::io::Write as _;

const LIMITS: Limits = Limits {
    depth: 16,
    value: 256,
    inflated: 1 << 20,
};

/// An input that begins with this or more is deflated before it is read, so
/// that changes reach what is inside.
const DEFLATE: u8 = 0x80;

pub fn run(data: &[u8]) {
    let Some((transfer_syntax, bytes)) = choose(data) else {
        return;
    };
    let whole = scan(transfer_syntax, &[&bytes]);
    if let Ok(header) = &whole {
        bounded(header);
    }
    let mut random = Random::of(&bytes);
    for _ in 0..2 {
        let split = pieces(&bytes, Random::new(random.next()));
        same(transfer_syntax, &whole, &scan(transfer_syntax, &split));
    }
    if bytes.len() < 2000 {
        let single: Vec<_> = bytes.chunks(1).collect();
        same(transfer_syntax, &whole, &scan(transfer_syntax, &single));
    }
}

/// The transfer syntax that the first byte names, and the data set.
fn choose(data: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let (&first, rest) = data.split_first()?;
    if first >= DEFLATE {
        return Some((syntax::DEFLATED, seeds::deflate(rest)));
    }
    Some((super::syntax(first), rest.to_vec()))
}

fn scan(transfer_syntax: &str, pieces: &[&[u8]]) -> Result<InstanceHeader, ScanError> {
    let mut scanner = Scanner::new(transfer_syntax, LIMITS);
    for piece in pieces {
        scanner.push(piece)?;
    }
    scanner.finish()
}

/// The same header; of a deflated data set with two faults either may be met
/// first, since what is inflated before a fault comes in buffers.
fn same(
    transfer_syntax: &str,
    a: &Result<InstanceHeader, ScanError>,
    b: &Result<InstanceHeader, ScanError>,
) {
    if transfer_syntax == syntax::DEFLATED && a.is_err() {
        assert!(b.is_err(), "an error at any split");
    } else {
        assert_eq!(a, b, "the same at any split");
    }
}

/// A byte becomes three at most, as U+FFFD.
fn bounded(header: &InstanceHeader) {
    let texts = [
        header.patient_id.reveal(),
        header.patient_id_issuer.as_str(),
        header.patient_name.reveal(),
        header.patient_birth_date.reveal(),
        header.accession.reveal(),
        header.study_description.as_str(),
        header.series_description.as_str(),
        header.institution.as_str(),
    ];
    for text in texts {
        assert!(text.len() <= 3 * LIMITS.value, "no more than is kept");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = seeds::data_sets();
    let inside: Vec<Vec<u8>> = out
        .iter()
        .filter(|seed| seed.first() == Some(&0))
        .map(|seed| [&[DEFLATE], &seed[1..]].concat())
        .collect();
    out.extend(inside);
    out.push([vec![3], bomb()].concat());
    out
}

/// Four megabytes of nothing, in four kilobytes.
fn bomb() -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        let written = encoder.write_all(&[0; 64 * 1024]);
        written.expect("writing to memory does not fail");
    }
    encoder.finish().expect("writing to memory does not fail")
}
