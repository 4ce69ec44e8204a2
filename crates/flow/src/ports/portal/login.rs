//! Log-in: sessions, second factors, what is kept between two steps.

use super::{Answer, Caller, StoreError};
use async_trait::async_trait;
use bildbro_domain::{
    Digest, MemberId, SessionId, audit::Action, member::Level, permission::Permission,
};
use jiff::Timestamp;

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    /// Without a request.
    pub idle: jiff::SignedDuration,
    /// In any case.
    pub whole: jiff::SignedDuration,
}

impl Default for SessionLife {
    fn default() -> Self {
        Self {
            idle: jiff::SignedDuration::from_mins(30),
            whole: jiff::SignedDuration::from_hours(12),
        }
    }
}

/// A session about to begin, or to go on under a new token at a higher level.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of the token.
    pub token: Digest,
    pub member: MemberId,
    pub level: Level,
    /// password, oidc or bankid.
    pub means: &'static str,
    pub life: SessionLife,
    pub from: String,
    /// What the browser calls itself, cut short.
    pub agent: String,
    pub at: Timestamp,
}

/// What a route asks of whoever calls, before anything of the request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A session, however far it has come.
    Session,
    /// Logged in.
    Member,
    /// Logged in, with a role that gives this where they act. Refused in the
    /// name of the action, if it has one.
    Permission(Permission, Option<Action>),
}

#[async_trait]
pub trait Login: Send + Sync + 'static {
    /// Begins a session; that someone has logged in is on record when it is of
    /// [`Level::Full`].
    /// Whether the caller may come in at all; a no is on record. Renews the
    /// session's idle time. Each use-case then decides for itself, in its own
    /// transaction.
    async fn may(&self, caller: &Caller, need: Need, life: SessionLife) -> Answer<()>;
    async fn begin_session(&self, new: NewSession) -> Result<SessionId, StoreError>;
}
