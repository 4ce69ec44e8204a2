//! Fetching a study from a node: by C-MOVE to the gateway's own port, or by
//! C-GET. In both ways the images come to the gateway as any others.

use super::{
    KnownNode, not_accepted,
    relay::{Relay, get_offers},
    trouble,
};
use crate::gateway::config::FetchBy;
use bildbro_dicom::{identifier::Identifier, tag};
use bildbro_dimse::{
    client::{ClientConfig, ClientError, Node, Offer, Progress},
    sop, status,
};
use bildbro_domain::{AeTitle, ErrorClass, StudyUid, share::Failure};
use bildbro_flow::ports::gateway::NodeError;
use bildbro_wire::errand::Moved;
use bytes::Bytes;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// A study to be fetched.
pub struct Fetching<'a> {
    pub study: &'a StudyUid,
    /// The gateway under which of its AE titles: says where the images go.
    pub destination: AeTitle,
    /// Give up when nothing moves for this long.
    pub patience: Duration,
    pub each: &'a (dyn Fn(Moved) + Send + Sync),
}

impl Fetching<'_> {
    fn query(&self, syntax: &str) -> Bytes {
        let mut query = Identifier::at_level("STUDY");
        query.set(tag::STUDY_INSTANCE_UID, self.study.as_str());
        Bytes::from(query.encode(syntax))
    }
}

impl KnownNode {
    /// In the node's way. A node that cannot be brought to move anything is
    /// asked once by C-GET, if it does that.
    pub async fn fetch(
        &self,
        client: &ClientConfig,
        own: Option<SocketAddr>,
        fetching: &Fetching<'_>,
    ) -> Result<Moved, NodeError> {
        if self.config.fetch == FetchBy::Get {
            let own = own.ok_or_else(not_accepted)?;
            return self.get(client, own, fetching).await.map_err(not_sent);
        }
        let moved = self.move_here(client, fetching).await;
        let stuck = match &moved {
            Ok(moved) => moved.completed == 0,
            Err(error) => matches!(
                error,
                ClientError::NoProgress(_) | ClientError::Status(_) | ClientError::NotAccepted
            ),
        };
        if let (true, Some(own)) = (stuck, own) {
            match self.get(client, own, fetching).await {
                Ok(got) if got.completed > 0 => return Ok(got),
                // What the first way came to says more.
                Ok(_) | Err(_) => tracing::info!(node = self.config.name, "fetch.not_by_get"),
            }
        }
        moved.map_err(not_sent)
    }

    /// C-MOVE.
    pub async fn move_here(
        &self,
        client: &ClientConfig,
        fetching: &Fetching<'_>,
    ) -> Result<Moved, ClientError> {
        let offers = [Offer::user(
            sop::STUDY_ROOT_MOVE,
            &[sop::EXPLICIT_LE, sop::IMPLICIT_LE],
        )];
        let mut association = self.associate(client, &offers).await?;
        let done = association
            .move_to(
                sop::STUDY_ROOT_MOVE,
                &fetching.destination,
                |syntax| fetching.query(syntax),
                fetching.patience,
                |progress| (fetching.each)(moved(progress)),
            )
            .await;
        match done {
            // So that it does not go on for nobody.
            Err(_) => association.abort().await,
            Ok(_) => association.release().await,
        }
        done.map(moved)
    }

    /// C-GET, handed on to the gateway that listens at `own`.
    pub async fn get(
        &self,
        client: &ClientConfig,
        own: SocketAddr,
        fetching: &Fetching<'_>,
    ) -> Result<Moved, ClientError> {
        let mut association = self.associate(client, &get_offers()).await?;
        let gateway = loopback(own, fetching.destination.clone());
        // To the gateway this is the node, sending.
        let relay = ClientConfig {
            calling: self.node.ae_title.clone(),
            ..client.clone()
        };
        let taken = Arc::new(AtomicU32::new(0));
        let so_far = |progress: Option<Progress>| {
            let said = progress.map(moved).unwrap_or_default();
            let taken = taken.load(Ordering::Relaxed);
            Moved {
                completed: said.completed.max(taken),
                ..said
            }
        };
        let open = |request| {
            (fetching.each)(so_far(None));
            let taken = Arc::clone(&taken);
            Ok(Relay::open(request, gateway.clone(), relay.clone(), taken))
        };
        let each = |progress| (fetching.each)(so_far(Some(progress)));
        let query = |syntax: &str| fetching.query(syntax);
        let done = association
            .get(sop::STUDY_ROOT_GET, query, open, each)
            .await;
        match done {
            Err(_) => association.abort().await,
            Ok(_) => association.release().await,
        }
        done.map(|progress| so_far(Some(progress)))
    }
}

/// The running gateway's plain port, from this machine.
fn loopback(listens: SocketAddr, ae_title: AeTitle) -> Node {
    let ip = if listens.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        listens.ip()
    };
    Node {
        ae_title,
        host: ip.to_string(),
        port: listens.port(),
    }
}

fn moved(progress: Progress) -> Moved {
    Moved {
        remaining: Some(progress.remaining.into()),
        // A warning is a stored image, with a remark.
        completed: u32::from(progress.completed) + u32::from(progress.warning),
        failed: progress.failed.into(),
    }
}

/// What a node's no, or its silence, means when it was asked to send.
fn not_sent(error: ClientError) -> NodeError {
    let class = match &error {
        ClientError::NoProgress(_) => ErrorClass::Transient,
        // A person must act: at the PACS, which does not know the gateway, or
        // has no such study (PS3.4 table C.4-2).
        ClientError::Status(
            status::MOVE_DESTINATION_UNKNOWN
            | status::DOES_NOT_MATCH
            | status::SOP_CLASS_NOT_SUPPORTED,
        ) => ErrorClass::Permanent,
        ClientError::Status(_) => ErrorClass::Transient,
        _ => return trouble(error),
    };
    NodeError {
        failure: Failure::NotSent,
        class,
        source: Some(Box::new(error)),
    }
}
