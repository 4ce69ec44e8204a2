//! Searching the own PACS: a line for each study, as the PACS gives them.

use super::json::{Patient, clock, date};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, directory::fields, refusal::Refused},
    problem::ProblemResponse,
};
use axum::{
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildbro_domain::{ErrorClass, Personal, matching::Described};
use bildbro_flow::{
    ports::portal::{Answer, Refusal},
    search::{Hit, Line, Search, Why},
};
use bildbro_wire::errand::{Find, FoundStudy};
use bytes::Bytes;
use futures::stream;
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// Most studies of one search.
const MOST: u32 = 500;

/// Longest text that is searched for, in characters: as DICOM's longest (LO, PN).
const LONGEST: usize = 64;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    patient_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    accession: String,
    /// First day, `YYYY-MM-DD`.
    #[serde(default)]
    from: String,
    /// Last day.
    #[serde(default)]
    until: String,
    #[serde(default)]
    modality: String,
}

impl Asked {
    fn read(&self) -> Answer<Find> {
        let line = fields::maybe_line;
        let find = Find {
            patient_id: Personal::new(line("patient_id", &self.patient_id, LONGEST)?),
            name: Personal::new(line("name", &self.name, LONGEST)?),
            accession: Personal::new(line("accession", &self.accession, LONGEST)?),
            from: day("from", &self.from)?,
            until: day("until", &self.until)?,
            modality: modality(&self.modality)?,
            most: MOST,
        };
        if find.patient_id.reveal().contains(['*', '?']) {
            return Err(Refusal::Invalid {
                field: "patient_id",
                why: "A number is written whole.",
            });
        }
        let texts = [&find.patient_id, &find.name, &find.accession];
        let is_empty = texts.iter().all(|text| is_wild(text.reveal()));
        if is_empty && find.from.is_empty() {
            return Err(Refusal::Invalid {
                field: "patient_id",
                why: "Give a number, a name, an accession number, or a first day.",
            });
        }
        Ok(find)
    }
}

/// It would match anything.
fn is_wild(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '*' | '?' | ' '))
}

fn day(field: &'static str, text: &str) -> Answer<String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let day: Date = text.parse().map_err(|_| Refusal::Invalid {
        field,
        why: "A day is written 2026-11-24.",
    })?;
    Ok(format!(
        "{:04}{:02}{:02}",
        day.year(),
        day.month(),
        day.day()
    ))
}

pub fn modality(text: &str) -> Answer<String> {
    let text = text.trim().to_uppercase();
    // CS, PS3.5 6.2.
    let is_code = text.len() <= 16
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_code {
        Ok(text)
    } else {
        Err(Refusal::Invalid {
            field: "modality",
            why: "A modality is a code such as CT.",
        })
    }
}

/// A line of the answer, `application/x-ndjson`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum SearchLine {
    Study {
        study: Box<FoundLine>,
    },
    /// A gateway, or one of its nodes, could not be asked.
    Problem {
        gateway: String,
        /// Empty: the gateway itself.
        node: String,
        /// `gateway_silent`, or why an image fails.
        failure: &'static str,
    },
    /// Always the last: without it, the line broke.
    End {
        studies: u64,
        /// There was more.
        cut: bool,
    },
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundLine {
    /// Names the study when it is shared; good for a day.
    found: String,
    gateway: String,
    node: String,
    patient: Patient,
    study_uid: String,
    accession: String,
    date: String,
    time: String,
    modalities: Vec<String>,
    description: String,
    institution: String,
    /// As the PACS counts.
    images: Option<u32>,
    series: Option<u32>,
    /// Images that the hub holds already.
    held: u64,
}

pub fn described(study: &FoundStudy) -> Described {
    Described {
        id: study.patient_id.clone(),
        issuer: study.patient_id_issuer.clone(),
        name: study.patient_name.clone(),
        birth_date: study.patient_birth_date.clone(),
        sex: study.patient_sex.clone(),
    }
}

fn found_line(hit: Hit, now: Timestamp) -> FoundLine {
    let Hit {
        study,
        gateway,
        held,
        sealed,
        ..
    } = hit;
    FoundLine {
        found: sealed,
        gateway,
        patient: Patient::of(&described(&study), now),
        study_uid: study.study_uid.to_string(),
        accession: study.accession.reveal().to_owned(),
        date: date(&study.study_date),
        time: clock(&study.study_time),
        modalities: study.modalities,
        description: study.description,
        institution: study.institution,
        images: study.images,
        series: study.series,
        held,
        node: study.node,
    }
}

fn line(line: Line, now: Timestamp) -> SearchLine {
    match line {
        Line::Study(hit) => SearchLine::Study {
            study: Box::new(found_line(*hit, now)),
        },
        Line::Problem { gateway, node, why } => SearchLine::Problem {
            gateway,
            node,
            failure: match why {
                Why::GatewaySilent => "gateway_silent",
                Why::Failure(failure) => failure.as_str(),
            },
        },
        Line::End { studies, cut } => SearchLine::End { studies, cut },
    }
}

pub fn searching(state: &HubState) -> Search {
    Search {
        portal: state.portal.clone(),
        vault: state.vault.clone(),
        clock: state.clock.clone(),
        wake: state.wake.clone(),
    }
}

/// `POST /api/searches`
pub async fn search(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<Asked>,
) -> Result<Response, Refused> {
    let find = asked.read()?;
    let now = caller.at;
    let lines = match searching(&state).begin(caller, find).await {
        Ok(lines) => lines,
        Err(Refusal::Over("no-gateway")) => return Err(no_gateway().into()),
        Err(refusal) => return Err(refusal.into()),
    };
    let bytes = stream::unfold(lines, move |mut lines| async move {
        let next = lines.recv().await?;
        let mut text = serde_json::to_string(&line(next, now)).unwrap_or_default();
        text.push('\n');
        Some((Ok::<_, Infallible>(Bytes::from(text)), lines))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy must hand lines on as they come.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

pub fn no_gateway() -> ProblemResponse {
    ProblemResponse::new(
        StatusCode::CONFLICT,
        "no-gateway",
        "Your organisation has no gateway",
        ErrorClass::Permanent,
    )
    .detail("An administrator adds one under Gateways.")
}
