//! The ring: which keys there are, and which one wraps.

use crate::{
    config::{Choice, KeyConfig, Pkcs11Config, RingConfig},
    secret::{self, Place, SecretError},
    token::{self, Token, TokenError},
};
use async_trait::async_trait;
use aws_lc_rs::rand;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    StoreError,
    keys::{Wrapped, Wrapping},
};
use bildbro_seal::{DataKey, SealError, WrappingKey};
use std::{collections::BTreeMap, path::Path};

const WRAP: &str = "wrapping a key";
const UNWRAP: &str = "unwrapping a key";

/// Letters of a key's name at most.
const LONGEST_NAME: usize = 64;

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("keys.current is `{0}`, but there is no keys.key.{0}")]
    NoCurrent(String),
    #[error("{0:?} is no name for a key: take 1 to {LONGEST_NAME} letters, digits, `-` or `_`")]
    Name(String),
    #[error("keys.key.{0} needs exactly one of file, env and pkcs11")]
    Choice(String),
    #[error("keys.key.{name}: {source}")]
    Secret {
        name: String,
        #[source]
        source: SecretError,
    },
    #[error("keys.key.{name}: {source}")]
    Token {
        name: String,
        #[source]
        source: TokenError,
    },
    #[error("a new key cannot be made: {0}")]
    NewFile(#[source] SecretError),
    #[error("a new key cannot be made: {0}")]
    NewOnToken(#[source] TokenError),
}

impl KeysError {
    /// Transient when the token is away; the rest is a person's to mend.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Token { source, .. } | Self::NewOnToken(source) => source.class(),
            Self::NoCurrent(_)
            | Self::Name(_)
            | Self::Choice(_)
            | Self::Secret { .. }
            | Self::NewFile(_) => ErrorClass::Permanent,
        }
    }
}

/// Why a key of the ring did not wrap or unwrap.
#[derive(Debug, thiserror::Error)]
enum UseError {
    #[error("there is no wrapping key `{0}` in the configuration")]
    Unknown(String),
    #[error("wrapping key `{by}`: {source}")]
    Seal {
        by: String,
        #[source]
        source: SealError,
    },
    #[error("wrapping key `{by}`: {source}")]
    Token {
        by: String,
        #[source]
        source: TokenError,
    },
    #[error("the system has no random numbers")]
    Random,
}

impl UseError {
    const fn class(&self) -> ErrorClass {
        match self {
            Self::Token { source, .. } => source.class(),
            Self::Unknown(_) | Self::Seal { .. } => ErrorClass::Permanent,
            Self::Random => ErrorClass::Transient,
        }
    }

    fn during(self, operation: &'static str) -> StoreError {
        StoreError {
            operation,
            class: self.class(),
            source: Box::new(self),
        }
    }
}

/// The wrapping keys, by name.
#[derive(Debug)]
pub struct KeyRing {
    current: String,
    keys: BTreeMap<String, Key>,
}

#[derive(Debug)]
enum Key {
    Held(WrappingKey),
    Token(Token),
}

impl KeyRing {
    /// Reads all keys and logs in to all tokens; blocks meanwhile. A current key
    /// on a token wraps and unwraps once, so that what it cannot do is known
    /// now.
    ///
    /// # Errors
    /// Names the configuration's key, and what to do about it. Transient when
    /// any of the tokens is away.
    pub fn open(config: &RingConfig) -> Result<Self, KeysError> {
        if !config.key.contains_key(&config.current) {
            return Err(KeysError::NoCurrent(config.current.clone()));
        }
        let mut keys = BTreeMap::new();
        for (name, place) in &config.key {
            let key = Key::open(name, place, *name == config.current)?;
            keys.insert(name.clone(), key);
        }
        Ok(Self {
            current: config.current.clone(),
            keys,
        })
    }

    /// A ring of one key in a file, which is made when it is not there. The
    /// caller knows that nothing is wrapped by `name` when it is not.
    ///
    /// # Errors
    /// As [`KeyRing::open`] and [`KeyRing::generate_file`].
    pub fn single_file(name: &str, path: &Path) -> Result<Self, KeysError> {
        if !path.exists() {
            Self::generate_file(path)?;
        }
        let place = KeyConfig {
            file: Some(path.to_owned()),
            ..KeyConfig::default()
        };
        Self::open(&RingConfig {
            current: name.to_owned(),
            key: BTreeMap::from([(name.to_owned(), place)]),
        })
    }

    /// Writes a new random key (base64) to a file for its owner only, and
    /// returns when it is on disk.
    ///
    /// # Errors
    /// Also when the file is there already: a key is never written over.
    pub fn generate_file(path: &Path) -> Result<(), KeysError> {
        secret::write_new_key(path).map_err(KeysError::NewFile)
    }

    /// Makes a new AES-256 key on a token, which it cannot leave; blocks
    /// meanwhile. Sees that it wraps and unwraps.
    ///
    /// # Errors
    /// Also when the token has a key of that label already.
    pub fn pkcs11_generate(config: &Pkcs11Config) -> Result<(), KeysError> {
        token::generate(config).map_err(KeysError::NewOnToken)
    }
}

impl Key {
    fn open(name: &str, config: &KeyConfig, wraps: bool) -> Result<Self, KeysError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            return Err(KeysError::Name(name.to_owned()));
        }
        let choice = config.choice();
        match choice.ok_or_else(|| KeysError::Choice(name.to_owned()))? {
            Choice::Plain(place) => Self::held(place).map_err(|source| KeysError::Secret {
                name: name.to_owned(),
                source,
            }),
            Choice::Pkcs11(config) => {
                Token::open(config, wraps)
                    .map(Self::Token)
                    .map_err(|source| KeysError::Token {
                        name: name.to_owned(),
                        source,
                    })
            }
        }
    }

    fn held(place: Place<'_>) -> Result<Self, SecretError> {
        let key = WrappingKey::new(&place.key()?[..]);
        Ok(Self::Held(key.expect("the key has 32 bytes")))
    }

    async fn wrap(&self, by: &str, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, UseError> {
        let mut nonce = [0; 12];
        rand::fill(&mut nonce).map_err(|_| UseError::Random)?;
        match self {
            Self::Held(held) => Ok(held.wrap(key, context, nonce)),
            Self::Token(token) => {
                token
                    .wrap(key, context, nonce)
                    .await
                    .map_err(|source| UseError::Token {
                        by: by.to_owned(),
                        source,
                    })
            }
        }
    }

    async fn unwrap(&self, wrapped: &Wrapped, context: &[u8]) -> Result<DataKey, UseError> {
        let by = || wrapped.by.clone();
        match self {
            Self::Held(held) => held
                .unwrap(&wrapped.bytes, context)
                .map_err(|source| UseError::Seal { by: by(), source }),
            Self::Token(token) => token
                .unwrap(&wrapped.bytes, context)
                .await
                .map_err(|source| UseError::Token { by: by(), source }),
        }
    }
}

#[async_trait]
impl Wrapping for KeyRing {
    fn current(&self) -> &str {
        &self.current
    }

    fn has(&self, name: &str) -> bool {
        self.keys.contains_key(name)
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Wrapped, StoreError> {
        let by = &self.current;
        let current = self.keys.get(by);
        let current = current.expect("a ring is opened with its current key");
        let wrapped = current.wrap(by, key, context).await;
        Ok(Wrapped {
            by: by.clone(),
            bytes: wrapped.map_err(|error| error.during(WRAP))?,
        })
    }

    async fn unwrap(&self, wrapped: &Wrapped, context: &[u8]) -> Result<DataKey, StoreError> {
        let Some(key) = self.keys.get(&wrapped.by) else {
            return Err(UseError::Unknown(wrapped.by.clone()).during(UNWRAP));
        };
        let unwrapped = key.unwrap(wrapped, context).await;
        unwrapped.map_err(|error| error.during(UNWRAP))
    }
}

#[cfg(test)]
mod tests;
