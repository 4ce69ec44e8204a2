//! Access tokens: random and opaque, so that one can be ended at once. Only
//! their hash is kept.

use aws_lc_rs::rand;
use data_encoding::BASE64URL_NOPAD;

/// Fills the generator's pool, which takes half a second of one core once in a
/// process: in a thread of its own at the start, so that no login waits for it.
pub fn warm_up() {
    let _filled_again_when_needed = rand::fill(&mut [0]);
}

/// A new token: 256 random bits in base64url.
#[must_use]
pub fn generate() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system has random numbers");
    BASE64URL_NOPAD.encode(&bytes)
}
