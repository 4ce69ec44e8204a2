//! Packing for the slow line: what is unpacked is within its limits at any
//! split, and the same; what is packed here unpacks to the same bytes.

use crate::{
    random::{Random, pieces},
    seeds,
};
use bildbro_dicom::pack::{Packer, UnpackError, Unpacker};

/// A data set longer than this is not taken.
const LIMIT: u64 = 256 * 1024;

/// An input that begins with this or more is a data set, to be packed; else it
/// is what came on the line.
const PACK: u8 = 0x80;

pub fn run(data: &[u8]) {
    let Some((&first, bytes)) = data.split_first() else {
        return;
    };
    if first < PACK {
        unpacked(bytes);
        return;
    }
    let packed = pack(super::syntax(first), bytes);
    let Ok(restored) = unpack(&[&packed]) else {
        panic!("what is packed can be unpacked");
    };
    assert!(restored == bytes, "to the same bytes");
    // Changed on its way: an error, or other bytes, but no harm.
    let mut random = Random::of(bytes);
    let mut changed = packed;
    let at = random.below(changed.len());
    changed[at] ^= random.byte();
    unpacked(&changed);
}

fn unpacked(bytes: &[u8]) {
    let whole = unpack(&[bytes]);
    let again = unpack(&pieces(bytes, Random::of(bytes)));
    match (whole, again) {
        (Ok(a), Ok(b)) => assert!(a == b, "the same at any split"),
        (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string(), "the same error"),
        _ => panic!("the same at any split"),
    }
}

fn pack(transfer_syntax: &str, bytes: &[u8]) -> Vec<u8> {
    let mut packer = Packer::new(transfer_syntax, bytes.len() as u64);
    let mut out = Vec::new();
    for piece in pieces(bytes, Random::of(bytes)) {
        packer.push(piece, &mut out);
    }
    packer.finish(&mut out).expect("as long as announced");
    out
}

fn unpack(pieces: &[&[u8]]) -> Result<Vec<u8>, UnpackError> {
    let mut unpacker = Unpacker::new(LIMIT);
    let mut out = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (left, made) = (rest.len(), out.len());
            unpacker.push(&mut rest, &mut out)?;
            assert!(rest.len() < left || out.len() > made, "it goes on");
            assert!(out.len() as u64 <= LIMIT, "the limit holds");
        }
    }
    unpacker.finish()?;
    Ok(out)
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for seed in seeds::data_sets() {
        let Some((first, bytes)) = seed.split_first() else {
            continue;
        };
        let packed = pack(super::syntax(*first), bytes);
        out.push([&[0], &packed[..]].concat());
        out.push([&[PACK + first], bytes].concat());
    }
    // Larger images, so that blocks of pixels come about.
    for (samples, bits) in [(1, 8), (1, 16), (3, 8)] {
        let bytes = gradient(samples, bits);
        out.push([&[0], &pack(seeds::SYNTAXES[0], &bytes)[..]].concat());
        out.push([&[PACK], &bytes[..]].concat());
    }
    out
}

/// An image of 64 × 64 pixels that are as smooth as those of images are.
fn gradient(samples: u16, bits: u16) -> Vec<u8> {
    use bildbro_dicom::{Tag, tag};
    let mut pixels = Vec::new();
    for place in 0..64 * 64_u16 {
        let value = place / 64 + place % 64 + place % 5;
        for _ in 0..samples {
            pixels.extend_from_slice(&value.to_le_bytes()[..usize::from(bits / 8)]);
        }
    }
    let photometric: &[u8] = if samples == 3 {
        b"RGB "
    } else {
        b"MONOCHROME2 "
    };
    seeds::Builder::new(seeds::SYNTAXES[0])
        .identity()
        .patient()
        .number(Tag(0x0028, 0x0002), samples)
        .put(Tag(0x0028, 0x0004), b"CS", photometric)
        .number(Tag(0x0028, 0x0006), 0)
        .number(Tag(0x0028, 0x0010), 64)
        .number(Tag(0x0028, 0x0011), 64)
        .number(Tag(0x0028, 0x0100), bits)
        .number(Tag(0x0028, 0x0101), bits)
        .number(Tag(0x0028, 0x0102), bits - 1)
        .number(Tag(0x0028, 0x0103), 0)
        .put(tag::PIXEL_DATA, b"OW", &pixels)
        .done()
}
