//! A search for studies as a person writes it, made into what PACS take.
//!
//! PACS match what they store, letter by letter: one has a personnummer with
//! its century and a hyphen, another without; one keeps names in capitals, and
//! only a few know that Öberg is also written Oberg. So one search is several
//! queries, each a little wider than what is wanted, and what comes is looked
//! through here ([`Search::fits`]).
//!
//! A search that has nothing to look for asks nothing: a PACS would answer
//! with all that it has.

mod name;

use crate::{
    Tag,
    identifier::{Identifier, matches},
    tag,
};
use bildbro_domain::patient::{PatientKey, personnummer};
use jiff::civil::Date;
use name::Name;

/// What a person wrote; an empty text matches everything. `*` and `?` are
/// wildcards, if the person wants them.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// A personnummer in any of its forms, or a local number.
    pub patient_id: &'a str,
    /// Family name, given names or both, in any order and case.
    pub name: &'a str,
    pub accession: &'a str,
    /// `YYYYMMDD`, first and last day.
    pub from: &'a str,
    pub until: &'a str,
    /// A modality's code.
    pub modality: &'a str,
}

/// What is asked for of every study: required and unique keys first, then what
/// a PACS may not know (PS3.4 C.6.2.1.2).
const REQUIRED: [Tag; 7] = [
    tag::STUDY_DATE,
    tag::STUDY_TIME,
    tag::ACCESSION_NUMBER,
    tag::PATIENT_NAME,
    tag::PATIENT_ID,
    tag::STUDY_INSTANCE_UID,
    tag::QUERY_RETRIEVE_LEVEL,
];
const OPTIONAL: [Tag; 8] = [
    tag::MODALITIES_IN_STUDY,
    tag::INSTITUTION_NAME,
    tag::STUDY_DESCRIPTION,
    tag::ISSUER_OF_PATIENT_ID,
    tag::PATIENT_BIRTH_DATE,
    tag::PATIENT_SEX,
    tag::NUMBER_OF_STUDY_RELATED_SERIES,
    tag::NUMBER_OF_STUDY_RELATED_INSTANCES,
];

/// A search, ready to be asked and to look through the answers. No `Debug`:
/// it is personal data.
pub struct Search {
    /// Nothing can match: there is nothing to look for, or nothing that could
    /// be written in a query.
    nothing: bool,
    patient_id: Number,
    name: Option<Name>,
    accession: String,
    /// As a range of dates.
    days: String,
    modality: String,
    today: Date,
}

enum Number {
    Any,
    /// The forms in which PACS store it, and what they have in common.
    Personnummer(Vec<String>, PatientKey),
    Other(String),
}

impl Search {
    /// `today` tells which century a number of ten digits means.
    #[must_use]
    pub fn new(asked: &Asked<'_>, today: Date) -> Self {
        let texts = [
            asked.patient_id,
            asked.name,
            asked.accession,
            asked.from,
            asked.until,
            asked.modality,
        ];
        let name = Name::new(asked.name);
        let days = days(asked.from, asked.until);
        let accession = clean(asked.accession);
        let modality = clean(asked.modality).to_uppercase();
        let patient_id = Number::new(asked.patient_id, today);
        // What was written, but holds nothing that could be asked for, must not
        // become a key that matches everything.
        let lost = [
            (asked.patient_id, matches!(patient_id, Number::Any)),
            (asked.name, name.is_none()),
            (asked.accession, accession.is_empty()),
            (asked.modality, modality.is_empty()),
        ];
        let lost = lost.iter().any(|(text, empty)| !text.is_empty() && *empty);
        let empty = texts.iter().all(|text| text.is_empty());
        Self {
            nothing: empty || lost || days.is_none(),
            patient_id,
            name,
            accession,
            days: days.unwrap_or_default(),
            modality,
            today,
        }
    }

    /// The queries, at study level, to be asked one after another. A study may
    /// be in the answers to several.
    #[must_use]
    pub fn queries(&self) -> Vec<Identifier> {
        if self.nothing {
            return Vec::new();
        }
        let numbers = match &self.patient_id {
            Number::Any => vec![String::new()],
            Number::Personnummer(forms, _) => forms.clone(),
            Number::Other(number) => vec![number.clone()],
        };
        let names = match &self.name {
            None => vec![String::new()],
            // The number alone says who it is; what is called otherwise is
            // left out of the answers.
            Some(_) if matches!(self.patient_id, Number::Personnummer(..)) => vec![String::new()],
            Some(name) => name.patterns(),
        };
        let mut queries = Vec::new();
        for number in &numbers {
            for name in &names {
                let mut query = Identifier::new();
                for tag in REQUIRED.into_iter().chain(OPTIONAL) {
                    query.set(tag, "");
                }
                query.set(tag::QUERY_RETRIEVE_LEVEL, "STUDY");
                query.set(tag::PATIENT_ID, number);
                query.set(tag::PATIENT_NAME, name);
                query.set(tag::ACCESSION_NUMBER, &self.accession);
                query.set(tag::STUDY_DATE, &self.days);
                query.set(tag::MODALITIES_IN_STUDY, &self.modality);
                queries.push(query);
            }
        }
        queries
    }

    /// Whether the answer leaves open if it is wanted: the modality counts, and
    /// the PACS does not say.
    #[must_use]
    pub fn leaves_open(&self, study: &Identifier) -> bool {
        let modalities = study.get(tag::MODALITIES_IN_STUDY).unwrap_or_default();
        !self.modality.is_empty() && modalities.trim().is_empty()
    }

    /// Whether a study that a PACS answered with is wanted: queries are wider
    /// than the search, and a PACS may pass over keys that it does not know.
    #[must_use]
    pub fn fits(&self, study: &Identifier) -> bool {
        let value = |tag| study.get(tag).unwrap_or_default();
        // A PACS that does not say is believed.
        let agrees = |tag, key: &str| {
            let value = value(tag).to_uppercase();
            value.is_empty() || matches(tag, &key.to_uppercase(), &value)
        };
        let modalities = value(tag::MODALITIES_IN_STUDY);
        !self.nothing
            && self.patient_id.fits(value(tag::PATIENT_ID), self.today)
            && self
                .name
                .as_ref()
                .is_none_or(|name| name.fits(value(tag::PATIENT_NAME)))
            && agrees(tag::ACCESSION_NUMBER, &self.accession)
            && agrees(tag::STUDY_DATE, &self.days)
            && (modalities.trim().is_empty()
                || matches(
                    tag::MODALITIES_IN_STUDY,
                    &self.modality,
                    &modalities.to_uppercase(),
                ))
    }
}

/// A query with only the keys that every PACS must know, and those that have a
/// value: for a PACS that refuses the others.
#[must_use]
pub fn without_optional(query: &Identifier) -> Identifier {
    let mut plain = Identifier::new();
    for (tag, value) in query.iter() {
        if REQUIRED.contains(&tag) || !value.is_empty() {
            plain.set(tag, value);
        }
    }
    plain
}

impl Number {
    fn new(text: &str, today: Date) -> Self {
        let compact: String = text.split_whitespace().collect();
        let key = PatientKey::of(&compact, "", today);
        if let (Some(key), Some(twelve)) = (key, personnummer(&compact, today)) {
            return Self::Personnummer(forms(&twelve, &key, today), key);
        }
        match clean(text) {
            text if text.is_empty() => Self::Any,
            text => Self::Other(text),
        }
    }

    fn fits(&self, id: &str, today: Date) -> bool {
        match self {
            Self::Any => true,
            Self::Personnummer(_, key) => PatientKey::of(id, "", today).as_ref() == Some(key),
            Self::Other(wanted) => matches(
                tag::PATIENT_ID,
                &wanted.to_uppercase(),
                &id.trim().to_uppercase(),
            ),
        }
    }
}

/// The ways in which PACS store a personnummer, as far as they mean the same
/// person: without the century that is the younger of two, and with `+` the
/// one over a hundred years old.
fn forms(twelve: &str, key: &PatientKey, today: Date) -> Vec<String> {
    let (date, last) = twelve.split_at(8);
    let (_, short) = date.split_at(2);
    let forms = [
        twelve.to_owned(),
        format!("{date}-{last}"),
        format!("{short}-{last}"),
        format!("{short}{last}"),
        format!("{short}+{last}"),
    ];
    let same = |form: &String| PatientKey::of(form, "", today).as_ref() == Some(key);
    forms.into_iter().filter(same).collect()
}

/// A range of days (PS3.4 C.2.2.2.5); `None` when a text is no day.
fn days(from: &str, until: &str) -> Option<String> {
    let is_day =
        |text: &str| text.is_empty() || (text.len() == 8 && Date::strptime("%Y%m%d", text).is_ok());
    if !is_day(from) || !is_day(until) {
        return None;
    }
    Some(match (from, until) {
        (from, until) if from == until => from.to_owned(),
        (from, until) => format!("{from}-{until}"),
    })
}

/// Without what has a meaning of its own in a query or a data set: a backslash
/// would make two keys of it (PS3.4 C.2.2.2.8), a control character switch its
/// character set.
fn clean(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_control() || c == '\\' { ' ' } else { c }
    };
    let text: String = text.chars().map(harmless).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests;
