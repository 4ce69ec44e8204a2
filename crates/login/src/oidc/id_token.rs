//! Verifying ID tokens (OpenID Connect Core 3.1.3.7).

use super::error::IdTokenError;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// How far two clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// Longest ID token, in bytes.
const LONGEST: usize = 64 << 10;

pub(super) type Claims = Map<String, Value>;

/// What a good ID token of one login says.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// When the login began.
    pub started: Timestamp,
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
}

/// The header of a token that may be verified.
pub(super) fn header(jwt: &str) -> Result<Header, IdTokenError> {
    if jwt.len() > LONGEST {
        return Err(IdTokenError::Form);
    }
    let header = jsonwebtoken::decode_header(jwt).map_err(|error| match error.kind() {
        // Among them “none”.
        ErrorKind::Json(_) => IdTokenError::Algorithm,
        _ => IdTokenError::Form,
    })?;
    // What must be understood, and is not, is refused (RFC 7515 4.1.11).
    if header.crit.is_some() {
        return Err(IdTokenError::Form);
    }
    match header.alg {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => Ok(header),
        _ => Err(IdTokenError::Algorithm),
    }
}

/// The key that a header means: by its name, or the only one that fits.
pub(super) fn key<'a>(header: &Header, keys: &'a [Jwk]) -> Option<&'a Jwk> {
    let mut fitting = keys.iter().filter(|key| {
        let named = header.kid.is_none() || key.common.key_id == header.kid;
        named && fits(key, header.alg)
    });
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Some(key),
        _ => None,
    }
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let (kind, own) = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => (true, KeyAlgorithm::RS256),
        (AlgorithmParameters::RSA(_), Algorithm::PS256) => (true, KeyAlgorithm::PS256),
        (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES256) => {
            (ec.curve == EllipticCurve::P256, KeyAlgorithm::ES256)
        }
        _ => return false,
    };
    let common = &key.common;
    kind && common.key_algorithm.is_none_or(|named| named == own)
        && common
            .public_key_use
            .as_ref()
            .is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
}

/// The claims of a token that holds.
pub(super) fn verify(
    jwt: &str,
    header: &Header,
    key: &Jwk,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Claims, IdTokenError> {
    let key = DecodingKey::from_jwk(key).map_err(|_| IdTokenError::Key)?;
    let mut rules = Validation::new(header.alg);
    // The claims are checked below, with the clock that comes in.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(jwt, &key, &rules)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => IdTokenError::Signature,
            ErrorKind::InvalidAlgorithm => IdTokenError::Algorithm,
            _ => IdTokenError::Form,
        })?
        .claims;
    check(&claims, expected, now)?;
    Ok(claims)
}

fn check(claims: &Claims, expected: &Expected<'_>, now: Timestamp) -> Result<(), IdTokenError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    if !is_for(claims, expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    if !in_time(claims, expected.started, now) {
        return Err(IdTokenError::Life);
    }
    let nonce = text("nonce").unwrap_or_default();
    if !same(nonce, expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    if let (Some(hash), Some(token)) = (claims.get("at_hash"), expected.access_token) {
        // Half of SHA-256, the hash of all three algorithms (3.1.3.6).
        let half = BASE64URL_NOPAD.encode(&Sha256::digest(token.as_bytes())[..16]);
        if hash.as_str() != Some(&half) {
            return Err(IdTokenError::AccessToken);
        }
    }
    let subject = text("sub").unwrap_or_default();
    if !(1..=255).contains(&subject.len()) || !subject.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Err(IdTokenError::Subject);
    }
    Ok(())
}

/// Whether the token is for this client: it is an audience, and when there are
/// others, the one that the token was given to.
fn is_for(claims: &Claims, client_id: &str) -> bool {
    let (ours, alone) = match claims.get("aud") {
        Some(Value::String(one)) => (one == client_id, true),
        Some(Value::Array(many)) => (
            many.iter().any(|one| one == client_id),
            many.iter().all(|one| one == client_id),
        ),
        _ => (false, false),
    };
    let given = match claims.get("azp") {
        None => alone,
        Some(party) => party == client_id,
    };
    ours && given
}

fn in_time(claims: &Claims, started: Timestamp, now: Timestamp) -> bool {
    let second = |name: &str| claims.get(name).and_then(Value::as_i64);
    let (Some(expires), Some(issued)) = (second("exp"), second("iat")) else {
        return false;
    };
    let now = now.as_second();
    let begun = claims
        .get("nbf")
        .is_none_or(|start| start.as_i64().is_some_and(|start| start <= now + LEEWAY));
    // One made before this login began was made for another.
    expires > now - LEEWAY
        && issued <= now + LEEWAY
        && issued >= started.as_second() - LEEWAY
        && begun
}

/// Compared in a time that says nothing of where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    !b.is_empty() && verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}
