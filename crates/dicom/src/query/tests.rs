use super::*;
use jiff::civil::date;
use proptest::prelude::*;

const TODAY: Date = date(2026, 3, 2);

fn search(asked: Asked<'_>) -> Search {
    Search::new(&asked, TODAY)
}

fn keys(asked: Asked<'_>, tag: Tag) -> Vec<String> {
    let queries = search(asked).queries();
    let keys = queries.iter().map(|q| q.get(tag).unwrap().to_owned());
    keys.collect()
}

fn by_number(patient_id: &str) -> Asked<'_> {
    Asked {
        patient_id,
        ..Asked::default()
    }
}

fn by_name(name: &str) -> Asked<'_> {
    Asked {
        name,
        ..Asked::default()
    }
}

fn study(values: &[(Tag, &str)]) -> Identifier {
    let mut study = Identifier::new();
    for (tag, value) in values {
        study.set(*tag, value);
    }
    study
}

fn called(name: &str) -> Identifier {
    study(&[(tag::PATIENT_NAME, name)])
}

#[test]
fn a_personnummer_is_asked_for_in_every_form_that_means_the_person() {
    let young = ["198112189876", "19811218-9876", "811218-9876", "8112189876"];
    for written in young.iter().chain(&[" 19811218 9876 "]) {
        assert_eq!(
            keys(by_number(written), tag::PATIENT_ID),
            young,
            "{written}"
        );
    }
    // Ten digits and a hyphen would be a child of 2012.
    let old = ["191212121212", "19121212-1212", "121212+1212"];
    for written in old {
        assert_eq!(keys(by_number(written), tag::PATIENT_ID), old, "{written}");
    }
}

#[test]
fn other_numbers_are_asked_for_as_they_are() {
    for (written, key) in [
        ("TF-17", "TF-17"),
        (" 191212121213 ", "191212121213"),
        ("TF*", "TF*"),
        ("A\\B\u{1b}", "A B"),
    ] {
        assert_eq!(
            keys(by_number(written), tag::PATIENT_ID),
            [key],
            "{written}"
        );
    }
}

#[test]
fn only_the_same_patient_fits() {
    let fits = |asked: &str, id| {
        let study = study(&[(tag::PATIENT_ID, id), (tag::ISSUER_OF_PATIENT_ID, "X")]);
        search(by_number(asked)).fits(&study)
    };
    assert!(fits("8112189876", "19811218-9876"));
    assert!(!fits("191212121212", "121212-1212"), "that is a child");
    assert!(!fits("8112189876", "198112189877"));
    assert!(!fits("8112189876", ""));
    assert!(fits("tf-17", "TF-17 "));
    assert!(!fits("TF-1", "TF-17"));
    assert!(fits("TF-*", "TF-17"));
}

#[test]
fn names_become_keys_for_both_orders_and_cases() {
    let names = |name| keys(by_name(name), tag::PATIENT_NAME);
    assert_eq!(
        names("andersson anna"),
        [
            "*ND*RSS*N*^*NN*",
            "*nd*rss*n*^*nn*",
            "*NN*^*ND*RSS*N*",
            "*nn*^*nd*rss*n*",
            "*ND*RSS*N*NN*",
            "*nd*rss*n*nn*",
        ]
    );
    // The family name comes first where it is marked.
    let marked = ["*ND*RSS*N*^*NN*", "*nd*rss*n*^*nn*"];
    assert_eq!(names("Andersson, Anna"), marked);
    assert_eq!(names("ANDERSSON^ANNA"), marked);
    assert_eq!(
        names("ANDERS"),
        ["*ND*RS*", "*nd*rs*", "*^*ND*RS*", "*^*nd*rs*"]
    );
    assert_eq!(names("Öberg"), names("oberg").as_slice());
    assert_eq!(names("sven*son,"), ["SV*N*S*N*", "Sv*n*s*n*"]);
    // Enough is left of it to leave more open.
    assert_eq!(names("Petrovic,"), ["P*TR*V*", "P*tr*v*"]);
}

#[test]
fn too_short_a_name_is_not_asked_for_as_everything() {
    let names = |name| keys(by_name(name), tag::PATIENT_NAME);
    assert_eq!(names("Ek,"), ["EK*", "Ek*"]);
    assert_eq!(names("Åå,"), ["ÅÅ*", "AA*", "Åå*", "Aa*"]);
    assert_eq!(names("Ö Ek,"), ["Ö*EK*", "O*EK*", "Ö*Ek*", "O*Ek*"]);
}

#[test]
fn a_name_fits_whatever_its_case_and_diacritics() {
    for (asked, name) in [
        ("oberg", "Öberg^Åsa"),
        ("Öberg", "OBERG^ASA"),
        ("asa öberg", "Öberg^Åsa"),
        ("anna Andersson", "ANDERSSON^ANNA MARIA"),
        ("Anna Maria Andersson", "ANDERSSON^ANNA^MARIA"),
        ("Anna von Sydow", "von Sydow^Anna"),
        ("lind-andersson", "Lind Andersson^Eva"),
        ("andersson", "Lind-Andersson^Eva"),
        ("Petrović", "PETROVIC^ANA"),
        ("wang", "Wang^XiaoDong=王^小東"),
        ("小東 王", "Wang^XiaoDong=王^小東"),
        ("and?rs*n", "Andersson^Anna"),
        ("Andersson, An", "Andersson^Anna"),
    ] {
        assert!(
            search(by_name(asked)).fits(&called(name)),
            "{asked}: {name}"
        );
    }
    for (asked, name) in [
        ("berg", "Öberg^Åsa"),
        ("anna svensson", "Andersson^Anna"),
        ("Anna, Andersson", "Andersson^Anna"),
        ("andersson", ""),
    ] {
        assert!(
            !search(by_name(asked)).fits(&called(name)),
            "{asked}: {name}"
        );
    }
}

#[test]
fn days_are_a_range_and_modalities_are_looked_through() {
    let asked = |from, until, modality| Asked {
        from,
        until,
        modality,
        ..Asked::default()
    };
    for (from, until, key) in [
        ("20240101", "20240131", "20240101-20240131"),
        ("20240101", "", "20240101-"),
        ("", "20240131", "-20240131"),
        ("20240101", "20240101", "20240101"),
    ] {
        assert_eq!(keys(asked(from, until, ""), tag::STUDY_DATE), [key]);
    }
    for (from, until) in [("2024", ""), ("", "20241301"), ("2024-1-1", ""), ("*", "")] {
        assert!(
            search(asked(from, until, "")).queries().is_empty(),
            "{from}"
        );
    }
    let search = search(asked("20240101", "20240131", "ct"));
    let query = search.queries().remove(0);
    assert_eq!(query.get(tag::MODALITIES_IN_STUDY), Some("CT"));
    let fits = |day, modalities| {
        search.fits(&study(&[
            (tag::STUDY_DATE, day),
            (tag::MODALITIES_IN_STUDY, modalities),
        ]))
    };
    assert!(fits("20240110", "CT"));
    assert!(fits("20240131", "SR\\CT"));
    assert!(fits("", ""), "a PACS that does not say is believed");
    assert!(search.leaves_open(&study(&[])));
    assert!(!search.leaves_open(&study(&[(tag::MODALITIES_IN_STUDY, "MR")])));
    assert!(!fits("20240110", "MR"));
    assert!(!fits("20240201", "CT"));
}

#[test]
fn what_holds_nothing_to_look_for_asks_nothing() {
    let nothing = [
        Asked::default(),
        by_number(" "),
        by_number("\\"),
        by_name("^"),
        by_name(" , "),
        Asked {
            accession: "\\",
            name: "andersson",
            ..Asked::default()
        },
    ];
    for asked in nothing {
        assert!(search(asked).queries().is_empty());
        assert!(!search(asked).fits(&called("Andersson^Anna")));
    }
}

#[test]
fn a_query_asks_for_what_is_shown_and_can_do_without_what_is_optional() {
    let asked = Asked {
        accession: "A1",
        modality: "CT",
        ..Asked::default()
    };
    let query = search(asked).queries().remove(0);
    assert_eq!(query.iter().count(), REQUIRED.len() + OPTIONAL.len());
    assert_eq!(query.get(tag::ACCESSION_NUMBER), Some("A1"));
    let plain = without_optional(&query);
    assert_eq!(plain.iter().count(), REQUIRED.len() + 1);
    assert_eq!(plain.get(tag::QUERY_RETRIEVE_LEVEL), Some("STUDY"));
    assert_eq!(plain.get(tag::MODALITIES_IN_STUDY), Some("CT"));
}

/// Family and given name, each with a consonant at least: see
/// `too_short_a_name_is_not_asked_for_as_everything`.
fn name() -> impl Strategy<Value = (String, String)> {
    let word = "[A-ZÅÄÖÉ][a-zåäöéü]{0,4}[bdgkm][a-zåäöéü]{1,4}";
    (word, word)
}

proptest! {
    /// Whatever is typed, no query can hold more than it says, and none asks
    /// for everything.
    #[test]
    fn what_is_typed_is_harmless(
        patient_id in ".{0,20}", name in ".{0,30}", accession in ".{0,20}",
        from in ".{0,9}", modality in ".{0,5}",
    ) {
        let asked = Asked {
            patient_id: &patient_id, name: &name, accession: &accession,
            from: &from, until: "", modality: &modality,
        };
        let queries = search(asked).queries();
        prop_assert!(queries.len() <= 20);
        for query in &queries {
            let keys = query.iter().filter(|(tag, value)| {
                *tag != tag::QUERY_RETRIEVE_LEVEL && !value.is_empty()
            });
            prop_assert!(keys.count() > 0);
            for (_, value) in query.iter() {
                prop_assert!(!value.contains('\\') && !value.contains(char::is_control));
            }
        }
    }

    /// However a name is written, one of the keys finds it and it fits.
    #[test]
    fn a_name_is_found_however_it_is_written(
        (family, given) in name(), capitals: bool, plain: bool, order in 0..3,
    ) {
        let asked = match order {
            0 => format!("{given} {family}"),
            1 => format!("{family} {given}").to_lowercase(),
            _ => bildbro_domain::fold::ascii(&format!("{family}, {given}")),
        };
        let mut stored = format!("{family}^{given}");
        if plain {
            stored = bildbro_domain::fold::ascii(&stored);
        }
        if capitals {
            stored = stored.to_uppercase();
        }
        let search = search(by_name(&asked));
        prop_assert!(search.fits(&called(&stored)), "{asked}: {stored}");
        // As an archive does it that knows neither case nor diacritics.
        let found = search.queries().iter().any(|query| {
            crate::identifier::wildcard(query.get(tag::PATIENT_NAME).unwrap(), &stored)
        });
        prop_assert!(found, "{asked}: {stored}");
    }

    /// Each form of a number is found by each other, and is the same patient's.
    #[test]
    fn a_number_is_found_by_any_of_its_forms(year in 1930i16..2024, typed in 0usize..4, kept in 0usize..4) {
        let eleven = format!("{year:04}0614{:03}", year % 900);
        let whole = (0..10).map(|last| format!("{eleven}{last}"));
        let whole = whole.into_iter().find(|n| personnummer(n, TODAY).is_some()).unwrap();
        let (date, last) = whole.split_at(8);
        let forms = [
            whole.clone(), format!("{date}-{last}"),
            format!("{}-{last}", &date[2..]), format!("{}{last}", &date[2..]),
        ];
        let asked = by_number(&forms[typed]);
        prop_assert!(keys(asked, tag::PATIENT_ID).contains(&forms[kept]));
        prop_assert!(search(asked).fits(&study(&[(tag::PATIENT_ID, &forms[kept])])));
    }
}
