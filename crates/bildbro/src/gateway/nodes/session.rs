//! Storing in a node: in the transfer syntax that an object was stored in, else
//! in one that the node takes; coerced by the node's rules.

use super::{KnownNode, not_accepted, source_trouble, trouble};
use async_trait::async_trait;
use bildbro_dicom::{
    coerce::{Rewriter, Rules},
    transcode,
};
use bildbro_dimse::client::{Association, MAX_CONTEXTS, Offer, StoreHeader};
use bildbro_domain::{ErrorClass, share::Failure};
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Kind, NodeError, ObjectMeta, StoreSession},
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::{io, sync::Arc};

/// For each kind a context as stored, and one for each syntax that it could be
/// turned into, as far as 128 contexts go.
pub fn offers(kinds: &[Kind]) -> Vec<Offer> {
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

pub struct Session {
    /// `None` after it has been aborted.
    pub association: Option<Association>,
    pub known: Arc<KnownNode>,
    pub max_transcode: u64,
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
