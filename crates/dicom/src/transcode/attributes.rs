//! What must be known of an object before it is transcoded: how its pixels are
//! made up, and where their fragments are.

use super::TranscodeError;
use crate::{
    Tag, element,
    structure::{Step, Structure, holds_fragments},
    syntax::Encoding,
    tag,
};

pub const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
pub const PHOTOMETRIC_INTERPRETATION: Tag = Tag(0x0028, 0x0004);
pub const PLANAR_CONFIGURATION: Tag = Tag(0x0028, 0x0006);
pub const ROWS: Tag = Tag(0x0028, 0x0010);
pub const COLUMNS: Tag = Tag(0x0028, 0x0011);
pub const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const BITS_STORED: Tag = Tag(0x0028, 0x0101);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);

pub const MAX_DEPTH: usize = 64;

/// The image pixel module (PS3.3 C.7.6.3), as far as decoding needs it. Zero
/// and empty where missing.
#[derive(Default)]
pub struct Attributes<'a> {
    pub rows: u16,
    pub columns: u16,
    pub samples: u16,
    pub allocated: u16,
    pub stored: u16,
    pub frames: u32,
    pub signed: bool,
    pub photometric: String,
    /// Encapsulated pixel data: the basic offset table, then the fragments.
    pub fragments: Option<Vec<&'a [u8]>>,
}

impl<'a> Attributes<'a> {
    pub fn read(bytes: &'a [u8], encoding: Encoding) -> Result<Self, TranscodeError> {
        let mut found = Self {
            frames: 1,
            ..Self::default()
        };
        let mut structure = Structure::new(encoding, MAX_DEPTH);
        let mut in_pixels = false;
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(header) = element::read(rest, structure.current()) else {
                if rest.iter().all(|&b| b == 0) {
                    break;
                }
                return Err(TranscodeError::CutOffHeader);
            };
            rest = &rest[header.size..];
            let top = structure.is_top();
            match structure.enter(&header)? {
                Step::Padding => break,
                Step::Header if top => {
                    in_pixels = header.tag == tag::PIXEL_DATA && holds_fragments(&header);
                    if in_pixels {
                        found.fragments = Some(Vec::new());
                    }
                }
                Step::Header => {}
                Step::Value => {
                    let (value, after) = value(rest, &header)?;
                    rest = after;
                    if top {
                        found.take(header.tag, value, encoding);
                    } else if in_pixels && let Some(fragments) = &mut found.fragments {
                        fragments.push(value);
                    }
                }
            }
        }
        if structure.is_top() {
            Ok(found)
        } else {
            Err(TranscodeError::Unclosed)
        }
    }

    fn take(&mut self, tag: Tag, value: &[u8], encoding: Encoding) {
        let number = || match value {
            [a, b, ..] if encoding.big_endian => u16::from_be_bytes([*a, *b]),
            [a, b, ..] => u16::from_le_bytes([*a, *b]),
            _ => 0,
        };
        let text = || {
            let text = std::str::from_utf8(value).unwrap_or_default();
            text.trim_matches([' ', '\0']).to_owned()
        };
        match tag {
            ROWS => self.rows = number(),
            COLUMNS => self.columns = number(),
            SAMPLES_PER_PIXEL => self.samples = number(),
            BITS_ALLOCATED => self.allocated = number(),
            BITS_STORED => self.stored = number(),
            PIXEL_REPRESENTATION => self.signed = number() == 1,
            PHOTOMETRIC_INTERPRETATION => self.photometric = text(),
            tag::NUMBER_OF_FRAMES => {
                let frames = text().parse().ok();
                self.frames = frames.filter(|n| *n > 0).unwrap_or(1);
            }
            _ => {}
        }
    }
}

/// A value, and what comes after it.
pub fn value<'a>(
    rest: &'a [u8],
    header: &element::Header,
) -> Result<(&'a [u8], &'a [u8]), TranscodeError> {
    rest.split_at_checked(header.length as usize)
        .ok_or(TranscodeError::CutOff {
            tag: header.tag,
            announced: header.length,
            came: rest.len(),
        })
}
