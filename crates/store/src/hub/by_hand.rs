//! Shares by hand: made, and taken back, whoever made them.

use super::{
    delivery, holdings, inbox,
    shares::{self, NewShare},
};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{
    DeliveryId, OrganisationId, Personal, ShareId, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
    share::{Priority, Purpose},
};
use bildbro_flow::ports::hub::{ChangeError, Timing};
use jiff::Timestamp;

const SHARED: &str = "UPDATE study SET to_share = FALSE WHERE id = $1";

const REVOKE: &str = "UPDATE share SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

const DELIVERIES: &str = "SELECT id FROM delivery WHERE share = $1";

/// A person's wish to share a study that their organisation holds.
#[derive(Debug, Clone, Copy)]
pub struct ByHand<'a> {
    pub holder: OrganisationId,
    pub study: &'a StudyUid,
    pub recipient: OrganisationId,
    pub purpose: Purpose,
}

pub async fn share(
    connection: &mut Connection,
    timing: &Timing,
    wish: ByHand<'_>,
    by: Actor,
    at: Timestamp,
) -> Result<Result<ShareId, ChangeError>, Fault> {
    holdings::keep(connection, wish.holder).await?;
    let Some(study) = holdings::study(connection, wish.holder, wish.study).await? else {
        return Ok(Err(ChangeError::NotFound("study")));
    };
    let new = NewShare {
        sender: wish.holder,
        recipient: wish.recipient,
        study: study.id,
        study_uid: &study.uid,
        purpose: wish.purpose,
        priority: Priority::Ordinary,
        origin: "cli",
        patient_key: "",
        patient_id: "",
    };
    let patient = Personal::new(study.patient_id);
    match new.decide(connection).await? {
        None => return Ok(Err(ChangeError::NotFound("organisation"))),
        Some(Err(denial)) => {
            let mut entry = new.entry(at, Outcome::Denied, by, patient);
            entry.detail = Some(denial.to_string());
            audit::append(connection, &[entry]).await?;
            return Ok(Err(ChangeError::Denied(denial)));
        }
        Some(Ok(())) => {}
    }
    let open = shares::create(connection, timing, &new, at).await?;
    let images = holdings::of_study(connection, study.id).await?;
    let joined = shares::join(connection, open, &images, at).await?;
    shares::said_complete(
        connection,
        open.delivery,
        study.complete,
        study.expected,
        at,
    )
    .await?;
    sqlx::query(SHARED)
        .bind(study.id.to_string())
        .execute(&mut *connection)
        .await?;
    let mut entry = new.entry(at, Outcome::Success, by.clone(), patient);
    (entry.share, entry.delivery) = (Some(open.share), Some(open.delivery));
    entry.set_images(images.iter().map(|i| i.existing.digest));
    let mut entries = vec![entry];
    entries.extend(shares::already_there(connection, open, &joined, by, at).await?);
    audit::append(connection, &entries).await?;
    Ok(Ok(open.share))
}

/// False when there is no such share, or it was taken back before.
pub async fn revoke(
    connection: &mut Connection,
    share: ShareId,
    by: Actor,
    at: Timestamp,
) -> Result<bool, Fault> {
    let entries = take_back(connection, share, &by, at).await?;
    audit::append(connection, &entries).await?;
    Ok(!entries.is_empty())
}

/// Takes a share back; answers the entries of it, none when there is no such
/// share or it was taken back before.
pub async fn take_back(
    connection: &mut Connection,
    share: ShareId,
    by: &Actor,
    at: Timestamp,
) -> Result<Vec<Entry>, Fault> {
    let revoked = sqlx::query(REVOKE)
        .bind(share.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    if revoked.rows_affected() == 0 {
        return Ok(Vec::new());
    }
    let deliveries: Vec<String> = sqlx::query_scalar(DELIVERIES)
        .bind(share.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut entries = Vec::new();
    for text in deliveries {
        entries.extend(end(connection, id(&text, "delivery.id")?, by, at).await?);
    }
    inbox::recall(connection, share, at).await?;
    Ok(entries)
}

/// Ends one delivery, as its sender's act; answers the entry of it.
pub async fn end(
    connection: &mut Connection,
    delivery: DeliveryId,
    by: &Actor,
    at: Timestamp,
) -> Result<Option<Entry>, Fault> {
    delivery::withdraw(connection, delivery, at).await?;
    let found = delivery::read(connection, delivery).await?;
    Ok(found.map(|delivery| {
        let mut entry = delivery.entry(at, Action::Revoke, Outcome::Success, by.clone());
        (entry.organisation, entry.counterpart) = (Some(delivery.sender), Some(delivery.recipient));
        entry
    }))
}
