//! Ed25519 (RFC 8032): signatures over the log's checkpoints.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a public key.
pub const PUBLIC: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE: usize = 64;

/// A key that signs.
pub struct SigningKey(Ed25519KeyPair);

/// There is no signing key in these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no Ed25519 key in PKCS#8 form")]
pub struct NoSigningKey;

impl SigningKey {
    /// Of a seed of 32 random bytes, as RFC 8032 section 5.1.5 has it.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&seed[..]).expect("any 32 bytes are a seed"))
    }

    /// PKCS#8 with or without the public key (RFC 8410, RFC 5958).
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, NoSigningKey> {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes);
        key.map(Self).map_err(|_| NoSigningKey)
    }

    #[must_use]
    pub fn public(&self) -> [u8; PUBLIC] {
        let public = self.0.public_key().as_ref();
        public.try_into().expect("an Ed25519 key has 32 bytes")
    }

    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE] {
        let signature = self.0.sign(message);
        let bytes = signature.as_ref().try_into();
        bytes.expect("an Ed25519 signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Whether the holder of this key has signed this message.
#[must_use]
pub fn is_signed(public: &[u8; PUBLIC], message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 section 7.1, test 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let bytes = |hex: &str| -> Vec<u8> {
            let pairs = (0..hex.len()).step_by(2);
            pairs
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_seed(&Zeroizing::new(seed.try_into().unwrap()));
        let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(key.public()[..], public);
        let signature = key.sign(&[0x72]);
        let expected = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(signature[..], expected);
        assert!(is_signed(&key.public(), &[0x72], &signature));
        assert!(!is_signed(&key.public(), &[0x73], &signature));
    }

    #[test]
    fn other_bytes_are_no_key() {
        for wrong in [&[][..], &[0x30], &[0; 48]] {
            assert_eq!(SigningKey::from_pkcs8(wrong).unwrap_err(), NoSigningKey);
        }
    }
}
