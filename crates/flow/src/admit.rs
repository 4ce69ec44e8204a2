//! Stage 3, admit: the hub takes images into an organisation's holdings, once.
//!
//! Bytes first, then the row: an image is in the index only when its blob is
//! safe, and a blob without a row (a crash in between) is overwritten by the
//! next try, since its key follows from its content. The hub reads each data
//! set itself while it streams by: what a gateway says of an image is checked,
//! not believed.

use crate::{
    clock::Clock,
    ports::{
        StoreError,
        hub::{BlobKey, BlobWriter, Blobs, Call, Existing, HubStore, Item},
    },
};
use bildbro_dicom::scan::{Limits, Scanner};
use bildbro_domain::{Digest, OrganisationId, policy::Subject, share::Quarantine};
use bildbro_wire::link::{Answer, Offer, Refusal};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What is to happen to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Not known here: its bytes are needed.
    Wanted,
    /// New, and its bytes are safe: take it in.
    TakeIn,
    /// The same image is held already: only its intent is new.
    Known,
    /// To be set aside; when its bytes are not here yet they are needed first.
    SetAside(Quarantine),
}

/// Decides by what is held under the same SOP Instance UID in the same
/// organisation. Same UID and bytes: nothing happens twice. Same UID, other
/// bytes: set aside, never overwritten.
#[must_use]
pub fn judge(item: &Item, existing: Option<&Existing>) -> Judgement {
    let conflict = match existing {
        None if item.stored => return Judgement::TakeIn,
        None => return Judgement::Wanted,
        Some(held) if held.study_uid != item.offer.header.study_uid => Quarantine::OtherStudy,
        Some(held) if held.digest != item.offer.digest || held.syntax != item.offer.syntax => {
            Quarantine::UidConflict
        }
        Some(_) => return Judgement::Known,
    };
    if item.stored {
        Judgement::SetAside(conflict)
    } else {
        Judgement::Wanted
    }
}

/// Images are recorded in groups of this many, or of [`GROUP_BYTES`]: one
/// transaction and one flush for all of them.
const GROUP: usize = 64;
const GROUP_BYTES: u64 = 32 << 20;

/// Takes one body of frames. Feed it head, data and end of each frame in
/// order, then [`Intake::close`].
pub struct Intake {
    store: Arc<dyn HubStore>,
    blobs: Arc<dyn Blobs>,
    clock: Clock,
    subject: Subject,
    max_object: u64,
    current: Option<Current>,
    /// Finished frames whose answers are not known yet, in order.
    group: Vec<Finished>,
    group_bytes: u64,
    answers: Vec<Answer>,
    woken: Vec<OrganisationId>,
}

struct Current {
    offer: Offer,
    length: u64,
    hash: Sha256,
    /// `None` once the frame has been refused: the rest of it is read and
    /// dropped, so that the frames after it are not lost.
    taking: Option<Taking>,
    refused: Refusal,
}

struct Taking {
    scanner: Scanner,
    writer: Box<dyn BlobWriter>,
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
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            subject,
            max_object,
            current: None,
            group: Vec::new(),
            group_bytes: 0,
            answers: Vec::new(),
            woken: Vec::new(),
        }
    }

    /// A frame begins.
    ///
    /// # Errors
    /// When the blob storage cannot be written.
    pub async fn begin(&mut self, offer: Offer, length: u64) -> Result<(), StoreError> {
        let (taking, refused) = if length > self.max_object {
            (None, Refusal::TooLarge)
        } else if length != offer.length {
            (None, Refusal::Unreadable)
        } else {
            let key = BlobKey::of(self.subject.organisation, &offer);
            let taking = Taking {
                scanner: Scanner::new(offer.syntax.as_str(), Limits::default()),
                writer: self.blobs.write(key).await?,
            };
            (Some(taking), Refusal::Unreadable)
        };
        self.current = Some(Current {
            offer,
            length: 0,
            hash: Sha256::new(),
            taking,
            refused,
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
        current.length += bytes.len() as u64;
        let Some(taking) = &mut current.taking else {
            return Ok(());
        };
        current.hash.update(&bytes);
        if taking.scanner.push(&bytes).is_err() {
            current.taking = None;
            return Ok(());
        }
        taking.writer.push(bytes).await
    }

    /// The frame is whole.
    ///
    /// # Errors
    /// When the blob storage or the database fails; what was answered before
    /// stands.
    pub async fn end(&mut self) -> Result<(), StoreError> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let finished = finish(current).await?;
        if let Finished::Stored(item) = &finished {
            self.group_bytes += item.offer.length;
        }
        self.group.push(finished);
        if self.group.len() >= GROUP || self.group_bytes >= GROUP_BYTES {
            self.settle().await?;
        }
        Ok(())
    }

    /// The body is whole, or broke off after whole frames: records what came.
    /// Answers one per whole frame, and who has new work.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(mut self) -> Result<(Vec<Answer>, Vec<OrganisationId>), StoreError> {
        self.settle().await?;
        Ok((self.answers, self.woken))
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
        let (stored, woken) = if items.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            self.store.admit(&call, &items).await?
        };
        let mut stored = stored.into_iter();
        for finished in group {
            self.answers.push(match finished {
                Finished::Settled(answer) => answer,
                Finished::Stored(_) => stored.next().unwrap_or(Answer::Again),
            });
        }
        for organisation in woken {
            if !self.woken.contains(&organisation) {
                self.woken.push(organisation);
            }
        }
        Ok(())
    }
}

/// Checks a whole frame against what was said of it. Bytes that differ from
/// their digest were damaged on the way: they are asked for again.
async fn finish(current: Current) -> Result<Finished, StoreError> {
    let Some(taking) = current.taking else {
        return Ok(Finished::Settled(Answer::Refused {
            reason: current.refused,
        }));
    };
    if Digest(current.hash.finalize().into()) != current.offer.digest {
        return Ok(Finished::Settled(Answer::Again));
    }
    let unreadable = Finished::Settled(Answer::Refused {
        reason: Refusal::Unreadable,
    });
    let Ok(header) = taking.scanner.finish() else {
        return Ok(unreadable);
    };
    let said = &current.offer.header;
    if header.sop_uid != said.sop_uid
        || header.study_uid != said.study_uid
        || header.series_uid != said.series_uid
    {
        return Ok(unreadable);
    }
    taking.writer.finish().await?;
    let offer = Offer {
        header,
        ..current.offer
    };
    Ok(Finished::Stored(Box::new(Item {
        offer,
        stored: true,
    })))
}
