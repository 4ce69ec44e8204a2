//! Deliveries that the hub has for this gateway's organisation.

use super::{
    broken_off, kinds, receipt,
    resumed::{Resumed, patiently},
    verified,
};
use crate::{
    clock::Clock,
    ports::{
        ByteStream, StoreError,
        gateway::{GatewayStore, Hub, HubError, Kind, NodeError, Nodes, ObjectMeta, StoreSession},
    },
};
use bildbro_domain::{
    ErrorClass, InstanceId, InstanceUid,
    audit::{Action, Actor, Entry, Outcome},
    retry::BackOff,
    share::{Failure, Receipt},
};
use bildbro_wire::link::{
    DeliveryTask, Encoding, End, Fetch, InstanceMeta, InstanceReceipt, Report,
};
use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use std::{
    collections::HashSet,
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;

/// Receipts are reported in groups, and at least this often, which also keeps
/// the claim alive while a large object passes.
const REPORT_EVERY: Duration = Duration::from_millis(500);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const REPORT_GROUP: usize = 64;

/// How long one request for work may wait at the hub.
const ASK: Duration = Duration::from_secs(25);

/// The delivering stage for the hub's work.
pub struct FromHub {
    pub store: Arc<dyn GatewayStore>,
    pub hub: Arc<dyn Hub>,
    pub nodes: Arc<dyn Nodes>,
    pub clock: Clock,
    /// Associations side by side for one delivery.
    pub lanes: usize,
}

/// Why a delivery was given up before its end.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one lane came to: how the whole attempt would end if all did so.
type LaneEnd = Option<(ErrorClass, Failure)>;

impl FromHub {
    /// Goes on until `stop` is ready. Several may run side by side; the hub
    /// gives each another delivery.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut failures = 0;
        loop {
            let turn = tokio::select! {
                turn = self.turn(ASK) => turn,
                () = &mut stop => return,
            };
            let wait = match turn {
                Ok(_) => {
                    failures = 0;
                    continue;
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "deliver.waiting");
                    }
                    BackOff::PEER.wait(failures, rand::random())
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Asks for one delivery and does it. Answers whether there was one.
    ///
    /// # Errors
    /// When the hub cannot be asked or told, or nothing can be recorded. What was done at the node is
    /// found there at the next attempt.
    pub async fn turn(&self, wait: Duration) -> Result<bool, TurnError> {
        let Some(task) = self.hub.work(wait).await? else {
            return Ok(false);
        };
        let Some(node) = self.nodes.for_deliveries() else {
            let end = failed(ErrorClass::Permanent, Failure::NoNode);
            self.end(&task, "", end).await?;
            return Ok(true);
        };
        tracing::info!(delivery = %task.delivery, images = task.instances.len(), node, "deliver.begin");
        let (receipts, to_report) = mpsc::channel(4 * REPORT_GROUP);
        let reporter = self.report_all(&task, &node, to_report);
        tokio::pin!(reporter);
        let end = tokio::select! {
            // The claim is gone, or the hub is: stop at once.
            stale = &mut reporter => return stale.map(|_| true),
            end = self.work(&task, &node, receipts) => end,
        };
        reporter.await?;
        self.end(&task, &node, end).await?;
        Ok(true)
    }

    async fn work(
        &self,
        task: &DeliveryTask,
        node: &str,
        receipts: mpsc::Sender<InstanceReceipt>,
    ) -> End {
        let held = match self.nodes.holds(node, &task.study_uid).await {
            Ok(held) => held.unwrap_or_default(),
            // A node that cannot even be asked is not sent to.
            Err(error) => return failed(error.class, error.failure),
        };
        let missing = settle_held(task, &held, &receipts).await;
        let lane_length = missing.len().div_ceil(self.lanes.max(1)).max(1);
        let lanes = missing
            .chunks(lane_length)
            .map(|lane| self.lane(task, node, lane, &receipts));
        join_all(lanes)
            .await
            .into_iter()
            .flatten()
            .next()
            .map_or(End::Done, |(class, failure)| failed(class, failure))
    }

    /// One association, one body from the hub, image by image.
    async fn lane(
        &self,
        task: &DeliveryTask,
        node: &str,
        lane: &[InstanceMeta],
        receipts: &mpsc::Sender<InstanceReceipt>,
    ) -> LaneEnd {
        let kinds: Vec<Kind> = lane.iter().map(kind_of).collect();
        let mut session = match self.nodes.open(node, &self::kinds(kinds.iter())).await {
            Ok(session) => session,
            Err(error) => return Some((error.class, error.failure)),
        };
        let fetch = Fetch {
            delivery: task.delivery,
            claim: task.claim,
            instances: lane.iter().map(|meta| meta.instance).collect(),
            from: 0,
            encoding: Encoding::default(),
        };
        let content = match Resumed::open(Arc::clone(&self.hub), fetch).await {
            Ok(content) => Arc::new(Mutex::new(content)),
            Err(error) => {
                tracing::warn!(%error, "deliver.no_content");
                session.close().await;
                return Some((ErrorClass::Transient, Failure::HubUnreachable));
            }
        };
        let end = pass(task, session.as_mut(), &content, receipts).await;
        session.close().await;
        end
    }

    /// Reports receipts until there are no more. Ends early when the claim is
    /// no longer ours.
    async fn report_all(
        &self,
        task: &DeliveryTask,
        node: &str,
        mut receipts: mpsc::Receiver<InstanceReceipt>,
    ) -> Result<(), TurnError> {
        let mut open = true;
        while open {
            let mut group = Vec::new();
            open = gather(&mut receipts, &mut group).await;
            if open || !group.is_empty() {
                // What lies in the node is on record here before anyone hears
                // of it: the hub's word can be lost with this process.
                self.record(task, &group).await?;
                let report = Report {
                    delivery: task.delivery,
                    claim: task.claim,
                    node: node.to_owned(),
                    receipts: group,
                    end: None,
                };
                patiently(|| self.hub.report(&report)).await?;
            }
        }
        Ok(())
    }

    async fn end(&self, task: &DeliveryTask, node: &str, end: End) -> Result<(), HubError> {
        let report = Report {
            delivery: task.delivery,
            claim: task.claim,
            node: node.to_owned(),
            receipts: Vec::new(),
            end: Some(end),
        };
        patiently(|| self.hub.report(&report)).await.map(|_| ())
    }

    /// The gateway's own record of what it stored in its node, or could not.
    ///
    /// # Errors
    /// When it cannot be recorded, for a while: then the hub must not hear of
    /// it either, and it is done again.
    async fn record(
        &self,
        task: &DeliveryTask,
        receipts: &[InstanceReceipt],
    ) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        for outcome in [Outcome::Success, Outcome::Failure] {
            let of_outcome = |receipt: &&InstanceReceipt| {
                let failed = matches!(receipt.receipt, Receipt::Failed { .. });
                failed == (outcome == Outcome::Failure)
            };
            let of_outcome = receipts.iter().filter(of_outcome);
            let instances: HashSet<_> = of_outcome.map(|r| r.instance).collect();
            if !instances.is_empty() {
                entries.push(self.entry(task, outcome, &instances));
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let recorded = patiently(|| self.store.record(&entries)).await;
        recorded.inspect_err(|error| tracing::error!(%error, "deliver.record_failed"))
    }

    fn entry(
        &self,
        task: &DeliveryTask,
        outcome: Outcome,
        instances: &HashSet<InstanceId>,
    ) -> Entry {
        let actor = Actor::Gateway { id: None };
        let mut entry = Entry::new(
            Uuid::now_v7(),
            self.clock.now(),
            Action::Deliver,
            outcome,
            actor,
        );
        entry.delivery = Some(task.delivery);
        entry.studies = vec![task.study_uid.clone()];
        entry.purpose = Some(task.purpose);
        entry.legal_mode = Some(task.legal_mode);
        entry.patient_id = task.instances.first().map(|i| i.header.patient_id.clone());
        let images = task.instances.iter();
        entry.set_images(
            images
                .filter(|i| instances.contains(&i.instance))
                .map(|i| i.digest),
        );
        entry
    }
}

const fn failed(class: ErrorClass, failure: Failure) -> End {
    End::Failed { class, failure }
}

fn kind_of(meta: &InstanceMeta) -> Kind {
    Kind {
        class: meta.header.class_uid.clone(),
        syntax: meta.syntax.clone(),
    }
}

/// Gives receipts for what the node holds; answers what is left.
async fn settle_held(
    task: &DeliveryTask,
    held: &HashSet<InstanceUid>,
    receipts: &mpsc::Sender<InstanceReceipt>,
) -> Vec<InstanceMeta> {
    let mut missing = Vec::new();
    for meta in &task.instances {
        if held.contains(&meta.header.sop_uid) {
            give(receipts, meta, Receipt::AlreadyThere).await;
        } else {
            missing.push(meta.clone());
        }
    }
    missing
}

/// Waits for receipts and, once there is one, a little longer for more, so that
/// one report carries many. An empty group after [`KEEP_ALIVE`] is a sign of
/// life. Answers false when no more will come.
async fn gather(
    receipts: &mut mpsc::Receiver<InstanceReceipt>,
    group: &mut Vec<InstanceReceipt>,
) -> bool {
    match timeout(KEEP_ALIVE, receipts.recv()).await {
        Err(_quiet) => return true,
        Ok(None) => return false,
        Ok(Some(receipt)) => group.push(receipt),
    }
    let deadline = Instant::now() + REPORT_EVERY;
    while group.len() < REPORT_GROUP {
        match timeout_at(deadline, receipts.recv()).await {
            Err(_time_is_up) => return true,
            Ok(None) => return false,
            Ok(Some(receipt)) => group.push(receipt),
        }
    }
    true
}

/// The queue closes only when the turn has been given up; the receipt is then
/// found at the node.
async fn give(receipts: &mpsc::Sender<InstanceReceipt>, meta: &InstanceMeta, receipt: Receipt) {
    let receipt = InstanceReceipt {
        instance: meta.instance,
        receipt,
    };
    let _given_up = receipts.send(receipt).await;
}

async fn pass(
    task: &DeliveryTask,
    session: &mut dyn StoreSession,
    content: &Arc<Mutex<Resumed>>,
    receipts: &mpsc::Sender<InstanceReceipt>,
) -> LaneEnd {
    loop {
        let next = content.lock().await.next().await;
        let meta = match next {
            Ok(Some(meta)) => meta,
            Ok(None) => return None,
            Err(error) => {
                tracing::warn!(%error, "deliver.content_broke_off");
                return Some((ErrorClass::Transient, Failure::HubUnreachable));
            }
        };
        // Looked at before the node hears of the image: most that are spoilt
        // are so from the first byte.
        let first = content.lock().await.chunk().await;
        if matches!(first, Err(HubError::Spoilt)) {
            give(receipts, &meta, LOST).await;
            continue;
        }
        let object = ObjectMeta {
            class: meta.header.class_uid.clone(),
            sop_uid: meta.header.sop_uid.clone(),
            syntax: meta.syntax.clone(),
            length: meta.length,
            source: task.sender.clone(),
        };
        let spoilt = Arc::new(AtomicBool::new(false));
        let bytes = chunks(first, Arc::clone(content), Arc::clone(&spoilt));
        match session.store(&object, verified(bytes, meta.digest)).await {
            Ok(status) => give(receipts, &meta, receipt(status)).await,
            Err(_) if spoilt.load(Ordering::Relaxed) => {
                give(receipts, &meta, LOST).await;
                return Some((ErrorClass::Transient, Failure::ImageLost));
            }
            Err(error) => {
                give(receipts, &meta, broken_off(&error)).await;
                if ends_lane(&error) {
                    return Some((error.class, error.failure));
                }
            }
        }
    }
}

/// The hub no longer has the image: asking again does not help.
const LOST: Receipt = Receipt::Failed {
    class: ErrorClass::Permanent,
    failure: Failure::ImageLost,
    status: None,
};

/// An object that the node does not take, or that cannot be coerced, is its
/// own trouble; anything else is the association's.
fn ends_lane(error: &NodeError) -> bool {
    !matches!(
        error.failure,
        Failure::NotAccepted | Failure::CoercionFailed | Failure::ObjectRefused
    )
}

fn chunks(
    first: Result<Option<Bytes>, HubError>,
    content: Arc<Mutex<Resumed>>,
    spoilt: Arc<AtomicBool>,
) -> ByteStream {
    let rest = stream::unfold(content, |content| async move {
        let chunk = content.lock().await.chunk().await;
        Some((chunk, content))
    });
    stream::iter([first])
        .chain(rest)
        .map(move |chunk| {
            spoilt.fetch_or(matches!(chunk, Err(HubError::Spoilt)), Ordering::Relaxed);
            chunk.map_err(io::Error::other).transpose()
        })
        .take_while(|chunk| std::future::ready(chunk.is_some()))
        .filter_map(std::future::ready)
        .boxed()
}
