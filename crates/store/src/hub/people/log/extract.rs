//! What a patient has a right to be told: who has had access to their data
//! (patientdatalagen 8 kap. 5 §).

use super::{draw::with_issuer, key_of, names, search::between};
use crate::{
    audit,
    database::{Connection, Flag},
    fault::Fault,
    hub::people::{acting, allow, approvals},
    value::{from_json, signed, unsigned},
};
use bildbro_domain::{
    OrganisationId, PatientKey, Personal,
    approval::Guarded,
    audit::{Action, Entry},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    log::{Accesses, EXTRACT, ExtractWish, Line},
};
use uuid::Uuid;

/// Rows read at a time.
const PAGE: usize = 1_000;

/// Accesses to data, at the organisation or, where the data are its own, at
/// another one. What failed or was denied gave no access.
const ACCESSES: &str = "SELECT sequence, text FROM audit \
     WHERE (patient_id IN ($1, $8) OR (patient_id > $6 AND patient_id < $7)) AND sequence > $2 AND sequence < $3 AND outcome = 'success' \
     AND (COALESCE(organisation, '') = $4 OR COALESCE(counterpart, '') = $4) \
     AND action IN ('share', 'decide', 'deliver', 'search', 'fetch', 'view', 'download', \
     'emergency_access') ORDER BY sequence LIMIT $5";

const ORGANISATION: &str = "SELECT names_staff IS TRUE AS names_staff, hsa_id, number \
     FROM organisation WHERE id = $1";

const PATIENT: &str = "SELECT patient_name FROM study WHERE patient_key = $1 AND patient_key <> '' \
     AND holder = $2 AND patient_name <> '' ORDER BY latest_at DESC LIMIT 1";

pub async fn extract(
    connection: &mut Connection,
    caller: &Caller,
    wish: &ExtractWish,
) -> Result<Answer<Accesses>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ExtractAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let key = match key_of(&wish.patient, caller.at) {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if approvals::needed(connection, own, Guarded::ExtractAudit).await? {
        let request = format!("extract of {key}, {:?} to {:?}", wish.from, wish.until);
        let asked = (Guarded::ExtractAudit, &*request);
        let spent =
            approvals::spend_or_ask(connection, &who, asked, wish.approval, caller.at).await?;
        if let Err(refusal) = spent {
            return Ok(Err(refusal));
        }
    }
    let Some(lines) = accesses(connection, own, &key, wish).await? else {
        return Ok(Err(Refusal::Invalid {
            field: "from",
            why: "there are more than 50,000 rows: choose a shorter period",
        }));
    };
    let mut names = names::of(connection, lines.iter().map(|line| &line.entry)).await?;
    let itself = allowed.entry(Uuid::now_v7());
    names
        .0
        .extend(names::of(connection, std::iter::once(&itself)).await?.0);
    let (names_staff, hsa_id, number): (Flag, Option<String>, String) =
        sqlx::query_as(ORGANISATION)
            .bind(own.to_string())
            .fetch_one(&mut *connection)
            .await?;
    let patient_name: Option<String> = sqlx::query_scalar(PATIENT)
        .bind(key.clone())
        .bind(own.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let mut entry = itself;
    entry.patient_id = Some(Personal::new(key.clone()));
    entry.detail = Some(format!("{} rows", lines.len()));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(Accesses {
        organisation: own,
        organisation_number: hsa_id.or(Some(number)).filter(|text| !text.is_empty()),
        patient: PatientKey::stored(key),
        patient_name: patient_name.map(Personal::new),
        drawn_up_by: who.member.name.clone(),
        names_staff: names_staff.0,
        lines,
        names,
    }))
}

/// `None`: there are too many.
async fn accesses(
    connection: &mut Connection,
    own: OrganisationId,
    patient: &str,
    wish: &ExtractWish,
) -> Result<Option<Vec<Line>>, Fault> {
    let (mut after, before) = between(connection, wish.from, wish.until).await?;
    // A local number stands in the log with its issuer where people looked, and
    // without where images went. Rather a line too many than one too few.
    let (low, high) = with_issuer(patient);
    let bare = patient.split('@').next().unwrap_or(patient);
    let mut lines = Vec::new();
    loop {
        let rows: Vec<(i64, String)> = sqlx::query_as(ACCESSES)
            .bind(patient)
            .bind(signed(after))
            .bind(signed(before))
            .bind(own.to_string())
            .bind(signed(PAGE as u64))
            .bind(&low)
            .bind(&high)
            .bind(bare)
            .fetch_all(&mut *connection)
            .await?;
        let is_last = rows.len() < PAGE;
        for (sequence, text) in rows {
            after = unsigned(sequence);
            let entry: Entry = from_json(&text, "audit.text")?;
            let wanted = wish.from.is_none_or(|from| from <= entry.at)
                && wish.until.is_none_or(|until| entry.at < until);
            if !wanted {
                continue;
            }
            if lines.len() == EXTRACT {
                return Ok(None);
            }
            lines.push(Line {
                sequence: after,
                entry: as_told(entry, own),
            });
        }
        if is_last {
            return Ok(Some(lines));
        }
    }
}

/// Another provider's care unit is told, its staff are not.
fn as_told(entry: Entry, own: OrganisationId) -> Entry {
    if entry.organisation == Some(own) {
        return entry;
    }
    let unit = entry.unit;
    let mut entry = entry.for_counterpart();
    entry.unit = unit;
    entry
}
