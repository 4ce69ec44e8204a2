//! Where we are in the nesting of a data set: the one reading of sequences,
//! items, delimiters and fragments (PS3.5 7.5, A.4) that the streaming readers
//! share.

use crate::{Tag, element, syntax::Encoding, tag};

/// What we are inside of. Only undefined lengths need a place here: a defined
/// length is passed whole, whatever is in it.
#[derive(Clone, Copy)]
enum Inside {
    Sequence(Encoding),
    Item(Encoding),
    /// Encapsulated pixel data: items that are fragments (PS3.5 A.4).
    Fragments,
}

/// What follows a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The header's length in bytes, to be taken as they are.
    Value,
    /// Another header: something was opened or closed.
    Header,
    /// Zeros to the end, as some writers leave them.
    Padding,
}

/// The nesting of a data set is not one of the standard's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    #[error("sequences are nested deeper than {0}")]
    TooDeep(usize),
    #[error("element {0} stands where only items can")]
    NotAnItem(Tag),
}

/// What UN of undefined length holds: a sequence in implicit little endian,
/// whatever the transfer syntax (PS3.5 6.2.2 note 2).
pub const INSIDE_UNKNOWN: Encoding = Encoding {
    explicit: false,
    big_endian: false,
    deflated: false,
};

pub struct Structure {
    encoding: Encoding,
    depth: usize,
    inside: Vec<Inside>,
}

impl Structure {
    pub const fn new(encoding: Encoding, depth: usize) -> Self {
        Self {
            encoding,
            depth,
            inside: Vec::new(),
        }
    }

    /// The encoding of the next header.
    pub fn current(&self) -> Encoding {
        match self.inside.last() {
            Some(Inside::Sequence(encoding) | Inside::Item(encoding)) => *encoding,
            Some(Inside::Fragments) | None => self.encoding,
        }
    }

    /// Whether the next header belongs to the data set itself.
    pub const fn is_top(&self) -> bool {
        self.inside.is_empty()
    }

    /// Takes a header that was read in the [`current`](Self::current) encoding.
    pub fn enter(&mut self, header: &element::Header) -> Result<Step, StructureError> {
        match (self.inside.last(), header.tag) {
            (Some(Inside::Fragments | Inside::Sequence(_)), tag::SEQUENCE_DELIMITATION)
            | (Some(Inside::Item(_)), tag::ITEM_DELIMITATION) => {
                self.inside.pop();
                Ok(Step::Header)
            }
            (Some(Inside::Sequence(inner)), tag::ITEM) if header.undefined() => {
                let inner = *inner;
                self.nest(Inside::Item(inner))
            }
            (Some(Inside::Fragments | Inside::Sequence(_)), tag::ITEM) => Ok(Step::Value),
            (Some(Inside::Fragments | Inside::Sequence(_)), other) => {
                Err(StructureError::NotAnItem(other))
            }
            // A delimiter with nothing to end: harmless, and real.
            (_, tag::ITEM_DELIMITATION | tag::SEQUENCE_DELIMITATION) if header.length == 0 => {
                Ok(Step::Header)
            }
            (None, Tag(0, 0)) if header.length == 0 => Ok(Step::Padding),
            _ if header.undefined() => self.nest(undefined(header, self.current())),
            _ => Ok(Step::Value),
        }
    }

    fn nest(&mut self, inside: Inside) -> Result<Step, StructureError> {
        if self.inside.len() >= self.depth {
            return Err(StructureError::TooDeep(self.depth));
        }
        self.inside.push(inside);
        Ok(Step::Header)
    }
}

/// Whether an element of undefined length holds fragments, not items.
pub fn holds_fragments(header: &element::Header) -> bool {
    match header.vr {
        Some([b'O', _]) => true,
        Some(_) => false,
        None => header.tag == tag::PIXEL_DATA,
    }
}

fn undefined(header: &element::Header, encoding: Encoding) -> Inside {
    if holds_fragments(header) {
        return Inside::Fragments;
    }
    Inside::Sequence(match header.vr {
        Some([b'U', b'N']) => INSIDE_UNKNOWN,
        _ => encoding,
    })
}
