//! Passkeys (W3C Web Authentication, Level 3): as the second factor of a member
//! who is known, and alone, when the authenticator itself tells who it is for.
//!
//! The user is always verified (PIN, finger, face). No attestation is asked for:
//! which make of authenticator people use is theirs to choose. Origin and
//! relying party id come from one configured public URL.
//!
//! Each exchange has a beginning and an end. Between them lies a state
//! ([`Registration`], [`Authentication`], [`Discovery`]) that holds the
//! challenge. The caller keeps it at the hub, in a row that expires after
//! [`TIMEOUT`] and is deleted before the end is judged, so that a challenge is
//! answered once, at whichever hub. It must never come back from the browser.
//!
//! Options and responses have the JSON shapes of `navigator.credentials` in
//! `@simplewebauthn/browser`: `startRegistration({ optionsJSON })` and
//! `startAuthentication({ optionsJSON })`, and what these return. What this
//! module deliberately does not do: it does not see to it that a credential id
//! belongs to one member only; the caller's table has it as its key.

use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, CreationChallengeResponse, Credential as Internals,
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;

#[cfg(test)]
mod tests;

/// How long a person has, from begin to finish.
pub const TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("a public URL for passkeys: https and a host's name, or http://localhost")]
    PublicUrl,
    #[error("beginning with passkeys: the member has none")]
    NoCredential,
    #[error("the response is for another challenge")]
    Challenge,
    #[error("the response is for another origin or site")]
    Origin,
    #[error("the authenticator did not verify who uses it")]
    Unverified,
    #[error("the response is by a passkey that the member does not have")]
    Unknown,
    /// The signature counter did not go up: there may be a copy of the
    /// authenticator (Level 3, 7.2, step 22). A person must look into it.
    #[error("the passkey's counter did not go up: it may have been copied")]
    Cloned,
    #[error("judging what the authenticator sent: {0}")]
    Refused(#[source] WebauthnError),
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        use WebauthnError as E;
        match error {
            E::MismatchedChallenge | E::ChallengeNotFound => Self::Challenge,
            E::InvalidRPOrigin | E::InvalidRPIDHash => Self::Origin,
            E::UserNotVerified | E::UserNotPresent => Self::Unverified,
            E::CredentialNotFound | E::InvalidUserUniqueId => Self::Unknown,
            E::CredentialPossibleCompromise => Self::Cloned,
            other => Self::Refused(other),
        }
    }
}

/// A member's passkey: public key, counter, and what is known of it. The value
/// is stored as JSON (about 500 bytes) and written anew after each use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(Passkey);

impl Credential {
    /// The credential id, base64url: the key to store it by.
    #[must_use]
    pub fn id(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(self.0.cred_id())
    }

    /// The signature counter; 0 at all times for passkeys that are synchronised.
    #[must_use]
    pub fn counter(&self) -> u32 {
        Internals::from(self.0.clone()).counter
    }
}

/// Between [`Passkeys::register_begin`] and `register_finish`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Registration(PasskeyRegistration);

/// Between [`Passkeys::authenticate_begin`] and `authenticate_finish`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Authentication(PasskeyAuthentication);

/// Between [`Passkeys::discover_begin`] and `discover_finish`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Discovery(DiscoverableAuthentication);

/// `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Debug)]
pub struct CreationOptions(CreationChallengeResponse);

impl Serialize for CreationOptions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.public_key.serialize(to)
    }
}

/// `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Debug)]
pub struct RequestOptions(RequestChallengeResponse);

impl Serialize for RequestOptions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.public_key.serialize(to)
    }
}

/// `RegistrationResponseJSON`. Bound the request's body; 64 KiB is plenty.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct RegistrationResponse(RegisterPublicKeyCredential);

/// `AuthenticationResponseJSON`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct AuthenticationResponse(PublicKeyCredential);

/// The hub as a relying party. Made once.
#[derive(Debug, Clone)]
pub struct Passkeys {
    webauthn: Webauthn,
}

impl Passkeys {
    /// `public_url` is what people type into the browser; its host's name is
    /// bound into every passkey, so changing it makes all of them useless.
    /// `name` is shown by the authenticator.
    ///
    /// # Errors
    /// [`PasskeyError::PublicUrl`]: another scheme, no name (an IP address), or
    /// http elsewhere than on localhost.
    pub fn new(public_url: &Url, name: &str) -> Result<Self, PasskeyError> {
        let host = public_url.domain().ok_or(PasskeyError::PublicUrl)?;
        let secure = match public_url.scheme() {
            "https" => true,
            "http" => host == "localhost",
            _ => false,
        };
        if !secure {
            return Err(PasskeyError::PublicUrl);
        }
        let webauthn = WebauthnBuilder::new(host, public_url)
            .and_then(|builder| builder.rp_name(name).timeout(TIMEOUT).build())
            .map_err(|_| PasskeyError::PublicUrl)?;
        Ok(Self { webauthn })
    }

    /// Begins adding a passkey. `member` is the user handle: it lies in the
    /// authenticator and comes back at [`Passkeys::discovered`], so it is an id
    /// that says nothing of the person. `login` and `display` are what the
    /// authenticator lists. `have` are the member's passkeys so far: none of
    /// these authenticators is taken a second time.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] for an empty `login` or `display`.
    pub fn register_begin(
        &self,
        member: Uuid,
        login: &str,
        display: &str,
        have: &[Credential],
    ) -> Result<(CreationOptions, Registration), PasskeyError> {
        let known = have.iter().map(|c| c.0.cred_id().clone()).collect();
        let (mut options, state) =
            self.webauthn
                .start_passkey_registration(member, login, display, Some(known))?;
        // Kept in the authenticator where it can, so that it can be used alone.
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
        }
        Ok((CreationOptions(options), Registration(state)))
    }

    /// Judges the authenticator's response (Level 3, 7.1).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn register_finish(
        &self,
        state: &Registration,
        response: &RegistrationResponse,
    ) -> Result<Credential, PasskeyError> {
        let passkey = self
            .webauthn
            .finish_passkey_registration(&response.0, &state.0)?;
        Ok(Credential(passkey))
    }

    /// Begins asking a known member for one of `have`.
    ///
    /// # Errors
    /// [`PasskeyError::NoCredential`] when `have` is empty.
    pub fn authenticate_begin(
        &self,
        have: &[Credential],
    ) -> Result<(RequestOptions, Authentication), PasskeyError> {
        if have.is_empty() {
            return Err(PasskeyError::NoCredential);
        }
        let passkeys: Vec<Passkey> = have.iter().map(|c| c.0.clone()).collect();
        let (options, state) = self.webauthn.start_passkey_authentication(&passkeys)?;
        Ok((RequestOptions(options), Authentication(state)))
    }

    /// Judges the authenticator's response (Level 3, 7.2). `have` are the
    /// member's passkeys as stored *now*: the counter is compared with these,
    /// since another login may have gone on since the begin. The one that was
    /// used is brought up to date; its place in `have` is returned. Write it in
    /// the same transaction in which it was read.
    ///
    /// # Errors
    /// What is wrong with it; `have` is unchanged then.
    pub fn authenticate_finish(
        &self,
        state: &Authentication,
        response: &AuthenticationResponse,
        have: &mut [Credential],
    ) -> Result<usize, PasskeyError> {
        let used = self
            .webauthn
            .finish_passkey_authentication(&response.0, &state.0)?;
        advance(have, &used)
    }

    /// Begins asking whoever is there: the authenticator offers the passkeys
    /// that it has for this site.
    ///
    /// # Errors
    /// None today that a caller could bring about.
    pub fn discover_begin(&self) -> Result<(RequestOptions, Discovery), PasskeyError> {
        let (options, state) = self.webauthn.start_discoverable_authentication()?;
        Ok((RequestOptions(options), Discovery(state)))
    }

    /// Whom the response says that it is for: look up that member's passkeys
    /// for [`Passkeys::discover_finish`]. Nothing is proved before that.
    ///
    /// # Errors
    /// [`PasskeyError::Unknown`] when it names nobody.
    pub fn discovered(&self, response: &AuthenticationResponse) -> Result<Uuid, PasskeyError> {
        let (member, _) = self
            .webauthn
            .identify_discoverable_authentication(&response.0)?;
        Ok(member)
    }

    /// As [`Passkeys::authenticate_finish`]; `have` are the passkeys of the
    /// member whom [`Passkeys::discovered`] named.
    ///
    /// # Errors
    /// What is wrong with it; `have` is unchanged then.
    pub fn discover_finish(
        &self,
        state: Discovery,
        response: &AuthenticationResponse,
        have: &mut [Credential],
    ) -> Result<usize, PasskeyError> {
        let wanted = response.0.get_credential_id();
        let stored = have
            .iter()
            .find(|c| c.0.cred_id().as_slice() == wanted)
            .ok_or(PasskeyError::Unknown)?;
        let key = DiscoverableKey::from(&stored.0);
        let used =
            self.webauthn
                .finish_discoverable_authentication_v2(&response.0, state.0, key)?;
        advance(have, &used)
    }
}

/// Level 3, 7.2, step 22, against what is stored now.
fn advance(have: &mut [Credential], used: &AuthenticationResult) -> Result<usize, PasskeyError> {
    let place = have
        .iter()
        .position(|c| c.0.cred_id() == used.cred_id())
        .ok_or(PasskeyError::Unknown)?;
    let stored = have[place].counter();
    if (used.counter() > 0 || stored > 0) && used.counter() <= stored {
        return Err(PasskeyError::Cloned);
    }
    have[place].0.update_credential(used);
    Ok(place)
}
