//! Spot checks: drawing, reviewing, reporting; and who is looked after.

use super::{
    attachment, invalid,
    json::{EntryJson, NamedJson, patient},
    word,
};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
    problem::ProblemResponse,
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use bildbro_domain::{
    Personal,
    audit::spot_check::{Assessment, Rule},
};
use bildbro_flow::{
    audit_event::Names,
    ports::portal::log::{Draw, Drawn, DrawnLine, SpotCheck},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, JsonSchema)]
pub struct Checks {
    items: Vec<CheckJson>,
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct CheckJson {
    id: Uuid,
    rule: &'static str,
    from: Timestamp,
    until: Timestamp,
    drawn_at: Timestamp,
    drawn_by: NamedJson,
    /// How many entries the rule found, and how many of them were drawn.
    found: u64,
    size: u32,
    reviewed: u64,
    unjustified: u64,
    closed_at: Option<Timestamp>,
}

impl CheckJson {
    fn of(check: &SpotCheck) -> Self {
        let mut names = Names::default();
        let named = bildbro_flow::audit_event::Named {
            name: check.drawn_by_name.clone(),
            hsa_id: None,
        };
        names.0.insert(check.drawn_by.0, named);
        Self {
            id: check.id,
            rule: check.draw.rule.as_str(),
            from: check.draw.from,
            until: check.draw.until,
            drawn_at: check.drawn_at,
            drawn_by: NamedJson::of(check.drawn_by.0, &names),
            found: check.found,
            size: check.draw.size,
            reviewed: check.reviewed,
            unjustified: check.unjustified,
            closed_at: check.closed_at,
        }
    }
}

pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Checks>, Refused> {
    let all = state.portal.spot_checks(&caller).await?;
    let items = all.iter().map(CheckJson::of).collect();
    Ok(Json(Checks { items, next: None }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawJson {
    /// `random`, `same_surname`, `colleague`, `vip`, `own_record`,
    /// `out_of_hours` or `no_relation`.
    rule: String,
    from: Timestamp,
    until: Timestamp,
    /// 1 to 200.
    size: u32,
}

#[derive(Serialize, JsonSchema)]
pub struct DrawnId {
    id: Uuid,
}

pub async fn draw(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<DrawJson>,
) -> Result<(StatusCode, Json<DrawnId>), Refused> {
    let rule = word(Some(&asked.rule), Rule::parse, "rule")?;
    let draw = Draw {
        rule: rule.ok_or_else(|| invalid("rule", "no such word"))?,
        from: asked.from,
        until: asked.until,
        size: asked.size,
    };
    let id = state
        .portal
        .draw_spot_check(&caller, draw, rand::random())
        .await?;
    Ok((StatusCode::CREATED, Json(DrawnId { id })))
}

#[derive(Serialize, JsonSchema)]
pub struct DrawnJson {
    #[serde(flatten)]
    check: CheckJson,
    entries: Vec<DrawnEntry>,
}

#[derive(Serialize, JsonSchema)]
struct DrawnEntry {
    sequence: u64,
    why: String,
    entry: EntryJson,
    assessment: Option<&'static str>,
    comment: String,
    reviewed_by: Option<NamedJson>,
    reviewed_at: Option<Timestamp>,
}

impl DrawnEntry {
    fn of(drawn: &DrawnLine, names: &Names, whole: bool) -> Self {
        let reviewer = drawn.reviewed_by.as_ref().map(|(id, name)| {
            let named = bildbro_flow::audit_event::Named {
                name: name.clone(),
                hsa_id: None,
            };
            NamedJson::of(id.0, &Names([(id.0, named)].into()))
        });
        Self {
            sequence: drawn.line.sequence,
            why: drawn.why.clone(),
            entry: EntryJson::of(&drawn.line, names, whole),
            assessment: drawn.assessment.map(Assessment::as_str),
            comment: drawn.comment.reveal().to_owned(),
            reviewed_by: reviewer,
            reviewed_at: drawn.reviewed_at,
        }
    }
}

pub async fn open(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<DrawnJson>, Refused> {
    let drawn = state.portal.spot_check(&caller, read(&id)?).await?;
    let lines = drawn.lines.iter();
    Ok(Json(DrawnJson {
        check: CheckJson::of(&drawn.check),
        entries: lines
            .map(|line| DrawnEntry::of(line, &drawn.names, drawn.whole_numbers))
            .collect(),
    }))
}

/// What is no id is nothing's id.
fn read(id: &str) -> Result<Uuid, Refused> {
    id.parse().map_err(|_| ProblemResponse::not_found().into())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictJson {
    /// `justified`, `unclear` or `unjustified`.
    assessment: String,
    #[serde(default)]
    comment: String,
}

pub async fn assess(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path((id, sequence)): Path<(String, String)>,
    Message(verdict): Message<VerdictJson>,
) -> Result<StatusCode, Refused> {
    let sequence = sequence.parse().map_err(|_| ProblemResponse::not_found())?;
    let assessment = Assessment::parse(&verdict.assessment)
        .ok_or_else(|| invalid("assessment", "no such word"))?;
    let comment = Personal::new(verdict.comment);
    state
        .portal
        .assess(&caller, read(&id)?, sequence, assessment, comment)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn close(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    state.portal.close_spot_check(&caller, read(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct Format {
    format: Option<String>,
}

pub async fn report(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(asked): Query<Format>,
) -> Result<Response, Refused> {
    if asked.format.is_some_and(|format| format != "csv") {
        return Err(invalid("format", "a report comes as csv"));
    }
    let drawn = state.portal.spot_check(&caller, read(&id)?).await?;
    let name = format!("spot-check-{}.csv", drawn.check.id);
    Ok(attachment("text/csv; charset=utf-8", &name, table(&drawn)))
}

fn table(drawn: &Drawn) -> Vec<u8> {
    const HEADER: [&str; 12] = [
        "sequence",
        "at",
        "action",
        "outcome",
        "member",
        "unit",
        "patient",
        "why",
        "assessment",
        "comment",
        "reviewed_by",
        "reviewed_at",
    ];
    let rows = drawn.lines.iter().map(|line| {
        let entry = &line.line.entry;
        let member = match &entry.actor {
            bildbro_domain::audit::Actor::Member { name, .. } => name.reveal(),
            _ => "",
        };
        let unit = entry.unit.and_then(|id| drawn.names.name(id.0));
        let shown = EntryJson::of(&line.line, &drawn.names, drawn.whole_numbers);
        vec![
            line.line.sequence.to_string(),
            entry.at.to_string(),
            entry.action.as_str().to_owned(),
            shown.outcome().to_owned(),
            member.to_owned(),
            unit.unwrap_or_default().to_owned(),
            patient(entry, drawn.whole_numbers).unwrap_or_default(),
            line.why.clone(),
            line.assessment
                .map_or_else(String::new, |it| it.as_str().to_owned()),
            line.comment.reveal().to_owned(),
            line.reviewed_by
                .as_ref()
                .map_or_else(String::new, |(_, name)| name.reveal().to_owned()),
            line.reviewed_at
                .map_or_else(String::new, |at| at.to_string()),
        ]
    });
    bildbro_print::sheet(&HEADER, rows)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientJson {
    patient_id: String,
}

#[derive(Serialize, JsonSchema)]
pub struct WatchedList {
    items: Vec<WatchedJson>,
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct WatchedJson {
    /// Whole for who may search the log, else masked.
    patient_id: String,
    added_by: String,
    added_at: Timestamp,
}

pub async fn watched(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<WatchedList>, Refused> {
    let all = state.portal.watched_patients(&caller).await?;
    let items = all.into_iter().map(|one| WatchedJson {
        patient_id: one.patient.reveal().to_owned(),
        added_by: one.added_by.reveal().to_owned(),
        added_at: one.added_at,
    });
    let items = items.collect();
    Ok(Json(WatchedList { items, next: None }))
}

pub async fn watch(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<PatientJson>,
) -> Result<StatusCode, Refused> {
    let patient = Personal::new(asked.patient_id);
    state.portal.watch_patient(&caller, &patient).await?;
    Ok(StatusCode::CREATED)
}

pub async fn unwatch(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<PatientJson>,
) -> Result<StatusCode, Refused> {
    let patient = Personal::new(asked.patient_id);
    state.portal.unwatch_patient(&caller, &patient).await?;
    Ok(StatusCode::NO_CONTENT)
}
