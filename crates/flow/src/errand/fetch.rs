//! A fetch: a node is let to send a study to this gateway.

use super::{Errands, TurnError, failed, nothing_new};
use crate::ports::gateway::{HubError, NodeError};
use bildbro_domain::{
    ErrorClass,
    audit::Action,
    share::{Failure, Priority},
};
use bildbro_wire::errand::{Errand, ErrandEnd, FetchStudy, Found, Moved};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How far it has come is told this often at most, and the lease renewed this
/// often at least, also while it waits for its turn.
const TELL_EVERY: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

impl Errands {
    pub(super) async fn fetch(
        &self,
        errand: &Errand,
        wanted: &FetchStudy,
        stopping: CancellationToken,
    ) -> Result<(), TurnError> {
        let (say, heard) = watch::channel(None);
        let each = |moved| {
            say.send_replace(Some(moved));
        };
        let fetching = async {
            let _turn = match wanted.priority {
                Priority::Emergency => None,
                _ => self.fetches.acquire().await.ok(),
            };
            let (node, study) = (&wanted.node, &wanted.study_uid);
            self.nodes.fetch(node, study, &each).await
        };
        let done = tokio::select! {
            done = fetching => done,
            told = self.tell_progress(errand, heard) => {
                // Nobody waits for it. What is under way from the node comes
                // all the same, and waits in "to share".
                self.record_fetch(wanted, false).await?;
                return Ok(told?);
            }
            () = stopping.cancelled() => return self.record_fetch(wanted, false).await,
        };
        let end = how_it_ended(&done);
        let well = matches!(end, ErrandEnd::Done { .. });
        self.record_fetch(wanted, well).await?;
        if let Err(error) = &done {
            tracing::warn!(node = wanted.node, failure = ?error.failure, "errand.fetch_failed");
        }
        let found = Found {
            moved: done.ok(),
            end: Some(end),
            ..nothing_new(errand)
        };
        self.tell(&found).await?;
        Ok(())
    }

    /// Tells the hub how far it has come, until nobody waits for it any more.
    async fn tell_progress(
        &self,
        errand: &Errand,
        mut heard: watch::Receiver<Option<Moved>>,
    ) -> Result<(), HubError> {
        loop {
            // What it says does not matter: quiet, or news.
            let _news = timeout(KEEP_ALIVE, heard.changed()).await;
            let found = Found {
                moved: *heard.borrow_and_update(),
                ..nothing_new(errand)
            };
            if !self.tell(&found).await?.go_on {
                return Ok(());
            }
            sleep(TELL_EVERY).await;
        }
    }

    async fn record_fetch(&self, wanted: &FetchStudy, well: bool) -> Result<(), TurnError> {
        let mut entry = self.entry(Action::Fetch, well);
        entry.studies = vec![wanted.study_uid.clone()];
        entry.detail = Some(format!("node {}", wanted.node));
        Ok(self.record(entry).await?)
    }
}

fn how_it_ended(done: &Result<Moved, NodeError>) -> ErrandEnd {
    match done {
        Ok(moved) if moved.completed > 0 && moved.failed == 0 => ErrandEnd::Done { cut: false },
        Ok(_) => failed(ErrorClass::Transient, Failure::NotSent),
        Err(error) => failed(error.class, error.failure),
    }
}
