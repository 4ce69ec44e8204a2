//! Reading an object back, chunk by chunk, each checked against its sum.

use crate::{
    record::{Commit, Extent, HEAD, Head, Kind},
    spool::segment_path,
};
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub fn stream(
    directory: PathBuf,
    object: u64,
    commit: Arc<Commit>,
) -> BoxStream<'static, io::Result<Bytes>> {
    let count = commit.extents.len();
    stream::iter(0..count)
        .then(move |i| {
            let (directory, extent) = (directory.clone(), commit.extents[i]);
            async move {
                let read = move || chunk(&directory, object, extent);
                tokio::task::spawn_blocking(read)
                    .await
                    .map_err(io::Error::other)?
            }
        })
        .boxed()
}

fn chunk(directory: &Path, object: u64, extent: Extent) -> io::Result<Bytes> {
    let file = File::open(segment_path(directory, extent.segment))?;
    let mut record = vec![0; HEAD + extent.length as usize];
    file.read_exact_at(&mut record, extent.offset)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a spool record is damaged");
    let head = Head::decode(&record).ok_or_else(damaged)?;
    let payload = Bytes::from(record).slice(HEAD..);
    if head.kind != Kind::Chunk || head.object != object || !head.covers(&payload) {
        return Err(damaged());
    }
    Ok(payload)
}
