//! The part of the hub's configuration that says where keys lie:
//!
//! ```toml
//! [keys]
//! current = "2026"
//!
//! [keys.key.2026.pkcs11]
//! module = "/usr/lib/softhsm/libsofthsm2.so"
//! token = "bildbro"
//! pin_file = "/etc/bildbro/pin"
//! label = "bildbro 2026"
//!
//! [keys.key.2025]
//! file = "/etc/bildbro/2025.key"
//! ```

use crate::secret::Place;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingConfig {
    /// The name of the key that wraps from now on.
    pub current: String,
    /// All keys that something may still be wrapped with, by name. A name is
    /// never used for another key.
    pub key: BTreeMap<String, KeyConfig>,
}

/// Where one key lies: exactly one of these.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// 32 bytes as base64 or hex, readable by its owner only.
    pub file: Option<PathBuf>,
    /// The name of an environment variable that holds the same.
    pub env: Option<String>,
    pub pkcs11: Option<Pkcs11Config>,
}

/// An AES-256 key on a PKCS#11 token.
///
/// The module must do `CKM_AES_GCM` with the nonce that it is given. Modules
/// that make their own (some in FIPS mode) are not supported, and are refused
/// when the ring is opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Config {
    /// The maker's library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// A file with the user's PIN, readable by its owner only.
    pub pin_file: Option<PathBuf>,
    /// Or the name of an environment variable that holds it.
    pub pin_env: Option<String>,
    /// The key's `CKA_LABEL`.
    pub label: String,
}

/// [`KeyConfig`], with exactly one choice.
pub(crate) enum Choice<'a> {
    Plain(Place<'a>),
    Pkcs11(&'a Pkcs11Config),
}

impl KeyConfig {
    pub(crate) fn choice(&self) -> Option<Choice<'_>> {
        match (&self.file, &self.env, &self.pkcs11) {
            (Some(path), None, None) => Some(Choice::Plain(Place::File(path))),
            (None, Some(variable), None) => Some(Choice::Plain(Place::Env(variable))),
            (None, None, Some(config)) => Some(Choice::Pkcs11(config)),
            _ => None,
        }
    }
}

impl Pkcs11Config {
    /// Where the PIN lies, when there is exactly one such place.
    pub(crate) fn pin(&self) -> Option<Place<'_>> {
        match (&self.pin_file, &self.pin_env) {
            (Some(path), None) => Some(Place::File(path)),
            (None, Some(variable)) => Some(Place::Env(variable)),
            _ => None,
        }
    }
}
