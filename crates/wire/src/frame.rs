//! Images on the link, many in one body.
//!
//! A body is frames one after another, each
//! `length of meta (u32 BE) ‖ meta (JSON) ‖ length of data (u64 BE) ‖ data`,
//! and ends with an empty frame (`meta` length 0, nothing after). Without that
//! end the body was cut off. One request thus carries many small images
//! without a round trip each, and one of any size without being held whole.

use bytes::{Buf, Bytes, BytesMut};

pub const MEDIA_TYPE: &str = "application/vnd.bildbro.frames";

/// Longest meta part taken: far above any real one, far below harm.
pub const MAX_META: usize = 256 * 1024;

/// The end of a body.
pub const END: [u8; 4] = [0; 4];

/// The part of a frame before its data.
///
/// # Panics
/// When `meta` is empty or over [`MAX_META`]: our own messages never are.
#[must_use]
pub fn head(meta: &[u8], data_length: u64) -> Vec<u8> {
    assert!(
        !meta.is_empty() && meta.len() <= MAX_META,
        "meta fits a frame"
    );
    let mut out = Vec::with_capacity(12 + meta.len());
    out.extend_from_slice(&u32::try_from(meta.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(meta);
    out.extend_from_slice(&data_length.to_be_bytes());
    out
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame's meta part claims {0} bytes; at most {MAX_META} are taken")]
    MetaTooLong(usize),
    #[error("the body goes on after its end")]
    AfterEnd,
    #[error("the body was cut off in the middle of a frame")]
    CutOff,
}

/// What the decoder found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame begins.
    Head { meta: Bytes, data_length: u64 },
    /// Some of its data.
    Data(Bytes),
    /// The frame is whole.
    FrameEnd,
    /// The body is whole.
    End,
}

#[derive(Debug)]
enum State {
    Head,
    Data { left: u64 },
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
            State::Data { left: 0 } => {
                self.state = State::Head;
                Ok(Some(Event::FrameEnd))
            }
            State::Data { left } => {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                let n = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(self.buffer.len());
                let data = self.buffer.split_to(n).freeze();
                self.state = State::Data {
                    left: left - n as u64,
                };
                Ok(Some(Event::Data(data)))
            }
            State::End if self.buffer.is_empty() => Ok(None),
            State::End => Err(FrameError::AfterEnd),
        }
    }

    fn head(&mut self) -> Result<Option<Event>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let meta_length = u32::from_be_bytes(*prefix) as usize;
        if meta_length == 0 {
            self.buffer.advance(4);
            self.state = State::End;
            return Ok(Some(Event::End));
        }
        if meta_length > MAX_META {
            return Err(FrameError::MetaTooLong(meta_length));
        }
        if self.buffer.len() < 4 + meta_length + 8 {
            return Ok(None);
        }
        self.buffer.advance(4);
        let meta = self.buffer.split_to(meta_length).freeze();
        let data_length = self.buffer.get_u64();
        self.state = State::Data { left: data_length };
        Ok(Some(Event::Head { meta, data_length }))
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

    fn decode(body: &[u8], step: usize) -> Result<Vec<(Bytes, Vec<u8>)>, FrameError> {
        let mut decoder = Decoder::default();
        let mut out: Vec<(Bytes, Vec<u8>)> = Vec::new();
        for piece in body.chunks(step.max(1)) {
            decoder.push(piece);
            while let Some(event) = decoder.next_event()? {
                match event {
                    Event::Head { meta, .. } => out.push((meta, Vec::new())),
                    Event::Data(data) => out.last_mut().unwrap().1.extend_from_slice(&data),
                    Event::FrameEnd | Event::End => {}
                }
            }
        }
        decoder.finish()?;
        Ok(out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_split_gives_the_same_frames(
            frames in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 1..40), proptest::collection::vec(any::<u8>(), 0..90)), 0..6),
            step in 1usize..50,
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut body = Vec::new();
            for (meta, data) in &frames {
                body.extend(head(meta, data.len() as u64));
                body.extend(data);
            }
            body.extend(END);
            let got = decode(&body, step).unwrap();
            prop_assert_eq!(got.len(), frames.len());
            for ((meta, data), (m, d)) in frames.iter().zip(&got) {
                prop_assert_eq!(&meta[..], &m[..]);
                prop_assert_eq!(data, d);
            }
            let cut = cut.index(body.len());
            prop_assert_eq!(decode(&body[..cut], step), Err(FrameError::CutOff));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, 7);
        }
    }
}
