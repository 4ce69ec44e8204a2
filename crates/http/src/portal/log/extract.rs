//! The extract that a patient has a right to, on paper or as a table
//! (patientdatalagen 8 kap. 5 §; HSLF-FS 2016:40 4 kap. 10 §).

use super::{attachment, filled, invalid};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
    problem::ProblemResponse,
};
use axum::{extract::State, response::Response};
use bildbro_domain::{
    audit::{Action, Actor, Entry, spot_check::sweden},
    share::Purpose,
};
use bildbro_flow::{
    audit_event::is_emergency,
    ports::portal::log::{Accesses, ExtractWish, Line},
};
use bildbro_print::{Extract, Language, Row, csv, patient_extract};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractJson {
    patient_id: String,
    from: Option<Timestamp>,
    /// Before then.
    until: Option<Timestamp>,
    /// `pdf` or `csv`.
    format: String,
    /// `sv` or `en`.
    language: String,
    /// A second member's approval, where the organisation wants one.
    approval_id: Option<uuid::Uuid>,
}

pub async fn extract(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(asked): Message<ExtractJson>,
) -> Result<Response, Refused> {
    let pdf = match asked.format.as_str() {
        "pdf" => true,
        "csv" => false,
        _ => return Err(invalid("format", "it is pdf or csv")),
    };
    let language = match asked.language.as_str() {
        "sv" => Language::Swedish,
        "en" => Language::English,
        _ => return Err(invalid("language", "it is sv or en")),
    };
    let wish = ExtractWish {
        patient: filled(Some(asked.patient_id))
            .ok_or_else(|| invalid("patient_id", "it is no patient's number"))?,
        from: asked.from,
        until: asked.until,
        approval: asked.approval_id,
    };
    let accesses = state.portal.extract_log(&caller, &wish).await?;
    let extract = document(accesses, &wish, language, caller.at);
    let made = tokio::task::spawn_blocking(move || {
        if pdf {
            patient_extract(&extract).map_err(|error| error.to_string())
        } else {
            Ok(csv(&extract))
        }
    });
    let bytes = match made.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            tracing::error!(error, "extract.failed");
            return Err(ProblemResponse::internal().into());
        }
        Err(_) => return Err(ProblemResponse::internal().into()),
    };
    // The name of the file says nothing of the patient.
    Ok(if pdf {
        attachment("application/pdf", "extract.pdf", bytes)
    } else {
        attachment("text/csv; charset=utf-8", "extract.csv", bytes)
    })
}

fn document(
    accesses: Accesses,
    wish: &ExtractWish,
    language: Language,
    drawn_up: Timestamp,
) -> Extract {
    let words = Words { language };
    let zone = sweden();
    let day = |at: Timestamp| -> Date { at.to_zoned(zone.clone()).date() };
    let first = wish.from.or(accesses.lines.first().map(|l| l.entry.at));
    let last = wish.until.map(|until| {
        let before = until.checked_sub(jiff::SignedDuration::from_micros(1));
        before.unwrap_or(until)
    });
    let rows = accesses.lines.iter().map(|l| row(l, &accesses, words));
    let own = accesses.organisation;
    let patient = accesses.patient.personnummer().map_or_else(
        || accesses.patient.reveal().to_owned(),
        |digits| format!("{}-{}", &digits[..8], &digits[8..]),
    );
    Extract {
        language,
        care_provider: accesses.names.name(own.0).unwrap_or_default().to_owned(),
        care_provider_id: accesses.organisation_number.clone(),
        patient_id: patient,
        patient_name: accesses
            .patient_name
            .as_ref()
            .map(|name| spoken(name.reveal())),
        period: (
            day(first.unwrap_or(drawn_up)),
            day(last.unwrap_or(drawn_up)),
        ),
        drawn_up,
        drawn_up_by: accesses.drawn_up_by.reveal().to_owned(),
        zone: zone.clone(),
        with_names: accesses.names_staff,
        rows: rows.collect(),
    }
}

/// A DICOM name as it is said: given name first.
fn spoken(name: &str) -> String {
    let alphabetic = name.split('=').next().unwrap_or_default();
    let mut parts = alphabetic.split('^');
    let family = parts.next().unwrap_or_default();
    let given = parts.next().unwrap_or_default();
    format!("{given} {family}").trim().to_owned()
}

fn row(line: &Line, accesses: &Accesses, words: Words) -> Row {
    let entry = &line.entry;
    let name = |id: uuid::Uuid| accesses.names.name(id).map(str::to_owned);
    let unit = entry.unit.and_then(|id| name(id.0));
    let organisation = entry.organisation.and_then(|id| name(id.0));
    let is_own = entry.organisation == Some(accesses.organisation);
    // Another provider's unit says little without the provider.
    let care_unit = match (unit, organisation) {
        (Some(unit), Some(organisation)) if !is_own => format!("{organisation}, {unit}"),
        (unit, organisation) => unit.or(organisation).unwrap_or_default(),
    };
    let by = match &entry.actor {
        Actor::Member { name, .. } if is_own => Some(name.reveal().to_owned()),
        Actor::Member { .. } | Actor::Operator { .. } => None,
        _ => Some(words.say("Automatiskt", "Automatic").to_owned()),
    };
    Row {
        at: entry.at,
        care_unit,
        activity: words.activity(entry, entry.counterpart.and_then(|id| name(id.0))),
        reason: words.reason(entry),
        by: by.filter(|by| !by.is_empty() && accesses.names_staff),
    }
}

#[derive(Clone, Copy)]
struct Words {
    language: Language,
}

impl Words {
    const fn say(self, swedish: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Swedish => swedish,
            Language::English => english,
        }
    }

    /// What was done, as a patient understands it.
    fn activity(self, entry: &Entry, counterpart: Option<String>) -> String {
        let with = counterpart.map(|name| match entry.action {
            Action::Share => (format!(" med {name}"), format!(" with {name}")),
            Action::AnswerRequest => (format!(" åt {name}"), format!(" for {name}")),
            _ => (format!(" från {name}"), format!(" from {name}")),
        });
        let (swedish, english) = match entry.action {
            Action::Share => ("Bilder delades", "Images were shared"),
            Action::Decide => ("Bilder hämtades", "Images were fetched"),
            Action::Deliver => ("Bilder togs emot", "Images were received"),
            Action::Search => ("Undersökningar söktes fram", "Studies were searched for"),
            Action::Fetch => (
                "Bilder hämtades ur bildarkivet",
                "Images were read from the archive",
            ),
            Action::View => ("Bilder öppnades", "Images were opened"),
            Action::Download => (
                "Bilder togs ut som kopia",
                "Images were taken out as a copy",
            ),
            Action::AskImages => ("Bilder begärdes", "Images were asked for"),
            Action::AnswerRequest => (
                "En begäran om bilder hanterades",
                "A request for images was handled",
            ),
            Action::EmergencyAccess => (
                "Åtkomst öppnades i en nödsituation",
                "Access was opened in an emergency",
            ),
            other => (other.as_str(), other.as_str()),
        };
        let with = with.map(|(swedish, english)| match self.language {
            Language::Swedish => swedish,
            Language::English => english,
        });
        format!("{}{}", self.say(swedish, english), with.unwrap_or_default())
    }

    fn reason(self, entry: &Entry) -> String {
        let emergency = is_emergency(entry).then(|| {
            self.say(
                "Fara för patientens liv eller hälsa",
                "Danger to the patient's life or health",
            )
        });
        let purpose = entry.purpose.map(|purpose| match purpose {
            Purpose::Care => self.say("Vård och behandling", "Care and treatment"),
            Purpose::SecondOpinion => self.say("Ny medicinsk bedömning", "Second opinion"),
            Purpose::BeforeSurgery => self.say("Inför operation", "Before surgery"),
            Purpose::Conference => self.say("Rond eller konferens", "Round or conference"),
            Purpose::PatientRequest => {
                self.say("På patientens begäran", "At the patient's request")
            }
            Purpose::Insurance => self.say("Försäkringsärende", "Insurance matter"),
            Purpose::Other => self.say("Annat ändamål", "Another purpose"),
        });
        let both: Vec<_> = purpose.into_iter().chain(emergency).collect();
        both.join("; ")
    }
}
