//! Which new passwords are taken: NIST SP 800-63B, 3.1.1.2. Length counts, and
//! that nobody would guess it; no kinds of characters are demanded, and none
//! is forbidden.

use super::{LONGEST, Password, breached};
use std::fmt;

/// The fewest characters.
pub const SHORTEST: usize = 12;
/// Shorter words of a name are in too many good passwords: "Eva", "Ek".
const SHORTEST_WORD: usize = 4;

/// What others know of the person, none of which may be in the password.
#[derive(Clone, Copy, Default)]
pub struct About<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub organisation: &'a str,
}

impl fmt::Debug for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹personal›")
    }
}

/// Why a new password is not taken. Serialised as a word, for the page that
/// asks for another: it says the same in the person's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    #[error("fewer than {SHORTEST} characters")]
    Short,
    #[error("more than {LONGEST} characters")]
    Long,
    #[error("among the passwords that are tried first")]
    Common,
    #[error("holds a name, address or organisation that others know")]
    Personal,
}

/// Judges a new password. Characters are Unicode code points, counted after
/// NFKC. Cheap; needs no `spawn_blocking`.
///
/// # Errors
/// Why it is not taken.
pub fn check_new(password: &Password, about: &About<'_>) -> Result<(), Refused> {
    let normal = password.normal().ok_or(Refused::Long)?;
    match normal.chars().count() {
        count if count < SHORTEST => return Err(Refused::Short),
        count if count > LONGEST => return Err(Refused::Long),
        _ => {}
    }
    if breached::contains(&normal) {
        return Err(Refused::Common);
    }
    let folded = breached::fold(&normal);
    if known(about).iter().any(|word| folded.contains(word)) {
        return Err(Refused::Personal);
    }
    Ok(())
}

/// The words to look for: parts of names, and the local part of the address,
/// whole and in parts.
fn known(about: &About<'_>) -> Vec<String> {
    let local = about
        .email
        .rsplit_once('@')
        .map_or(about.email, |(local, _)| local);
    let parts = [about.name, local, about.organisation]
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    parts
        .chain([local])
        .map(breached::fold)
        .filter(|word| word.chars().count() >= SHORTEST_WORD)
        .collect()
}
