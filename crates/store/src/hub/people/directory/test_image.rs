//! A test image: taken in and shared here, then delivered as any other is.

use super::{caller_of, gateways, granted};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::{
        holdings::{self, New},
        keys,
        people::{acting, allow, refuse},
        shares::{self, NewShare},
    },
    value::{from_json, id, maybe_time, time, word},
};
use bildbro_domain::{
    DeliveryId, GatewayId, InstanceId, OrganisationId, StudyId,
    audit::{Action, Actor, Entry, Outcome},
    organisation::TEST_SENDER,
    share::{DeliveryState, Failure, Priority, Purpose},
};
use bildbro_flow::ports::{
    hub::Timing,
    portal::{
        Answer, Caller, Refusal,
        directory::{TestImage, TestProgress},
    },
};
use jiff::Timestamp;
use uuid::Uuid;

const PROGRESS: &str = "SELECT d.recipient, sh.created_at, d.state, d.updated_at, d.failure, \
     i.admitted_at, di.failure AS image_failure, \
     CASE WHEN di.state IN ('stored', 'already_there') THEN di.receipt_at END AS in_pacs \
     FROM delivery d JOIN share sh ON sh.id = d.share \
     JOIN delivery_instance di ON di.delivery = d.id JOIN instance i ON i.id = di.instance \
     WHERE d.id = $1 AND sh.origin = 'test'";

/// When it was first let go to a gateway, as the log has it.
const ALLOWED: &str = "SELECT at, text FROM audit WHERE delivery = $1 AND action = 'decide' \
     AND outcome = 'success' ORDER BY sequence LIMIT 1";

#[derive(sqlx::FromRow)]
struct Row {
    recipient: String,
    created_at: i64,
    state: String,
    updated_at: i64,
    failure: Option<String>,
    admitted_at: i64,
    image_failure: Option<String>,
    in_pacs: Option<i64>,
}

pub async fn send(
    connection: &mut Connection,
    timing: &Timing,
    caller: &Caller,
    gateway: GatewayId,
    image: TestImage,
) -> Result<Answer<DeliveryId>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let Some((whose, _)) = gateways::find(connection, gateway).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    let action = Action::SendTestImage;
    let allowed = granted!(allow(connection, &who, action, whose, caller.at).await?);
    let offer = &image.item.offer;
    let header = &offer.header;
    let study = StudyId::of(TEST_SENDER, &header.study_uid);
    holdings::keep(connection, TEST_SENDER).await?;
    let key = keys::of(connection, study).await?.map(|key| key.id);
    if key.is_none() || key != image.item.stored {
        return Ok(Err(Refusal::Over("The test image is gone; make another.")));
    }
    let share = NewShare {
        sender: TEST_SENDER,
        recipient: whose,
        study,
        study_uid: &header.study_uid,
        purpose: Purpose::Other,
        priority: Priority::Ordinary,
        origin: "test",
        patient_key: "",
        patient_id: "",
    };
    let by = Actor::member(&who);
    let patient = header.patient_id.clone();
    match share.decide(connection).await? {
        None => return Ok(Err(Refusal::NotFound)),
        Some(Err(denial)) => {
            let at = caller.at;
            let entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, &who);
            return refuse(connection, entry, denial).await.map(Err);
        }
        Some(Ok(())) => {}
    }
    let new = New {
        instance: InstanceId(Uuid::now_v7()),
        offer,
    };
    holdings::take_in(connection, TEST_SENDER, &[new], image.at_hub).await?;
    // The share is as old as the image itself.
    let open = shares::create(connection, timing, &share, caller.at).await?;
    shares::join(connection, open, &[new.held()], image.at_hub).await?;
    shares::said_complete(connection, open.delivery, true, Some(1), image.at_hub).await?;

    let mut admitted = audit::entry(image.at_hub, Action::Admit, Outcome::Success, by.clone());
    admitted.organisation = Some(TEST_SENDER);
    let shared = share.entry(image.at_hub, Outcome::Success, by, patient.clone());
    let mut entries = [admitted, shared, allowed.entry(Uuid::now_v7())];
    for entry in &mut entries {
        entry.studies = vec![header.study_uid.clone()];
        entry.patient_id = Some(patient.clone());
        entry.set_images([offer.digest]);
    }
    for entry in &mut entries[1..] {
        (entry.share, entry.delivery) = (Some(open.share), Some(open.delivery));
    }
    entries[2].detail = Some(format!("gateway {gateway}"));
    audit::append(connection, &entries).await?;
    Ok(Ok(open.delivery))
}

/// A test image as it was looked for.
pub enum Found {
    Ours(Box<TestProgress>),
    Others(OrganisationId),
    Nothing,
}

pub async fn progress(
    connection: &mut Connection,
    own: OrganisationId,
    delivery: DeliveryId,
) -> Result<Found, Fault> {
    let row: Option<Row> = sqlx::query_as(PROGRESS)
        .bind(delivery.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(Found::Nothing);
    };
    let recipient: OrganisationId = id(&row.recipient, "share.recipient")?;
    if recipient != own {
        return Ok(Found::Others(recipient));
    }
    let decided: Option<(i64, String)> = sqlx::query_as(ALLOWED)
        .bind(delivery.to_string())
        .fetch_optional(connection)
        .await?;
    let (allowed, gateway) = match decided {
        Some((at, text)) => {
            let entry: Entry = from_json(&text, "audit.text")?;
            let gateway = match entry.actor {
                Actor::Gateway { id } => id,
                _ => None,
            };
            (Some(at), gateway)
        }
        None => (None, None),
    };
    read(&row, allowed, gateway).map(|progress| Found::Ours(Box::new(progress)))
}

fn read(
    row: &Row,
    allowed: Option<i64>,
    gateway: Option<GatewayId>,
) -> Result<TestProgress, Fault> {
    let state = word(DeliveryState::parse(&row.state), "delivery.state")?;
    // Claimed, which asks policy too, but not fetched yet.
    let claimed = (state == DeliveryState::UnderWay).then_some(row.updated_at);
    let failure = row.image_failure.as_ref().or(row.failure.as_ref());
    let failure = failure.map(|text| word(Failure::parse(text), "delivery.failure"));
    let in_pacs = maybe_time(row.in_pacs)?;
    Ok(TestProgress {
        state,
        made: time(row.created_at)?,
        at_hub: time(row.admitted_at)?,
        allowed: maybe_time(allowed.or(claimed))?,
        in_pacs,
        gateway,
        failure: failure.transpose()?.filter(|_| in_pacs.is_none()),
        updated: time(row.updated_at)?,
    })
}

/// Puts on record that someone looked for another organisation's.
pub async fn refuse_other(
    connection: &mut Connection,
    caller: &Caller,
    whose: OrganisationId,
) -> Result<Refusal, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Refusal::NoSession);
    };
    let action = Action::SendTestImage;
    let at: Timestamp = caller.at;
    Ok(match allow(connection, &who, action, whose, at).await? {
        Err(refusal) => refusal,
        Ok(_) => Refusal::NotFound,
    })
}
