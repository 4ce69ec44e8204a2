//! Whom one can share with.

use super::allowed_to;
use crate::{
    database::{Connection, Flag},
    hub::people::stop::Stop,
    value::{id, maybe_time, word},
};
use bildbro_domain::{
    OrganisationId,
    audit::Action,
    organisation::{Kind, TEST_SENDER, Takes},
};
use bildbro_flow::ports::portal::{Caller, Refusal, sharing::RecipientView};

const LIST: &str = "SELECT o.id, o.name, o.kind, COALESCE(p.takes, o.takes) AS takes, \
     f.member IS NOT NULL AS favourite, l.last, o.on_call <> '' AS on_call FROM organisation o \
     LEFT JOIN partner p ON p.organisation = o.id AND p.sender = $1 \
     LEFT JOIN favourite f ON f.organisation = o.id AND f.member = $2 \
     LEFT JOIN (SELECT d.recipient, MAX(sh.created_at) AS last FROM share sh \
     JOIN delivery d ON d.share = sh.id WHERE sh.sender = $1 GROUP BY d.recipient) l \
     ON l.recipient = o.id WHERE o.active AND o.id <> $1 AND o.id <> $3 ORDER BY o.name_key";

const THERE: &str = "SELECT id FROM organisation WHERE id = $1 AND active";

const FAVOUR: &str = "INSERT INTO favourite (member, organisation) VALUES ($1, $2) \
     ON CONFLICT DO NOTHING";

const FORGET: &str = "DELETE FROM favourite WHERE member = $1 AND organisation = $2";

type Row = (String, String, String, String, Flag, Option<i64>, Flag);

pub async fn list(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Vec<RecipientView>, Stop> {
    let who = allowed_to(connection, caller, Action::Share).await?;
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(who.member.organisation.to_string())
        .bind(who.member.id.to_string())
        .bind(TEST_SENDER.to_string())
        .fetch_all(connection)
        .await?;
    let mut recipients = Vec::new();
    for (organisation, name, kind, takes, favourite, last, on_call) in rows {
        recipients.push(RecipientView {
            id: id(&organisation, "organisation.id")?,
            name,
            kind: word(Kind::parse(&kind), "organisation.kind")?,
            takes: word(Takes::parse(&takes), "partner.takes")?,
            favourite: favourite.0,
            on_call: on_call.0,
            last: maybe_time(last)?,
        });
    }
    Ok(recipients)
}

pub async fn set_favourite(
    connection: &mut Connection,
    caller: &Caller,
    organisation: OrganisationId,
    favourite: bool,
) -> Result<(), Stop> {
    let who = allowed_to(connection, caller, Action::Share).await?;
    let there: Option<String> = sqlx::query_scalar(THERE)
        .bind(organisation.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if there.is_none() {
        return Err(Refusal::NotFound.into());
    }
    sqlx::query(if favourite { FAVOUR } else { FORGET })
        .bind(who.member.id.to_string())
        .bind(organisation.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
