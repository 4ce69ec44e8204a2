//! Keys that seal data, and keys that wrap keys.

use crate::SealError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a key.
const LENGTH: usize = 32;

/// Bytes of an authentication tag.
const TAG: usize = 16;

/// A key for data. Wiped when dropped, and never printed.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; LENGTH]>);

impl DataKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(random: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// # Errors
    /// [`SealError::Form`] unless there are 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SealError> {
        Ok(Self::new(bytes.try_into().map_err(|_| SealError::Form)?))
    }

    /// For a keeper of keys outside this program; nobody else needs it.
    #[must_use]
    pub fn expose(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// A key that only ever wraps other keys.
pub struct WrappingKey(LessSafeKey);

impl WrappingKey {
    /// # Errors
    /// [`SealError::Form`] unless there are 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Form)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// `nonce ‖ key, sealed ‖ tag`, 60 bytes. `context` names what the key is
    /// for: it opens with the same context only. `nonce` must be random.
    ///
    /// # Panics
    /// Never: the length is fixed and far below AES-GCM's limit.
    #[must_use]
    pub fn wrap(&self, key: &DataKey, context: &[u8], nonce: [u8; NONCE_LEN]) -> Vec<u8> {
        let mut out = Vec::with_capacity(NONCE_LEN + LENGTH + TAG);
        let mut sealed = key.0.to_vec();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonce_used, Aad::from(context), &mut sealed)
            .expect("32 bytes can be sealed");
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// # Errors
    /// [`SealError`].
    pub fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, SealError> {
        let (nonce, sealed) = wrapped_nonce(wrapped)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(context), &mut sealed);
        DataKey::from_slice(opened.map_err(|_| SealError::Refused)?)
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey(…)")
    }
}

/// A wrapped key's nonce, and the rest, for a keeper that opens it itself.
///
/// # Errors
/// [`SealError::Form`] when it has another length than a wrapped key.
pub fn wrapped_nonce(wrapped: &[u8]) -> Result<([u8; NONCE_LEN], &[u8]), SealError> {
    if wrapped.len() != NONCE_LEN + LENGTH + TAG {
        return Err(SealError::Form);
    }
    let (nonce, sealed) = wrapped.split_first_chunk().ok_or(SealError::Form)?;
    Ok((*nonce, sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_with_the_same_key_and_context_only() {
        let (one, other) = (WrappingKey::new(&[1; 32]), WrappingKey::new(&[2; 32]));
        let (one, other) = (one.unwrap(), other.unwrap());
        let key = DataKey::new([7; 32]);
        let wrapped = one.wrap(&key, b"study 1", [9; 12]);
        assert!(!wrapped.windows(8).any(|w| w == [7; 8]), "not in the clear");
        let opened = one.unwrap(&wrapped, b"study 1").unwrap();
        assert_eq!(opened.expose(), key.expose());
        assert_eq!(
            one.unwrap(&wrapped, b"study 2").unwrap_err(),
            SealError::Refused
        );
        assert_eq!(
            other.unwrap(&wrapped, b"study 1").unwrap_err(),
            SealError::Refused
        );
        assert_eq!(
            one.unwrap(&wrapped[1..], b"study 1").unwrap_err(),
            SealError::Form
        );
        assert_eq!(format!("{key:?}"), "DataKey(…)");
        assert_eq!(WrappingKey::new(&[1; 16]).unwrap_err(), SealError::Form);
    }
}
