//! Identifiers: the small data sets that C-FIND, C-MOVE and C-GET send and
//! answer with (PS3.4 C.4), and C-FIND's matching (PS3.4 C.2.2.2).
//!
//! Values are text, several joined by backslashes; binary numbers are written
//! in decimal. Sequences and other binary values are there, and empty.

mod matching;

use crate::{
    Tag, charset, dictionary,
    dictionary::Vr,
    element,
    inflate::{self, InflateError},
    structure::{Step, Structure, StructureError},
    syntax::Encoding,
    tag,
};
pub use matching::matches;
pub(crate) use matching::wildcard;
use std::collections::BTreeMap;

/// Longest identifier read: real ones take a few hundred bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Deepest nesting that is skipped.
const MAX_DEPTH: usize = 16;

/// Why an identifier cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    #[error("the identifier is {0} bytes long; {MAX_BYTES} is the most")]
    TooLong(usize),
    #[error("the identifier is cut off: element {tag} announces {announced} bytes, {came} came")]
    CutOff {
        tag: Tag,
        announced: u32,
        came: usize,
    },
    #[error("the identifier is cut off inside an element's header")]
    CutOffHeader,
    #[error("the identifier ends inside a sequence that was never closed")]
    Unclosed,
    #[error("the identifier is no data set")]
    Structure(#[from] StructureError),
    #[error("the identifier cannot be inflated")]
    Inflate(#[from] InflateError),
}

/// Elements by tag. No `Debug`: values are personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identifier {
    values: BTreeMap<Tag, String>,
}

impl Identifier {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the Query/Retrieve Level (0008,0052): `PATIENT`, `STUDY`, `SERIES`
    /// or `IMAGE`.
    #[must_use]
    pub fn at_level(level: &str) -> Self {
        let mut this = Self::new();
        this.set(tag::QUERY_RETRIEVE_LEVEL, level);
        this
    }

    /// Sets a value; an empty one asks for the attribute (universal matching).
    pub fn set(&mut self, tag: Tag, value: &str) {
        self.values.insert(tag, value.to_owned());
    }

    /// The value, trimmed of padding; `None` when the element is absent.
    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<&str> {
        self.values.get(&tag).map(String::as_str)
    }

    /// All elements in tag order.
    pub fn iter(&self) -> impl Iterator<Item = (Tag, &str)> {
        self.values
            .iter()
            .map(|(tag, value)| (*tag, value.as_str()))
    }

    /// Whether a record of an archive matches this query: every key of it,
    /// with what is no key left out (PS3.4 C.4.1.1.3.1).
    #[must_use]
    pub fn matches(&self, record: &Self) -> bool {
        self.iter().all(|(tag, key)| {
            is_no_key(tag) || matches(tag, key, record.get(tag).unwrap_or_default())
        })
    }

    /// The answer to this query that a matching record makes: the attributes
    /// that were asked for, empty where the record has none.
    #[must_use]
    pub fn answer(&self, record: &Self) -> Self {
        let values = self.iter().map(|(tag, key)| {
            let value = if tag == tag::QUERY_RETRIEVE_LEVEL {
                key
            } else {
                record.get(tag).unwrap_or_default()
            };
            (tag, value.to_owned())
        });
        Self {
            values: values.collect(),
        }
    }

    /// As a data set in a transfer syntax (UID). Specific Character Set is
    /// written only where a value is not ASCII: Latin-1 if that is enough,
    /// since more archives read it, else UTF-8.
    #[must_use]
    pub fn encode(&self, syntax: &str) -> Vec<u8> {
        let encoding = Encoding::of(syntax);
        let character_set = self.character_set();
        let mut values = self.values.clone();
        values.remove(&tag::SPECIFIC_CHARACTER_SET);
        if !character_set.is_empty() {
            values.insert(tag::SPECIFIC_CHARACTER_SET, character_set.to_owned());
        }
        let mut out = Vec::with_capacity(512);
        for (tag, text) in &values {
            let vr = dictionary::vr(*tag, false);
            let mut value = encoded(vr, text, character_set, encoding);
            if value.len() % 2 == 1 {
                value.push(dictionary::padding(vr));
            }
            // A text of 4 GB was not set by anyone; it goes out empty.
            let length = u32::try_from(value.len()).unwrap_or_default();
            element::write(&mut out, *tag, vr, length, encoding);
            out.extend_from_slice(&value[..length as usize]);
        }
        if encoding.deflated {
            out = inflate::deflate(&out);
        }
        out
    }

    fn character_set(&self) -> &'static str {
        let all = |set| {
            self.values
                .values()
                .all(|v| charset::encode(set, v).is_some())
        };
        ["", "ISO_IR 100"]
            .into_iter()
            .find(|set| all(set))
            .unwrap_or("ISO_IR 192")
    }

    /// Reads a data set in a transfer syntax (UID).
    ///
    /// # Errors
    /// [`IdentifierError`] when it is cut off, too long or no data set.
    pub fn decode(bytes: &[u8], syntax: &str) -> Result<Self, IdentifierError> {
        if bytes.len() > MAX_BYTES {
            return Err(IdentifierError::TooLong(bytes.len()));
        }
        let encoding = Encoding::of(syntax);
        if encoding.deflated {
            let bytes = inflate::whole(bytes, MAX_BYTES as u64)?;
            return Self::read(&bytes, encoding);
        }
        Self::read(bytes, encoding)
    }

    fn read(bytes: &[u8], encoding: Encoding) -> Result<Self, IdentifierError> {
        let elements = elements(bytes, encoding)?;
        let raw = elements.get(&tag::SPECIFIC_CHARACTER_SET);
        let character_set = charset::decode("", raw.map_or(&[], |(_, value)| value));
        let mut values = BTreeMap::new();
        for (tag, (vr, value)) in elements {
            if tag != tag::SPECIFIC_CHARACTER_SET {
                values.insert(tag, decoded(vr, value, &character_set, encoding));
            }
        }
        Ok(Self { values })
    }
}

/// What tells how to read the query, not what to look for.
fn is_no_key(tag: Tag) -> bool {
    const TIMEZONE_OFFSET: Tag = Tag(0x0008, 0x0201);
    matches!(
        tag,
        tag::QUERY_RETRIEVE_LEVEL
            | tag::SPECIFIC_CHARACTER_SET
            | tag::RETRIEVE_AE_TITLE
            | TIMEZONE_OFFSET
    )
}

/// The elements at the top level: VR and raw value; sequences are empty.
fn elements(
    bytes: &[u8],
    encoding: Encoding,
) -> Result<BTreeMap<Tag, (Vr, &[u8])>, IdentifierError> {
    let mut found = BTreeMap::new();
    let mut structure = Structure::new(encoding, MAX_DEPTH);
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(header) = element::read(rest, structure.current()) else {
            if rest.iter().all(|&b| b == 0) {
                break;
            }
            return Err(IdentifierError::CutOffHeader);
        };
        rest = &rest[header.size..];
        let top = structure.is_top() && header.tag.1 != 0 && header.tag.0 != tag::ITEM.0;
        let value = match structure.enter(&header)? {
            Step::Padding => break,
            Step::Header => &[][..],
            Step::Value => {
                let cut_off = IdentifierError::CutOff {
                    tag: header.tag,
                    announced: header.length,
                    came: rest.len(),
                };
                let (value, after) = rest
                    .split_at_checked(header.length as usize)
                    .ok_or(cut_off)?;
                rest = after;
                value
            }
        };
        if top && header.tag != tag::DATA_SET_TRAILING_PADDING {
            let vr = match header.vr {
                Some(vr) if &vr != b"UN" => vr,
                _ => dictionary::vr(header.tag, false),
            };
            found.entry(header.tag).or_insert((vr, value));
        }
    }
    if !structure.is_top() {
        return Err(IdentifierError::Unclosed);
    }
    Ok(found)
}

fn encoded(vr: Vr, text: &str, character_set: &str, encoding: Encoding) -> Vec<u8> {
    if dictionary::is_text(vr) || &vr == b"UN" {
        return charset::encode(character_set, text).unwrap_or_default();
    }
    let mut out = Vec::new();
    for part in text.split('\\').map(str::trim).filter(|p| !p.is_empty()) {
        let little = match &vr {
            b"US" => part.parse().map(|n: u16| n.to_le_bytes().to_vec()).ok(),
            b"SS" => part.parse().map(|n: i16| n.to_le_bytes().to_vec()).ok(),
            b"UL" => part.parse().map(|n: u32| n.to_le_bytes().to_vec()).ok(),
            b"SL" => part.parse().map(|n: i32| n.to_le_bytes().to_vec()).ok(),
            b"FL" => part.parse().map(|n: f32| n.to_le_bytes().to_vec()).ok(),
            b"FD" => part.parse().map(|n: f64| n.to_le_bytes().to_vec()).ok(),
            _ => None,
        };
        let Some(mut number) = little else {
            return Vec::new();
        };
        if encoding.big_endian {
            number.reverse();
        }
        out.extend(number);
    }
    out
}

fn decoded(vr: Vr, value: &[u8], character_set: &str, encoding: Encoding) -> String {
    if dictionary::is_text(vr) {
        let text = charset::decode(character_set, value);
        let text = text.trim_end_matches([' ', '\0']);
        // Leading spaces mean something in long texts only (PS3.5 6.2).
        let keep = dictionary::is_single(vr);
        return if keep {
            text
        } else {
            text.trim_start_matches(' ')
        }
        .to_owned();
    }
    let number = |chunk: &[u8]| {
        let mut little = chunk.to_vec();
        if encoding.big_endian {
            little.reverse();
        }
        Some(match (&vr, little.as_slice()) {
            (b"US", &[a, b]) => u16::from_le_bytes([a, b]).to_string(),
            (b"SS", &[a, b]) => i16::from_le_bytes([a, b]).to_string(),
            (b"UL", &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]).to_string(),
            (b"SL", &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]).to_string(),
            (b"FL", &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]).to_string(),
            (b"FD", &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h]).to_string()
            }
            _ => return None,
        })
    };
    let numbers = value.chunks(dictionary::unit(vr)).map_while(number);
    numbers.collect::<Vec<_>>().join("\\")
}

#[cfg(test)]
mod tests;
