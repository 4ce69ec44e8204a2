//! The gateway's nodes behind the flow's port: asking them by C-FIND, storing
//! in them by C-STORE, in the transfer syntax that an object was stored in,
//! else in one that the node takes.

use super::config::{Config, NodeConfig};
use async_trait::async_trait;
use bildbro_dicom::{
    coerce::{Rewriter, Rule, Rules},
    identifier::Identifier,
    tag, transcode,
};
use bildbro_dimse::{
    ChannelError,
    client::{Association, ClientConfig, ClientError, MAX_CONTEXTS, Node, Offer, StoreHeader},
    sop,
    tls::ClientTls,
};
use bildbro_domain::{AeTitle, ErrorClass, InstanceUid, StudyUid, share::Failure};
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Kind, NodeError, Nodes, ObjectMeta, StoreSession},
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::{collections::HashSet, io, sync::Arc, time::Duration};

pub struct ConfiguredNodes {
    nodes: Vec<Arc<KnownNode>>,
    deliveries: Option<String>,
    client: ClientConfig,
    max_transcode: u64,
}

/// A node of the configuration.
pub struct KnownNode {
    config: NodeConfig,
    pub node: Node,
    tls: Option<ClientTls>,
    rules: Vec<(bildbro_dicom::Tag, Rule)>,
}

impl KnownNode {
    /// Opens an association the way that the configuration says: by TLS, or
    /// without.
    pub async fn associate(
        &self,
        client: &ClientConfig,
        offers: &[Offer],
    ) -> Result<Association, ClientError> {
        let Some(tls) = &self.tls else {
            return Association::open(&self.node, client, offers).await;
        };
        let opened = Association::open_tls(&self.node, tls, client, offers).await;
        // Said here, since from here on it is one of the ways to be refused.
        if let Err(error @ ClientError::Tls(_)) = &opened {
            tracing::warn!(node = self.config.name, %error, "node.no_tls");
        }
        opened
    }
}

impl ConfiguredNodes {
    pub fn new(config: &Config) -> Result<Self, crate::fault::Fault> {
        let mut nodes = Vec::new();
        for node in &config.nodes {
            let rules = node.coerce.iter().map(super::config::CoerceConfig::parse);
            let tls = node.tls.as_ref().map(|tls| tls.client(node));
            nodes.push(Arc::new(KnownNode {
                node: Node {
                    ae_title: node.ae_title.clone(),
                    host: node.host.clone(),
                    port: node.port,
                },
                tls: tls.transpose()?,
                rules: rules.collect::<Result<_, _>>()?,
                config: node.clone(),
            }));
        }
        let silence = Duration::from_secs(config.limits.node_seconds);
        Ok(Self {
            nodes,
            deliveries: config.delivery_node().map(|node| node.name.clone()),
            client: ClientConfig {
                calling: config.ae_title.clone(),
                connect: silence.min(Duration::from_secs(10)),
                response: silence,
                max_pdu: config.limits.max_pdu,
            },
            max_transcode: config.limits.max_transcode_bytes,
        })
    }

    pub fn client(&self) -> &ClientConfig {
        &self.client
    }

    pub fn names(&self) -> Vec<(String, AeTitle)> {
        let names = self.nodes.iter();
        names
            .map(|n| (n.config.name.clone(), n.config.ae_title.clone()))
            .collect()
    }

    pub fn find(&self, name: &str) -> Result<&Arc<KnownNode>, NodeError> {
        let found = self.nodes.iter().find(|n| n.config.name == name);
        found.ok_or(NodeError {
            failure: Failure::NoNode,
            class: ErrorClass::Permanent,
            source: None,
        })
    }

    /// C-ECHO.
    pub async fn echo(&self, name: &str) -> Result<(), NodeError> {
        let known = self.find(name)?;
        let offers = [Offer::user(sop::VERIFICATION, &[sop::IMPLICIT_LE])];
        let opened = known.associate(&self.client, &offers).await;
        let mut association = opened.map_err(trouble)?;
        association.echo().await.map_err(trouble)?;
        association.release().await;
        Ok(())
    }
}

#[async_trait]
impl Nodes for ConfiguredNodes {
    fn for_deliveries(&self) -> Option<String> {
        self.deliveries.clone()
    }

    fn by_ae_title(&self, title: &AeTitle) -> Option<String> {
        let found = self.nodes.iter().find(|n| n.config.ae_title == *title);
        found.map(|n| n.config.name.clone())
    }

    async fn holds(
        &self,
        name: &str,
        study: &StudyUid,
    ) -> Result<Option<HashSet<InstanceUid>>, NodeError> {
        let known = self.find(name)?;
        if !known.config.find {
            return Ok(None);
        }
        let offers = [Offer::user(
            sop::STUDY_ROOT_FIND,
            &[sop::EXPLICIT_LE, sop::IMPLICIT_LE],
        )];
        let opened = known.associate(&self.client, &offers).await;
        let mut association = opened.map_err(trouble)?;
        let held = held_instances(&mut association, study).await;
        match held {
            Ok(held) => {
                association.release().await;
                Ok(Some(held))
            }
            // The node does not do C-FIND, or not at this level.
            Err(ClientError::NotAccepted | ClientError::Status(_)) => {
                association.release().await;
                Ok(None)
            }
            Err(error) => Err(trouble(error)),
        }
    }

    async fn open(&self, name: &str, kinds: &[Kind]) -> Result<Box<dyn StoreSession>, NodeError> {
        let known = self.find(name)?;
        let offers = offers(kinds);
        let opened = known.associate(&self.client, &offers).await;
        let association = opened.map_err(trouble)?;
        Ok(Box::new(Session {
            association: Some(association),
            known: Arc::clone(known),
            max_transcode: self.max_transcode,
        }))
    }
}

/// Series by series, since not every archive answers for a whole study at the
/// image level (PS3.4 C.6.2.1 wants the series named).
async fn held_instances(
    association: &mut Association,
    study: &StudyUid,
) -> Result<HashSet<InstanceUid>, ClientError> {
    let mut series = Vec::new();
    let query = |syntax: &str| {
        let mut query = Identifier::at_level("SERIES");
        query.set(tag::STUDY_INSTANCE_UID, study.as_str());
        query.set(tag::SERIES_INSTANCE_UID, "");
        Bytes::from(query.encode(syntax))
    };
    association
        .find(sop::STUDY_ROOT_FIND, query, |syntax, found| {
            series.extend(value(syntax, &found, tag::SERIES_INSTANCE_UID));
            true
        })
        .await?;
    let mut held = HashSet::new();
    for one in series {
        let query = |syntax: &str| {
            let mut query = Identifier::at_level("IMAGE");
            query.set(tag::STUDY_INSTANCE_UID, study.as_str());
            query.set(tag::SERIES_INSTANCE_UID, &one);
            query.set(tag::SOP_INSTANCE_UID, "");
            Bytes::from(query.encode(syntax))
        };
        association
            .find(sop::STUDY_ROOT_FIND, query, |syntax, found| {
                let uid = value(syntax, &found, tag::SOP_INSTANCE_UID);
                held.extend(uid.and_then(|uid| InstanceUid::new(&uid).ok()));
                true
            })
            .await?;
    }
    Ok(held)
}

fn value(syntax: &str, found: &[u8], tag: bildbro_dicom::Tag) -> Option<String> {
    let identifier = Identifier::decode(found, syntax).ok()?;
    identifier.get(tag).map(str::to_owned)
}

/// For each kind a context as stored, and one for each syntax that it could be
/// turned into, as far as 128 contexts go.
fn offers(kinds: &[Kind]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let stored = kinds.iter().map(|k| (k, k.syntax.as_str()));
    let others = kinds.iter().flat_map(|k| {
        transcode::candidates(k.syntax.as_str())
            .iter()
            .map(move |s| (k, *s))
    });
    for (kind, syntax) in stored.chain(others) {
        let offer = Offer::user(kind.class.as_str(), &[syntax]);
        if offers.len() < MAX_CONTEXTS && !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    offers
}

struct Session {
    /// `None` after it has been aborted.
    association: Option<Association>,
    known: Arc<KnownNode>,
    max_transcode: u64,
}

#[async_trait]
impl StoreSession for Session {
    async fn store(&mut self, meta: &ObjectMeta, bytes: ByteStream) -> Result<u16, NodeError> {
        let Some(mut association) = self.association.take() else {
            return Err(NodeError {
                failure: Failure::NodeDropped,
                class: ErrorClass::Transient,
                source: None,
            });
        };
        let class = meta.class.as_str();
        let stored = meta.syntax.as_str();
        let mut syntaxes = std::iter::once(&stored).chain(transcode::candidates(stored));
        let Some(&syntax) = syntaxes.find(|s| association.accepts(class, s)) else {
            self.association = Some(association);
            return Err(not_accepted());
        };
        let prepared = match self.prepare(meta, syntax, bytes).await {
            Ok(prepared) => prepared,
            Err(error) => {
                self.association = Some(association);
                return Err(error);
            }
        };
        let header = StoreHeader {
            class: class.to_owned(),
            sop_uid: meta.sop_uid.to_string(),
            syntax: syntax.to_owned(),
            originator: None,
        };
        match association.store(&header, prepared).await {
            Ok(status) => {
                self.association = Some(association);
                Ok(status)
            }
            Err(error) => {
                association.abort().await;
                Err(trouble(error))
            }
        }
    }

    async fn close(self: Box<Self>) {
        if let Some(association) = self.association {
            association.release().await;
        }
    }
}

impl Session {
    /// The bytes as they go out: coerced by rule, and in `syntax`.
    async fn prepare(
        &self,
        meta: &ObjectMeta,
        syntax: &str,
        bytes: ByteStream,
    ) -> Result<ByteStream, NodeError> {
        let coerced = if self.known.rules.is_empty() {
            bytes
        } else {
            let rules = Rules {
                rules: self.known.rules.clone(),
                source: meta.source.clone(),
                system: "Bildbro".to_owned(),
                at: dicom_datetime(Timestamp::now()),
            };
            coerced(Rewriter::new(meta.syntax.as_str(), rules), bytes)
        };
        if syntax == meta.syntax.as_str() {
            return Ok(coerced);
        }
        self.transcoded(meta, syntax, coerced).await
    }

    async fn transcoded(
        &self,
        meta: &ObjectMeta,
        syntax: &str,
        mut bytes: ByteStream,
    ) -> Result<ByteStream, NodeError> {
        if meta.length > self.max_transcode {
            return Err(not_accepted());
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(meta.length).unwrap_or(0));
        while let Some(chunk) = bytes.try_next().await.map_err(source_trouble)? {
            whole.extend_from_slice(&chunk);
        }
        let (from, to) = (meta.syntax.to_string(), syntax.to_owned());
        let most = self.max_transcode;
        let made = tokio::task::spawn_blocking(move || transcode::to(&whole, &from, &to, most));
        match made.await {
            Ok(Ok(made)) => Ok(stream::iter([Ok(Bytes::from(made))]).boxed()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "deliver.not_transcoded");
                Err(not_accepted())
            }
            Err(_panicked) => Err(not_accepted()),
        }
    }
}

/// Passes a data set through a rewriter, piece by piece.
fn coerced(rewriter: Rewriter, bytes: ByteStream) -> ByteStream {
    stream::try_unfold(Some((rewriter, bytes)), |state| async move {
        let Some((mut rewriter, mut bytes)) = state else {
            return Ok(None);
        };
        let mut out = Vec::new();
        let wrong = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        while let Some(chunk) = bytes.try_next().await? {
            rewriter.push(&chunk, &mut out).map_err(wrong)?;
            if !out.is_empty() {
                return Ok(Some((Bytes::from(out), Some((rewriter, bytes)))));
            }
        }
        rewriter.finish(&mut out).map_err(wrong)?;
        Ok(Some((Bytes::from(out), None)))
    })
    .boxed()
}

fn dicom_datetime(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S+0000").to_string()
}

const fn not_accepted() -> NodeError {
    NodeError {
        failure: Failure::NotAccepted,
        class: ErrorClass::Permanent,
        source: None,
    }
}

/// What a broken source says of the image: see `flow::deliver::verified` for
/// `InvalidData`, and [`coerced`] for `InvalidInput`.
fn source_trouble(error: io::Error) -> NodeError {
    let (failure, class) = match error.kind() {
        io::ErrorKind::InvalidData => (Failure::DigestMismatch, ErrorClass::Transient),
        io::ErrorKind::InvalidInput => (Failure::CoercionFailed, ErrorClass::Permanent),
        _ => (Failure::HubUnreachable, ErrorClass::Transient),
    };
    NodeError {
        failure,
        class,
        source: Some(Box::new(error)),
    }
}

pub fn trouble(error: ClientError) -> NodeError {
    let class = error.class();
    let failure = match error {
        ClientError::Channel(ChannelError::Source(error)) => return source_trouble(error),
        ClientError::Connect(_) | ClientError::ConnectTimeout => Failure::NodeUnreachable,
        // One end does not let the other in until a person has mended it.
        ClientError::Rejected(_) | ClientError::Tls(_) => Failure::NodeRefused,
        ClientError::NotAccepted | ClientError::TooManyContexts => Failure::NotAccepted,
        ClientError::Status(_) => Failure::ObjectRefused,
        ClientError::Channel(_) | ClientError::NoProgress(_) => Failure::NodeDropped,
    };
    NodeError {
        failure,
        class,
        source: Some(Box::new(error)),
    }
}
