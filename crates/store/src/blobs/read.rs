//! Blobs on their way out: fetched, opened frame by frame, and passed on.

use super::{
    BlobFault, ObjectBlobs, failed, permanent,
    place::{Place, SEGMENT, Spot, Upload, segment_length},
};
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{ByteStream, StoreError};
use bildbro_seal::{FRAME, HEADER, Opener, TAG, frame_at, sealed_length};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, path::Path,
};
use std::io::{self, Seek, SeekFrom};
use tokio_util::io::ReaderStream;

pub const READ_BLOB: &str = "read a blob";

/// Bytes read at a time from a local file.
const READ: usize = 1 << 20;

impl ObjectBlobs {
    /// A blob's bytes from `from` on. What is wrong with the first object is
    /// found before the first byte; anything later ends the stream.
    pub(super) async fn bytes(
        &self,
        spot: Spot,
        length: u64,
        from: u64,
    ) -> Result<ByteStream, StoreError> {
        if from > length {
            return Err(permanent(READ_BLOB, BlobFault::Offset(from)));
        }
        if from == length && from > 0 {
            // Only the end of the image is missing at the other side.
            return Ok(stream::empty().boxed());
        }
        if length <= SEGMENT {
            return self.segment(&spot, Place::Whole, length, from).await;
        }
        let uploads = self.manifest(&spot, length).await?;
        Ok(self.segments(spot, uploads, length, from))
    }

    /// The segments that `uploads` brought, one after another.
    pub(super) fn segments(
        &self,
        spot: Spot,
        uploads: Vec<Upload>,
        length: u64,
        from: u64,
    ) -> ByteStream {
        let first = from / SEGMENT;
        let blobs = self.clone();
        let parts = (0_u32..).zip(uploads);
        let parts = parts.skip_while(move |(index, _)| u64::from(*index) < first);
        stream::iter(parts)
            .then(move |(index, upload)| {
                let (blobs, spot) = (blobs.clone(), spot.clone());
                let place = Place::Part { upload, index };
                let begin = from.saturating_sub(u64::from(index) * SEGMENT);
                let length = segment_length(length, index);
                async move {
                    let opened = blobs.segment(&spot, place, length, begin).await;
                    opened.map_err(io::Error::from)
                }
            })
            .try_flatten()
            .boxed()
    }

    /// One object's bytes, of which there are `length`, from `from` on.
    async fn segment(
        &self,
        spot: &Spot,
        place: Place,
        length: u64,
        from: u64,
    ) -> Result<ByteStream, StoreError> {
        let path = place.path(spot);
        let (frame, at) = frame_at(from);
        // From the middle on, the header is asked for by itself.
        let range = (frame > 0).then_some(GetRange::Bounded(0..HEADER as u64));
        let begun = self.get(&path, range).await?;
        let (found, expected) = (begun.meta.size, sealed_length(length));
        if found != expected {
            return Err(permanent(READ_BLOB, BlobFault::Length { expected, found }));
        }
        let mut reader = Reader {
            source: pieces(begun, 0).map_err(|e| transient(READ_BLOB, e))?,
            buffer: BytesMut::new(),
            left: length,
        };
        let header = reader.exactly(HEADER).await;
        let header = header.map_err(|e| transient(READ_BLOB, e))?;
        let opener = Opener::new(&spot.data_key, &header, &place.context(spot))
            .map_err(|e| permanent(READ_BLOB, BlobFault::Seal(e)))?;
        if frame > 0 {
            let rest = self.get(&path, Some(GetRange::Offset(at))).await?;
            reader.source = pieces(rest, at).map_err(|e| transient(READ_BLOB, e))?;
            reader.buffer.clear();
            reader.left -= frame * FRAME as u64;
        }
        let skip = usize::try_from(from % FRAME as u64).expect("less than a frame");
        Ok(reader.open(opener, frame, skip))
    }

    async fn get(&self, path: &Path, range: Option<GetRange>) -> Result<GetResult, StoreError> {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let found = self.store.get_opts(path, options).await;
        found.map_err(|e| failed(READ_BLOB, e))
    }

    /// The manifest of a large blob: one frame.
    pub(super) async fn open_manifest(&self, spot: &Spot) -> Result<Vec<u8>, StoreError> {
        let place = Place::Whole;
        let found = self.store.get(&place.path(spot)).await;
        let found = found.map_err(|e| failed(READ_BLOB, e))?;
        if found.meta.size > sealed_length(FRAME as u64) {
            return Err(permanent(READ_BLOB, BlobFault::Manifest));
        }
        let sealed = found.bytes().await.map_err(|e| failed(READ_BLOB, e))?;
        let refused = |e| permanent(READ_BLOB, BlobFault::Seal(e));
        let header = sealed.get(..HEADER).unwrap_or_default();
        let opener = Opener::new(&spot.data_key, header, &place.context(spot)).map_err(refused)?;
        let mut frame = sealed[HEADER..].to_vec();
        let opened = opener.open(0, true, &mut frame).map_err(refused)?;
        Ok(opened.to_vec())
    }
}

fn transient(operation: &'static str, source: io::Error) -> StoreError {
    StoreError {
        operation,
        class: ErrorClass::Transient,
        source: Box::new(source),
    }
}

/// An answer's bytes; a local file is read in larger pieces than
/// `object_store` would, and from where the range begins.
fn pieces(found: GetResult, from: u64) -> io::Result<ByteStream> {
    let length = found.range.end - found.range.start;
    Ok(match found.payload {
        GetResultPayload::File(mut file, _) => {
            file.seek(SeekFrom::Start(from))?;
            let file = tokio::fs::File::from_std(file);
            // Small images do not need a large buffer each.
            let room = usize::try_from(length).unwrap_or(READ).clamp(1, READ);
            ReaderStream::with_capacity(file, room).boxed()
        }
        GetResultPayload::Stream(bytes) => bytes.map_err(io::Error::other).boxed(),
    })
}

/// Sealed bytes as they come.
struct Reader {
    source: ByteStream,
    buffer: BytesMut,
    /// Bytes of data still to come.
    left: u64,
}

impl Reader {
    /// Reads until at least `least` bytes are there.
    async fn fill(&mut self, least: usize) -> io::Result<()> {
        while self.buffer.len() < least {
            let Some(bytes) = self.source.try_next().await? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            self.buffer.extend_from_slice(&bytes);
        }
        Ok(())
    }

    async fn exactly(&mut self, count: usize) -> io::Result<BytesMut> {
        self.fill(count).await?;
        Ok(self.buffer.split_to(count))
    }

    fn open(self, opener: Opener, frame: u64, skip: usize) -> ByteStream {
        let opening = Opening {
            reader: self,
            opener,
            frame,
            skip,
            done: false,
        };
        stream::try_unfold(opening, Opening::step).boxed()
    }
}

struct Opening {
    reader: Reader,
    opener: Opener,
    frame: u64,
    /// Bytes of the next frame that are not wanted.
    skip: usize,
    done: bool,
}

impl Opening {
    /// Opens the next frame.
    async fn step(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.done {
            return Ok(None);
        }
        self.done = self.reader.left <= FRAME as u64;
        let length = usize::try_from(self.reader.left.min(FRAME as u64)).expect("at most a frame");
        let mut data = self.reader.exactly(length + TAG).await?;
        let opened = self.opener.open(self.frame, self.done, &mut data);
        if let Err(error) = opened {
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        data.truncate(length);
        let data = data.split_off(self.skip.min(length));
        self.skip = 0;
        self.frame += 1;
        self.reader.left -= length as u64;
        Ok(Some((data.freeze(), self)))
    }
}
