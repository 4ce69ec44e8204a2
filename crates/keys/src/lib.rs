//! The wrapping keys that guard data keys at rest.
//!
//! Ring 2: implements `flow::ports::keys::Wrapping`. A [`KeyRing`] has one
//! current key, which wraps, and any number of older ones, which still unwrap.
//! A key lies in a file, in an environment variable, or on a PKCS#11 token that
//! it never leaves. All give the same form, `nonce ‖ key, sealed ‖ tag` (60
//! bytes), so that a key can move from one to another by [`rotate`].
//!
//! Beside them, the key that signs the log's checkpoints ([`signing_key`]).
//!
//! Invariants: secrets are wiped from our memory when dropped and never in an
//! error; a PIN that was refused is not tried again.
//!
//! What this crate deliberately does not do: it keeps no study's key (that is
//! the database's part), and it cannot see that a name is used for another key
//! than before. Nonces are random, so one wrapping key may wrap 2³² keys (NIST
//! SP 800-38D 8.3); rotate long before.

mod config;
mod ring;
mod rotate;
mod secret;
mod signing;
mod token;

pub use config::{KeyConfig, Pkcs11Config, RingConfig};
pub use ring::{KeyRing, KeysError};
pub use rotate::{Rotated, Unopened, rotate};
pub use secret::SecretError;
pub use signing::{SigningConfig, signing_key};
pub use token::TokenError;
