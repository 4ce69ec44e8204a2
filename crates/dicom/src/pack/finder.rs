//! Finds where native pixel data begin, while the data set streams by.

use super::layout::Layout;
use crate::{
    Tag, element,
    structure::{Step, Structure},
    syntax::Encoding,
    tag,
};

const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const PLANAR_CONFIGURATION: Tag = Tag(0x0028, 0x0006);
const COLUMNS: Tag = Tag(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);

/// Nesting that is followed.
const DEPTH: usize = 64;

/// What is read: values of two bytes (US), at the top level.
#[derive(Default)]
struct Attributes {
    samples: u16,
    planar: u16,
    columns: u16,
    bits: u16,
    representation: u16,
}

impl Attributes {
    fn place(&mut self, tag: Tag) -> Option<&mut u16> {
        Some(match tag {
            SAMPLES_PER_PIXEL => &mut self.samples,
            PLANAR_CONFIGURATION => &mut self.planar,
            COLUMNS => &mut self.columns,
            BITS_ALLOCATED => &mut self.bits,
            PIXEL_REPRESENTATION => &mut self.representation,
            _ => return None,
        })
    }
}

enum State {
    Header,
    /// Of this tag so many bytes are still to come.
    Value(Tag, u64),
    /// Pixel data of so many bytes.
    Found(u64),
    /// There will be none, or we do not understand what there is.
    Lost,
}

/// Push-based finder.
pub struct Finder {
    encoding: Encoding,
    structure: Structure,
    state: State,
    /// A header, or a value of two bytes, that has begun to come.
    held: Vec<u8>,
    attributes: Attributes,
}

impl Finder {
    pub fn new(transfer_syntax: &str) -> Self {
        let encoding = Encoding::of(transfer_syntax);
        Self {
            encoding,
            structure: Structure::new(encoding, DEPTH),
            state: if encoding.deflated {
                State::Lost
            } else {
                State::Header
            },
            held: Vec::with_capacity(12),
            attributes: Attributes::default(),
        }
    }

    /// Reads on. Gives the number of bytes that come before pixel data; all of
    /// them when none are found yet.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.state {
                State::Found(_) => break,
                State::Lost => return bytes.len(),
                State::Header => {
                    self.held.push(bytes[at]);
                    at += 1;
                    if let Some(header) = element::read(&self.held, self.structure.current()) {
                        self.held.clear();
                        self.state = self.enter(&header);
                    }
                }
                State::Value(tag, left) => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX);
                    let n = most.min(bytes.len() - at);
                    if let Some(place) = self.attributes.place(*tag) {
                        self.held.extend_from_slice(&bytes[at..at + n]);
                        if let [a, b] = self.held[..] {
                            *place = if self.encoding.big_endian {
                                u16::from_be_bytes([a, b])
                            } else {
                                u16::from_le_bytes([a, b])
                            };
                        }
                    }
                    at += n;
                    *left -= n as u64;
                    if *left == 0 {
                        self.held.clear();
                        self.state = State::Header;
                    }
                }
            }
        }
        at
    }

    fn enter(&mut self, header: &element::Header) -> State {
        let top = self.structure.is_top();
        let length = u64::from(header.length);
        match self.structure.enter(header) {
            Ok(Step::Header) => State::Header,
            Ok(Step::Value) if top && header.tag == tag::PIXEL_DATA => State::Found(length),
            Ok(Step::Value) if length == 0 => State::Header,
            // Only values of two bytes are held.
            Ok(Step::Value) if top && length == 2 => State::Value(header.tag, length),
            Ok(Step::Value) => State::Value(tag::ITEM, length),
            Ok(Step::Padding) | Err(_) => State::Lost,
        }
    }

    /// The pixel data that begin where [`push`](Self::push) stopped: their
    /// length in bytes, and their layout if it is one that is packed.
    pub fn found(&self) -> Option<(u64, Option<Layout>)> {
        let State::Found(length) = self.state else {
            return None;
        };
        let Attributes {
            samples,
            planar,
            columns,
            bits,
            representation,
        } = self.attributes;
        let planes = if planar == 1 { 1 } else { samples };
        let layout = Layout {
            width: columns.into(),
            planes: planes.into(),
            wide: bits == 16,
            big_endian: self.encoding.big_endian,
            signed: representation == 1,
        };
        let packed = matches!(bits, 8 | 16) && layout.fits();
        Some((length, packed.then_some(layout)))
    }
}
