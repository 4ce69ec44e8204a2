//! Re-encodes a data set, element by element.

use super::{
    TranscodeError,
    attributes::{Attributes, MAX_DEPTH, PHOTOMETRIC_INTERPRETATION, PLANAR_CONFIGURATION, value},
    pixels::Decoded,
};
use crate::{
    Tag, dictionary,
    dictionary::Vr,
    element,
    element::{Header, UNDEFINED},
    structure::{INSIDE_UNKNOWN, StructureError, holds_fragments},
    syntax::Encoding,
    tag,
};

const ICON_IMAGE_SEQUENCE: Tag = Tag(0x0088, 0x0200);
const LENGTH_TO_END: Tag = Tag(0x0008, 0x0001);
const PIXEL_GROUP: u16 = 0x7FE0;

/// The data set in `to`, with `decoded` in place of its pixel data.
pub fn encode(
    bytes: &[u8],
    from: Encoding,
    to: Encoding,
    attributes: &Attributes<'_>,
    decoded: Option<Decoded>,
) -> Result<Vec<u8>, TranscodeError> {
    let pixels = decoded.as_ref().map_or(0, |d| d.bytes.len());
    let mut encoder = Encoder {
        to,
        signed: attributes.signed,
        allocated: usize::from(attributes.allocated),
        decoded,
        out: Vec::with_capacity(bytes.len() + pixels + 4096),
    };
    encoder.elements(bytes, from, Level::TOP)?;
    Ok(encoder.out)
}

struct Encoder {
    to: Encoding,
    signed: bool,
    allocated: usize,
    decoded: Option<Decoded>,
    out: Vec<u8>,
}

/// How deep we are, and what ends the stretch of elements that we are in.
#[derive(Clone, Copy)]
struct Level {
    depth: usize,
    delimited: bool,
    /// Inside something that is left out.
    discarded: bool,
}

impl Level {
    const TOP: Self = Self {
        depth: 0,
        delimited: false,
        discarded: false,
    };

    fn inner(self, header: &Header) -> Result<Self, TranscodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(StructureError::TooDeep(MAX_DEPTH).into());
        }
        Ok(Self {
            depth: self.depth + 1,
            delimited: header.undefined(),
            ..self
        })
    }
}

impl Encoder {
    /// Elements until the end of `bytes`, or the delimiter of the item that they
    /// are in; answers what is left of `bytes`.
    fn elements<'a>(
        &mut self,
        bytes: &'a [u8],
        from: Encoding,
        level: Level,
    ) -> Result<&'a [u8], TranscodeError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(header) = element::read(rest, from) else {
                if rest.iter().all(|&b| b == 0) {
                    break;
                }
                return Err(TranscodeError::CutOffHeader);
            };
            rest = &rest[header.size..];
            rest = match header.tag {
                tag::ITEM_DELIMITATION if level.delimited => return Ok(rest),
                tag::ITEM_DELIMITATION | tag::SEQUENCE_DELIMITATION if header.length == 0 => rest,
                Tag(0, 0) if level.depth == 0 && header.length == 0 => break,
                // Lengths that become untrue, and padding.
                Tag(_, 0) | LENGTH_TO_END | tag::DATA_SET_TRAILING_PADDING
                    if !header.undefined() =>
                {
                    value(rest, &header)?.1
                }
                _ => self.element(&header, rest, from, level)?,
            };
        }
        if level.delimited {
            return Err(TranscodeError::Unclosed);
        }
        Ok(rest)
    }

    fn element<'a>(
        &mut self,
        header: &Header,
        rest: &'a [u8],
        from: Encoding,
        level: Level,
    ) -> Result<&'a [u8], TranscodeError> {
        let top = level.depth == 0;
        if top && header.tag == ICON_IMAGE_SEQUENCE && self.decoded.is_some() {
            let mark = self.out.len();
            let discarded = Level {
                discarded: true,
                ..level
            };
            let rest = self.passed(header, rest, from, discarded)?;
            self.out.truncate(mark);
            return Ok(rest);
        }
        if top && let Some(decoded) = &self.decoded {
            let new = match header.tag {
                PHOTOMETRIC_INTERPRETATION => Some((*b"CS", decoded.photometric.clone())),
                // Samples of a pixel lie side by side.
                PLANAR_CONFIGURATION => Some((*b"US", vec![0, 0])),
                Tag(PIXEL_GROUP, 0x0001..=0x0003) => return Ok(value(rest, header)?.1),
                _ => None,
            };
            if let Some((vr, new)) = new {
                self.put(header.tag, vr, &new, false)?;
                return Ok(value(rest, header)?.1);
            }
        }
        self.passed(header, rest, from, level)
    }

    /// An element that stays, in its new encoding.
    fn passed<'a>(
        &mut self,
        header: &Header,
        rest: &'a [u8],
        from: Encoding,
        level: Level,
    ) -> Result<&'a [u8], TranscodeError> {
        let vr = header
            .vr
            .unwrap_or_else(|| dictionary::vr(header.tag, self.signed));
        if header.undefined() && holds_fragments(header) {
            return self.fragments(header.tag, rest, from, level);
        }
        if header.undefined() {
            // UN of undefined length is a sequence, and so is what no
            // dictionary knows (PS3.5 6.2.2 note 2).
            let inside = if header.vr == Some(*b"UN") {
                INSIDE_UNKNOWN
            } else {
                from
            };
            return self.sequence(header, rest, inside, level);
        }
        let (value, after) = value(rest, header)?;
        if &vr == b"SQ" {
            self.sequence(header, value, from, level)?;
        } else {
            self.put(header.tag, vr, value, from.big_endian)?;
        }
        Ok(after)
    }

    /// Writes an element whose value is in this byte order.
    fn put(
        &mut self,
        tag: Tag,
        vr: Vr,
        value: &[u8],
        big_endian: bool,
    ) -> Result<(), TranscodeError> {
        let odd = value.len() % 2;
        let length = u32::try_from(value.len() + odd)
            .ok()
            .filter(|length| *length != UNDEFINED);
        let too_large = TranscodeError::TooLarge(value.len() as u64, u64::from(UNDEFINED) - 1);
        element::write(&mut self.out, tag, vr, length.ok_or(too_large)?, self.to);
        // Samples of 32 bits turn as a whole, as all readers of them have it.
        let unit = match (tag, self.allocated) {
            (tag::PIXEL_DATA, 32) => 4,
            _ => dictionary::unit(vr),
        };
        let start = self.out.len();
        self.out.extend_from_slice(value);
        if big_endian != self.to.big_endian && unit > 1 {
            for number in self.out[start..].chunks_exact_mut(unit) {
                number.reverse();
            }
        }
        if odd == 1 {
            self.out.push(dictionary::padding(vr));
        }
        Ok(())
    }

    fn delimiter(&mut self, tag: Tag, length: u32) {
        element::write(&mut self.out, tag, *b"  ", length, self.to);
    }

    /// Items until the end of `bytes` or the sequence's delimiter. Lengths are
    /// written undefined, since they are not known beforehand.
    fn sequence<'a>(
        &mut self,
        header: &Header,
        bytes: &'a [u8],
        from: Encoding,
        level: Level,
    ) -> Result<&'a [u8], TranscodeError> {
        let within = level.inner(header)?;
        let length = if header.length == 0 { 0 } else { UNDEFINED };
        element::write(&mut self.out, header.tag, *b"SQ", length, self.to);
        let mut rest = bytes;
        if header.length == 0 {
            return Ok(rest);
        }
        while !rest.is_empty() {
            let item = element::read(rest, from).ok_or(TranscodeError::CutOffHeader)?;
            rest = &rest[item.size..];
            match item.tag {
                tag::SEQUENCE_DELIMITATION => {
                    self.delimiter(tag::SEQUENCE_DELIMITATION, 0);
                    return Ok(rest);
                }
                tag::ITEM => {
                    let inner = within.inner(&item)?;
                    self.delimiter(tag::ITEM, UNDEFINED);
                    if item.undefined() {
                        rest = self.elements(rest, from, inner)?;
                    } else {
                        let (content, after) = value(rest, &item)?;
                        self.elements(content, from, inner)?;
                        rest = after;
                    }
                    self.delimiter(tag::ITEM_DELIMITATION, 0);
                }
                other => return Err(StructureError::NotAnItem(other).into()),
            }
        }
        if header.undefined() {
            return Err(TranscodeError::Unclosed);
        }
        self.delimiter(tag::SEQUENCE_DELIMITATION, 0);
        Ok(rest)
    }

    /// Passes over fragments; in their place go the decoded pixels.
    fn fragments<'a>(
        &mut self,
        tag: Tag,
        bytes: &'a [u8],
        from: Encoding,
        level: Level,
    ) -> Result<&'a [u8], TranscodeError> {
        let decoded = if level.depth == 0 && tag == tag::PIXEL_DATA {
            self.decoded
                .as_mut()
                .map(|d| (d.vr, std::mem::take(&mut d.bytes)))
        } else {
            None
        };
        match decoded {
            Some((vr, bytes)) => self.put(tag, vr, &bytes, false)?,
            None if level.discarded => {}
            None => return Err(TranscodeError::Nested(tag)),
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let item = element::read(rest, from).ok_or(TranscodeError::CutOffHeader)?;
            rest = &rest[item.size..];
            match item.tag {
                tag::SEQUENCE_DELIMITATION => return Ok(rest),
                tag::ITEM => rest = value(rest, &item)?.1,
                other => return Err(StructureError::NotAnItem(other).into()),
            }
        }
        Err(TranscodeError::Unclosed)
    }
}
