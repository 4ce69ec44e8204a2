use super::*;
use crate::{
    element,
    scan::{Limits, Scanner},
    syntax::{DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE},
};
use original::put;
use proptest::prelude::*;

/// A data set in the four syntaxes, built before it is deflated.
struct Built {
    syntax: &'static str,
    bytes: Vec<u8>,
}

impl Built {
    fn new(syntax: &'static str) -> Self {
        Self {
            syntax,
            bytes: Vec::new(),
        }
    }

    fn put(mut self, tag: Tag, vr: &[u8; 2], value: &[u8]) -> Self {
        put(&mut self.bytes, tag, *vr, value, Encoding::of(self.syntax));
        self
    }

    fn head(mut self, tag: Tag, vr: &[u8; 2], length: u32) -> Self {
        element::write(&mut self.bytes, tag, *vr, length, Encoding::of(self.syntax));
        self
    }

    fn start(syntax: &'static str, character_set: &[u8]) -> Self {
        Self::new(syntax)
            .put(tag::SPECIFIC_CHARACTER_SET, b"CS", character_set)
            .put(tag::SOP_CLASS_UID, b"UI", b"1.2.840.10008.5.1.4.1.1.2")
            .put(tag::SOP_INSTANCE_UID, b"UI", b"1.2.3")
    }

    fn patient(self) -> Self {
        self.put(tag::PATIENT_NAME, b"PN", b"\xc5str\xf6m^\xc5sa")
            .put(tag::PATIENT_ID, b"LO", b"191212121212")
    }

    fn end(self) -> Self {
        self.put(tag::STUDY_INSTANCE_UID, b"UI", b"1.2")
            .put(tag::SERIES_INSTANCE_UID, b"UI", b"1.2.1")
            // Another patient's id inside a sequence stays as it is.
            .head(Tag(0x0040, 0x0275), b"SQ", element::UNDEFINED)
            .head(tag::ITEM, b"  ", element::UNDEFINED)
            .put(tag::PATIENT_ID, b"LO", b"NESTED")
            .head(tag::ITEM_DELIMITATION, b"  ", 0)
            .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
    }

    fn pixels(self) -> Vec<u8> {
        self.put(tag::PIXEL_DATA, b"OW", &[7; 300]).done()
    }

    fn done(self) -> Vec<u8> {
        if self.syntax == DEFLATED {
            return crate::inflate::deflate(&self.bytes);
        }
        self.bytes
    }
}

fn good(syntax: &'static str) -> Vec<u8> {
    Built::start(syntax, b"ISO_IR 100")
        .put(tag::ACCESSION_NUMBER, b"SH", b"A17")
        .patient()
        .end()
        .pixels()
}

fn rules(rules: &[(Tag, Rule)]) -> Rules {
    Rules {
        rules: rules.to_vec(),
        source: "Region Skåne".to_owned(),
        system: "Bildbro".to_owned(),
        at: "20250102030405+0000".to_owned(),
    }
}

fn set(text: &str) -> Rule {
    Rule::Set(text.to_owned())
}

fn usual() -> Rules {
    rules(&[
        (tag::PATIENT_ID, set("SE-1")),
        (tag::ISSUER_OF_PATIENT_ID, set("Sjukhuset Ö")),
        (tag::ACCESSION_NUMBER, Rule::Prefix("RH-".to_owned())),
        (tag::PATIENT_NAME, Rule::Clear),
    ])
}

fn coerced(syntax: &str, bytes: &[u8], rules: Rules, step: usize) -> Result<Vec<u8>, CoerceError> {
    let mut rewriter = Rewriter::new(syntax, rules);
    let mut out = Vec::new();
    for piece in bytes.chunks(step) {
        rewriter.push(piece, &mut out)?;
    }
    rewriter.finish(&mut out)?;
    Ok(out)
}

/// The item as it must look, for these originals.
fn expected_item(
    syntax: &'static str,
    originals: &[(Tag, &[u8; 2], &[u8])],
    source: &[u8],
) -> Vec<u8> {
    let mut modified = Built::new(syntax);
    for (tag, vr, value) in originals {
        modified = modified.put(*tag, vr, value);
    }
    let content = Built::new(syntax)
        .put(
            tag::MODIFIED_ATTRIBUTES_SEQUENCE,
            b"SQ",
            &Built::new(syntax)
                .put(tag::ITEM, b"  ", &modified.bytes)
                .bytes,
        )
        .put(
            tag::ATTRIBUTE_MODIFICATION_DATETIME,
            b"DT",
            b"20250102030405+0000",
        )
        .put(tag::MODIFYING_SYSTEM, b"LO", b"Bildbro")
        .put(tag::SOURCE_OF_PREVIOUS_VALUES, b"LO", source)
        .put(tag::REASON_FOR_MODIFICATION, b"CS", b"COERCE");
    Built::new(syntax)
        .put(tag::ITEM, b"  ", &content.bytes)
        .bytes
}

#[test]
fn coerced_in_place_with_the_originals_on_record() {
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED] {
        let item = expected_item(
            syntax,
            &[
                (tag::ACCESSION_NUMBER, b"SH", b"A17 "),
                (tag::PATIENT_NAME, b"PN", b"\xc5str\xf6m^\xc5sa"),
                (tag::PATIENT_ID, b"LO", b"191212121212"),
                (tag::ISSUER_OF_PATIENT_ID, b"LO", b""),
            ],
            b"Region Sk\xe5ne",
        );
        let expected = Built::start(syntax, b"ISO_IR 100")
            .put(tag::ACCESSION_NUMBER, b"SH", b"RH-A17")
            .put(tag::PATIENT_NAME, b"PN", b"")
            .put(tag::PATIENT_ID, b"LO", b"SE-1")
            .put(tag::ISSUER_OF_PATIENT_ID, b"LO", b"Sjukhuset \xd6")
            .end()
            .put(tag::ORIGINAL_ATTRIBUTES_SEQUENCE, b"SQ", &item)
            .pixels();
        let out = coerced(syntax, &good(syntax), usual(), 7).unwrap();
        if syntax == DEFLATED {
            let plain = |bytes| crate::inflate::whole(bytes, 1 << 20).unwrap();
            assert_eq!(plain(&out), plain(&expected));
        } else {
            assert_eq!(out, expected, "{syntax}");
        }
        let mut scanner = Scanner::new(syntax, Limits::default());
        scanner.push(&out).unwrap();
        let header = scanner.finish().unwrap();
        assert_eq!(header.patient_id_issuer, "Sjukhuset Ö");
    }
}

#[test]
fn coercing_twice_is_coercing_once_and_adds_to_the_record() {
    let once = coerced(EXPLICIT_LE, &good(EXPLICIT_LE), usual(), 999).unwrap();
    assert_eq!(coerced(EXPLICIT_LE, &once, usual(), 31).unwrap(), once);

    let more = rules(&[(tag::INSTITUTION_NAME, set("B"))]);
    let added = expected_item(
        EXPLICIT_LE,
        &[(tag::INSTITUTION_NAME, b"LO", b"")],
        b"Region Sk\xe5ne",
    );
    let twice = coerced(EXPLICIT_LE, &once, more.clone(), 11).unwrap();
    let inserted = Built::new(EXPLICIT_LE)
        .put(tag::INSTITUTION_NAME, b"LO", b"B")
        .bytes;
    assert_eq!(twice.len(), once.len() + inserted.len() + added.len());
    let pixels = Built::new(EXPLICIT_LE).pixels();
    assert!(twice[..twice.len() - pixels.len()].ends_with(&added));
    let mut scanner = Scanner::new(EXPLICIT_LE, Limits::default());
    scanner.push(&twice).unwrap();
    assert!(scanner.finish().is_ok());
}

#[test]
fn an_existing_record_of_undefined_length_gets_one_more_item() {
    let old = expected_item(
        EXPLICIT_LE,
        &[(tag::PATIENT_SEX, b"CS", b"F")],
        b"Elsewhere",
    );
    let with = |items: &[&[u8]], id: &[u8]| {
        let mut built = Built::start(EXPLICIT_LE, b"").put(tag::PATIENT_ID, b"LO", id);
        built = built.head(tag::ORIGINAL_ATTRIBUTES_SEQUENCE, b"SQ", element::UNDEFINED);
        built.bytes.extend(items.concat());
        built.head(tag::SEQUENCE_DELIMITATION, b"  ", 0).pixels()
    };
    // No character set: the label goes without its diacritics.
    let new = expected_item(
        EXPLICIT_LE,
        &[(tag::PATIENT_ID, b"LO", b"1 ")],
        b"Region Skane",
    );
    let out = coerced(
        EXPLICIT_LE,
        &with(&[&old], b"1 "),
        rules(&[(tag::PATIENT_ID, set("2"))]),
        5,
    );
    assert_eq!(out.unwrap(), with(&[&old, &new], b"2"));
}

#[test]
fn what_no_rule_changes_stays_the_same_to_the_byte() {
    let idle = rules(&[
        (tag::PATIENT_ID, set("191212121212")),
        (tag::INSTITUTION_NAME, Rule::Clear),
        (tag::ISSUER_OF_PATIENT_ID, Rule::Prefix("X".to_owned())),
        (tag::ACCESSION_NUMBER, Rule::Prefix("A1".to_owned())),
    ]);
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE] {
        assert_eq!(
            coerced(syntax, &good(syntax), idle.clone(), 3).unwrap(),
            good(syntax)
        );
    }
    let garbage = b"no data set at all";
    assert_eq!(
        coerced(EXPLICIT_LE, garbage, rules(&[]), 4).unwrap(),
        garbage
    );
}

#[test]
fn a_value_that_cannot_be_written_is_refused_before_anything_is() {
    let bytes = Built::start(EXPLICIT_LE, b"").patient().end().pixels();
    for (rule, error) in [
        (set("Åsa"), CoerceError::NotEncodable(tag::PATIENT_ID)),
        (
            set(&"1".repeat(65)),
            CoerceError::TooLong {
                tag: tag::PATIENT_ID,
                length: 65,
                most: 64,
            },
        ),
        (set("1\n"), CoerceError::ControlCharacter(tag::PATIENT_ID)),
    ] {
        let mut rewriter = Rewriter::new(EXPLICIT_LE, rules(&[(tag::PATIENT_ID, rule)]));
        let mut out = Vec::new();
        assert_eq!(rewriter.push(&bytes, &mut out), Err(error));
        assert!(out.is_empty());
    }
    for tag in [
        tag::STUDY_INSTANCE_UID,
        tag::PIXEL_DATA,
        Tag(0x0009, 0x1001),
        tag::SPECIFIC_CHARACTER_SET,
    ] {
        assert_eq!(
            rules(&[(tag, Rule::Clear)]).check(),
            Err(CoerceError::NotCoercible(tag))
        );
    }
}

#[test]
fn elements_out_of_order_are_coerced_or_told_of() {
    let late_id = |after: Tag| {
        Built::start(EXPLICIT_LE, b"")
            .put(after, b"LO", b"x")
            .put(tag::PATIENT_ID, b"LO", b"1")
            .done()
    };
    let clear = rules(&[(tag::PATIENT_ID, Rule::Clear)]);
    assert!(coerced(EXPLICIT_LE, &late_id(tag::STUDY_ID), clear.clone(), 9).is_ok());
    assert_eq!(
        coerced(EXPLICIT_LE, &late_id(Tag(0x0401, 0x1001)), clear, 9),
        Err(CoerceError::OutOfOrder(tag::PATIENT_ID))
    );
}

#[test]
fn what_is_implicit_against_its_word_stays_so() {
    let built = Built::start(IMPLICIT_LE, b"").patient().pixels();
    let rule = rules(&[(tag::ISSUER_OF_PATIENT_ID, set("B"))]);
    let honest = coerced(IMPLICIT_LE, &built, rule.clone(), 9).unwrap();
    assert_eq!(coerced(EXPLICIT_LE, &built, rule, 9).unwrap(), honest);
}

#[test]
fn group_lengths_that_would_lie_are_left_out() {
    let with = |lengths: bool| {
        let mut built = Built::start(EXPLICIT_LE, b"");
        if lengths {
            built = built.put(Tag(0x0010, 0), b"UL", &[20, 0, 0, 0]);
        }
        built.put(tag::PATIENT_ID, b"LO", b"1")
    };
    let rule = rules(&[(tag::PATIENT_ID, Rule::Clear)]);
    let out = coerced(EXPLICIT_LE, &with(true).done(), rule.clone(), 9).unwrap();
    assert_eq!(
        out,
        coerced(EXPLICIT_LE, &with(false).done(), rule, 9).unwrap()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_and_any_cut(step in 1usize..200, cut in 0usize..600) {
        let bytes = good(EXPLICIT_LE);
        let whole = coerced(EXPLICIT_LE, &bytes, usual(), bytes.len()).unwrap();
        prop_assert_eq!(coerced(EXPLICIT_LE, &bytes, usual(), step).unwrap(), whole);
        // A cut is told, or falls between elements, where the scan passes too.
        let cut = &bytes[..cut.min(bytes.len() - 1)];
        let mut scanner = Scanner::new(EXPLICIT_LE, Limits::default());
        let scanned = scanner.push(cut).and_then(|()| scanner.finish());
        let told = coerced(EXPLICIT_LE, cut, usual(), step).is_err();
        if matches!(scanned, Err(crate::scan::ScanError::CutOff { .. } | crate::scan::ScanError::CutOffHeader | crate::scan::ScanError::Unclosed)) {
            prop_assert!(told);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), n in 0usize..4) {
        let syntax = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED][n];
        let _ = coerced(syntax, &bytes, usual(), 13);
    }
}
