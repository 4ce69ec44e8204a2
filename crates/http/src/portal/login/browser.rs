//! The browser that calls, and the cookies that it keeps.
//!
//! `__Host-session` is the session's token. `__Host-device` names the accounts
//! that were logged in to from this browser, sealed: a try by such a browser is
//! counted apart from those of strangers, who therefore cannot lock a colleague
//! out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//! `__Host-oidc` ties a log-in at an identity provider to this browser.

use super::super::caller::{COOKIE, address, cookie};
use crate::{HubState, problem::ProblemResponse};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use bildbro_domain::{Digest, MemberId};
use bildbro_flow::ports::portal::Caller;
use serde::{Deserialize, Serialize};

pub const DEVICE: &str = "__Host-device";
pub const OIDC: &str = "__Host-oidc";

/// Accounts that one browser is known for: those of a ward's computer.
const MOST_KNOWN: usize = 8;

/// Ten years; a browser may forget sooner.
const DEVICE_AGE: u64 = 315_360_000;

/// Half an hour is longer than a log-in at a provider may take.
const OIDC_AGE: u64 = 1800;

/// What is read of a browser's own words.
const LONGEST_AGENT: usize = 200;

/// Whoever calls, logged in or not.
#[derive(Debug, Clone)]
pub struct Browser {
    pub caller: Caller,
    pub agent: String,
    device: Device,
    pub oidc: Option<String>,
}

/// What `__Host-device` holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Device {
    /// Tells this browser from others of the same account.
    nonce: String,
    members: Vec<MemberId>,
}

impl FromRequestParts<HubState> for Browser {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &HubState,
    ) -> Result<Self, ProblemResponse> {
        let token = cookie(&parts.headers, COOKIE).unwrap_or_default();
        let device = cookie(&parts.headers, DEVICE)
            .and_then(|sealed| state.vault.open("device", sealed).ok());
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        Ok(Self {
            caller: Caller {
                token: Digest::of(token.as_bytes()),
                from: address(parts, state.behind_proxy),
                at: state.clock.now(),
            },
            agent: plain(agent.unwrap_or_default()),
            device: device.unwrap_or_default(),
            oidc: cookie(&parts.headers, OIDC).map(str::to_owned),
        })
    }
}

fn plain(agent: &str) -> String {
    let plain = agent.chars().filter(|c| !c.is_control());
    plain.take(LONGEST_AGENT).collect()
}

impl Browser {
    /// What tells this browser from others, if `member` was logged in here.
    pub fn known_for(&self, member: MemberId) -> Option<&str> {
        let known = self.device.members.contains(&member);
        known.then_some(self.device.nonce.as_str())
    }

    /// The `Set-Cookie` after which this browser is known for `member` too.
    pub fn remember(&self, state: &HubState, member: MemberId) -> HeaderValue {
        let mut device = self.device.clone();
        if device.nonce.is_empty() {
            device.nonce = bildbro_identity::token::generate();
        }
        device.members.retain(|other| *other != member);
        device.members.insert(0, member);
        device.members.truncate(MOST_KNOWN);
        let sealed = state.vault.seal("device", &device);
        set(DEVICE, &sealed, "Strict", Some(DEVICE_AGE))
    }
}

/// The session's token, for as long as the browser is open.
pub fn session(token: &str) -> HeaderValue {
    set(COOKIE, token, "Strict", None)
}

pub fn no_session() -> HeaderValue {
    set(COOKIE, "", "Strict", Some(0))
}

/// Lax: it is sent along when the provider sends the browser back.
pub fn oidc(id: &str) -> HeaderValue {
    set(OIDC, id, "Lax", Some(OIDC_AGE))
}

pub fn no_oidc() -> HeaderValue {
    set(OIDC, "", "Lax", Some(0))
}

/// Adds cookies to an answer.
pub fn with(mut response: Response, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn set(name: &str, value: &str, same_site: &str, age: Option<u64>) -> HeaderValue {
    let age = age.map_or_else(String::new, |age| format!("; Max-Age={age}"));
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{age}");
    HeaderValue::from_str(&text).expect("our own values are of base64's characters")
}
