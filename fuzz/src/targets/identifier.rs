//! Query identifiers (PS3.4 C.4): what is read and written in any syntax reads
//! the same from then on; a match matches its own answer.

use crate::seeds::{self, Builder};
use bildbro_dicom::{identifier::Identifier, syntax, tag};

pub fn run(data: &[u8]) {
    let Some((&first, bytes)) = data.split_first() else {
        return;
    };
    let Ok(read) = Identifier::decode(bytes, super::syntax(first)) else {
        return;
    };
    for to in [
        syntax::IMPLICIT_LE,
        syntax::EXPLICIT_LE,
        syntax::EXPLICIT_BE,
        syntax::DEFLATED,
    ] {
        // Values whose VR is not the standard's may be lost the first time.
        let once = write(&read, to);
        assert!(once == write(&once, to), "stable in {to}");
    }
    assert!(
        write(&write(&read, syntax::IMPLICIT_LE), syntax::EXPLICIT_BE)
            == write(&write(&read, syntax::EXPLICIT_BE), syntax::IMPLICIT_LE),
        "the same in any syntax"
    );
    compare(&read, bytes);
}

fn write(identifier: &Identifier, to: &str) -> Identifier {
    Identifier::decode(&identifier.encode(to), to).expect("what is written reads")
}

/// The query against itself, and against a record of other texts.
fn compare(query: &Identifier, bytes: &[u8]) {
    let mut record = Identifier::new();
    let text: String = bytes.iter().take(200).map(|&b| char::from(b)).collect();
    for (place, (tag, value)) in query.iter().enumerate().take(64) {
        let value = if place % 2 == 0 { value } else { &text };
        record.set(tag, &value.chars().take(200).collect::<String>());
    }
    if query.matches(&record) {
        let answer = query.answer(&record);
        assert!(query.matches(&answer), "a match matches its own answer");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = seeds::data_sets();
    for (place, transfer_syntax) in (0..).zip(seeds::SYNTAXES).take(3) {
        let query = Builder::new(transfer_syntax)
            .put(tag::SPECIFIC_CHARACTER_SET, b"CS", b"ISO_IR 192")
            .put(tag::STUDY_DATE, b"DA", b"20260101-20260131 ")
            .put(tag::ACCESSION_NUMBER, b"SH", b"")
            .put(tag::QUERY_RETRIEVE_LEVEL, b"CS", b"STUDY ")
            .put(tag::MODALITIES_IN_STUDY, b"CS", b"CT\\MR ")
            .put(tag::PATIENT_NAME, b"PN", "Å*^?sa".as_bytes())
            .put(tag::PATIENT_ID, b"LO", b"*")
            .put(tag::STUDY_INSTANCE_UID, b"UI", b"1.2.3\\1.2.4")
            .put(tag::NUMBER_OF_STUDY_RELATED_INSTANCES, b"IS", b"")
            .number(bildbro_dicom::Tag(0x0028, 0x0010), 512)
            .done();
        out.push([vec![place], query].concat());
    }
    out
}
