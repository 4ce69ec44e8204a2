//! What the exchange knows of an instance without opening it again: read once
//! while the bytes pass, carried in the spool and over the link, indexed at
//! the hub.

use crate::{ClassUid, InstanceUid, Personal, SeriesUid, StudyUid};
use serde::{Deserialize, Serialize};

/// Decoded text (never raw bytes), trimmed of padding; empty when absent.
/// Dates are `YYYYMMDD` and times `HHMMSS…` as DICOM writes them, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceHeader {
    pub study_uid: StudyUid,
    pub series_uid: SeriesUid,
    pub sop_uid: InstanceUid,
    pub class_uid: ClassUid,
    /// (0010,0020)
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    pub patient_id: Personal,
    /// (0010,0021)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub patient_id_issuer: String,
    /// (0010,0010), with `^` between components
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    pub patient_name: Personal,
    /// (0010,0030)
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    pub patient_birth_date: Personal,
    /// (0010,0040)
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    pub patient_sex: Personal,
    /// (0008,0050)
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    pub accession: Personal,
    /// (0008,0020)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub study_date: String,
    /// (0008,0030)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub study_time: String,
    /// (0008,1030)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub study_description: String,
    /// (0008,103E)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub series_description: String,
    /// (0008,0060)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub modality: String,
    /// (0018,0015)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body_part: String,
    /// (0008,0080)
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub institution: String,
    /// (0020,0011)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_number: Option<i64>,
    /// (0020,0013)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_number: Option<i64>,
    /// (0028,0008); absent means one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<u32>,
}
