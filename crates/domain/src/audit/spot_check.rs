//! Rules by which entries are picked for a closer look: who may have looked at
//! what they had no reason to. A hit is no verdict; a person assesses it.
//!
//! Systematic and recurrent checks are the care provider's duty
//! (patientdatalagen 4 kap. 3 §, HSLF-FS 2016:40 4 kap. 9 §).

use crate::words::words;
use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

words!(
    /// What is looked for.
    Rule {
        /// Nothing: a sample of all.
        Random = "random",
        /// The member has the patient's family name.
        SameSurname = "same_surname",
        /// The patient works in the organisation too.
        Colleague = "colleague",
        /// The organisation wants the patient looked after.
        Vip = "vip",
        /// The member is the patient.
        OwnRecord = "own_record",
        /// Before six, after eight in the evening, or at a weekend.
        OutOfHours = "out_of_hours",
        /// Nothing was sent to or by the organisation for the patient in the
        /// thirty days before or after.
        NoRelation = "no_relation",
    }
);

words!(
    /// What a reviewer found.
    Assessment {
        Justified = "justified",
        Unclear = "unclear",
        Unjustified = "unjustified",
    }
);

impl Rule {
    /// Why an entry was found, for the reviewer.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Random => "drawn at random",
            Self::SameSurname => "the member has the patient's family name",
            Self::Colleague => "the patient is a member of the organisation",
            Self::Vip => "the patient is on the list of those to look after",
            Self::OwnRecord => "the member is the patient",
            Self::OutOfHours => "before 06, after 20, or at a weekend",
            Self::NoRelation => {
                "nothing was sent to or by the organisation for the patient within 30 days"
            }
        }
    }
}

/// Whether a member's name ends in the patient's family name: without regard to
/// case and diacritics. `patient` is a DICOM name (PS3.5 6.2.1.1), whose first
/// component is the family name.
#[must_use]
pub fn same_surname(member: &str, patient: &str) -> bool {
    let family = patient.split(['^', '=']).next().unwrap_or_default();
    let family = bare(family);
    // "Anna von Essen" ends in "von Essen"; "Essen, Anna" begins with it.
    let (surname, is_whole) = match member.split_once(',') {
        Some((surname, _)) => (surname, true),
        None => (member, false),
    };
    let surname = bare(surname);
    !family.is_empty()
        && (surname == family
            || (!is_whole
                && surname
                    .strip_suffix(&family)
                    .is_some_and(|before| before.ends_with(' '))))
}

/// Lower case, without marks, words one space apart.
fn bare(name: &str) -> String {
    let name: String = name.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let words: Vec<_> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Swedish time. By its rule where the system has no table of time zones.
#[must_use]
pub fn sweden() -> TimeZone {
    TimeZone::get("Europe/Stockholm")
        .or_else(|_| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3"))
        .unwrap_or(TimeZone::UTC)
}

/// Whether it was outside of 06 to 20 on a weekday, by Swedish time.
#[must_use]
pub fn is_out_of_hours(at: Timestamp, sweden: &TimeZone) -> bool {
    let at = at.to_zoned(sweden.clone());
    let weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
    weekend || !(6..20).contains(&at.hour())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surnames_are_compared_as_people_would() {
        for (member, patient) in [
            ("Siv Tolvansson", "Tolvansson^Tolvan"),
            ("SIV TOLVANSSON", "tolvansson^Tolvan^^^"),
            ("Göran Åström", "Astrom^Per"),
            ("Go\u{308}ran A\u{30a}stro\u{308}m", "ÅSTRÖM^Per"),
            ("Ebba von  Essen", "Von Essen^Carl"),
            ("Tolvansson, Siv", "TOLVANSSON^T=漢^字"),
        ] {
            assert!(same_surname(member, patient), "{member} / {patient}");
        }
        for (member, patient) in [
            ("Siv Tolvansson", "Vansson^Tolvan"),
            ("Siv Tolvansson", "Siv^Tolvan"),
            ("Siv Tolvansson", "^Tolvansson"),
            ("Siv Tolvansson", ""),
            ("", ""),
            ("Siv, Tolvansson", "Tolvansson^T"),
        ] {
            assert!(!same_surname(member, patient), "{member} / {patient}");
        }
    }

    #[test]
    fn hours_are_swedish_summer_and_winter() {
        let posix = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for zone in [sweden(), posix] {
            let out = |at: &str| is_out_of_hours(at.parse().unwrap(), &zone);
            // A Monday in March: UTC+1.
            assert!(out("2026-03-02T04:59:59Z"));
            assert!(!out("2026-03-02T05:00:00Z"));
            assert!(!out("2026-03-02T18:59:59Z"));
            assert!(out("2026-03-02T19:00:00Z"));
            // A Monday in July: UTC+2.
            assert!(!out("2026-07-06T04:00:00Z"));
            assert!(out("2026-07-06T18:00:00Z"));
            // A Saturday at noon; Friday evening UTC is Saturday in Sweden.
            assert!(out("2026-03-07T11:00:00Z"));
            assert!(out("2026-03-06T23:30:00Z"));
            assert!(!out("2026-03-06T11:00:00Z"));
        }
    }
}
