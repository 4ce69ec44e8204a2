//! Names that DICOM gives things: unique identifiers and application entity
//! titles. Checked when made, so that nothing further in can meet a `../`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is no UID or no AE title. Carries no peer text: a UID field may
/// hold anything, a patient's name included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the UID is empty")]
    EmptyUid,
    #[error("the UID is {0} characters long; DICOM allows 64 (PS3.5 9.1)")]
    LongUid(usize),
    #[error("the UID holds a character other than digits and dots (PS3.5 9.1)")]
    UidCharacter,
    #[error("the AE title is empty")]
    EmptyAe,
    #[error("the AE title is longer than 16 characters (PS3.5 6.2)")]
    LongAe,
    #[error("the AE title holds a backslash or a control character (PS3.5 6.2)")]
    AeCharacter,
}

/// Takes 1–64 digits and dots. Laxer than PS3.5 9.1 on leading zeros and
/// component structure, because stored images in the world are, and strict on
/// what matters to us: no character that means anything to a path or a query.
/// Trailing NUL and space padding is removed.
fn check_uid(text: &str) -> Result<&str, NameError> {
    let text = text.trim_end_matches(['\0', ' ']);
    match text.len() {
        0 => return Err(NameError::EmptyUid),
        1..=64 => {}
        n => return Err(NameError::LongUid(n)),
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        Ok(text)
    } else {
        Err(NameError::UidCharacter)
    }
}

macro_rules! uid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Makes one from a peer's text; padding is removed.
            ///
            /// # Errors
            /// [`NameError`] when the text is empty, over 64 characters, or
            /// holds anything but digits and dots.
            pub fn new(text: &str) -> Result<Self, NameError> {
                Ok(Self(check_uid(text)?.to_owned()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(uid: $name) -> String {
                uid.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

uid!(
    /// Study Instance UID (0020,000D).
    StudyUid
);
uid!(
    /// Series Instance UID (0020,000E).
    SeriesUid
);
uid!(
    /// SOP Instance UID (0008,0018).
    InstanceUid
);
uid!(
    /// SOP Class UID (0008,0016).
    ClassUid
);
uid!(
    /// Transfer Syntax UID (0002,0010).
    SyntaxUid
);

/// Application entity title, 1–16 characters, space padding removed (PS3.5 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AeTitle(String);

impl AeTitle {
    /// Makes one from a peer's or a person's text; padding is removed.
    ///
    /// # Errors
    /// [`NameError`] when empty, too long, or with a forbidden character.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim_matches([' ', '\0']);
        if text.is_empty() {
            return Err(NameError::EmptyAe);
        }
        if text.len() > 16 {
            return Err(NameError::LongAe);
        }
        if text
            .bytes()
            .any(|b| !(0x20..0x7f).contains(&b) || b == b'\\')
        {
            return Err(NameError::AeCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for AeTitle {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AeTitle {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<AeTitle> for String {
    fn from(ae: AeTitle) -> String {
        ae.0
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_uid() {
        assert_eq!(StudyUid::new("../../etc"), Err(NameError::UidCharacter));
        assert_eq!(StudyUid::new("1.2/3"), Err(NameError::UidCharacter));
        assert_eq!(StudyUid::new(""), Err(NameError::EmptyUid));
        assert_eq!(StudyUid::new(&"1".repeat(65)), Err(NameError::LongUid(65)));
    }

    #[test]
    fn padding_goes() {
        assert_eq!(
            StudyUid::new("1.2.3\0").map(String::from),
            Ok("1.2.3".into())
        );
        assert_eq!(
            AeTitle::new(" BB_SKANE       ").map(String::from),
            Ok("BB_SKANE".into())
        );
    }
}
