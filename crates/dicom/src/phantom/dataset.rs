//! Writes a data set in Explicit VR Little Endian: elements in any order in,
//! in ascending order out (PS3.5 7.1). VRs come from the standard's dictionary.

use crate::{Tag, charset, element, syntax, syntax::Encoding};
use dicom_core::{
    VR,
    dictionary::{DataDictionary, DataDictionaryEntry},
};
use dicom_dictionary_std::StandardDataDictionary;
use std::collections::BTreeMap;

const ENCODING: Encoding = Encoding {
    explicit: true,
    big_endian: false,
    deflated: false,
};

/// The standard's tags, by keyword.
pub(super) use dicom_dictionary_std::tags;

/// A data set in the making; pixel data are written last, by the caller of
/// [`DataSet::encode`].
pub(super) struct DataSet {
    /// Term of (0008,0005) that text is written in.
    character_set: &'static str,
    elements: BTreeMap<Tag, ([u8; 2], Vec<u8>)>,
}

impl DataSet {
    pub(super) fn new(character_set: &'static str) -> Self {
        Self {
            character_set,
            elements: BTreeMap::new(),
        }
    }

    fn put(&mut self, tag: dicom_core::Tag, vr: &str, mut value: Vec<u8>) -> &mut Self {
        let bytes = vr.as_bytes();
        let vr = [bytes[0], bytes[1]];
        if value.len() % 2 == 1 {
            // PS3.5 6.2: UIDs and bytes are padded with 0, text with a space.
            value.push(if matches!(&vr, b"UI" | b"OB" | b"UN") {
                0
            } else {
                b' '
            });
        }
        self.elements
            .insert(Tag(tag.group(), tag.element()), (vr, value));
        self
    }

    /// Text of any VR; an empty value for an element of type 2.
    pub(super) fn text(&mut self, tag: dicom_core::Tag, text: &str) -> &mut Self {
        let vr = StandardDataDictionary
            .by_tag(tag)
            .map_or(VR::UN, |entry| entry.vr().relaxed());
        let value = charset::encode(self.character_set, text)
            .expect("sample text keeps to the character set of its study");
        self.put(tag, vr.to_string(), value)
    }

    /// Decimal strings (DS), at most 16 characters each.
    pub(super) fn decimals(&mut self, tag: dicom_core::Tag, numbers: &[f32]) -> &mut Self {
        let text: Vec<_> = numbers.iter().map(|n| decimal(*n)).collect();
        self.text(tag, &text.join("\\"))
    }

    /// Integer string (IS).
    pub(super) fn integer(&mut self, tag: dicom_core::Tag, number: usize) -> &mut Self {
        self.text(tag, &number.to_string())
    }

    /// Unsigned 16 bits (US).
    pub(super) fn short(&mut self, tag: dicom_core::Tag, number: u16) -> &mut Self {
        self.put(tag, "US", number.to_le_bytes().to_vec())
    }

    /// Unsigned 32 bits (UL).
    pub(super) fn long(&mut self, tag: dicom_core::Tag, number: u32) -> &mut Self {
        self.put(tag, "UL", number.to_le_bytes().to_vec())
    }

    /// Signed 16 bits (SS).
    pub(super) fn signed_short(&mut self, tag: dicom_core::Tag, number: i16) -> &mut Self {
        self.put(tag, "SS", number.to_le_bytes().to_vec())
    }

    /// Signed 32 bits (SL).
    pub(super) fn signed(&mut self, tag: dicom_core::Tag, number: i32) -> &mut Self {
        self.put(tag, "SL", number.to_le_bytes().to_vec())
    }

    /// 64-bit floating point (FD).
    pub(super) fn double(&mut self, tag: dicom_core::Tag, number: f64) -> &mut Self {
        self.put(tag, "FD", number.to_le_bytes().to_vec())
    }

    /// A tag as a value (AT).
    pub(super) fn pointer(&mut self, tag: dicom_core::Tag, to: dicom_core::Tag) -> &mut Self {
        let value = [to.group().to_le_bytes(), to.element().to_le_bytes()].concat();
        self.put(tag, "AT", value)
    }

    /// A sequence (SQ), items of defined length.
    pub(super) fn sequence(&mut self, tag: dicom_core::Tag, items: Vec<DataSet>) -> &mut Self {
        let mut value = Vec::new();
        for item in items {
            let item = item.encode(0);
            let length = u32::try_from(item.len()).expect("items are a few elements");
            element::write(&mut value, crate::tag::ITEM, *b"  ", length, ENCODING);
            value.extend_from_slice(&item);
        }
        self.put(tag, "SQ", value)
    }

    /// A code (PS3.3 8.8) as a sequence of one item.
    pub(super) fn code(&mut self, tag: dicom_core::Tag, code: Code) -> &mut Self {
        let item = self.code_item(code, &[]);
        self.sequence(tag, vec![item])
    }

    /// One item of a code sequence; `inner` are sequences of type 2 that the
    /// item has empty.
    pub(super) fn code_item(&self, code: Code, inner: &[dicom_core::Tag]) -> DataSet {
        let mut item = DataSet::new(self.character_set);
        item.text(tags::CODE_VALUE, code.0)
            .text(tags::CODING_SCHEME_DESIGNATOR, code.1)
            .text(tags::CODE_MEANING, code.2);
        for tag in inner {
            item.sequence(*tag, Vec::new());
        }
        item
    }

    /// The bytes, with room for `extra` more.
    pub(super) fn encode(self, extra: usize) -> Vec<u8> {
        let size: usize = self
            .elements
            .values()
            .map(|(_, value)| 12 + value.len())
            .sum();
        let mut out = Vec::with_capacity(size + extra);
        for (tag, (vr, value)) in self.elements {
            let length = u32::try_from(value.len()).expect("elements but pixel data are small");
            element::write(&mut out, tag, vr, length, ENCODING);
            out.extend_from_slice(&value);
        }
        out
    }

    /// The bytes, with pixel data of 16 bits a sample (OW).
    pub(super) fn with_words(self, words: impl ExactSizeIterator<Item = u16>) -> Vec<u8> {
        let mut out = self.with_pixel_header(*b"OW", words.len() * 2);
        for word in words {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// The bytes as far as the header of the pixel data, whose `length` bytes
    /// (an even number) the caller appends.
    pub(super) fn with_pixel_header(self, vr: [u8; 2], length: usize) -> Vec<u8> {
        let mut out = self.encode(12 + length);
        let length = u32::try_from(length).expect("sample images are far below 4 GiB");
        element::write(&mut out, crate::tag::PIXEL_DATA, vr, length, ENCODING);
        out
    }
}

/// Code value, coding scheme, meaning.
pub(super) type Code = (&'static str, &'static str, &'static str);

/// The transfer syntax that all this is in.
pub(super) const SYNTAX: &str = syntax::EXPLICIT_LE;

/// A decimal string without needless zeros.
fn decimal(number: f32) -> String {
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}
