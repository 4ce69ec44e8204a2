//! Access tokens: random and opaque, so that one can be ended at once. Only
//! their hash is kept.

use aws_lc_rs::rand;
use data_encoding::BASE64URL_NOPAD;

/// A new token: 256 random bits in base64url.
#[must_use]
pub fn generate() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system has random numbers");
    BASE64URL_NOPAD.encode(&bytes)
}
