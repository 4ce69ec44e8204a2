//! Deliveries: a share's way to its recipient, with the facts that decide
//! whether it may go on.

use super::{errands, machines, queue, will};
use crate::{
    audit,
    database::{Connection, Flag, hold},
    fault::Fault,
    value::{id, maybe_time, micros, name, unsigned, word},
};
use bildbro_domain::{
    DeliveryId, InstanceId, OrganisationId, Personal, ShareId, StudyId, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
    organisation::Kind,
    policy::{Denial, Permit, ReleaseRequest, Subject, release},
    share::{DeliveryState, Failure, LegalMode, Purpose},
};
use jiff::Timestamp;

const READ: &str = "SELECT d.state, d.share, d.study, st.study_uid, d.left_out, \
     CASE WHEN d.patient_id <> '' THEN d.patient_id ELSE st.patient_id END AS patient_id, sh.sender, \
     st.patient_key, st.institution, d.held IS TRUE AS held, \
     d.recipient, s.name AS sender_name, s.active IS TRUE AS sender_active, \
     r.active IS TRUE AS recipient_active, r.kind AS recipient_kind, sh.purpose, sh.legal_mode, \
     sh.expires_at, sh.revoked_at, d.pending, d.failed, d.failure \
     FROM delivery d JOIN share sh ON sh.id = d.share JOIN study st ON st.id = d.study \
     JOIN organisation s ON s.id = sh.sender JOIN organisation r ON r.id = d.recipient \
     WHERE d.id = $1";

const HOLD: &str = "SELECT id FROM delivery WHERE id = $1";

const SET_STATE: &str = "UPDATE delivery SET state = $2, failure = $3, updated_at = $4 \
     WHERE id = $1";

const WITHDRAW: &str = "UPDATE delivery SET state = 'withdrawn', updated_at = $2 WHERE id = $1";

const FAILED_AGAIN_PENDING: &str = "UPDATE delivery_instance SET state = 'pending', attempts = 0 \
     WHERE delivery = $1 AND state = 'failed'";

const RETRY: &str = "UPDATE delivery SET state = 'waiting', pending = pending + failed, \
     failed = 0, failure = NULL, updated_at = $2 WHERE id = $1";

const STOPPED_BY: &str = "SELECT delivery FROM delivery_instance WHERE instance = $1 \
     AND state = 'failed' AND failure = 'image_lost' ORDER BY delivery";

const PENDING_AGAIN: &str = "UPDATE delivery_instance SET state = 'pending', attempts = 0 \
     WHERE delivery = $1 AND instance = $2 AND state = 'failed'";

const GO_ON: &str = "UPDATE delivery SET pending = pending + 1, failed = failed - 1, \
     failure = CASE WHEN failed > 1 THEN failure END, \
     state = CASE WHEN state = 'stopped' THEN 'waiting' ELSE state END, updated_at = $2 \
     WHERE id = $1";

/// A delivery with what policy and the log need to know of it.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: DeliveryId,
    pub state: DeliveryState,
    pub share: ShareId,
    pub study: StudyId,
    pub study_uid: StudyUid,
    pub patient_id: Personal,
    pub sender: OrganisationId,
    pub recipient: OrganisationId,
    pub sender_name: String,
    pub purpose: Purpose,
    pub legal_mode: LegalMode,
    pub pending: u64,
    pub failed: u64,
    pub left_out: u64,
    pub failure: Option<Failure>,
    pub held: bool,
    patient_key: String,
    institution: String,
    sender_active: bool,
    recipient_active: bool,
    recipient_in_care: bool,
    expires: Option<Timestamp>,
    revoked: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    share: String,
    study: String,
    study_uid: String,
    patient_id: String,
    patient_key: String,
    institution: String,
    held: Flag,
    sender: String,
    recipient: String,
    sender_name: String,
    sender_active: Flag,
    recipient_active: Flag,
    recipient_kind: String,
    purpose: String,
    legal_mode: String,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    pending: i64,
    failed: i64,
    left_out: i64,
    failure: Option<String>,
}

/// Reads a stored failure.
pub fn failure(text: Option<&str>) -> Result<Option<Failure>, Fault> {
    text.map(|text| word(Failure::parse(text), "delivery.failure"))
        .transpose()
}

/// Holds the delivery, and with it its images and its job, as they stand.
pub async fn keep(connection: &mut Connection, delivery: DeliveryId) -> Result<(), Fault> {
    hold(connection, HOLD, delivery.to_string()).await
}

pub async fn read(
    connection: &mut Connection,
    delivery: DeliveryId,
) -> Result<Option<Delivery>, Fault> {
    let row: Option<Row> = sqlx::query_as(READ)
        .bind(delivery.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Delivery {
        id: delivery,
        state: word(DeliveryState::parse(&row.state), "delivery.state")?,
        share: id(&row.share, "delivery.share")?,
        study: id(&row.study, "share.study")?,
        study_uid: name(row.study_uid, "study.study_uid")?,
        patient_id: Personal::new(row.patient_id),
        sender: id(&row.sender, "share.sender")?,
        recipient: id(&row.recipient, "share.recipient")?,
        sender_name: row.sender_name,
        purpose: word(Purpose::parse(&row.purpose), "share.purpose")?,
        legal_mode: word(LegalMode::parse(&row.legal_mode), "share.legal_mode")?,
        pending: unsigned(row.pending),
        failed: unsigned(row.failed),
        left_out: unsigned(row.left_out),
        failure: failure(row.failure.as_deref())?,
        held: row.held.0,
        patient_key: row.patient_key,
        institution: row.institution,
        sender_active: row.sender_active.0,
        recipient_active: row.recipient_active.0,
        recipient_in_care: word(Kind::parse(&row.recipient_kind), "organisation.kind")?.in_care(),
        expires: maybe_time(row.expires_at)?,
        revoked: maybe_time(row.revoked_at)?,
    }))
}

impl Delivery {
    /// Asks policy, with the facts as they stand in this transaction.
    pub async fn decide(
        &self,
        connection: &mut Connection,
        subject: &Subject,
        at: Timestamp,
    ) -> Result<Result<Permit, Denial>, Fault> {
        let study = will::Of {
            holder: self.sender,
            patient_key: &self.patient_key,
            institution: &self.institution,
        };
        let closed = will::met(connection, study, self.recipient, None).await?;
        let request = ReleaseRequest {
            subject: subject.clone(),
            delivery: self.id,
            share: self.share,
            study: self.study,
            sender: self.sender,
            recipient: self.recipient,
            purpose: self.purpose,
            legal_mode: self.legal_mode,
            subject_active: machines::is_active(connection, subject).await?,
            sender_active: self.sender_active,
            recipient_active: self.recipient_active,
            recipient_in_care: self.recipient_in_care,
            closed,
            held: self.held,
            expires: self.expires,
            revoked: self.revoked,
        };
        Ok(release(&request, at))
    }

    /// Whether it is at its end for good: withdrawn, taken back, or run out.
    pub fn is_over(&self, at: Timestamp) -> bool {
        let passed = |time: Option<Timestamp>| time.is_some_and(|time| time <= at);
        self.state == DeliveryState::Withdrawn || passed(self.revoked) || passed(self.expires)
    }

    /// An entry about this delivery, on its recipient's behalf.
    pub fn entry(&self, at: Timestamp, action: Action, outcome: Outcome, by: Actor) -> Entry {
        let mut entry = audit::entry(at, action, outcome, by);
        entry.organisation = Some(self.recipient);
        entry.counterpart = Some(self.sender);
        entry.patient_id = Some(self.patient_id.clone());
        entry.studies = vec![self.study_uid.clone()];
        entry.share = Some(self.share);
        entry.delivery = Some(self.id);
        entry.purpose = Some(self.purpose);
        entry.legal_mode = Some(self.legal_mode);
        entry
    }

    pub async fn set_state(
        &self,
        connection: &mut Connection,
        state: DeliveryState,
        failure: Option<Failure>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        sqlx::query(SET_STATE)
            .bind(self.id.to_string())
            .bind(state.as_str())
            .bind(failure.map(Failure::as_str))
            .bind(micros(at))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// The end of a delivery whose share was taken back or has run out.
pub async fn withdraw(
    connection: &mut Connection,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(WITHDRAW)
        .bind(delivery.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    errands::end_unneeded(connection, delivery, at).await?;
    queue::remove(connection, delivery).await
}

/// An image that the hub had lost is there again: the deliveries that stopped
/// at it go on by themselves.
pub async fn go_on(
    connection: &mut Connection,
    instance: InstanceId,
    at: Timestamp,
) -> Result<(), Fault> {
    let stopped: Vec<String> = sqlx::query_scalar(STOPPED_BY)
        .bind(instance.to_string())
        .fetch_all(&mut *connection)
        .await?;
    for text in stopped {
        let delivery: DeliveryId = id(&text, "delivery.id")?;
        keep(connection, delivery).await?;
        let found = read(connection, delivery).await?;
        let Some(found) = found.filter(|found| found.state != DeliveryState::Withdrawn) else {
            continue;
        };
        let again = sqlx::query(PENDING_AGAIN)
            .bind(text)
            .bind(instance.to_string())
            .execute(&mut *connection)
            .await?;
        if again.rows_affected() > 0 {
            sqlx::query(GO_ON)
                .bind(delivery.to_string())
                .bind(micros(at))
                .execute(&mut *connection)
                .await?;
            queue::arm(connection, found.recipient, delivery, at).await?;
        }
    }
    Ok(())
}

/// What stands still, failed images with it, is to be delivered again; when is
/// for the queue. False: it does not stand still, or there is nothing to do.
pub async fn begin_anew(
    connection: &mut Connection,
    found: &Delivery,
    at: Timestamp,
) -> Result<bool, Fault> {
    let stands = matches!(
        found.state,
        DeliveryState::Waiting | DeliveryState::Retrying | DeliveryState::Stopped
    );
    if !stands || found.pending + found.failed == 0 {
        return Ok(false);
    }
    sqlx::query(FAILED_AGAIN_PENDING)
        .bind(found.id.to_string())
        .execute(&mut *connection)
        .await?;
    sqlx::query(RETRY)
        .bind(found.id.to_string())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(true)
}

/// What stands still goes first in its queue, failed images with it. What a
/// gateway is at work on, or is at its end, is left alone.
pub async fn retry_now(
    connection: &mut Connection,
    delivery: DeliveryId,
    by: Actor,
    at: Timestamp,
) -> Result<bool, Fault> {
    keep(connection, delivery).await?;
    let Some(found) = read(connection, delivery).await? else {
        return Ok(false);
    };
    if !begin_anew(connection, &found, at).await? {
        return Ok(false);
    }
    queue::first_now(connection, found.recipient, delivery, at).await?;
    let mut entry = found.entry(at, Action::Deliver, Outcome::Success, by);
    entry.detail = Some("asked for again by hand; this act stored nothing".into());
    audit::append(connection, &[entry]).await?;
    Ok(true)
}
