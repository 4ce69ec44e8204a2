//! What ids stand for, a batch at a time.

use crate::{
    database::{Builder, Connection, LIST},
    fault::Fault,
    value::id,
};
use bildbro_domain::{Personal, audit::Entry};
use bildbro_flow::audit_event::{Named, Names};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Ids are of one space, so each is in one of these.
const TABLES: [&str; 5] = [
    "SELECT id, name, hsa_id FROM organisation WHERE id IN ",
    "SELECT id, name, hsa_id FROM care_unit WHERE id IN ",
    "SELECT id, name, hsa_id FROM member WHERE id IN ",
    "SELECT id, name, NULL AS hsa_id FROM gateway WHERE id IN ",
    "SELECT id, name, NULL AS hsa_id FROM machine WHERE id IN ",
];

pub async fn of<'e>(
    connection: &mut Connection,
    entries: impl Iterator<Item = &'e Entry>,
) -> Result<Names, Fault> {
    let wanted: BTreeSet<Uuid> = entries.flat_map(Names::wanted).collect();
    let wanted: Vec<String> = wanted.iter().map(Uuid::to_string).collect();
    let mut names = Names::default();
    for part in wanted.chunks(LIST) {
        for table in TABLES {
            let mut query = Builder::new(connection, table);
            query.push_list(part.iter().map(String::as_str));
            let rows: Vec<(String, String, Option<String>)> =
                query.build_query_as().fetch_all(&mut *connection).await?;
            for (key, name, hsa_id) in rows {
                let named = Named {
                    name: Personal::new(name),
                    hsa_id: hsa_id.and_then(|text| text.parse().ok()),
                };
                names.0.insert(id(&key, "an id")?, named);
            }
        }
    }
    Ok(names)
}
