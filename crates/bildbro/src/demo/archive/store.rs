//! C-STORE into the archive: to a draft file, flushed, then named.

use super::{Archive, Object};
use async_trait::async_trait;
use bildbro_dicom::{
    part10::{self, Meta},
    scan::{Limits, Scanner},
};
use bildbro_dimse::{
    server::{StoreRequest, StoreSink},
    status,
};
use bytes::Bytes;
use std::path::PathBuf;
use tokio::{fs::File, io::AsyncWriteExt};
use uuid::Uuid;

struct Sink {
    archive: Archive,
    request: StoreRequest,
    scanner: Scanner,
    draft: PathBuf,
    file: File,
}

pub async fn begin(archive: Archive, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
    let draft = archive.0.directory.join(format!("{}.new", Uuid::new_v4()));
    let mut file = File::create(&draft)
        .await
        .map_err(|_| status::OUT_OF_RESOURCES)?;
    let meta = Meta {
        class: request.class.clone(),
        sop_uid: request.sop_uid.clone(),
        syntax: request.syntax.clone(),
    };
    let head = part10::meta_header(&meta);
    file.write_all(&head)
        .await
        .map_err(|_| status::OUT_OF_RESOURCES)?;
    let scanner = Scanner::new(request.syntax.as_str(), Limits::default());
    Ok(Box::new(Sink {
        archive,
        request,
        scanner,
        draft,
        file,
    }))
}

#[async_trait]
impl StoreSink for Sink {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        self.scanner
            .push(&bytes)
            .map_err(|_| status::CANNOT_UNDERSTAND)?;
        let written = self.file.write_all(&bytes).await;
        written.map_err(|_| status::OUT_OF_RESOURCES)
    }

    async fn commit(mut self: Box<Self>) -> u16 {
        match self.keep().await {
            Ok(()) => status::SUCCESS,
            Err(status) => status,
        }
    }
}

impl Sink {
    async fn keep(&mut self) -> Result<(), u16> {
        let fresh = Scanner::new(self.request.syntax.as_str(), Limits::default());
        let scanner = std::mem::replace(&mut self.scanner, fresh);
        let header = scanner.finish().map_err(|_| status::CANNOT_UNDERSTAND)?;
        if header.sop_uid != self.request.sop_uid {
            return Err(status::DOES_NOT_MATCH);
        }
        let room = |_| status::OUT_OF_RESOURCES;
        self.file.flush().await.map_err(room)?;
        self.file.sync_all().await.map_err(room)?;
        let path = self.archive.path(&header.sop_uid);
        tokio::fs::rename(&self.draft, &path).await.map_err(room)?;
        let object = Object {
            syntax: self.request.syntax.clone(),
            path,
            header,
        };
        let uid = object.header.sop_uid.clone();
        self.archive.objects().insert(uid, object);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Gone already when the object was kept.
        let _kept = std::fs::remove_file(&self.draft);
    }
}
