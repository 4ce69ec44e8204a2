//! The studies' wrapped keys.

use crate::{
    database::Connection,
    fault::Fault,
    value::{id, unsigned},
};
use bildbro_domain::StudyId;
use bildbro_flow::ports::keys::{KeyId, StudyKey, Wrapped};
use data_encoding::BASE64;
use uuid::Uuid;

const OF: &str = "SELECT id, wrapped_by, wrapped FROM study_key WHERE study = $1";

const REMOVE: &str = "DELETE FROM study_key WHERE study = $1";

const KEEP: &str = "INSERT INTO study_key (study, id, wrapped_by, wrapped) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (study) DO NOTHING";

const TO_REWRAP: &str = "SELECT study, wrapped_by, wrapped FROM study_key \
     WHERE wrapped_by <> $1 AND study > $2 ORDER BY study LIMIT $3";

const WRAPPING: &str =
    "SELECT wrapped_by, COUNT(*) FROM study_key GROUP BY wrapped_by ORDER BY wrapped_by";

const REWRAP: &str = "UPDATE study_key SET wrapped_by = $4, wrapped = $5 \
     WHERE study = $1 AND wrapped_by = $2 AND wrapped = $3";

fn read(by: String, wrapped: &str) -> Result<Wrapped, Fault> {
    let bytes = BASE64.decode(wrapped.as_bytes());
    let bytes = bytes.map_err(|_| Fault::Unreadable("study_key.wrapped"))?;
    Ok(Wrapped { by, bytes })
}

fn text(wrapped: &Wrapped) -> String {
    BASE64.encode(&wrapped.bytes)
}

pub async fn of(connection: &mut Connection, study: StudyId) -> Result<Option<StudyKey>, Fault> {
    let row: Option<(String, String, String)> = sqlx::query_as(OF)
        .bind(study.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|(key, by, wrapped)| {
        Ok(StudyKey {
            id: KeyId(id(&key, "study_key.id")?),
            wrapped: read(by, &wrapped)?,
        })
    })
    .transpose()
}

/// From now on nothing of the study can be read, wherever it lies.
pub async fn remove(connection: &mut Connection, study: StudyId) -> Result<(), Fault> {
    sqlx::query(REMOVE)
        .bind(study.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps a key unless there is one; answers the one that is kept.
pub async fn keep(
    connection: &mut Connection,
    study: StudyId,
    new: &Wrapped,
) -> Result<StudyKey, Fault> {
    sqlx::query(KEEP)
        .bind(study.to_string())
        .bind(Uuid::new_v4().to_string())
        .bind(new.by.clone())
        .bind(text(new))
        .execute(&mut *connection)
        .await?;
    let kept = of(connection, study).await?;
    kept.ok_or(Fault::Unreadable("study_key"))
}

pub async fn wrapping(connection: &mut Connection) -> Result<Vec<(String, u64)>, Fault> {
    let rows: Vec<(String, i64)> = sqlx::query_as(WRAPPING).fetch_all(connection).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(name, count)| (name, unsigned(count))).collect())
}

pub async fn to_rewrap(
    connection: &mut Connection,
    current: &str,
    after: Option<StudyId>,
    most: u32,
) -> Result<Vec<(StudyId, Wrapped)>, Fault> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(TO_REWRAP)
        .bind(current.to_owned())
        .bind(after.map_or_else(String::new, |study| study.to_string()))
        .bind(i64::from(most))
        .fetch_all(connection)
        .await?;
    let rows = rows.into_iter();
    rows.map(|(study, by, wrapped)| Ok((id(&study, "study_key.study")?, read(by, &wrapped)?)))
        .collect()
}

pub async fn rewrap(
    connection: &mut Connection,
    study: StudyId,
    old: &Wrapped,
    new: &Wrapped,
) -> Result<bool, Fault> {
    let done = sqlx::query(REWRAP)
        .bind(study.to_string())
        .bind(old.by.clone())
        .bind(text(old))
        .bind(new.by.clone())
        .bind(text(new))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
