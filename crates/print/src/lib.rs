//! Documents for people: the extract of the access log that a patient has a
//! right to, as PDF ([`patient_extract`]) and as CSV ([`csv`]).
//!
//! Patientdatalagen (2008:355) 8 kap. 5 §: a care provider shall on the
//! patient's request say what direct access and electronic access there has been
//! to the patient's data. HSLF-FS 2016:40 4 kap. 10 § says how: so clear that
//! the patient can judge whether it was justified; which care unit, and when.
//!
//! Invariants: nothing is fetched (fonts are in the program); the same extract
//! gives the same bytes; each character is drawn, or a box where the font
//! lacks it; time and size grow with the rows, not faster.
//!
//! What this crate deliberately does not do: it chooses no rows, knows no log,
//! and has no templates; words are in [`words`].

mod face;
mod page;
mod pdf;
mod table;
mod words;

pub use pdf::{PrintError, patient_extract};
pub use table::{csv, sheet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The language of headings; texts of rows come as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Swedish,
    English,
}

/// Who has read one patient's data, for the patient.
#[derive(Clone, PartialEq, Eq)]
pub struct Extract {
    pub language: Language,
    /// The care provider that answers for the log.
    pub care_provider: String,
    /// Its HSA-id or organisation number.
    pub care_provider_id: Option<String>,
    pub patient_id: String,
    pub patient_name: Option<String>,
    /// First and last day.
    pub period: (Date, Date),
    pub drawn_up: Timestamp,
    pub drawn_up_by: String,
    /// For every time of day in it.
    pub zone: TimeZone,
    /// Whether who did it is told. The law demands the care unit; the name is
    /// for the care provider to choose, save where public access to documents
    /// demands it.
    pub with_names: bool,
    pub rows: Vec<Row>,
}

/// One access.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    pub at: Timestamp,
    pub care_unit: String,
    /// What was done, in the extract's language.
    pub activity: String,
    /// Why: purpose, emergency.
    pub reason: String,
    pub by: Option<String>,
}

impl Extract {
    /// Headings of the columns, and each row's cells.
    fn columns(&self) -> Vec<&'static str> {
        let words = words::of(self.language);
        let mut columns = vec![words.at, words.care_unit, words.activity, words.reason];
        if self.with_names {
            columns.push(words.by);
        }
        columns
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let mut cells = vec![
            self.time(row.at),
            row.care_unit.clone(),
            row.activity.clone(),
            row.reason.clone(),
        ];
        if self.with_names {
            cells.push(row.by.clone().unwrap_or_default());
        }
        cells
    }

    fn time(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
