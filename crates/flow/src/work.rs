//! Stage 5a at the hub: hands work to gateways that ask, and takes their
//! receipts.
//!
//! Work lies in the database, claimed by lease, so that it survives any
//! process; a [`Wake`] only makes waiting shorter, and losing one costs a poll.

use crate::{
    clock::Clock,
    ports::{
        StoreError,
        hub::{Call, ClaimError, HubStore},
    },
};
use bildbro_domain::policy::Subject;
use bildbro_wire::link::{DeliveryTask, Report, ReportReply};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// How often a waiting request looks at the database without being woken.
const POLL: Duration = Duration::from_secs(1);

/// Longest wait a gateway may ask for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Tells waiting requests and live pages of this process that something
/// changed.
#[derive(Clone, Debug)]
pub struct Wake(Arc<watch::Sender<u64>>);

impl Default for Wake {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Wake {
    pub fn all(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The hub's side of the delivery stage.
#[derive(Clone)]
pub struct Work {
    pub store: Arc<dyn HubStore>,
    pub clock: Clock,
    pub wake: Wake,
}

impl Work {
    /// Claims a delivery for the asking gateway, waiting up to `wait` for one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(
        &self,
        subject: &Subject,
        wait: Duration,
    ) -> Result<Option<DeliveryTask>, StoreError> {
        let deadline = Instant::now() + wait.min(LONGEST_WAIT);
        let mut changes = self.wake.subscribe();
        loop {
            let call = Call {
                subject: subject.clone(),
                at: self.clock.now(),
            };
            if let Some(task) = self.store.claim(&call).await? {
                self.wake.all();
                return Ok(Some(task));
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

    /// Takes receipts and the end of an attempt.
    ///
    /// # Errors
    /// [`ClaimError`], `Stale` when another claim has taken over.
    pub async fn report(
        &self,
        subject: &Subject,
        report: &Report,
        random: f64,
    ) -> Result<ReportReply, ClaimError> {
        let call = Call {
            subject: subject.clone(),
            at: self.clock.now(),
        };
        let reply = self.store.report(&call, report, random).await?;
        self.wake.all();
        Ok(reply)
    }
}
