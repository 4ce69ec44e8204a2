//! Reads a data set while it streams by, without holding it: the values that
//! the exchange needs, and whether it is whole.
//!
//! Every element is walked to the very end; values are skipped by counting, so
//! that 4 GB of pixel data cost nothing but their passing. Real PACS send
//! imperfect data, so padding, odd lengths, missing optional values and wrong
//! VRs pass; a data set that ends inside an element, or does not say which
//! instance of which study it is, does not.

mod walk;

use crate::{
    Tag, charset,
    inflate::{Inflate, InflateError},
    structure::StructureError,
    syntax::Encoding,
    tag,
};
use bildbro_domain::{
    ClassUid, InstanceHeader, InstanceUid, Personal, SeriesUid, StudyUid, uid::NameError,
};
use std::collections::BTreeMap;
use walk::Walker;

/// Bounds on what a peer can make us do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of undefined-length sequences and items.
    pub depth: usize,
    /// Bytes kept of one value.
    pub value: usize,
    /// Bytes that a deflated data set may inflate to.
    pub inflated: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            value: 4096,
            inflated: 8 << 30,
        }
    }
}

/// Why a data set cannot be taken. Names tags and lengths, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    #[error("the data set is cut off: element {tag} announces {announced} bytes, {came} came")]
    CutOff { tag: Tag, announced: u64, came: u64 },
    #[error("the data set is cut off inside an element's header")]
    CutOffHeader,
    #[error("the data set ends inside a sequence that was never closed")]
    Unclosed,
    #[error("sequences are nested deeper than {0}")]
    TooDeep(usize),
    #[error("element {0} stands where only items can")]
    NotAnItem(Tag),
    #[error("the deflated data set cannot be inflated")]
    Deflate,
    #[error("the deflated data set inflates to more than {0} bytes")]
    Bomb(u64),
    #[error("{0} is missing")]
    Missing(Tag),
    #[error("{tag}: {source}")]
    Illegal {
        tag: Tag,
        #[source]
        source: NameError,
    },
}

impl From<StructureError> for ScanError {
    fn from(error: StructureError) -> Self {
        match error {
            StructureError::TooDeep(most) => Self::TooDeep(most),
            StructureError::NotAnItem(tag) => Self::NotAnItem(tag),
        }
    }
}

impl From<InflateError> for ScanError {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Deflate => Self::Deflate,
            InflateError::Bomb(most) => Self::Bomb(most),
        }
    }
}

/// Values worth keeping, at the top level.
const KEPT: [Tag; 21] = [
    tag::SPECIFIC_CHARACTER_SET,
    tag::SOP_CLASS_UID,
    tag::SOP_INSTANCE_UID,
    tag::STUDY_DATE,
    tag::STUDY_TIME,
    tag::ACCESSION_NUMBER,
    tag::MODALITY,
    tag::INSTITUTION_NAME,
    tag::STUDY_DESCRIPTION,
    tag::SERIES_DESCRIPTION,
    tag::PATIENT_NAME,
    tag::PATIENT_ID,
    tag::ISSUER_OF_PATIENT_ID,
    tag::PATIENT_BIRTH_DATE,
    tag::PATIENT_SEX,
    tag::BODY_PART_EXAMINED,
    tag::STUDY_INSTANCE_UID,
    tag::SERIES_INSTANCE_UID,
    tag::SERIES_NUMBER,
    tag::INSTANCE_NUMBER,
    tag::NUMBER_OF_FRAMES,
];

/// Push-based reader of one data set.
pub struct Scanner {
    walker: Walker,
    inflate: Option<Inflate>,
}

impl Scanner {
    /// A reader for a data set in this transfer syntax (UID).
    #[must_use]
    pub fn new(transfer_syntax: &str, limits: Limits) -> Self {
        let encoding = Encoding::of(transfer_syntax);
        Self {
            walker: Walker::new(encoding, limits),
            inflate: encoding.deflated.then(|| Inflate::new(limits.inflated)),
        }
    }

    /// Gives the scanner the next bytes.
    ///
    /// # Errors
    /// [`ScanError`]; the scanner is of no use afterwards.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        match &mut self.inflate {
            None => self.walker.push(bytes),
            Some(inflate) => inflate.push(bytes, |piece| self.walker.push(piece)),
        }
    }

    /// The data set has ended: says what it is.
    ///
    /// # Errors
    /// [`ScanError`] when it is cut off, or lacks or garbles a UID.
    pub fn finish(self) -> Result<InstanceHeader, ScanError> {
        if let Some(inflate) = &self.inflate {
            inflate.finish()?;
        }
        header(&self.walker.finish()?)
    }
}

/// Values as captured: raw bytes by tag.
type Values = BTreeMap<Tag, Vec<u8>>;

fn header(values: &Values) -> Result<InstanceHeader, ScanError> {
    let raw = |tag: Tag| values.get(&tag).map_or(&[][..], Vec::as_slice);
    let character_set = charset::decode("", raw(tag::SPECIFIC_CHARACTER_SET));
    let text = |tag: Tag| {
        let text = charset::decode(&character_set, raw(tag));
        text.trim_matches([' ', '\0']).to_owned()
    };
    let personal = |tag: Tag| Personal::new(text(tag));
    let number = |tag: Tag| text(tag).parse::<i64>().ok();
    Ok(InstanceHeader {
        study_uid: uid(values, tag::STUDY_INSTANCE_UID, StudyUid::new)?,
        series_uid: uid(values, tag::SERIES_INSTANCE_UID, SeriesUid::new)?,
        sop_uid: uid(values, tag::SOP_INSTANCE_UID, InstanceUid::new)?,
        class_uid: uid(values, tag::SOP_CLASS_UID, ClassUid::new)?,
        patient_id: personal(tag::PATIENT_ID),
        patient_id_issuer: text(tag::ISSUER_OF_PATIENT_ID),
        patient_name: personal(tag::PATIENT_NAME),
        patient_birth_date: personal(tag::PATIENT_BIRTH_DATE),
        patient_sex: personal(tag::PATIENT_SEX),
        accession: personal(tag::ACCESSION_NUMBER),
        study_date: text(tag::STUDY_DATE),
        study_time: text(tag::STUDY_TIME),
        study_description: text(tag::STUDY_DESCRIPTION),
        series_description: text(tag::SERIES_DESCRIPTION),
        modality: text(tag::MODALITY),
        body_part: text(tag::BODY_PART_EXAMINED),
        institution: text(tag::INSTITUTION_NAME),
        series_number: number(tag::SERIES_NUMBER),
        instance_number: number(tag::INSTANCE_NUMBER),
        frames: number(tag::NUMBER_OF_FRAMES).and_then(|n| u32::try_from(n).ok()),
    })
}

fn uid<T>(
    values: &Values,
    tag: Tag,
    make: impl Fn(&str) -> Result<T, NameError>,
) -> Result<T, ScanError> {
    let bytes = values.get(&tag).ok_or(ScanError::Missing(tag))?;
    let text = std::str::from_utf8(bytes).map_err(|_| ScanError::Illegal {
        tag,
        source: NameError::UidCharacter,
    })?;
    make(text.trim_start_matches(' ')).map_err(|source| match source {
        NameError::EmptyUid => ScanError::Missing(tag),
        source => ScanError::Illegal { tag, source },
    })
}

#[cfg(test)]
mod tests;
