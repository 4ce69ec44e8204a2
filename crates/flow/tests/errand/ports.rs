//! A hub that hears, nodes that do what a test says, and a log.

use async_trait::async_trait;
use bildbro_domain::{
    AeTitle, ClaimId, ErrandId, ErrorClass, InstanceUid, Personal, StudyUid,
    audit::{self, Action, Outcome},
    share::{Failure, Receipt},
};
use bildbro_flow::{
    clock::Clock,
    errand::Errands,
    ports::{
        ByteStream, StoreError,
        gateway::{
            Content, DirectTotals, GatewayStore, Hub, HubError, Kind, NodeError, Nodes,
            ObjectNumber, OpenStudy, Sending, Spooled, StoreSession,
        },
    },
};
use bildbro_wire::{
    errand::{Errand, Find, Found, FoundReply, FoundStudy, Moved, Task},
    link::{
        Answer, Complete, DeliveryTask, DirectoryEntry, Fetch, Hello, HelloReply, Offer, Report,
        ReportReply,
    },
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What a node does next when it is searched, or asked to send.
pub enum Step {
    Answer(Box<FoundStudy>),
    Moved(Moved),
    Fail(ErrorClass, Failure),
}

struct Node {
    steps: tokio::sync::Mutex<mpsc::UnboundedReceiver<Step>>,
    cancelled: AtomicBool,
    /// To send, and what it has.
    asked: AtomicBool,
    searched: AtomicBool,
}

/// A gateway's surroundings, and what a test sees of them.
pub struct World {
    pub errands: Arc<Errands>,
    /// What the hub has been told.
    pub found: mpsc::UnboundedReceiver<Found>,
    pub outside: Arc<Outside>,
    steps: BTreeMap<&'static str, mpsc::UnboundedSender<Step>>,
}

pub struct Outside {
    nodes: BTreeMap<&'static str, Node>,
    told: mpsc::UnboundedSender<Found>,
    pub go_on: AtomicBool,
    pub waiting: Mutex<VecDeque<Errand>>,
    pub log: Mutex<Vec<audit::Entry>>,
}

impl World {
    pub fn new(nodes: &[&'static str]) -> Self {
        let (told, found) = mpsc::unbounded_channel();
        let mut steps = BTreeMap::new();
        let nodes = nodes.iter().map(|name| {
            let (step, to_do) = mpsc::unbounded_channel();
            steps.insert(*name, step);
            let node = Node {
                steps: tokio::sync::Mutex::new(to_do),
                cancelled: AtomicBool::new(false),
                asked: AtomicBool::new(false),
                searched: AtomicBool::new(false),
            };
            (*name, node)
        });
        let outside = Arc::new(Outside {
            nodes: nodes.collect(),
            told,
            go_on: AtomicBool::new(true),
            waiting: Mutex::default(),
            log: Mutex::default(),
        });
        let clock = Clock::from_fn(|| Timestamp::from_second(1_000).unwrap());
        let errands = Errands::new(
            Arc::clone(&outside) as _,
            Arc::clone(&outside) as _,
            Arc::clone(&outside) as _,
            clock,
        );
        Self {
            errands: Arc::new(errands),
            found,
            outside,
            steps,
        }
    }

    pub fn let_do(&self, node: &str, step: Step) {
        self.steps[node].send(step).ok().unwrap();
    }

    /// The node has no more to say.
    pub fn end(&mut self, node: &str) {
        self.steps.remove(node);
    }

    pub async fn heard(&mut self) -> Found {
        self.found.recv().await.unwrap()
    }

    /// The hub was told nothing more.
    pub fn silent(&mut self) -> bool {
        self.found.try_recv().is_err()
    }

    pub fn logged(&self) -> Vec<(Action, Outcome, usize)> {
        let log = self.outside.log.lock().unwrap();
        let brief = |entry: &audit::Entry| (entry.action, entry.outcome, entry.studies.len());
        log.iter().map(brief).collect()
    }
}

impl Outside {
    pub fn cancelled(&self, node: &str) -> bool {
        self.nodes[node].cancelled.load(Ordering::Relaxed)
    }

    pub fn asked(&self, node: &str) -> bool {
        self.nodes[node].asked.load(Ordering::Relaxed)
    }

    pub fn searched(&self, node: &str) -> bool {
        self.nodes[node].searched.load(Ordering::Relaxed)
    }

    async fn next(&self, node: &str) -> Option<Step> {
        self.nodes[node].steps.lock().await.recv().await
    }
}

pub fn errand(task: Task) -> Errand {
    Errand {
        id: ErrandId(Uuid::nil()),
        claim: ClaimId(Uuid::nil()),
        lease_until: Timestamp::MAX,
        attempts: 0,
        task,
    }
}

pub fn study(node: &str, number: usize) -> FoundStudy {
    FoundStudy {
        node: node.to_owned(),
        study_uid: StudyUid::new(&format!("1.2.{number}")).unwrap(),
        patient_id: Personal::new("191212121212"),
        patient_id_issuer: Personal::default(),
        patient_name: Personal::default(),
        patient_birth_date: Personal::default(),
        patient_sex: String::new(),
        accession: Personal::default(),
        study_date: String::new(),
        study_time: String::new(),
        description: String::new(),
        institution: String::new(),
        modalities: Vec::new(),
        series: None,
        images: None,
    }
}

fn fails(class: ErrorClass, failure: Failure) -> NodeError {
    NodeError {
        failure,
        class,
        source: None,
    }
}

#[async_trait]
impl Nodes for Outside {
    fn searchable(&self) -> Vec<String> {
        self.nodes.keys().map(|name| (*name).to_owned()).collect()
    }
    async fn search(
        &self,
        node: &str,
        _: &Find,
        each: &mut (dyn FnMut(FoundStudy) -> bool + Send),
    ) -> Result<(), NodeError> {
        self.nodes[node].searched.store(true, Ordering::Relaxed);
        while let Some(step) = self.next(node).await {
            match step {
                Step::Answer(study) => {
                    if !each(*study) {
                        self.nodes[node].cancelled.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                }
                Step::Fail(class, failure) => return Err(fails(class, failure)),
                Step::Moved(_) => unreachable!("nothing is fetched"),
            }
        }
        Ok(())
    }
    async fn fetch(
        &self,
        node: &str,
        _: &StudyUid,
        each: &(dyn Fn(Moved) + Send + Sync),
    ) -> Result<Moved, NodeError> {
        self.nodes[node].asked.store(true, Ordering::Relaxed);
        let mut last = Moved::default();
        while let Some(step) = self.next(node).await {
            match step {
                Step::Moved(moved) => {
                    last = moved;
                    each(moved);
                }
                Step::Fail(class, failure) => return Err(fails(class, failure)),
                Step::Answer(_) => unreachable!("nothing is searched"),
            }
        }
        Ok(last)
    }
    fn for_deliveries(&self) -> Option<String> {
        None
    }
    fn by_ae_title(&self, _: &AeTitle) -> Option<String> {
        None
    }
    async fn holds(
        &self,
        _: &str,
        _: &StudyUid,
    ) -> Result<Option<HashSet<InstanceUid>>, NodeError> {
        Ok(None)
    }
    async fn open(&self, _: &str, _: &[Kind]) -> Result<Box<dyn StoreSession>, NodeError> {
        Err(fails(ErrorClass::Transient, Failure::NodeUnreachable))
    }
}

fn away() -> HubError {
    HubError::Unreachable("broke off".into())
}

#[async_trait]
impl Hub for Outside {
    async fn errand(&self, _: Duration, _: bool) -> Result<Option<Errand>, HubError> {
        let next = self.waiting.lock().unwrap().pop_front();
        if next.is_none() {
            std::future::pending::<()>().await;
        }
        Ok(next)
    }
    async fn found(&self, found: &Found) -> Result<FoundReply, HubError> {
        self.told.send(found.clone()).unwrap();
        Ok(FoundReply {
            go_on: self.go_on.load(Ordering::Relaxed),
            lease_until: Timestamp::MAX,
        })
    }
    async fn hello(&self, _: &Hello) -> Result<HelloReply, HubError> {
        Err(away())
    }
    async fn offer(&self, _: &[Offer]) -> Result<Vec<Answer>, HubError> {
        Err(away())
    }
    async fn send(
        &self,
        _: Vec<Sending>,
        _: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        Err(away())
    }
    async fn complete(&self, _: &Complete) -> Result<(), HubError> {
        Err(away())
    }
    async fn work(&self, _: Duration) -> Result<Option<DeliveryTask>, HubError> {
        Err(away())
    }
    async fn content(&self, _: &Fetch) -> Result<Box<dyn Content>, HubError> {
        Err(away())
    }
    async fn report(&self, _: &Report) -> Result<ReportReply, HubError> {
        Err(away())
    }
}

const UNUSED: &str = "an errand touches no index";

#[async_trait]
impl GatewayStore for Outside {
    async fn record(&self, entries: &[audit::Entry]) -> Result<(), StoreError> {
        self.log.lock().unwrap().extend_from_slice(entries);
        Ok(())
    }
    async fn index(&self, _: &[Spooled], _: Timestamp) -> Result<(), StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn needed(&self) -> Result<Vec<ObjectNumber>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn forget_settled(&self, _: ObjectNumber) -> Result<(), StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn to_forward(&self, _: ObjectNumber, _: u32) -> Result<Vec<Spooled>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn settle_forward(
        &self,
        _: &[(Spooled, Answer)],
        _: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn to_node(&self, _: &str, _: Timestamp, _: u32) -> Result<Vec<Spooled>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn settle_node(
        &self,
        _: &str,
        _: &[(Spooled, Receipt)],
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<ObjectNumber>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn node_failures(&self, _: &str) -> Result<u32, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn direct_totals(&self) -> Result<Vec<DirectTotals>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn open_studies(&self) -> Result<Vec<OpenStudy>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn close_study(
        &self,
        _: &OpenStudy,
        _: Option<u32>,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn directory(&self) -> Result<Vec<DirectoryEntry>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn save_directory(&self, _: &[DirectoryEntry]) -> Result<(), StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn waiting(&self) -> Result<(u64, u64), StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn audit_links(&self, _: u64, _: u32) -> Result<Vec<audit::Link>, StoreError> {
        unreachable!("{UNUSED}")
    }
    async fn audit_head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        unreachable!("{UNUSED}")
    }
}
