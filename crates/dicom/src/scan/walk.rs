//! Walks elements, one byte after another, in constant memory.

use super::{KEPT, Limits, ScanError, Values};
use crate::{
    Tag, element,
    structure::{Step, Structure},
    syntax::Encoding,
};

enum State {
    Header,
    Value {
        tag: Tag,
        announced: u64,
        left: u64,
        kept: Option<Vec<u8>>,
    },
    /// Zero bytes after the last element, as some writers leave them.
    Padding,
}

pub(super) struct Walker {
    limits: Limits,
    structure: Structure,
    state: State,
    /// A header that has begun to come; at most 12 bytes.
    head: Vec<u8>,
    values: Values,
}

impl Walker {
    pub(super) fn new(encoding: Encoding, limits: Limits) -> Self {
        Self {
            limits,
            structure: Structure::new(encoding, limits.depth),
            state: State::Header,
            head: Vec::with_capacity(12),
            values: Values::new(),
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), ScanError> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Padding => return Ok(()),
                State::Value {
                    tag, left, kept, ..
                } => {
                    let n = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    if let Some(value) = kept {
                        let room = self.limits.value - value.len();
                        value.extend_from_slice(&bytes[..n.min(room)]);
                    }
                    *left -= n as u64;
                    bytes = &bytes[n..];
                    if *left == 0 {
                        if let Some(value) = kept.take() {
                            self.values.entry(*tag).or_insert(value);
                        }
                        self.state = State::Header;
                    }
                }
                State::Header => bytes = self.header(bytes)?,
            }
        }
        Ok(())
    }

    /// Takes bytes until a header is whole, and acts on it.
    fn header<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], ScanError> {
        let encoding = self.structure.current();
        loop {
            if let Some(header) = element::read(&self.head, encoding) {
                self.head.clear();
                self.enter(&header)?;
                return Ok(bytes);
            }
            let Some((&first, rest)) = bytes.split_first() else {
                return Ok(bytes);
            };
            self.head.push(first);
            bytes = rest;
        }
    }

    fn enter(&mut self, header: &element::Header) -> Result<(), ScanError> {
        let keep = self.structure.is_top() && KEPT.contains(&header.tag);
        match self.structure.enter(header)? {
            Step::Header => {}
            Step::Padding => self.state = State::Padding,
            Step::Value if header.length == 0 => {
                if keep {
                    self.values.entry(header.tag).or_default();
                }
            }
            Step::Value => {
                self.state = State::Value {
                    tag: header.tag,
                    announced: u64::from(header.length),
                    left: u64::from(header.length),
                    kept: keep.then(Vec::new),
                };
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Values, ScanError> {
        match self.state {
            State::Value {
                tag,
                announced,
                left,
                ..
            } => Err(ScanError::CutOff {
                tag,
                announced,
                came: announced - left,
            }),
            State::Header if self.head.iter().any(|&b| b != 0) => Err(ScanError::CutOffHeader),
            State::Header if !self.structure.is_top() => Err(ScanError::Unclosed),
            State::Header | State::Padding => Ok(self.values),
        }
    }
}
