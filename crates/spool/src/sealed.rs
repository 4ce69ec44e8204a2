//! The seal on a record's payload, bound to its object and its place in it.

use bildbro_seal::{DataKey, RecordKey, SealError};
use bytes::Bytes;

/// Seals and opens payloads with the spool's key.
pub struct Seal(RecordKey);

impl Seal {
    pub fn new(key: &DataKey) -> Self {
        Self(RecordKey::new(key))
    }

    /// The chunk of an object with this index, counted from 0.
    pub fn chunk(&self, object: u64, index: usize, pieces: &[Bytes]) -> Bytes {
        let pieces = pieces.iter().map(|piece| &piece[..]);
        let sealed = self
            .0
            .seal(rand::random(), &place(object, Some(index)), pieces);
        sealed.into()
    }

    pub fn open_chunk<'a>(
        &self,
        object: u64,
        index: usize,
        payload: &'a mut [u8],
    ) -> Result<&'a mut [u8], SealError> {
        self.0.open(&place(object, Some(index)), payload)
    }

    /// An object's commit.
    pub fn commit(&self, object: u64, payload: &[u8]) -> Vec<u8> {
        let pieces = std::iter::once(payload);
        self.0.seal(rand::random(), &place(object, None), pieces)
    }

    pub fn open_commit(&self, object: u64, payload: &[u8]) -> Result<Bytes, SealError> {
        let mut payload = payload.to_vec();
        let opened = self.0.open(&place(object, None), &mut payload)?;
        Ok(Bytes::copy_from_slice(opened))
    }
}

fn place(object: u64, chunk: Option<usize>) -> [u8; 16] {
    let chunk = chunk.map_or(u64::MAX, |index| index as u64);
    let mut place = [0; 16];
    place[..8].copy_from_slice(&object.to_le_bytes());
    place[8..].copy_from_slice(&chunk.to_le_bytes());
    place
}
