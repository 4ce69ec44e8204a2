//! What the rows say should lie in the storage.

use crate::{
    audit,
    database::{Builder, Connection, Flag, LIST},
    fault::Fault,
    value::{id, name, unsigned},
};
use bildbro_domain::{
    Digest, OrganisationId, StudyId, StudyUid,
    audit::{Action, Actor, Outcome},
};
use bildbro_flow::ports::inventory::{NamedBlob, StudyPlace};
use jiff::Timestamp;

/// Studies, and those of which only something was set aside.
const PLACES: &str = "SELECT holder, study_uid FROM study WHERE deleted_at IS NULL \
     UNION SELECT holder, study_uid FROM quarantine";

const HELD: &str = "SELECT digest, length, lost IS TRUE AS lost FROM instance WHERE study = $1";

const SET_ASIDE: &str = "SELECT DISTINCT study_uid FROM quarantine WHERE holder = $1";

const SET_ASIDE_OF: &str =
    "SELECT digest, length FROM quarantine WHERE holder = $1 AND study_uid = $2";

const STUDY_UID: &str = "SELECT study_uid FROM study WHERE id = $1";

const LOST: &str = "UPDATE instance SET lost = TRUE WHERE lost = FALSE AND study = ";

const FOUND: &str = "UPDATE instance SET lost = FALSE WHERE lost = TRUE AND study = ";

/// All places, in order. One statement: there are as many as there are studies,
/// each of a few dozen bytes.
pub async fn places(connection: &mut Connection) -> Result<Vec<StudyPlace>, Fault> {
    let rows: Vec<(String, String)> = sqlx::query_as(PLACES).fetch_all(connection).await?;
    let mut places = rows
        .into_iter()
        .map(|(holder, uid)| {
            let holder: OrganisationId = id(&holder, "study.holder")?;
            let uid: StudyUid = name(uid, "study.study_uid")?;
            let study = StudyId::of(holder, &uid);
            Ok(StudyPlace { holder, study })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    places.sort_unstable();
    Ok(places)
}

pub async fn named(
    connection: &mut Connection,
    place: StudyPlace,
) -> Result<Vec<NamedBlob>, Fault> {
    let rows: Vec<(String, i64, Flag)> = sqlx::query_as(HELD)
        .bind(place.study.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let blob = |digest: &str, length, lost| {
        Ok::<_, Fault>(NamedBlob {
            digest: id(digest, "instance.digest")?,
            length: unsigned(length),
            lost,
        })
    };
    let held = rows
        .iter()
        .map(|(digest, length, lost)| blob(digest, *length, lost.0));
    let mut named = held.collect::<Result<Vec<_>, _>>()?;
    if let Some(uid) = set_aside_uid(connection, place).await? {
        let rows: Vec<(String, i64)> = sqlx::query_as(SET_ASIDE_OF)
            .bind(place.holder.to_string())
            .bind(uid)
            .fetch_all(connection)
            .await?;
        for (digest, length) in rows {
            named.push(blob(&digest, length, false)?);
        }
    }
    Ok(named)
}

/// The UID of the study, if something of it was set aside: ids follow from UIDs,
/// not the other way round.
async fn set_aside_uid(
    connection: &mut Connection,
    place: StudyPlace,
) -> Result<Option<String>, Fault> {
    let uids: Vec<String> = sqlx::query_scalar(SET_ASIDE)
        .bind(place.holder.to_string())
        .fetch_all(connection)
        .await?;
    for text in uids {
        let uid: StudyUid = name(text.clone(), "quarantine.study_uid")?;
        if StudyId::of(place.holder, &uid) == place.study {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

pub async fn mark_lost(
    connection: &mut Connection,
    place: StudyPlace,
    blobs: &[Digest],
    lost: bool,
    by: Actor,
    at: Timestamp,
) -> Result<u64, Fault> {
    let texts: Vec<String> = blobs.iter().map(Digest::to_string).collect();
    let mut marked = 0;
    for part in texts.chunks(LIST) {
        let mut query = Builder::new(connection, if lost { LOST } else { FOUND });
        query
            .push_bind(place.study.to_string())
            .push(" AND digest IN ");
        query.push_list(part.iter().map(String::as_str));
        let done = query.build().execute(&mut *connection).await?;
        marked += done.rows_affected();
    }
    if marked > 0 {
        let uid: Option<String> = sqlx::query_scalar(STUDY_UID)
            .bind(place.study.to_string())
            .fetch_optional(&mut *connection)
            .await?;
        let mut entry = audit::entry(at, Action::MarkLost, Outcome::Success, by);
        entry.organisation = Some(place.holder);
        let uid = uid.map(|uid| name(uid, "study.study_uid")).transpose()?;
        entry.studies = uid.into_iter().collect();
        entry.set_images(blobs.iter().copied());
        entry.detail = (!lost).then(|| "found again".to_owned());
        audit::append(connection, &[entry]).await?;
    }
    Ok(marked)
}
