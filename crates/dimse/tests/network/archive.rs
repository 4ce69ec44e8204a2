//! A small archive in memory, and a server in front of it.

use async_trait::async_trait;
use bildbro_dimse::{
    client::{ClientConfig, Node},
    server::{
        Acceptance, Peer, Query, Refusal, Server, ServerConfig, Services, StoreRequest, StoreSink,
        StoredObject,
    },
    sop, status,
    tls::ServerTls,
};
use bildbro_domain::AeTitle;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// Longer than any test takes, for what is not to run out.
pub const LONG: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Stored {
    pub request: StoreRequest,
    pub bytes: Vec<u8>,
}

pub struct Archive {
    pub stored: Mutex<Vec<Stored>>,
    /// Objects longer than this are refused half way.
    pub max_object: usize,
    /// Matches of any query; none: they never end.
    pub matches: Option<usize>,
    pub destination: Option<Node>,
    /// Told of every piece that comes.
    pub pushed: Arc<Notify>,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            stored: Mutex::default(),
            max_object: 8 << 20,
            matches: Some(3),
            destination: None,
            pushed: Arc::default(),
        }
    }
}

struct Sink {
    archive: Arc<Archive>,
    object: Stored,
}

#[async_trait]
impl StoreSink for Sink {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        self.archive.pushed.notify_one();
        if self.object.bytes.len() + bytes.len() > self.archive.max_object {
            return Err(status::OUT_OF_RESOURCES);
        }
        self.object.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> u16 {
        self.archive.stored.lock().unwrap().push(self.object);
        status::SUCCESS
    }
}

impl Archive {
    pub fn sink(self: &Arc<Self>, request: StoreRequest) -> Box<dyn StoreSink> {
        Box::new(Sink {
            archive: Arc::clone(self),
            object: Stored {
                request,
                bytes: Vec::new(),
            },
        })
    }

    pub fn stored(&self) -> Vec<Stored> {
        self.stored.lock().unwrap().clone()
    }
}

struct Front(Arc<Archive>);

#[async_trait]
impl Services for Front {
    fn welcome(&self, peer: &Peer) -> Result<(), Refusal> {
        match (peer.calling.as_str(), peer.called.as_str()) {
            ("STRANGER", _) => Err(Refusal::CallingUnknown),
            (_, "ARCHIVE") => Ok(()),
            _ => Err(Refusal::CalledUnknown),
        }
    }

    fn accept(&self, _peer: &Peer, abstract_syntax: &str, proposed: &[String]) -> Acceptance {
        let models = [
            sop::VERIFICATION,
            sop::STUDY_ROOT_FIND,
            sop::STUDY_ROOT_MOVE,
            sop::STUDY_ROOT_GET,
        ];
        if !models.contains(&abstract_syntax) && !sop::is_storage(abstract_syntax) {
            return Acceptance::RefuseAbstractSyntax;
        }
        match sop::first_standard(proposed) {
            Some(syntax) => Acceptance::Accept(syntax.clone()),
            None => Acceptance::RefuseTransferSyntaxes,
        }
    }

    async fn store(&self, _peer: &Peer, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        Ok(self.0.sink(request))
    }

    async fn find(&self, _peer: &Peer, query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        let found = Bytes::from(identifier(&query.syntax, "1.2.3"));
        Ok(stream::iter(0..self.0.matches.unwrap_or(usize::MAX))
            .map(move |_| found.clone())
            .boxed())
    }

    async fn retrieve(&self, _peer: &Peer, _query: Query) -> Result<Vec<StoredObject>, u16> {
        let objects = self.0.stored().into_iter().map(|stored| StoredObject {
            class: stored.request.class,
            sop_uid: stored.request.sop_uid,
            syntax: stored.request.syntax,
            bytes: stream::iter([Ok(Bytes::from(stored.bytes))]).boxed(),
        });
        Ok(objects.collect())
    }

    fn destination(&self, title: &AeTitle) -> Option<Node> {
        self.0
            .destination
            .clone()
            .filter(|node| node.ae_title == *title)
    }
}

/// A query's identifier, or a match's: level and study.
pub fn identifier(syntax: &str, study: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let explicit = syntax != sop::IMPLICIT_LE;
    element(&mut out, explicit, (0x0008, 0x0052), *b"CS", b"STUDY ");
    let mut uid = study.as_bytes().to_vec();
    uid.resize(uid.len().next_multiple_of(2), 0);
    element(&mut out, explicit, (0x0020, 0x000D), *b"UI", &uid);
    out
}

/// Appends a data element, little endian.
pub fn element(out: &mut Vec<u8>, explicit: bool, tag: (u16, u16), vr: [u8; 2], value: &[u8]) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    let length = u32::try_from(value.len()).unwrap();
    match (explicit, &vr) {
        (true, b"OW" | b"OB") => {
            out.extend_from_slice(&[vr[0], vr[1], 0, 0]);
            out.extend_from_slice(&length.to_le_bytes());
        }
        (true, _) => {
            out.extend_from_slice(&vr);
            out.extend_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
        }
        (false, _) => out.extend_from_slice(&length.to_le_bytes()),
    }
    out.extend_from_slice(value);
}

pub fn config() -> ServerConfig {
    ServerConfig {
        max_associations: 32,
        max_pdu: 128 * 1024,
        idle: LONG,
        artim: LONG,
        grace: LONG,
        implementation_class: "1.2.3.4",
        implementation_version: "TEST",
    }
}

pub struct Running {
    pub archive: Arc<Archive>,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub open: Arc<AtomicU64>,
    pub served: JoinHandle<()>,
}

impl Running {
    pub fn node(&self) -> Node {
        Node {
            ae_title: AeTitle::new("ARCHIVE").unwrap(),
            host: self.address.ip().to_string(),
            port: self.address.port(),
        }
    }
}

pub async fn serve(archive: Archive, config: ServerConfig) -> Running {
    serve_over(None, archive, config).await
}

/// By TLS if there is any.
pub async fn serve_over(tls: Option<ServerTls>, archive: Archive, config: ServerConfig) -> Running {
    let archive = Arc::new(archive);
    let front = Arc::new(Front(Arc::clone(&archive)));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut server = Server::new(config, front);
    let address = server.listen(any, tls).await.unwrap();
    let stop = CancellationToken::new();
    Running {
        archive,
        address,
        open: server.open_associations(),
        served: tokio::spawn(server.serve(stop.clone())),
        stop,
    }
}

pub fn client(calling: &str) -> ClientConfig {
    ClientConfig {
        calling: AeTitle::new(calling).unwrap(),
        connect: LONG,
        response: LONG,
        max_pdu: 64 * 1024,
    }
}
