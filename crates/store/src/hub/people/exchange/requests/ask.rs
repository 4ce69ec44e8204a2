//! The asker's part: asking, reminding, withdrawing.

use super::{allowed_to, entry, held};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::people::stop::Stop,
    value::{id, maybe_time, micros, patient_key, word},
};
use bildbro_domain::{
    ImageRequestId, OrganisationId, Personal,
    audit::{Action, Entry, Outcome},
    image_request::{BETWEEN_REMINDERS, LIFE, State},
    organisation::{Kind, TEST_SENDER, Takes},
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    requests::{NewRequest, Side},
    sharing::RecipientView,
};
use jiff::Timestamp;
use uuid::Uuid;

/// What we take from each, since an answer must be let in.
const HOLDERS: &str = "SELECT o.id, o.name, o.kind, COALESCE(p.takes, own.takes) AS takes, \
     f.member IS NOT NULL AS favourite, l.last, o.on_call <> '' AS on_call FROM organisation o \
     JOIN organisation own ON own.id = $1 \
     LEFT JOIN partner p ON p.organisation = $1 AND p.sender = o.id \
     LEFT JOIN favourite f ON f.organisation = o.id AND f.member = $2 \
     LEFT JOIN (SELECT holder, MAX(asked_at) AS last FROM image_request \
     WHERE asker = $1 GROUP BY holder) l ON l.holder = o.id \
     WHERE o.active AND o.id <> $1 AND o.id <> $3 ORDER BY o.name_key";

const THERE: &str = "SELECT asker, request FROM image_request WHERE id = $1";

const HOLDER: &str = "SELECT id FROM organisation WHERE id = $1 AND active";

const ASK: &str = "INSERT INTO image_request (id, asker, holder, asked_by, unit, patient_id, \
     patient_id_issuer, patient_key, patient_name, patient_birth_date, wanted, from_day, \
     until_day, modality, purpose, priority, needed_by, request, asked_at, expires_at, state, \
     changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, 'open', $19) ON CONFLICT DO NOTHING";

const WITHDRAW: &str = "UPDATE image_request SET state = 'withdrawn', changed_at = $2 \
     WHERE id = $1";

const REMIND: &str = "UPDATE image_request SET reminded_at = $2, changed_at = $2 WHERE id = $1";

pub const OVER: &str = "The request has been answered, declined or withdrawn, or has run out.";

type Row = (String, String, String, String, Flag, Option<i64>, Flag);

pub async fn holders(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Vec<RecipientView>, Stop> {
    let who = allowed_to(connection, caller, Action::AskImages).await?;
    let rows: Vec<Row> = sqlx::query_as(HOLDERS)
        .bind(who.member.organisation.to_string())
        .bind(who.member.id.to_string())
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    let mut holders = Vec::new();
    for (organisation, name, kind, takes, favourite, last, on_call) in rows {
        holders.push(RecipientView {
            id: id(&organisation, "organisation.id")?,
            name,
            kind: word(Kind::parse(&kind), "organisation.kind")?,
            takes: word(Takes::parse(&takes), "partner.takes")?,
            favourite: favourite.0,
            last: maybe_time(last)?,
            on_call: on_call.0,
        });
    }
    Ok(holders)
}

/// Whether the very same has been asked before.
async fn is_there(
    connection: &mut Connection,
    own: OrganisationId,
    new: &NewRequest,
) -> Result<bool, Stop> {
    let row: Option<(String, String)> = sqlx::query_as(THERE)
        .bind(new.id.to_string())
        .fetch_optional(connection)
        .await?;
    let Some((asker, request)) = row else {
        return Ok(false);
    };
    let asker: OrganisationId = id(&asker, "image_request.asker")?;
    if asker == own && request == new.request.to_string() {
        return Ok(true);
    }
    Err(Refusal::Taken("id").into())
}

pub async fn ask(
    connection: &mut Connection,
    caller: &Caller,
    new: &NewRequest,
) -> Result<bool, Stop> {
    let who = allowed_to(connection, caller, Action::AskImages).await?;
    let own = who.member.organisation;
    if is_there(connection, own, new).await? {
        return Ok(false);
    }
    if !is_askable(connection, own, new.holder).await? {
        return Err(Refusal::Invalid {
            field: "holder",
            why: "There is no such organisation to ask.",
        }
        .into());
    }
    let wish = &new.wish;
    let patient = &wish.patient;
    let key = patient_key(patient.id.reveal(), patient.issuer.reveal(), caller.at);
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    let expires = caller.at.checked_add(LIFE).unwrap_or(Timestamp::MAX);
    let made = sqlx::query(ASK)
        .bind(new.id.to_string())
        .bind(own.to_string())
        .bind(new.holder.to_string())
        .bind(who.member.id.to_string())
        .bind(who.unit.map(|unit| unit.to_string()))
        .bind(patient.id.reveal())
        .bind(patient.issuer.reveal())
        .bind(&key)
        .bind(patient.name.reveal())
        .bind(patient.birth_date.reveal())
        .bind(wish.wanted.reveal())
        .bind(day(wish.from))
        .bind(day(wish.until))
        .bind(&wish.modality)
        .bind(wish.purpose.as_str())
        .bind(wish.priority.as_str())
        .bind(day(wish.needed_by))
        .bind(new.request.to_string())
        .bind(micros(caller.at))
        .bind(micros(expires))
        .execute(&mut *connection)
        .await?;
    if made.rows_affected() == 0 {
        // At the same moment, under the same id.
        return is_there(connection, own, new).await.map(|_| false);
    }
    let outcome = Outcome::Success;
    let mut entry = Entry::by(Uuid::now_v7(), caller.at, Action::AskImages, outcome, &who);
    entry.counterpart = Some(new.holder);
    entry.patient_id = Some(Personal::new(key));
    entry.purpose = Some(wish.purpose);
    entry.detail = Some(format!("request {}: asked", new.id));
    audit::append(connection, &[entry]).await?;
    Ok(true)
}

async fn is_askable(
    connection: &mut Connection,
    own: OrganisationId,
    holder: OrganisationId,
) -> Result<bool, Fault> {
    if holder == own || holder == TEST_SENDER {
        return Ok(false);
    }
    let there: Option<String> = sqlx::query_scalar(HOLDER)
        .bind(holder.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(there.is_some())
}

pub async fn withdraw(
    connection: &mut Connection,
    caller: &Caller,
    request: ImageRequestId,
) -> Result<(), Stop> {
    let action = Action::AskImages;
    let (who, view) = held(connection, caller, action, request, Side::Asked).await?;
    if view.state == State::Withdrawn {
        return Ok(());
    }
    if !view.state.is_waiting() {
        return Err(Refusal::Over(OVER).into());
    }
    sqlx::query(WITHDRAW)
        .bind(request.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let entry = entry(
        &who,
        action,
        Outcome::Success,
        &view,
        caller.at,
        "withdrawn",
    );
    audit::append(connection, &[entry]).await?;
    Ok(())
}

pub async fn remind(
    connection: &mut Connection,
    caller: &Caller,
    request: ImageRequestId,
) -> Result<(), Stop> {
    let action = Action::AskImages;
    let (who, view) = held(connection, caller, action, request, Side::Asked).await?;
    if !view.state.is_waiting() {
        return Err(Refusal::Over(OVER).into());
    }
    let from = view.reminded.map(|at| at.checked_add(BETWEEN_REMINDERS));
    if let Some(Ok(from)) = from
        && from > caller.at
    {
        return Err(Refusal::TooSoon(from).into());
    }
    sqlx::query(REMIND)
        .bind(request.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let entry = entry(&who, action, Outcome::Success, &view, caller.at, "reminded");
    audit::append(connection, &[entry]).await?;
    Ok(())
}
