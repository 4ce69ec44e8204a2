//! A member as an act is about them.

use super::super::stop::Stop;
use crate::{
    database::{Connection, Flag},
    value::id,
};
use bildbro_domain::{MemberId, OrganisationId};
use bildbro_flow::ports::portal::Refusal;

const FIND: &str = "SELECT organisation, name, email, language, active IS TRUE AS active, \
     (password IS NOT NULL OR last_login IS NOT NULL) AS has_password FROM member WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    organisation: String,
    name: String,
    email: String,
    language: String,
    active: Flag,
    has_password: Flag,
}

/// What is there of a member, whose ever they are. Policy comes next.
pub struct Found {
    pub id: MemberId,
    pub organisation: OrganisationId,
    pub name: String,
    pub email: String,
    pub language: String,
    pub active: bool,
    pub has_password: bool,
}

/// Refuses with [`Refusal::NotFound`].
pub async fn find(connection: &mut Connection, member: MemberId) -> Result<Found, Stop> {
    let row: Option<Row> = sqlx::query_as(FIND)
        .bind(member.to_string())
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(Refusal::NotFound)?;
    Ok(Found {
        id: member,
        organisation: id(&row.organisation, "member.organisation")?,
        name: row.name,
        email: row.email,
        language: row.language,
        active: row.active.0,
        has_password: row.has_password.0,
    })
}

impl Found {
    /// Refuses for an account that is closed.
    pub fn open(&self) -> Result<(), Stop> {
        if self.active {
            Ok(())
        } else {
            Err(Refusal::Over("the account is closed").into())
        }
    }
}
