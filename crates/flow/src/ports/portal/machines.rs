//! Machines with an account: keys, scopes, tokens.
//!
//! Only public keys are kept. A machine that is revoked, or has lost a key, has
//! no token from that moment on.

use super::log::AUDIT_EVENT;
use super::{super::StoreError, Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::{Digest, MachineId, OrganisationId};
use jiff::Timestamp;

/// A public key as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub kid: String,
    /// ES256, ES384 or RS384.
    pub alg: String,
    /// A JWK (RFC 7517) of the public key alone.
    pub jwk: String,
}

#[derive(Debug, Clone)]
pub struct NewMachine {
    pub name: String,
    /// Words, separated by spaces.
    pub scopes: String,
    pub keys: Vec<NewKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    pub kid: String,
    /// A JWK.
    pub jwk: String,
    pub added_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineView {
    pub id: MachineId,
    pub name: String,
    pub scopes: String,
    pub active: bool,
    pub created_at: Timestamp,
    pub last_seen: Option<Timestamp>,
    pub keys: Vec<KeyView>,
}

/// What a machine that logs in is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineKeys {
    /// Words, separated by spaces.
    pub scopes: String,
    /// JWKs of the keys that are good now.
    pub jwks: Vec<String>,
}

/// A machine that calls, with a token that is good now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSubject {
    pub machine: MachineId,
    pub organisation: OrganisationId,
    /// Words, separated by spaces.
    pub scopes: String,
}

impl ServiceSubject {
    /// Whether its token is good for searching the log.
    #[must_use]
    pub fn reads_the_log(&self) -> bool {
        self.scopes.split(' ').any(|scope| scope == AUDIT_EVENT)
    }
}

/// A token about to be handed out.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// SHA-256 of the token.
    pub token: Digest,
    pub machine: MachineId,
    /// Which key proved it.
    pub kid: String,
    pub scopes: String,
    pub at: Timestamp,
    pub expires: Timestamp,
}

#[async_trait]
pub trait Machines: Send + Sync + 'static {
    async fn machines(&self, caller: &Caller) -> Answer<Vec<MachineView>>;

    async fn add_machine(&self, caller: &Caller, new: &NewMachine) -> Answer<MachineId>;

    async fn add_machine_key(
        &self,
        caller: &Caller,
        machine: MachineId,
        key: &NewKey,
    ) -> Answer<()>;

    async fn remove_machine_key(
        &self,
        caller: &Caller,
        machine: MachineId,
        kid: &str,
    ) -> Answer<()>;

    async fn revoke_machine(&self, caller: &Caller, machine: MachineId) -> Answer<()>;

    /// `None`: there is no such machine, it was revoked, or its organisation
    /// closed.
    async fn machine_keys(&self, machine: MachineId) -> Result<Option<MachineKeys>, StoreError>;

    /// Whether the token counts: not if machine or key were revoked meanwhile.
    async fn put_machine_token(&self, new: &NewToken) -> Result<bool, StoreError>;

    async fn service_subject(
        &self,
        token: Digest,
        at: Timestamp,
    ) -> Result<Option<ServiceSubject>, StoreError>;
}
