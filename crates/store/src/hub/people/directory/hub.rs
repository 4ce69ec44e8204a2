//! What whoever runs the hub does: organisations come and go, and the hub's
//! health.

use super::{caller_of, granted};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::{
        holdings, overview,
        people::{allow, letters, links, members},
    },
    value::{id, maybe_time, micros, name, unsigned, word},
};
use bildbro_domain::{MemberId, member::InvitationKind};
use bildbro_domain::{
    OrganisationId,
    audit::{Action, Actor, checkpoint::Note},
    organisation::{Kind, TEST_SENDER},
    permission::BuiltIn,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    directory::{FirstAdministrator, Health, NewParty, PartyView},
    members::FirstMember,
};
use jiff::Timestamp;
use uuid::Uuid;

const ALL: &str = "SELECT o.id, o.name, o.kind, o.ae_title, o.hsa_id, o.number, \
     o.active IS TRUE AS active, \
     (SELECT COUNT(*) FROM member m WHERE m.organisation = o.id AND m.active) AS members, \
     (SELECT COUNT(*) FROM gateway g WHERE g.organisation = o.id AND g.active) AS gateways, \
     (SELECT MAX(s.latest_at) FROM study s WHERE s.holder = o.id) AS last_image_at \
     FROM organisation o WHERE o.id <> $1 ORDER BY o.name_key";

const ADD: &str = "INSERT INTO organisation \
     (id, name, name_key, kind, ae_title, active, created_at, hsa_id, number) \
     VALUES ($1, $2, $3, $4, $5, TRUE, $6, $7, $8) ON CONFLICT DO NOTHING";

const CLASH: &str = "SELECT CASE WHEN name_key = $1 THEN 'name' \
     WHEN ae_title = $2 THEN 'ae_title' ELSE 'hsa_id' END FROM organisation \
     WHERE name_key = $1 OR ae_title = $2 OR hsa_id = $3 \
     ORDER BY name_key = $1 DESC, ae_title = $2 DESC LIMIT 1";

const ACTIVE: &str = "SELECT active IS TRUE AS active FROM organisation WHERE id = $1";

const SET_ACTIVE: &str = "UPDATE organisation SET active = $2 WHERE id = $1";

/// Those who were let in are out with their next request; so this is for what is
/// left lying about.
const END_ALL: [&str; 3] = [
    "DELETE FROM session WHERE member IN (SELECT id FROM member WHERE organisation = $1)",
    "DELETE FROM token WHERE gateway IN (SELECT id FROM gateway WHERE organisation = $1)",
    "DELETE FROM machine_token WHERE machine IN (SELECT id FROM machine WHERE organisation = $1)",
];

const CHECKPOINT: &str = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    kind: String,
    ae_title: String,
    hsa_id: Option<String>,
    number: String,
    active: Flag,
    members: i64,
    gateways: i64,
    last_image_at: Option<i64>,
}

impl Row {
    fn read(self) -> Result<PartyView, Fault> {
        let hsa_id = self.hsa_id.as_deref();
        Ok(PartyView {
            id: id(&self.id, "organisation.id")?,
            name: self.name,
            kind: word(Kind::parse(&self.kind), "organisation.kind")?,
            ae_title: name(self.ae_title, "organisation.ae_title")?,
            hsa_id: hsa_id
                .map(|text| id(text, "organisation.hsa_id"))
                .transpose()?,
            number: self.number,
            active: self.active.0,
            members: unsigned(self.members),
            gateways: unsigned(self.gateways),
            last_image_at: maybe_time(self.last_image_at)?,
        })
    }
}

pub async fn all(connection: &mut Connection) -> Result<Vec<PartyView>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub async fn add(
    connection: &mut Connection,
    caller: &Caller,
    new: NewParty,
) -> Result<Answer<OrganisationId>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let action = Action::AddOrganisation;
    let organisation = OrganisationId(Uuid::now_v7());
    let allowed = granted!(allow(connection, &who, action, organisation, caller.at).await?);
    if let Some(field) = put(connection, organisation, &new, caller.at).await? {
        return Ok(Err(Refusal::Taken(field)));
    }
    let by = Actor::member(&who);
    let first = new.administrator;
    let member = add_first(connection, organisation, &first, by, caller.at).await?;
    let Some(member) = member else {
        return Ok(Err(Refusal::Taken("email")));
    };
    let link = (first.token, first.expires);
    links::make(
        connection,
        member,
        InvitationKind::Invitation,
        link,
        caller.at,
    )
    .await?;
    let letter = (first.letter.0)(who.member.name.reveal());
    letters::queue(connection, &letter, caller.at).await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.counterpart = Some(organisation);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(organisation))
}

/// Answers what is taken.
async fn put(
    connection: &mut Connection,
    organisation: OrganisationId,
    new: &NewParty,
    at: Timestamp,
) -> Result<Option<&'static str>, Fault> {
    let name_key = new.name.to_lowercase();
    let hsa_id = new.hsa_id.as_ref().map(ToString::to_string);
    let number = new.number.as_ref().map_or("", |number| number.as_str());
    let added = sqlx::query(ADD)
        .bind(organisation.to_string())
        .bind(&new.name)
        .bind(&name_key)
        .bind(new.kind.as_str())
        .bind(new.ae_title.as_str())
        .bind(micros(at))
        .bind(&hsa_id)
        .bind(number)
        .execute(&mut *connection)
        .await?;
    if added.rows_affected() > 0 {
        return Ok(None);
    }
    let field: Option<String> = sqlx::query_scalar(CLASH)
        .bind(name_key)
        .bind(new.ae_title.as_str())
        .bind(hsa_id)
        .fetch_optional(connection)
        .await?;
    Ok(Some(match field.as_deref() {
        Some("ae_title") => "ae_title",
        Some("hsa_id") => "hsa_id",
        _ => "name",
    }))
}

async fn add_first(
    connection: &mut Connection,
    organisation: OrganisationId,
    first: &FirstAdministrator,
    by: Actor,
    at: Timestamp,
) -> Result<Option<MemberId>, Fault> {
    let new = FirstMember {
        organisation,
        name: first.name.clone(),
        email: first.email.clone(),
        language: first.language.clone(),
        roles: vec![BuiltIn::Administrator],
    };
    members::add_first(connection, new, by, at).await
}

pub async fn close(
    connection: &mut Connection,
    caller: &Caller,
    organisation: OrganisationId,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let action = Action::CloseOrganisation;
    let allowed = granted!(allow(connection, &who, action, organisation, caller.at).await?);
    if organisation == who.member.organisation {
        return Ok(Err(Refusal::Invalid {
            field: "organisation",
            why: "Your own organisation cannot be closed by yourself.",
        }));
    }
    match is_active(connection, organisation).await? {
        None => return Ok(Err(Refusal::NotFound)),
        Some(false) => return Ok(Err(Refusal::Over("The organisation is closed already."))),
        Some(true) => {}
    }
    set_active(connection, organisation, false).await?;
    for statement in END_ALL {
        sqlx::query(statement)
            .bind(organisation.to_string())
            .execute(&mut *connection)
            .await?;
    }
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.counterpart = Some(organisation);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn open(
    connection: &mut Connection,
    caller: &Caller,
    organisation: OrganisationId,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let action = Action::AddOrganisation;
    let allowed = granted!(allow(connection, &who, action, organisation, caller.at).await?);
    match is_active(connection, organisation).await? {
        None => return Ok(Err(Refusal::NotFound)),
        Some(true) => return Ok(Err(Refusal::Over("The organisation is open already."))),
        Some(false) => {}
    }
    set_active(connection, organisation, true).await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.counterpart = Some(organisation);
    entry.detail = Some("an organisation that had been closed is open again".into());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

/// Holds the organisation. `None`: there is no such one.
async fn is_active(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Option<bool>, Fault> {
    if organisation == TEST_SENDER {
        return Ok(None);
    }
    holdings::keep(connection, organisation).await?;
    let active: Option<Flag> = sqlx::query_scalar(ACTIVE)
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(active.map(|active| active.0))
}

async fn set_active(
    connection: &mut Connection,
    organisation: OrganisationId,
    active: bool,
) -> Result<(), Fault> {
    sqlx::query(SET_ACTIVE)
        .bind(organisation.to_string())
        .bind(active)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn health(connection: &mut Connection) -> Result<Health, Fault> {
    let note: Option<String> = sqlx::query_scalar(CHECKPOINT)
        .fetch_optional(&mut *connection)
        .await?;
    let note = note.map(|note| Note::parse(&note));
    let note = note
        .transpose()
        .map_err(|_| Fault::Unreadable("checkpoint.note"))?;
    Ok(Health {
        gateways: overview::gateways(connection).await?,
        totals: overview::totals(connection).await?,
        checkpoint_at: note.map(|note| note.unverified().at),
    })
}
