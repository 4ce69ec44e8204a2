//! Service class provider: accepts associations, and serves what comes on
//! them, each in its own task.

mod negotiate;
mod retrieve;
mod serve;

pub(crate) use serve::take;

use crate::{channel::Channel, client::Node, pdu::Rejection};
use async_trait::async_trait;
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Bounds and names.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub max_associations: usize,
    /// Longest P-DATA taken, announced to the peer.
    pub max_pdu: u32,
    /// A peer silent for this long is cut off.
    pub idle: Duration,
    /// Time to the first PDU, and from release to close (ARTIM, PS3.8 9.1.5).
    pub artim: Duration,
    /// How long running associations may go on after shutdown is asked for.
    pub grace: Duration,
    pub implementation_class: &'static str,
    pub implementation_version: &'static str,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub address: SocketAddr,
    pub calling: AeTitle,
    pub called: AeTitle,
}

/// Why a peer is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    CallingUnknown,
    CalledUnknown,
    Busy,
}

impl Refusal {
    const fn rejection(self) -> Rejection {
        match self {
            Self::CallingUnknown => Rejection::CALLING_UNKNOWN,
            Self::CalledUnknown => Rejection::CALLED_UNKNOWN,
            Self::Busy => Rejection::BUSY,
        }
    }
}

/// What is answered to one proposed presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// In this transfer syntax, one of the proposed.
    Accept(String),
    RefuseAbstractSyntax,
    RefuseTransferSyntaxes,
}

/// An object announced by C-STORE.
#[derive(Debug, Clone)]
pub struct StoreRequest {
    pub class: ClassUid,
    pub sop_uid: InstanceUid,
    pub syntax: SyntaxUid,
}

/// A query (C-FIND, C-MOVE, C-GET) as it came.
#[derive(Debug, Clone)]
pub struct Query {
    pub model: String,
    pub syntax: String,
    /// The identifier's bytes, in that syntax.
    pub identifier: Bytes,
}

/// An object to be sent by a sub-operation.
pub struct StoredObject {
    pub class: ClassUid,
    pub sop_uid: InstanceUid,
    pub syntax: SyntaxUid,
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

/// What the program behind the server does. Each `Err(status)` is a DIMSE
/// status for the peer.
#[async_trait]
pub trait Services: Send + Sync + 'static {
    /// AE rules.
    ///
    /// # Errors
    /// Why this peer is not let in.
    fn welcome(&self, peer: &Peer) -> Result<(), Refusal>;
    fn accept(&self, peer: &Peer, abstract_syntax: &str, proposed: &[String]) -> Acceptance;
    async fn store(&self, peer: &Peer, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16>;
    /// Answers the matches' identifiers, in the query's syntax.
    async fn find(&self, _peer: &Peer, _query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        Err(crate::status::SOP_CLASS_NOT_SUPPORTED)
    }
    /// Answers what a C-MOVE or C-GET asks for.
    async fn retrieve(&self, _peer: &Peer, _query: Query) -> Result<Vec<StoredObject>, u16> {
        Err(crate::status::SOP_CLASS_NOT_SUPPORTED)
    }
    /// Where a C-MOVE destination is.
    fn destination(&self, _title: &AeTitle) -> Option<Node> {
        None
    }
}

/// Takes one object. Dropped without `commit`, the object never was.
#[async_trait]
pub trait StoreSink: Send {
    /// # Errors
    /// A DIMSE status; the rest of the object is then read and dropped, and
    /// the status answered, so that one bad object does not cost the others
    /// their association.
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16>;
    /// Answers the status for the peer: success only when the object is safe.
    async fn commit(self: Box<Self>) -> u16;
}

/// A bound server, not serving yet.
pub struct Server {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    services: Arc<dyn Services>,
    open: Arc<AtomicU64>,
}

impl Server {
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        config: ServerConfig,
        services: Arc<dyn Services>,
    ) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            config: Arc::new(config),
            services,
            open: Arc::default(),
        })
    }

    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Associations open now.
    #[must_use]
    pub fn open_associations(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.open)
    }

    /// Serves until `stop`; then takes no new associations, and lets those
    /// that have something to do go on for the grace period.
    pub async fn serve(self, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.config.max_associations));
        let mut running = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = running.join_next() => continue,
                () = stop.cancelled() => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely; they come back as
                    // associations end.
                    tracing::error!(%error, "dimse.accept_failed");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            // A peer over the limit is told so, for which a few more places
            // than the limit are needed; beyond those the connection is closed.
            if running.len() >= self.config.max_associations * 2 + 16 {
                continue;
            }
            running.spawn(one(
                stream,
                address,
                Arc::clone(&self.config),
                Arc::clone(&self.services),
                Arc::clone(&slots),
                Arc::clone(&self.open),
                stop.clone(),
            ));
        }
        drop(self.listener);
        let finish = async { while running.join_next().await.is_some() {} };
        let _in_time = tokio::time::timeout(self.config.grace, finish).await;
    }
}

/// Counts an association as open, also when its task is ended from outside.
struct Open(Arc<AtomicU64>);

impl Open {
    fn count(open: Arc<AtomicU64>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn one(
    stream: TcpStream,
    address: SocketAddr,
    config: Arc<ServerConfig>,
    services: Arc<dyn Services>,
    slots: Arc<Semaphore>,
    open: Arc<AtomicU64>,
    stop: CancellationToken,
) {
    let begun = std::time::Instant::now();
    let mut channel = Channel::new(stream, config.max_pdu, config.artim);
    let negotiated =
        negotiate::negotiate(&mut channel, address, &config, services.as_ref(), &slots);
    let association = match negotiated.await {
        Ok(Some(association)) => association,
        Ok(None) => return channel.await_close(config.artim).await,
        Err(error) => {
            tracing::info!(%address, %error, "association.none");
            return channel.abort(&error).await;
        }
    };
    let counted = Open::count(open);
    let mut session = serve::Session::new(channel, association, &config, services, stop);
    let end = session.run().await;
    drop(counted);
    let (peer, objects, bytes) = session.summary();
    let seconds = begun.elapsed().as_secs_f64();
    let error = end.as_ref().err().map(ToString::to_string);
    tracing::info!(
        calling = %peer.calling, called = %peer.called, address = %peer.address,
        objects, bytes, seconds, error, "association.end"
    );
    session.close(end, config.artim).await;
}
