//! Search. One index leads to the newest entries that fit; which one, the
//! filters say, not the database: conditions on other indexed columns are
//! written so that no index serves them.

use super::{key_of, names};
use crate::{
    audit,
    database::{Builder, Connection},
    fault::Fault,
    hub::people::{acting, allow, machines::tokens},
    value::{from_json, micros, signed, unsigned},
};
use bildbro_domain::{
    OrganisationId, Personal,
    audit::{Action, Actor, Entry, Outcome},
    permission::Permission,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    log::{Found, Line, PAGE, Search},
    machines::ServiceSubject,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How much of the log one search looks through, when no index leads to what it
/// looks for.
const STRETCH: u64 = 100_000;

/// Clocks of several hubs, and of a hub set right, differ by less.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

const SELECT: &str = "SELECT sequence, text FROM audit WHERE sequence < ";

/// The last entry before a time, and the first after one.
const BEFORE: &str = "SELECT sequence FROM audit WHERE at < $1 ORDER BY at DESC LIMIT 1";
const AFTER: &str = "SELECT sequence FROM audit WHERE at >= $1 ORDER BY at LIMIT 1";

/// What passed between two organisations. Of what one tried and was denied, the
/// other hears nothing: the reason could be the patient's will.
const PASSED: &str = " AND outcome <> 'denied' \
     AND action IN ('share', 'revoke', 'decide', 'deliver', 'accept', 'decline')";

/// Whose entries, and by which index.
#[derive(Clone, Copy)]
enum By {
    /// One of the filters leads.
    Filter,
    Organisation,
    Counterpart,
}

struct Asked<'a> {
    search: &'a Search,
    organisation: OrganisationId,
    patient: Option<String>,
    /// Sequences between these two.
    after: u64,
    before: u64,
    most: u32,
}

pub async fn search(
    connection: &mut Connection,
    caller: &Caller,
    search: &Search,
) -> Result<Answer<Found>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::SearchAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let entry = allowed.entry(Uuid::now_v7());
    let whole_numbers = who.holds(Permission::SearchAudit);
    answer(connection, search, own, entry, whole_numbers).await
}

/// As a machine, which acts for its organisation and not for a person.
pub async fn search_as(
    connection: &mut Connection,
    machine: &Caller,
    search: &Search,
) -> Result<Answer<Found>, Fault> {
    let subject = tokens::subject(connection, machine.token, machine.at).await?;
    let Some(subject) = subject.filter(ServiceSubject::reads_the_log) else {
        return Ok(Err(Refusal::NoSession));
    };
    let by = Actor::Machine {
        id: subject.machine,
    };
    let mut entry = audit::entry(machine.at, Action::SearchAudit, Outcome::Success, by);
    entry.organisation = Some(subject.organisation);
    entry.from = Some(machine.from.clone());
    answer(connection, search, subject.organisation, entry, true).await
}

/// Finds, and puts `entry` on record with what was looked for.
async fn answer(
    connection: &mut Connection,
    search: &Search,
    own: OrganisationId,
    mut entry: Entry,
    whole_numbers: bool,
) -> Result<Answer<Found>, Fault> {
    let patient = match &search.patient {
        Some(patient) => match key_of(patient, entry.at) {
            Ok(key) => Some(key),
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => None,
    };
    let (lines, next) = find(connection, search, own, patient.clone()).await?;
    let names = names::of(connection, lines.iter().map(|line| &line.entry)).await?;
    entry.patient_id = patient.map(Personal::new);
    entry.about = search.member;
    entry.share = search.share;
    entry.detail = Some(format!("{} entries shown", lines.len()));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(Found {
        lines,
        names,
        next,
        whole_numbers,
    }))
}

async fn find(
    connection: &mut Connection,
    search: &Search,
    organisation: OrganisationId,
    patient: Option<String>,
) -> Result<(Vec<Line>, Option<u64>), Fault> {
    let (after, mut before) = between(connection, search.from, search.until).await?;
    before = before.min(search.before.unwrap_or(u64::MAX));
    let leads = patient.is_some() || search.share.is_some() || search.member.is_some();
    let filtered = search.action.is_some() || search.outcome.is_some() || search.unit.is_some();
    let mut asked = Asked {
        search,
        organisation,
        patient,
        after,
        before,
        most: search.most.clamp(1, PAGE),
    };
    let mut stretched = false;
    if filtered && !leads {
        let start = before.saturating_sub(STRETCH + 1);
        stretched = start > asked.after;
        asked.after = asked.after.max(start);
    }
    let ways: &[By] = if leads {
        &[By::Filter]
    } else {
        &[By::Organisation, By::Counterpart]
    };
    let mut lines = Vec::new();
    for by in ways {
        lines.extend(read(connection, &asked, *by).await?);
    }
    lines.sort_unstable_by_key(|line: &Line| std::cmp::Reverse(line.sequence));
    lines.dedup_by_key(|line| line.sequence);
    let most = asked.most as usize;
    let next = if lines.len() > most {
        lines.truncate(most);
        lines.last().map(|line| line.sequence)
    } else {
        stretched.then_some(asked.after + 1)
    };
    Ok((lines, next))
}

/// The sequences that entries of a time lie between, both outside.
pub async fn between(
    connection: &mut Connection,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<(u64, u64), Fault> {
    let mut ends = (0, audit::head(connection).await?.0 + 1);
    if let Some(from) = from {
        let from = from.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        let found: Option<i64> = sqlx::query_scalar(BEFORE)
            .bind(micros(from))
            .fetch_optional(&mut *connection)
            .await?;
        ends.0 = found.map_or(0, unsigned);
    }
    if let Some(until) = until {
        let until = until.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        let found: Option<i64> = sqlx::query_scalar(AFTER)
            .bind(micros(until))
            .fetch_optional(connection)
            .await?;
        ends.1 = found.map_or(ends.1, unsigned);
    }
    Ok(ends)
}

/// One more than asked for, to see whether there are more.
async fn read(connection: &mut Connection, asked: &Asked<'_>, by: By) -> Result<Vec<Line>, Fault> {
    let mut query = Builder::new(connection, SELECT);
    query
        .push_bind(signed(asked.before))
        .push(" AND sequence > ")
        .push_bind(signed(asked.after));
    filter(&mut query, asked, by);
    query
        .push(" ORDER BY sequence DESC LIMIT ")
        .push_bind(i64::from(asked.most) + 1);
    let rows: Vec<(i64, String)> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter()
        .map(|(sequence, text)| {
            let entry: Entry = from_json(&text, "audit.text")?;
            let own = entry.organisation == Some(asked.organisation);
            Ok(Line {
                sequence: unsigned(sequence),
                entry: if own { entry } else { entry.for_counterpart() },
            })
        })
        .collect()
}

fn filter(query: &mut Builder, asked: &Asked<'_>, by: By) {
    let search = asked.search;
    let own = asked.organisation.to_string();
    match by {
        By::Organisation => {
            query.push(" AND organisation = ").push_bind(own);
        }
        By::Counterpart => {
            query.push(" AND counterpart = ").push_bind(own);
            query.push(PASSED);
        }
        By::Filter => {
            query
                .push(" AND (COALESCE(organisation, '') = ")
                .push_bind(own.clone())
                .push(" OR (COALESCE(counterpart, '') = ")
                .push_bind(own)
                .push(PASSED)
                .push("))");
        }
    }
    let mut leads = matches!(by, By::Filter);
    let mut lead =
        |query: &mut Builder, first: &'static str, later: &'static str, value: String| {
            query.push(if std::mem::take(&mut leads) {
                first
            } else {
                later
            });
            query.push_bind(value);
        };
    if let Some(patient) = &asked.patient {
        let later = " AND COALESCE(patient_id, '') = ";
        lead(query, " AND patient_id = ", later, patient.clone());
    }
    if let Some(share) = search.share {
        let later = " AND COALESCE(share, '') = ";
        lead(query, " AND share = ", later, share.to_string());
    }
    if let Some(member) = search.member {
        let later = " AND COALESCE(member, '') = ";
        lead(query, " AND member = ", later, member.to_string());
    }
    if let Some(unit) = search.unit {
        query.push(" AND care_unit = ").push_bind(unit.to_string());
    }
    if let Some(action) = search.action {
        query.push(" AND action = ").push_bind(action.as_str());
    }
    if let Some(outcome) = search.outcome {
        query
            .push(" AND outcome = ")
            .push_bind(audit::outcome_word(outcome));
    }
    if let Some(from) = search.from {
        query.push(" AND at + 0 >= ").push_bind(micros(from));
    }
    if let Some(until) = search.until {
        query.push(" AND at + 0 < ").push_bind(micros(until));
    }
}
