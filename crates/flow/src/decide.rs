//! Stage 4, decide: content leaves the hub only here, under a permit that was
//! made, and recorded, for this very request.

use crate::{
    clock::Clock,
    ports::{
        ByteStream,
        hub::{Blobs, Call, ClaimError, HubStore},
    },
};
use bildbro_domain::policy::Subject;
use bildbro_wire::{frame, link::Fetch};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

/// Answers a gateway's request for images of a delivery that it has claimed:
/// frames, in the order asked for. A blob that cannot be read breaks the body
/// off, which the gateway sees, since the end mark is missing.
///
/// # Errors
/// [`ClaimError`]; a denial is on record when it returns.
pub async fn content(
    store: &Arc<dyn HubStore>,
    blobs: &Arc<dyn Blobs>,
    clock: &Clock,
    subject: &Subject,
    fetch: &Fetch,
) -> Result<ByteStream, ClaimError> {
    let call = Call {
        subject: subject.clone(),
        at: clock.now(),
    };
    let (permit, instances) = store.release(&call, fetch).await?;
    let permit = Arc::new(permit);
    let blobs = Arc::clone(blobs);
    let clock = clock.clone();
    let frames = stream::iter(instances).then(move |instance| {
        let (permit, blobs, clock) = (Arc::clone(&permit), Arc::clone(&blobs), clock.clone());
        async move {
            let meta = serde_json::to_vec(&instance.meta).map_err(std::io::Error::other)?;
            let head = Bytes::from(frame::head(&meta, instance.meta.length));
            let data = blobs
                .read(&permit, &instance, clock.now())
                .await
                .map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(stream::iter([Ok(head)]).chain(data))
        }
    });
    let end = stream::iter([Ok(Bytes::from_static(&frame::END))]);
    Ok(frames.try_flatten().chain(end).boxed())
}
