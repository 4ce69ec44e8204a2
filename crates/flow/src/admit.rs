//! Stage 3, admit: the hub takes images into an organisation's holdings, once.
//!
//! Bytes first, then the row: an image is in the index only when its blob is
//! safe, and a blob without a row (a crash in between) is overwritten by the
//! next try, since its key follows from its content. The hub reads each data
//! set itself while it streams by: what a gateway says of an image is checked,
//! not believed. A large image that broke off is gone on with where it was; all
//! of it is judged again.

use crate::{
    clock::Clock,
    line::{self, Arriving, Memory},
    ports::{
        StoreError,
        hub::{BlobKey, BlobWriter, Blobs, Call, Existing, HubStore, Item},
    },
    room::{Room, Taken},
    work::Wake,
};
use bildbro_dicom::scan::{Limits, Scanner};
use bildbro_domain::{Digest, policy::Subject, share::Quarantine};
use bildbro_wire::link::{Answer, Carried, Offer, Refusal};
use bytes::Bytes;
use futures::{StreamExt, stream};
use sha2::{Digest as _, Sha256};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What is to happen to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Not known here: its bytes are needed.
    Wanted,
    /// New, and its bytes are safe: take it in.
    TakeIn,
    /// Held already, but its bytes had been lost, and are safe again.
    Restore,
    /// The same image is held already: only its intent is new.
    Known,
    /// To be set aside; when its bytes are not here yet they are needed first.
    SetAside(Quarantine),
}

/// Decides by what is held under the same SOP Instance UID in the same
/// organisation. Same UID and bytes: nothing happens twice. Same UID, other
/// bytes: set aside, never overwritten.
#[must_use]
pub fn judge(offer: &Offer, stored: bool, existing: Option<&Existing>) -> Judgement {
    let conflict = match existing {
        None if stored => return Judgement::TakeIn,
        None => return Judgement::Wanted,
        Some(held) if held.study_uid != offer.header.study_uid => Quarantine::OtherStudy,
        Some(held) if held.digest != offer.digest || held.syntax != offer.syntax => {
            Quarantine::UidConflict
        }
        Some(held) if held.lost && stored => return Judgement::Restore,
        Some(held) if held.lost => return Judgement::Wanted,
        Some(_) => return Judgement::Known,
    };
    if stored {
        Judgement::SetAside(conflict)
    } else {
        Judgement::Wanted
    }
}

/// Uploads that may be gone on with are looked up so many at a time, and for so
/// long.
const LOOKS: usize = 16;
const LOOK: Duration = Duration::from_secs(10);

/// Images are recorded in groups of this many, or of [`GROUP_BYTES`]: one
/// transaction and one flush for all of them.
const GROUP: usize = 64;
const GROUP_BYTES: u64 = 32 << 20;

/// Or when the first of them has waited for this long: on a slow line the other
/// side is not to stand idle while a group fills up.
const GROUP_AGE: Duration = Duration::from_millis(250);

/// Takes one body of frames. Feed it head, data and end of each frame in
/// order, then [`Intake::close`].
pub struct Intake {
    store: Arc<dyn HubStore>,
    blobs: Arc<dyn Blobs>,
    clock: Clock,
    subject: Subject,
    max_object: u64,
    current: Option<Current>,
    room: Room,
    memory: Memory,
    /// Finished frames whose answers are not known yet, in order.
    group: Vec<Finished>,
    group_bytes: u64,
    group_since: Instant,
    answers: Vec<Answer>,
    wake: Wake,
}

struct Current {
    offer: Offer,
    /// `None` once the frame has been refused: the rest of it is read and
    /// dropped, so that the frames after it are not lost.
    taking: Option<Taking>,
    otherwise: Answer,
}

struct Taking {
    _room: Taken,
    arriving: Arriving,
    hash: Sha256,
    scanner: Scanner,
    writer: Box<dyn BlobWriter>,
}

impl Taking {
    /// An image that begins at `carried.from`, or goes on there with an upload
    /// that broke off; `None` when there is nothing to go on with.
    async fn begin(
        blobs: &dyn Blobs,
        room: Taken,
        memory: &Memory,
        key: BlobKey,
        carried: &Carried<Offer>,
    ) -> Result<Option<Self>, StoreError> {
        let (offer, from) = (&carried.image, carried.from);
        let mut hash = Sha256::new();
        let mut scanner = Scanner::new(offer.syntax.as_str(), Limits::default());
        if from > 0 {
            let begun = blobs.begun(key, offer.length).await?;
            if begun < from {
                return Ok(None);
            }
        }
        // First the writer, so that what is gone on with is not cleared away.
        let writer = blobs.write(key, offer.length, from).await?;
        if from > 0 {
            let mut bytes = blobs.begun_bytes(key, from).await?;
            while let Some(bytes) = bytes.next().await {
                let good = match bytes {
                    Ok(bytes) => {
                        hash.update(&bytes);
                        scanner.push(&bytes).is_ok()
                    }
                    Err(error) if line::is_spoilt(&error) => false,
                    Err(_) => return Ok(None),
                };
                if !good {
                    // Of use to nobody: the next attempt begins anew.
                    writer.discard().await?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(Self {
            _room: room,
            arriving: Arriving::new(memory, carried, offer.length),
            hash,
            scanner,
            writer,
        }))
    }

    /// Takes bytes of the frame; what is to be answered if they do not do.
    async fn data(&mut self, bytes: Bytes) -> Result<Result<(), Answer>, StoreError> {
        self.arriving.push(bytes);
        loop {
            let bytes = match self.arriving.restored() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(Ok(())),
                // The line's doing, not the image's.
                Err(_) => return Ok(Err(Answer::Again)),
            };
            self.hash.update(&bytes);
            if self.scanner.push(&bytes).is_err() {
                let reason = Refusal::Unreadable;
                return Ok(Err(Answer::Refused { reason }));
            }
            self.writer.push(bytes).await?;
        }
    }
}

enum Finished {
    Stored(Box<Item>),
    Settled(Answer),
}

impl Intake {
    #[must_use]
    pub fn new(
        store: Arc<dyn HubStore>,
        blobs: Arc<dyn Blobs>,
        clock: Clock,
        subject: Subject,
        max_object: u64,
        room: Room,
        wake: Wake,
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            subject,
            max_object,
            current: None,
            room,
            memory: Memory::default(),
            group: Vec::new(),
            group_bytes: 0,
            group_since: Instant::now(),
            answers: Vec::new(),
            wake,
        }
    }

    /// A frame begins.
    ///
    /// # Errors
    /// When the blob storage or the database fails.
    pub async fn begin(&mut self, carried: Carried<Offer>) -> Result<(), StoreError> {
        let offer = &carried.image;
        let (taking, otherwise) = if offer.length > self.max_object {
            let reason = Refusal::TooLarge;
            (None, Answer::Refused { reason })
        } else {
            let key = BlobKey::of(self.subject.organisation, offer);
            let room = self
                .room
                .take(self.subject.organisation, offer.length)
                .await?;
            let blobs = self.blobs.as_ref();
            let taking = Taking::begin(blobs, room, &self.memory, key, &carried).await?;
            (taking, Answer::Again)
        };
        self.current = Some(Current {
            offer: carried.image,
            taking,
            otherwise,
        });
        Ok(())
    }

    /// Some of the frame's data.
    ///
    /// # Errors
    /// When the blob storage cannot be written.
    pub async fn data(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let Some(taking) = &mut current.taking else {
            return Ok(());
        };
        if let Err(answer) = taking.data(bytes).await? {
            current.otherwise = answer;
            if let Some(taking) = current.taking.take() {
                taking.writer.discard().await?;
            }
        }
        Ok(())
    }

    /// The frame has come to its end, `whole` or given up by its sender.
    ///
    /// # Errors
    /// When the blob storage or the database fails; what was answered before
    /// stands.
    pub async fn end(&mut self, whole: bool) -> Result<(), StoreError> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let finished = if whole {
            finish(current).await?
        } else {
            Finished::Settled(Answer::Again)
        };
        if let Finished::Stored(item) = &finished {
            self.group_bytes += item.offer.length;
        }
        if self.group.is_empty() {
            self.group_since = Instant::now();
        }
        self.group.push(finished);
        if self.group.len() >= GROUP
            || self.group_bytes >= GROUP_BYTES
            || self.group_since.elapsed() >= GROUP_AGE
        {
            self.settle().await?;
        }
        Ok(())
    }

    /// The body is whole, or broke off after whole frames: records what came.
    /// Answers one per whole frame.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(mut self) -> Result<Vec<Answer>, StoreError> {
        self.settle().await?;
        Ok(self.answers)
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let group = std::mem::take(&mut self.group);
        self.group_bytes = 0;
        let items: Vec<Item> = group
            .iter()
            .filter_map(|finished| match finished {
                Finished::Stored(item) => Some(Item::clone(item)),
                Finished::Settled(_) => None,
            })
            .collect();
        let call = Call {
            subject: self.subject.clone(),
            at: self.clock.now(),
        };
        let mut stored = Vec::new().into_iter();
        if !items.is_empty() {
            stored = self.store.admit(&call, &items).await?.into_iter();
            self.wake.all();
        }
        for finished in group {
            self.answers.push(match finished {
                Finished::Settled(answer) => answer,
                Finished::Stored(_) => stored.next().unwrap_or(Answer::Again),
            });
        }
        Ok(())
    }
}

/// Checks a whole frame against what was said of it. Bytes that differ from
/// their digest were damaged on the way: they are asked for again.
async fn finish(current: Current) -> Result<Finished, StoreError> {
    let Some(taking) = current.taking else {
        return Ok(Finished::Settled(current.otherwise));
    };
    let right = taking.arriving.finish().is_ok()
        && Digest(taking.hash.finalize().into()) == current.offer.digest;
    if !right {
        taking.writer.discard().await?;
        return Ok(Finished::Settled(Answer::Again));
    }
    let said = &current.offer.header;
    let header = taking.scanner.finish().ok().filter(|header| {
        header.sop_uid == said.sop_uid
            && header.study_uid == said.study_uid
            && header.series_uid == said.series_uid
    });
    let Some(header) = header else {
        taking.writer.discard().await?;
        let reason = Refusal::Unreadable;
        return Ok(Finished::Settled(Answer::Refused { reason }));
    };
    let key = taking.writer.finish().await?;
    let offer = Offer {
        header,
        ..current.offer
    };
    Ok(Finished::Stored(Box::new(Item {
        offer,
        stored: Some(key),
    })))
}

/// Answers offers: which images are wanted, and from which byte on.
///
/// # Errors
/// When the database or the blob storage fails.
pub async fn offered(
    store: &dyn HubStore,
    blobs: &dyn Blobs,
    call: &Call,
    offers: Vec<Offer>,
) -> Result<Vec<Answer>, StoreError> {
    let not_here = |offer| Item {
        offer,
        stored: None,
    };
    let items: Vec<Item> = offers.into_iter().map(not_here).collect();
    let mut answers = store.admit(call, &items).await?;
    let wanted = answers.iter_mut().zip(&items);
    let wanted = wanted.filter(|(answer, _)| **answer == Answer::Send);
    let look = stream::iter(wanted).for_each_concurrent(LOOKS, |(answer, item)| async move {
        let key = BlobKey::of(call.subject.organisation, &item.offer);
        match blobs.begun(key, item.offer.length).await {
            Ok(from) if from > 0 => *answer = Answer::GoOn { from },
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "offer.not_looked_up"),
        }
    });
    // An answer in time is worth more than what could be gone on with.
    let _looked = tokio::time::timeout(LOOK, look).await;
    Ok(answers)
}
