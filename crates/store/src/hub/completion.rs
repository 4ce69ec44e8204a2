//! A sender's word that all of a study has come. Kept per study and intent: on
//! the study for what is held, on the delivery for what is shared.

use super::{
    holdings::{self, Study},
    machines::entry_of,
    shares,
};
use crate::{audit, database::Connection, fault::Fault, value::micros};
use bildbro_domain::{
    Personal,
    audit::{Action, Outcome},
};
use bildbro_flow::ports::hub::{Call, Timing};
use bildbro_wire::link::{Complete, Intent};

const HELD: &str = "UPDATE study SET complete_at = $2, expected = $3 WHERE id = $1";

pub async fn complete(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    complete: &Complete,
) -> Result<(), Fault> {
    let holder = call.subject.organisation;
    holdings::keep(connection, holder).await?;
    let Some(study) = holdings::study(connection, holder, &complete.study_uid).await? else {
        return Ok(());
    };
    let expected = complete.expected.map(i64::from);
    let mut entry = entry_of(call, Action::Complete, Outcome::Success);
    match complete.intent {
        Intent::Hold => held(connection, timing, call, &study, expected).await?,
        Intent::Share { recipient } => {
            let open = shares::joinable(connection, timing, study.id, recipient, call.at).await?;
            let Some(open) = open else {
                return Ok(());
            };
            shares::said_complete(connection, open.delivery, true, expected, call.at).await?;
            entry.counterpart = Some(recipient);
            (entry.share, entry.delivery) = (Some(open.share), Some(open.delivery));
        }
    }
    entry.studies = vec![study.uid];
    entry.patient_id = Some(Personal::new(study.patient_id));
    entry.images = Some(u64::from(complete.received));
    entry.detail = complete
        .expected
        .map(|n| format!("the sending PACS counts {n} images"));
    audit::append(connection, &[entry]).await
}

/// What is held is complete, and so are the shares by hand that it joins.
async fn held(
    connection: &mut Connection,
    timing: &Timing,
    call: &Call,
    study: &Study,
    expected: Option<i64>,
) -> Result<(), Fault> {
    sqlx::query(HELD)
        .bind(study.id.to_string())
        .bind(micros(call.at))
        .bind(expected)
        .execute(&mut *connection)
        .await?;
    for (open, _) in shares::joinable_by_hand(connection, timing, study.id, call.at).await? {
        shares::said_complete(connection, open.delivery, true, expected, call.at).await?;
    }
    Ok(())
}
