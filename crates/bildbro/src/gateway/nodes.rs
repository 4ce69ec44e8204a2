//! The gateway's nodes behind the flow's port: asked by C-FIND ([`search`] for
//! studies, here for what they hold), sent to by C-STORE ([`session`]), and
//! fetched from by C-MOVE or C-GET ([`fetch`]).

pub mod fetch;
mod relay;
mod search;
mod session;

use super::config::{Config, NodeConfig};
use async_trait::async_trait;
use bildbro_dicom::{coerce::Rule, identifier::Identifier, tag};
use bildbro_dimse::{
    ChannelError,
    client::{Association, ClientConfig, ClientError, Node, Offer},
    sop,
    tls::ClientTls,
};
use bildbro_domain::{AeTitle, ErrorClass, InstanceUid, StudyUid, share::Failure};
use bildbro_flow::ports::gateway::{Kind, NodeError, Nodes, StoreSession};
use bildbro_wire::errand::{Find, FoundStudy, Moved};
use bytes::Bytes;
use fetch::Fetching;
use session::Session;
use std::{collections::HashSet, io, net::SocketAddr, sync::Arc, time::Duration};

pub struct ConfiguredNodes {
    nodes: Vec<Arc<KnownNode>>,
    deliveries: Option<String>,
    client: ClientConfig,
    max_transcode: u64,
    /// The gateway's own plain port, if it has one.
    own: Option<SocketAddr>,
}

/// A node of the configuration.
pub struct KnownNode {
    pub config: NodeConfig,
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
            own: config.plain_listen(),
        })
    }

    /// The gateway's plain port is this, whatever was configured.
    pub fn listening_at(self, own: Option<SocketAddr>) -> Self {
        Self { own, ..self }
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
        let offers = session::offers(kinds);
        let opened = known.associate(&self.client, &offers).await;
        let association = opened.map_err(trouble)?;
        Ok(Box::new(Session {
            association: Some(association),
            known: Arc::clone(known),
            max_transcode: self.max_transcode,
        }))
    }

    fn searchable(&self) -> Vec<String> {
        let nodes = self.nodes.iter().filter(|n| n.config.find);
        nodes.map(|n| n.config.name.clone()).collect()
    }

    async fn search(
        &self,
        name: &str,
        find: &Find,
        each: &mut (dyn FnMut(FoundStudy) -> bool + Send),
    ) -> Result<(), NodeError> {
        let known = self.find(name)?;
        known
            .search(&self.client, find, each)
            .await
            .map_err(trouble)
    }

    async fn fetch(
        &self,
        name: &str,
        study: &StudyUid,
        each: &(dyn Fn(Moved) + Send + Sync),
    ) -> Result<Moved, NodeError> {
        let fetching = Fetching {
            study,
            destination: self.client.calling.clone(),
            // An archive may have to look on tape first.
            patience: 2 * self.client.response,
            each,
        };
        self.find(name)?
            .fetch(&self.client, self.own, &fetching)
            .await
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

const fn not_accepted() -> NodeError {
    NodeError {
        failure: Failure::NotAccepted,
        class: ErrorClass::Permanent,
        source: None,
    }
}

/// What a broken source says of the image: see `flow::deliver::verified` for
/// `InvalidData`, and [`session`] for `InvalidInput`.
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
