//! Coercion by rule on the way out: the receiving archive wants its own patient
//! ids, prefixed accession numbers, or an institution's name.
//!
//! Streaming and in bounded memory: a data set is copied through byte by byte,
//! but for the top-level elements that rules name. What they held before is
//! recorded in the Original Attributes Sequence (0400,0561), which follows them
//! (PS3.3 C.12.1.1.9). The stored original never changes; this is a derivation.
//!
//! Rules are for text elements before (0400,0561) that do not say which object
//! this is: no UID can be coerced. A value that the data set's character set
//! cannot write is refused before anything is written; everything that goes
//! wrong later makes the copy invalid as a whole.
//!
//! Group lengths of groups with a rule are left out: they are retired (PS3.5
//! 7.2), and would be wrong. Else an object that no rule changes stays the same
//! to the byte; a deflated one is deflated anew.

mod original;
mod rewrite;

use crate::{
    Tag, dictionary,
    inflate::{Inflate, InflateError},
    structure::StructureError,
    syntax::Encoding,
    tag,
};
use flate2::{Compression, write::DeflateEncoder};
use rewrite::Rewrite;
use std::{collections::BTreeMap, io::Write};

/// Bytes that a deflated data set may inflate to.
const MAX_INFLATED: u64 = 8 << 30;

/// What to do with an element. Rules are idempotent: a value that is as the
/// rule wants it stays, and is not recorded as changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Gives it this value, also where the element is missing.
    Set(String),
    /// Puts this before the value, if there is a value that does not begin so.
    Prefix(String),
    /// Empties it, if it is there.
    Clear,
}

/// The rules for one object, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Of several rules for a tag the last one holds.
    pub rules: Vec<(Tag, Rule)>,
    /// Source of Previous Values (0400,0564): where the object came from.
    pub source: String,
    /// Modifying System (0400,0563).
    pub system: String,
    /// Attribute Modification DateTime (0400,0562), `YYYYMMDDHHMMSS&ZZXX`.
    pub at: String,
}

/// Why an object cannot be coerced. Names tags and lengths, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoerceError {
    #[error(
        "{0} cannot be coerced: rules are for text elements of the standard between (0008,0005) \
         and (0400,0561) that do not identify the object"
    )]
    NotCoercible(Tag),
    #[error("the rule for {0} holds a control character")]
    ControlCharacter(Tag),
    #[error(
        "the value that the rule for {0} gives cannot be written in the data set's character set"
    )]
    NotEncodable(Tag),
    #[error("{tag} would become {length} characters long; {most} is the most (PS3.5 6.2)")]
    TooLong {
        tag: Tag,
        length: usize,
        most: usize,
    },
    #[error("{0} is longer than can be coerced")]
    Oversized(Tag),
    #[error("{0} holds no text in this data set")]
    NotText(Tag),
    #[error("{0} comes too late in the data set to be coerced (PS3.5 7.1 wants ascending tags)")]
    OutOfOrder(Tag),
    #[error("the Original Attributes Sequence {0} cannot take another item")]
    OriginalAttributes(Tag),
    #[error("the data set is cut off: element {tag} announces {announced} bytes, {came} came")]
    CutOff { tag: Tag, announced: u64, came: u64 },
    #[error("the data set is cut off inside an element's header")]
    CutOffHeader,
    #[error("the data set ends inside a sequence that was never closed")]
    Unclosed,
    #[error("walking the data set")]
    Structure(#[from] StructureError),
    #[error("inflating the data set")]
    Inflate(#[from] InflateError),
}

impl Rules {
    /// Checks that each rule can be followed, whatever the object.
    ///
    /// # Errors
    /// [`CoerceError::NotCoercible`], [`CoerceError::ControlCharacter`].
    pub fn check(&self) -> Result<(), CoerceError> {
        for (tag, rule) in &self.rules {
            let vr = dictionary::vr(*tag, false);
            let placed =
                *tag > tag::SPECIFIC_CHARACTER_SET && *tag < tag::ORIGINAL_ATTRIBUTES_SEQUENCE;
            if !placed || !dictionary::is_text(vr) || &vr == b"UI" {
                return Err(CoerceError::NotCoercible(*tag));
            }
            match rule {
                Rule::Set(text) | Rule::Prefix(text) if text.chars().any(char::is_control) => {
                    return Err(CoerceError::ControlCharacter(*tag));
                }
                Rule::Set(_) | Rule::Prefix(_) | Rule::Clear => {}
            }
        }
        Ok(())
    }
}

/// Copies one data set, coerced.
pub struct Rewriter {
    rules: Result<(), CoerceError>,
    way: Way,
}

enum Way {
    /// There are no rules.
    Through,
    Plain(Box<Rewrite>),
    Deflated(Box<Deflated>),
}

struct Deflated {
    inflate: Inflate,
    rewrite: Rewrite,
    deflate: DeflateEncoder<Vec<u8>>,
    written: u64,
}

impl Rewriter {
    /// A copier for a data set in this transfer syntax (UID). Rules that
    /// cannot be followed are told of by the first call of the other two.
    #[must_use]
    pub fn new(transfer_syntax: &str, rules: Rules) -> Self {
        let checked = rules.check();
        let encoding = Encoding::of(transfer_syntax);
        let way = if rules.rules.is_empty() {
            Way::Through
        } else if encoding.deflated {
            Way::Deflated(Box::new(Deflated {
                inflate: Inflate::new(MAX_INFLATED),
                rewrite: Rewrite::new(encoding, rules),
                deflate: DeflateEncoder::new(Vec::new(), Compression::default()),
                written: 0,
            }))
        } else {
            Way::Plain(Box::new(Rewrite::new(encoding, rules)))
        };
        Self {
            rules: checked,
            way,
        }
    }

    /// Takes the next bytes of the data set, and appends to `out` what is ready.
    ///
    /// # Errors
    /// [`CoerceError`]; the copy is of no use then.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CoerceError> {
        self.rules.clone()?;
        match &mut self.way {
            Way::Through => out.extend_from_slice(bytes),
            Way::Plain(rewrite) => rewrite.push(bytes, out)?,
            Way::Deflated(deflated) => deflated.push(bytes, out)?,
        }
        Ok(())
    }

    /// The data set has ended: appends the rest to `out`.
    ///
    /// # Errors
    /// [`CoerceError`], when the data set is cut off also.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        self.rules.clone()?;
        match &mut self.way {
            Way::Through => Ok(()),
            Way::Plain(rewrite) => rewrite.finish(out),
            Way::Deflated(deflated) => deflated.finish(out),
        }
    }
}

impl Deflated {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CoerceError> {
        let Self {
            inflate,
            rewrite,
            deflate,
            ..
        } = self;
        let mut piece_out = Vec::new();
        inflate.push(bytes, |piece| {
            piece_out.clear();
            rewrite.push(piece, &mut piece_out)?;
            deflate
                .write_all(&piece_out)
                .expect("writing to memory does not fail");
            Ok::<(), CoerceError>(())
        })?;
        self.drain(out);
        Ok(())
    }

    fn drain(&mut self, out: &mut Vec<u8>) {
        let ready = self.deflate.get_mut();
        self.written += ready.len() as u64;
        out.append(ready);
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        self.inflate.finish()?;
        let mut rest = Vec::new();
        self.rewrite.finish(&mut rest)?;
        self.deflate
            .write_all(&rest)
            .expect("writing to memory does not fail");
        self.deflate
            .try_finish()
            .expect("writing to memory does not fail");
        self.drain(out);
        // The stream is padded to an even length (PS3.5 A.5).
        if self.written % 2 == 1 {
            out.push(0);
        }
        Ok(())
    }
}

/// Rules by tag, so that they meet the data set's elements in order.
type ByTag = BTreeMap<Tag, Rule>;

#[cfg(test)]
mod tests;
