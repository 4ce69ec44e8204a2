//! Keys and signed assertions of machines.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use bildbro_domain::{Digest, GatewayId};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an assertion lives; RFC 7523 wants it short, SMART at most five
/// minutes.
const LIFE: i64 = 120;
const LONGEST_LIFE: i64 = 300;

/// How far two clocks may differ.
const LEEWAY: i64 = 60;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("a key pair cannot be made")]
    Generate,
    #[error("this is no P-256 private key as PEM (PKCS#8)")]
    Read,
}

/// An ECDSA key pair on P-256. Prints as nothing.
pub struct KeyPair {
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}

impl Drop for KeyPair {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.pkcs8);
    }
}

impl KeyPair {
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate() -> Result<Self, KeyError> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| KeyError::Generate)?;
        Self::from_pkcs8(document.as_ref()).ok_or(KeyError::Generate)
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        Some(Self {
            pkcs8: pkcs8.to_vec(),
            public: public.as_ref().to_vec(),
        })
    }

    /// Reads [`Self::to_pem`] back.
    ///
    /// # Errors
    /// [`KeyError::Read`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PRIVATE KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"))
            .ok_or(KeyError::Read)?;
        let joined: String = body.split_ascii_whitespace().collect();
        let der = BASE64
            .decode(joined.as_bytes())
            .map_err(|_| KeyError::Read)?;
        Self::from_pkcs8(&der).ok_or(KeyError::Read)
    }

    /// The private key, PKCS#8 as PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// The public key, SubjectPublicKeyInfo as PEM.
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.public)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: String,
}

/// A new assertion that whoever holds `key` is `gateway`, for `audience` (the
/// token's URL), good for two minutes, once.
#[must_use]
pub fn assertion(key: &KeyPair, gateway: GatewayId, audience: &str, now: Timestamp) -> String {
    let claims = Claims {
        iss: gateway.to_string(),
        sub: gateway.to_string(),
        aud: audience.to_owned(),
        exp: now.as_second() + LIFE,
        iat: now.as_second(),
        jti: Uuid::new_v4().to_string(),
    };
    let key = EncodingKey::from_ec_der(&key.pkcs8);
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).expect("a P-256 key signs")
}

/// A good assertion. Whether it is its first use, the caller finds out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub gateway: GatewayId,
    pub jti_hash: Digest,
    /// Until when the assertion must be remembered.
    pub expires: Timestamp,
}

/// Why an assertion is not good; for the log, not for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    #[error("the assertion is no JWT signed with ES256")]
    Form,
    #[error("the assertion's issuer is no known gateway")]
    Issuer,
    #[error("the assertion's signature or claims do not hold")]
    Invalid,
    #[error("the assertion lives too long, or is from the future")]
    Life,
}

/// Verifies an assertion with the public key that `key` knows for its issuer.
///
/// # Errors
/// [`AssertionError`].
pub fn verify_assertion(
    jwt: &str,
    key: impl FnOnce(GatewayId) -> Option<String>,
    audience: &str,
    now: Timestamp,
) -> Result<Verified, AssertionError> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|_| AssertionError::Form)?;
    if header.alg != Algorithm::ES256 {
        return Err(AssertionError::Form);
    }
    let issuer = unverified_issuer(jwt).ok_or(AssertionError::Issuer)?;
    let pem = key(issuer).ok_or(AssertionError::Issuer)?;
    let key = DecodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| AssertionError::Issuer)?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[issuer.to_string()]);
    rules.sub = Some(issuer.to_string());
    rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // The clock comes in from outside; times are checked below.
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(jwt, &key, &rules)
        .map_err(|_| AssertionError::Invalid)?
        .claims;
    let second = now.as_second();
    let in_time = claims.exp > second - LEEWAY
        && claims.exp <= second + LONGEST_LIFE + LEEWAY
        && claims.iat <= second + LEEWAY;
    if !in_time || claims.jti.is_empty() {
        return Err(AssertionError::Life);
    }
    let end = Timestamp::from_second(claims.exp).map_err(|_| AssertionError::Life)?;
    Ok(Verified {
        gateway: issuer,
        jti_hash: Digest::of(format!("{issuer} {}", claims.jti).as_bytes()),
        expires: end
            .checked_add(SignedDuration::from_secs(LEEWAY))
            .map_err(|_| AssertionError::Life)?,
    })
}

/// Which key to try; that the issuer says the truth is what it then proves.
fn unverified_issuer(jwt: &str) -> Option<GatewayId> {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(jwt).ok()?;
    claims.claims.iss.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIENCE: &str = "https://hub.example/oauth/token";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn gateway() -> GatewayId {
        GatewayId(Uuid::from_u128(7))
    }

    fn verify(
        jwt: &str,
        key: &KeyPair,
        audience: &str,
        at: i64,
    ) -> Result<Verified, AssertionError> {
        let at = now() + SignedDuration::from_secs(at);
        verify_assertion(jwt, |_| Some(key.public_pem()), audience, at)
    }

    #[test]
    fn a_good_assertion_names_its_gateway() {
        let key = KeyPair::from_pem(&KeyPair::generate().unwrap().to_pem()).unwrap();
        let jwt = assertion(&key, gateway(), AUDIENCE, now());
        let verified = verify(&jwt, &key, AUDIENCE, 1).unwrap();
        assert_eq!(verified.gateway, gateway());
        let again = verify(
            &assertion(&key, gateway(), AUDIENCE, now()),
            &key,
            AUDIENCE,
            1,
        )
        .unwrap();
        assert_ne!(again.jti_hash, verified.jti_hash, "each is used once");
    }

    #[test]
    fn another_key_audience_or_time_is_refused() {
        let key = KeyPair::generate().unwrap();
        let jwt = assertion(&key, gateway(), AUDIENCE, now());
        let other = KeyPair::generate().unwrap();
        assert_eq!(
            verify(&jwt, &other, AUDIENCE, 1),
            Err(AssertionError::Invalid)
        );
        let elsewhere = "https://other.example/oauth/token";
        assert_eq!(
            verify(&jwt, &key, elsewhere, 1),
            Err(AssertionError::Invalid)
        );
        assert_eq!(
            verify(&jwt, &key, AUDIENCE, LIFE + LEEWAY),
            Err(AssertionError::Life)
        );
        assert_eq!(
            verify(&jwt, &key, AUDIENCE, -LEEWAY - 301),
            Err(AssertionError::Life)
        );
    }

    #[test]
    fn other_algorithms_are_refused() {
        let key = KeyPair::generate().unwrap();
        let jwt = assertion(&key, gateway(), AUDIENCE, now());
        let claims = jwt.split('.').nth(1).unwrap();
        let head = |json: &str| data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
        let none = format!("{}.{claims}.", head(r#"{"alg":"none"}"#));
        assert_eq!(verify(&none, &key, AUDIENCE, 1), Err(AssertionError::Form));

        // The public key, which an attacker knows, as a shared secret.
        let claims: serde_json::Value = serde_json::from_slice(
            &data_encoding::BASE64URL_NOPAD
                .decode(claims.as_bytes())
                .unwrap(),
        )
        .unwrap();
        let secret = EncodingKey::from_secret(key.public_pem().as_bytes());
        let shared =
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
        assert_eq!(
            verify(&shared, &key, AUDIENCE, 1),
            Err(AssertionError::Form)
        );
        for garbage in ["", "a.b.c", "....", "å"] {
            assert!(verify(garbage, &key, AUDIENCE, 1).is_err());
        }
    }
}
