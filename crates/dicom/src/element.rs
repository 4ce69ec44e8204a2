//! One data element header, in any of the native encodings (PS3.5 7.1).

use crate::{Tag, syntax::Encoding, tag};

/// Length of undefined-length sequences, items and encapsulated pixel data.
pub const UNDEFINED: u32 = 0xFFFF_FFFF;

/// A parsed element header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub tag: Tag,
    /// `None` for implicit encoding and for items and delimiters.
    pub vr: Option<[u8; 2]>,
    pub length: u32,
    /// Bytes that the header itself took: 8 or 12.
    pub size: usize,
}

impl Header {
    #[must_use]
    pub const fn undefined(&self) -> bool {
        self.length == UNDEFINED
    }
}

/// VRs whose length takes 32 bits, after two reserved bytes. VRs not known
/// here are of the future, and those take 32 bits too (PS3.5 7.1.2).
fn has_long_length(vr: [u8; 2]) -> bool {
    !matches!(
        &vr,
        b"AE"
            | b"AS"
            | b"AT"
            | b"CS"
            | b"DA"
            | b"DS"
            | b"DT"
            | b"FL"
            | b"FD"
            | b"IS"
            | b"LO"
            | b"LT"
            | b"PN"
            | b"SH"
            | b"SL"
            | b"SS"
            | b"ST"
            | b"TM"
            | b"UI"
            | b"UL"
            | b"US"
    )
}

fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> u16 {
    let pair = [bytes[at], bytes[at + 1]];
    if big_endian {
        u16::from_be_bytes(pair)
    } else {
        u16::from_le_bytes(pair)
    }
}

fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big_endian {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    }
}

/// Reads a header from the start of `bytes`; `None` when there are too few.
pub fn read(bytes: &[u8], encoding: Encoding) -> Option<Header> {
    let big = encoding.big_endian;
    if bytes.len() < 8 {
        return None;
    }
    let tag = Tag(u16_at(bytes, 0, big), u16_at(bytes, 2, big));
    let vr = [bytes[4], bytes[5]];
    // Some writers fall into implicit encoding in the middle; two bytes that
    // are no capital letters cannot be a VR.
    let explicit =
        encoding.explicit && tag.0 != tag::ITEM.0 && vr.iter().all(u8::is_ascii_uppercase);
    if !explicit {
        return Some(Header {
            tag,
            vr: None,
            length: u32_at(bytes, 4, big),
            size: 8,
        });
    }
    if !has_long_length(vr) {
        return Some(Header {
            tag,
            vr: Some(vr),
            length: u32::from(u16_at(bytes, 6, big)),
            size: 8,
        });
    }
    if bytes.len() < 12 {
        return None;
    }
    Some(Header {
        tag,
        vr: Some(vr),
        length: u32_at(bytes, 8, big),
        size: 12,
    })
}

/// Appends a header. A length too long for the VR's short form is written with
/// VR `UN`, which has a long one (PS3.5 6.2.2).
pub fn write(out: &mut Vec<u8>, tag: Tag, vr: [u8; 2], length: u32, encoding: Encoding) {
    let short = |n: u16| {
        if encoding.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let long = |n: u32| {
        if encoding.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    out.extend_from_slice(&short(tag.0));
    out.extend_from_slice(&short(tag.1));
    if !encoding.explicit || tag.0 == tag::ITEM.0 {
        out.extend_from_slice(&long(length));
        return;
    }
    match u16::try_from(length) {
        Ok(n) if !has_long_length(vr) => {
            out.extend_from_slice(&vr);
            out.extend_from_slice(&short(n));
        }
        _ => {
            let vr = if has_long_length(vr) { vr } else { *b"UN" };
            out.extend_from_slice(&vr);
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&long(length));
        }
    }
}
