//! Passwords: hashing, verifying, and which new ones are taken.
//!
//! Argon2id (RFC 9106) with 19 MiB, two passes, one lane: the first set that
//! OWASP's Password Storage Cheat Sheet recommends, and the smallest memory in
//! it, since a hub may check many at once. A check takes about 30 ms of one core.
//! Parameters lie in the stored string (PHC format), so they can be raised:
//! [`needs_rehash`] says at a login that a password should be hashed anew.
//!
//! A password is brought to NFKC first (NIST SP 800-63B, 3.1.1.2), so that the
//! same letters typed on two kinds of machine are the same password.
//!
//! [`hash`], [`verify`] and [`verify_nobody`] keep a core busy: call them in
//! `tokio::task::spawn_blocking`, and bound how many run at once, as each takes
//! 19 MiB. What this module deliberately does not do: it does not count failed
//! tries; the caller slows those down.

mod breached;
mod rule;
#[cfg(test)]
mod tests;

pub use rule::{About, Refused, check_new};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use aws_lc_rs::rand;
use std::{fmt, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// KiB.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Octets; RFC 9106, 3.1 recommends 16 for passwords.
const SALT: usize = 16;

/// The longest password, in characters. Long enough for any sentence; short
/// enough that normalising one costs nothing.
pub const LONGEST: usize = 256;

/// A password as typed. Printed as `‹password›`, wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// As hashed and compared. Nothing, when it is longer than any password
    /// that was ever accepted.
    fn normal(&self) -> Option<Zeroizing<String>> {
        let fits = self.0.chars().nth(LONGEST).is_none();
        fits.then(|| Zeroizing::new(self.0.nfkc().collect()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹password›")
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PasswordError {
    #[error("hashing a password of more than {LONGEST} characters")]
    Long,
    #[error("hashing a password: {0}")]
    Hash(String),
    /// What is stored is not such a string, or asks for parameters that
    /// argon2 does not know.
    #[error("reading a stored password hash: {0}")]
    Stored(String),
}

/// A new hash with a random salt, as a PHC string
/// (`$argon2id$v=19$m=19456,t=2,p=1$…$…`, 97 characters). Busies a core.
///
/// # Errors
/// A password of more than [`LONGEST`] characters.
pub fn hash(password: &Password) -> Result<String, PasswordError> {
    let mut salt = [0; SALT];
    rand::fill(&mut salt).expect("the system has random numbers");
    let normal = password.normal().ok_or(PasswordError::Long)?;
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(normal.as_bytes(), &salt)
        .map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether this is the password that `stored` was made of. Compares in constant
/// time, with the parameters that `stored` names. Busies a core.
///
/// # Errors
/// When `stored` is not a PHC string of argon2.
pub fn verify(password: &Password, stored: &str) -> Result<bool, PasswordError> {
    // One that is too long is hashed as if it were empty, so that it takes as long.
    let normal = password.normal();
    let hash = PasswordHash::new(stored).map_err(|e| PasswordError::Stored(e.to_string()))?;
    let bytes = normal.as_deref().map_or(&[][..], |text| text.as_bytes());
    match argon2().verify_password(bytes, &hash) {
        Ok(()) => Ok(normal.is_some()),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Stored(error.to_string())),
    }
}

/// Takes as long as [`verify`] and is never right: for accounts that do not
/// exist or have no password, so that the time of an answer does not tell which
/// do. Busies a core; the first call one more time, to make the hash.
#[must_use]
pub fn verify_nobody(password: &Password) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| {
        let mut random = [0; 32];
        rand::fill(&mut random).expect("the system has random numbers");
        let unknown = data_encoding::BASE64.encode(&random);
        hash(&Password::new(unknown)).expect("44 characters can be hashed")
    });
    let taken = verify(password, &NOBODY);
    debug_assert_eq!(taken, Ok(false), "nobody knows that password");
    false
}

/// Whether `stored` was made with other parameters than today's: hash the
/// password anew while it is at hand, after it was verified.
#[must_use]
pub fn needs_rehash(stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else {
        return true;
    };
    let wanted = parameters();
    let made = Params::try_from(&hash);
    hash.algorithm != Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || made.is_ok_and(|made| {
            (made.m_cost(), made.t_cost(), made.p_cost())
                != (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
        })
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters())
}

fn parameters() -> Params {
    Params::new(MEMORY, PASSES, LANES, None).expect("OWASP's parameters are in range")
}
