//! Records in a segment.
//!
//! `magic (4) ‖ kind (1) ‖ 0 0 0 ‖ object (u64) ‖ length (u32) ‖ crc (u32) ‖
//! payload`, little endian; the checksum covers kind, object, length and
//! payload. A chunk's payload is data, a commit's is [`Commit::encode`], both
//! sealed.

use crate::SpoolError;
use bildbro_domain::Digest;
use bytes::Bytes;

/// Ends a segment's torn tail: no record begins without it.
pub const MAGIC: [u8; 4] = *b"BBS1";
pub const HEAD: usize = 24;

/// Longest payload that a reader takes; the writer's chunks are shorter.
pub const MAX_PAYLOAD: u32 = 16 << 20;
pub const MAX_META: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chunk,
    Commit,
}

/// A record's head as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub kind: Kind,
    pub object: u64,
    pub length: u32,
    pub crc: u32,
}

impl Head {
    /// Makes the head of a record with this payload.
    pub fn of(kind: Kind, object: u64, payload: &[u8]) -> Self {
        let mut crc = crc32fast::Hasher::new();
        crc.update(payload);
        let length = u32::try_from(payload.len()).expect("chunks and commits are far below 4 GB");
        let mut head = Self {
            kind,
            object,
            length,
            crc: 0,
        };
        crc.update(&head.covered());
        head.crc = crc.finalize();
        head
    }

    fn covered(self) -> [u8; 13] {
        let mut covered = [0; 13];
        covered[0] = self.kind_byte();
        covered[1..9].copy_from_slice(&self.object.to_le_bytes());
        covered[9..].copy_from_slice(&self.length.to_le_bytes());
        covered
    }

    const fn kind_byte(self) -> u8 {
        match self.kind {
            Kind::Chunk => 1,
            Kind::Commit => 2,
        }
    }

    pub fn encode(self) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[..4].copy_from_slice(&MAGIC);
        out[4] = self.kind_byte();
        out[8..16].copy_from_slice(&self.object.to_le_bytes());
        out[16..20].copy_from_slice(&self.length.to_le_bytes());
        out[20..].copy_from_slice(&self.crc.to_le_bytes());
        out
    }

    /// `None` when these bytes are no head.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<HEAD>()?;
        if bytes[..4] != MAGIC || bytes[5..8] != [0; 3] {
            return None;
        }
        let kind = match bytes[4] {
            1 => Kind::Chunk,
            2 => Kind::Commit,
            _ => return None,
        };
        let head = Self {
            kind,
            object: u64::from_le_bytes(bytes[8..16].try_into().ok()?),
            length: u32::from_le_bytes(bytes[16..20].try_into().ok()?),
            crc: u32::from_le_bytes(bytes[20..].try_into().ok()?),
        };
        (head.length <= MAX_PAYLOAD).then_some(head)
    }

    /// Whether the payload is what was written.
    pub fn covers(self, payload: &[u8]) -> bool {
        payload.len() == self.length as usize
            && Self::of(self.kind, self.object, payload).crc == self.crc
    }
}

/// Where a chunk's record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub segment: u64,
    /// Of the record's head.
    pub offset: u64,
    /// Of the payload.
    pub length: u32,
}

/// What makes an object of its chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub meta: Bytes,
    pub length: u64,
    pub digest: Digest,
    pub extents: Vec<Extent>,
}

impl Commit {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48 + self.meta.len() + 20 * self.extents.len());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&self.digest.0);
        let count = u32::try_from(self.extents.len()).expect("extents are bounded by the spool");
        out.extend_from_slice(&count.to_le_bytes());
        for extent in &self.extents {
            out.extend_from_slice(&extent.segment.to_le_bytes());
            out.extend_from_slice(&extent.offset.to_le_bytes());
            out.extend_from_slice(&extent.length.to_le_bytes());
        }
        out.extend_from_slice(&self.meta);
        out
    }

    /// `None` when the payload is not a commit's.
    pub fn decode(payload: &Bytes) -> Option<Self> {
        let length = u64::from_le_bytes(payload.get(..8)?.try_into().ok()?);
        let digest = Digest(payload.get(8..40)?.try_into().ok()?);
        let count = u32::from_le_bytes(payload.get(40..44)?.try_into().ok()?) as usize;
        let table = payload.get(44..44_usize.checked_add(count.checked_mul(20)?)?)?;
        let extents = table.chunks_exact(20).map(|e| {
            Some(Extent {
                segment: u64::from_le_bytes(e[..8].try_into().ok()?),
                offset: u64::from_le_bytes(e[8..16].try_into().ok()?),
                length: u32::from_le_bytes(e[16..].try_into().ok()?),
            })
        });
        Some(Self {
            meta: payload.slice(44 + count * 20..),
            length,
            digest,
            extents: extents.collect::<Option<_>>()?,
        })
    }
}

/// Checks a commit's meta part before anything is written for it.
pub fn check_meta(meta: &[u8]) -> Result<(), SpoolError> {
    if meta.len() > MAX_META {
        return Err(SpoolError::LongMeta(meta.len()));
    }
    Ok(())
}
