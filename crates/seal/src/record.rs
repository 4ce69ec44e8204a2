//! Short records under one key, each with a random nonce of its own:
//! `nonce (12) ‖ data, sealed ‖ tag (16)`.
//!
//! Random nonces under one key are good for 2^32 records (NIST SP 800-38D,
//! 8.3); and they stay good when a disk is put back to an earlier state, where
//! a counter would begin to repeat itself.

use crate::{DataKey, SealError, TAG};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes that sealing adds to a record.
pub const RECORD_EXTRA: usize = NONCE_LEN + TAG;

/// Seals and opens records.
pub struct RecordKey(LessSafeKey);

impl RecordKey {
    /// # Panics
    /// Never: a data key has the right length.
    #[must_use]
    pub fn new(key: &DataKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("a data key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals data given in pieces, bound to `place`. `nonce` is random.
    ///
    /// # Panics
    /// When the record has more than AES-GCM's 64 GB.
    pub fn seal<'a>(
        &self,
        nonce: [u8; NONCE_LEN],
        place: &[u8],
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Vec<u8> {
        let length: usize = pieces.clone().map(<[u8]>::len).sum();
        let mut out = Vec::with_capacity(length + RECORD_EXTRA);
        out.extend_from_slice(&nonce);
        for piece in pieces {
            out.extend_from_slice(piece);
        }
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(place), &mut out[NONCE_LEN..])
            .expect("a record is far below AES-GCM's limit");
        out.extend_from_slice(tag.as_ref());
        out
    }

    /// Opens a record in place; answers its data.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open<'a>(&self, place: &[u8], record: &'a mut [u8]) -> Result<&'a mut [u8], SealError> {
        let (nonce, sealed) = record
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(SealError::Form)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0
            .open_in_place(nonce, Aad::from(place), sealed)
            .map_err(|_| SealError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_at_its_place_only_and_shows_every_change() {
        let key = RecordKey::new(&DataKey::new([1; 32]));
        let pieces = [&b"some "[..], b"bytes"];
        let sealed = key.seal([2; 12], b"here", pieces.into_iter());
        assert_eq!(sealed.len(), 10 + RECORD_EXTRA);
        assert_eq!(
            key.open(b"here", &mut sealed.clone()).unwrap(),
            b"some bytes"
        );
        assert!(key.open(b"there", &mut sealed.clone()).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"here", &mut changed).is_err(), "byte {at}");
        }
        assert_eq!(key.open(b"here", &mut [0; 5]), Err(SealError::Form));
    }
}
