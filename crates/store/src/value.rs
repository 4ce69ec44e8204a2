//! Values between Rust and the columns. What comes out of the database is
//! checked like anything else.

use crate::fault::Fault;
use bildbro_domain::PatientKey;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;

pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub fn time(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros).map_err(|_| Fault::Unreadable("a time"))
}

pub fn maybe_time(micros: Option<i64>) -> Result<Option<Timestamp>, Fault> {
    micros.map(time).transpose()
}

/// A count or a length as stored.
pub fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored count; none is ever below nothing.
pub fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// An id or a digest.
pub fn id<T: FromStr>(text: &str, column: &'static str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::Unreadable(column))
}

/// A UID or an AE title.
pub fn name<T: TryFrom<String>>(text: String, column: &'static str) -> Result<T, Fault> {
    T::try_from(text).map_err(|_| Fault::Unreadable(column))
}

/// A word of an enumeration, by its `parse`.
pub fn word<T>(parsed: Option<T>, column: &'static str) -> Result<T, Fault> {
    parsed.ok_or(Fault::Unreadable(column))
}

pub fn to_json<T: Serialize>(value: &T, what: &'static str) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Json(what, error))
}

pub fn from_json<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, Fault> {
    // The parser's words could quote the text, which is personal.
    serde_json::from_str(text).map_err(|_| Fault::Unreadable(column))
}

/// The patient as compared; empty when there is no number.
pub fn patient_key(id: &str, issuer: &str, at: Timestamp) -> String {
    let today = at.to_zoned(TimeZone::UTC).date();
    PatientKey::of(&plain(id), &plain(issuer), today)
        .map_or_else(String::new, |key| key.reveal().to_owned())
}

/// A peer's text as a database holds it: PostgreSQL knows no character zero.
pub fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// A peer's text, cut to at most `most` characters.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(most).collect()
}
