//! Patients' blocks and consents, emergency access, and looking up a patient's
//! studies.
//!
//! Each entry of the log names the patient by the key that is compared, so that
//! the log of a patient is whole however the number was written.

mod block;
mod consent;
mod emergency;
mod found;
mod lookup;
mod view;

use super::{acting, refuse};
use crate::{
    HubDb,
    database::{Connection, Tx},
    fault::Fault,
    value::patient_key,
};
use async_trait::async_trait;
use bildbro_domain::{
    BlockId, CareUnitId, ConsentId, EmergencyId, OrganisationId, PatientKey, Personal,
    audit::spot_check::Assessment,
    audit::{Action, Entry, Outcome},
    member::Acting,
    policy::{self, Allowed},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    will::{EmergencyView, Found, Lookup, NewConsent, PatientNumber, WillView, Wills},
};
use jiff::Timestamp;
use uuid::Uuid;

/// Longest number and issuer in DICOM (LO, PS3.5 6.2).
const LONGEST_NUMBER: usize = 64;

const UNIT: &str =
    "SELECT id FROM care_unit WHERE id = $1 AND organisation = $2 AND active IS TRUE";

#[async_trait]
impl Wills for HubDb {
    async fn will_of(&self, caller: &Caller, patient: &PatientNumber) -> Answer<WillView> {
        let mut tx = self.db.write("read a patient's will").await?;
        let answer = view::will_of(&mut tx, caller, patient).await;
        end(tx, answer).await
    }

    async fn register_block(
        &self,
        caller: &Caller,
        patient: &PatientNumber,
        unit: Option<CareUnitId>,
    ) -> Answer<BlockId> {
        let mut tx = self.db.write("register a block").await?;
        let answer = block::register(&mut tx, caller, patient, unit).await;
        end(tx, answer).await
    }

    async fn lift_block(
        &self,
        caller: &Caller,
        block: BlockId,
        approval: Option<Uuid>,
    ) -> Answer<()> {
        let mut tx = self.db.write("lift a block").await?;
        let answer = block::lift(&mut tx, caller, block, approval).await;
        tx.end_telling(answer, Result::is_ok).await?
    }

    async fn register_consent(&self, caller: &Caller, new: &NewConsent) -> Answer<ConsentId> {
        let mut tx = self.db.write("register a consent").await?;
        let answer = consent::register(&mut tx, caller, new).await;
        end(tx, answer).await
    }

    async fn withdraw_consent(&self, caller: &Caller, consent: ConsentId) -> Answer<()> {
        let mut tx = self.db.write("withdraw a consent").await?;
        let answer = consent::withdraw(&mut tx, caller, consent).await;
        end(tx, answer).await
    }

    async fn begin_emergency(
        &self,
        caller: &Caller,
        patient: &PatientNumber,
        reason: &Personal,
    ) -> Answer<(EmergencyId, Timestamp)> {
        let mut tx = self.db.write("record an emergency").await?;
        let answer = emergency::begin(&mut tx, caller, patient, reason).await;
        end(tx, answer).await
    }

    async fn find_studies(&self, caller: &Caller, lookup: &Lookup) -> Answer<Found> {
        let mut tx = self.db.write("look up a patient's studies").await?;
        let answer = lookup::find(&mut tx, caller, lookup).await;
        end(tx, answer).await
    }

    async fn emergencies(
        &self,
        caller: &Caller,
        reviewed: Option<bool>,
        after: Option<&str>,
        limit: u32,
    ) -> Answer<Page<EmergencyView>> {
        let mut tx = self.db.write("list emergencies").await?;
        let answer = emergency::list(&mut tx, caller, reviewed, after, limit).await;
        end(tx, answer).await
    }

    async fn review_emergency(
        &self,
        caller: &Caller,
        emergency: EmergencyId,
        assessment: Assessment,
        comment: &Personal,
    ) -> Answer<()> {
        let mut tx = self.db.write("review an emergency").await?;
        let answer = emergency::review(&mut tx, caller, emergency, assessment, comment).await;
        end(tx, answer).await
    }
}

async fn end<T>(tx: Tx, answer: Result<Answer<T>, Fault>) -> Answer<T> {
    tx.end(answer).await?
}

/// Who calls, if anyone does.
async fn caller_of(connection: &mut Connection, caller: &Caller) -> Result<Answer<Acting>, Fault> {
    let who = acting(connection, caller).await?;
    Ok(who.ok_or(Refusal::NoSession))
}

/// Whether `who` may do this in their own organisation. A no names the patient.
async fn allow_own<'a>(
    connection: &mut Connection,
    who: &'a Acting,
    action: Action,
    patient: Option<&PatientKey>,
    at: Timestamp,
) -> Result<Answer<Allowed<'a>>, Fault> {
    match policy::allow(who, action, who.member.organisation, at) {
        Ok(allowed) => Ok(Ok(allowed)),
        Err(denial) => {
            let mut entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
            entry.patient_id = patient.map(|patient| Personal::new(patient.reveal()));
            refuse(connection, entry, denial).await.map(Err)
        }
    }
}

/// The patient that a number names.
fn patient_of(number: &PatientNumber, at: Timestamp) -> Answer<PatientKey> {
    let invalid = |field, why| Err(Refusal::Invalid { field, why });
    if number.id.reveal().chars().count() > LONGEST_NUMBER {
        return invalid("patient_id", "a patient's number has at most 64 characters");
    }
    if number.issuer.chars().count() > LONGEST_NUMBER {
        return invalid("issuer", "an issuer's name has at most 64 characters");
    }
    let key = patient_key(number.id.reveal(), &number.issuer, at);
    if key.is_empty() {
        return invalid("patient_id", "a patient's number is missing");
    }
    Ok(PatientKey::stored(key))
}

/// Whether it is a care unit of the organisation. Another's is none.
async fn check_unit(
    connection: &mut Connection,
    organisation: OrganisationId,
    unit: Option<CareUnitId>,
) -> Result<Answer<()>, Fault> {
    let Some(unit) = unit else {
        return Ok(Ok(()));
    };
    let found: Option<String> = sqlx::query_scalar(UNIT)
        .bind(unit.to_string())
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(match found {
        Some(_) => Ok(()),
        None => Err(Refusal::Invalid {
            field: "unit",
            why: "there is no such care unit",
        }),
    })
}

/// The entry of what was allowed, about a patient.
fn entry_about(allowed: &Allowed<'_>, patient: &PatientKey) -> Entry {
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.patient_id = Some(Personal::new(patient.reveal()));
    entry
}

/// Goes on with what is inside, or ends with its refusal, which is no fault.
macro_rules! granted {
    ($answer:expr) => {
        match $answer {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}
use granted;
