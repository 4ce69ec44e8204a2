use super::*;

fn found(values: &[(bildbro_dicom::Tag, &str)]) -> Option<FoundStudy> {
    let mut found = Identifier::new();
    found.set(tag::STUDY_INSTANCE_UID, "1.2.3");
    for (tag, value) in values {
        found.set(*tag, value);
    }
    study("pacs", &found)
}

#[test]
fn odd_answers_are_read_as_far_as_they_go() {
    let long = "x".repeat(100_000);
    let study = found(&[
        (tag::PATIENT_NAME, "Öberg^Åsa^^^"),
        (tag::PATIENT_SEX, "female"),
        (tag::PATIENT_BIRTH_DATE, "1912.12.12"),
        (tag::STUDY_DATE, "yesterday"),
        (tag::STUDY_TIME, "12:30"),
        (tag::STUDY_DESCRIPTION, &long),
        (tag::MODALITIES_IN_STUDY, "CT\\SR\\CT\\\\"),
        (tag::NUMBER_OF_STUDY_RELATED_SERIES, "many"),
        (tag::NUMBER_OF_STUDY_RELATED_INSTANCES, " 12 "),
    ])
    .unwrap();
    assert_eq!(study.patient_name.reveal(), "Öberg^Åsa");
    assert_eq!(study.patient_sex, "");
    assert_eq!(study.patient_birth_date.reveal(), "19121212");
    assert_eq!(study.study_date, "");
    assert_eq!(study.study_time, "123000");
    assert_eq!(study.description.len(), LONGEST);
    assert_eq!(study.modalities, ["CT", "SR"]);
    assert_eq!((study.series, study.images), (None, Some(12)));
}

#[test]
fn times_keep_their_fraction() {
    for (text, expected) in [
        ("123000.25", "123000.25"),
        ("12", "120000"),
        ("1", ""),
        ("12.5", ""),
        ("noon", ""),
        ("", ""),
    ] {
        assert_eq!(time(text), expected, "{text}");
    }
}

#[test]
fn an_answer_without_a_study_is_none() {
    for uid in ["", "1.2.x", "../etc"] {
        assert_eq!(found(&[(tag::STUDY_INSTANCE_UID, uid)]), None, "{uid}");
    }
}
