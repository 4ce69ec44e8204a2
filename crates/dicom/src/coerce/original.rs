//! The item that coercion adds to the Original Attributes Sequence (PS3.3
//! C.12.1.1.9).

use crate::{Tag, charset, dictionary, dictionary::Vr, element, syntax::Encoding, tag};
use bildbro_domain::fold;
use std::collections::BTreeMap;

/// What an element held before: bytes as they were; empty when it was missing.
pub(super) struct Original {
    pub vr: Vr,
    pub value: Vec<u8>,
}

/// The item, its header included, of defined length.
pub(super) fn item(
    originals: &BTreeMap<Tag, Original>,
    labels: &Labels,
    encoding: Encoding,
) -> Vec<u8> {
    let mut modified = Vec::new();
    for (tag, original) in originals {
        put(&mut modified, *tag, original.vr, &original.value, encoding);
    }
    let mut body = Vec::new();
    let sequence = as_item(&modified, encoding);
    put(
        &mut body,
        tag::MODIFIED_ATTRIBUTES_SEQUENCE,
        *b"SQ",
        &sequence,
        encoding,
    );
    put(
        &mut body,
        tag::ATTRIBUTE_MODIFICATION_DATETIME,
        *b"DT",
        &labels.at,
        encoding,
    );
    put(
        &mut body,
        tag::MODIFYING_SYSTEM,
        *b"LO",
        &labels.system,
        encoding,
    );
    put(
        &mut body,
        tag::SOURCE_OF_PREVIOUS_VALUES,
        *b"LO",
        &labels.source,
        encoding,
    );
    put(
        &mut body,
        tag::REASON_FOR_MODIFICATION,
        *b"CS",
        b"COERCE",
        encoding,
    );
    as_item(&body, encoding)
}

/// Who changed what and when, in the data set's character set.
pub(super) struct Labels {
    pub at: Vec<u8>,
    pub system: Vec<u8>,
    pub source: Vec<u8>,
}

/// A label of 64 characters at most (LO). It informs and identifies nothing, so
/// that a character set without å is no obstacle to it: "Region Skane".
pub(super) fn label(text: &str, character_set: &str) -> Vec<u8> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || c == '\\' { ' ' } else { c })
        .take(64)
        .collect();
    charset::encode(character_set, &text).unwrap_or_else(|| {
        let ascii = fold::ascii(&text);
        ascii.bytes().take(64).collect()
    })
}

fn as_item(content: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 8);
    element::write(&mut out, tag::ITEM, *b"  ", short(content.len()), encoding);
    out.extend_from_slice(content);
    out
}

/// Appends an element, padded to an even length.
pub(super) fn put(out: &mut Vec<u8>, tag: Tag, vr: Vr, value: &[u8], encoding: Encoding) {
    let odd = value.len() % 2;
    element::write(out, tag, vr, short(value.len() + odd), encoding);
    out.extend_from_slice(value);
    if odd == 1 {
        out.push(dictionary::padding(vr));
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("captured values are bounded, far below 4 GB")
}
