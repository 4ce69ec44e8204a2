//! Requests as one side sees them.

use super::{allowed_to, own};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::people::{
        exchange::trays::{cursor, looking},
        stop::Stop,
    },
    value::{id, maybe_time, micros, time, unsigned, word},
};
use bildbro_domain::{
    CareUnitId, ImageRequestId, MemberId, OrganisationId, Personal,
    audit::{Action, Entry, Outcome},
    image_request::State,
    matching::Described,
    member::Acting,
    share::{Priority, Purpose},
};
use bildbro_flow::ports::portal::{
    Caller, Page,
    requests::{RequestCounts, RequestGoing, RequestView, Side, Stage, WaitingCounts, Wish},
    will::Named,
};
use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

macro_rules! select {
    () => {
        "SELECT r.id, r.asker, a.name AS asker_name, r.holder, h.name AS holder_name, \
         r.asked_by, ma.name AS asked_by_name, r.unit, u.name AS unit_name, r.patient_id, \
         r.patient_id_issuer, r.patient_key, r.patient_name, r.patient_birth_date, r.wanted, \
         r.from_day, r.until_day, r.modality, r.purpose, r.priority, r.needed_by, r.asked_at, \
         r.expires_at, r.state, r.handled_at, r.handled_by, mh.name AS handled_by_name, \
         r.reminded_at, r.share, r.reason, r.changed_at FROM image_request r \
         JOIN organisation a ON a.id = r.asker JOIN organisation h ON h.id = r.holder \
         LEFT JOIN member ma ON ma.id = r.asked_by LEFT JOIN member mh ON mh.id = r.handled_by \
         LEFT JOIN care_unit u ON u.id = r.unit WHERE "
    };
}

/// A page: `$2` and `$3` are the last item's time and id, `$4` now, `$5` how many.
macro_rules! list {
    ($side:literal, $stage:literal) => {
        concat!(
            select!(),
            "r.",
            $side,
            " = $1 AND (r.asked_at < $2 OR r.asked_at = $2 AND r.id < $3) \
             AND CAST($4 AS BIGINT) IS NOT NULL ",
            $stage,
            " ORDER BY r.asked_at DESC, r.id DESC LIMIT $5"
        )
    };
}

/// The page of a stage, on either side.
macro_rules! stage {
    ($name:ident, $stage:literal) => {
        const $name: [&str; 2] = [list!("asker", $stage), list!("holder", $stage)];
    };
}

stage!(ALL, "");
stage!(
    WAITING,
    "AND r.state IN ('open', 'being_handled') AND r.expires_at > $4"
);
stage!(ANSWERED, "AND r.state = 'answered'");
stage!(
    OVER,
    "AND (r.state IN ('declined', 'withdrawn') \
     OR r.state IN ('open', 'being_handled') AND r.expires_at <= $4)"
);

const ONE: &str = concat!(select!(), "r.id = $1");

macro_rules! counts {
    ($side:literal) => {
        concat!(
            "SELECT state, COUNT(*) FROM image_request WHERE ",
            $side,
            " = $1 AND state IN ('open', 'being_handled') AND expires_at > $2 GROUP BY state"
        )
    };
}

macro_rules! newest {
    ($side:literal) => {
        concat!(
            "SELECT id, state, expires_at, changed_at FROM image_request WHERE ",
            $side,
            " = $1 ORDER BY asked_at DESC, id DESC LIMIT $2"
        )
    };
}

const COUNTS: [&str; 2] = [counts!("asker"), counts!("holder")];
const NEWEST: [&str; 2] = [newest!("asker"), newest!("holder")];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    asker: String,
    asker_name: String,
    holder: String,
    holder_name: String,
    asked_by: Option<String>,
    asked_by_name: Option<String>,
    unit: Option<String>,
    unit_name: Option<String>,
    patient_id: String,
    patient_id_issuer: String,
    patient_key: String,
    patient_name: String,
    patient_birth_date: String,
    wanted: String,
    from_day: Option<String>,
    until_day: Option<String>,
    modality: String,
    purpose: String,
    priority: String,
    needed_by: Option<String>,
    asked_at: i64,
    expires_at: i64,
    state: String,
    handled_at: Option<i64>,
    handled_by: Option<String>,
    handled_by_name: Option<String>,
    reminded_at: Option<i64>,
    share: Option<String>,
    reason: String,
    changed_at: i64,
}

/// What waits for an answer when its time has come has run out, by itself.
fn state_of(stored: &str, expires: i64, at: Timestamp) -> Result<State, Fault> {
    let state = word(State::parse(stored), "image_request.state")?;
    let is_late = state.is_waiting() && expires <= micros(at);
    Ok(if is_late { State::Expired } else { state })
}

fn day(text: Option<String>) -> Result<Option<Date>, Fault> {
    text.map(|text| id(&text, "a day")).transpose()
}

fn member(of: Option<String>, name: Option<String>) -> Result<Option<Named<MemberId>>, Fault> {
    let named = |of: String| {
        Ok(Named {
            id: id(&of, "a member")?,
            name: Personal::new(name.unwrap_or_default()),
        })
    };
    of.map(named).transpose()
}

fn organisation(of: &str, name: String) -> Result<Named<OrganisationId>, Fault> {
    Ok(Named {
        id: id(of, "an organisation")?,
        name: Personal::new(name),
    })
}

fn unit(of: Option<String>, name: Option<String>) -> Result<Option<Named<CareUnitId>>, Fault> {
    let named = |of: String| {
        Ok(Named {
            id: id(&of, "a care unit")?,
            name: Personal::new(name.unwrap_or_default()),
        })
    };
    of.map(named).transpose()
}

fn read(row: Row, own: OrganisationId, at: Timestamp) -> Result<RequestView, Fault> {
    let asker = organisation(&row.asker, row.asker_name)?;
    let side = if asker.id == own {
        Side::Asked
    } else {
        Side::Received
    };
    let asked_by = member(row.asked_by, row.asked_by_name)?;
    let handled_by = member(row.handled_by, row.handled_by_name)?;
    Ok(RequestView {
        id: id(&row.id, "image_request.id")?,
        side,
        asker,
        holder: organisation(&row.holder, row.holder_name)?,
        asked: time(row.asked_at)?,
        asked_by: asked_by.filter(|_| side == Side::Asked),
        unit: unit(row.unit, row.unit_name)?,
        key: Personal::new(row.patient_key),
        wish: Wish {
            patient: Described {
                id: Personal::new(row.patient_id),
                issuer: Personal::new(row.patient_id_issuer),
                name: Personal::new(row.patient_name),
                birth_date: Personal::new(row.patient_birth_date),
                sex: String::new(),
            },
            wanted: Personal::new(row.wanted),
            from: day(row.from_day)?,
            until: day(row.until_day)?,
            modality: row.modality,
            purpose: word(Purpose::parse(&row.purpose), "image_request.purpose")?,
            priority: word(Priority::parse(&row.priority), "image_request.priority")?,
            needed_by: day(row.needed_by)?,
        },
        state: state_of(&row.state, row.expires_at, at)?,
        expires: time(row.expires_at)?,
        handled: maybe_time(row.handled_at)?,
        handled_by: handled_by.filter(|_| side == Side::Received),
        reminded: maybe_time(row.reminded_at)?,
        share: row
            .share
            .map(|share| id(&share, "image_request.share"))
            .transpose()?,
        reason: Personal::new(row.reason),
        changed: time(row.changed_at)?,
    })
}

pub enum Found {
    Own(Box<RequestView>),
    /// Of two other organisations.
    Others,
    Nothing,
}

pub async fn one(
    connection: &mut Connection,
    request: ImageRequestId,
    own: OrganisationId,
    at: Timestamp,
) -> Result<Found, Fault> {
    let row: Option<Row> = sqlx::query_as(ONE)
        .bind(request.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(Found::Nothing);
    };
    let own_id = own.to_string();
    if row.asker != own_id && row.holder != own_id {
        return Ok(Found::Others);
    }
    Ok(Found::Own(Box::new(read(row, own, at)?)))
}

/// The entries that say of whom requests were shown: one for each patient.
fn shown(who: &Acting, views: &[RequestView], at: Timestamp) -> Vec<Entry> {
    let action = Action::FollowRequest;
    let entry = || Entry::by(Uuid::now_v7(), at, action, Outcome::Success, who);
    let mut keys: Vec<&Personal> = views.iter().map(|view| &view.key).collect();
    keys.sort_unstable_by(|a, b| a.reveal().cmp(b.reveal()));
    keys.dedup();
    if keys.is_empty() {
        // Nothing to see is something seen, too.
        return vec![entry()];
    }
    let of = |key: &Personal| {
        let mut entry = entry();
        entry.patient_id = Some(key.clone());
        if let [view] = views {
            entry.detail = Some(format!("request {}", view.id));
        }
        entry
    };
    keys.into_iter().map(of).collect()
}

pub async fn look(
    connection: &mut Connection,
    caller: &Caller,
    request: ImageRequestId,
) -> Result<RequestView, Stop> {
    let action = Action::FollowRequest;
    let who = allowed_to(connection, caller, action).await?;
    let view = own(connection, &who, action, request, caller.at).await?;
    let views = [view];
    audit::append(connection, &shown(&who, &views, caller.at)).await?;
    let [view] = views;
    Ok(view)
}

pub async fn list(
    connection: &mut Connection,
    caller: &Caller,
    side: Side,
    stage: Stage,
    before: Option<&str>,
    limit: u32,
) -> Result<(Page<RequestView>, RequestCounts), Stop> {
    let who = allowed_to(connection, caller, Action::FollowRequest).await?;
    let own = who.member.organisation;
    let (at, last) = cursor(before)?;
    let [asked, received] = match stage {
        Stage::All => ALL,
        Stage::Waiting => WAITING,
        Stage::Answered => ANSWERED,
        Stage::Over => OVER,
    };
    let rows: Vec<Row> = sqlx::query_as(match side {
        Side::Asked => asked,
        Side::Received => received,
    })
    .bind(own.to_string())
    .bind(at)
    .bind(last)
    .bind(micros(caller.at))
    .bind(i64::from(limit) + 1)
    .fetch_all(&mut *connection)
    .await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = rows.len() > limit;
    let mut items = Vec::new();
    let mut next = None;
    for row in rows.into_iter().take(limit) {
        next = Some(format!("{}_{}", row.asked_at, row.id));
        items.push(read(row, own, caller.at)?);
    }
    let counts = counts(connection, own, caller.at).await?;
    audit::append(connection, &shown(&who, &items, caller.at)).await?;
    let next = next.filter(|_| is_more);
    Ok((Page { items, next }, counts))
}

pub async fn going(
    connection: &mut Connection,
    caller: &Caller,
    limit: u32,
) -> Result<(Vec<RequestGoing>, RequestCounts), Stop> {
    let who = looking(connection, caller, Action::FollowRequest).await?;
    let own = who.member.organisation;
    let mut going = Vec::new();
    for select in NEWEST {
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(select)
            .bind(own.to_string())
            .bind(i64::from(limit))
            .fetch_all(&mut *connection)
            .await?;
        for (request, state, expires, changed) in rows {
            going.push(RequestGoing {
                id: id(&request, "image_request.id")?,
                state: state_of(&state, expires, caller.at)?,
                changed: time(changed)?,
            });
        }
    }
    Ok((going, counts(connection, own, caller.at).await?))
}

async fn counts(
    connection: &mut Connection,
    own: OrganisationId,
    at: Timestamp,
) -> Result<RequestCounts, Fault> {
    let mut both = [WaitingCounts::default(); 2];
    for (select, counts) in COUNTS.into_iter().zip(&mut both) {
        let rows: Vec<(String, i64)> = sqlx::query_as(select)
            .bind(own.to_string())
            .bind(micros(at))
            .fetch_all(&mut *connection)
            .await?;
        for (state, count) in rows {
            match state.as_str() {
                "open" => counts.open = unsigned(count),
                _ => counts.being_handled = unsigned(count),
            }
        }
    }
    let [asked, received] = both;
    Ok(RequestCounts { asked, received })
}
