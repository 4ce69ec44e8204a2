//! A body of frames, read from the spool as it goes out.

use bildbro_flow::ports::ByteStream;
use bildbro_wire::{frame, link::Offer};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Body;
use std::{io, sync::Arc};

type Read = Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>;

/// Opens each image when its turn comes; an image that cannot be read breaks
/// the body off.
pub fn body(offers: Arc<Vec<Offer>>, read: Arc<Read>) -> Body {
    let frames = stream::iter(0..offers.len()).map(move |i| {
        let offer = &offers[i];
        let meta = serde_json::to_vec(offer).map_err(io::Error::other)?;
        let head = Bytes::from(frame::head(&meta, offer.length));
        Ok::<_, io::Error>(stream::iter([Ok(head)]).chain(read(i)?))
    });
    let end = stream::iter([Ok(Bytes::from_static(&frame::END))]);
    Body::wrap_stream(frames.try_flatten().chain(end))
}
