//! Everyone on the hub, and what is taken from whom. What follows from it is in
//! `hub/partners.rs`.

use super::{caller_of, granted};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::{holdings, people::allow},
    value::{id, name, word},
};
use bildbro_domain::{
    OrganisationId,
    audit::Action,
    organisation::{Kind, TEST_SENDER, Takes},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    directory::{ListedOrganisation, PartnerView, Partners},
};
use uuid::Uuid;

const LISTED: &str = "SELECT id, name, kind, ae_title, hsa_id FROM organisation \
     WHERE active AND id <> $1 ORDER BY name_key";

const TAKES: &str = "SELECT takes FROM organisation WHERE id = $1";

/// One that has left is shown for as long as something is said of it.
const PARTNERS: &str = "SELECT o.id, o.name, o.kind, p.takes FROM organisation o \
     LEFT JOIN partner p ON p.organisation = $1 AND p.sender = o.id \
     WHERE o.id <> $1 AND o.id <> $2 AND (o.active OR p.takes IS NOT NULL) ORDER BY o.name_key";

const SET_TAKES: &str = "UPDATE organisation SET takes = $2 WHERE id = $1";

const EXISTS: &str = "SELECT id FROM organisation WHERE id = $1";

const SET: &str = "INSERT INTO partner (organisation, sender, takes) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, sender) DO UPDATE SET takes = excluded.takes";

const FORGET: &str = "DELETE FROM partner WHERE organisation = $1 AND sender = $2";

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: String,
    name: String,
    kind: String,
    ae_title: String,
    hsa_id: Option<String>,
}

pub async fn listed(connection: &mut Connection) -> Result<Vec<ListedOrganisation>, Fault> {
    let rows: Vec<ListedRow> = sqlx::query_as(LISTED)
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let hsa_id = row.hsa_id.as_deref();
            Ok(ListedOrganisation {
                id: id(&row.id, "organisation.id")?,
                name: row.name,
                kind: word(Kind::parse(&row.kind), "organisation.kind")?,
                ae_title: name(row.ae_title, "organisation.ae_title")?,
                hsa_id: hsa_id
                    .map(|text| id(text, "organisation.hsa_id"))
                    .transpose()?,
            })
        })
        .collect()
}

pub async fn all(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Partners, Fault> {
    let takes: String = sqlx::query_scalar(TAKES)
        .bind(organisation.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let rows: Vec<(String, String, String, Option<String>)> = sqlx::query_as(PARTNERS)
        .bind(organisation.to_string())
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    let partners = rows.into_iter().map(|(partner, name, kind, takes)| {
        let takes = takes.map(|takes| word(Takes::parse(&takes), "partner.takes"));
        Ok(PartnerView {
            id: id(&partner, "organisation.id")?,
            name,
            kind: word(Kind::parse(&kind), "organisation.kind")?,
            takes: takes.transpose()?,
        })
    });
    Ok(Partners {
        takes: word(Takes::parse(&takes), "organisation.takes")?,
        partners: partners.collect::<Result<_, Fault>>()?,
    })
}

pub async fn set_takes(
    connection: &mut Connection,
    caller: &Caller,
    takes: Takes,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::ChangePartners;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    sqlx::query(SET_TAKES)
        .bind(own.to_string())
        .bind(takes.as_str())
        .execute(&mut *connection)
        .await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!("from everyone: {}", takes.as_str()));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn set(
    connection: &mut Connection,
    caller: &Caller,
    sender: OrganisationId,
    takes: Option<Takes>,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::ChangePartners;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    let exists: Option<String> = sqlx::query_scalar(EXISTS)
        .bind(sender.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if exists.is_none() || sender == own || sender == TEST_SENDER {
        return Ok(Err(Refusal::NotFound));
    }
    holdings::keep(connection, own).await?;
    let row = (own.to_string(), sender.to_string());
    match takes {
        Some(takes) => sqlx::query(SET)
            .bind(row.0)
            .bind(row.1)
            .bind(takes.as_str()),
        None => sqlx::query(FORGET).bind(row.0).bind(row.1),
    }
    .execute(&mut *connection)
    .await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.counterpart = Some(sender);
    let words = takes.map_or("as from everyone", Takes::as_str);
    entry.detail = Some(format!("from this one: {words}"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
