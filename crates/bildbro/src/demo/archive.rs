//! The demo's small PACS: stores what it is sent, finds it, moves it and gives
//! it, so that a demo needs nothing else installed.
//!
//! At either end of the path, outside of it: to the gateway it is a PACS like
//! any other, spoken to in DICOM alone.
//!
//! Invariants: an object is stored whole and on disk before it is answered
//! for, once for each SOP Instance UID; no object is ever whole in memory; no
//! text of a peer is part of a path. The index is in memory, and made anew
//! from the files at each start.
//!
//! What it deliberately does not do: it asks no caller who it is, compresses
//! and changes nothing, and never deletes. It is for sample studies, and for
//! no patient's.

mod disk;
mod query;
#[cfg(test)]
mod tests;

use crate::fault::{Fault, While};
use async_trait::async_trait;
use bildbro_dicom::{
    part10::{IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION, Meta},
    phantom::Instance,
    syntax,
};
use bildbro_dimse::{
    client::Node,
    server::{
        Acceptance, Peer, Query, Refusal, Server, ServerConfig, Services, StoreRequest, StoreSink,
        StoredObject,
    },
    sop, status,
};
#[cfg(test)]
use bildbro_domain::StudyUid;
use bildbro_domain::{AeTitle, InstanceUid};
use bytes::Bytes;
use disk::{Draft, KeepError, Kept};
use futures::{StreamExt, stream, stream::BoxStream};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// What is held, by SOP Instance UID.
type Index = BTreeMap<InstanceUid, Kept>;

/// A handle; clones are the same archive.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    title: AeTitle,
    index: RwLock<Index>,
    /// C-MOVE destinations.
    nodes: RwLock<HashMap<AeTitle, Node>>,
}

impl Archive {
    /// Opens the archive in `directory`, which is made when it is not there,
    /// and reads what it holds.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be read. A broken file stops
    /// the start: an archive that has lost an image must not keep quiet.
    pub fn open(directory: PathBuf, ae_title: AeTitle) -> Result<Self, Fault> {
        std::fs::create_dir_all(&directory)
            .doing(format!("making the archive {}", directory.display()))?;
        let index = disk::read_all(&directory)?;
        Ok(Self(Arc::new(Inner {
            directory,
            title: ae_title,
            index: RwLock::new(index),
            nodes: RwLock::default(),
        })))
    }

    /// Binds a server that answers to the archive's AE title.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(&self, address: SocketAddr) -> Result<Server, Fault> {
        let config = ServerConfig {
            max_associations: 16,
            max_pdu: 128 * 1024,
            idle: Duration::from_secs(60),
            artim: Duration::from_secs(10),
            grace: Duration::from_secs(2),
            implementation_class: IMPLEMENTATION_CLASS,
            implementation_version: IMPLEMENTATION_VERSION,
        };
        Server::bind(address, config, Arc::new(self.clone()))
            .await
            .doing(format!("binding {} at {address}", self.0.title))
    }

    /// Makes a node known as a C-MOVE destination, by its AE title.
    pub fn know(&self, node: Node) {
        let mut nodes = self.0.nodes.write().unwrap_or_else(PoisonError::into_inner);
        nodes.insert(node.ae_title.clone(), node);
    }

    /// Puts a sample in, as if a modality had sent it. Blocks until it is on
    /// disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, instance: &Instance) -> Result<(), Fault> {
        let keep = || {
            let mut draft = Draft::begin(&self.0.directory, instance.meta())?;
            draft.push(&instance.data_set)?;
            self.keep(draft)
        };
        keep().doing("putting a sample into the archive")
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a sink for one object. Blocks.
    fn begin(&self, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        let meta = Meta {
            class: request.class,
            sop_uid: request.sop_uid,
            syntax: request.syntax,
        };
        let draft = Draft::begin(&self.0.directory, meta).map_err(|error| say(&error))?;
        Ok(Box::new(Sink {
            archive: self.clone(),
            draft: Some(draft),
        }))
    }

    /// Keeps a draft that has come to its end, unless the object is there
    /// already: a sender that missed our answer sends again. Blocks.
    fn keep(&self, draft: Draft) -> Result<(), KeepError> {
        let draft = draft.finish()?;
        // Held over the rename, so that of two of the same one is kept, and
        // neither is answered for before it is on disk.
        let mut index = self.0.index.write().unwrap_or_else(PoisonError::into_inner);
        if !index.contains_key(draft.sop_uid()) {
            let kept = draft.keep(&self.0.directory)?;
            index.insert(kept.header.sop_uid.clone(), kept);
        }
        Ok(())
    }
}

/// What the tests look at.
#[cfg(test)]
impl Archive {
    /// Number of instances of a study that are held.
    pub fn count(&self, study: &StudyUid) -> usize {
        let index = self.index();
        let of_study = index.values().filter(|k| k.header.study_uid == *study);
        of_study.count()
    }

    /// The studies held, by UID.
    pub fn studies(&self) -> Vec<StudyUid> {
        let index = self.index();
        let uids = index.values().map(|kept| &kept.header.study_uid);
        let uids: std::collections::BTreeSet<_> = uids.collect();
        uids.into_iter().cloned().collect()
    }
}

#[async_trait]
impl Services for Archive {
    fn welcome(&self, peer: &Peer) -> Result<(), Refusal> {
        if peer.called == self.0.title {
            Ok(())
        } else {
            Err(Refusal::CalledUnknown)
        }
    }

    fn accept(&self, _peer: &Peer, abstract_syntax: &str, proposed: &[String]) -> Acceptance {
        let syntax = if sop::is_storage(abstract_syntax) {
            sop::first_standard(proposed)
        } else if abstract_syntax == sop::VERIFICATION || query::is_model(abstract_syntax) {
            // What is compressed image by image is no way to write a query.
            let plain = |uid: &&String| sop::is_transfer_syntax(uid) && !syntax::encapsulated(uid);
            proposed.iter().find(plain)
        } else {
            return Acceptance::RefuseAbstractSyntax;
        };
        match syntax {
            Some(syntax) => Acceptance::Accept(syntax.clone()),
            None => Acceptance::RefuseTransferSyntaxes,
        }
    }

    async fn store(&self, _peer: &Peer, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        let archive = self.clone();
        spawn_blocking(move || archive.begin(request))
            .await
            .unwrap_or(Err(status::OUT_OF_RESOURCES))
    }

    async fn find(&self, _peer: &Peer, query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        let answers = query::find(&self.index(), &self.0.title, &query)?;
        Ok(stream::iter(answers).boxed())
    }

    async fn retrieve(&self, _peer: &Peer, query: Query) -> Result<Vec<StoredObject>, u16> {
        let objects = query::select(&self.index(), &query)?;
        Ok(objects.into_iter().map(Kept::object).collect())
    }

    fn destination(&self, title: &AeTitle) -> Option<Node> {
        let nodes = self.0.nodes.read().unwrap_or_else(PoisonError::into_inner);
        nodes.get(title).cloned()
    }
}

/// One object on its way in.
struct Sink {
    archive: Archive,
    /// Absent after a failure, and then nothing of it is left.
    draft: Option<Draft>,
}

#[async_trait]
impl StoreSink for Sink {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        let mut draft = self.draft.take().ok_or(status::OUT_OF_RESOURCES)?;
        let written = spawn_blocking(move || draft.push(&bytes).map(|()| draft)).await;
        let written = written.map_err(|_| status::OUT_OF_RESOURCES)?;
        self.draft = Some(written.map_err(|error| say(&error))?);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> u16 {
        let Self { archive, draft } = *self;
        let Some(draft) = draft else {
            return status::OUT_OF_RESOURCES;
        };
        match spawn_blocking(move || archive.keep(draft)).await {
            Ok(Ok(())) => status::SUCCESS,
            Ok(Err(error)) => say(&error),
            Err(_) => status::OUT_OF_RESOURCES,
        }
    }
}

fn say(error: &KeepError) -> u16 {
    tracing::warn!(%error, "archive.refused");
    error.status()
}
