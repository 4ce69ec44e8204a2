//! Signed assertions: a machine says who it is, once, for a short time.

use super::{KeyPair, PublicKey};
use bildbro_domain::{Digest, GatewayId, MachineId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an assertion lives; RFC 7523 wants it short, SMART at most five
/// minutes.
pub(super) const LIFE: i64 = 120;
const LONGEST_LIFE: i64 = 300;

/// How far two clocks may differ.
pub(super) const LEEWAY: i64 = 60;

/// Longest assertion, in bytes: twice what RSA of 8192 bits needs.
pub(super) const LONGEST: usize = 8 << 10;

/// Most keys of one machine that are tried.
const MOST_KEYS: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    /// Not asked for by SMART.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    jti: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// An assertion that is good elsewhere too could be passed on from there.
    fn is_only(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == audience),
        }
    }
}

/// A new assertion that whoever holds `key` is `gateway`, for `audience` (the
/// token's URL), good for two minutes, once.
#[must_use]
pub fn assertion(key: &KeyPair, gateway: GatewayId, audience: &str, now: Timestamp) -> String {
    let claims = Claims {
        iss: gateway.to_string(),
        sub: gateway.to_string(),
        aud: Audience::One(audience.to_owned()),
        exp: now.as_second() + LIFE,
        iat: Some(now.as_second()),
        nbf: None,
        jti: Uuid::new_v4().to_string(),
    };
    let key = EncodingKey::from_ec_der(key.pkcs8());
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).expect("a P-256 key signs")
}

/// A gateway's good assertion. Whether it is its first use, the caller finds out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub gateway: GatewayId,
    pub jti_hash: Digest,
    /// Until when the assertion must be remembered.
    pub expires: Timestamp,
}

/// A machine's good assertion. Whether it is its first use, the caller finds out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedMachine {
    pub machine: MachineId,
    /// Which key it was, when that has a name.
    pub kid: Option<String>,
    pub jti_hash: Digest,
    /// Until when the assertion must be remembered.
    pub expires: Timestamp,
}

/// Why an assertion is not good; for the log, not for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    #[error("the assertion is longer than 8 KiB")]
    TooLong,
    #[error("the assertion is no JWT signed with ES256, ES384 or RS384")]
    Form,
    #[error("the assertion's issuer is no known machine")]
    Issuer,
    #[error("the machine has no key of the assertion's kid and algorithm")]
    Key,
    #[error("the assertion's signature does not hold")]
    Signature,
    #[error("the assertion is not for this token URL alone")]
    Audience,
    #[error("the assertion's claims are not those of RFC 7523")]
    Claims,
    #[error("the assertion lives too long, is over, or is from the future")]
    Life,
}

/// Verifies a gateway's assertion with the public key, as PEM, that `key`
/// knows for its issuer.
///
/// # Errors
/// [`AssertionError`].
pub fn verify_assertion(
    jwt: &str,
    key: impl FnOnce(GatewayId) -> Option<String>,
    audience: &str,
    now: Timestamp,
) -> Result<Verified, AssertionError> {
    let keys = |machine: MachineId| {
        let pem = key(GatewayId(machine.0))?;
        PublicKey::from_pem(&pem, None).ok()
    };
    let verified = verify_machine(
        jwt,
        |machine| keys(machine).into_iter().collect(),
        audience,
        now,
    )?;
    Ok(Verified {
        gateway: GatewayId(verified.machine.0),
        jti_hash: verified.jti_hash,
        expires: verified.expires,
    })
}

/// Verifies an assertion with the active public keys that `keys` knows for its
/// issuer: none when there is no such machine. An assertion that names a `kid`
/// is verified by the key of that name, or by one that has no name; one that
/// names none, by any key of the right kind.
///
/// `audience` is the token's URL, to the letter.
///
/// # Errors
/// [`AssertionError`].
pub fn verify_machine(
    jwt: &str,
    keys: impl FnOnce(MachineId) -> Vec<PublicKey>,
    audience: &str,
    now: Timestamp,
) -> Result<VerifiedMachine, AssertionError> {
    if jwt.len() > LONGEST {
        return Err(AssertionError::TooLong);
    }
    let header = header(jwt)?;
    let machine = unverified_issuer(jwt).ok_or(AssertionError::Issuer)?;
    let mut keys = keys(machine);
    if keys.is_empty() {
        return Err(AssertionError::Issuer);
    }
    keys.truncate(MOST_KEYS);
    keys.retain(|key| {
        let named = match (&header.kid, &key.kid) {
            (Some(wanted), Some(kid)) => wanted == kid,
            _ => true,
        };
        named && key.algorithm() == header.alg
    });
    let (claims, kid) = claims(jwt, keys)?;
    let own = machine.to_string();
    if claims.iss != own || claims.sub != own || claims.jti.is_empty() {
        return Err(AssertionError::Claims);
    }
    if !claims.aud.is_only(audience) {
        return Err(AssertionError::Audience);
    }
    Ok(VerifiedMachine {
        machine,
        kid,
        jti_hash: Digest::of(format!("{machine} {}", claims.jti).as_bytes()),
        expires: remembered(&claims, now).ok_or(AssertionError::Life)?,
    })
}

fn header(jwt: &str) -> Result<Header, AssertionError> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|_| AssertionError::Form)?;
    let taken = matches!(
        header.alg,
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::RS384
    );
    // Another type means another use of the same key, such as an access token.
    let typed = header.typ.as_deref().is_none_or(|typ| {
        typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("client-authentication+jwt")
    });
    // What must be understood, and is not, is refused (RFC 7515 4.1.11).
    if taken && typed && header.crit.is_none() {
        Ok(header)
    } else {
        Err(AssertionError::Form)
    }
}

/// The claims, and the name of the key whose signature they carry.
fn claims(jwt: &str, keys: Vec<PublicKey>) -> Result<(Claims, Option<String>), AssertionError> {
    let mut last = AssertionError::Key;
    for key in keys {
        let mut rules = Validation::new(key.algorithm());
        // The clock and the audience come in from outside; the caller checks.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        match jsonwebtoken::decode::<Claims>(jwt, &key.decoding(), &rules) {
            Ok(good) => return Ok((good.claims, key.kid)),
            Err(error) => {
                last = match error.kind() {
                    ErrorKind::InvalidSignature => AssertionError::Signature,
                    _ => return Err(AssertionError::Claims),
                }
            }
        }
    }
    Err(last)
}

/// Until when the assertion must be remembered, when its times are good.
fn remembered(claims: &Claims, now: Timestamp) -> Option<Timestamp> {
    let second = now.as_second();
    let latest = second.checked_add(LEEWAY)?;
    let in_time = claims.exp > second.checked_sub(LEEWAY)?
        && claims.exp <= latest.checked_add(LONGEST_LIFE)?
        && claims.iat.is_none_or(|issued| issued <= latest)
        && claims.nbf.is_none_or(|start| start <= latest);
    if !in_time {
        return None;
    }
    let end = Timestamp::from_second(claims.exp).ok()?;
    end.checked_add(SignedDuration::from_secs(LEEWAY)).ok()
}

/// Whose keys to try; that the issuer says the truth is what they then prove.
fn unverified_issuer(jwt: &str) -> Option<MachineId> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let claims = jsonwebtoken::dangerous::insecure_decode::<Issuer>(jwt).ok()?;
    claims.claims.iss.parse().ok()
}
