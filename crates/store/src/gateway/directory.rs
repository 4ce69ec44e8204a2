//! The hub's directory as last heard.

use crate::{
    database::Connection,
    fault::Fault,
    value::{id, name},
};
use bildbro_wire::link::DirectoryEntry;

const READ: &str = "SELECT organisation, name, ae_title FROM directory";
const CLEAR: &str = "DELETE FROM directory";
const ADD: &str = "INSERT INTO directory (organisation, name, ae_title) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation) DO UPDATE SET name = excluded.name, ae_title = excluded.ae_title";

/// As it is kept: in the order of ids.
pub fn sorted(entries: &[DirectoryEntry]) -> Vec<DirectoryEntry> {
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| entry.organisation);
    sorted
}

pub async fn read(connection: &mut Connection) -> Result<Vec<DirectoryEntry>, Fault> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(READ).fetch_all(connection).await?;
    let entries = rows
        .into_iter()
        .map(|(organisation, text, ae_title)| {
            Ok(DirectoryEntry {
                organisation: id(&organisation, "directory.organisation")?,
                name: text,
                ae_title: name(ae_title, "directory.ae_title")?,
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(sorted(&entries))
}

pub async fn save(connection: &mut Connection, entries: &[DirectoryEntry]) -> Result<(), Fault> {
    sqlx::query(CLEAR).execute(&mut *connection).await?;
    for entry in entries {
        sqlx::query(ADD)
            .bind(entry.organisation.to_string())
            .bind(&entry.name)
            .bind(entry.ae_title.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
