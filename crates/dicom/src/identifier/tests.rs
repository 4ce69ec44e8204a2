use super::*;
use crate::syntax::{DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE};
use proptest::prelude::*;

const ROWS: Tag = Tag(0x0028, 0x0010);

fn of(values: &[(Tag, &str)]) -> Identifier {
    let mut made = Identifier::at_level("STUDY");
    for (tag, value) in values {
        made.set(*tag, value);
    }
    made
}

#[test]
fn what_is_encoded_decodes_in_every_syntax() {
    let sent = of(&[
        (tag::PATIENT_NAME, "Åström^Åsa"),
        (tag::STUDY_INSTANCE_UID, "1.2.3"),
        (tag::MODALITIES_IN_STUDY, "CT\\SR"),
        (tag::STUDY_DATE, ""),
        (ROWS, "512"),
        (Tag(0x0008, 0x1110), ""),
        (Tag(0x0009, 0x1001), ""),
    ]);
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED] {
        let came = Identifier::decode(&sent.encode(syntax), syntax).unwrap();
        assert!(came == sent, "{syntax}");
    }
}

#[test]
fn the_character_set_is_the_narrowest_that_will_do() {
    let set = |name| of(&[(tag::PATIENT_NAME, name)]).encode(EXPLICIT_LE);
    let begins = |bytes: &[u8], with: &[u8]| bytes.windows(with.len()).any(|w| w == with);
    assert!(!begins(&set("Berg^Bo"), b"ISO_IR"));
    assert!(begins(&set("Åström^Åsa"), b"ISO_IR 100"));
    assert!(begins(&set("Łukasz"), b"ISO_IR 192"));
}

#[test]
fn sequences_in_answers_are_passed_over() {
    let encoding = Encoding::of(EXPLICIT_LE);
    let mut bytes = Vec::new();
    let sequence = Tag(0x0008, 0x1110);
    element::write(&mut bytes, sequence, *b"SQ", element::UNDEFINED, encoding);
    element::write(&mut bytes, tag::ITEM, *b"  ", element::UNDEFINED, encoding);
    element::write(&mut bytes, tag::PATIENT_ID, *b"LO", 2, encoding);
    bytes.extend_from_slice(b"NO");
    element::write(&mut bytes, tag::ITEM_DELIMITATION, *b"  ", 0, encoding);
    let unclosed = bytes.clone();
    element::write(&mut bytes, tag::SEQUENCE_DELIMITATION, *b"  ", 0, encoding);
    element::write(&mut bytes, tag::PATIENT_SEX, *b"CS", 2, encoding);
    bytes.extend_from_slice(b"F ");
    let read = Identifier::decode(&bytes, EXPLICIT_LE).unwrap();
    let found: Vec<_> = read.iter().collect();
    assert_eq!(found, [(sequence, ""), (tag::PATIENT_SEX, "F")]);
    let cut = Identifier::decode(&unclosed, EXPLICIT_LE);
    assert!(cut.is_err_and(|e| e == IdentifierError::Unclosed));
}

#[test]
fn matching_follows_the_standard() {
    #[rustfmt::skip]
    let table = [
        // (tag, key, value, matches)
        (tag::PATIENT_ID, "", "anything", true),
        (tag::PATIENT_ID, "", "", true),
        (tag::PATIENT_ID, "*", "", true),
        (tag::PATIENT_ID, "12", "12", true),
        (tag::PATIENT_ID, "12", "123", false),
        (tag::PATIENT_ID, "12", "", false),
        (tag::PATIENT_ID, "ab", "AB", false),
        (tag::PATIENT_ID, "1*3", "1223", true),
        (tag::PATIENT_ID, "1?3", "1223", false),
        (tag::PATIENT_ID, "1??3*", "1223", true),
        (tag::PATIENT_NAME, "astrom*", "Åström^Åsa", true),
        (tag::PATIENT_NAME, "ÅSTRÖM^ÅSA", "åström^åsa^^", true),
        (tag::PATIENT_NAME, "Berg*", "Åström^Åsa", false),
        (tag::PATIENT_NAME, "山田*", "Yamada^Tarou=山田^太郎", true),
        (tag::STUDY_INSTANCE_UID, "1.2\\1.3", "1.3", true),
        (tag::STUDY_INSTANCE_UID, "1.*", "1.3", false),
        (tag::MODALITIES_IN_STUDY, "SR", "CT\\SR", true),
        (tag::MODALITIES_IN_STUDY, "MR", "CT\\SR", false),
        (tag::STUDY_DATE, "20240131", "20240131", true),
        (tag::STUDY_DATE, "20240101-20240131", "20240131", true),
        (tag::STUDY_DATE, "20240101-20240131", "20240201", false),
        (tag::STUDY_DATE, "-20240131", "19990101", true),
        (tag::STUDY_DATE, "20240201-", "20240131", false),
        (tag::STUDY_DATE, "20240131", "2024.01.31", true),
        (tag::STUDY_DATE, "-20240131", "", false),
        (tag::STUDY_TIME, "10-11", "115959.5", true),
        (tag::STUDY_TIME, "10-11", "120000", false),
        (tag::STUDY_TIME, "1200", "120030", true),
    ];
    for (tag, key, value, expected) in table {
        assert_eq!(
            matches(tag, key, value),
            expected,
            "{tag} {key:?} {value:?}"
        );
    }
}

#[test]
fn a_query_asks_a_record_and_takes_what_it_asked_for() {
    let record = of(&[
        (tag::PATIENT_ID, "1"),
        (tag::MODALITY, "CT"),
        (tag::STUDY_ID, "7"),
    ]);
    let mut query = of(&[
        (tag::PATIENT_ID, "1"),
        (tag::STUDY_ID, ""),
        (tag::STUDY_TIME, ""),
    ]);
    assert!(query.matches(&record));
    let answer = query.answer(&record);
    assert!(
        answer
            == of(&[
                (tag::PATIENT_ID, "1"),
                (tag::STUDY_ID, "7"),
                (tag::STUDY_TIME, "")
            ])
    );
    query.set(tag::ACCESSION_NUMBER, "A1");
    assert!(!query.matches(&record), "the record has no such attribute");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), n in 0usize..4) {
        let _ = Identifier::decode(&bytes, [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED][n]);
    }

    #[test]
    fn wildcards_never_hang(key in "[a*?]{0,40}", value in "a{0,200}") {
        let _ = matches(tag::PATIENT_ID, &key, &value);
    }
}
