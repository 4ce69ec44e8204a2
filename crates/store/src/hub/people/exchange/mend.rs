//! What a sender does about a share afterwards: take it back, leave one
//! recipient out, try again.

use super::{allowed_to, not_found, requests};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::{by_hand, delivery, errands, inbox, people::stop::Stop, queue},
    value::{id, micros},
};
use bildbro_domain::{
    DeliveryId, OrganisationId, Personal, ShareId, StudyId, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
    member::Acting,
    share::Priority,
};
use bildbro_flow::ports::portal::{Caller, Refusal, sharing::TakenBackWhy};
use uuid::Uuid;

const HOLD: &str = "SELECT id FROM share WHERE id = $1";

const SENDER: &str = "SELECT sender FROM share WHERE id = $1 AND origin <> 'test'";

const WHY: &str = "UPDATE share SET revoked_why = $2, revoked_reason = $3 WHERE id = $1";

const DELIVERIES: &str = "SELECT id FROM delivery WHERE share = $1 AND recipient = $2 \
     AND state <> 'withdrawn' ORDER BY id";

/// Of a share in force.
const FETCHED: &str = "SELECT e.gateway, e.node, e.task, d.id FROM errand e JOIN delivery d \
     ON d.study = e.study JOIN share sh ON sh.id = d.share WHERE d.share = $1 AND e.study = $2 \
     AND e.kind = 'fetch' AND d.state <> 'withdrawn' AND sh.revoked_at IS NULL \
     AND (sh.expires_at IS NULL OR sh.expires_at > $3) ORDER BY e.asked_at DESC, d.id LIMIT 1";

/// A share of the caller's organisation, held until the transaction ends.
async fn own(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
    share: ShareId,
) -> Result<Acting, Stop> {
    let who = allowed_to(connection, caller, action).await?;
    let sender: Option<String> = sqlx::query_scalar(SENDER)
        .bind(share.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if sender != Some(who.member.organisation.to_string()) {
        return Err(not_found(connection, &who, action, share, caller.at).await?);
    }
    hold(connection, HOLD, share.to_string()).await?;
    Ok(who)
}

/// As the member's own act, from where they sit.
fn by(who: &Acting, entries: &mut [Entry], reason: &Personal) {
    for entry in entries {
        entry.unit = who.unit;
        entry.from = Some(who.from.clone());
        entry.reason = (!reason.reveal().is_empty()).then(|| reason.clone());
    }
}

pub async fn take_back(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    why: TakenBackWhy,
    reason: &Personal,
) -> Result<u64, Stop> {
    let who = own(connection, caller, Action::Revoke, share).await?;
    let actor = Actor::member(&who);
    let mut entries = by_hand::take_back(connection, share, &actor, caller.at).await?;
    if entries.is_empty() {
        return Err(Refusal::Over("The share has been taken back already.").into());
    }
    sqlx::query(WHY)
        .bind(share.to_string())
        .bind(why.as_str())
        .bind(reason.reveal())
        .execute(&mut *connection)
        .await?;
    let asked = inbox::recalled(connection, share).await?;
    by(&who, &mut entries, reason);
    for entry in &mut entries {
        entry.detail = Some(why.as_str().to_owned());
    }
    if why != TakenBackWhy::NotNeeded {
        entries.extend(requests::open_again(connection, &who, share, caller.at).await?);
    }
    audit::append(connection, &entries).await?;
    Ok(asked)
}

async fn deliveries(
    connection: &mut Connection,
    share: ShareId,
    recipient: OrganisationId,
) -> Result<Vec<DeliveryId>, Stop> {
    let found: Vec<String> = sqlx::query_scalar(DELIVERIES)
        .bind(share.to_string())
        .bind(recipient.to_string())
        .fetch_all(connection)
        .await?;
    let found = found.iter().map(|text| id(text, "delivery.id"));
    Ok(found.collect::<Result<_, Fault>>()?)
}

/// Answers whether the recipient holds copies.
pub async fn cancel(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    recipient: OrganisationId,
    reason: &Personal,
) -> Result<bool, Stop> {
    let who = own(connection, caller, Action::Revoke, share).await?;
    let actor = Actor::member(&who);
    let mut entries = Vec::new();
    let live = deliveries(connection, share, recipient).await?;
    if live.is_empty() {
        return Err(Refusal::Over("Nothing goes to this recipient any more.").into());
    }
    for delivery in live {
        entries.extend(by_hand::end(connection, delivery, &actor, caller.at).await?);
    }
    let asked = inbox::recall(connection, share, caller.at).await?;
    by(&who, &mut entries, reason);
    audit::append(connection, &entries).await?;
    Ok(asked > 0)
}

/// What stands still goes first in its queue, failed images with it.
pub async fn retry(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    recipient: OrganisationId,
) -> Result<(), Stop> {
    let who = own(connection, caller, Action::Retry, share).await?;
    let mut entries = Vec::new();
    for id in deliveries(connection, share, recipient).await? {
        delivery::keep(connection, id).await?;
        let Some(found) = delivery::read(connection, id).await? else {
            continue;
        };
        if found.held || !delivery::begin_anew(connection, &found, caller.at).await? {
            continue;
        }
        queue::again(connection, recipient, id, caller.at).await?;
        let by = Actor::member(&who);
        let mut entry = found.entry(caller.at, Action::Retry, Outcome::Success, by);
        (entry.organisation, entry.counterpart) = (Some(found.sender), Some(found.recipient));
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(Refusal::Over("Nothing of it stands still.").into());
    }
    by(&who, &mut entries, &Personal::default());
    audit::append(connection, &entries).await?;
    Ok(())
}

pub async fn fetch_again(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    study: &StudyUid,
) -> Result<(), Stop> {
    let who = own(connection, caller, Action::Retry, share).await?;
    let own = who.member.organisation;
    let id_of = StudyId::of(own, study);
    let row: Option<(String, String, String, String)> = sqlx::query_as(FETCHED)
        .bind(share.to_string())
        .bind(id_of.to_string())
        .bind(micros(caller.at))
        .fetch_optional(&mut *connection)
        .await?;
    let Some((gateway, node, task, delivery)) = row else {
        return Err(Refusal::NotFound.into());
    };
    let new = errands::New {
        organisation: own,
        gateway: id(&gateway, "errand.gateway")?,
        task: &task,
        priority: Priority::Urgent,
        at: caller.at,
    };
    errands::fetch(connection, &new, id_of, &node).await?;
    let mut entry = Entry::by(
        Uuid::now_v7(),
        caller.at,
        Action::Retry,
        Outcome::Success,
        &who,
    );
    let found = delivery::read(connection, id(&delivery, "delivery.id")?).await?;
    entry.patient_id = found.map(|found| found.patient_id);
    entry.share = Some(share);
    entry.studies = vec![study.clone()];
    entry.detail = Some("the PACS was asked again".to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(())
}
