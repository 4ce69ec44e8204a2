//! Inflating a deflated data set (PS3.5 A.5) while it streams by, in constant
//! memory and up to a limit: a few kilobytes can inflate to gigabytes.

use flate2::{Decompress, FlushDecompress, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    #[error("the deflated data set cannot be inflated")]
    Deflate,
    #[error("the deflated data set inflates to more than {0} bytes")]
    Bomb(u64),
}

pub struct Inflate {
    stream: Decompress,
    limit: u64,
    done: bool,
    buffer: Vec<u8>,
}

impl Inflate {
    pub fn new(limit: u64) -> Self {
        Self {
            stream: Decompress::new(false),
            limit,
            done: false,
            buffer: vec![0; 32 * 1024],
        }
    }

    /// Hands on what `bytes` inflate to, piece by piece. Bytes after the end
    /// of the deflated stream are padding.
    pub fn push<E: From<InflateError>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.done {
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress(bytes, &mut self.buffer, FlushDecompress::None)
                .map_err(|_| InflateError::Deflate)?;
            let took = usize::try_from(self.stream.total_in() - before_in).unwrap_or(bytes.len());
            let made = usize::try_from(self.stream.total_out() - before_out).unwrap_or(0);
            bytes = &bytes[took.min(bytes.len())..];
            each(&self.buffer[..made.min(self.buffer.len())])?;
            if self.stream.total_out() > self.limit {
                return Err(InflateError::Bomb(self.limit).into());
            }
            self.done = status == Status::StreamEnd;
            if took == 0 && made == 0 || bytes.is_empty() && made < self.buffer.len() {
                break;
            }
        }
        Ok(())
    }

    /// The input has ended: has the deflated stream, too?
    pub const fn finish(&self) -> Result<(), InflateError> {
        if self.done {
            Ok(())
        } else {
            Err(InflateError::Deflate)
        }
    }
}

/// Inflates a whole short data set.
pub fn whole(bytes: &[u8], limit: u64) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    let mut inflate = Inflate::new(limit);
    inflate.push(bytes, |piece| {
        out.extend_from_slice(piece);
        Ok::<(), InflateError>(())
    })?;
    inflate.finish()?;
    Ok(out)
}

/// Deflates a whole short data set, padded to an even length (PS3.5 A.5).
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    let mut out = encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail");
    if out.len() % 2 == 1 {
        out.push(0);
    }
    out
}
