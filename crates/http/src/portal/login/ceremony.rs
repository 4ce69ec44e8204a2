//! What is kept between two steps, sealed, under a random name that only the
//! browser has.

use super::{super::refusal::Refused, browser::Browser, throttle::store};
use crate::HubState;
use bildbro_domain::Digest;
use bildbro_flow::ports::portal::login::Ceremony;
use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};

/// As long as a passkey may be looked for.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// As long as someone may be at another's pages.
pub const LONG: SignedDuration = SignedDuration::from_mins(15);

/// Longer names are none of ours.
const LONGEST: usize = 64;

fn place(kind: &str, id: Digest) -> String {
    format!("ceremony {kind} {id}")
}

/// Keeps it for five minutes, and answers its name.
pub async fn keep(
    state: &HubState,
    browser: &Browser,
    kind: &'static str,
    value: &impl Serialize,
) -> Result<String, Refused> {
    keep_for(state, browser, kind, value, LIFE).await
}

pub async fn keep_for(
    state: &HubState,
    browser: &Browser,
    kind: &'static str,
    value: &impl Serialize,
    life: SignedDuration,
) -> Result<String, Refused> {
    let name = bildbro_identity::token::generate();
    let id = Digest::of(name.as_bytes());
    let at = browser.caller.at;
    let ceremony = Ceremony {
        id,
        kind,
        data: state.vault.seal(&place(kind, id), value),
        expires_at: at.checked_add(life).unwrap_or(at),
    };
    let kept = state.portal.keep_ceremony(ceremony, at).await;
    kept.map_err(store)?;
    Ok(name)
}

/// What is kept by that name; it stays.
pub async fn see<T: DeserializeOwned>(
    state: &HubState,
    browser: &Browser,
    kind: &'static str,
    name: &str,
) -> Result<Option<T>, Refused> {
    let Some(id) = id(name) else {
        return Ok(None);
    };
    let found = state.portal.see_ceremony(id, kind, browser.caller.at).await;
    Ok(open(state, kind, id, found.map_err(store)?))
}

/// What was kept by that name; gone with this.
pub async fn take<T: DeserializeOwned>(
    state: &HubState,
    browser: &Browser,
    kind: &'static str,
    name: &str,
) -> Result<Option<T>, Refused> {
    let Some(id) = id(name) else {
        return Ok(None);
    };
    let found = state
        .portal
        .take_ceremony(id, kind, browser.caller.at)
        .await;
    Ok(open(state, kind, id, found.map_err(store)?))
}

fn id(name: &str) -> Option<Digest> {
    let good = (1..=LONGEST).contains(&name.len());
    good.then(|| Digest::of(name.as_bytes()))
}

fn open<T: DeserializeOwned>(
    state: &HubState,
    kind: &str,
    id: Digest,
    sealed: Option<String>,
) -> Option<T> {
    // What does not open, of an earlier version perhaps, is as good as over.
    state.vault.open(&place(kind, id), &sealed?).ok()
}
