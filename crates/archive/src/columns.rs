//! The columns, and an entry's values for them.

use crate::ArchiveError;
use bildbro_domain::audit::Link;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// One to one the link's and the entry's fields. `studies` is a repeated field.
pub const SCHEMA: &str = "message audit {
    REQUIRED INT64 sequence;
    REQUIRED FIXED_LEN_BYTE_ARRAY(32) previous;
    REQUIRED FIXED_LEN_BYTE_ARRAY(32) hash;
    REQUIRED INT64 at (TIMESTAMP(MICROS,true));
    OPTIONAL BYTE_ARRAY id (UTF8);
    OPTIONAL BYTE_ARRAY action (UTF8);
    OPTIONAL BYTE_ARRAY outcome (UTF8);
    OPTIONAL BYTE_ARRAY actor_kind (UTF8);
    OPTIONAL BYTE_ARRAY actor (UTF8);
    OPTIONAL BYTE_ARRAY organisation (UTF8);
    OPTIONAL BYTE_ARRAY counterpart (UTF8);
    OPTIONAL BYTE_ARRAY patient_id (UTF8);
    OPTIONAL BYTE_ARRAY share (UTF8);
    OPTIONAL BYTE_ARRAY delivery (UTF8);
    OPTIONAL BYTE_ARRAY purpose (UTF8);
    OPTIONAL BYTE_ARRAY legal_mode (UTF8);
    OPTIONAL BYTE_ARRAY images_digest (UTF8);
    OPTIONAL BYTE_ARRAY detail (UTF8);
    OPTIONAL INT64 images;
    REPEATED BYTE_ARRAY studies (UTF8);
    REQUIRED BYTE_ARRAY text (UTF8);
}";

/// The columns of [`SCHEMA`] that are texts of the entry, in its order.
pub const TEXTS: [&str; 14] = [
    "id",
    "action",
    "outcome",
    "actor_kind",
    "actor",
    "organisation",
    "counterpart",
    "patient_id",
    "share",
    "delivery",
    "purpose",
    "legal_mode",
    "images_digest",
    "detail",
];

/// A link and its entry's fields.
pub struct Row {
    pub link: Link,
    pub at: Timestamp,
    fields: Map<String, Value>,
}

impl Row {
    pub fn of(link: Link) -> Result<Self, ArchiveError> {
        let wrong = ArchiveError::Entry(link.sequence);
        let Ok(Value::Object(fields)) = serde_json::from_str(&link.text) else {
            return Err(wrong);
        };
        let at = fields.get("at").and_then(Value::as_str);
        let Some(at) = at.and_then(|at| at.parse().ok()) else {
            return Err(wrong);
        };
        Ok(Self { link, at, fields })
    }

    pub fn text(&self, column: &str) -> Option<String> {
        let value = match column {
            "actor_kind" => self.fields.get("actor")?.get("kind")?,
            _ => self.fields.get(column)?,
        };
        match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn images(&self) -> Option<i64> {
        self.fields.get("images")?.as_i64()
    }

    pub fn studies(&self) -> impl Iterator<Item = &str> {
        let all = self.fields.get("studies").and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str)
    }
}
