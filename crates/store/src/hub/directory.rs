//! Organisations.

use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    value::{id, micros, name, word},
};
use bildbro_domain::{
    OrganisationId,
    audit::{Action, Actor, Outcome},
    organisation::{Kind, Organisation, TEST_SENDER},
};
use bildbro_flow::ports::hub::NewOrganisation;
use jiff::Timestamp;
use uuid::Uuid;

const ADD: &str = "INSERT INTO organisation (id, name, name_key, kind, ae_title, active, created_at) \
     VALUES ($1, $2, $3, $4, $5, TRUE, $6) ON CONFLICT DO NOTHING";

const ALL: &str = "SELECT id, name, kind, ae_title, active IS TRUE AS active FROM organisation \
     WHERE id <> $1 ORDER BY name_key";

const ONE: &str =
    "SELECT id, name, kind, ae_title, active IS TRUE AS active FROM organisation WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    kind: String,
    ae_title: String,
    active: Flag,
}

impl Row {
    fn read(self) -> Result<Organisation, Fault> {
        Ok(Organisation {
            id: id(&self.id, "organisation.id")?,
            name: self.name,
            kind: word(Kind::parse(&self.kind), "organisation.kind")?,
            ae_title: name(self.ae_title, "organisation.ae_title")?,
            active: self.active.0,
        })
    }
}

/// `None` when the name or the AE title is taken.
pub async fn add(
    connection: &mut Connection,
    new: NewOrganisation,
    by: Actor,
    at: Timestamp,
) -> Result<Option<Organisation>, Fault> {
    let organisation = Organisation {
        id: OrganisationId(Uuid::now_v7()),
        name: new.name,
        kind: new.kind,
        ae_title: new.ae_title,
        active: true,
    };
    let added = sqlx::query(ADD)
        .bind(organisation.id.to_string())
        .bind(&organisation.name)
        .bind(organisation.name.to_lowercase())
        .bind(organisation.kind.as_str())
        .bind(organisation.ae_title.as_str())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    if added.rows_affected() == 0 {
        return Ok(None);
    }
    let mut entry = audit::entry(at, Action::AddOrganisation, Outcome::Success, by);
    entry.organisation = Some(organisation.id);
    audit::append(connection, &[entry]).await?;
    Ok(Some(organisation))
}

/// All but whom test images come from.
pub async fn all(connection: &mut Connection) -> Result<Vec<Organisation>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub async fn find(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Option<Organisation>, Fault> {
    let row: Option<Row> = sqlx::query_as(ONE)
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(Row::read).transpose()
}
