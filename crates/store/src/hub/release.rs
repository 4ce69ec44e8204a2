//! Release: policy decides, the decision is on record, and only then is there a
//! permit.

use super::{actor, delivery, holdings::MetaRow, machines::entry_of, queue};
use crate::{
    audit,
    database::{Builder, Connection, LIST},
    fault::Fault,
};
use bildbro_domain::{
    DeliveryId, InstanceId,
    audit::{Action, Outcome},
    policy::Permit,
};
use bildbro_flow::ports::hub::{BlobKey, Call, ClaimError, HeldInstance};
use bildbro_wire::link::{Fetch, InstanceMeta};
use std::collections::HashMap;

pub async fn release(
    connection: &mut Connection,
    call: &Call,
    fetch: &Fetch,
) -> Result<Result<(Permit, Vec<HeldInstance>), ClaimError>, Fault> {
    delivery::keep(connection, fetch.delivery).await?;
    let Some(delivery) = delivery::read(connection, fetch.delivery).await? else {
        let mut entry = entry_of(call, Action::Decide, Outcome::Denied);
        entry.delivery = Some(fetch.delivery);
        entry.detail = Some("there is no such delivery".into());
        audit::append(connection, &[entry]).await?;
        return Ok(Err(ClaimError::NotFound));
    };
    // Policy first: a caller who may not know of the delivery must not learn
    // of it from what is said of its claim.
    let permit = match delivery.decide(connection, &call.subject, call.at).await? {
        Ok(permit) => permit,
        Err(denial) => {
            let mut entry = delivery.entry(call.at, Action::Decide, Outcome::Denied, actor(call));
            entry.organisation = Some(call.subject.organisation);
            entry.detail = Some(denial.to_string());
            if denial.is_withdrawal() {
                delivery::withdraw(connection, delivery.id, call.at).await?;
            }
            audit::append(connection, &[entry]).await?;
            return Ok(Err(if denial.may_be_told() {
                ClaimError::Denied(denial)
            } else {
                ClaimError::NotFound
            }));
        }
    };
    let job = queue::of(connection, delivery.id).await?;
    if !job.is_some_and(|job| job.is_held_by(fetch.claim, call.at)) {
        return Ok(Err(ClaimError::Stale));
    }
    let found = instances(connection, delivery.id, &fetch.instances).await?;
    let wanted = fetch.instances.iter().map(|id| found.get(id).cloned());
    let Some(metas) = wanted.collect::<Option<Vec<InstanceMeta>>>() else {
        return Ok(Err(ClaimError::NotFound));
    };
    let mut entry = delivery.entry(call.at, Action::Decide, Outcome::Success, actor(call));
    entry.set_images(found.values().map(|meta| meta.digest));
    audit::append(connection, &[entry]).await?;
    let held = metas.into_iter().map(|meta| HeldInstance {
        study: delivery.study,
        key: BlobKey {
            holder: delivery.sender,
            study: delivery.study,
            digest: meta.digest,
        },
        meta,
    });
    Ok(Ok((permit, held.collect())))
}

/// Those of the instances that are part of the delivery.
async fn instances(
    connection: &mut Connection,
    delivery: DeliveryId,
    wanted: &[InstanceId],
) -> Result<HashMap<InstanceId, InstanceMeta>, Fault> {
    let mut found = HashMap::new();
    let wanted: Vec<String> = wanted.iter().map(InstanceId::to_string).collect();
    for part in wanted.chunks(LIST) {
        let mut query = Builder::new(connection, "SELECT ");
        query
            .push(MetaRow::COLUMNS)
            .push(
                " FROM delivery_instance di JOIN instance i ON i.id = di.instance \
                 WHERE di.delivery = ",
            )
            .push_bind(delivery.to_string())
            .push(" AND di.instance IN ");
        query.push_list(part.iter().map(String::as_str));
        let rows: Vec<MetaRow> = query.build_query_as().fetch_all(&mut *connection).await?;
        for row in rows {
            let meta = row.read()?;
            found.insert(meta.instance, meta);
        }
    }
    Ok(found)
}
