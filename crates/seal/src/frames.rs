//! A sealed thing: a header and frames, so that any part of it can be opened
//! without the rest, and none can be cut, moved or swapped unseen.
//!
//! `"BBX1" ‖ salt (16) ‖ frame…`; each frame is [`FRAME`] bytes of data (the
//! last 0 to [`FRAME`]) sealed, and a tag of 16. The key is HKDF-SHA-256 of the
//! data key with the salt and a context that names the thing: so each has its
//! own key, and frame numbers can serve as nonces (12 bytes: `number (u64 BE) ‖
//! 0 0 0 ‖ last`). The mark of the last frame shows a cut end (the STREAM
//! construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015).

use crate::{DataKey, SealError};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

/// Bytes of data in a frame, the last excepted.
pub const FRAME: usize = 64 * 1024;
/// Bytes that sealing adds to each frame.
pub const TAG: usize = 16;
/// Bytes before the first frame.
pub const HEADER: usize = 20;

const MAGIC: [u8; 4] = *b"BBX1";
const SALT: usize = HEADER - MAGIC.len();

/// Bytes that `data` bytes take when sealed.
#[must_use]
pub const fn sealed_length(data: u64) -> u64 {
    let frames = if data == 0 {
        1
    } else {
        data.div_ceil(FRAME as u64)
    };
    HEADER as u64 + data + frames * TAG as u64
}

/// The frame that holds the byte at `offset`, and where it begins when sealed.
#[must_use]
pub const fn frame_at(offset: u64) -> (u64, u64) {
    let frame = offset / FRAME as u64;
    (frame, HEADER as u64 + frame * (FRAME + TAG) as u64)
}

fn key_for(key: &DataKey, salt: &[u8; SALT], context: &[u8]) -> LessSafeKey {
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(key.expose());
    let info = [context];
    let derived = pseudorandom
        .expand(&info, &AES_256_GCM)
        .expect("a key is shorter than HKDF's limit");
    LessSafeKey::new(UnboundKey::from(derived))
}

fn nonce(frame: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&frame.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}

/// Seals one thing, frame by frame.
pub struct Sealer {
    key: LessSafeKey,
    next: u64,
}

impl Sealer {
    /// Begins a thing named by `context`; answers its header. `salt` is random.
    #[must_use]
    pub fn new(key: &DataKey, salt: [u8; SALT], context: &[u8]) -> (Self, [u8; HEADER]) {
        let mut header = [0; HEADER];
        header[..MAGIC.len()].copy_from_slice(&MAGIC);
        header[MAGIC.len()..].copy_from_slice(&salt);
        let key = key_for(key, &salt, context);
        (Self { key, next: 0 }, header)
    }

    /// Seals the next frame in place, at the end of `out`, from `start` on. All
    /// frames but the last hold [`FRAME`] bytes.
    ///
    /// # Panics
    /// When a frame has the wrong length, which is the caller's bug.
    pub fn seal(&mut self, out: &mut Vec<u8>, start: usize, last: bool) {
        let length = out.len() - start;
        assert!(length == FRAME || (last && length < FRAME), "a whole frame");
        let nonce = nonce(self.next, last);
        self.next += 1;
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut out[start..])
            .expect("a frame is far below AES-GCM's limit");
        out.extend_from_slice(tag.as_ref());
    }
}

/// Opens a sealed thing's frames, in any order.
pub struct Opener(LessSafeKey);

impl Opener {
    /// # Errors
    /// [`SealError::Form`] when the header is not one.
    pub fn new(key: &DataKey, header: &[u8], context: &[u8]) -> Result<Self, SealError> {
        let header: &[u8; HEADER] = header.try_into().map_err(|_| SealError::Form)?;
        let salt = header.strip_prefix(&MAGIC).ok_or(SealError::Form)?;
        let salt = salt.try_into().map_err(|_| SealError::Form)?;
        Ok(Self(key_for(key, salt, context)))
    }

    /// Opens one frame in place; answers its data.
    ///
    /// # Errors
    /// [`SealError::Refused`] when it is not that frame of that thing.
    pub fn open<'a>(
        &self,
        frame: u64,
        last: bool,
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], SealError> {
        self.0
            .open_in_place(nonce(frame, last), Aad::empty(), sealed)
            .map_err(|_| SealError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(key: &DataKey, context: &[u8], data: &[u8]) -> Vec<u8> {
        let (mut sealer, header) = Sealer::new(key, [5; SALT], context);
        let mut out = header.to_vec();
        let mut frames = data.chunks(FRAME).peekable();
        loop {
            let frame = frames.next().unwrap_or_default();
            let start = out.len();
            out.extend_from_slice(frame);
            let last = frames.peek().is_none();
            sealer.seal(&mut out, start, last);
            if last {
                return out;
            }
        }
    }

    fn open(key: &DataKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let header = sealed.get(..HEADER).ok_or(SealError::Form)?;
        let opener = Opener::new(key, header, context)?;
        let mut out = Vec::new();
        let count = (sealed.len() - HEADER).div_ceil(FRAME + TAG);
        for (i, frame) in sealed[HEADER..].chunks(FRAME + TAG).enumerate() {
            let mut frame = frame.to_vec();
            out.extend_from_slice(opener.open(i as u64, i + 1 == count, &mut frame)?);
        }
        Ok(out)
    }

    #[test]
    fn lengths_around_a_frame_come_back_and_are_as_said() {
        let key = DataKey::new([3; 32]);
        for length in [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME] {
            let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let sealed = seal(&key, b"here", &data);
            assert_eq!(sealed.len() as u64, sealed_length(length as u64));
            assert_eq!(open(&key, b"here", &sealed).unwrap(), data);
        }
    }

    #[test]
    fn any_frame_opens_alone() {
        let key = DataKey::new([3; 32]);
        let data: Vec<u8> = (0..3 * FRAME + 9).map(|i| (i % 253) as u8).collect();
        let sealed = seal(&key, b"here", &data);
        let opener = Opener::new(&key, &sealed[..HEADER], b"here").unwrap();
        let offset = 2 * FRAME + 17;
        let (frame, at) = frame_at(offset as u64);
        let at = usize::try_from(at).unwrap();
        let mut bytes = sealed[at..at + FRAME + TAG].to_vec();
        let opened = opener.open(frame, false, &mut bytes).unwrap();
        assert_eq!(opened[17], data[offset]);
    }

    #[test]
    fn what_is_moved_cut_or_swapped_does_not_open() {
        let key = DataKey::new([3; 32]);
        let sealed = seal(&key, b"here", &vec![1; 2 * FRAME + 5]);
        assert_eq!(open(&key, b"there", &sealed), Err(SealError::Refused));
        let other = DataKey::new([4; 32]);
        assert_eq!(open(&other, b"here", &sealed), Err(SealError::Refused));
        let cut = &sealed[..HEADER + 2 * (FRAME + TAG)];
        assert_eq!(open(&key, b"here", cut), Err(SealError::Refused));
        let mut swapped = sealed[..HEADER].to_vec();
        swapped.extend_from_slice(&sealed[HEADER + FRAME + TAG..HEADER + 2 * (FRAME + TAG)]);
        swapped.extend_from_slice(&sealed[HEADER..HEADER + FRAME + TAG]);
        swapped.extend_from_slice(&sealed[HEADER + 2 * (FRAME + TAG)..]);
        assert_eq!(open(&key, b"here", &swapped), Err(SealError::Refused));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn one_changed_bit_is_seen(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let key = DataKey::new([3; 32]);
            let mut sealed = seal(&key, b"here", b"some bytes of an image");
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(open(&key, b"here", &sealed).is_err());
        }
    }
}
