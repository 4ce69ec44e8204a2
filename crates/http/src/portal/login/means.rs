//! What log-in works with besides the database. One for the whole process.

use super::super::refusal::Refused;
use crate::problem::ProblemResponse;
use bildbro_login::{
    oidc::{Limits, RelyingParty},
    passkey::Passkeys,
    password::{self, Password},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::available_parallelism,
    time::Duration,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use url::Url;

/// Whoever waits longer for a free core is asked to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the authenticator shows.
const NAME: &str = "Bildbro";

/// Passkeys for the hub's address, identity providers, and room for hashing.
pub struct LoginMeans {
    /// `None`: the address has no name that a passkey could be bound to.
    pub(super) passkeys: Option<Passkeys>,
    pub(super) relying_party: RelyingParty,
    hashing: Arc<Semaphore>,
    hashed: AtomicU64,
}

impl fmt::Debug for LoginMeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginMeans")
    }
}

impl LoginMeans {
    /// `public_url` is what people type into the browser.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        let url = Url::parse(public_url).ok();
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            passkeys: url.and_then(|url| Passkeys::new(&url, NAME).ok()),
            relying_party: RelyingParty::new(Limits::default()),
            hashing: Arc::new(Semaphore::new(cores)),
            hashed: AtomicU64::new(0),
        }
    }

    /// How many passwords were hashed so far, to check or to keep.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Whether it is the password that `stored` was made of. Without one it
    /// takes as long, and is not.
    pub async fn is_password(
        &self,
        typed: Password,
        stored: Option<String>,
    ) -> Result<bool, Refused> {
        self.hash(move || match stored {
            Some(stored) => password::verify(&typed, &stored).unwrap_or_else(|error| {
                tracing::error!(%error, "login.password_unreadable");
                false
            }),
            None => password::verify_nobody(&typed),
        })
        .await
    }

    /// A new password as it is kept.
    pub async fn hash_new(&self, typed: Password) -> Result<String, Refused> {
        let hash = self.hash(move || password::hash(&typed)).await?;
        hash.map_err(|error| {
            tracing::error!(%error, "login.password_not_hashed");
            ProblemResponse::internal().into()
        })
    }

    /// Keeps a core busy, if one is to be had.
    async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let busy = || Refused::from(ProblemResponse::busy("Many log in at once; try again."));
        let room = timeout(PATIENCE, Arc::clone(&self.hashing).acquire_owned()).await;
        let Ok(Ok(room)) = room else {
            return Err(busy());
        };
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let done = spawn_blocking(move || {
            let done = work();
            drop(room);
            done
        });
        done.await.map_err(|_| busy())
    }
}
