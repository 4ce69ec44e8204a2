//! Names and public keys as C2SP `signed-note` writes them:
//! `name+key id in hex+base64(0x01 ‖ Ed25519 key)`.

use bildbro_seal::{PUBLIC, SIGNATURE};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// The kind of key: Ed25519.
const ED25519: u8 = 1;

/// Bytes of a name at most.
const LONGEST: usize = 255;

/// A key's name: no white space, no `+`, nothing that does not show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&text.len());
        let shows = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        (fits && text.chars().all(shows)).then(|| Self(text.to_owned()))
    }

    /// The name of a hub's log and of the key that signs for it.
    #[must_use]
    pub fn of_hub(id: uuid::Uuid) -> Self {
        Self(format!("bildbro/{id}"))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who may sign, and how that is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: KeyName,
    key: [u8; PUBLIC],
}

/// A text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no public key of a log: it is name+8 hex digits+base64, on one line")]
pub struct NoKey;

impl PublicKey {
    #[must_use]
    pub const fn new(name: KeyName, key: [u8; PUBLIC]) -> Self {
        Self { name, key }
    }

    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The first bytes of `SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)`: tells keys of
    /// one name apart, and proves nothing.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.0.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key);
        let hash: [u8; 32] = hash.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    pub(super) fn holds(&self, text: &[u8], signature: &[u8; SIGNATURE]) -> bool {
        bildbro_seal::is_signed(&self.key, text, signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key);
        let id = HEXLOWER.encode(&self.id());
        write!(f, "{}+{id}+{}", self.name, BASE64.encode(&key))
    }
}

impl FromStr for PublicKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        // Base64 has a `+` of its own.
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(NoKey);
        let (name, id, key) = (part()?, part()?, part()?);
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoKey)?;
        let key = match bytes.split_first() {
            Some((&ED25519, key)) => key.try_into().map_err(|_| NoKey)?,
            _ => return Err(NoKey),
        };
        let read = Self::new(KeyName::new(name).ok_or(NoKey)?, key);
        if HEXLOWER.encode(&read.id()) == id {
            Ok(read)
        } else {
            Err(NoKey)
        }
    }
}
