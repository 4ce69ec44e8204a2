//! Admit: one transaction for a batch of images, whatever each of them wants.
//!
//! What is to happen to an image is `flow::admit::judge`'s word, with what is
//! held now. Then what came is recorded, and each study's intent applied. An
//! image that has come before, with its intent, changes nothing and leaves no
//! entry: a gateway may repeat itself after any stop.

use super::{
    actor, delivery,
    holdings::{self, Held, New},
    keys,
    machines::entry_of,
    quarantine,
    shares::{self, NO_NUMBER, NewShare},
};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    group::group,
    value::{micros, patient_key},
};
use bildbro_domain::{
    InstanceId, InstanceUid, OrganisationId, Personal, StudyId, StudyUid,
    audit::{Action, Entry, Outcome},
    patient::may_be_one,
    share::{Priority, Purpose, Quarantine},
};
use bildbro_flow::{
    admit::{Judgement, judge},
    ports::{
        hub::{Call, Item, Timing},
        keys::KeyId,
    },
};
use bildbro_wire::link::{Answer, Intent, Offer};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// More to be shared by hand: also when it was complete before.
const HOLD: &str = "UPDATE study SET held_at = COALESCE(held_at, $2), to_share = TRUE, \
     complete_at = NULL, expected = NULL WHERE id = $1";

/// More that has joined a share by hand.
const HOLD_SHARED: &str = "UPDATE study SET held_at = COALESCE(held_at, $2), \
     complete_at = NULL, expected = NULL WHERE id = $1";

/// Nothing new has come, but the intent may be.
const HOLD_KNOWN: &str = "UPDATE study SET held_at = $2, to_share = TRUE \
     WHERE id = $1 AND held_at IS NULL";

/// What could not be shared as its PACS asked waits for a person, who sees it
/// there: the PACS itself was told that all is well.
const HOLD_DENIED: &str = "UPDATE study SET held_at = COALESCE(held_at, $2), to_share = TRUE \
     WHERE id = $1";

/// An image of which the hub now has the bytes and a row.
struct Member {
    position: usize,
    held: Held,
    /// Taken in by this batch.
    new: bool,
    patient: Personal,
    /// As it is compared.
    patient_key: String,
}

struct Batch<'a> {
    call: &'a Call,
    timing: &'a Timing,
    entries: Vec<Entry>,
}

impl Batch<'_> {
    const fn holder(&self) -> OrganisationId {
        self.call.subject.organisation
    }

    const fn at(&self) -> Timestamp {
        self.call.at
    }
}

/// What is to happen to all of a batch.
struct Judged<'a> {
    answers: Vec<Answer>,
    new: Vec<New<'a>>,
    set_aside: Vec<(&'a Offer, Quarantine)>,
    /// Lost before, and safe again.
    restored: Vec<InstanceId>,
    members: Vec<((&'a StudyUid, Intent), Member)>,
}

pub async fn admit(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    items: &[Item],
) -> Result<Vec<Answer>, Fault> {
    let mut batch = Batch {
        call,
        timing,
        entries: Vec::new(),
    };
    holdings::keep(connection, batch.holder()).await?;
    let sop_uids: Vec<&InstanceUid> = items.iter().map(|i| &i.offer.header.sop_uid).collect();
    let held = holdings::find(connection, batch.holder(), &sop_uids).await?;
    let mut judged = judge_all(connection, call, items, held).await?;

    holdings::take_in(connection, batch.holder(), &judged.new, call.at).await?;
    batch.entries.extend(admitted(call, &judged.new));
    let set_aside = quarantine::set_aside(connection, call, &judged.set_aside).await?;
    batch.entries.extend(set_aside);
    for ((study, intent), members) in group(judged.members) {
        let granted = match intent {
            Intent::Hold => hold(connection, &mut batch, study, &members).await?,
            Intent::Share { recipient } => {
                share(connection, &mut batch, study, recipient, &members).await?
            }
        };
        if !granted {
            for member in members {
                judged.answers[member.position] = Answer::Denied;
            }
        }
    }
    for instance in judged.restored {
        delivery::go_on(connection, instance, call.at).await?;
    }
    audit::append(connection, &batch.entries).await?;
    Ok(judged.answers)
}

/// Judges each item by what is held, and by the items before it.
async fn judge_all<'a>(
    connection: &mut Connection,
    call: &Call,
    items: &'a [Item],
    mut held: HashMap<InstanceUid, Held>,
) -> Result<Judged<'a>, Fault> {
    let mut judged = Judged {
        answers: Vec::with_capacity(items.len()),
        new: Vec::new(),
        set_aside: Vec::new(),
        restored: Vec::new(),
        members: Vec::new(),
    };
    let keys = study_keys(connection, call, items).await?;
    for (position, item) in items.iter().enumerate() {
        let offer = &item.offer;
        let header = &offer.header;
        let found = held.get(&header.sop_uid);
        let mut member = |held: Held, new| {
            let member = Member {
                position,
                held,
                new,
                patient: header.patient_id.clone(),
                patient_key: patient_key(
                    header.patient_id.reveal(),
                    &header.patient_id_issuer,
                    call.at,
                ),
            };
            judged
                .members
                .push(((&header.study_uid, offer.intent), member));
        };
        let stored = item.stored.is_some();
        if stored && keys.get(&item.offer.header.study_uid) != Some(&item.stored) {
            // The study was deleted while the image came: its bytes cannot be
            // read. Sent again, they are sealed with the study's new key.
            judged.answers.push(Answer::Again);
            continue;
        }
        judged
            .answers
            .push(match judge(offer, stored, found.map(|h| &h.existing)) {
                Judgement::Wanted => match conflict(connection, call, offer, found).await? {
                    Some(reason) => Answer::Quarantined { reason },
                    None => Answer::Send,
                },
                Judgement::TakeIn => {
                    let new = New {
                        instance: InstanceId(Uuid::now_v7()),
                        offer,
                    };
                    judged.new.push(new);
                    held.insert(header.sop_uid.clone(), new.held());
                    member(new.held(), true);
                    Answer::Held
                }
                Judgement::Restore => {
                    if let Some(found) = found {
                        holdings::restore(connection, found.existing.instance).await?;
                        judged.restored.push(found.existing.instance);
                        member(found.clone(), false);
                    }
                    Answer::Held
                }
                Judgement::Known => {
                    if let Some(found) = found {
                        member(found.clone(), false);
                    }
                    Answer::Held
                }
                Judgement::SetAside(reason) => {
                    judged.set_aside.push((offer, reason));
                    Answer::Quarantined { reason }
                }
            });
    }
    Ok(judged)
}

/// The keys that the studies of what came have now.
async fn study_keys<'a>(
    connection: &mut Connection,
    call: &Call,
    items: &'a [Item],
) -> Result<HashMap<&'a StudyUid, Option<KeyId>>, Fault> {
    let mut found = HashMap::new();
    for item in items.iter().filter(|item| item.stored.is_some()) {
        let uid = &item.offer.header.study_uid;
        if !found.contains_key(uid) {
            let study = StudyId::of(call.subject.organisation, uid);
            let key = keys::of(connection, study).await?;
            found.insert(uid, key.map(|key| key.id));
        }
    }
    Ok(found)
}

/// Why an offered image has been set aside before, if it has: its bytes need
/// not come again.
async fn conflict(
    connection: &mut Connection,
    call: &Call,
    offer: &Offer,
    found: Option<&Held>,
) -> Result<Option<Quarantine>, Fault> {
    // As if its bytes were here: would it be set aside, and for what?
    let Judgement::SetAside(reason) = judge(offer, true, found.map(|h| &h.existing)) else {
        return Ok(None);
    };
    let known = quarantine::is_known(connection, call, offer, reason).await?;
    Ok(known.then_some(reason))
}

/// One entry for each study that images were taken in of.
fn admitted(call: &Call, new: &[New<'_>]) -> Vec<Entry> {
    group(new.iter().map(|n| (&n.offer.header.study_uid, n.offer)))
        .into_iter()
        .map(|(study, offers)| {
            let mut entry = entry_of(call, Action::Admit, Outcome::Success);
            entry.studies = vec![study.clone()];
            entry.patient_id = offers.first().map(|o| o.header.patient_id.clone());
            entry.set_images(offers.iter().map(|o| o.digest));
            entry
        })
        .collect()
}

/// To be shared by hand, or joining a share by hand that was made while the
/// study still came in.
async fn hold(
    connection: &mut Connection,
    batch: &mut Batch<'_>,
    study: &StudyUid,
    members: &[Member],
) -> Result<bool, Fault> {
    let id = StudyId::of(batch.holder(), study);
    let new: Vec<&Member> = members.iter().filter(|m| m.new).collect();
    let mut statement = HOLD_KNOWN;
    if !new.is_empty() {
        let open = shares::joinable_by_hand(connection, batch.timing, id, batch.at()).await?;
        statement = if open.is_empty() { HOLD } else { HOLD_SHARED };
        for (open, patient) in open {
            let is_theirs = |m: &&&Member| is_of(&patient, &m.patient_key);
            let theirs: Vec<Held> = new
                .iter()
                .filter(is_theirs)
                .map(|m| m.held.clone())
                .collect();
            join(connection, batch, open, &theirs).await?;
            if theirs.len() < new.len() {
                let others = (new.len() - theirs.len()) as u64;
                shares::other_patient(connection, open.delivery, others, batch.at()).await?;
            }
        }
    }
    sqlx::query(statement)
        .bind(id.to_string())
        .bind(micros(batch.at()))
        .execute(connection)
        .await?;
    Ok(true)
}

/// Whether an image of this patient may join a delivery that was made for that
/// one.
fn is_of(made_for: &str, patient: &str) -> bool {
    match made_for {
        "" => true,
        NO_NUMBER => patient.is_empty(),
        made_for => may_be_one(made_for, patient),
    }
}

async fn join(
    connection: &mut Connection,
    batch: &mut Batch<'_>,
    open: shares::Open,
    images: &[Held],
) -> Result<(), Fault> {
    let (by, at) = (actor(batch.call), batch.at());
    let joined = shares::join(connection, open, images, at).await?;
    let receipt = shares::already_there(connection, open, &joined, by, at).await?;
    batch.entries.extend(receipt);
    Ok(())
}

/// Shared by sending to the recipient's AE title. False when denied, which is
/// on record; then it is in the sender's list "to share".
async fn share(
    connection: &mut Connection,
    batch: &mut Batch<'_>,
    study: &StudyUid,
    recipient: OrganisationId,
    members: &[Member],
) -> Result<bool, Fault> {
    let (holder, at) = (batch.holder(), batch.at());
    let new = NewShare {
        sender: holder,
        recipient,
        study: StudyId::of(holder, study),
        study_uid: study,
        purpose: Purpose::Care,
        priority: Priority::Ordinary,
        origin: "pacs",
        patient_key: "",
        patient_id: "",
    };
    let patient = members
        .first()
        .map(|m| m.patient.clone())
        .unwrap_or_default();
    let images = || members.iter().map(|m| m.held.existing.digest);
    let denied = match new.decide(connection).await? {
        None => Some("the recipient is not on the hub".to_owned()),
        Some(Err(denial)) => Some(denial.to_string()),
        Some(Ok(())) => None,
    };
    if denied.is_some() {
        let mut entry = new.entry(at, Outcome::Denied, actor(batch.call), patient);
        entry.set_images(images());
        entry.detail = denied;
        batch.entries.push(entry);
        sqlx::query(HOLD_DENIED)
            .bind(new.study.to_string())
            .bind(micros(at))
            .execute(connection)
            .await?;
        return Ok(false);
    }
    let found = shares::joinable(connection, batch.timing, new.study, recipient, at).await?;
    let open = match found {
        Some(open) => open,
        None => {
            let open = shares::create(connection, batch.timing, &new, at).await?;
            let mut entry = new.entry(at, Outcome::Success, actor(batch.call), patient);
            (entry.share, entry.delivery) = (Some(open.share), Some(open.delivery));
            entry.set_images(images());
            batch.entries.push(entry);
            open
        }
    };
    let held: Vec<Held> = members.iter().map(|m| m.held.clone()).collect();
    join(connection, batch, open, &held).await?;
    Ok(true)
}
