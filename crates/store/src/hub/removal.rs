//! A study deleted: its key, then everything that names its images.
//!
//! The row of the study and its shares stay, without a word about the patient,
//! since deliveries are counted by them; the log keeps what was done.

use super::{by_hand, holdings, keys};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{
    OrganisationId, Personal, ShareId, StudyId, StudyUid,
    audit::{Action, Actor, Outcome},
};
use bildbro_flow::ports::keys::KeyId;
use jiff::Timestamp;

/// Shares of this study alone are taken back.
const SHARES: &str = "SELECT DISTINCT sh.id FROM delivery d JOIN share sh ON sh.id = d.share \
     WHERE d.study = $1 AND sh.revoked_at IS NULL AND NOT EXISTS (SELECT 1 FROM delivery o \
     WHERE o.share = sh.id AND o.study <> $1) ORDER BY sh.id";

/// Of shares with other studies too, only these deliveries end.
const DELIVERIES: &str = "SELECT id FROM delivery WHERE study = $1 AND state <> 'withdrawn' \
     ORDER BY id";

/// In this order: what names something before what it names.
const FORGET: [&str; 3] = [
    "DELETE FROM delivery_instance WHERE instance IN (SELECT id FROM instance WHERE study = $1)",
    "DELETE FROM instance WHERE study = $1",
    "DELETE FROM series WHERE study = $1",
];

const FORGET_SET_ASIDE: &str = "DELETE FROM quarantine WHERE holder = $1 AND study_uid = $2";

const EMPTY: &str = "UPDATE study SET patient_id = '', patient_id_issuer = '', \
     patient_name = '', patient_birth_date = '', patient_sex = '', accession = '', \
     study_date = '', study_time = '', description = '', institution = '', modality = '', images = 0, \
     bytes = 0, to_share = FALSE, deleted_at = $2 WHERE id = $1";

pub async fn delete(
    connection: &mut Connection,
    holder: OrganisationId,
    uid: &StudyUid,
    by: Actor,
    at: Timestamp,
) -> Result<Option<Option<KeyId>>, Fault> {
    holdings::keep(connection, holder).await?;
    let study = StudyId::of(holder, uid);
    let Some(found) = holdings::study(connection, holder, uid).await? else {
        return Ok(None);
    };
    let images = holdings::of_study(connection, study).await?;
    let key = keys::of(connection, study).await?;
    keys::remove(connection, study).await?;
    let shares: Vec<String> = sqlx::query_scalar(SHARES)
        .bind(study.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut entries = Vec::new();
    for share in shares {
        let share: ShareId = id(&share, "share.id")?;
        entries.extend(by_hand::take_back(connection, share, &by, at).await?);
    }
    let deliveries: Vec<String> = sqlx::query_scalar(DELIVERIES)
        .bind(study.to_string())
        .fetch_all(&mut *connection)
        .await?;
    for delivery in deliveries {
        let delivery = id(&delivery, "delivery.id")?;
        entries.extend(by_hand::end(connection, delivery, &by, at).await?);
    }
    for statement in FORGET {
        sqlx::query(statement)
            .bind(study.to_string())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(FORGET_SET_ASIDE)
        .bind(holder.to_string())
        .bind(uid.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query(EMPTY)
        .bind(study.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    let mut entry = audit::entry(at, Action::DeleteStudy, Outcome::Success, by);
    entry.organisation = Some(holder);
    entry.patient_id = Some(Personal::new(found.patient_id));
    entry.studies = vec![uid.clone()];
    entry.set_images(images.iter().map(|image| image.existing.digest));
    entries.push(entry);
    audit::append(connection, &entries).await?;
    Ok(Some(key.map(|key| key.id)))
}
