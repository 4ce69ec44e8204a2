//! Which patient: identity numbers as they are compared.
//!
//! PACS write a personnummer with or without century, hyphen and spaces; what
//! is kept is as it came, what is compared is a [`PatientKey`]. Personnummer:
//! `YYYYMMDDNNNC`, the last digit by Luhn over the ten from the year's last two
//! (folkbokföringslagen 18 §; SKV 704). Samordningsnummer: the day plus 60.

use crate::Personal;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The patient that an identity number names, in the form that is compared:
/// twelve digits of a personnummer or samordningsnummer; any other number in
/// upper case and without spaces, with its issuer likewise. The key of a key is
/// the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientKey(Personal);

impl PatientKey {
    /// `None` when there is no number at all. `today` tells which century a
    /// number of ten digits means.
    #[must_use]
    pub fn of(id: &str, issuer: &str, today: Date) -> Option<Self> {
        let compact: String = id.split_whitespace().collect();
        if compact.is_empty() {
            return None;
        }
        let key = personnummer(&compact, today).unwrap_or_else(|| {
            let id = compact.to_uppercase();
            let issuer: String = issuer.split_whitespace().collect();
            if issuer.is_empty() {
                id
            } else {
                format!("{id}@{}", issuer.to_uppercase())
            }
        });
        Some(Self(Personal::new(key)))
    }

    /// As kept in a column; the same for the same patient.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// A stored key.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(Personal::new(text))
    }

    /// The twelve digits, when it is a personnummer or samordningsnummer.
    #[must_use]
    pub fn personnummer(&self) -> Option<&str> {
        let text = self.reveal();
        let is = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) && is_real(text);
        is.then_some(text)
    }

    /// For eyes that need not know the whole: the birth date, or the first two
    /// characters.
    #[must_use]
    pub fn masked(&self) -> Personal {
        Personal::new(match self.personnummer() {
            Some(digits) => format!("{}-****", &digits[..8]),
            None => format!("{}****", self.reveal().chars().take(2).collect::<String>()),
        })
    }
}

/// Whether two stored keys may be of one patient: the same, or the same local
/// number of which one side does not say the issuer, as PACS and images often
/// do not both.
#[must_use]
pub fn may_be_one(a: &str, b: &str) -> bool {
    let parts = |key: &str| match key.rsplit_once('@') {
        Some((id, issuer)) => (id.to_owned(), issuer.to_owned()),
        None => (key.to_owned(), String::new()),
    };
    let ((id, issuer), (other, others)) = (parts(a), parts(b));
    id == other && (issuer == others || issuer.is_empty() || others.is_empty())
}

/// Twelve digits of a personnummer or samordningsnummer written in any of the
/// usual ways; `None` when it is not one.
#[must_use]
pub fn personnummer(text: &str, today: Date) -> Option<String> {
    let plus = text.contains('+');
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | '+')).collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || text.len() - digits.len() > 1 {
        return None;
    }
    let full = match digits.len() {
        12 if !plus => digits,
        10 => format!("{:02}{digits}", century(&digits, plus, today)?),
        _ => return None,
    };
    is_real(&full).then_some(full)
}

/// The latest century in which the person is born already; one earlier with `+`.
fn century(digits: &str, plus: bool, today: Date) -> Option<i16> {
    let year: i16 = digits.get(..2)?.parse().ok()?;
    let born = born(&format!("{:02}{digits}", today.year() / 100))?;
    let this = today.year() / 100;
    let past = if born <= today && year <= today.year() % 100 {
        this
    } else {
        this - 1
    };
    Some(past - i16::from(plus))
}

fn born(twelve: &str) -> Option<Date> {
    let part = |range: std::ops::Range<usize>| twelve.get(range)?.parse::<i8>().ok();
    let year: i16 = twelve.get(..4)?.parse().ok()?;
    let day = part(6..8)?;
    let day = if day > 60 { day - 60 } else { day };
    Date::new(year, part(4..6)?, day).ok()
}

fn is_real(twelve: &str) -> bool {
    born(twelve).is_some() && luhn(&twelve[2..])
}

fn luhn(ten: &str) -> bool {
    let sum: u32 = ten
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let doubled = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 2);

    fn key(id: &str) -> String {
        PatientKey::of(id, "", TODAY).unwrap().reveal().to_owned()
    }

    #[test]
    fn the_same_person_however_written() {
        for written in [
            "191212121212",
            "19121212-1212",
            " 19121212 1212 ",
            "121212+1212",
        ] {
            assert_eq!(key(written), "191212121212", "{written}");
        }
        // Without century and sign, it could be a child of 2012: and is one.
        assert_eq!(key("121212-1212"), "201212121212");
        assert_eq!(key("8112189876"), "198112189876");
        assert!(
            PatientKey::of("8112189876", "", TODAY)
                .unwrap()
                .personnummer()
                .is_some()
        );
    }

    #[test]
    fn what_is_no_personnummer_is_kept_as_it_is() {
        assert_eq!(key("191212121213"), "191212121213", "check digit");
        assert!(
            PatientKey::of("191212121213", "", TODAY)
                .unwrap()
                .personnummer()
                .is_none()
        );
        assert_eq!(key("ab 12"), "AB12");
        let local = PatientKey::of("TF-1", "1.2.752.1", TODAY).unwrap();
        assert_eq!(local.reveal(), "TF-1@1.2.752.1");
        assert_eq!(PatientKey::of("  ", "x", TODAY), None);
        for odd in [
            "",
            "-",
            "+",
            "1912121212121",
            "19121212--1212",
            "1912121é1212",
            "１２３",
        ] {
            assert_eq!(personnummer(odd, TODAY), None, "{odd}");
        }
    }

    #[test]
    fn one_side_may_leave_the_issuer_out() {
        for (a, b) in [
            ("TF-1@SE", "TF-1"),
            ("TF-1", "TF-1"),
            ("191212121212", "191212121212"),
        ] {
            assert!(may_be_one(a, b) && may_be_one(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("TF-1@SE", "TF-1@NO"),
            ("TF-1", "TF-2"),
            ("TF-1@SE", "SE"),
            ("", "TF-1"),
        ] {
            assert!(!may_be_one(a, b) && !may_be_one(b, a), "{a} {b}");
        }
    }

    #[test]
    fn masked_it_tells_no_more_than_the_birth_date() {
        let masked = |id: &str| PatientKey::of(id, "", TODAY).unwrap().masked();
        assert_eq!(masked("19121212-1212").reveal(), "19121212-****");
        assert_eq!(masked("TF-123").reveal(), "TF****");
    }

    #[test]
    fn a_samordningsnummer_counts_its_day_from_sixty() {
        // Test number of the tax agency.
        assert_eq!(key("197010632391"), "197010632391");
        assert!(
            PatientKey::of("701063-2391", "", TODAY)
                .unwrap()
                .personnummer()
                .is_some()
        );
    }

    /// The first twelve digits that make a number real, by its last.
    fn with_check_digit(eleven: &str) -> String {
        let digits = (0..10).map(|last| format!("{eleven}{last}"));
        digits
            .into_iter()
            .find(|number| luhn(&number[2..]))
            .unwrap()
    }

    proptest::proptest! {
        /// However it is written, by whatever PACS, and whoever is named as its
        /// issuer, a personnummer is the same patient's.
        #[test]
        fn a_personnummer_is_one_key(
            year in 1927i16..2026, month in 1i8..=12, day in 1i8..=28, coordination: bool,
            number in 0u32..1000, issuer in "[ -~]{0,16}",
        ) {
            let day = if coordination { day + 60 } else { day };
            let whole = with_check_digit(&format!("{year:04}{month:02}{day:02}{number:03}"));
            let (date, last) = whole.split_at(8);
            for written in [
                whole.clone(), format!("{date}-{last}"), format!(" {date} {last} "),
                whole[2..].to_owned(), format!("{}-{last}", &date[2..]),
            ] {
                let key = PatientKey::of(&written, &issuer, TODAY).unwrap();
                proptest::prop_assert_eq!(key.reveal(), &whole);
                proptest::prop_assert_eq!(key.personnummer(), Some(&whole[..]));
            }
            let hundred = format!("{}{}+{last}", (year - 100) / 100, &date[2..]);
            let key = PatientKey::of(&hundred[2..], "", TODAY).unwrap();
            proptest::prop_assert_eq!(&key.reveal()[..4], (year - 100).to_string());
        }

        /// Any text at all has a key or none, and the key of a key is itself.
        #[test]
        fn a_key_is_its_own_key(id in ".{0,40}", issuer in ".{0,20}") {
            let Some(key) = PatientKey::of(&id, &issuer, TODAY) else {
                proptest::prop_assert!(id.trim().is_empty());
                return Ok(());
            };
            let again = PatientKey::of(key.reveal(), "", TODAY);
            proptest::prop_assert_eq!(again, Some(key));
        }

        /// Two issuers' numbers are two patients, in whatever case they are written.
        #[test]
        fn an_issuer_tells_patients_apart(id in "[A-Z]{2}[0-9]{1,6}", issuer in "[a-z]{1,8}") {
            let key = |issuer: &str| PatientKey::of(&id, issuer, TODAY).unwrap();
            proptest::prop_assert_eq!(key(&issuer), key(&issuer.to_uppercase()));
            proptest::prop_assert_ne!(key(&issuer), key(""));
            proptest::prop_assert_ne!(key(&issuer), key(&format!("{issuer}x")));
        }
    }
}
