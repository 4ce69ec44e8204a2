//! The holder's part: taking a request, answering it with a share, declining.

use super::{HOLD, ask::OVER, entry, held, own};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::people::{acting::allow, stop::Stop},
    value::{id, micros, patient_key},
};
use bildbro_domain::{
    ImageRequestId, Personal, ShareId,
    audit::{Action, Entry, Outcome},
    image_request::{Asked, NoAnswer},
    member::Acting,
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    requests::{RequestView, Side},
    sharing::WantedShare,
};
use jiff::Timestamp;

const HANDLE: &str = "UPDATE image_request SET state = 'being_handled', handled_at = $2, \
     handled_by = $3, changed_at = $2 WHERE id = $1";

const DECLINE: &str = "UPDATE image_request SET state = 'declined', reason = $4, \
     handled_at = COALESCE(handled_at, $2), handled_by = COALESCE(handled_by, $3), \
     changed_at = $2 WHERE id = $1";

const ANSWER: &str = "UPDATE image_request SET state = 'answered', share = $4, \
     handled_at = COALESCE(handled_at, $2), handled_by = COALESCE(handled_by, $3), \
     changed_at = $2 WHERE id = $1";

const ANSWERED_BY: &str = "SELECT id FROM image_request WHERE share = $1 ORDER BY id";

const OPEN_AGAIN: &str = "UPDATE image_request SET state = 'being_handled', share = NULL, \
     changed_at = $2 WHERE id = $1 AND state = 'answered' AND expires_at > $2";

pub async fn handle(
    connection: &mut Connection,
    caller: &Caller,
    request: ImageRequestId,
) -> Result<(), Stop> {
    let action = Action::AnswerRequest;
    let (who, view) = held(connection, caller, action, request, Side::Received).await?;
    if !view.state.is_waiting() {
        return Err(Refusal::Over(OVER).into());
    }
    if view
        .handled_by
        .as_ref()
        .is_some_and(|by| by.id == who.member.id)
    {
        return Ok(());
    }
    sqlx::query(HANDLE)
        .bind(request.to_string())
        .bind(micros(caller.at))
        .bind(who.member.id.to_string())
        .execute(&mut *connection)
        .await?;
    let entry = entry(&who, action, Outcome::Success, &view, caller.at, "taken");
    audit::append(connection, &[entry]).await?;
    Ok(())
}

pub async fn decline(
    connection: &mut Connection,
    caller: &Caller,
    request: ImageRequestId,
    reason: &Personal,
) -> Result<(), Stop> {
    let action = Action::AnswerRequest;
    let (who, view) = held(connection, caller, action, request, Side::Received).await?;
    if !view.state.is_waiting() {
        return Err(Refusal::Over(OVER).into());
    }
    sqlx::query(DECLINE)
        .bind(request.to_string())
        .bind(micros(caller.at))
        .bind(who.member.id.to_string())
        .bind(reason.reveal())
        .execute(&mut *connection)
        .await?;
    let mut entry = entry(&who, action, Outcome::Success, &view, caller.at, "declined");
    entry.reason = Some(reason.clone());
    audit::append(connection, &[entry]).await?;
    Ok(())
}

/// The request that a share is to answer, held until the transaction ends. What
/// would be no answer is refused before anything is written; that it is of
/// another patient is on record.
pub async fn answering(
    connection: &mut Connection,
    who: &Acting,
    wanted: &WantedShare,
    request: ImageRequestId,
    at: Timestamp,
) -> Result<RequestView, Stop> {
    let action = Action::AnswerRequest;
    let organisation = who.member.organisation;
    allow(connection, who, action, organisation, at).await??;
    hold(connection, HOLD, request.to_string()).await?;
    let view = own(connection, who, action, request, at).await?;
    if view.side != Side::Received {
        return Err(super::absent(connection, who, action, at).await?);
    }
    let keys: Vec<String> = wanted
        .studies
        .iter()
        .map(|study| {
            let found = &study.found.study;
            patient_key(
                found.patient_id.reveal(),
                found.patient_id_issuer.reveal(),
                at,
            )
        })
        .collect();
    let asked = Asked {
        state: view.state,
        asker: view.asker.id,
        patient: view.key.reveal(),
    };
    match asked.answered_by(&wanted.recipients, keys.iter().map(String::as_str)) {
        Ok(()) => Ok(view),
        Err(NoAnswer::Over) => Err(Refusal::Over(OVER).into()),
        Err(NoAnswer::AskerLeftOut) => Err(Refusal::Invalid {
            field: "recipients",
            why: "Whoever asked for the images must be among the recipients.",
        }
        .into()),
        Err(NoAnswer::OtherPatient) => {
            let why = "a study is not of the patient asked for";
            let mut entry = entry(who, action, Outcome::Denied, &view, at, why);
            entry.studies = wanted
                .studies
                .iter()
                .map(|study| study.found.study.study_uid.clone())
                .collect();
            audit::append(connection, &[entry]).await?;
            Err(Refusal::NotTheAskedPatient.into())
        }
    }
}

/// The request is answered with this share; the entry that says so.
pub async fn answered(
    connection: &mut Connection,
    who: &Acting,
    mut view: RequestView,
    share: ShareId,
    at: Timestamp,
) -> Result<Entry, Fault> {
    sqlx::query(ANSWER)
        .bind(view.id.to_string())
        .bind(micros(at))
        .bind(who.member.id.to_string())
        .bind(share.to_string())
        .execute(connection)
        .await?;
    view.share = Some(share);
    Ok(entry(
        who,
        Action::AnswerRequest,
        Outcome::Success,
        &view,
        at,
        "answered",
    ))
}

/// A share that was taken back is no answer: what it answered waits again, unless
/// it has run out meanwhile.
pub async fn open_again(
    connection: &mut Connection,
    who: &Acting,
    share: ShareId,
    at: Timestamp,
) -> Result<Vec<Entry>, Stop> {
    let found: Vec<String> = sqlx::query_scalar(ANSWERED_BY)
        .bind(share.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut entries = Vec::new();
    for text in found {
        let changed = sqlx::query(OPEN_AGAIN)
            .bind(&text)
            .bind(micros(at))
            .execute(&mut *connection)
            .await?;
        if changed.rows_affected() == 0 {
            continue;
        }
        let action = Action::AnswerRequest;
        let request = id(&text, "image_request.id")?;
        let view = own(connection, who, action, request, at).await?;
        let what = "the answer was taken back";
        entries.push(entry(who, action, Outcome::Success, &view, at, what));
    }
    Ok(entries)
}
