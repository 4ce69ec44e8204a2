//! Public keys as machines' owners register them: PEM, JWK or a JWK Set.

use super::pair::pem;
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::PublicEncryptingKey,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RsaPublicKeyComponents,
        VerificationAlgorithm,
    },
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

/// Longest text that is read, and most keys in it.
const LONGEST: usize = 64 << 10;
const MOST: usize = 16;

/// Longest `kid`, in bytes.
const LONGEST_KID: usize = 128;

/// SubjectPublicKeyInfo of an uncompressed point, up to the point's
/// coordinates (RFC 5480 2.1, 2.2).
const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const P384_HEAD: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
];

/// rsaEncryption (RFC 8017 A.1), which stands near the start of an RSA key.
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];

/// Members that only a private or a shared key has (RFC 7518 6.2.2, 6.3.2, 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key is not taken. For the person who registers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error(
        "this is neither a public key as PEM (-----BEGIN PUBLIC KEY-----), nor a JWK or JWK Set"
    )]
    Form,
    #[error(
        "this is a PRIVATE key. Keep it at the machine, register its public part, and consider making a new pair, since this one was shown around"
    )]
    Private,
    #[error("this is a certificate; register the public key in it")]
    Certificate,
    #[error("RSA keys need 2048 to 8192 bits")]
    RsaSize,
    #[error("the kind of key is not taken: use RSA, or EC on P-256 or P-384")]
    Kind,
    #[error("the key itself is damaged: its numbers make no key of its kind")]
    Damaged,
    #[error("the key is not for signatures: its `use`, `key_ops` or `alg` says something else")]
    Use,
    #[error("a `kid` has 1 to 128 printable ASCII characters, and each key its own")]
    Kid,
    #[error("there are no keys in the JWK Set, or more than 16")]
    Count,
}

/// What a key is; it alone says which algorithm may be used with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    P256,
    P384,
    Rsa,
}

/// A public key that verifies ES256, ES384 or RS384, by its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The name that assertions call it by. A key without one is tried for any.
    pub kid: Option<String>,
    kind: Kind,
    /// SubjectPublicKeyInfo, DER.
    der: Vec<u8>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:?}, {:?})", self.kind, self.kid)
    }
}

impl PublicKey {
    /// Reads what someone registers: one PEM, one JWK, or a JWK Set (RFC 7517).
    ///
    /// # Errors
    /// [`PublicKeyError`]; one bad key spoils the set.
    pub fn read(text: &str) -> Result<Vec<Self>, PublicKeyError> {
        if text.len() > LONGEST {
            return Err(PublicKeyError::Form);
        }
        if !text.trim_start().starts_with('{') {
            return Self::from_pem(text, None).map(|key| vec![key]);
        }
        let value: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| PublicKeyError::Form)?;
        let Some(keys) = value.get("keys") else {
            return Self::from_jwk(&value).map(|key| vec![key]);
        };
        let keys = keys.as_array().ok_or(PublicKeyError::Form)?;
        if keys.is_empty() || keys.len() > MOST {
            return Err(PublicKeyError::Count);
        }
        let mut read: Vec<Self> = Vec::with_capacity(keys.len());
        for key in keys {
            let key = Self::from_jwk(key.as_object().ok_or(PublicKeyError::Form)?)?;
            if key.kid.is_some() && read.iter().any(|known| known.kid == key.kid) {
                return Err(PublicKeyError::Kid);
            }
            read.push(key);
        }
        Ok(read)
    }

    /// Reads a SubjectPublicKeyInfo as PEM, as [`Self::to_pem`] writes it.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_pem(text: &str, kid: Option<String>) -> Result<Self, PublicKeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(PublicKeyError::Private);
        }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(PublicKeyError::Certificate);
        }
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .filter(|body| body.len() <= LONGEST)
            .ok_or(PublicKeyError::Form)?;
        let joined: String = body.split_ascii_whitespace().collect();
        let der = BASE64
            .decode(joined.as_bytes())
            .map_err(|_| PublicKeyError::Form)?;
        Self::from_der(der, named(kid)?)
    }

    fn from_der(der: Vec<u8>, kid: Option<String>) -> Result<Self, PublicKeyError> {
        let holds = |algorithm: &'static dyn VerificationAlgorithm| {
            ParsedPublicKey::new(algorithm, &der)
                .map(|_| ())
                .map_err(|_| PublicKeyError::Damaged)
        };
        let kind = if der.starts_with(P256_HEAD) && der.len() == P256_HEAD.len() + 64 {
            holds(&ECDSA_P256_SHA256_FIXED)?;
            Kind::P256
        } else if der.starts_with(P384_HEAD) && der.len() == P384_HEAD.len() + 96 {
            holds(&ECDSA_P384_SHA384_FIXED)?;
            Kind::P384
        } else if der[..der.len().min(32)]
            .windows(RSA.len())
            .any(|part| part == RSA)
        {
            let key = PublicEncryptingKey::from_der(&der).map_err(|_| PublicKeyError::RsaSize)?;
            if !(2048..=8192).contains(&key.key_size_bits()) {
                return Err(PublicKeyError::RsaSize);
            }
            Kind::Rsa
        } else {
            return Err(PublicKeyError::Kind);
        };
        Ok(Self { kid, kind, der })
    }

    fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, PublicKeyError> {
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err(PublicKeyError::Private);
        }
        let text = |member: &str| jwk.get(member).and_then(Value::as_str);
        let number = |member: &str| {
            text(member)
                .and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
                .ok_or(PublicKeyError::Damaged)
        };
        let (der, algorithm) = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => {
                (point(P256_HEAD, 32, &number("x")?, &number("y")?)?, "ES256")
            }
            (Some("EC"), Some("P-384")) => {
                (point(P384_HEAD, 48, &number("x")?, &number("y")?)?, "ES384")
            }
            (Some("RSA"), _) => (rsa(&number("n")?, &number("e")?)?, "RS384"),
            (Some(_), _) => return Err(PublicKeyError::Kind),
            (None, _) => return Err(PublicKeyError::Form),
        };
        let operations = jwk.get("key_ops").map(|operations| {
            operations
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == "verify"))
        });
        let fits = jwk.get("use").is_none_or(|purpose| purpose == "sig")
            && jwk.get("alg").is_none_or(|alg| alg == algorithm)
            && operations != Some(false);
        if !fits {
            return Err(PublicKeyError::Use);
        }
        let kid = match jwk.get("kid") {
            None => None,
            Some(Value::String(kid)) => named(Some(kid.clone()))?,
            Some(_) => return Err(PublicKeyError::Kid),
        };
        Self::from_der(der, kid)
    }

    /// The key, SubjectPublicKeyInfo as PEM. Its `kid` is not in it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &self.der)
    }

    /// The algorithm that this key verifies, as a JWK's `alg` (RFC 7518 3.1).
    #[must_use]
    pub const fn alg(&self) -> &'static str {
        match self.kind {
            Kind::P256 => "ES256",
            Kind::P384 => "ES384",
            Kind::Rsa => "RS384",
        }
    }

    /// The one algorithm that this key verifies.
    pub(super) fn algorithm(&self) -> Algorithm {
        match self.kind {
            Kind::P256 => Algorithm::ES256,
            Kind::P384 => Algorithm::ES384,
            Kind::Rsa => Algorithm::RS384,
        }
    }

    pub(super) fn decoding(&self) -> DecodingKey {
        match self.kind {
            Kind::P256 | Kind::P384 => DecodingKey::from_ec_der(&self.der),
            Kind::Rsa => DecodingKey::from_rsa_der(&self.der),
        }
    }
}

fn named(kid: Option<String>) -> Result<Option<String>, PublicKeyError> {
    let good = kid.as_deref().is_none_or(|kid| {
        (1..=LONGEST_KID).contains(&kid.len())
            && kid.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    });
    if good {
        Ok(kid)
    } else {
        Err(PublicKeyError::Kid)
    }
}

/// Coordinates have full length, leading zeros and all (RFC 7518 6.2.1.2).
fn point(head: &[u8], length: usize, x: &[u8], y: &[u8]) -> Result<Vec<u8>, PublicKeyError> {
    if x.len() != length || y.len() != length {
        return Err(PublicKeyError::Damaged);
    }
    Ok([head, x, y].concat())
}

fn rsa(n: &[u8], e: &[u8]) -> Result<Vec<u8>, PublicKeyError> {
    let start = n.iter().position(|byte| *byte != 0).unwrap_or(n.len());
    let n = &n[start..];
    let first = n.first().ok_or(PublicKeyError::Damaged)?;
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    if !(2048..=8192).contains(&bits) {
        return Err(PublicKeyError::RsaSize);
    }
    let der: PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }
        .as_der()
        .map_err(|_| PublicKeyError::Damaged)?;
    Ok(der.as_ref().to_vec())
}
