//! Is this the patient that the own PACS knows by that number?
//!
//! What comes from another provider is taken in under the recipient's own
//! patient. A wrong one is worse than none, so numbers, names, birth date and
//! sex are compared, and whatever differs is a person's to judge. Case,
//! diacritics and the order of names do not count: systems write them as they
//! can.

use crate::{PatientKey, Personal, fold::fold, words::words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A patient as a DICOM header or a PACS describes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Described {
    pub id: Personal,
    pub issuer: Personal,
    /// `Family^Given`
    pub name: Personal,
    /// `YYYYMMDD`, or empty.
    pub birth_date: Personal,
    /// `M`, `F`, `O`, or empty.
    pub sex: String,
}

words!(
    /// What two descriptions differ in.
    Difference {
        Name = "name",
        BirthDate = "birth_date",
        Sex = "sex",
    }
);

words!(
    /// What the comparison with the own PACS came to.
    Verdict {
        /// The same number, and nothing differs.
        Certain = "certain",
        /// The same number, and something small differs: a name changed, a sex
        /// not said.
        Uncertain = "uncertain",
        /// The same number, and it cannot well be the same person.
        Mismatch = "mismatch",
        /// The PACS knows nobody of that number.
        New = "new",
        /// The PACS was not asked, or did not answer.
        Unknown = "unknown",
    }
);

/// What of two descriptions of one patient differs. What one of them does not
/// say does not differ.
#[must_use]
pub fn differences(theirs: &Described, ours: &Described) -> Vec<Difference> {
    let mut found = Vec::new();
    let both = |a: &str, b: &str| !a.trim().is_empty() && !b.trim().is_empty();
    let (a, b) = (theirs.name.reveal(), ours.name.reveal());
    if both(a, b) && names(a) != names(b) {
        found.push(Difference::Name);
    }
    let (a, b) = (theirs.birth_date.reveal(), ours.birth_date.reveal());
    if both(a, b) && a.trim() != b.trim() {
        found.push(Difference::BirthDate);
    }
    if both(&theirs.sex, &ours.sex) && theirs.sex.trim() != ours.sex.trim() {
        found.push(Difference::Sex);
    }
    found
}

/// The verdict on one candidate that has the same number.
#[must_use]
pub fn judge(key: &PatientKey, theirs: &Described, ours: &Described) -> Verdict {
    let differences = differences(theirs, ours);
    let no_name = [theirs, ours]
        .iter()
        .any(|one| names(one.name.reveal()).is_empty());
    let is_born_or_sexed_otherwise = differences
        .iter()
        .any(|one| matches!(one, Difference::BirthDate | Difference::Sex));
    if is_born_or_sexed_otherwise && differences.contains(&Difference::Name) {
        return Verdict::Mismatch;
    }
    if differences.contains(&Difference::Name) && names_are_strangers(theirs, ours) {
        return Verdict::Mismatch;
    }
    // A local number may be anyone's: another provider's patient of the same
    // number is not this one unless all is said, and the same.
    let is_local = key.personnummer().is_none();
    let is_said = !no_name && !theirs.birth_date.reveal().trim().is_empty();
    if differences.is_empty() && !no_name && (!is_local || is_said) {
        Verdict::Certain
    } else if is_local && !differences.is_empty() {
        Verdict::Mismatch
    } else {
        Verdict::Uncertain
    }
}

/// The verdict on all of them: the most doubtful one counts.
#[must_use]
pub fn overall(candidates: &[Verdict]) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Mismatch => 4,
        Verdict::Unknown => 3,
        Verdict::Uncertain => 2,
        Verdict::Certain => 1,
        Verdict::New => 0,
    };
    candidates
        .iter()
        .copied()
        .max_by_key(rank)
        .unwrap_or(Verdict::New)
}

/// No part of one name is part of the other.
fn names_are_strangers(theirs: &Described, ours: &Described) -> bool {
    names(theirs.name.reveal()).is_disjoint(&names(ours.name.reveal()))
}

/// The parts of a name, folded: `Öberg^Anna Maria` and `anna-maria oberg` are
/// the same.
fn names(text: &str) -> BTreeSet<String> {
    let alphabetic = text.split('=').next().unwrap_or_default();
    alphabetic
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(fold)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn described(name: &str, birth_date: &str, sex: &str) -> Described {
        Described {
            id: Personal::new("191212121212".to_owned()),
            name: Personal::new(name.to_owned()),
            birth_date: Personal::new(birth_date.to_owned()),
            sex: sex.to_owned(),
            ..Described::default()
        }
    }

    fn verdict(id: &str, ours: (&str, &str, &str)) -> Verdict {
        let key = PatientKey::of(id, "", date(2026, 3, 2)).unwrap();
        let theirs = described("Öberg^Tolvan Anna", "19121212", "M");
        judge(&key, &theirs, &described(ours.0, ours.1, ours.2))
    }

    #[test]
    fn a_personnummer_and_nothing_that_differs_is_certain() {
        for ours in [
            ("Öberg^Tolvan Anna", "19121212", "M"),
            ("OBERG^TOLVAN-ANNA", "19121212", "M"),
            ("Tolvan Anna^Øberg", "", ""),
        ] {
            assert_eq!(verdict("191212121212", ours), Verdict::Certain, "{ours:?}");
        }
    }

    #[test]
    fn what_differs_is_a_persons_to_judge() {
        let cases = [
            // A new surname; one of several given names.
            (
                ("Karlsson^Tolvan Anna", "19121212", "M"),
                Verdict::Uncertain,
            ),
            (("Öberg^Anna", "19121212", "M"), Verdict::Uncertain),
            (("", "19121212", "M"), Verdict::Uncertain),
            (("Öberg^Tolvan Anna", "19121212", "F"), Verdict::Uncertain),
            (("Öberg^Tolvan Anna", "19121213", "M"), Verdict::Uncertain),
            // Someone else altogether.
            (("Karlsson^Bo", "19121212", "M"), Verdict::Mismatch),
            (("Karlsson^Anna", "19501212", "M"), Verdict::Mismatch),
            (("Karlsson^Anna", "19121212", "F"), Verdict::Mismatch),
        ];
        for (ours, expected) in cases {
            assert_eq!(verdict("191212121212", ours), expected, "{ours:?}");
        }
    }

    #[test]
    fn a_local_number_is_certain_only_when_all_is_said_and_the_same() {
        let same = ("Öberg^Tolvan Anna", "19121212", "M");
        assert_eq!(verdict("LOCAL-7", same), Verdict::Certain);
        assert_eq!(
            verdict("LOCAL-7", ("Öberg^Anna", "19121212", "M")),
            Verdict::Mismatch
        );
    }

    #[test]
    fn the_most_doubtful_candidate_counts() {
        use Verdict as V;
        assert_eq!(overall(&[]), V::New);
        assert_eq!(overall(&[V::Certain, V::Uncertain]), V::Uncertain);
        assert_eq!(overall(&[V::Certain, V::Mismatch, V::Unknown]), V::Mismatch);
    }
}
