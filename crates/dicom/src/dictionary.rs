//! Value representations: from the standard's data dictionary (PS3.6), and
//! what each one is.

use crate::Tag;
use dicom_core::{
    DataDictionary, VR,
    dictionary::{DataDictionaryEntry, VirtualVr},
};
use dicom_dictionary_std::StandardDataDictionary;

pub type Vr = [u8; 2];

/// The VR of an element; `UN` when the dictionary has none. `signed` is
/// whether Pixel Representation (0028,0103) is 1, on which some depend.
pub fn vr(tag: Tag, signed: bool) -> Vr {
    let Some(entry) = StandardDataDictionary.by_tag(dicom_core::Tag(tag.0, tag.1)) else {
        return *b"UN";
    };
    match entry.vr() {
        VirtualVr::Exact(vr) => vr.to_bytes(),
        VirtualVr::Xs if signed => VR::SS.to_bytes(),
        VirtualVr::Xs => VR::US.to_bytes(),
        // All of these are OW in implicit encoding, where there is no VR to
        // say it otherwise (PS3.5 A.1).
        _ => VR::OW.to_bytes(),
    }
}

/// Whether values are text.
pub fn is_text(vr: Vr) -> bool {
    matches!(
        &vr,
        b"AE"
            | b"AS"
            | b"CS"
            | b"DA"
            | b"DS"
            | b"DT"
            | b"IS"
            | b"LO"
            | b"LT"
            | b"PN"
            | b"SH"
            | b"ST"
            | b"TM"
            | b"UC"
            | b"UI"
            | b"UR"
            | b"UT"
    )
}

/// Whether a backslash in the text is a character and no delimiter (PS3.5 6.2).
pub fn is_single(vr: Vr) -> bool {
    matches!(&vr, b"LT" | b"ST" | b"UR" | b"UT")
}

/// Longest value in characters (PS3.5 6.2); for PN of one component group.
pub fn most_characters(vr: Vr) -> Option<usize> {
    Some(match &vr {
        b"AS" => 4,
        b"DA" => 8,
        b"IS" => 12,
        b"TM" | b"AE" | b"CS" | b"DS" | b"SH" => 16,
        b"DT" => 26,
        b"LO" | b"PN" | b"UI" => 64,
        b"ST" => 1024,
        b"LT" => 10240,
        _ => return None,
    })
}

/// What makes a value's length even (PS3.5 6.2).
pub fn padding(vr: Vr) -> u8 {
    if is_text(vr) && &vr != b"UI" { b' ' } else { 0 }
}

/// Bytes that swap places between little and big endian: 1, 2, 4 or 8.
pub fn unit(vr: Vr) -> usize {
    match &vr {
        b"AT" | b"OW" | b"SS" | b"US" => 2,
        b"FL" | b"OF" | b"OL" | b"SL" | b"UL" => 4,
        b"FD" | b"OD" | b"OV" | b"SV" | b"UV" => 8,
        _ => 1,
    }
}
