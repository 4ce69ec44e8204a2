//! The targets, one module each.

mod association;
mod charset;
mod coerce;
mod identifier;
mod link;
mod pack;
mod part10;
mod pdu;
mod requester;
mod scan;
mod spool;
mod transcode;

use crate::{Target, seeds};
use std::time::Duration;

const MB: usize = 1 << 20;

/// What most have in common: readers that hold a small part of their input.
const READER: Target = Target {
    name: "",
    run: |_| {},
    seeds: Vec::new,
    words: seeds::WORDS,
    memory: MB,
    time: Duration::from_secs(5),
    longest: 64 * 1024,
};

pub const ALL: [Target; 12] = [
    Target {
        name: "pdu",
        run: pdu::run,
        seeds: pdu::seeds,
        words: pdu::WORDS,
        // An item of four bytes becomes an empty proposal of 56.
        memory: 4 * MB,
        ..READER
    },
    Target {
        name: "association",
        run: association::run,
        seeds: association::seeds,
        words: pdu::WORDS,
        memory: 8 * MB,
        time: Duration::from_secs(10),
        ..READER
    },
    Target {
        name: "requester",
        run: requester::run,
        seeds: requester::seeds,
        words: pdu::WORDS,
        memory: 8 * MB,
        time: Duration::from_secs(10),
        ..READER
    },
    Target {
        name: "scan",
        run: scan::run,
        seeds: scan::seeds,
        ..READER
    },
    Target {
        name: "part10",
        run: part10::run,
        seeds: part10::seeds,
        longest: 2 * bildbro_dicom::part10::MAX_META,
        ..READER
    },
    Target {
        name: "charset",
        run: charset::run,
        seeds: charset::seeds,
        longest: 4096,
        ..READER
    },
    Target {
        name: "identifier",
        run: identifier::run,
        seeds: identifier::seeds,
        // Each of a few thousand elements becomes a text in a tree.
        memory: 8 * MB,
        longest: 16 * 1024,
        ..READER
    },
    Target {
        name: "coerce",
        run: coerce::run,
        seeds: coerce::seeds,
        memory: 4 * MB,
        ..READER
    },
    Target {
        name: "transcode",
        run: transcode::run,
        seeds: transcode::seeds,
        // Whole, up to three times (`dicom::transcode`), and the decoders' own.
        memory: 16 * MB,
        ..READER
    },
    Target {
        name: "link",
        run: link::run,
        seeds: link::seeds,
        words: link::WORDS,
        memory: 4 * MB,
        ..READER
    },
    Target {
        name: "pack",
        run: pack::run,
        seeds: pack::seeds,
        memory: 8 * MB,
        ..READER
    },
    Target {
        name: "spool",
        run: spool::run,
        seeds: spool::seeds,
        words: &[b"BBS1", b"\0\0\0\0"],
        memory: 32 * MB,
        time: Duration::from_secs(10),
        longest: 512,
    },
];

/// The transfer syntax that a byte stands for.
fn syntax(byte: u8) -> &'static str {
    seeds::SYNTAXES[usize::from(byte) % seeds::SYNTAXES.len()]
}
