//! Images set aside until a person decides.

use super::machines::entry_of;
use crate::{
    database::Connection,
    fault::Fault,
    group::group,
    value::{micros, signed, to_json},
};
use bildbro_domain::{
    audit::{Action, Entry, Outcome},
    share::Quarantine,
};
use bildbro_flow::ports::hub::Call;
use bildbro_wire::link::Offer;
use uuid::Uuid;

const KNOWN: &str = "SELECT COUNT(*) FROM quarantine \
     WHERE holder = $1 AND sop_uid = $2 AND digest = $3 AND reason = $4";

const SET_ASIDE: &str = "INSERT INTO quarantine \
     (id, holder, study_uid, sop_uid, syntax, digest, length, reason, header, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";

/// Whether this very image has been set aside already: its bytes need not come
/// again.
pub async fn is_known(
    connection: &mut Connection,
    call: &Call,
    offer: &Offer,
    reason: Quarantine,
) -> Result<bool, Fault> {
    let count: i64 = sqlx::query_scalar(KNOWN)
        .bind(call.subject.organisation.to_string())
        .bind(offer.header.sop_uid.as_str())
        .bind(offer.digest.to_string())
        .bind(reason.as_str())
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// Sets images aside; answers an entry for each study and reason that is new.
pub async fn set_aside(
    connection: &mut Connection,
    call: &Call,
    images: &[(&Offer, Quarantine)],
) -> Result<Vec<Entry>, Fault> {
    let mut new = Vec::new();
    for (offer, reason) in images {
        let header = &offer.header;
        let set_aside = sqlx::query(SET_ASIDE)
            .bind(Uuid::now_v7().to_string())
            .bind(call.subject.organisation.to_string())
            .bind(header.study_uid.as_str())
            .bind(header.sop_uid.as_str())
            .bind(offer.syntax.as_str())
            .bind(offer.digest.to_string())
            .bind(signed(offer.length))
            .bind(reason.as_str())
            .bind(to_json(header, "an instance's header")?)
            .bind(micros(call.at))
            .execute(&mut *connection)
            .await?;
        if set_aside.rows_affected() == 1 {
            new.push(((&header.study_uid, *reason), *offer));
        }
    }
    let groups = group(new).into_iter();
    Ok(groups
        .map(|((study, reason), offers)| {
            let mut entry = entry_of(call, Action::Quarantine, Outcome::Success);
            entry.studies = vec![study.clone()];
            entry.patient_id = offers.first().map(|o| o.header.patient_id.clone());
            entry.set_images(offers.iter().map(|o| o.digest));
            entry.detail = Some(reason.as_str().to_owned());
            entry
        })
        .collect())
}
