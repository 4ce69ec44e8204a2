//! Errors on every HTTP surface: RFC 9457 problem details.

use bildbro_domain::ErrorClass;
use serde::{Deserialize, Serialize};

pub const MEDIA_TYPE: &str = "application/problem+json";

/// `type` is a stable word after `urn:bildbro:problem:`; `title` says what
/// happened and `detail` what to do. Never personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Tells a machine whether to try again.
    pub class: ErrorClass,
}
