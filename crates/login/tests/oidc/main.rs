//! Logging in at identity providers: a real one (npm `oidc-provider`, a
//! certified one), and one that does all it can to get a wrong token past us.
#![expect(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod key;
mod real;
mod trouble;

use bildbro_login::oidc::{
    Callback, ClientAuthentication, Limits, Mapping, Provider, RelyingParty, Secret,
};
use jiff::Timestamp;
use std::time::Duration;

const REDIRECT: &str = "http://127.0.0.1:1/login/answer";

fn now() -> Timestamp {
    Timestamp::now()
}

/// Three values that no two logins of one test share.
fn random(seed: u8) -> [[u8; 32]; 3] {
    [1, 2, 3].map(|i| [seed.wrapping_mul(3).wrapping_add(i); 32])
}

fn party(limits: Limits) -> RelyingParty {
    // reqwest asks for a provider even when nothing is encrypted.
    let _already_set = rustls::crypto::aws_lc_rs::default_provider().install_default();
    RelyingParty::new(limits)
}

/// Far more than loopback takes, for what must come.
fn patient() -> RelyingParty {
    party(Limits {
        time: Duration::from_secs(30),
        ..Limits::default()
    })
}

fn provider(issuer: &str) -> Provider {
    Provider {
        id: "region".into(),
        issuer: issuer.to_owned(),
        client_id: "basic".into(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret: Secret::new("a secret: with + and %"),
        },
        scopes: vec!["siths".into(), "openid".into()],
        mapping: Mapping::siths(),
        acr_values: vec!["loa3".into()],
        two_factors: true,
        ca_file: None,
    }
}

fn callback(state: &str, code: &str) -> Callback {
    Callback {
        state: Some(state.to_owned()),
        code: Some(code.to_owned()),
        ..Callback::default()
    }
}
