//! Four eyes for lifting a block.
//!
//! This is only as much of approvals as lifting needs; `people::approvals` takes
//! its place: `needed`, `ask` and `spend` there do the same for every act.

use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    value::{from_json, micros, to_json},
};
use bildbro_domain::{
    BlockId, OrganisationId, PatientKey, Personal,
    audit::{Action, Entry, Outcome},
    member::Acting,
};
use bildbro_flow::ports::portal::{Answer, Refusal};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// As in `organisation.four_eyes` and `approval.action`.
const WORD: &str = "lift_block";

/// How long a second member has to approve it, and it can then be done.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

const FOUR_EYES: &str = "SELECT four_eyes FROM organisation WHERE id = $1";

const ASK: &str = "INSERT INTO approval (id, organisation, action, request, asked_by, asked_at, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

const APPROVED: &str = "SELECT request, approved IS TRUE AS approved FROM approval \
     WHERE id = $1 AND organisation = $2 AND action = $3 AND expires_at > $4 \
     AND decided_by IS NOT NULL AND decided_by <> asked_by";

/// What is to be done.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Lifting {
    block: BlockId,
}

pub async fn needed(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<bool, Fault> {
    let words: String = sqlx::query_scalar(FOUR_EYES)
        .bind(organisation.to_string())
        .fetch_one(connection)
        .await?;
    let words: Vec<String> = from_json(&words, "organisation.four_eyes")?;
    Ok(words.iter().any(|word| word == WORD))
}

/// Goes on with an approval; without one, asks for it. A block is lifted once,
/// and so its approval is spent with it.
pub async fn spend_or_ask(
    connection: &mut Connection,
    who: &Acting,
    block: BlockId,
    patient: &PatientKey,
    approval: Option<Uuid>,
    at: Timestamp,
) -> Result<Answer<()>, Fault> {
    match approval {
        None => ask(connection, who, block, patient, at)
            .await
            .map(|asked| Err(Refusal::ApprovalAsked(asked))),
        Some(approval) if is_approved(connection, who, block, approval, at).await? => Ok(Ok(())),
        Some(_) => Ok(Err(Refusal::Over("it has not been approved"))),
    }
}

async fn is_approved(
    connection: &mut Connection,
    who: &Acting,
    block: BlockId,
    approval: Uuid,
    at: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(String, Flag)> = sqlx::query_as(APPROVED)
        .bind(approval.to_string())
        .bind(who.member.organisation.to_string())
        .bind(WORD)
        .bind(micros(at))
        .fetch_optional(connection)
        .await?;
    let Some((request, approved)) = row else {
        return Ok(false);
    };
    let lifting: Lifting = from_json(&request, "approval.request")?;
    Ok(approved.0 && lifting == Lifting { block })
}

async fn ask(
    connection: &mut Connection,
    who: &Acting,
    block: BlockId,
    patient: &PatientKey,
    at: Timestamp,
) -> Result<Uuid, Fault> {
    let approval = Uuid::now_v7();
    sqlx::query(ASK)
        .bind(approval.to_string())
        .bind(who.member.organisation.to_string())
        .bind(WORD)
        .bind(to_json(&Lifting { block }, "an approval's request")?)
        .bind(who.member.id.to_string())
        .bind(micros(at))
        .bind(micros(at.checked_add(LASTS).unwrap_or(at)))
        .execute(&mut *connection)
        .await?;
    let mut entry = Entry::by(
        Uuid::now_v7(),
        at,
        Action::AskApproval,
        Outcome::Success,
        who,
    );
    entry.patient_id = Some(Personal::new(patient.reveal()));
    entry.detail = Some(WORD.into());
    audit::append(connection, &[entry]).await?;
    Ok(approval)
}
