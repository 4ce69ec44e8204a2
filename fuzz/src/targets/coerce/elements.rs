//! A second, plain reading of a data set's top-level elements, to hold the
//! streaming one against: recursive, over a whole slice.

use bildbro_dicom::{Tag, syntax, tag};

/// A top-level element: its tag, and all of its bytes, header and all.
#[derive(PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: Tag,
    pub bytes: &'a [u8],
}

#[derive(Clone, Copy)]
struct Reading {
    explicit: bool,
    big_endian: bool,
}

struct Head {
    tag: Tag,
    vr: Option<[u8; 2]>,
    length: u32,
    size: usize,
}

const SHORT: &[&[u8; 2]] = &[
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
];

/// The elements of a right data set; those before the fault of a wrong one.
pub fn of<'a>(transfer_syntax: &str, bytes: &'a [u8]) -> Vec<Element<'a>> {
    let reading = Reading {
        explicit: transfer_syntax != syntax::IMPLICIT_LE,
        big_endian: transfer_syntax == syntax::EXPLICIT_BE,
    };
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(head) = reading.head(rest) {
        // Padding to the end.
        if head.tag == Tag(0, 0) && head.length == 0 {
            break;
        }
        let Some(size) = reading.size(rest, &head) else {
            break;
        };
        let (bytes, after) = rest.split_at(size);
        out.push(Element {
            tag: head.tag,
            bytes,
        });
        rest = after;
    }
    out
}

impl Reading {
    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(two)
        } else {
            u16::from_le_bytes(two)
        })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        })
    }

    fn head(self, bytes: &[u8]) -> Option<Head> {
        let tag = Tag(self.short(bytes, 0)?, self.short(bytes, 2)?);
        let vr = *bytes.get(4..)?.first_chunk::<2>()?;
        let capitals = vr.iter().all(u8::is_ascii_uppercase);
        let (vr, length, size) = if !self.explicit || tag.0 == tag::ITEM.0 || !capitals {
            (None, self.long(bytes, 4)?, 8)
        } else if SHORT.contains(&&vr) {
            (Some(vr), u32::from(self.short(bytes, 6)?), 8)
        } else {
            (Some(vr), self.long(bytes, 8)?, 12)
        };
        Some(Head {
            tag,
            vr,
            length,
            size,
        })
    }

    /// Bytes of the element that begins here, sequences with all they hold.
    fn size(self, bytes: &[u8], head: &Head) -> Option<usize> {
        let delimiter = matches!(
            head.tag,
            tag::ITEM_DELIMITATION | tag::SEQUENCE_DELIMITATION
        );
        if head.length != u32::MAX {
            let length = if delimiter { 0 } else { head.length as usize };
            let size = head.size + length;
            return (size <= bytes.len()).then_some(size);
        }
        let fragments = match head.vr {
            Some(vr) => vr[0] == b'O',
            None => head.tag == tag::PIXEL_DATA,
        };
        let inner = match head.vr {
            Some([b'U', b'N']) => Self {
                explicit: false,
                big_endian: false,
            },
            _ => self,
        };
        let mut size = head.size;
        loop {
            let rest = bytes.get(size..)?;
            let item = inner.head(rest)?;
            match item.tag {
                tag::SEQUENCE_DELIMITATION => return Some(size + item.size),
                tag::ITEM if item.length == u32::MAX && !fragments => {
                    size += inner.open_item(rest)?;
                }
                tag::ITEM => size += item.size + item.length as usize,
                _ => return None,
            }
        }
    }

    /// Bytes of an item of undefined length.
    fn open_item(self, bytes: &[u8]) -> Option<usize> {
        let mut size = 8;
        loop {
            let rest = bytes.get(size..)?;
            let head = self.head(rest)?;
            if head.tag == tag::ITEM_DELIMITATION {
                return Some(size + head.size);
            }
            size += self.size(rest, &head)?;
        }
    }
}
