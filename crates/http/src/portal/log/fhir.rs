//! The log as FHIR R4 AuditEvent: `GET …/AuditEvent`, and `POST …/_search` with a
//! form when a patient is named (FHIR R4 3.1.1.4; IHE ATNA ITI-81).
//!
//! Parameters: `date` (ge, gt, le, lt, eq; twice for a period), `agent` (a
//! member's id), `patient` (a number; by form only), `_count`. The `next` link
//! carries the whole search sealed, so that no number is in an address.

use crate::{
    HubState,
    portal::{caller::Caller, refusal::Refused},
    problem::ProblemResponse,
    service::ServiceCaller,
};
use axum::{
    extract::{Form, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use bildbro_domain::{MemberId, Personal};
use bildbro_flow::{
    audit_event,
    ports::portal::{
        Caller as Calling,
        log::{Found, PAGE, Search},
    },
};
use bildbro_wire::audit::fhir;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where people search, by their session, and machines, by their token.
const FOR_PEOPLE: &str = "/api/audit/fhir/AuditEvent";
const FOR_MACHINES: &str = "/fhir/AuditEvent";

/// What page tokens are sealed for.
const PLACE: &str = "audit-event-page";

const USUAL: u32 = 50;

type Parameters = Vec<(String, String)>;

pub async fn search(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refused> {
    no_patient(&parameters)?;
    answer(&state, By::Person(&caller), &parameters).await
}

pub async fn search_form(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Form(parameters): Form<Parameters>,
) -> Result<Response, Refused> {
    answer(&state, By::Person(&caller), &parameters).await
}

pub async fn search_as(
    State(state): State<HubState>,
    service: ServiceCaller,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refused> {
    no_patient(&parameters)?;
    answer(&state, By::Machine(&service.call), &parameters).await
}

pub async fn search_form_as(
    State(state): State<HubState>,
    service: ServiceCaller,
    Form(parameters): Form<Parameters>,
) -> Result<Response, Refused> {
    answer(&state, By::Machine(&service.call), &parameters).await
}

fn no_patient(parameters: &Parameters) -> Result<(), ProblemResponse> {
    let mut names = parameters.iter().map(|(name, _)| name);
    if names.any(|name| name.starts_with("patient")) {
        let why = "A patient's number is never in an address: send the search as a form to AuditEvent/_search.";
        return Err(ProblemResponse::unreadable(why));
    }
    Ok(())
}

/// Who searches.
#[derive(Clone, Copy)]
enum By<'a> {
    Person(&'a Calling),
    Machine(&'a Calling),
}

impl By<'_> {
    const fn path(self) -> &'static str {
        match self {
            Self::Person(_) => FOR_PEOPLE,
            Self::Machine(_) => FOR_MACHINES,
        }
    }
}

/// A search as it goes on. Sealed, so only we can have written it.
#[derive(Serialize, Deserialize, Default)]
struct Page {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    patient: Option<Personal>,
    agent: Option<MemberId>,
    count: Option<u32>,
    before: Option<u64>,
}

async fn answer(
    state: &HubState,
    by: By<'_>,
    parameters: &Parameters,
) -> Result<Response, Refused> {
    let mut page = Page::default();
    for (name, value) in parameters {
        page.take(state, name, value)?;
    }
    let search = Search {
        from: page.from,
        until: page.until,
        patient: page.patient.clone(),
        member: page.agent,
        before: page.before,
        most: page.count.unwrap_or(USUAL).clamp(1, PAGE),
        ..Search::default()
    };
    let found = match by {
        By::Person(caller) => state.portal.search_log(caller, &search).await?,
        By::Machine(machine) => state.portal.search_log_as(machine, &search).await?,
    };
    let bundle = bundle(state, by.path(), &page, &found);
    let media_type = [
        (header::CONTENT_TYPE, "application/fhir+json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((media_type, bundle.to_string()).into_response())
}

impl Page {
    fn take(&mut self, state: &HubState, name: &str, value: &str) -> Result<(), ProblemResponse> {
        let wrong = |why: &str| Err(ProblemResponse::unreadable(format!("{name}: {why}.")));
        match name {
            "date" => match Dates::read(value) {
                Some(Dates(from, until)) => {
                    self.from = self.from.max(from);
                    self.until = match (self.until, until) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
                None => return wrong("a day or a time, after ge, gt, le, lt or eq"),
            },
            "agent" => match value.parse() {
                Ok(agent) => self.agent = Some(agent),
                Err(_) => return wrong("a member's id"),
            },
            "patient" | "patient.identifier" => {
                // `system|value`: the number says by its form what it is.
                let number = value.rsplit('|').next().unwrap_or_default();
                self.patient = Some(Personal::new(number));
            }
            "_count" => match value.parse() {
                Ok(count) => self.count = Some(count),
                Err(_) => return wrong("a number"),
            },
            "page" => match state.vault.open(PLACE, &from_address(value)) {
                Ok(page) => *self = page,
                Err(_) => return wrong("as it was in the link before"),
            },
            // R4 3.1.1.2: what is not known may be passed over, but an auditor
            // must not take all for some.
            _ => return wrong("not known here"),
        }
        Ok(())
    }

    fn link(&self, state: &HubState, path: &str) -> String {
        let sealed = in_address(&state.vault.seal(PLACE, self));
        format!("{}{path}?page={sealed}", state.public_url)
    }
}

fn bundle(state: &HubState, path: &str, page: &Page, found: &Found) -> Value {
    let source = state.public_url.split("://").last().unwrap_or_default();
    let entries = found.lines.iter().map(|line| {
        let event = audit_event::event(line.sequence, &line.entry, &found.names, source);
        json!({
            "fullUrl": format!("urn:uuid:{}", event.id),
            "resource": fhir::resource(&event),
            "search": { "mode": "match" },
        })
    });
    let entries: Vec<Value> = entries.collect();
    let mut links = vec![json!({ "relation": "self", "url": page.link(state, path) })];
    if let Some(next) = found.next {
        let next = Page {
            before: Some(next),
            patient: page.patient.clone(),
            ..*page
        };
        links.push(json!({ "relation": "next", "url": next.link(state, path) }));
    }
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "link": links });
    // FHIR has no empty lists.
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    bundle
}

/// Base64 with letters that an address takes as they are (RFC 4648 5).
fn in_address(base64: &str) -> String {
    let text = base64.trim_end_matches('=');
    text.replace('+', "-").replace('/', "_")
}

fn from_address(text: &str) -> String {
    let mut base64 = text.replace('-', "+").replace('_', "/");
    while !base64.len().is_multiple_of(4) {
        base64.push('=');
    }
    base64
}

/// From, and before then.
#[derive(Debug, PartialEq, Eq)]
struct Dates(Option<Timestamp>, Option<Timestamp>);

impl Dates {
    /// FHIR R4 3.1.1.4.7. Days are UTC's.
    fn read(value: &str) -> Option<Self> {
        let (prefix, rest) = match value.get(..2) {
            Some(prefix @ ("ge" | "gt" | "le" | "lt" | "eq")) => (prefix, value.get(2..)?),
            _ => ("eq", value),
        };
        let (start, end) = match rest.parse::<Timestamp>() {
            // A time given in seconds is the whole second.
            Ok(at) => (at, at.checked_add(Span::new().seconds(1)).ok()?),
            Err(_) if rest.len() == 10 => {
                let day: Date = rest.parse().ok()?;
                let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
                (midnight(day).ok()?, midnight(day.tomorrow().ok()?).ok()?)
            }
            Err(_) => return None,
        };
        Some(match prefix {
            "ge" => Self(Some(start), None),
            "gt" => Self(Some(end), None),
            "le" => Self(None, Some(end)),
            "lt" => Self(None, Some(start)),
            _ => Self(Some(start), Some(end)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_fhir_says() {
        let at = |text: &str| Some(text.parse().unwrap());
        let (day, next) = (at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
        for (text, from, until) in [
            ("2026-03-02", day, next),
            ("eq2026-03-02", day, next),
            ("ge2026-03-02", day, None),
            ("gt2026-03-02", next, None),
            ("le2026-03-02", None, next),
            ("lt2026-03-02", None, day),
            ("ge2026-03-02T01:00:00+01:00", day, None),
            ("gt2026-03-01T23:59:59Z", day, None),
        ] {
            assert_eq!(Dates::read(text), Some(Dates(from, until)), "{text}");
        }
        for wrong in ["", "ge", "2026", "ne2026-03-02", "2026-02-30", "é026-03-02"] {
            assert_eq!(Dates::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sealed_pages_survive_an_address() {
        for base64 in ["ab+/", "abc=", "ab==", "abcd"] {
            assert_eq!(from_address(&in_address(base64)), base64);
        }
    }
}
