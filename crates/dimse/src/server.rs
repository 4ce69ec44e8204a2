//! Service class provider: accepts associations, over TCP or TLS, and serves
//! what comes on them, each in its own task.

mod negotiate;
mod retrieve;
mod serve;

pub(crate) use serve::take;

use crate::{
    channel::{self, Channel, ChannelError},
    client::Node,
    pdu::{PduError, Rejection},
    stream::Stream,
    tls::{ServerTls, TlsFailure},
};
use async_trait::async_trait;
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::{future::join_all, stream::BoxStream};
use std::{
    error::Error,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
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

/// A server with its ports, not serving yet.
pub struct Server {
    ports: Vec<Port>,
    config: Arc<ServerConfig>,
    services: Arc<dyn Services>,
    open: Arc<AtomicU64>,
}

struct Port {
    listener: TcpListener,
    tls: Option<ServerTls>,
}

impl Server {
    /// One without a port; see [`Server::listen`].
    #[must_use]
    pub fn new(config: ServerConfig, services: Arc<dyn Services>) -> Self {
        Self {
            ports: Vec::new(),
            config: Arc::new(config),
            services,
            open: Arc::default(),
        }
    }

    /// One with a port, without TLS.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        config: ServerConfig,
        services: Arc<dyn Services>,
    ) -> io::Result<Self> {
        let mut server = Self::new(config, services);
        server.listen(address, None).await?;
        Ok(server)
    }

    /// Adds a port, for TLS and nothing else if `tls` is given. Answers its
    /// address. All ports share the limit on associations.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(
        &mut self,
        address: SocketAddr,
        tls: Option<ServerTls>,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.ports.push(Port { listener, tls });
        Ok(address)
    }

    /// The first port's address.
    ///
    /// # Errors
    /// When there is no port, or the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let first = self.ports.first().ok_or(io::ErrorKind::NotConnected)?;
        first.listener.local_addr()
    }

    /// Associations open now.
    #[must_use]
    pub fn open_associations(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.open)
    }

    /// Serves until `stop`; then takes no new associations, and lets those
    /// that have something to do go on for the grace period.
    pub async fn serve(self, stop: CancellationToken) {
        let shared = Arc::new(Shared {
            slots: Arc::new(Semaphore::new(self.config.max_associations)),
            config: self.config,
            services: self.services,
            open: self.open,
            stop,
        });
        let ports = self.ports.into_iter();
        join_all(ports.map(|port| port.serve(Arc::clone(&shared)))).await;
    }
}

/// What all connections have in common.
struct Shared {
    config: Arc<ServerConfig>,
    services: Arc<dyn Services>,
    slots: Arc<Semaphore>,
    open: Arc<AtomicU64>,
    stop: CancellationToken,
}

impl Port {
    async fn serve(self, shared: Arc<Shared>) {
        let mut running = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = running.join_next() => continue,
                () = shared.stop.cancelled() => break,
            };
            let (socket, address) = match accepted {
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
            if running.len() >= shared.config.max_associations * 2 + 16 {
                continue;
            }
            let (shared, tls) = (Arc::clone(&shared), self.tls.clone());
            running.spawn(async move {
                if let Some(stream) = secure(socket, address, tls, &shared.config).await {
                    one(stream, address, &shared).await;
                }
            });
        }
        drop(self.listener);
        let finish = async { while running.join_next().await.is_some() {} };
        let _in_time = timeout(shared.config.grace, finish).await;
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

/// The handshake, if the port is for TLS. It has the time of a first PDU, and
/// takes no association's place.
async fn secure(
    socket: TcpStream,
    address: SocketAddr,
    tls: Option<ServerTls>,
    config: &ServerConfig,
) -> Option<Stream> {
    channel::hurry(&socket);
    let Some(tls) = tls else {
        return Some(Stream::Plain(socket));
    };
    match timeout(config.artim.min(config.idle), tls.accept(socket)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err((error, socket))) => {
            match TlsFailure::within(&error) {
                Some(failure) => {
                    let cause = failure.source().map(ToString::to_string);
                    tracing::warn!(%address, error = %failure, cause, "association.no_tls");
                }
                None => tracing::info!(%address, %error, "association.no_tls"),
            }
            // So that the alert is not lost; see `Channel::await_close`.
            let mut rest = Stream::Plain(socket);
            let _best_effort = rest.shutdown().await;
            let rest = Channel::new(rest, config.max_pdu, config.artim);
            rest.await_close(channel::ABORTED).await;
            None
        }
        Err(_) => {
            tracing::info!(%address, error = "the handshake took too long", "association.no_tls");
            None
        }
    }
}

async fn one(stream: Stream, address: SocketAddr, shared: &Shared) {
    let begun = std::time::Instant::now();
    let Shared {
        config, services, ..
    } = shared;
    let tls = stream.is_tls();
    let mut channel = Channel::new(stream, config.max_pdu, config.artim);
    let negotiated = negotiate::negotiate(
        &mut channel,
        address,
        config,
        services.as_ref(),
        &shared.slots,
    );
    let association = match negotiated.await {
        Ok(Some(association)) => association,
        Ok(None) => return channel.await_close(config.artim).await,
        Err(error) => {
            // The first byte of TLS is no PDU's (RFC 8446 5.1).
            let hint = matches!(error, ChannelError::Pdu(PduError::UnknownType(0x16)))
                .then_some("the peer speaks TLS on the port without");
            tracing::info!(%address, %error, hint, "association.none");
            return channel.abort(&error).await;
        }
    };
    let counted = Open::count(Arc::clone(&shared.open));
    let mut session = serve::Session::new(
        channel,
        association,
        config,
        Arc::clone(services),
        shared.stop.clone(),
    );
    let end = session.run().await;
    drop(counted);
    let (peer, objects, bytes) = session.summary();
    let seconds = begun.elapsed().as_secs_f64();
    let error = end.as_ref().err().map(ToString::to_string);
    tracing::info!(
        calling = %peer.calling, called = %peer.called, address = %peer.address, tls,
        objects, bytes, seconds, error, "association.end"
    );
    session.close(end, config.artim).await;
}
