//! Consents: registered, and withdrawn.

use super::{allow_own, caller_of, check_unit, entry_about, granted, patient_of};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::people::allow,
    value::{id, micros},
};
use bildbro_domain::{ConsentId, OrganisationId, PatientKey, audit::Action, care};
use bildbro_flow::ports::portal::{Answer, Caller, Refusal, will::NewConsent};
use uuid::Uuid;

const REGISTER: &str = "INSERT INTO consent (id, patient, organisation, care_unit, from_at, \
     until_at, registered_by, registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const HOLD: &str = "SELECT id FROM consent WHERE id = $1";

const READ: &str = "SELECT patient, organisation, withdrawn_at FROM consent WHERE id = $1";

const WITHDRAW: &str = "UPDATE consent SET withdrawn_by = $2, withdrawn_at = $3 WHERE id = $1";

pub async fn register(
    connection: &mut Connection,
    caller: &Caller,
    new: &NewConsent,
) -> Result<Answer<ConsentId>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let patient = patient_of(&new.patient, caller.at);
    let named = patient.as_ref().ok();
    let allowed = allow_own(connection, &who, Action::RegisterConsent, named, caller.at).await?;
    let (allowed, patient) = (granted!(allowed), granted!(patient));
    if let Err(bad) = care::period(new.from, new.until, caller.at) {
        return Ok(Err(invalid(bad)));
    }
    let organisation = who.member.organisation;
    granted!(check_unit(connection, organisation, new.unit).await?);
    let consent = ConsentId(Uuid::now_v7());
    sqlx::query(REGISTER)
        .bind(consent.to_string())
        .bind(patient.reveal())
        .bind(organisation.to_string())
        .bind(new.unit.map(|unit| unit.to_string()))
        .bind(micros(new.from))
        .bind(micros(new.until))
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let mut entry = entry_about(&allowed, &patient);
    entry.detail = Some(format!("from {} until {}", new.from, new.until));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(consent))
}

const fn invalid(bad: care::BadPeriod) -> Refusal {
    use care::BadPeriod as B;
    let (field, why) = match bad {
        B::Begun => ("from", "a consent cannot begin more than a day ago"),
        B::Ended => (
            "until",
            "a consent must end after it begins, and not before now",
        ),
        B::TooLong => ("until", "a consent lasts a year at most"),
    };
    Refusal::Invalid { field, why }
}

pub async fn withdraw(
    connection: &mut Connection,
    caller: &Caller,
    consent: ConsentId,
) -> Result<Answer<()>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    hold(connection, HOLD, consent.to_string()).await?;
    let found: Option<(String, String, Option<i64>)> = sqlx::query_as(READ)
        .bind(consent.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some((patient, organisation, withdrawn)) = found else {
        return Ok(Err(Refusal::NotFound));
    };
    let whose: OrganisationId = id(&organisation, "consent.organisation")?;
    let allowed =
        granted!(allow(connection, &who, Action::WithdrawConsent, whose, caller.at).await?);
    if withdrawn.is_some() {
        return Ok(Err(Refusal::Over("the consent has been withdrawn before")));
    }
    sqlx::query(WITHDRAW)
        .bind(consent.to_string())
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let entry = entry_about(&allowed, &PatientKey::stored(patient));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
