//! An organisation's own particulars.

use super::{caller_of, granted};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::{
        holdings,
        people::{allow, approvals},
    },
    value::{from_json, id, name, to_json, word},
};
use bildbro_domain::{
    OrganisationId,
    approval::Guarded,
    audit::Action,
    organisation::{Kind, Takes},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    directory::{ChangedOrganisation, OwnOrganisation},
};
use uuid::Uuid;

const READ: &str = "SELECT id, name, kind, ae_title, hsa_id, number, postal, on_call, takes, \
     four_eyes, names_staff IS TRUE AS names_staff, escalate_hours FROM organisation WHERE id = $1";

const CLASH: &str = "SELECT CASE WHEN name_key = $2 THEN 'name' ELSE 'hsa_id' END \
     FROM organisation WHERE id <> $1 AND (name_key = $2 OR hsa_id = $3) \
     ORDER BY name_key = $2 DESC LIMIT 1";

const CHANGE: &str = "UPDATE organisation SET name = $2, name_key = $3, hsa_id = $4, \
     number = $5, postal = $6, on_call = $7, names_staff = $8, \
     escalate_hours = $9 WHERE id = $1";

const FOUR_EYES: &str = "SELECT four_eyes FROM organisation WHERE id = $1";

const SET_FOUR_EYES: &str = "UPDATE organisation SET four_eyes = $2 WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    kind: String,
    ae_title: String,
    hsa_id: Option<String>,
    number: String,
    postal: String,
    on_call: String,
    takes: String,
    four_eyes: String,
    names_staff: Flag,
    escalate_hours: i64,
}

pub async fn read(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<OwnOrganisation, Fault> {
    let row: Row = sqlx::query_as(READ)
        .bind(organisation.to_string())
        .fetch_one(connection)
        .await?;
    let hsa_id = row.hsa_id.as_deref();
    Ok(OwnOrganisation {
        id: id(&row.id, "organisation.id")?,
        name: row.name,
        kind: word(Kind::parse(&row.kind), "organisation.kind")?,
        ae_title: name(row.ae_title, "organisation.ae_title")?,
        hsa_id: hsa_id
            .map(|text| id(text, "organisation.hsa_id"))
            .transpose()?,
        number: row.number,
        postal: row.postal,
        on_call: row.on_call,
        takes: word(Takes::parse(&row.takes), "organisation.takes")?,
        four_eyes: from_json(&row.four_eyes, "organisation.four_eyes")?,
        names_staff: row.names_staff.0,
        escalate_hours: u16::try_from(row.escalate_hours).unwrap_or(u16::MAX),
    })
}

pub async fn change(
    connection: &mut Connection,
    caller: &Caller,
    change: ChangedOrganisation,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::ChangeOrganisation;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    holdings::keep(connection, own).await?;
    let name_key = change.name.to_lowercase();
    let hsa_id = change.hsa_id.as_ref().map(ToString::to_string);
    let clash: Option<String> = sqlx::query_scalar(CLASH)
        .bind(own.to_string())
        .bind(&name_key)
        .bind(&hsa_id)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(field) = clash {
        let is_name = field == "name";
        return Ok(Err(Refusal::Taken(if is_name { "name" } else { "hsa_id" })));
    }
    sqlx::query(CHANGE)
        .bind(own.to_string())
        .bind(&change.name)
        .bind(name_key)
        .bind(hsa_id)
        .bind(change.number.as_ref().map_or("", |number| number.as_str()))
        .bind(&change.postal)
        .bind(&change.on_call)
        .bind(change.names_staff)
        .bind(i64::from(change.escalate_hours))
        .execute(&mut *connection)
        .await?;
    audit::append(connection, &[allowed.entry(Uuid::now_v7())]).await?;
    Ok(Ok(()))
}

pub async fn set_four_eyes(
    connection: &mut Connection,
    caller: &Caller,
    actions: &[Action],
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let own = who.member.organisation;
    let action = Action::ChangeFourEyes;
    let allowed = granted!(allow(connection, &who, action, own, caller.at).await?);
    let words = to_json(&actions, "four_eyes")?;
    let had: String = sqlx::query_scalar(FOUR_EYES)
        .bind(own.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let had: Vec<Action> = from_json(&had, "organisation.four_eyes")?;
    if had.iter().any(|act| !actions.contains(act)) {
        // Else one pair of eyes could look away first, and act then.
        let request = format!("four eyes {words}");
        let asked = (Guarded::ChangeFourEyes, &*request);
        granted!(approvals::spend_or_ask(connection, &who, asked, None, caller.at).await?);
    }
    sqlx::query(SET_FOUR_EYES)
        .bind(own.to_string())
        .bind(words)
        .execute(&mut *connection)
        .await?;
    let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(if words.is_empty() {
        "nothing needs a second member".into()
    } else {
        format!("needs a second member: {}", words.join(", "))
    });
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
