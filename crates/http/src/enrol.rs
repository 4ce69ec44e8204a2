//! A gateway becomes known: a one-time code against its public key.

use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{Json, extract::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use bildbro_domain::Digest;
use bildbro_flow::ports::hub::NewGateway;
use bildbro_identity::code;
use bildbro_wire::link::{Enrol, Enrolled};

/// Longest name of a gateway, in characters.
const LONGEST_NAME: usize = 100;

/// SubjectPublicKeyInfo of an uncompressed point on P-256 is 91 bytes, and all
/// but the point is always the same (RFC 5480 2.1, 2.2).
const P256_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const P256_LENGTH: usize = P256_HEAD.len() + 64;

/// A failed attempt is on record, by the store.
pub async fn enrol(
    State(state): State<HubState>,
    Message(enrol): Message<Enrol>,
) -> Result<Json<Enrolled>, ProblemResponse> {
    let name = enrol.gateway_name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(ProblemResponse::unreadable(format!(
            "The gateway's name has 1 to {LONGEST_NAME} characters, on one line."
        )));
    }
    if !is_p256(&enrol.public_key) {
        return Err(ProblemResponse::unreadable(
            "The public key is not a P-256 key as PEM (SubjectPublicKeyInfo).",
        ));
    }
    let new = NewGateway {
        code_hash: Digest::of(code::normalise(&enrol.code).as_bytes()),
        name: name.to_owned(),
        public_key: enrol.public_key,
    };
    let enrolled = state.store.redeem_code(new, state.clock.now()).await?;
    state.wake.all();
    tracing::info!(gateway = %enrolled.gateway, "gateway.enrolled");
    Ok(Json(enrolled))
}

/// Whether a PEM has the form of a public key that gateways may have. Whether
/// the point lies on the curve is found out when a signature is checked.
fn is_p256(pem: &str) -> bool {
    let body = pem
        .trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"));
    let Some(body) = body.filter(|body| body.len() < 4 * P256_LENGTH) else {
        return false;
    };
    let text: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).unwrap_or_default();
    der.len() == P256_LENGTH && der.starts_with(&P256_HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_p256_key_is_one() {
        let pem = |der: &[u8]| {
            let text = STANDARD.encode(der);
            format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
        };
        let mut der = P256_HEAD.to_vec();
        der.extend([7; 64]);
        assert!(is_p256(&pem(&der)));
        assert!(!is_p256(&pem(&der[..90])));
        der[22] = 0x22;
        assert!(!is_p256(&pem(&der)), "another curve");
        for wrong in [
            "",
            "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
            "ssh-rsa AAAA",
        ] {
            assert!(!is_p256(wrong));
        }
        assert!(!is_p256(&pem(&[0x30; 10_000])));
    }
}
