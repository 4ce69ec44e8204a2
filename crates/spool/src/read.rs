//! Reading an object back, chunk by chunk, each checked against its sum and its
//! seal.

use crate::{
    record::{Commit, Extent, HEAD, Head, Kind},
    spool::{Shared, segment_path},
};
use bildbro_seal::RECORD_EXTRA;
use bytes::{Buf, BytesMut};
use futures::{StreamExt, stream, stream::BoxStream};
use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

/// A chunk to be read, and how many of its first bytes are not wanted.
struct Part {
    index: usize,
    extent: Extent,
    skip: u64,
}

pub fn stream(
    shared: Arc<Shared>,
    object: u64,
    commit: Arc<Commit>,
    from: u64,
) -> BoxStream<'static, io::Result<bytes::Bytes>> {
    stream::iter(parts(&commit, from))
        .then(move |part| {
            let shared = Arc::clone(&shared);
            async move {
                let read = move || chunk(&shared, object, &part);
                tokio::task::spawn_blocking(read)
                    .await
                    .map_err(io::Error::other)?
            }
        })
        .boxed()
}

fn parts(commit: &Commit, from: u64) -> Vec<Part> {
    let mut skip = from;
    let mut parts = Vec::new();
    for (index, &extent) in commit.extents.iter().enumerate() {
        let data = u64::from(extent.length).saturating_sub(RECORD_EXTRA as u64);
        if data > skip {
            parts.push(Part {
                index,
                extent,
                skip,
            });
        }
        skip = skip.saturating_sub(data);
    }
    parts
}

fn chunk(shared: &Shared, object: u64, part: &Part) -> io::Result<bytes::Bytes> {
    let extent = part.extent;
    let file = File::open(segment_path(&shared.options.directory, extent.segment))?;
    let mut record = BytesMut::zeroed(HEAD + extent.length as usize);
    file.read_exact_at(&mut record, extent.offset)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a spool record is damaged");
    let head = Head::decode(&record).ok_or_else(damaged)?;
    let mut payload = record.split_off(HEAD);
    if head.kind != Kind::Chunk || head.object != object || !head.covers(&payload) {
        return Err(damaged());
    }
    let opened = shared.seal.open_chunk(object, part.index, &mut payload);
    let length = opened.map_err(|_| damaged())?.len();
    payload.advance(payload.len() - length - bildbro_seal::TAG);
    payload.truncate(length);
    payload.advance(usize::try_from(part.skip).map_err(|_| damaged())?);
    Ok(payload.freeze())
}
