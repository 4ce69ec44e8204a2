//! Personal data carries a wrapper whose `Debug` says nothing, so that no log
//! line or error shows it by accident.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A patient's name, number, birth date or other text about a person.
/// Serialises as the plain text (link and database need it); prints as `‹personal›`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. The name is long on purpose: each use is a place to
    /// ask whether the reader may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹personal›")
    }
}
