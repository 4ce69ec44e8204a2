//! Stage 4, decide: content leaves the hub only here, under a permit that was
//! made, and recorded, for this very request.

use crate::{
    clock::Clock,
    line::{self, Memory, Source},
    ports::{
        ByteStream,
        hub::{Blobs, Call, ClaimError, HubStore},
    },
};
use bildbro_domain::policy::Subject;
use bildbro_wire::link::{Carried, Fetch};
use futures::{StreamExt, stream};
use std::sync::Arc;

/// Answers a gateway's request for images of a delivery that it has claimed:
/// frames, in the order asked for. An image that the storage has lost or spoilt
/// is given up, and those behind it follow; a storage that is away breaks the
/// body off.
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
    let memory = Memory::default();
    let encoding = fetch.encoding;
    let first = std::iter::once(fetch.from).chain(std::iter::repeat(0));
    let frames = stream::iter(instances.into_iter().zip(first)).then(move |(instance, from)| {
        let (permit, blobs, clock) = (Arc::clone(&permit), Arc::clone(&blobs), clock.clone());
        let memory = memory.clone();
        async move {
            let bytes = blobs.read(&permit, &instance, from, clock.now()).await;
            if let Err(error) = &bytes {
                tracing::error!(instance = %instance.meta.instance, %error, "content.unreadable");
            }
            let source = Source {
                syntax: instance.meta.syntax.clone(),
                length: instance.meta.length,
                bytes: bytes.map_err(Into::into),
            };
            let carried = Carried {
                image: instance.meta,
                encoding,
                from,
            };
            line::frame(&memory, &carried, source, line::broken)
        }
    });
    Ok(line::body(frames))
}
