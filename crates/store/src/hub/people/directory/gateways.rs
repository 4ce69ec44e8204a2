//! An organisation's gateways.

use super::{caller_of, granted};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::{enrolment, machines, people::allow},
    value::{from_json, id, maybe_time, time, unsigned},
};
use bildbro_domain::{Digest, GatewayId, OrganisationId, audit::Action};
use bildbro_flow::ports::portal::{Answer, Caller, Refusal, directory::GatewayState};
use jiff::Timestamp;
use uuid::Uuid;

const ALL: &str = "SELECT id, name, version, active IS TRUE AS active, created_at, last_seen, \
     waiting_images, waiting_bytes, nodes FROM gateway WHERE organisation = $1 \
     ORDER BY active DESC, name, id";

const LAST_IMAGE: &str = "SELECT MAX(latest_at) FROM study WHERE holder = $1";

const FIND: &str = "SELECT organisation, name FROM gateway WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    version: String,
    active: Flag,
    created_at: i64,
    last_seen: Option<i64>,
    waiting_images: i64,
    waiting_bytes: i64,
    nodes: String,
}

pub async fn all(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Vec<GatewayState>, Fault> {
    let last_image: Option<i64> = sqlx::query_scalar(LAST_IMAGE)
        .bind(organisation.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let last_image_at = maybe_time(last_image)?;
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(organisation.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(GatewayState {
                id: id(&row.id, "gateway.id")?,
                name: row.name,
                version: row.version,
                active: row.active.0,
                created: time(row.created_at)?,
                last_seen: maybe_time(row.last_seen)?,
                waiting_images: unsigned(row.waiting_images),
                waiting_bytes: unsigned(row.waiting_bytes),
                last_image_at,
                nodes: from_json(&row.nodes, "gateway.nodes")?,
            })
        })
        .collect()
}

pub async fn issue_code(
    connection: &mut Connection,
    caller: &Caller,
    code_hash: Digest,
    expires: Timestamp,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::IssueEnrolCode;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    enrolment::keep(connection, own, code_hash, expires, caller.at).await?;
    audit::append(connection, &[allowed.entry(Uuid::now_v7())]).await?;
    Ok(Ok(()))
}

/// Whose a gateway is, and its name.
pub async fn find(
    connection: &mut Connection,
    gateway: GatewayId,
) -> Result<Option<(OrganisationId, String)>, Fault> {
    let row: Option<(String, String)> = sqlx::query_as(FIND)
        .bind(gateway.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|(whose, name)| Ok((id(&whose, "gateway.organisation")?, name)))
        .transpose()
}

pub async fn cut_off(
    connection: &mut Connection,
    caller: &Caller,
    gateway: GatewayId,
    confirm: &str,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let Some((whose, name)) = find(connection, gateway).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    let action = Action::RevokeGateway;
    let allowed = granted!(allow(connection, &who, action, whose, caller.at).await?);
    if confirm != name {
        return Ok(Err(Refusal::Invalid {
            field: "confirm",
            why: "It is not the gateway's name.",
        }));
    }
    if machines::cut_off(connection, gateway).await?.is_none() {
        return Ok(Err(Refusal::Over("The gateway has been revoked already.")));
    }
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!("gateway {gateway}"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
