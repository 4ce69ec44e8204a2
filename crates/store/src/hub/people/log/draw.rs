//! Drawing a spot check: the organisation's entries of a period, a page at a
//! time, each judged by the rule, a sample of the hits kept.

use super::search::between;
use crate::{
    audit,
    database::{Builder, Connection},
    fault::Fault,
    hub::people::{acting, allow},
    value::{from_json, id, micros, signed, time, unsigned},
};
use bildbro_domain::{
    MemberId, OrganisationId, PatientKey,
    audit::{
        Action, Actor, Entry,
        spot_check::{Rule, is_out_of_hours, same_surname, sweden},
    },
    policy,
    share::LegalMode,
};
use bildbro_flow::{
    ports::portal::{Answer, Caller, Refusal, log::Draw},
    spot_check::Reservoir,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Entries read at a time.
const PAGE: i64 = 2_000;

/// Patients of whom something is remembered at a time.
const REMEMBERED: usize = 10_000;

/// How far apart access and share may be.
const RELATED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is done with the log itself is no access to care's data.
const ENTRIES: &str = "SELECT sequence, at, member, patient_id, text FROM audit \
     WHERE organisation = $1 AND sequence > $2 AND sequence < $3 \
     AND COALESCE(patient_id, '') <> '' AND action NOT IN \
     ('search_audit', 'draw_spot_check', 'review_audit', 'extract_audit') \
     ORDER BY sequence LIMIT $4";

const NUMBERS: &str = "SELECT personal_number, id FROM member \
     WHERE organisation = $1 AND personal_number IS NOT NULL";

const WATCHED: &str = "SELECT patient FROM watched_patient WHERE organisation = $1";

/// By any holder: a personnummer is one person everywhere. A local number, which
/// the log keeps without its issuer, only by the organisation itself.
const NAMES: &str = "SELECT patient_name FROM study \
     WHERE patient_key = $1 AND patient_key <> '' AND patient_name <> '' \
     UNION SELECT patient_name FROM study WHERE patient_key > $2 AND patient_key < $3 \
     AND patient_key <> '' AND patient_name <> '' AND COALESCE(holder, '') = $4 LIMIT 20";

const SHARED: &str = "SELECT s.created_at, s.latest_at FROM share s \
     JOIN delivery d ON d.share = s.id WHERE s.origin <> 'test' AND (s.sender = $4 OR d.recipient = $4) AND d.study IN (\
     SELECT id FROM study WHERE patient_key = $1 AND patient_key <> '' UNION ALL \
     SELECT id FROM study WHERE patient_key > $2 AND patient_key < $3 AND patient_key <> '')";

const KEEP: &str = "INSERT INTO spot_check (id, organisation, drawn_by, drawn_at, rule, from_at, \
     until_at, found) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const KEEP_ENTRIES: &str = "INSERT INTO spot_check_entry (spot_check, sequence, why) ";

/// What was drawn, out of how many.
pub struct Sample {
    found: u64,
    sequences: Vec<u64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    sequence: i64,
    at: i64,
    member: Option<String>,
    patient_id: String,
    text: String,
}

/// As much of an entry as says who did it.
#[derive(Deserialize)]
struct Who {
    actor: Actor,
}

/// `None` when the caller may not: [`keep`] says so, and puts it on record.
pub async fn sample(
    connection: &mut Connection,
    caller: &Caller,
    draw: Draw,
    seed: u64,
) -> Result<Option<Sample>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(None);
    };
    let own = who.member.organisation;
    if policy::allow(&who, Action::DrawSpotCheck, own, caller.at).is_err() {
        return Ok(None);
    }
    let mut judge = Judge::new(connection, draw.rule, own).await?;
    let mut reservoir = Reservoir::new(draw.size as usize, seed);
    let (mut after, before) = between(connection, Some(draw.from), Some(draw.until)).await?;
    loop {
        let rows: Vec<Row> = sqlx::query_as(ENTRIES)
            .bind(own.to_string())
            .bind(signed(after))
            .bind(signed(before))
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { break };
        after = unsigned(last.sequence);
        for row in rows {
            let at = time(row.at)?;
            if draw.from <= at && at < draw.until && judge.hits(connection, &row, at).await? {
                reservoir.offer(unsigned(row.sequence));
            }
        }
    }
    let (found, mut sequences) = reservoir.finish();
    sequences.sort_unstable();
    Ok(Some(Sample { found, sequences }))
}

pub async fn keep(
    connection: &mut Connection,
    caller: &Caller,
    draw: Draw,
    sample: Option<Sample>,
) -> Result<Answer<Uuid>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::DrawSpotCheck, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(sample) = sample else {
        return Ok(Err(Refusal::Over("what you may do has just changed")));
    };
    let check = Uuid::now_v7();
    sqlx::query(KEEP)
        .bind(check.to_string())
        .bind(own.to_string())
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .bind(draw.rule.as_str())
        .bind(micros(draw.from))
        .bind(micros(draw.until))
        .bind(signed(sample.found))
        .execute(&mut *connection)
        .await?;
    if !sample.sequences.is_empty() {
        let mut query = Builder::new(connection, KEEP_ENTRIES);
        query.push_values(&sample.sequences, |row, sequence| {
            row.push_bind(check.to_string())
                .push_bind(signed(*sequence))
                .push_bind(draw.rule.why());
        });
        query.build().execute(&mut *connection).await?;
    }
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!(
        "spot check {check}: {}, {} of {}",
        draw.rule.as_str(),
        sample.sequences.len(),
        sample.found
    ));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(check))
}

/// Knows one rule, and what it needs.
struct Judge {
    rule: Rule,
    own: OrganisationId,
    sweden: TimeZone,
    /// Members by their own numbers, for colleagues and own records.
    numbers: HashMap<String, Vec<MemberId>>,
    watched: HashSet<String>,
    /// Of patients met of late.
    names: HashMap<String, Vec<String>>,
    shared: HashMap<String, Vec<(Timestamp, Timestamp)>>,
}

impl Judge {
    async fn new(
        connection: &mut Connection,
        rule: Rule,
        own: OrganisationId,
    ) -> Result<Self, Fault> {
        let mut judge = Self {
            rule,
            own,
            sweden: sweden(),
            numbers: HashMap::new(),
            watched: HashSet::new(),
            names: HashMap::new(),
            shared: HashMap::new(),
        };
        if matches!(rule, Rule::Colleague | Rule::OwnRecord) {
            let rows: Vec<(String, String)> = sqlx::query_as(NUMBERS)
                .bind(own.to_string())
                .fetch_all(&mut *connection)
                .await?;
            for (number, member) in rows {
                let member = id(&member, "member.id")?;
                judge.numbers.entry(number).or_default().push(member);
            }
        }
        if rule == Rule::Vip {
            let rows: Vec<String> = sqlx::query_scalar(WATCHED)
                .bind(own.to_string())
                .fetch_all(connection)
                .await?;
            judge.watched = rows.into_iter().collect();
        }
        Ok(judge)
    }

    /// Acts of members and gateways only, and of gateways only where a rule is
    /// not about who it was.
    async fn hits(
        &mut self,
        connection: &mut Connection,
        row: &Row,
        at: Timestamp,
    ) -> Result<bool, Fault> {
        let member: Option<MemberId> = match &row.member {
            Some(member) => Some(id(member, "audit.member")?),
            None => None,
        };
        let is_theirs = |numbers: &HashMap<String, Vec<MemberId>>, own: bool| {
            let theirs = numbers.get(&row.patient_id);
            theirs.is_some_and(|ids| ids.iter().any(|id| (Some(*id) == member) == own))
        };
        match self.rule {
            Rule::Random => is_person_or_gateway(row),
            Rule::OutOfHours => Ok(is_out_of_hours(at, &self.sweden) && is_person_or_gateway(row)?),
            Rule::Vip => Ok(self.watched.contains(&row.patient_id) && is_person_or_gateway(row)?),
            Rule::Colleague => Ok(is_theirs(&self.numbers, false)
                && !is_theirs(&self.numbers, true)
                && is_person_or_gateway(row)?),
            Rule::OwnRecord => Ok(member.is_some() && is_theirs(&self.numbers, true)),
            Rule::SameSurname if member.is_some() => self.is_namesake(connection, row).await,
            Rule::NoRelation if member.is_some() => self.is_unrelated(connection, row, at).await,
            Rule::SameSurname | Rule::NoRelation => Ok(false),
        }
    }

    async fn is_namesake(&mut self, connection: &mut Connection, row: &Row) -> Result<bool, Fault> {
        let Who {
            actor: Actor::Member { name, .. },
        } = from_json(&row.text, "audit.text")?
        else {
            return Ok(false);
        };
        if !self.names.contains_key(&row.patient_id) {
            let (low, high) = with_issuer(&row.patient_id);
            let found: Vec<String> = sqlx::query_scalar(NAMES)
                .bind(&row.patient_id)
                .bind(low)
                .bind(high)
                .bind(self.own.to_string())
                .fetch_all(connection)
                .await?;
            remember(&mut self.names, &row.patient_id, found);
        }
        let names = self.names.get(&row.patient_id);
        Ok(names.is_some_and(|names| {
            names
                .iter()
                .any(|patient| same_surname(name.reveal(), patient))
        }))
    }

    /// Looked at as other providers' or an emergency's, or opened, without
    /// anything to do with the patient.
    async fn is_unrelated(
        &mut self,
        connection: &mut Connection,
        row: &Row,
        at: Timestamp,
    ) -> Result<bool, Fault> {
        let entry: Entry = from_json(&row.text, "audit.text")?;
        let opened = matches!(
            entry.action,
            Action::View | Action::Download | Action::EmergencyAccess
        );
        if !opened && entry.legal_mode != Some(LegalMode::CoherentAccess) {
            return Ok(false);
        }
        if !self.shared.contains_key(&row.patient_id) {
            let (low, high) = with_issuer(&row.patient_id);
            let rows: Vec<(i64, i64)> = sqlx::query_as(SHARED)
                .bind(&row.patient_id)
                .bind(low)
                .bind(high)
                .bind(self.own.to_string())
                .fetch_all(connection)
                .await?;
            let times = rows
                .into_iter()
                .map(|(from, to)| Ok((time(from)?, time(to)?)));
            let times = times.collect::<Result<_, Fault>>()?;
            remember(&mut self.shared, &row.patient_id, times);
        }
        let times = self.shared.get(&row.patient_id);
        let related = times.is_some_and(|times| {
            times.iter().any(|(from, to)| {
                from.duration_since(at) <= RELATED && at.duration_since(*to) <= RELATED
            })
        });
        Ok(!related)
    }
}

fn remember<T>(known: &mut HashMap<String, T>, patient: &str, what: T) {
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(patient.to_owned(), what);
}

/// The bounds, both outside, of what a local number is with its issuer. Nothing
/// for a personnummer, which has none.
pub fn with_issuer(patient: &str) -> (String, String) {
    match PatientKey::stored(patient.to_owned()).personnummer() {
        Some(_) => (String::new(), String::new()),
        None => (format!("{patient}@"), format!("{patient}A")),
    }
}

fn is_person_or_gateway(row: &Row) -> Result<bool, Fault> {
    if row.member.is_some() {
        return Ok(true);
    }
    let who: Who = from_json(&row.text, "audit.text")?;
    Ok(matches!(who.actor, Actor::Gateway { .. }))
}
