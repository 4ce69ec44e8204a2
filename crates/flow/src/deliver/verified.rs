//! Bytes that are let through to their end only when their digest is right.

use crate::ports::ByteStream;
use bildbro_domain::Digest;
use bytes::Bytes;
use futures::{StreamExt, stream};
use sha2::{Digest as _, Sha256};
use std::io;

struct Checking {
    source: ByteStream,
    hash: Sha256,
    held_back: Option<Bytes>,
    expected: Digest,
}

/// Passes `source` on, one chunk late. The last chunk follows only if all of
/// it has the digest `expected`; otherwise the stream ends in an error of kind
/// [`io::ErrorKind::InvalidData`].
#[must_use]
pub fn verified(source: ByteStream, expected: Digest) -> ByteStream {
    let checking = Checking {
        source,
        hash: Sha256::new(),
        held_back: None,
        expected,
    };
    stream::unfold(Some(checking), step).boxed()
}

async fn step(checking: Option<Checking>) -> Option<(io::Result<Bytes>, Option<Checking>)> {
    let mut checking = checking?;
    loop {
        match checking.source.next().await {
            Some(Ok(bytes)) if bytes.is_empty() => {}
            Some(Ok(bytes)) => {
                checking.hash.update(&bytes);
                if let Some(earlier) = checking.held_back.replace(bytes) {
                    return Some((Ok(earlier), Some(checking)));
                }
            }
            Some(Err(error)) => return Some((Err(error), None)),
            None => {
                let right = Digest(checking.hash.finalize().into()) == checking.expected;
                let last = checking.held_back.take();
                return if right {
                    last.map(|bytes| (Ok(bytes), None))
                } else {
                    let error = io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the bytes do not match their digest",
                    );
                    Some((Err(error), None))
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;

    fn source(parts: &[&'static [u8]]) -> ByteStream {
        let parts: Vec<_> = parts.iter().map(|p| Ok(Bytes::from_static(p))).collect();
        stream::iter(parts).boxed()
    }

    #[tokio::test]
    async fn right_bytes_pass_whole() {
        let stream = verified(source(&[b"ab", b"", b"c"]), Digest::of(b"abc"));
        let out: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(out.concat(), b"abc");
    }

    #[tokio::test]
    async fn wrong_bytes_never_end_well() {
        let stream = verified(source(&[b"ab", b"d"]), Digest::of(b"abc"));
        let items: Vec<_> = stream.collect().await;
        assert_eq!(items.len(), 2, "the last chunk is held back");
        assert!(items[1].is_err());
    }
}
