//! The demo's PACS: takes, finds and sends studies, over C-STORE, C-FIND,
//! C-MOVE and C-GET.
//!
//! One DICOM file an object in a folder, named by our own digest of its UID,
//! never by the UID itself; an index in memory, read from the files at the
//! start. Small on purpose: it stands in for a real PACS and is no product.

mod find;
mod store;

use crate::fault::{Fault, While};
use async_trait::async_trait;
use bildbro_dicom::{
    part10,
    phantom::Instance,
    scan::{Limits, Scanner},
};
use bildbro_dimse::{
    client::Node,
    server::{
        Acceptance, Peer, Query, Refusal, Server, ServerConfig, Services, StoreRequest, StoreSink,
        StoredObject,
    },
    sop,
};
use bildbro_domain::{AeTitle, Digest, InstanceHeader, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// Bytes read from a file at once.
const CHUNK: usize = 256 * 1024;

#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    ae_title: AeTitle,
    objects: Mutex<BTreeMap<InstanceUid, Object>>,
    destinations: Mutex<Vec<Node>>,
}

#[derive(Clone)]
struct Object {
    header: InstanceHeader,
    syntax: SyntaxUid,
    path: PathBuf,
}

impl Archive {
    /// Opens an archive in a folder, making it if need be.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn open(directory: PathBuf, ae_title: AeTitle) -> Result<Self, Fault> {
        let place = format!("the archive in {}", directory.display());
        fs::create_dir_all(&directory).doing(format!("making {place}"))?;
        let mut objects = BTreeMap::new();
        for file in fs::read_dir(&directory).doing(format!("reading {place}"))? {
            let path = file.doing(format!("reading {place}"))?.path();
            if path.extension().is_some_and(|e| e == "dcm") {
                if let Some(object) = read_object(&path) {
                    objects.insert(object.header.sop_uid.clone(), object);
                }
            } else {
                // What was under way when the last run ended.
                let _left_over = fs::remove_file(path);
            }
        }
        Ok(Self(Arc::new(Inner {
            directory,
            ae_title,
            objects: Mutex::new(objects),
            destinations: Mutex::default(),
        })))
    }

    /// # Errors
    /// When the address is taken.
    pub async fn bind(&self, address: SocketAddr) -> Result<Server, Fault> {
        let config = ServerConfig {
            max_associations: 32,
            max_pdu: 128 * 1024,
            idle: Duration::from_secs(60),
            artim: Duration::from_secs(10),
            grace: Duration::from_secs(3),
            implementation_class: part10::IMPLEMENTATION_CLASS,
            implementation_version: part10::IMPLEMENTATION_VERSION,
        };
        Server::bind(address, config, Arc::new(self.clone()))
            .await
            .doing(format!("listening on {address}"))
    }

    /// A destination for C-MOVE.
    pub fn know(&self, node: Node) {
        let mut destinations = self.0.destinations.lock().expect("nobody panics with it");
        destinations.push(node);
    }

    /// Puts a sample in, as if a modality had sent it. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, instance: &Instance) -> Result<(), Fault> {
        let mut scanner = Scanner::new(instance.syntax.as_str(), Limits::default());
        scanner.push(&instance.data_set).doing("reading a sample")?;
        let header = scanner.finish().doing("reading a sample")?;
        let path = self.path(&instance.sop_uid);
        let draft = path.with_extension("new");
        fs::write(&draft, instance.file()).doing("writing a sample")?;
        fs::rename(&draft, &path).doing("writing a sample")?;
        let object = Object {
            header,
            syntax: instance.syntax.clone(),
            path,
        };
        self.objects().insert(instance.sop_uid.clone(), object);
        Ok(())
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<InstanceUid, Object>> {
        self.0.objects.lock().expect("nobody panics with it")
    }

    /// Where an object's file is: a name of our own making.
    fn path(&self, sop_uid: &InstanceUid) -> PathBuf {
        let name = Digest::of(sop_uid.as_str().as_bytes());
        self.0.directory.join(format!("{name}.dcm"))
    }
}

/// Reads a file's header; `None` when it is no whole DICOM file.
fn read_object(path: &Path) -> Option<Object> {
    let mut file = File::open(path).ok()?;
    let mut buffer = vec![0; CHUNK];
    let n = file.read(&mut buffer).ok()?;
    let (meta, offset) = part10::read_meta(&buffer[..n]).ok()?;
    let mut scanner = Scanner::new(meta.syntax.as_str(), Limits::default());
    file.seek(SeekFrom::Start(offset as u64)).ok()?;
    loop {
        match file.read(&mut buffer).ok()? {
            0 => break,
            n => scanner.push(&buffer[..n]).ok()?,
        }
    }
    Some(Object {
        header: scanner.finish().ok()?,
        syntax: meta.syntax,
        path: path.to_owned(),
    })
}

/// The data set of a file, chunk by chunk.
fn data_set(path: PathBuf) -> BoxStream<'static, std::io::Result<Bytes>> {
    let open = async move {
        use tokio::io::{AsyncReadExt, AsyncSeekExt};
        let mut file = tokio::fs::File::open(path).await?;
        let mut prefix = vec![0; 4096];
        let n = file.read(&mut prefix).await?;
        let (_, offset) = part10::read_meta(&prefix[..n]).map_err(std::io::Error::other)?;
        file.seek(SeekFrom::Start(offset as u64)).await?;
        Ok::<_, std::io::Error>(tokio_util::io::ReaderStream::with_capacity(file, CHUNK))
    };
    futures::stream::once(open)
        .map(|opened| match opened {
            Ok(stream) => stream.boxed(),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        })
        .flatten()
        .boxed()
}

#[async_trait]
impl Services for Archive {
    fn welcome(&self, peer: &Peer) -> Result<(), Refusal> {
        if peer.called == self.0.ae_title {
            Ok(())
        } else {
            Err(Refusal::CalledUnknown)
        }
    }

    fn accept(&self, _peer: &Peer, abstract_syntax: &str, proposed: &[String]) -> Acceptance {
        if sop::is_storage(abstract_syntax) {
            let first = sop::first_standard(proposed).cloned();
            return first.map_or(Acceptance::RefuseTransferSyntaxes, Acceptance::Accept);
        }
        let known = abstract_syntax == sop::VERIFICATION || find::is_query_model(abstract_syntax);
        if !known {
            return Acceptance::RefuseAbstractSyntax;
        }
        let native = proposed
            .iter()
            .find(|s| [sop::EXPLICIT_LE, sop::IMPLICIT_LE].contains(&s.as_str()));
        native
            .cloned()
            .map_or(Acceptance::RefuseTransferSyntaxes, Acceptance::Accept)
    }

    async fn store(&self, _peer: &Peer, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        store::begin(self.clone(), request).await
    }

    async fn find(&self, _peer: &Peer, query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        let answers = find::find(&self.objects(), &query)?;
        Ok(futures::stream::iter(answers).boxed())
    }

    async fn retrieve(&self, _peer: &Peer, query: Query) -> Result<Vec<StoredObject>, u16> {
        let found = find::retrieve(&self.objects(), &query)?;
        let stored = found.into_iter().map(|object| StoredObject {
            class: object.header.class_uid,
            sop_uid: object.header.sop_uid,
            syntax: object.syntax,
            bytes: data_set(object.path),
        });
        Ok(stored.collect())
    }

    fn destination(&self, title: &AeTitle) -> Option<Node> {
        let destinations = self.0.destinations.lock().expect("nobody panics with it");
        destinations
            .iter()
            .find(|node| node.ae_title == *title)
            .cloned()
    }
}

#[cfg(test)]
mod tests;
