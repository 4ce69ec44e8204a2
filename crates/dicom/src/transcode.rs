//! Turning an object into another transfer syntax, when a node refuses the one
//! that it is stored in.
//!
//! Among the native syntaxes elements are re-encoded one by one; what they hold
//! stays the same to the byte, byte order aside. Compressed pixel data are
//! decoded, for a native syntax; nothing is ever compressed.
//!
//! This is the one place where an object is held whole, up to three times: as
//! it was, decoded, and as it becomes. The caller bounds it, and does not call
//! from an async task, since decoding takes seconds.

mod attributes;
mod encode;
mod pixels;
mod rle;

use crate::{
    Tag,
    inflate::{self, InflateError},
    structure::StructureError,
    syntax::{DEFLATED, EXPLICIT_BE, EXPLICIT_LE, Encoding, IMPLICIT_LE, encapsulated},
};
use attributes::Attributes;
use dicom_encoding::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

/// Why an object cannot be turned into another transfer syntax.
#[derive(Debug, thiserror::Error)]
pub enum TranscodeError {
    #[error("the object takes {0} bytes; {1} is the most that is transcoded")]
    TooLarge(u64, u64),
    #[error("pixel data in {0} cannot be decoded here")]
    Undecodable(String),
    #[error("nothing is encoded in {0} here")]
    Unencodable(String),
    #[error("the pixel data do not decode as {syntax}: {reason}")]
    Decode {
        syntax: String,
        reason: &'static str,
    },
    #[error("the decoder of {0} failed")]
    DecoderFailed(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the decoder of {0} broke off")]
    DecoderPanicked(String),
    #[error("{0} is missing, or has a value for which pixel data are not decoded here")]
    Attribute(Tag),
    #[error("{0} holds compressed pixel data inside a sequence")]
    Nested(Tag),
    #[error("the data set is cut off: element {tag} announces {announced} bytes, {came} came")]
    CutOff {
        tag: Tag,
        announced: u32,
        came: usize,
    },
    #[error("the data set is cut off inside an element's header")]
    CutOffHeader,
    #[error("the data set ends inside a sequence that was never closed")]
    Unclosed,
    #[error("walking the data set")]
    Structure(#[from] StructureError),
    #[error("inflating the data set")]
    Inflate(#[from] InflateError),
}

/// Compressed syntaxes whose pixel data can be decoded: RLE; JPEG baseline,
/// extended (8 bits), lossless; JPEG 2000 and its high-throughput kin.
const DECODABLE: [&str; 11] = [
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
];

/// The syntaxes that an object stored in `transfer_syntax` could be offered in
/// besides that one, best first. Implicit little endian, which every node must
/// take (PS3.5 10.1), is always among them, unless nothing can be done.
#[must_use]
pub fn candidates(transfer_syntax: &str) -> &'static [&'static str] {
    match transfer_syntax {
        EXPLICIT_LE => &[IMPLICIT_LE],
        IMPLICIT_LE => &[EXPLICIT_LE],
        EXPLICIT_BE | DEFLATED => &[EXPLICIT_LE, IMPLICIT_LE],
        other if DECODABLE.contains(&other) => &[EXPLICIT_LE, IMPLICIT_LE],
        _ => &[],
    }
}

/// Turns a data set in transfer syntax `from` into one in `to` (UIDs). `to` must
/// be native. `most` bounds the object in bytes: as it comes, inflated, and
/// decoded.
///
/// What decoding makes untrue goes: the tables of encapsulated pixel data
/// (7FE0,0001 and on), and an Icon Image Sequence (0088,0200), which may be
/// compressed like the image. Whether the image was ever compressed with loss
/// (0028,2110) stays on record.
///
/// # Errors
/// [`TranscodeError`]; decoders that panic are caught.
pub fn to(bytes: &[u8], from: &str, to: &str, most: u64) -> Result<Vec<u8>, TranscodeError> {
    let fits = |length: u64| {
        if length > most {
            Err(TranscodeError::TooLarge(length, most))
        } else {
            Ok(())
        }
    };
    fits(bytes.len() as u64)?;
    if from == to {
        return Ok(bytes.to_vec());
    }
    if encapsulated(to) {
        return Err(TranscodeError::Unencodable(name(to)));
    }
    let (source, target) = (Encoding::of(from), Encoding::of(to));
    let inflated;
    let bytes = if source.deflated {
        inflated = inflate::whole(bytes, most)?;
        &inflated
    } else {
        bytes
    };
    let attributes = Attributes::read(bytes, source)?;
    // A compressed syntax without compressed pixel data: reports, and images
    // that some archive left native.
    let decoded = match &attributes.fragments {
        Some(_) if !DECODABLE.contains(&from) => {
            return Err(TranscodeError::Undecodable(name(from)));
        }
        Some(fragments) => Some(pixels::decode(&attributes, fragments, from, most)?),
        None => None,
    };
    let mut out = encode::encode(bytes, source, target, &attributes, decoded)?;
    if target.deflated {
        out = inflate::deflate(&out);
    }
    fits(out.len() as u64)?;
    Ok(out)
}

/// A syntax by name, for people; by UID if it has none.
fn name(syntax: &str) -> String {
    let known = TransferSyntaxRegistry.get(syntax);
    known.map_or_else(
        || syntax.to_owned(),
        |known| format!("{} ({syntax})", known.name()),
    )
}

#[cfg(test)]
mod tests;
