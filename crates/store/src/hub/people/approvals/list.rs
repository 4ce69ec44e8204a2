//! What waits, and what was decided lately.

use super::{
    super::{
        acting::{acting_alone, allow},
        members::unit_name,
        roles,
        stop::Stop,
    },
    Request,
};
use crate::{
    database::{Connection, Flag},
    fault::Fault,
    value::{id, time, word},
};
use bildbro_domain::{
    OrganisationId, Personal,
    approval::{Guarded, State},
    audit::Action,
};
use bildbro_flow::ports::portal::{
    Caller,
    approvals::{ApprovalView, NamedMember, Summary},
};

const ALL: &str = "SELECT p.id, p.action, p.request, p.about, b.name AS about_name, p.asked_by, \
     a.name AS asker_name, p.asked_at, p.expires_at, p.approved IS NOT NULL AS decided, \
     p.approved IS TRUE AS approved FROM approval p JOIN member a ON a.id = p.asked_by \
     LEFT JOIN member b ON b.id = p.about WHERE p.organisation = $1 \
     ORDER BY p.asked_at DESC, p.id DESC LIMIT 200";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    action: String,
    request: String,
    about: Option<String>,
    about_name: Option<String>,
    asked_by: String,
    asker_name: String,
    asked_at: i64,
    expires_at: i64,
    decided: Flag,
    approved: Flag,
}

pub async fn all(connection: &mut Connection, caller: &Caller) -> Result<Vec<ApprovalView>, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    allow(connection, &who, Action::ExplainMember, own, caller.at).await??;
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let about = match (&row.about, row.about_name) {
            (Some(member), Some(name)) => Some(NamedMember {
                id: id(member, "approval.about")?,
                name: Personal::new(name),
            }),
            _ => None,
        };
        let expires_at = time(row.expires_at)?;
        let approved = row.decided.0.then_some(row.approved.0);
        all.push(ApprovalView {
            id: id(&row.id, "approval.id")?,
            action: word(Guarded::parse(&row.action), "approval.action")?,
            about,
            summary: summary(connection, own, &row.request).await?,
            asked_by: NamedMember {
                id: id(&row.asked_by, "approval.asked_by")?,
                name: Personal::new(row.asker_name),
            },
            asked_at: time(row.asked_at)?,
            expires_at,
            state: State::of(approved, expires_at, caller.at),
        });
    }
    Ok(all)
}

/// Of another part's request nothing is told: a patient may be in it.
async fn summary(
    connection: &mut Connection,
    organisation: OrganisationId,
    request: &str,
) -> Result<Summary, Fault> {
    let mut summary = Summary {
        role: None,
        role_name: None,
        unit: None,
        permissions: Vec::new(),
    };
    match serde_json::from_str(request) {
        Ok(Request::Grant { role, unit, .. }) => {
            summary.role_name = roles::name_of(connection, organisation, &role).await?;
            summary.role = Some(role);
            if let Some(unit) = unit {
                summary.unit = unit_name(connection, organisation, unit).await?;
            }
        }
        Ok(Request::ChangeRole {
            role,
            name,
            permissions,
        }) => {
            summary.role = Some(role.to_string());
            summary.role_name = Some(name);
            let words = permissions.iter().map(|one| one.as_str().to_owned());
            summary.permissions = words.collect();
        }
        Ok(Request::Close { .. }) | Err(_) => {}
    }
    Ok(summary)
}
