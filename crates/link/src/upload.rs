//! A body of frames, read from the spool as it goes out.

use bildbro_flow::{
    line::{self, Memory, Source},
    ports::{ByteStream, gateway::Sending},
};
use bildbro_wire::link::{Carried, Encoding};
use futures::{StreamExt, stream};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

type Read = Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>;

/// Opens each image when its turn comes; one that cannot be read is given up,
/// and those behind it follow.
pub fn body(images: Arc<Vec<Sending>>, read: Arc<Read>, encoding: Encoding) -> ByteStream {
    let memory = Memory::default();
    let frames = stream::iter((0..images.len()).map(move |i| {
        let Sending { offer, from, plain } = &images[i];
        let carried = Carried {
            image: offer.clone(),
            encoding: if *plain { Encoding::Identity } else { encoding },
            from: *from,
        };
        let source = Source {
            syntax: offer.syntax.clone(),
            length: offer.length,
            bytes: read(i),
        };
        line::frame(&memory, &carried, source, line::broken)
    }));
    line::body(frames)
}

/// Sees whether a body moves: a large one takes its time, but never stands
/// still.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<Instant>>);

impl Default for Watch {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Watch {
    /// The same bytes, seen as they are taken.
    pub fn watched(&self, bytes: ByteStream) -> ByteStream {
        let watch = self.clone();
        watch.moved();
        bytes.inspect(move |_| watch.moved()).boxed()
    }

    fn moved(&self) {
        *self.0.lock().expect("nobody panics with it") = Instant::now();
    }

    /// Returns when nothing has moved for this long.
    pub async fn still_for(&self, silence: Duration) {
        loop {
            let due = *self.0.lock().expect("nobody panics with it") + silence;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}
