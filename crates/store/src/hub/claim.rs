//! Claim: a gateway takes the most urgent delivery of its organisation.
//!
//! Policy is asked before a gateway even learns that there is something; what
//! has been taken back or has run out ends here. The permit is dropped: each
//! request for content decides again.

use super::{
    actor,
    delivery::{self, Delivery},
    holdings::MetaRow,
    queue,
};
use crate::{audit, database::Connection, fault::Fault};
use bildbro_domain::{
    DeliveryId,
    audit::{Action, Entry, Outcome},
    policy::Denial,
    share::DeliveryState,
};
use bildbro_flow::ports::hub::{Call, Timing};
use bildbro_wire::link::{DeliveryTask, InstanceMeta, MAX_BATCH};
use jiff::SignedDuration;
use sqlx::AssertSqlSafe;

/// A denial that may pass (an organisation is not active) is asked about again
/// after this.
const DENIED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Most jobs looked at by one claim; the next one goes on.
const MOST_PASSED_BY: usize = 64;

pub async fn claim(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
) -> Result<Option<DeliveryTask>, Fault> {
    let mut denials = Vec::new();
    let task = look(connection, timing, call, &mut denials).await?;
    audit::append(connection, &denials).await?;
    Ok(task)
}

async fn look(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    denials: &mut Vec<Entry>,
) -> Result<Option<DeliveryTask>, Fault> {
    for _ in 0..MOST_PASSED_BY {
        let due = queue::next(connection, call.subject.organisation, call.at).await?;
        let Some(id) = due else {
            return Ok(None);
        };
        let Some(delivery) = delivery::read(connection, id).await? else {
            queue::remove(connection, id).await?;
            continue;
        };
        if let Err(denial) = delivery.decide(connection, &call.subject, call.at).await? {
            denials.push(deny(connection, call, &delivery, denial).await?);
            // It says nothing of the delivery, which another gateway may take.
            if denial == Denial::SubjectInactive {
                return Ok(None);
            }
            continue;
        }
        let instances = pending(connection, id).await?;
        if instances.is_empty() {
            end(connection, call, &delivery).await?;
            continue;
        }
        return give(connection, timing, call, delivery, instances)
            .await
            .map(Some);
    }
    Ok(None)
}

/// Every image has its receipt, but whoever gave the last one was gone before it
/// could say that it was at the end.
async fn end(connection: &mut Connection, call: &Call, delivery: &Delivery) -> Result<(), Fault> {
    let state = if delivery.failed == 0 && delivery.left_out == 0 {
        queue::remove(connection, delivery.id).await?;
        DeliveryState::Delivered
    } else {
        queue::later(connection, delivery.id, None, 0).await?;
        DeliveryState::Stopped
    };
    let failure = delivery
        .failure
        .filter(|_| delivery.failed + delivery.left_out > 0);
    delivery
        .set_state(connection, state, failure, call.at)
        .await
}

async fn deny(
    connection: &mut Connection,
    call: &Call,
    delivery: &Delivery,
    denial: Denial,
) -> Result<Entry, Fault> {
    if denial.is_withdrawal() {
        delivery::withdraw(connection, delivery.id, call.at).await?;
    } else if denial != Denial::SubjectInactive {
        let due = call.at.checked_add(DENIED_FOR).unwrap_or(call.at);
        let attempts = queue::of(connection, delivery.id)
            .await?
            .map_or(0, |job| job.attempts);
        queue::later(connection, delivery.id, Some(due), attempts).await?;
    }
    let mut entry = delivery.entry(call.at, Action::Decide, Outcome::Denied, actor(call));
    entry.detail = Some(denial.to_string());
    Ok(entry)
}

/// The next images to be delivered, in the order of series and image numbers.
async fn pending(
    connection: &mut Connection,
    delivery: DeliveryId,
) -> Result<Vec<InstanceMeta>, Fault> {
    let sql = format!(
        "SELECT {} FROM delivery_instance di JOIN instance i ON i.id = di.instance \
         WHERE di.delivery = $1 AND di.state = 'pending' \
         ORDER BY di.series_number, di.instance_number, di.instance LIMIT $2",
        MetaRow::COLUMNS
    );
    // Only our own constants are in it.
    let rows: Vec<MetaRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(delivery.to_string())
        .bind(i64::try_from(MAX_BATCH).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(MetaRow::read).collect()
}

async fn give(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    delivery: Delivery,
    instances: Vec<InstanceMeta>,
) -> Result<DeliveryTask, Fault> {
    let lease_until = call.at.checked_add(timing.lease).unwrap_or(call.at);
    let (claim, attempts) =
        queue::claim(connection, delivery.id, call.subject.gateway, lease_until).await?;
    let under_way = DeliveryState::UnderWay;
    delivery
        .set_state(connection, under_way, delivery.failure, call.at)
        .await?;
    Ok(DeliveryTask {
        delivery: delivery.id,
        claim,
        lease_until,
        attempts,
        sender: delivery.sender_name,
        study_uid: delivery.study_uid,
        purpose: delivery.purpose,
        legal_mode: delivery.legal_mode,
        instances,
    })
}
