//! Links that make their holder a member, and what is answered of them.

use super::json;
use crate::{HubState, portal::caller::Caller};
use bildbro_domain::{Digest, Personal};
use bildbro_flow::{
    letter::{Letter, PLACE},
    ports::portal::members::Link,
};
use jiff::SignedDuration;

/// How long a link is good.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A new one. The token is in its URL and nowhere else.
pub fn link(state: &HubState, caller: &Caller) -> Link {
    let token = bildbro_identity::token::generate();
    let at = caller.0.at;
    Link {
        token: Digest::of(token.as_bytes()),
        url: Personal::new(format!("{}/invitation/{token}", state.public_url)),
        expires: at.checked_add(LIFE).unwrap_or(at),
    }
}

pub fn seal(state: &HubState) -> impl Fn(&Letter) -> String + Send + Sync {
    let vault = state.vault.clone();
    move |letter| vault.seal(PLACE, letter)
}

/// An invitation can be handed over by hand.
pub fn invitation(state: &HubState, link: &Link) -> json::Invitation {
    json::Invitation {
        url: Some(link.url.reveal().to_owned()),
        expires_at: link.expires,
        mailed: state.post,
    }
}

/// Someone's way back in is for them alone, where it can be sent to them.
pub fn way_back(state: &HubState, link: &Link) -> json::Invitation {
    let mut told = invitation(state, link);
    if state.post {
        told.url = None;
    }
    told
}
