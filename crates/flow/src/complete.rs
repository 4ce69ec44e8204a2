//! Stage 2, the end of a study: tells the hub when all that a PACS sends of a
//! study has come. The rule itself is [`bildbro_domain::complete`].

use crate::{
    clock::Clock,
    ports::{
        StoreError,
        gateway::{GatewayStore, Hub, Nodes, OpenStudy, Route},
    },
    receive::Bell,
};
use bildbro_domain::complete::{Count, Patience, Verdict, judge};
use bildbro_wire::link::Complete;
use std::{future::Future, sync::Arc, time::Duration};

/// The least and most time between looks.
const SOON: Duration = Duration::from_millis(200);
const LATEST: Duration = Duration::from_secs(30);

/// Judges open studies.
pub struct Completion {
    pub store: Arc<dyn GatewayStore>,
    pub hub: Arc<dyn Hub>,
    pub nodes: Arc<dyn Nodes>,
    pub clock: Clock,
    pub patience: Patience,
    pub bell: Bell,
}

impl Completion {
    /// Goes on until `stop` is ready.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut news = self.bell.listen();
        loop {
            let wait = match self.round().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "complete.failed");
                    Some(LATEST)
                }
            };
            let pause = wait.map_or(LATEST, |w| w.clamp(SOON, LATEST));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = news.changed(), if wait.is_none() => {}
                () = &mut stop => return,
            }
        }
    }

    /// Judges every open study once. Answers when to look again; `None` when
    /// no study is open.
    ///
    /// # Errors
    /// When the index fails.
    pub async fn round(&self) -> Result<Option<Duration>, StoreError> {
        let mut next: Option<Duration> = None;
        for study in self.store.open_studies().await? {
            let wait = self.look(&study).await?;
            if let Some(wait) = wait {
                next = Some(next.map_or(wait, |n| n.min(wait)));
            }
        }
        Ok(next)
    }

    async fn look(&self, study: &OpenStudy) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        let silence = Duration::try_from(now.duration_since(study.latest)).unwrap_or_default();
        let mut verdict = judge(self.patience, silence, study.received, Count::NotAsked);
        if verdict == Verdict::Ask {
            // While images still wait for the hub there is nothing to complete.
            if study.waiting > 0 {
                return Ok(Some(self.patience.quiet));
            }
            let count = self.count(study).await;
            verdict = judge(self.patience, silence, study.received, count);
        }
        match verdict {
            Verdict::Wait(wait) => Ok(Some(wait.min(self.patience.quiet.max(SOON)))),
            Verdict::Ask => Ok(Some(self.patience.quiet)),
            Verdict::Complete { expected } => {
                if self.tell(study, expected).await {
                    self.store.close_study(study, expected, now).await?;
                    Ok(None)
                } else {
                    Ok(Some(LATEST))
                }
            }
        }
    }

    /// How many images of the study the sending PACS holds.
    async fn count(&self, study: &OpenStudy) -> Count {
        let Some(node) = self.nodes.by_ae_title(&study.calling) else {
            return Count::Unknown;
        };
        match self.nodes.holds(&node, &study.study_uid).await {
            Ok(Some(held)) if !held.is_empty() => {
                Count::Images(u32::try_from(held.len()).unwrap_or(u32::MAX))
            }
            Ok(_) => Count::Unknown,
            Err(error) => {
                tracing::info!(%error, node, "complete.count_unknown");
                Count::Unknown
            }
        }
    }

    /// A study that goes straight to a node has nobody to be told.
    async fn tell(&self, study: &OpenStudy, expected: Option<u32>) -> bool {
        let Route::Hub { intent } = study.route else {
            return true;
        };
        let complete = Complete {
            study_uid: study.study_uid.clone(),
            intent,
            received: study.received,
            expected,
        };
        match self.hub.complete(&complete).await {
            Ok(()) => true,
            Err(error) => {
                tracing::info!(%error, "complete.hub_waiting");
                false
            }
        }
    }
}
