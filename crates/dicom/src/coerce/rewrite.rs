//! The copying itself, for a data set that is not deflated.

use super::{
    ByTag, CoerceError, Rule, Rules,
    original::{Labels, Original, item, label, put},
};
use crate::{
    Tag, charset, dictionary, element,
    element::Header,
    structure::{INSIDE_UNKNOWN, Step, Structure},
    syntax::Encoding,
    tag,
};
use std::collections::{BTreeMap, BTreeSet};

/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Longest value that a rule can change.
const MAX_VALUE: usize = 64 * 1024;
/// Most bytes before and including Specific Character Set (0008,0005), held
/// back until it is known whether the rules can be followed.
const MAX_HELD: usize = 64 * 1024;
const LENGTH_TO_END: Tag = Tag(0x0008, 0x0001);

enum State {
    Header,
    Value(Value),
    Padding,
}

/// A value that is coming.
struct Value {
    tag: Tag,
    announced: u64,
    left: u64,
    to: To,
}

enum To {
    Out,
    /// Copied, then followed by an item for the sequence that it is.
    Sequence {
        item: Vec<u8>,
    },
    Nowhere,
    /// Kept whole, since it is Specific Character Set, or a rule names it.
    Kept {
        header: Header,
        raw: Vec<u8>,
        value: Vec<u8>,
    },
}

pub(super) struct Rewrite {
    rules: ByTag,
    labels: Labels,
    /// Of what is written.
    encoding: Encoding,
    structure: Structure,
    state: State,
    /// A header that has begun to come; at most 12 bytes.
    head: Vec<u8>,
    /// Output until Specific Character Set has passed; `None` from then on.
    held: Option<Vec<u8>>,
    character_set: String,
    /// The rules' texts in the data set's character set.
    texts: BTreeMap<Tag, Vec<u8>>,
    source: String,
    system: String,
    seen: BTreeSet<Tag>,
    inserted: BTreeSet<Tag>,
    originals: BTreeMap<Tag, Original>,
    /// Whether the place of the Original Attributes Sequence lies behind.
    passed: bool,
    /// An item for the end of the sequence of undefined length that we are in.
    append: Option<Vec<u8>>,
}

fn sink<'a>(held: &'a mut Option<Vec<u8>>, out: &'a mut Vec<u8>) -> &'a mut Vec<u8> {
    held.as_mut().unwrap_or(out)
}

fn trimmed(value: &[u8]) -> &[u8] {
    let is_padding = |b: &u8| matches!(b, b' ' | 0);
    let start = value
        .iter()
        .position(|b| !is_padding(b))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !is_padding(b))
        .map_or(start, |at| at + 1);
    &value[start..end]
}

impl Rewrite {
    pub(super) fn new(encoding: Encoding, rules: Rules) -> Self {
        Self {
            rules: rules.rules.into_iter().collect(),
            labels: Labels {
                at: label(&rules.at, ""),
                system: Vec::new(),
                source: Vec::new(),
            },
            encoding,
            structure: Structure::new(encoding, MAX_DEPTH),
            state: State::Header,
            head: Vec::with_capacity(12),
            held: Some(Vec::new()),
            character_set: String::new(),
            texts: BTreeMap::new(),
            source: rules.source,
            system: rules.system,
            seen: BTreeSet::new(),
            inserted: BTreeSet::new(),
            originals: BTreeMap::new(),
            passed: false,
            append: None,
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), CoerceError> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Padding => {
                    sink(&mut self.held, out).extend_from_slice(bytes);
                    return Ok(());
                }
                State::Value(value) => {
                    let n = usize::try_from(value.left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    match &mut value.to {
                        To::Out | To::Sequence { .. } => {
                            sink(&mut self.held, out).extend_from_slice(&bytes[..n]);
                        }
                        To::Nowhere => {}
                        To::Kept { value, .. } => value.extend_from_slice(&bytes[..n]),
                    }
                    value.left -= n as u64;
                    bytes = &bytes[n..];
                    if value.left == 0 {
                        self.value_ended(out)?;
                    }
                }
                State::Header => bytes = self.header(bytes, out)?,
            }
            if self.held.as_ref().is_some_and(|held| held.len() > MAX_HELD) {
                return Err(CoerceError::Oversized(tag::SPECIFIC_CHARACTER_SET));
            }
        }
        Ok(())
    }

    fn value_ended(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        let State::Value(ended) = std::mem::replace(&mut self.state, State::Header) else {
            return Ok(());
        };
        match ended.to {
            To::Out | To::Nowhere => Ok(()),
            To::Sequence { item } => {
                sink(&mut self.held, out).extend(item);
                Ok(())
            }
            To::Kept { header, raw, value } => self.kept(&header, &raw, &value, out),
        }
    }

    /// Takes bytes until a header is whole, and acts on it.
    fn header<'a>(
        &mut self,
        mut bytes: &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<&'a [u8], CoerceError> {
        let encoding = self.structure.current();
        loop {
            if let Some(header) = element::read(&self.head, encoding) {
                let raw = std::mem::take(&mut self.head);
                self.enter(&header, raw, out)?;
                return Ok(bytes);
            }
            let Some((&first, rest)) = bytes.split_first() else {
                return Ok(bytes);
            };
            self.head.push(first);
            bytes = rest;
        }
    }

    fn enter(
        &mut self,
        header: &Header,
        raw: Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), CoerceError> {
        let top = self.structure.is_top();
        let explicit = self.structure.current().explicit && header.vr.is_some();
        let step = self.structure.enter(header)?;
        if step == Step::Padding {
            self.complete(out)?;
            sink(&mut self.held, out).extend(raw);
            self.state = State::Padding;
            return Ok(());
        }
        if !top || header.tag.0 == tag::ITEM.0 {
            if self.structure.is_top()
                && let Some(item) = self.append.take()
            {
                sink(&mut self.held, out).extend(item);
            }
            self.copy(header, &raw, step, out);
            return Ok(());
        }
        // Some data sets are implicit against their word; what is written among
        // their elements is as they are.
        self.encoding.explicit = explicit;
        self.before(header.tag, out)?;
        if header.tag == tag::ORIGINAL_ATTRIBUTES_SEQUENCE && !self.originals.is_empty() {
            return self.add_original(header, raw, out);
        }
        let retired = header.tag.1 == 0 && self.touches(header.tag.0);
        if step == Step::Value && (retired || header.tag == LENGTH_TO_END) {
            self.take(header, To::Nowhere);
            return Ok(());
        }
        let character_set = header.tag == tag::SPECIFIC_CHARACTER_SET && self.held.is_some();
        if !character_set && !self.rules.contains_key(&header.tag) {
            self.copy(header, &raw, step, out);
            return Ok(());
        }
        let text = header
            .vr
            .is_none_or(|vr| dictionary::is_text(vr) || &vr == b"UN");
        if step != Step::Value || !text {
            return Err(CoerceError::NotText(header.tag));
        }
        if header.length as usize > MAX_VALUE {
            return Err(CoerceError::Oversized(header.tag));
        }
        if header.length == 0 {
            return self.kept(header, &raw, &[], out);
        }
        let value = Vec::with_capacity(header.length as usize);
        self.take(
            header,
            To::Kept {
                header: *header,
                raw,
                value,
            },
        );
        Ok(())
    }

    /// Whether the length of this group may become wrong.
    fn touches(&self, group: u16) -> bool {
        group == tag::ORIGINAL_ATTRIBUTES_SEQUENCE.0 || self.rules.keys().any(|tag| tag.0 == group)
    }

    fn copy(&mut self, header: &Header, raw: &[u8], step: Step, out: &mut Vec<u8>) {
        sink(&mut self.held, out).extend_from_slice(raw);
        if step == Step::Value {
            self.take(header, To::Out);
        }
    }

    fn take(&mut self, header: &Header, to: To) {
        if header.length > 0 {
            self.state = State::Value(Value {
                tag: header.tag,
                announced: u64::from(header.length),
                left: u64::from(header.length),
                to,
            });
        }
    }

    /// A top-level element comes: what has its place before it goes first.
    fn before(&mut self, tag: Tag, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        if self.held.is_some() {
            if tag <= tag::SPECIFIC_CHARACTER_SET {
                return Ok(());
            }
            self.prepare(out)?;
        }
        self.insert_missing(Some(tag), out)?;
        if tag > tag::ORIGINAL_ATTRIBUTES_SEQUENCE {
            self.write_original(out);
        }
        Ok(())
    }

    /// The data set has no more elements.
    fn complete(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        if self.held.is_some() {
            self.prepare(out)?;
        }
        self.insert_missing(None, out)?;
        self.write_original(out);
        Ok(())
    }

    /// The character set is known: makes sure that the rules can be followed,
    /// and lets go of what was held.
    fn prepare(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        for (tag, rule) in &self.rules {
            let text = match rule {
                Rule::Set(text) | Rule::Prefix(text) => text,
                Rule::Clear => continue,
            };
            let bytes = charset::encode(&self.character_set, text)
                .ok_or(CoerceError::NotEncodable(*tag))?;
            check_length(*tag, text)?;
            self.texts.insert(*tag, bytes);
        }
        self.labels.source = label(&self.source, &self.character_set);
        self.labels.system = label(&self.system, &self.character_set);
        out.extend(self.held.take().unwrap_or_default());
        Ok(())
    }

    /// Writes the elements that rules set and the data set lacks, as far as
    /// they stand before `until`.
    fn insert_missing(&mut self, until: Option<Tag>, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        for (&tag, rule) in &self.rules {
            if until.is_some_and(|until| tag >= until) {
                break;
            }
            let Some(text) = self.texts.get(&tag) else {
                continue;
            };
            let set = matches!(rule, Rule::Set(_)) && !text.is_empty();
            if !set || self.seen.contains(&tag) || !self.inserted.insert(tag) {
                continue;
            }
            if self.passed {
                return Err(CoerceError::OutOfOrder(tag));
            }
            let vr = dictionary::vr(tag, false);
            put(out, tag, vr, text, self.encoding);
            let value = Vec::new();
            self.originals.insert(tag, Original { vr, value });
        }
        Ok(())
    }

    fn write_original(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.passed, true) && !self.originals.is_empty() {
            let item = item(&self.originals, &self.labels, self.encoding);
            put(
                out,
                tag::ORIGINAL_ATTRIBUTES_SEQUENCE,
                *b"SQ",
                &item,
                self.encoding,
            );
        }
    }

    /// The object was coerced before: its sequence keeps what it has.
    fn add_original(
        &mut self,
        header: &Header,
        mut raw: Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), CoerceError> {
        let refused = CoerceError::OriginalAttributes(header.tag);
        if std::mem::replace(&mut self.passed, true) {
            return Err(refused);
        }
        let encoding = match header.vr.as_ref() {
            None | Some(b"SQ") => self.encoding,
            Some(b"UN") => INSIDE_UNKNOWN,
            Some(_) => return Err(refused),
        };
        let item = item(&self.originals, &self.labels, encoding);
        if header.undefined() {
            sink(&mut self.held, out).extend(raw);
            self.append = Some(item);
            return Ok(());
        }
        let length = u64::from(header.length) + item.len() as u64;
        let length = u32::try_from(length)
            .ok()
            .filter(|l| *l != element::UNDEFINED);
        let length = length.ok_or(refused)?;
        let at = raw.len() - 4;
        let bytes = if self.encoding.big_endian {
            length.to_be_bytes()
        } else {
            length.to_le_bytes()
        };
        raw[at..].copy_from_slice(&bytes);
        out.extend(raw);
        if header.length == 0 {
            out.extend(item);
        } else {
            self.take(header, To::Sequence { item });
        }
        Ok(())
    }

    /// A kept value is whole: follows the rule for it.
    fn kept(
        &mut self,
        header: &Header,
        raw: &[u8],
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CoerceError> {
        let tag = header.tag;
        let new = if tag == tag::SPECIFIC_CHARACTER_SET {
            self.character_set = charset::decode("", value)
                .trim_end_matches(['\0', ' '])
                .to_owned();
            None
        } else {
            self.followed(tag, trimmed(value))?
        };
        let Some(new) = new else {
            let out = sink(&mut self.held, out);
            out.extend_from_slice(raw);
            out.extend_from_slice(value);
            return Ok(());
        };
        if self.passed {
            return Err(CoerceError::OutOfOrder(tag));
        }
        let vr = match header.vr {
            Some(vr) if &vr != b"UN" => vr,
            _ => dictionary::vr(tag, false),
        };
        put(out, tag, vr, &new, self.encoding);
        let value = value.to_vec();
        self.originals.entry(tag).or_insert(Original { vr, value });
        Ok(())
    }

    /// What the rule makes of a value; `None` leaves it as it is.
    fn followed(&mut self, tag: Tag, old: &[u8]) -> Result<Option<Vec<u8>>, CoerceError> {
        if self.inserted.contains(&tag) {
            return Err(CoerceError::OutOfOrder(tag));
        }
        self.seen.insert(tag);
        let text = self.texts.get(&tag).map_or(&[][..], Vec::as_slice);
        Ok(match self.rules.get(&tag) {
            Some(Rule::Set(_)) => (old != trimmed(text)).then(|| text.to_vec()),
            Some(Rule::Prefix(_)) if old.is_empty() || old.starts_with(text) => None,
            Some(Rule::Prefix(_)) => {
                let new = [text, old].concat();
                check_length(tag, &charset::decode(&self.character_set, &new))?;
                Some(new)
            }
            Some(Rule::Clear) => (!old.is_empty()).then(Vec::new),
            None => None,
        })
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), CoerceError> {
        match &self.state {
            State::Value(value) => Err(CoerceError::CutOff {
                tag: value.tag,
                announced: value.announced,
                came: value.announced - value.left,
            }),
            State::Header if self.head.iter().any(|&b| b != 0) => Err(CoerceError::CutOffHeader),
            State::Header if !self.structure.is_top() => Err(CoerceError::Unclosed),
            State::Header | State::Padding => {
                self.complete(out)?;
                out.append(&mut self.head);
                Ok(())
            }
        }
    }
}

/// Whether each value in a text is as short as its VR wants it.
fn check_length(tag: Tag, text: &str) -> Result<(), CoerceError> {
    let vr = dictionary::vr(tag, false);
    let Some(most) = dictionary::most_characters(vr) else {
        return Ok(());
    };
    let single = dictionary::is_single(vr);
    let ends = |c: char| (!single && c == '\\') || (&vr == b"PN" && c == '=');
    match text.split(ends).map(|part| part.chars().count()).max() {
        Some(length) if length > most => Err(CoerceError::TooLong { tag, length, most }),
        _ => Ok(()),
    }
}
