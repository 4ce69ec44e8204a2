//! HSA-ids: names of care providers, care units and staff in the Swedish
//! health-care directory.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest that the directory gives.
const LONGEST: usize = 31;

/// `SE`, an organisation number of ten digits, `-`, and what the organisation
/// has chosen: `SE2321000016-1003`. Kept in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HsaId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an HSA-id is SE, ten digits, a hyphen and a name, such as SE2321000016-1003")]
pub struct NotAnHsaId;

impl HsaId {
    /// # Errors
    /// When it has another form.
    pub fn new(text: &str) -> Result<Self, NotAnHsaId> {
        let text = text.trim().to_ascii_uppercase();
        let (number, name) = text
            .strip_prefix("SE")
            .and_then(|rest| rest.split_once('-'))
            .ok_or(NotAnHsaId)?;
        let good = text.len() <= LONGEST
            && number.len() == 10
            && number.bytes().all(|b| b.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if good {
            Ok(Self(text))
        } else {
            Err(NotAnHsaId)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HsaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HsaId {
    type Err = NotAnHsaId;
    fn from_str(text: &str) -> Result<Self, NotAnHsaId> {
        Self::new(text)
    }
}

impl TryFrom<String> for HsaId {
    type Error = NotAnHsaId;
    fn try_from(text: String) -> Result<Self, NotAnHsaId> {
        Self::new(&text)
    }
}

impl From<HsaId> for String {
    fn from(id: HsaId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::HsaId;

    #[test]
    fn takes_what_the_directory_gives_and_nothing_else() {
        let id = HsaId::new(" se2321000016-1003 ").unwrap();
        assert_eq!(id.as_str(), "SE2321000016-1003");
        for wrong in [
            "",
            "SE2321000016",
            "SE2321000016-",
            "NO2321000016-1",
            "SE232100001-1003",
            "SE2321000016-10/3",
            "SE2321000016-ÅÄÖ",
            "SE2321000016-12345678901234567890",
        ] {
            assert!(HsaId::new(wrong).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_kept_as_the_directory_writes_it(text in ".{0,40}") {
            if let Ok(id) = HsaId::new(&text) {
                proptest::prop_assert_eq!(HsaId::new(id.as_str()), Ok(id.clone()));
                proptest::prop_assert_eq!(id.as_str(), text.trim().to_ascii_uppercase());
            }
        }

        #[test]
        fn a_good_one_is_taken_in_any_case(number in "[0-9]{10}", name in "[A-Z0-9]{1,18}") {
            let id = HsaId::new(&format!("se{number}-{}", name.to_lowercase()));
            proptest::prop_assert_eq!(id.unwrap().to_string(), format!("SE{number}-{name}"));
        }
    }
}
