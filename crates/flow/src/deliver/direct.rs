//! Deliveries straight from the spool to a node, beside the hub: what used to
//! be PACS-to-PACS, with the same care and the same log.

use super::{broken_off, kinds, receipt, verified};
use crate::{
    clock::Clock,
    ports::{
        StoreError,
        gateway::{GatewayStore, Kind, Nodes, ObjectMeta, Spool, Spooled},
    },
    receive::Bell,
};
use bildbro_domain::{
    ErrorClass, InstanceUid, StudyUid,
    retry::BackOff,
    share::{Failure, Receipt},
};
use jiff::SignedDuration;
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

/// Images of one association.
const BATCH: u32 = 64;

/// How often a node's queue is looked at without being told of news.
const LOOK: Duration = Duration::from_secs(1);

/// The delivering stage for one node.
pub struct Direct {
    pub store: Arc<dyn GatewayStore>,
    pub spool: Arc<dyn Spool>,
    pub nodes: Arc<dyn Nodes>,
    pub clock: Clock,
    pub bell: Bell,
    pub settled: Bell,
    pub node: String,
}

impl Direct {
    /// Goes on until `stop` is ready.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut news = self.bell.listen();
        loop {
            let did = tokio::select! {
                did = self.turn() => did,
                () = &mut stop => return,
            };
            match did {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, node = self.node, "direct.failed"),
            }
            tokio::select! {
                _ = news.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Sends one batch of what is due. Answers whether there was any.
    ///
    /// # Errors
    /// When the index fails; the batch is then found waiting again.
    pub async fn turn(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let due = self.store.to_node(&self.node, now, BATCH).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let outcomes = self.send(&due).await;
        let failures = self.store.node_failures(&self.node).await?;
        let wait = BackOff::PEER.wait(failures + 1, rand::random());
        let now = self.clock.now();
        let retry_at = SignedDuration::try_from(wait)
            .ok()
            .and_then(|wait| now.checked_add(wait).ok())
            .unwrap_or(now);
        let outcomes: Vec<_> = due.into_iter().zip(outcomes).collect();
        let released = self
            .store
            .settle_node(&self.node, &outcomes, retry_at, now)
            .await?;
        for object in released {
            self.spool.release(object);
        }
        self.settled.ring();
        Ok(true)
    }

    /// One outcome for each image, in order.
    async fn send(&self, due: &[Spooled]) -> Vec<Receipt> {
        let held = match self.held(due).await {
            Ok(held) => held,
            Err(receipt) => return vec![receipt; due.len()],
        };
        let is_held = |s: &Spooled| {
            let header = &s.arrival.header;
            held.get(&header.study_uid)
                .is_some_and(|held| held.contains(&header.sop_uid))
        };
        let missing: Vec<Kind> = due.iter().filter(|s| !is_held(s)).map(kind_of).collect();
        let mut session = None;
        let mut broken = None;
        if !missing.is_empty() {
            match self.nodes.open(&self.node, &kinds(missing.iter())).await {
                Ok(open) => session = Some(open),
                Err(error) => broken = Some(broken_off(&error)),
            }
        }
        let mut outcomes = Vec::with_capacity(due.len());
        for spooled in due {
            let outcome = match (&broken, &mut session) {
                _ if is_held(spooled) => Receipt::AlreadyThere,
                (Some(receipt), _) => receipt.clone(),
                (None, None) => internal(),
                (None, Some(session)) => match self.spool.read(spooled.object, 0) {
                    Err(_) => internal(),
                    Ok(bytes) => {
                        let bytes = verified(bytes, spooled.digest);
                        match session.store(&meta_of(spooled), bytes).await {
                            Ok(status) => receipt(status),
                            Err(error) => {
                                let receipt = broken_off(&error);
                                if error.class != ErrorClass::Permanent {
                                    broken = Some(receipt.clone());
                                }
                                receipt
                            }
                        }
                    }
                },
            };
            outcomes.push(outcome);
        }
        if let (Some(session), None) = (session, broken) {
            session.close().await;
        }
        outcomes
    }

    /// What the node holds of each study among the images.
    async fn held(
        &self,
        due: &[Spooled],
    ) -> Result<HashMap<StudyUid, HashSet<InstanceUid>>, Receipt> {
        let mut held = HashMap::new();
        for spooled in due {
            let study = &spooled.arrival.header.study_uid;
            if !held.contains_key(study) {
                let holds = self.nodes.holds(&self.node, study).await;
                let holds = holds.map_err(|error| broken_off(&error))?;
                held.insert(study.clone(), holds.unwrap_or_default());
            }
        }
        Ok(held)
    }
}

const fn internal() -> Receipt {
    Receipt::Failed {
        class: ErrorClass::Transient,
        failure: Failure::Internal,
        status: None,
    }
}

fn kind_of(spooled: &Spooled) -> Kind {
    Kind {
        class: spooled.arrival.header.class_uid.clone(),
        syntax: spooled.arrival.syntax.clone(),
    }
}

fn meta_of(spooled: &Spooled) -> ObjectMeta {
    ObjectMeta {
        class: spooled.arrival.header.class_uid.clone(),
        sop_uid: spooled.arrival.header.sop_uid.clone(),
        syntax: spooled.arrival.syntax.clone(),
        length: spooled.length,
        source: spooled.arrival.calling.to_string(),
    }
}
