//! Deliveries that the recipient holds until someone lets them in.
//!
//! Rows are held as everywhere: share, delivery, job. Whoever comes second finds
//! it let in or withdrawn.

use super::{caller_of, granted};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::{
        by_hand,
        delivery::{self, Delivery},
        people::allow,
        queue,
    },
    value::{id, micros, time, unsigned, word},
};
use bildbro_domain::{
    DeliveryId, OrganisationId, Personal,
    audit::{Action, Actor, Entry},
    member::Acting,
    policy::Allowed,
    share::{DeliveryState, Purpose},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    directory::{HeldDelivery, NamedOrganisation},
};
use uuid::Uuid;

const PAGE: &str = "SELECT d.id, d.state, d.images, d.created_at, sh.purpose, \
     s.id AS sender, s.name AS sender_name, r.id AS recipient, r.name AS recipient_name \
     FROM delivery d JOIN share sh ON sh.id = d.share \
     JOIN organisation s ON s.id = sh.sender JOIN organisation r ON r.id = d.recipient \
     WHERE d.recipient = $1 AND d.held AND d.state <> 'withdrawn' AND sh.revoked_at IS NULL \
     AND (d.created_at > $2 OR d.created_at = $2 AND d.id > $3) \
     ORDER BY d.created_at, d.id LIMIT $4";

const SHARE: &str = "SELECT sh.id, d.recipient FROM delivery d JOIN share sh \
     ON sh.id = d.share WHERE d.id = $1";

const HOLD_SHARE: &str = "SELECT id FROM share WHERE id = $1";

const LET_IN: &str = "UPDATE delivery SET held = FALSE, updated_at = $2 WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    state: String,
    images: i64,
    created_at: i64,
    purpose: String,
    sender: String,
    sender_name: String,
    recipient: String,
    recipient_name: String,
}

impl Row {
    fn read(self) -> Result<HeldDelivery, Fault> {
        Ok(HeldDelivery {
            id: id(&self.id, "delivery.id")?,
            sender: NamedOrganisation {
                id: id(&self.sender, "share.sender")?,
                name: self.sender_name,
            },
            recipient: NamedOrganisation {
                id: id(&self.recipient, "share.recipient")?,
                name: self.recipient_name,
            },
            purpose: word(Purpose::parse(&self.purpose), "share.purpose")?,
            state: word(DeliveryState::parse(&self.state), "delivery.state")?,
            images: unsigned(self.images),
            created: time(self.created_at)?,
        })
    }
}

/// A cursor is the last item's time and id.
pub async fn page(
    connection: &mut Connection,
    recipient: OrganisationId,
    after: Option<&str>,
    limit: u32,
) -> Result<Answer<Page<HeldDelivery>>, Fault> {
    let from = match after {
        None => Some((i64::MIN, String::new())),
        Some(cursor) => cursor.split_once('_').and_then(|(at, id)| {
            let id: DeliveryId = id.parse().ok()?;
            Some((at.parse().ok()?, id.to_string()))
        }),
    };
    let Some((at, last)) = from else {
        return Ok(Err(Refusal::Invalid {
            field: "after",
            why: "It is no cursor of this list.",
        }));
    };
    let rows: Vec<Row> = sqlx::query_as(PAGE)
        .bind(recipient.to_string())
        .bind(at)
        .bind(last)
        .bind(i64::from(limit) + 1)
        .fetch_all(connection)
        .await?;
    let is_more = rows.len() > limit as usize;
    let items = rows.into_iter().take(limit as usize).map(Row::read);
    let items = items.collect::<Result<Vec<_>, Fault>>()?;
    let next = items.last().filter(|_| is_more);
    let next = next.map(|last| format!("{}_{}", micros(last.created), last.id));
    Ok(Ok(Page { items, next }))
}

pub async fn accept(
    connection: &mut Connection,
    caller: &Caller,
    delivery: DeliveryId,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let (allowed, held) = granted!(take(connection, &who, Action::Accept, caller, delivery).await?);
    sqlx::query(LET_IN)
        .bind(delivery.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    if held.pending > 0 {
        queue::arm(connection, held.recipient, delivery, caller.at).await?;
    }
    audit::append(connection, &[entry(&allowed, &held)]).await?;
    Ok(Ok(()))
}

pub async fn decline(
    connection: &mut Connection,
    caller: &Caller,
    delivery: DeliveryId,
    reason: Personal,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let (allowed, held) =
        granted!(take(connection, &who, Action::Decline, caller, delivery).await?);
    // The sender did not take it back, so that is not said.
    let by = Actor::member(&who);
    let _revoked = by_hand::take_back(connection, held.share, &by, caller.at).await?;
    let mut entry = entry(&allowed, &held);
    entry.reason = Some(reason);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

/// A delivery that is held now, itself and its share being this transaction's.
async fn take<'a>(
    connection: &mut Connection,
    who: &'a Acting,
    action: Action,
    caller: &Caller,
    delivery: DeliveryId,
) -> Result<Answer<(Allowed<'a>, Delivery)>, Fault> {
    let row: Option<(String, String)> = sqlx::query_as(SHARE)
        .bind(delivery.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some((share, recipient)) = row else {
        return Ok(Err(Refusal::NotFound));
    };
    let recipient = id(&recipient, "share.recipient")?;
    let allowed = granted!(allow(connection, who, action, recipient, caller.at).await?);
    hold(connection, HOLD_SHARE, share).await?;
    delivery::keep(connection, delivery).await?;
    let Some(found) = delivery::read(connection, delivery).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    Ok(match found.is_over(caller.at) {
        true => Err(Refusal::Over(
            "The delivery has been turned away, taken back, or has run out.",
        )),
        false if !found.held => Err(Refusal::Over("The delivery has been let in already.")),
        false => Ok((allowed, found)),
    })
}

fn entry(allowed: &Allowed<'_>, held: &Delivery) -> Entry {
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.counterpart = Some(held.sender);
    entry.patient_id = Some(held.patient_id.clone());
    entry.studies = vec![held.study_uid.clone()];
    entry.share = Some(held.share);
    entry.delivery = Some(held.id);
    entry.purpose = Some(held.purpose);
    entry.legal_mode = Some(held.legal_mode);
    entry
}
