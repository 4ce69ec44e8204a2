//! Errands at the hub: hands them to gateways that ask, and takes what they find.
//!
//! They lie sealed in the database, so that whichever process a gateway reaches
//! can hand them out, and whichever one a person waits at can read what came.

use crate::{
    clock::Clock,
    ports::{
        StoreError,
        errands::{SealedFound, finding_place, task_place},
        hub::{Call, HubStore},
        portal::search::Finding,
    },
    vault::Vault,
    work::{LONGEST_WAIT, Wake},
};
use bildbro_domain::{ErrorClass, policy::Subject, share::Failure};
use bildbro_wire::errand::{Errand, ErrandEnd, Found, FoundReply};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How often a waiting request looks at the database without being woken.
const POLL: Duration = Duration::from_secs(1);

/// The hub's side of errands.
#[derive(Clone)]
pub struct Dispatch {
    pub store: Arc<dyn HubStore>,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub wake: Wake,
}

impl Dispatch {
    /// Claims an errand for the asking gateway, waiting up to `wait` for one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(
        &self,
        subject: &Subject,
        wait: Duration,
        urgent_only: bool,
    ) -> Result<Option<Errand>, StoreError> {
        let deadline = Instant::now() + wait.min(LONGEST_WAIT);
        let mut changes = self.wake.subscribe();
        loop {
            let call = self.call(subject);
            if let Some(claimed) = self.store.claim_errand(&call, urgent_only).await? {
                let place = task_place(subject.gateway);
                if let Ok(task) = self.vault.open(&place, &claimed.task) {
                    self.wake.all();
                    return Ok(Some(Errand {
                        id: claimed.id,
                        claim: claimed.claim,
                        lease_until: claimed.lease_until,
                        attempts: claimed.attempts,
                        task,
                    }));
                }
                tracing::error!(errand = %claimed.id, "errand.does_not_open");
                let failed = SealedFound {
                    errand: claimed.id,
                    claim: claimed.claim,
                    findings: Vec::new(),
                    moved: None,
                    end: Some(ErrandEnd::Failed {
                        class: ErrorClass::Permanent,
                        failure: Failure::Internal,
                    }),
                };
                self.store.found(&call, &failed, 0.0).await?;
                continue;
            }
            let next_look = deadline.min(Instant::now() + POLL);
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
    }

    /// Keeps what a gateway has found, sealed. `random` in `[0, 1)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn found(
        &self,
        subject: &Subject,
        found: Found,
        random: f64,
    ) -> Result<FoundReply, StoreError> {
        let place = finding_place(found.errand);
        let studies = found
            .studies
            .into_iter()
            .map(|study| Finding::Study(Box::new(study)));
        let problems = found.problems.into_iter().map(Finding::Problem);
        let sealed = SealedFound {
            errand: found.errand,
            claim: found.claim,
            findings: studies
                .chain(problems)
                .map(|finding| self.vault.seal(&place, &finding))
                .collect(),
            moved: found.moved,
            end: found.end,
        };
        let reply = self
            .store
            .found(&self.call(subject), &sealed, random)
            .await?;
        self.wake.all();
        Ok(reply)
    }

    fn call(&self, subject: &Subject) -> Call {
        Call {
            subject: subject.clone(),
            at: self.clock.now(),
        }
    }
}
