//! Stage 4, decide: content leaves the hub only here, under a permit that was
//! made, and recorded, for this very request.

use crate::{
    clock::Clock,
    line::{self, Memory, Source},
    ports::{
        ByteStream,
        hub::{BlobKey, Blobs, Call, ClaimError, HubStore},
        inventory::StudyPlace,
    },
};
use bildbro_domain::{audit::Actor, policy::Subject};
use bildbro_wire::link::{Carried, Fetch};
use futures::{StreamExt, TryStreamExt, stream};
use std::{io, sync::Arc};

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
    let lost = Lost {
        store: Arc::clone(store),
        clock: clock.clone(),
        subject: subject.clone(),
    };
    let memory = Memory::default();
    let encoding = fetch.encoding;
    let first = std::iter::once(fetch.from).chain(std::iter::repeat(0));
    let frames = stream::iter(instances.into_iter().zip(first)).then(move |(instance, from)| {
        let (permit, blobs, clock) = (Arc::clone(&permit), Arc::clone(&blobs), clock.clone());
        let (memory, lost) = (memory.clone(), lost.clone());
        async move {
            let bytes = blobs.read(&permit, &instance, from, clock.now()).await;
            let note = move |error: &io::Error| lost.note(&instance.key, error);
            let bytes = bytes.map_err(Into::into).inspect_err(&note);
            let source = Source {
                syntax: instance.meta.syntax.clone(),
                length: instance.meta.length,
                bytes: bytes.map(|bytes| bytes.inspect_err(note).boxed()),
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

/// Notes images that turn out to be lost on their way out, so that the hub asks
/// for them when their sender offers them again.
#[derive(Clone)]
struct Lost {
    store: Arc<dyn HubStore>,
    clock: Clock,
    subject: Subject,
}

impl Lost {
    fn note(&self, key: &BlobKey, error: &io::Error) {
        tracing::error!(study = %key.study, digest = %key.digest, %error, "content.unreadable");
        if !line::is_spoilt(error) {
            return;
        }
        let (lost, key) = (self.clone(), *key);
        // The answer does not wait for it, and goes on without it: at the worst
        // the image is met again, or found by fsck.
        tokio::spawn(async move {
            let place = StudyPlace {
                holder: key.holder,
                study: key.study,
            };
            let id = Some(lost.subject.gateway);
            let (by, now) = (Actor::Gateway { id }, lost.clock.now());
            let digests = [key.digest];
            let marked = lost.store.mark_lost(place, &digests, true, by, now);
            if let Err(error) = marked.await {
                tracing::error!(%error, "content.not_marked");
            }
        });
    }
}
