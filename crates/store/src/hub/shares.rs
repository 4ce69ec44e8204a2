//! Shares and how they grow: made in one module or another, joined by what
//! comes later, and put on the recipient's queue.

use super::{delivery, directory, holdings::Held, inbox, partners, queue, will};
use crate::{
    audit,
    database::{Builder, Connection, Flag, LIST, Lock, locking},
    fault::Fault,
    value::{id, maybe_time, micros, signed},
};
use bildbro_domain::{
    DeliveryId, Digest, OrganisationId, Personal, ShareId, StudyId, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
    care::Closed,
    organisation::Takes,
    policy::{self, Denial, ShareRequest},
    share::{Failure, LegalMode, Priority, Purpose},
};
use bildbro_flow::ports::hub::Timing;
use jiff::Timestamp;
use std::collections::HashSet;
use uuid::Uuid;

const JOINABLE: &str = "SELECT sh.id, d.id FROM share sh JOIN delivery d ON d.share = sh.id \
     WHERE d.study = $1 AND d.recipient = $2 AND sh.origin = 'pacs' \
     AND sh.revoked_at IS NULL AND (sh.expires_at IS NULL OR sh.expires_at > $3) \
     AND d.state <> 'withdrawn' AND sh.latest_at >= $4 \
     ORDER BY sh.latest_at DESC, sh.id DESC LIMIT 1";

const BY_HAND: &str = "SELECT sh.id, d.id, d.recipient, sh.sends_at, d.patient_key FROM share sh \
     JOIN delivery d ON d.share = sh.id WHERE d.study = $1 AND sh.origin IN ('cli', 'portal') \
     AND sh.revoked_at IS NULL AND (sh.expires_at IS NULL OR sh.expires_at > $2) \
     AND d.state <> 'withdrawn' AND (sh.latest_at >= $3 \
     OR sh.origin = 'portal' AND d.complete IS NOT TRUE) ORDER BY sh.id, d.id";

const CREATE: &str = "INSERT INTO share (id, sender, purpose, legal_mode, origin, \
     created_at, latest_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

const CREATE_DELIVERY: &str = "INSERT INTO delivery (id, share, study, recipient, state, \
     created_at, updated_at, held, patient_key, patient_id) \
     VALUES ($1, $2, $3, $4, 'waiting', $5, $5, $6, $7, $8)";

const HELD: &str = "SELECT held IS TRUE AS held FROM delivery WHERE id = $1";

const IN_DELIVERY: &str = "SELECT instance FROM delivery_instance WHERE delivery = ";

const HOLDS: &str = "SELECT sop_uid FROM instance WHERE holder = ";

const ADD: &str = "INSERT INTO delivery_instance \
     (delivery, instance, series_number, instance_number, state, receipt_at) ";

/// What was delivered or had stopped begins anew; with nothing to deliver, a
/// new delivery is at its end at once.
const GROW: &str = "UPDATE delivery SET images = images + $2, bytes = bytes + $3, \
     pending = pending + $4, already_there = already_there + $5, complete = FALSE, \
     updated_at = $6, state = CASE \
     WHEN $4 > 0 AND state IN ('delivered', 'stopped') THEN 'waiting' \
     WHEN $4 = 0 AND pending = 0 AND failed = 0 AND state = 'waiting' THEN 'delivered' \
     ELSE state END WHERE id = $1";

const TOUCH: &str = "UPDATE share SET latest_at = $2 WHERE id = $1";

const OTHER_PATIENT: &str = "UPDATE delivery SET failure = $2, updated_at = $3, \
     left_out = left_out + $4, state = CASE WHEN state IN ('waiting', 'delivered') AND pending = 0 THEN 'stopped' \
     ELSE state END WHERE id = $1";

const SAID_COMPLETE: &str = "UPDATE delivery SET complete = $2, expected = $3, \
     updated_at = $4 WHERE id = $1";

/// In place of a patient's key: one without a number was chosen.
pub const NO_NUMBER: &str = "-";

/// A share and its delivery.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    pub share: ShareId,
    pub delivery: DeliveryId,
    pub recipient: OrganisationId,
    /// Nothing leaves before this.
    pub not_before: Option<Timestamp>,
}

/// The share that images sent to `recipient` from a PACS join: the newest that
/// is in force and was joined within [`Timing::join`]. It is held: taking it back
/// waits for what joins.
pub async fn joinable(
    connection: &mut Connection,
    timing: &Timing,
    study: StudyId,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<Option<Open>, Fault> {
    let select = locking(connection, JOINABLE, Lock::Alone);
    let row: Option<(String, String)> = sqlx::query_as(select)
        .bind(study.to_string())
        .bind(recipient.to_string())
        .bind(micros(at))
        .bind(micros(since(timing, at)))
        .fetch_optional(connection)
        .await?;
    row.map(|(share, delivery)| {
        Ok(Open {
            share: id(&share, "share.id")?,
            delivery: id(&delivery, "delivery.id")?,
            recipient,
            not_before: None,
        })
    })
    .transpose()
}

/// The shares by hand that the rest of a study joins, and whose images each was
/// made for (empty: anyone's): who shares a study while it still comes in means
/// all of it.
pub async fn joinable_by_hand(
    connection: &mut Connection,
    timing: &Timing,
    study: StudyId,
    at: Timestamp,
) -> Result<Vec<(Open, String)>, Fault> {
    let select = locking(connection, BY_HAND, Lock::Alone);
    let rows: Vec<(String, String, String, Option<i64>, String)> = sqlx::query_as(select)
        .bind(study.to_string())
        .bind(micros(at))
        .bind(micros(since(timing, at)))
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(share, delivery, recipient, sends_at, patient_key)| {
            let open = Open {
                share: id(&share, "share.id")?,
                delivery: id(&delivery, "delivery.id")?,
                recipient: id(&recipient, "delivery.recipient")?,
                not_before: maybe_time(sends_at)?,
            };
            Ok((open, patient_key))
        })
        .collect()
}

fn since(timing: &Timing, at: Timestamp) -> Timestamp {
    at.checked_sub(timing.join).unwrap_or(Timestamp::MIN)
}

/// What a new share is.
#[derive(Debug, Clone, Copy)]
pub struct NewShare<'a> {
    pub sender: OrganisationId,
    pub recipient: OrganisationId,
    pub study: StudyId,
    pub study_uid: &'a StudyUid,
    pub purpose: Purpose,
    pub priority: Priority,
    pub origin: &'static str,
    /// Whose images it is made for, as compared; empty: whoever's they are.
    pub patient_key: &'a str,
    /// The same as it was found.
    pub patient_id: &'a str,
}

impl NewShare<'_> {
    /// An entry about it, on the sender's behalf.
    pub fn entry(&self, at: Timestamp, outcome: Outcome, by: Actor, patient: Personal) -> Entry {
        let mut entry = audit::entry(at, Action::Share, outcome, by);
        entry.organisation = Some(self.sender);
        entry.counterpart = Some(self.recipient);
        entry.studies = vec![self.study_uid.clone()];
        entry.purpose = Some(self.purpose);
        entry.legal_mode = Some(LegalMode::Disclosure);
        entry.patient_id = Some(patient);
        entry
    }

    /// Asks policy. `None`: there is no such recipient.
    pub async fn decide(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Result<(), Denial>>, Fault> {
        let closed = will::of_study(connection, self.study, self.recipient).await?;
        self.decide_on(connection, closed).await
    }

    /// The same, of a study whose patient's will is known already.
    pub async fn decide_on(
        &self,
        connection: &mut Connection,
        closed: Closed,
    ) -> Result<Option<Result<(), Denial>>, Fault> {
        let Some(recipient) = directory::find(connection, self.recipient).await? else {
            return Ok(None);
        };
        let sender = directory::find(connection, self.sender).await?;
        Ok(Some(policy::share(&ShareRequest {
            sender: self.sender,
            holder: self.sender,
            recipient: self.recipient,
            purpose: self.purpose,
            sender_active: sender.is_some_and(|s| s.active),
            recipient_active: recipient.active,
            recipient_in_care: recipient.kind.in_care(),
            closed,
            partner_closed: partners::takes(connection, self.recipient, self.sender).await?
                == Takes::Closed,
        })))
    }
}

pub async fn create(
    connection: &mut Connection,
    timing: &Timing,
    new: &NewShare<'_>,
    at: Timestamp,
) -> Result<Open, Fault> {
    let share = ShareId(Uuid::now_v7());
    sqlx::query(CREATE)
        .bind(share.to_string())
        .bind(new.sender.to_string())
        .bind(new.purpose.as_str())
        .bind(LegalMode::Disclosure.as_str())
        .bind(new.origin)
        .bind(micros(at))
        .bind(at.checked_add(timing.share_life).ok().map(micros))
        .execute(&mut *connection)
        .await?;
    begin(connection, share, new, None, at).await
}

/// Begins a share's delivery of one study to one recipient, whose people find
/// it in their inbox; what they hold first waits there.
pub async fn begin(
    connection: &mut Connection,
    share: ShareId,
    new: &NewShare<'_>,
    not_before: Option<Timestamp>,
    at: Timestamp,
) -> Result<Open, Fault> {
    let open = Open {
        share,
        delivery: DeliveryId(Uuid::now_v7()),
        recipient: new.recipient,
        not_before,
    };
    let takes = partners::takes(connection, new.recipient, new.sender).await?;
    sqlx::query(CREATE_DELIVERY)
        .bind(open.delivery.to_string())
        .bind(open.share.to_string())
        .bind(new.study.to_string())
        .bind(new.recipient.to_string())
        .bind(micros(at))
        // What cannot wait is not held; its people are told instead.
        .bind(takes == Takes::Hold && new.priority != Priority::Emergency)
        .bind(new.patient_key)
        .bind(new.patient_id)
        .execute(&mut *connection)
        .await?;
    if new.origin != "test" {
        let comes = inbox::Comes {
            to_open: new.origin != "pacs",
            held: takes == Takes::Hold,
            not_before,
        };
        inbox::put(connection, share, new.recipient, comes, at).await?;
    }
    Ok(open)
}

/// What joining came to.
#[derive(Debug, Default)]
pub struct Joined {
    /// Images now to be delivered.
    pub pending: u64,
    /// Images that the recipient has sent to the hub itself.
    pub already_there: Vec<Digest>,
}

/// Adds what a delivery lacks of `images`, and puts it on the recipient's queue
/// when there is something to deliver.
pub async fn join(
    connection: &mut Connection,
    open: Open,
    images: &[Held],
    at: Timestamp,
) -> Result<Joined, Fault> {
    let mut joined = Joined::default();
    let mut bytes = 0;
    for part in images.chunks(LIST) {
        let new = missing(connection, open.delivery, part).await?;
        if new.is_empty() {
            continue;
        }
        let theirs = theirs(connection, open.recipient, &new).await?;
        add(connection, open.delivery, &new, &theirs, at).await?;
        for held in new {
            bytes += held.length;
            if theirs.contains(held.sop_uid.as_str()) {
                joined.already_there.push(held.existing.digest);
            } else {
                joined.pending += 1;
            }
        }
    }
    let there = joined.already_there.len() as u64;
    if joined.pending + there == 0 {
        return Ok(joined);
    }
    sqlx::query(GROW)
        .bind(open.delivery.to_string())
        .bind(signed(joined.pending + there))
        .bind(signed(bytes))
        .bind(signed(joined.pending))
        .bind(signed(there))
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    sqlx::query(TOUCH)
        .bind(open.share.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    // What is held has no work to be claimed until someone lets it in.
    if joined.pending > 0 && !is_held(connection, open.delivery).await? {
        let due = open.not_before.map_or(at, |time| time.max(at));
        queue::arm(connection, open.recipient, open.delivery, due).await?;
    }
    Ok(joined)
}

/// Notes that images came which are another patient's than the delivery was
/// made for: a person must look at it.
pub async fn other_patient(
    connection: &mut Connection,
    delivery: DeliveryId,
    images: u64,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(OTHER_PATIENT)
        .bind(delivery.to_string())
        .bind(Failure::OtherPatient.as_str())
        .bind(micros(at))
        .bind(signed(images))
        .execute(connection)
        .await?;
    Ok(())
}

async fn is_held(connection: &mut Connection, delivery: DeliveryId) -> Result<bool, Fault> {
    let held: Flag = sqlx::query_scalar(HELD)
        .bind(delivery.to_string())
        .fetch_one(connection)
        .await?;
    Ok(held.0)
}

/// Those of at most [`LIST`] images that are not part of the delivery.
async fn missing<'a>(
    connection: &mut Connection,
    delivery: DeliveryId,
    images: &'a [Held],
) -> Result<Vec<&'a Held>, Fault> {
    let ids: Vec<String> = images
        .iter()
        .map(|i| i.existing.instance.to_string())
        .collect();
    let mut query = Builder::new(connection, IN_DELIVERY);
    query
        .push_bind(delivery.to_string())
        .push(" AND instance IN ");
    query.push_list(ids.iter().map(String::as_str));
    let mut seen: HashSet<String> = query
        .build_query_scalar()
        .fetch_all(connection)
        .await?
        .into_iter()
        .collect();
    // The same image may stand twice in a batch.
    let pairs = images.iter().zip(ids);
    Ok(pairs
        .filter_map(|(image, id)| seen.insert(id).then_some(image))
        .collect())
}

/// Which of these the recipient itself holds at the hub: it has sent them, so
/// its PACS has them.
async fn theirs(
    connection: &mut Connection,
    recipient: OrganisationId,
    images: &[&Held],
) -> Result<HashSet<String>, Fault> {
    let mut query = Builder::new(connection, HOLDS);
    query
        .push_bind(recipient.to_string())
        .push(" AND sop_uid IN ");
    query.push_list(images.iter().map(|i| i.sop_uid.as_str()));
    let uids: Vec<String> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(uids.into_iter().collect())
}

async fn add(
    connection: &mut Connection,
    delivery: DeliveryId,
    images: &[&Held],
    theirs: &HashSet<String>,
    at: Timestamp,
) -> Result<(), Fault> {
    let mut query = Builder::new(connection, ADD);
    query.push_values(images, |row, image| {
        let there = theirs.contains(image.sop_uid.as_str());
        row.push_bind(delivery.to_string())
            .push_bind(image.existing.instance.to_string())
            .push_bind(image.series_number.unwrap_or(i64::MAX))
            .push_bind(image.instance_number.unwrap_or(i64::MAX))
            .push_bind(if there { "already_there" } else { "pending" })
            .push_bind(there.then(|| micros(at)));
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// The receipt of what the recipient has sent itself.
pub async fn already_there(
    connection: &mut Connection,
    open: Open,
    joined: &Joined,
    by: Actor,
    at: Timestamp,
) -> Result<Option<Entry>, Fault> {
    if joined.already_there.is_empty() {
        return Ok(None);
    }
    let Some(delivery) = delivery::read(connection, open.delivery).await? else {
        return Ok(None);
    };
    let mut entry = delivery.entry(at, Action::Deliver, Outcome::Success, by);
    entry.set_images(joined.already_there.iter().copied());
    entry.detail = Some("already there: the recipient has sent these to the hub itself".into());
    Ok(Some(entry))
}

/// Notes that a delivery's sender has said that all has come.
pub async fn said_complete(
    connection: &mut Connection,
    delivery: DeliveryId,
    complete: bool,
    expected: Option<i64>,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(SAID_COMPLETE)
        .bind(delivery.to_string())
        .bind(complete)
        .bind(expected)
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}
