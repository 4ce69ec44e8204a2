//! Transcoding: never more than the bound; native syntaxes to and fro lose
//! nothing but, by way of the implicit one, the VRs; it stays the same object.

use crate::seeds;
use bildbro_dicom::{
    scan::{Limits, Scanner},
    syntax::{EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE},
    transcode,
};
use bildbro_domain::InstanceHeader;

const MOST: u64 = 512 * 1024;

pub fn run(data: &[u8]) {
    let [first, second, bytes @ ..] = data else {
        return;
    };
    let (from, to) = (super::syntax(*first), super::syntax(second % 4));
    let Ok(out) = transcode::to(bytes, from, to, MOST) else {
        return;
    };
    assert!(out.len() as u64 <= MOST, "the bound holds");
    // What evens a length adds to a text that ends in the middle of a switched
    // character set.
    let switches = bytes.contains(&0x1b) || out.contains(&0x1b);
    if let Some(before) = header(bytes, from).filter(|_| !switches) {
        assert!(Some(before) == header(&out, to), "the same object");
    }
    if to == EXPLICIT_LE {
        to_and_fro(&out);
    }
}

fn header(bytes: &[u8], transfer_syntax: &str) -> Option<InstanceHeader> {
    let mut scanner = Scanner::new(transfer_syntax, Limits::default());
    scanner.push(bytes).ok()?;
    scanner.finish().ok()
}

/// The first time odd lengths are evened and VRs taken from the dictionary;
/// from then on nothing changes.
fn to_and_fro(explicit: &[u8]) {
    let by_way_of = |other: &str, bytes: &[u8]| {
        let there = transcode::to(bytes, EXPLICIT_LE, other, MOST).ok()?;
        transcode::to(&there, other, EXPLICIT_LE, MOST).ok()
    };
    for other in [EXPLICIT_BE, IMPLICIT_LE] {
        if let Some(once) = by_way_of(other, explicit) {
            let twice = by_way_of(other, &once);
            assert!(twice == Some(once), "stable by way of {other}");
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for seed in seeds::data_sets() {
        let Some((first, bytes)) = seed.split_first() else {
            continue;
        };
        out.extend((0..3).map(|second| [&[*first, second], bytes].concat()));
    }
    out
}
