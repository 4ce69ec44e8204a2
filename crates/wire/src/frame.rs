//! Images on the link, many in one body.
//!
//! A body is frames one after another, and ends with an empty one. A frame is
//! `length of meta (u32 BE) ‖ meta (JSON) ‖ piece… ‖ end`; a piece is `length
//! (u32 BE, 1 to [`MAX_PIECE`]) ‖ bytes`; the end is [`WHOLE`], or [`GIVEN_UP`]
//! when the sender could not go on with this image. The empty frame is four
//! zero bytes; without it the body was cut off.
//!
//! One request thus carries many small images without a round trip each, and
//! one of any size, also of a size not known before, without being held whole;
//! and an image that a disk has spoilt does not keep those behind it.

use bytes::{Buf, Bytes, BytesMut};

pub const MEDIA_TYPE: &str = "application/vnd.bildbro.frames";

/// Longest meta part taken: far above any real one, far below harm.
pub const MAX_META: usize = 256 * 1024;

/// Longest piece taken.
pub const MAX_PIECE: usize = 1 << 20;

/// The end of a body.
pub const END: [u8; 4] = [0; 4];

/// The end of a frame of which all has come.
pub const WHOLE: [u8; 4] = [0; 4];

/// The end of a frame that is not whole and never will be.
pub const GIVEN_UP: [u8; 4] = [0xff; 4];

/// The part of a frame before its pieces.
///
/// # Panics
/// When `meta` is empty or over [`MAX_META`]: our own messages never are.
#[must_use]
pub fn head(meta: &[u8]) -> Vec<u8> {
    assert!(
        !meta.is_empty() && meta.len() <= MAX_META,
        "meta fits a frame"
    );
    let mut out = Vec::with_capacity(4 + meta.len());
    out.extend_from_slice(&u32::try_from(meta.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(meta);
    out
}

/// What stands before a piece of `length` bytes.
///
/// # Panics
/// When a piece is empty or over [`MAX_PIECE`].
#[must_use]
pub fn piece_head(length: usize) -> [u8; 4] {
    assert!(
        (1..=MAX_PIECE).contains(&length),
        "a piece has a good length"
    );
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame's meta part claims {0} bytes; at most {MAX_META} are taken")]
    MetaTooLong(usize),
    #[error("a piece claims {0} bytes; at most {MAX_PIECE} are taken")]
    PieceTooLong(usize),
    #[error("the body goes on after its end")]
    AfterEnd,
    #[error("the body was cut off in the middle of a frame")]
    CutOff,
}

/// What the decoder found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame begins.
    Head(Bytes),
    /// Some of its data; not empty.
    Data(Bytes),
    /// The frame is whole.
    Whole,
    /// The sender could not go on with the frame.
    GivenUp,
    /// The body is whole.
    End,
}

#[derive(Debug)]
enum State {
    Head,
    /// Between pieces.
    Frame,
    Piece {
        left: usize,
    },
    End,
}

/// Push-based reader of a body. Holds at most one meta part and one chunk.
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    state: State,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            buffer: BytesMut::new(),
            state: State::Head,
        }
    }
}

impl Decoder {
    /// Gives the decoder the next bytes of the body; take events until `None`.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FrameError`] when the body is not well formed; nothing after it is
    /// to be trusted.
    pub fn next_event(&mut self) -> Result<Option<Event>, FrameError> {
        match self.state {
            State::Head => self.head(),
            State::Frame => self.piece(),
            State::Piece { left } => Ok(self.data(left)),
            State::End if self.buffer.is_empty() => Ok(None),
            State::End => Err(FrameError::AfterEnd),
        }
    }

    fn head(&mut self) -> Result<Option<Event>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*prefix) as usize;
        if length == 0 {
            self.buffer.advance(4);
            self.state = State::End;
            return Ok(Some(Event::End));
        }
        if length > MAX_META {
            return Err(FrameError::MetaTooLong(length));
        }
        if self.buffer.len() < 4 + length {
            return Ok(None);
        }
        self.buffer.advance(4);
        self.state = State::Frame;
        Ok(Some(Event::Head(self.buffer.split_to(length).freeze())))
    }

    fn piece(&mut self) -> Result<Option<Event>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<4>().copied() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(prefix) as usize;
        let end = match prefix {
            WHOLE => Some(Event::Whole),
            GIVEN_UP => Some(Event::GivenUp),
            _ if length > MAX_PIECE => return Err(FrameError::PieceTooLong(length)),
            _ => None,
        };
        self.buffer.advance(4);
        if end.is_some() {
            self.state = State::Head;
            return Ok(end);
        }
        self.state = State::Piece { left: length };
        Ok(self.data(length))
    }

    fn data(&mut self, left: usize) -> Option<Event> {
        if self.buffer.is_empty() {
            return None;
        }
        let n = left.min(self.buffer.len());
        let data = self.buffer.split_to(n).freeze();
        self.state = match left - n {
            0 => State::Frame,
            left => State::Piece { left },
        };
        Some(Event::Data(data))
    }

    /// To be called when the body has no more bytes.
    ///
    /// # Errors
    /// [`FrameError::CutOff`] when its end was not seen.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.state {
            State::End if self.buffer.is_empty() => Ok(()),
            State::End => Err(FrameError::AfterEnd),
            _ => Err(FrameError::CutOff),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Meta and data of each frame, and whether it was given up.
    type Frames = Vec<(Vec<u8>, Vec<u8>, bool)>;

    fn decode(body: &[u8], step: usize) -> Result<Frames, FrameError> {
        let mut decoder = Decoder::default();
        let mut out = Frames::new();
        for piece in body.chunks(step.max(1)) {
            decoder.push(piece);
            while let Some(event) = decoder.next_event()? {
                match event {
                    Event::Head(meta) => out.push((meta.to_vec(), Vec::new(), false)),
                    Event::Data(data) => out.last_mut().unwrap().1.extend_from_slice(&data),
                    Event::GivenUp => out.last_mut().unwrap().2 = true,
                    Event::Whole | Event::End => {}
                }
            }
        }
        decoder.finish()?;
        Ok(out)
    }

    fn encode(frames: &Frames, piece: usize) -> Vec<u8> {
        let mut body = Vec::new();
        for (meta, data, given_up) in frames {
            body.extend(head(meta));
            for piece in data.chunks(piece) {
                body.extend(piece_head(piece.len()));
                body.extend(piece);
            }
            body.extend(if *given_up { GIVEN_UP } else { WHOLE });
        }
        body.extend(END);
        body
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_split_gives_the_same_frames(
            frames in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 1..40), prop::collection::vec(any::<u8>(), 0..90), any::<bool>()), 0..6),
            piece in 1_usize..50,
            step in 1_usize..50,
            cut in any::<prop::sample::Index>(),
        ) {
            let body = encode(&frames, piece);
            prop_assert_eq!(decode(&body, step).unwrap(), frames);
            let cut = cut.index(body.len());
            prop_assert_eq!(decode(&body[..cut], step), Err(FrameError::CutOff));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, 7);
        }
    }

    #[test]
    fn a_piece_longer_than_any_is_refused_before_it_comes() {
        let mut body = head(b"{}");
        body.extend((u32::try_from(MAX_PIECE).unwrap() + 1).to_be_bytes());
        assert_eq!(
            decode(&body, 9),
            Err(FrameError::PieceTooLong(MAX_PIECE + 1))
        );
    }
}
