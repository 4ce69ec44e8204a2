//! Data element tags.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Group and element (PS3.5 7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag(pub u16, pub u16);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04X},{:04X})", self.0, self.1)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! tags {
    ($($name:ident = $group:literal, $element:literal;)*) => {
        $(pub const $name: Tag = Tag($group, $element);)*
    };
}

// The standard's keywords (PS3.6), in capitals.
tags! {
    SPECIFIC_CHARACTER_SET = 0x0008, 0x0005;
    SOP_CLASS_UID = 0x0008, 0x0016;
    SOP_INSTANCE_UID = 0x0008, 0x0018;
    STUDY_DATE = 0x0008, 0x0020;
    STUDY_TIME = 0x0008, 0x0030;
    ACCESSION_NUMBER = 0x0008, 0x0050;
    QUERY_RETRIEVE_LEVEL = 0x0008, 0x0052;
    RETRIEVE_AE_TITLE = 0x0008, 0x0054;
    MODALITY = 0x0008, 0x0060;
    MODALITIES_IN_STUDY = 0x0008, 0x0061;
    INSTITUTION_NAME = 0x0008, 0x0080;
    REFERRING_PHYSICIAN_NAME = 0x0008, 0x0090;
    STUDY_DESCRIPTION = 0x0008, 0x1030;
    SERIES_DESCRIPTION = 0x0008, 0x103E;
    PATIENT_NAME = 0x0010, 0x0010;
    PATIENT_ID = 0x0010, 0x0020;
    ISSUER_OF_PATIENT_ID = 0x0010, 0x0021;
    PATIENT_BIRTH_DATE = 0x0010, 0x0030;
    PATIENT_SEX = 0x0010, 0x0040;
    BODY_PART_EXAMINED = 0x0018, 0x0015;
    STUDY_INSTANCE_UID = 0x0020, 0x000D;
    SERIES_INSTANCE_UID = 0x0020, 0x000E;
    STUDY_ID = 0x0020, 0x0010;
    SERIES_NUMBER = 0x0020, 0x0011;
    INSTANCE_NUMBER = 0x0020, 0x0013;
    NUMBER_OF_STUDY_RELATED_SERIES = 0x0020, 0x1206;
    NUMBER_OF_STUDY_RELATED_INSTANCES = 0x0020, 0x1208;
    NUMBER_OF_SERIES_RELATED_INSTANCES = 0x0020, 0x1209;
    NUMBER_OF_FRAMES = 0x0028, 0x0008;
    ORIGINAL_ATTRIBUTES_SEQUENCE = 0x0400, 0x0561;
    MODIFIED_ATTRIBUTES_SEQUENCE = 0x0400, 0x0550;
    ATTRIBUTE_MODIFICATION_DATETIME = 0x0400, 0x0562;
    MODIFYING_SYSTEM = 0x0400, 0x0563;
    SOURCE_OF_PREVIOUS_VALUES = 0x0400, 0x0564;
    REASON_FOR_MODIFICATION = 0x0400, 0x0565;
    PIXEL_DATA = 0x7FE0, 0x0010;
    ITEM = 0xFFFE, 0xE000;
    ITEM_DELIMITATION = 0xFFFE, 0xE00D;
    SEQUENCE_DELIMITATION = 0xFFFE, 0xE0DD;
    DATA_SET_TRAILING_PADDING = 0xFFFC, 0xFFFC;
}
