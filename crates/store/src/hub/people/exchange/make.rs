//! A share made in the portal: studies that a member found in their own PACS,
//! to organisations of the exchange.
//!
//! Everything is decided before anything is written. What the hub does not hold
//! yet is fetched from the PACS it was found in, and joins the share as it comes
//! (`hub/admission.rs`).

use super::{allowed_to, requests};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::{
        errands, holdings,
        people::stop::Stop,
        shares::{self, NO_NUMBER, NewShare},
        will,
    },
    value::{id, micros, patient_key},
};
use bildbro_domain::{
    GatewayId, OrganisationId, StudyId,
    audit::{Action, Actor, Entry, Outcome},
    member::Acting,
    patient::may_be_one,
    policy::Denial,
    share::{LegalMode, Priority},
};
use bildbro_flow::ports::{
    hub::Timing,
    portal::{
        Caller, Refusal,
        sharing::{WantedShare, WantedStudy},
    },
};
use bildbro_wire::errand::FoundStudy;
use jiff::Timestamp;

const THERE: &str = "SELECT sender, request FROM share WHERE id = $1";

const GATEWAY: &str = "SELECT id FROM gateway WHERE id = $1 AND active";

const WHOSE: &str = "SELECT patient_key FROM study \
     WHERE id = $1 AND images > 0 AND deleted_at IS NULL";

const CREATE: &str = "INSERT INTO share (id, sender, purpose, legal_mode, origin, priority, \
     created_at, latest_at, expires_at, made_by, unit, message, request, sends_at) \
     VALUES ($1, $2, $3, $4, 'portal', $5, $6, $6, $7, $8, $9, $10, $11, $12)";

const SHARED: &str = "UPDATE study SET to_share = FALSE WHERE id = $1";

/// A fetch brings more: what was said of its end is no longer true.
const OPEN_AGAIN: &str = "UPDATE study SET complete_at = NULL, expected = $2 WHERE id = $1";

pub async fn share(
    connection: &mut Connection,
    timing: &Timing,
    caller: &Caller,
    wanted: &WantedShare,
) -> Result<bool, Stop> {
    let who = allowed_to(connection, caller, Action::Share).await?;
    let own = who.member.organisation;
    holdings::keep(connection, own).await?;
    if is_there(connection, own, wanted).await? {
        return Ok(false);
    }
    if wanted
        .studies
        .iter()
        .any(|study| study.found.organisation != own)
    {
        return Err(Refusal::NotFound.into());
    }
    let answers = match wanted.answers {
        None => None,
        Some(request) => {
            let asked = requests::answering(connection, &who, wanted, request, caller.at);
            Some(asked.await?)
        }
    };
    one_patient(wanted, caller.at)?;
    reachable(connection, wanted).await?;
    decide_all(connection, &who, caller, wanted).await?;
    put(connection, &who, timing, wanted, caller.at).await?;
    let mut entries = Vec::new();
    for study in &wanted.studies {
        let one = One::of(&who, wanted, study, caller.at);
        one.share(connection, &mut entries).await?;
    }
    if let Some(asked) = answers {
        let answered = requests::answered(connection, &who, asked, wanted.id, caller.at);
        entries.push(answered.await?);
    }
    audit::append(connection, &entries).await?;
    Ok(true)
}

/// Whether the very same has been made before.
async fn is_there(
    connection: &mut Connection,
    own: OrganisationId,
    wanted: &WantedShare,
) -> Result<bool, Stop> {
    let row: Option<(String, String)> = sqlx::query_as(THERE)
        .bind(wanted.id.to_string())
        .fetch_optional(connection)
        .await?;
    let Some((sender, request)) = row else {
        return Ok(false);
    };
    let sender: OrganisationId = id(&sender, "share.sender")?;
    if sender == own && request == wanted.request.to_string() {
        return Ok(true);
    }
    Err(Refusal::Taken("id").into())
}

/// What is to be fetched must have a gateway to fetch it.
async fn reachable(connection: &mut Connection, wanted: &WantedShare) -> Result<(), Stop> {
    let mut asked: Vec<GatewayId> = Vec::new();
    for study in &wanted.studies {
        let gateway = study.found.gateway;
        if asked.contains(&gateway) {
            continue;
        }
        let active: Option<String> = sqlx::query_scalar(GATEWAY)
            .bind(gateway.to_string())
            .fetch_optional(&mut *connection)
            .await?;
        if active.is_none() {
            return Err(Refusal::Invalid {
                field: "studies",
                why: "The gateway that found it has been revoked: search for it again.",
            }
            .into());
        }
        asked.push(gateway);
    }
    Ok(())
}

/// Two patients in one share is a slip unless it is said to be meant.
fn one_patient(wanted: &WantedShare, at: Timestamp) -> Result<(), Refusal> {
    if wanted.several_patients {
        return Ok(());
    }
    let mut patients: Vec<(String, &FoundStudy)> = Vec::new();
    for study in &wanted.studies {
        let study = &study.found.study;
        let key = key_of(study, at);
        if !patients.iter().any(|(known, _)| *known == key) {
            patients.push((key, study));
        }
    }
    if patients.len() < 2 {
        return Ok(());
    }
    let named =
        |(_, study): (String, &FoundStudy)| (study.patient_id.clone(), study.patient_name.clone());
    Err(Refusal::SeveralPatients(
        patients.into_iter().map(named).collect(),
    ))
}

/// Without a number, name and birth date tell patients apart.
fn key_of(study: &FoundStudy, at: Timestamp) -> String {
    let key = patient_key(
        study.patient_id.reveal(),
        study.patient_id_issuer.reveal(),
        at,
    );
    if key.is_empty() {
        let (name, born) = (&study.patient_name, &study.patient_birth_date);
        return format!("{} {}", name.reveal(), born.reveal());
    }
    key
}

/// Asks policy of each study and recipient. A denial is on record.
async fn decide_all(
    connection: &mut Connection,
    who: &Acting,
    caller: &Caller,
    wanted: &WantedShare,
) -> Result<(), Stop> {
    for study in &wanted.studies {
        let one = One::of(who, wanted, study, caller.at);
        one.is_the_patients(connection).await?;
        for recipient in &wanted.recipients {
            let denial = one.denial(connection, *recipient).await?;
            if let Some(denial) = denial {
                let mut entry = one.entry(*recipient, Outcome::Denied);
                entry.detail = Some(denial.to_string());
                audit::append(connection, &[entry]).await?;
                let recipient = *recipient;
                return Err(Refusal::RecipientRefuses { recipient, denial }.into());
            }
        }
    }
    Ok(())
}

async fn put(
    connection: &mut Connection,
    who: &Acting,
    timing: &Timing,
    wanted: &WantedShare,
    at: Timestamp,
) -> Result<(), Fault> {
    let longest = at.checked_add(timing.share_life).ok();
    let expires = wanted.expires.or(longest);
    sqlx::query(CREATE)
        .bind(wanted.id.to_string())
        .bind(who.member.organisation.to_string())
        .bind(wanted.purpose.as_str())
        .bind(LegalMode::Disclosure.as_str())
        .bind(wanted.priority.as_str())
        .bind(micros(at))
        .bind(expires.map(micros))
        .bind(who.member.id.to_string())
        .bind(who.unit.map(|unit| unit.to_string()))
        .bind(wanted.message.reveal())
        .bind(wanted.request.to_string())
        .bind(wanted.sends_at.map(micros))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether it names a patient, by a number.
pub fn is_named(made_for: &str) -> bool {
    !matches!(made_for, "" | NO_NUMBER)
}

fn is_same(chosen: &str, held: &str) -> bool {
    match chosen {
        NO_NUMBER => held.is_empty(),
        chosen => may_be_one(chosen, held),
    }
}

/// One study of the share.
struct One<'a> {
    who: &'a Acting,
    wanted: &'a WantedShare,
    study: &'a WantedStudy,
    /// Its patient, as compared; [`NO_NUMBER`] without one.
    patient_key: String,
    at: Timestamp,
}

impl<'a> One<'a> {
    fn of(who: &'a Acting, wanted: &'a WantedShare, study: &'a WantedStudy, at: Timestamp) -> Self {
        let found = &study.found.study;
        let (id, issuer) = (found.patient_id.reveal(), found.patient_id_issuer.reveal());
        let key = patient_key(id, issuer, at);
        Self {
            who,
            wanted,
            study,
            patient_key: if key.is_empty() {
                NO_NUMBER.to_owned()
            } else {
                key
            },
            at,
        }
    }

    /// What the hub holds of it already must be of the patient that was found.
    async fn is_the_patients(&self, connection: &mut Connection) -> Result<(), Stop> {
        let chosen = self.patient_key.as_str();
        let held: Option<String> = sqlx::query_scalar(WHOSE)
            .bind(StudyId::of(self.own(), &self.study.found.study.study_uid).to_string())
            .fetch_optional(connection)
            .await?;
        match held {
            Some(held) if !is_same(chosen, &held) => Err(Refusal::Invalid {
                field: "studies",
                why: "The images at the hub are of another patient than your PACS says now.",
            }
            .into()),
            _ => Ok(()),
        }
    }

    const fn own(&self) -> OrganisationId {
        self.who.member.organisation
    }

    fn to(&self, recipient: OrganisationId) -> NewShare<'_> {
        let uid = &self.study.found.study.study_uid;
        NewShare {
            sender: self.own(),
            recipient,
            study: StudyId::of(self.own(), uid),
            study_uid: uid,
            purpose: self.wanted.purpose,
            priority: self.wanted.priority,
            origin: "portal",
            patient_key: &self.patient_key,
            patient_id: self.study.found.study.patient_id.reveal(),
        }
    }

    fn entry(&self, recipient: OrganisationId, outcome: Outcome) -> Entry {
        let patient = self.study.found.study.patient_id.clone();
        let by = Actor::member(self.who);
        let mut entry = self.to(recipient).entry(self.at, outcome, by, patient);
        entry.unit = self.who.unit;
        entry.from = Some(self.who.from.clone());
        entry.share = Some(self.wanted.id);
        if self.wanted.priority == Priority::Emergency {
            entry.reason = Some(self.wanted.message.clone());
            entry.detail = Some("emergency: not held by the recipient".to_owned());
        }
        entry
    }

    async fn denial(
        &self,
        connection: &mut Connection,
        recipient: OrganisationId,
    ) -> Result<Option<Denial>, Fault> {
        let of = will::Of {
            holder: self.own(),
            patient_key: if is_named(&self.patient_key) {
                &self.patient_key
            } else {
                ""
            },
            institution: &self.study.found.study.institution,
        };
        let closed = will::met(connection, of, recipient, None).await?;
        let answer = self.to(recipient).decide_on(connection, closed).await?;
        Ok(match answer {
            None => Some(Denial::RecipientInactive),
            Some(answer) => answer.err(),
        })
    }

    /// Its deliveries, with what the hub holds; and the fetch of the rest.
    async fn share(
        &self,
        connection: &mut Connection,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Fault> {
        let found = &self.study.found;
        let uid = &found.study.study_uid;
        holdings::announce(connection, self.own(), &found.study, self.at).await?;
        let study = StudyId::of(self.own(), uid);
        let known = holdings::study(connection, self.own(), uid).await?;
        let images = holdings::of_study(connection, study).await?;
        let here = images.len() as u64;
        let is_whole = known.is_some_and(|known| known.complete)
            && found.study.images.is_none_or(|n| u64::from(n) <= here);
        let expected = found.study.images.map(i64::from);
        for recipient in &self.wanted.recipients {
            let new = self.to(*recipient);
            let sends_at = self.wanted.sends_at;
            let open = shares::begin(connection, self.wanted.id, &new, sends_at, self.at).await?;
            let joined = shares::join(connection, open, &images, self.at).await?;
            shares::said_complete(connection, open.delivery, is_whole, expected, self.at).await?;
            let mut entry = self.entry(*recipient, Outcome::Success);
            entry.delivery = Some(open.delivery);
            entry.set_images(images.iter().map(|image| image.existing.digest));
            entries.push(entry);
            let by = Actor::member(self.who);
            entries.extend(shares::already_there(connection, open, &joined, by, self.at).await?);
        }
        sqlx::query(SHARED)
            .bind(study.to_string())
            .execute(&mut *connection)
            .await?;
        if is_whole {
            return Ok(());
        }
        sqlx::query(OPEN_AGAIN)
            .bind(study.to_string())
            .bind(expected)
            .execute(&mut *connection)
            .await?;
        let new = errands::New {
            organisation: self.own(),
            gateway: found.gateway,
            task: &self.study.fetch,
            priority: self.wanted.priority,
            at: self.at,
        };
        errands::fetch(connection, &new, study, &found.study.node).await
    }
}
