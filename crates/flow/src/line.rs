//! How an image's bytes travel between gateway and hub: in pieces of one frame,
//! packed when that was asked for, from any byte on.
//!
//! Used at both ends, in both directions. What comes out at the other end is
//! what went in, to the byte; the stages see to that by its digest.

use crate::ports::ByteStream;
use bildbro_dicom::pack::{Packer, UnpackError, Unpacker};
use bildbro_domain::SyntaxUid;
use bildbro_wire::{
    frame::{self, MAX_PIECE},
    link::{Carried, Encoding},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

/// What to do when an image's bytes break off at their source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The image is spoilt: it is given up, and the body goes on.
    GiveUp,
    /// It may be better next time: the whole body breaks off.
    BreakOff,
}

/// Whether an error says that the bytes are gone or damaged, rather than that
/// they cannot be had now.
#[must_use]
pub fn is_spoilt(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
    matches!(error.kind(), InvalidData | NotFound | UnexpectedEof)
}

/// What an error of a source means, by its kind.
#[must_use]
pub fn broken(error: &io::Error) -> Broken {
    if is_spoilt(error) {
        Broken::GiveUp
    } else {
        Broken::BreakOff
    }
}

/// An image's bytes from a byte on, and what packing needs to know of them.
pub struct Source {
    pub syntax: SyntaxUid,
    /// Of the whole image.
    pub length: u64,
    pub bytes: io::Result<ByteStream>,
}

/// What packing and restoring work in, kept from one frame of a body to the
/// next: several megabytes that would cost more to get anew than a small image
/// to pack.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    packer: Option<Packer>,
    unpacker: Option<Unpacker>,
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nobody panics with it")
    }

    fn packer(&self, syntax: &str, length: u64) -> Packer {
        match self.kept().packer.take() {
            Some(mut packer) => {
                packer.restart(syntax, length);
                packer
            }
            None => Packer::new(syntax, length),
        }
    }

    fn unpacker(&self, limit: u64) -> Unpacker {
        match self.kept().unpacker.take() {
            Some(mut unpacker) => {
                unpacker.restart(limit);
                unpacker
            }
            None => Unpacker::new(limit),
        }
    }
}

/// One frame: an image's bytes from `carried.from` on. `broken` says what an
/// error of the source means.
///
/// # Errors
/// When the meta part cannot be written as JSON.
pub fn frame<T: Serialize>(
    memory: &Memory,
    carried: &Carried<T>,
    source: Source,
    broken: impl Fn(&io::Error) -> Broken + Send + 'static,
) -> io::Result<ByteStream> {
    let meta = serde_json::to_vec(carried).map_err(io::Error::other)?;
    let head = Bytes::from(frame::head(&meta));
    let bytes = match source.bytes {
        Ok(bytes) => bytes,
        Err(error) => stream::iter([Err(error)]).boxed(),
    };
    let left = source.length.saturating_sub(carried.from);
    let bytes = match carried.encoding {
        Encoding::Identity => bytes,
        // The pixel data's form stands at the beginning: the rest of an image
        // is packed as plain bytes.
        Encoding::Packed if carried.from > 0 => packed(memory, "", left, bytes),
        Encoding::Packed => packed(memory, source.syntax.as_str(), left, bytes),
    };
    let whole = stream::iter([Ok(Bytes::from_static(&frame::WHOLE))]);
    let pieces = pieces(bytes).chain(whole).boxed();
    let ended = stream::unfold(Some((pieces, broken)), |state| async move {
        let (mut pieces, broken) = state?;
        match pieces.next().await? {
            Ok(bytes) => Some((Ok(bytes), Some((pieces, broken)))),
            Err(error) if broken(&error) == Broken::GiveUp => {
                Some((Ok(Bytes::from_static(&frame::GIVEN_UP)), None))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(stream::iter([Ok(head)]).chain(ended).boxed())
}

/// Bytes as pieces of a frame.
fn pieces(bytes: ByteStream) -> impl Stream<Item = io::Result<Bytes>> + Send {
    bytes
        .map_ok(|mut bytes| {
            let mut out = Vec::with_capacity(2);
            while !bytes.is_empty() {
                let piece = bytes.split_to(bytes.len().min(MAX_PIECE));
                let head = frame::piece_head(piece.len());
                out.push(Ok(Bytes::copy_from_slice(&head)));
                out.push(Ok(piece));
            }
            stream::iter(out)
        })
        .try_flatten()
}

/// The same bytes, packed.
fn packed(memory: &Memory, syntax: &str, length: u64, bytes: ByteStream) -> ByteStream {
    let packing = Some((memory.packer(syntax, length), bytes, memory.clone()));
    stream::try_unfold(packing, |packing| async move {
        let Some((mut packer, mut bytes, memory)) = packing else {
            return Ok(None);
        };
        let mut out = Vec::new();
        while let Some(chunk) = bytes.try_next().await? {
            packer.push(&chunk, &mut out);
            if !out.is_empty() {
                return Ok(Some((Bytes::from(out), Some((packer, bytes, memory)))));
            }
        }
        let wrong = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        packer.finish(&mut out).map_err(wrong)?;
        memory.kept().packer = Some(packer);
        Ok(Some((Bytes::from(out), None)))
    })
    .boxed()
}

/// A whole body: these frames, and its end.
pub fn body(frames: impl Stream<Item = io::Result<ByteStream>> + Send + 'static) -> ByteStream {
    let end = stream::iter([Ok(Bytes::from_static(&frame::END))]);
    together(frames.try_flatten().chain(end).boxed())
}

/// Short items are put together, since each costs a write: of a small image
/// head, pieces and end go out as one.
fn together(bytes: ByteStream) -> ByteStream {
    const SHORT: usize = 16 * 1024;
    let state = Some((bytes, BytesMut::new(), None));
    stream::try_unfold(state, |state| async move {
        let Some((mut bytes, mut short, next)) = state else {
            return Ok(None);
        };
        if let Some(next) = next {
            return Ok(Some((next, Some((bytes, short, None)))));
        }
        while let Some(item) = bytes.try_next().await? {
            if item.len() >= SHORT {
                let (first, next) = if short.is_empty() {
                    (item, None)
                } else {
                    (short.split().freeze(), Some(item))
                };
                return Ok(Some((first, Some((bytes, short, next)))));
            }
            short.put(item);
            if short.len() >= SHORT {
                return Ok(Some((short.split().freeze(), Some((bytes, short, None)))));
            }
        }
        Ok((!short.is_empty()).then(|| (short.freeze(), None)))
    })
    .boxed()
}

/// What came is not what was said to come.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("more or fewer bytes came than were announced")]
    Length,
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}

/// One frame's bytes at the other end, restored.
pub struct Arriving {
    left: u64,
    waiting: Bytes,
    unpacker: Option<(Unpacker, Memory)>,
}

impl Arriving {
    /// An image of `length` bytes in all.
    #[must_use]
    pub fn new<T>(memory: &Memory, carried: &Carried<T>, length: u64) -> Self {
        let left = length.saturating_sub(carried.from);
        let unpacker = match carried.encoding {
            Encoding::Identity => None,
            Encoding::Packed => Some((memory.unpacker(left), memory.clone())),
        };
        Self {
            left,
            waiting: Bytes::new(),
            unpacker,
        }
    }

    /// Takes bytes of the frame; [`Arriving::restored`] must have answered `None`.
    pub fn push(&mut self, bytes: Bytes) {
        self.waiting = bytes;
    }

    /// The next bytes of the image; `None` when more of the frame is needed.
    ///
    /// # Errors
    /// [`LineError`]; nothing more of the frame is to be trusted.
    pub fn restored(&mut self) -> Result<Option<Bytes>, LineError> {
        let bytes = match &mut self.unpacker {
            None => std::mem::take(&mut self.waiting),
            Some((unpacker, _)) => {
                let mut rest = &self.waiting[..];
                let mut out = Vec::new();
                unpacker.push(&mut rest, &mut out)?;
                self.waiting = self.waiting.slice(self.waiting.len() - rest.len()..);
                out.into()
            }
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or(LineError::Length)?;
        Ok(Some(bytes))
    }

    /// To be called at the frame's end.
    ///
    /// # Errors
    /// [`LineError`] unless all has come.
    pub fn finish(self) -> Result<(), LineError> {
        if let Some((unpacker, memory)) = self.unpacker {
            unpacker.finish()?;
            memory.kept().unpacker = Some(unpacker);
        }
        if self.left == 0 {
            Ok(())
        } else {
            Err(LineError::Length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_wire::frame::{Decoder, Event};

    const SYNTAX: &str = "1.2.840.10008.1.2.1";

    fn source(bytes: &[u8], from: usize, fail: bool) -> Source {
        let chunks = bytes[from..].chunks(70_000).map(Bytes::copy_from_slice);
        let mut chunks: Vec<io::Result<Bytes>> = chunks.map(Ok).collect();
        if fail {
            chunks.push(Err(io::ErrorKind::InvalidData.into()));
        }
        Source {
            syntax: SyntaxUid::new(SYNTAX).unwrap(),
            length: bytes.len() as u64,
            bytes: Ok(stream::iter(chunks).boxed()),
        }
    }

    /// Image, bytes restored, and whether it was whole, of each frame.
    async fn through(body: ByteStream) -> Vec<(u32, Vec<u8>, bool)> {
        let mut decoder = Decoder::default();
        let mut out: Vec<(u32, Vec<u8>, bool)> = Vec::new();
        let memory = Memory::default();
        let mut arriving = None;
        let chunks: Vec<Bytes> = body.try_collect().await.unwrap();
        for chunk in chunks {
            decoder.push(&chunk);
            while let Some(event) = decoder.next_event().unwrap() {
                match event {
                    Event::Head(meta) => {
                        let carried: Carried<Of> = serde_json::from_slice(&meta).unwrap();
                        arriving = Some(Arriving::new(&memory, &carried, carried.image.length));
                        out.push((carried.image.n, Vec::new(), false));
                    }
                    Event::Data(bytes) => {
                        let arriving = arriving.as_mut().unwrap();
                        arriving.push(bytes);
                        while let Some(bytes) = arriving.restored().unwrap() {
                            out.last_mut().unwrap().1.extend_from_slice(&bytes);
                        }
                    }
                    Event::Whole => {
                        arriving.take().unwrap().finish().unwrap();
                        out.last_mut().unwrap().2 = true;
                    }
                    Event::GivenUp | Event::End => {}
                }
            }
        }
        decoder.finish().unwrap();
        out
    }

    #[derive(Clone, Copy, Serialize, serde::Deserialize)]
    struct Of {
        n: u32,
        length: u64,
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_from_any_byte_packed_or_not() {
        let text: Vec<u8> = b"a text that packs well "
            .iter()
            .copied()
            .cycle()
            .take(1_300_000)
            .collect();
        let bodies = [
            (&text[..0], 0),
            (&text[..900], 0),
            (&text[..], 0),
            (&text[..], 900_001),
        ];
        let memory = Memory::default();
        for encoding in [Encoding::Identity, Encoding::Packed] {
            let frames = bodies.iter().zip(0..).map(|(&(bytes, from), n)| {
                let length = bytes.len() as u64;
                let carried = Carried {
                    image: Of { n, length },
                    encoding,
                    from: from as u64,
                };
                frame(&memory, &carried, source(bytes, from, false), |_| {
                    Broken::BreakOff
                })
            });
            let frames: Vec<_> = frames.collect();
            let body = body(stream::iter(frames));
            let expected = bodies.iter().zip(0..);
            let expected = expected.map(|(&(bytes, from), n)| (n, bytes[from..].to_vec(), true));
            assert!(
                through(body).await == expected.collect::<Vec<_>>(),
                "{encoding:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_spoilt_image_is_given_up_and_the_next_follows() {
        let bytes = vec![3; 200_000];
        let memory = Memory::default();
        for encoding in [Encoding::Identity, Encoding::Packed] {
            let frames = [true, false].into_iter().zip(0..).map(|(fail, n)| {
                let length = bytes.len() as u64;
                let image = Of { n, length };
                let from = 0;
                let carried = Carried {
                    image,
                    encoding,
                    from,
                };
                frame(&memory, &carried, source(&bytes, 0, fail), |_| {
                    Broken::GiveUp
                })
            });
            let frames: Vec<_> = frames.collect();
            let came = through(body(stream::iter(frames))).await;
            assert_eq!((came[0].0, came[0].2), (0, false));
            assert!(came[1] == (1, bytes.clone(), true));
        }
    }

    #[tokio::test]
    async fn a_storage_that_is_away_breaks_the_body_off() {
        let image = Of { n: 0, length: 9 };
        let carried = Carried {
            image,
            encoding: Encoding::Identity,
            from: 0,
        };
        let broken = frame(
            &Memory::default(),
            &carried,
            source(&[1; 9], 0, true),
            |_| Broken::BreakOff,
        );
        let body: Result<Vec<Bytes>, _> = body(stream::iter([broken])).try_collect().await;
        assert!(body.is_err());
    }
}
