//! A blob on its way in: sealed frame by frame, written segment by segment.

use super::{
    BlobFault, failed,
    large::Manifest,
    permanent,
    place::{self, Place, SEGMENT, Spot, Upload, segment_length},
};
use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{StoreError, hub::BlobWriter, keys::KeyId};
use bildbro_seal::{FRAME, HEADER, Sealer, sealed_length};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use std::{collections::HashSet, sync::Arc};

const WRITE_BLOB: &str = "write a blob";

/// Holds one segment at most.
pub struct Writer {
    store: Arc<dyn ObjectStore>,
    spot: Spot,
    length: u64,
    /// The upload of each segment that is written.
    written: Vec<Upload>,
    upload: Upload,
    segment: Segment,
    taken: u64,
}

/// The segment that is being filled.
struct Segment {
    place: Place,
    sealer: Sealer,
    sealed: Vec<u8>,
    /// Where the frame being filled begins in `sealed`.
    frame: usize,
    /// Bytes still to come.
    left: u64,
}

impl Segment {
    fn new(spot: &Spot, place: Place, length: u64) -> Self {
        let (sealer, header) = Sealer::new(&spot.data_key, rand::random(), &place.context(spot));
        let room = usize::try_from(sealed_length(length)).expect("a segment fits in memory");
        let mut sealed = Vec::with_capacity(room);
        sealed.extend_from_slice(&header);
        Self {
            place,
            sealer,
            sealed,
            frame: HEADER,
            left: length,
        }
    }

    /// Takes what still belongs to the segment, and seals whole frames.
    fn take(&mut self, bytes: &mut Bytes) {
        while !bytes.is_empty() && self.left > 0 {
            let room = FRAME - (self.sealed.len() - self.frame);
            let most = usize::try_from(self.left).unwrap_or(usize::MAX);
            let piece = bytes.split_to(bytes.len().min(room).min(most));
            self.sealed.extend_from_slice(&piece);
            self.left -= piece.len() as u64;
            if self.sealed.len() - self.frame == FRAME && self.left > 0 {
                self.seal(false);
            }
        }
    }

    fn seal(&mut self, last: bool) {
        self.sealer.seal(&mut self.sealed, self.frame, last);
        self.frame = self.sealed.len();
    }
}

impl Writer {
    /// `before`: the uploads of the segments that are there already.
    pub fn new(store: Arc<dyn ObjectStore>, spot: Spot, length: u64, before: Vec<Upload>) -> Self {
        let upload = rand::random();
        let taken = before.len() as u64 * SEGMENT;
        let segment = next_segment(&spot, length, upload, before.len());
        Self {
            store,
            spot,
            length,
            written: before,
            upload,
            segment,
            taken,
        }
    }

    /// Writes the segment, which is full or the last.
    async fn put_segment(&mut self) -> Result<(), StoreError> {
        self.segment.seal(true);
        let sealed = std::mem::take(&mut self.segment.sealed);
        self.put(self.segment.place, sealed).await
    }

    async fn put(&self, place: Place, sealed: Vec<u8>) -> Result<(), StoreError> {
        let payload = PutPayload::from(sealed);
        let put = self.store.put(&place.path(&self.spot), payload).await;
        put.map(|_| ()).map_err(|e| failed(WRITE_BLOB, e))
    }

    /// Says that old segments are gone on with: before they are read again.
    pub async fn mark_going_on(&self) -> Result<(), StoreError> {
        self.mark(&place::going_on(&self.spot, self.upload)).await
    }

    async fn mark(&self, path: &Path) -> Result<(), StoreError> {
        let put = self.store.put(path, PutPayload::from_static(b"-")).await;
        put.map(|_| ()).map_err(|e| failed(WRITE_BLOB, e))
    }

    /// Whether each segment is still there, as far as a list tells: one that
    /// was gone on with may have been cleared away meanwhile.
    async fn see_segments(&self) -> Result<(), StoreError> {
        let folder = place::parts(&self.spot);
        let list = self.store.list(Some(&folder)).map_ok(|o| o.location);
        let list: Result<HashSet<Path>, _> = list.try_collect().await;
        let there = list.map_err(|e| failed(WRITE_BLOB, e))?;
        let named = (0..).zip(&self.written);
        let mut named =
            named.map(|(index, &upload)| Place::Part { upload, index }.path(&self.spot));
        if named.all(|path| there.contains(&path)) {
            return Ok(());
        }
        Err(StoreError {
            operation: WRITE_BLOB,
            class: ErrorClass::Transient,
            source: Box::new(BlobFault::Offset(self.length)),
        })
    }

    fn is_large(&self) -> bool {
        self.length > SEGMENT
    }
}

fn next_segment(spot: &Spot, length: u64, upload: Upload, written: usize) -> Segment {
    let index = u32::try_from(written).unwrap_or(u32::MAX);
    let place = if length > SEGMENT {
        Place::Part { upload, index }
    } else {
        Place::Whole
    };
    Segment::new(spot, place, segment_length(length, index))
}

#[async_trait]
impl BlobWriter for Writer {
    async fn push(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        self.taken += bytes.len() as u64;
        if self.taken > self.length {
            let (expected, found) = (self.length, self.taken);
            return Err(permanent(WRITE_BLOB, BlobFault::Length { expected, found }));
        }
        while !bytes.is_empty() {
            self.segment.take(&mut bytes);
            if self.segment.left == 0 && self.is_large() {
                self.put_segment().await?;
                self.written.push(self.upload);
                let written = self.written.len();
                self.segment = next_segment(&self.spot, self.length, self.upload, written);
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<KeyId, StoreError> {
        if self.taken != self.length {
            let (expected, found) = (self.length, self.taken);
            return Err(permanent(WRITE_BLOB, BlobFault::Length { expected, found }));
        }
        if !self.is_large() {
            self.put_segment().await?;
            return Ok(self.spot.key_id);
        }
        self.see_segments().await?;
        let json = Manifest::new(&self.written).to_json();
        let length = json.len() as u64;
        let mut manifest = Segment::new(&self.spot, Place::Whole, length);
        manifest.take(&mut json.into());
        manifest.seal(true);
        self.put(Place::Whole, manifest.sealed).await?;
        Ok(self.spot.key_id)
    }

    async fn discard(self: Box<Self>) -> Result<(), StoreError> {
        if !self.is_large() {
            return Ok(());
        }
        let mut uploads = self.written.clone();
        uploads.push(self.upload);
        uploads.sort_unstable();
        uploads.dedup();
        for upload in uploads {
            self.mark(&place::bad(&self.spot, upload)).await?;
        }
        Ok(())
    }
}
