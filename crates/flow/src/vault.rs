//! Small secrets that lie in the database, sealed: what an authenticator app
//! shares, a client's secret, a log-in half done.
//!
//! The key is the hub's own, wrapped like the studies' and the same for all hubs
//! on one database. Each secret is bound to its place, so that none can be put
//! where another was.

use bildbro_seal::{DataKey, RecordKey};
use data_encoding::BASE64;
use rand::random;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// Seals and opens.
pub struct Vault(RecordKey);

/// It was changed, moved, or sealed with another key; or it is of another
/// version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value of the database does not open")]
pub struct Unopened;

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    #[must_use]
    pub fn new(key: &DataKey) -> Self {
        Self(RecordKey::new(key))
    }

    /// Seals a value for `place`: what it is, and of whom. In base64, for a
    /// column.
    ///
    /// # Panics
    /// When the value has no JSON form (a map with keys that are no texts).
    #[must_use]
    pub fn seal(&self, place: &str, value: &impl Serialize) -> String {
        let json = serde_json::to_vec(value).expect("our own values are JSON");
        let pieces = std::iter::once(&json[..]);
        BASE64.encode(&self.0.seal(random(), &context(place), pieces))
    }

    /// # Errors
    /// [`Unopened`].
    pub fn open<T: DeserializeOwned>(&self, place: &str, sealed: &str) -> Result<T, Unopened> {
        let mut bytes = BASE64.decode(sealed.as_bytes()).map_err(|_| Unopened)?;
        let json = self
            .0
            .open(&context(place), &mut bytes)
            .map_err(|_| Unopened)?;
        serde_json::from_slice(json).map_err(|_| Unopened)
    }
}

fn context(place: &str) -> Vec<u8> {
    format!("bildbro vault {place}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_at_its_place_only() {
        let vault = Vault::new(&DataKey::new([7; 32]));
        let sealed = vault.seal("totp of 1", &"secret");
        assert!(!sealed.contains("secret"));
        assert_eq!(
            vault.open::<String>("totp of 1", &sealed).unwrap(),
            "secret"
        );
        assert_eq!(vault.open::<String>("totp of 2", &sealed), Err(Unopened));
        assert_eq!(vault.open::<String>("totp of 1", "AAAA"), Err(Unopened));
        assert_eq!(vault.open::<u64>("totp of 1", &sealed), Err(Unopened));
        let other = Vault::new(&DataKey::new([8; 32]));
        assert_eq!(other.open::<String>("totp of 1", &sealed), Err(Unopened));
    }
}
