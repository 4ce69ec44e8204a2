//! Images from the hub across breaks of the line.
//!
//! A hub that restarts, or a line that is cut, in the middle of an image is no
//! reason to abort the association with the node, and to send a gigabyte again:
//! the rest is asked for anew, from the byte that is missing, while the node
//! waits. The hub decides anew each time.

use crate::ports::{
    StoreError,
    gateway::{Content, Hub, HubError},
};
use bildbro_domain::{ErrorClass, retry::BackOff};
use bildbro_wire::link::{Fetch, InstanceMeta};
use bytes::Bytes;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a break is waited out: shorter than nodes wait for the next bytes
/// of an object, and than a claim lives.
const PATIENCE: Duration = Duration::from_secs(20);

const LINE: BackOff = BackOff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(4),
};

/// Does something; a passing failure is tried again for a while.
///
/// # Errors
/// The last failure.
pub async fn patiently<T, E: Classed, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut patience = Patience::default();
    loop {
        match attempt().await {
            // What may have happened may be repeated: the hub counts it once.
            Err(error) if error.class() != ErrorClass::Permanent => {
                if !patience.wait().await {
                    return Err(error);
                }
            }
            done => return done,
        }
    }
}

/// An error that says whether it passes.
pub trait Classed {
    fn class(&self) -> ErrorClass;
}

impl Classed for HubError {
    fn class(&self) -> ErrorClass {
        Self::class(self)
    }
}

impl Classed for StoreError {
    fn class(&self) -> ErrorClass {
        Self::class(self)
    }
}

/// How long a standstill is borne, from its first failure on.
#[derive(Default)]
struct Patience {
    failures: u32,
    until: Option<Instant>,
}

impl Patience {
    /// Waits before the next attempt; false when it has been long enough.
    async fn wait(&mut self) -> bool {
        self.failures += 1;
        let until = *self.until.get_or_insert_with(|| Instant::now() + PATIENCE);
        let wait = LINE.wait(self.failures, rand::random());
        if Instant::now() + wait > until {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    /// Something has come: the next failure is the first again.
    fn renew(&mut self) {
        *self = Self::default();
    }
}

/// The images of one [`Fetch`].
pub struct Resumed {
    hub: Arc<dyn Hub>,
    fetch: Fetch,
    content: Box<dyn Content>,
    /// Images begun, and bytes of the last of them that have come.
    begun: usize,
    came: u64,
    patience: Patience,
}

impl Resumed {
    /// # Errors
    /// When the hub cannot be asked, or says no.
    pub async fn open(hub: Arc<dyn Hub>, fetch: Fetch) -> Result<Self, HubError> {
        let content = patiently(|| hub.content(&fetch)).await?;
        Ok(Self {
            hub,
            fetch,
            content,
            begun: 0,
            came: 0,
            patience: Patience::default(),
        })
    }

    /// The next image; what is left of the one before is skipped.
    ///
    /// # Errors
    /// When the line stays broken.
    pub async fn next(&mut self) -> Result<Option<InstanceMeta>, HubError> {
        loop {
            match self.content.next().await {
                Ok(Some(meta)) => {
                    self.begun += 1;
                    self.came = 0;
                    self.patience.renew();
                    return Ok(Some(meta));
                }
                Ok(None) => return Ok(None),
                Err(error) if error.class() == ErrorClass::Transient => {
                    tracing::info!(%error, "deliver.resuming");
                    if !self.patience.wait().await {
                        return Err(error);
                    }
                    if !self.ask_again(self.begun, 0).await? {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next bytes of the image; `None` when it is whole.
    ///
    /// # Errors
    /// [`HubError::Spoilt`], or as [`Self::next`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HubError> {
        loop {
            match self.content.chunk().await {
                Ok(Some(bytes)) => {
                    self.came += bytes.len() as u64;
                    self.patience.renew();
                    return Ok(Some(bytes));
                }
                Ok(None) => return Ok(None),
                Err(error) if error.class() == ErrorClass::Transient && self.begun > 0 => {
                    tracing::info!(%error, from = self.came, "deliver.resuming");
                    if !self.patience.wait().await {
                        return Err(error);
                    }
                    let current = self.begun - 1;
                    self.ask_again(current, self.came).await?;
                    let wanted = self.fetch.instances[current];
                    match self.content.next().await {
                        Ok(Some(meta)) if meta.instance == wanted => {}
                        Ok(_) => return Err(HubError::Answer("another image came".into())),
                        // Broken again, before the first byte: once more.
                        Err(error) if error.class() == ErrorClass::Transient => {}
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for the images from the `first` on; false when there are none.
    async fn ask_again(&mut self, first: usize, from: u64) -> Result<bool, HubError> {
        let rest = self.fetch.instances.get(first..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(false);
        }
        let fetch = Fetch {
            instances: rest.to_vec(),
            from,
            ..self.fetch.clone()
        };
        self.content = patiently(|| self.hub.content(&fetch)).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
