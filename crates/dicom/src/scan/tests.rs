use super::*;
use crate::{element, syntax};
use proptest::prelude::*;

/// Builds data sets, right and wrong, element by element.
struct Builder {
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl Builder {
    fn new(syntax: &str) -> Self {
        Self {
            encoding: Encoding::of(syntax),
            bytes: Vec::new(),
        }
    }

    fn head(mut self, tag: Tag, vr: &[u8; 2], length: u32) -> Self {
        element::write(&mut self.bytes, tag, *vr, length, self.encoding);
        self
    }

    fn put(self, tag: Tag, vr: &[u8; 2], value: &[u8]) -> Self {
        let mut this = self.head(tag, vr, u32::try_from(value.len()).unwrap());
        this.bytes.extend_from_slice(value);
        this
    }

    fn identity(self) -> Self {
        self.put(tag::SPECIFIC_CHARACTER_SET, b"CS", b"ISO_IR 100")
            .put(tag::SOP_CLASS_UID, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0")
            .put(tag::SOP_INSTANCE_UID, b"UI", b"1.2.3\0")
            .put(tag::MODALITY, b"CS", b"CT")
            .put(tag::PATIENT_NAME, b"PN", b"\xc5str\xf6m^\xc5sa ")
            .put(tag::PATIENT_ID, b"LO", b"191212121212")
            .put(tag::STUDY_INSTANCE_UID, b"UI", b"1.2")
            .put(tag::SERIES_INSTANCE_UID, b"UI", b"1.2.1")
            .put(tag::INSTANCE_NUMBER, b"IS", b"7 ")
    }

    /// A sequence of undefined length with an item of undefined length in it,
    /// which holds another patient's id, not to be taken for this one's.
    fn nested(self) -> Self {
        self.head(Tag(0x0040, 0x0275), b"SQ", element::UNDEFINED)
            .head(tag::ITEM, b"  ", element::UNDEFINED)
            .put(tag::PATIENT_ID, b"LO", b"WRONG ")
            .head(tag::ITEM_DELIMITATION, b"  ", 0)
            .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
    }

    fn fragments(mut self) -> Self {
        self = self
            .head(tag::PIXEL_DATA, b"OB", element::UNDEFINED)
            .head(tag::ITEM, b"  ", 0)
            .head(tag::ITEM, b"  ", 6);
        self.bytes.extend_from_slice(b"abcdef");
        self.head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
    }
}

fn scan(syntax: &str, bytes: &[u8], step: usize) -> Result<InstanceHeader, ScanError> {
    let mut scanner = Scanner::new(syntax, Limits::default());
    for piece in bytes.chunks(step.max(1)) {
        scanner.push(piece)?;
    }
    scanner.finish()
}

fn good(syntax: &str) -> Vec<u8> {
    Builder::new(syntax).identity().nested().fragments().bytes
}

#[test]
fn every_encoding_reads_the_same() {
    for syntax in [
        syntax::IMPLICIT_LE,
        syntax::EXPLICIT_LE,
        syntax::EXPLICIT_BE,
    ] {
        let header = scan(syntax, &good(syntax), 5).unwrap();
        assert_eq!(header.patient_name.reveal(), "Åström^Åsa");
        assert_eq!(header.patient_id.reveal(), "191212121212");
        assert_eq!(header.sop_uid.as_str(), "1.2.3");
        assert_eq!(header.instance_number, Some(7));
    }
}

#[test]
fn a_deflated_data_set_is_read_and_a_bomb_is_not() {
    use std::io::Write;
    let deflate = |bytes: &[u8]| {
        let mut out =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let plain = good(syntax::EXPLICIT_LE);
    let packed = deflate(&plain);
    assert_eq!(scan(syntax::DEFLATED, &packed, 3).unwrap().modality, "CT");
    let cut = &packed[..packed.len() / 2];
    assert_eq!(scan(syntax::DEFLATED, cut, 64), Err(ScanError::Deflate));

    let bomb = deflate(
        &Builder::new(syntax::EXPLICIT_LE)
            .identity()
            .put(tag::PIXEL_DATA, b"OB", &vec![0; 4 << 20])
            .bytes,
    );
    let mut scanner = Scanner::new(
        syntax::DEFLATED,
        Limits {
            inflated: 1 << 20,
            ..Limits::default()
        },
    );
    assert_eq!(scanner.push(&bomb), Err(ScanError::Bomb(1 << 20)));
}

#[test]
fn a_length_that_lies_is_told_with_its_numbers() {
    let mut bytes = Builder::new(syntax::EXPLICIT_LE)
        .identity()
        .head(tag::PIXEL_DATA, b"OW", 2_000_000_000)
        .bytes;
    bytes.extend_from_slice(&[0; 64]);
    assert_eq!(
        scan(syntax::EXPLICIT_LE, &bytes, 50)
            .unwrap_err()
            .to_string(),
        "the data set is cut off: element (7FE0,0010) announces 2000000000 bytes, 64 came"
    );
}

#[test]
fn identity_must_be_there_and_legal() {
    let with = |uid: &[u8]| {
        let bytes = Builder::new(syntax::EXPLICIT_LE)
            .put(tag::SOP_CLASS_UID, b"UI", b"1.2")
            .put(tag::SOP_INSTANCE_UID, b"UI", b"1.2.3")
            .put(tag::STUDY_INSTANCE_UID, b"UI", uid)
            .put(tag::SERIES_INSTANCE_UID, b"UI", b"1.2.1")
            .bytes;
        scan(syntax::EXPLICIT_LE, &bytes, 99)
    };
    assert!(with(b"1.2").is_ok(), "a missing patient id is no obstacle");
    assert_eq!(with(b""), Err(ScanError::Missing(tag::STUDY_INSTANCE_UID)));
    assert_eq!(
        with(b"../../etc/passwd"),
        Err(ScanError::Illegal {
            tag: tag::STUDY_INSTANCE_UID,
            source: NameError::UidCharacter
        })
    );
}

#[test]
fn nesting_has_an_end() {
    let mut builder = Builder::new(syntax::EXPLICIT_LE);
    for _ in 0..100 {
        builder = builder
            .head(Tag(0x0040, 0x0275), b"SQ", element::UNDEFINED)
            .head(tag::ITEM, b"  ", element::UNDEFINED);
    }
    assert_eq!(
        scan(syntax::EXPLICIT_LE, &builder.bytes, 10),
        Err(ScanError::TooDeep(64))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_reads_the_same(step in 1usize..200) {
        let bytes = good(syntax::EXPLICIT_LE);
        prop_assert_eq!(scan(syntax::EXPLICIT_LE, &bytes, step), scan(syntax::EXPLICIT_LE, &bytes, bytes.len()));
    }

    #[test]
    fn any_truncation_is_told_or_falls_between_elements(cut in 0usize..400) {
        let bytes = good(syntax::EXPLICIT_LE);
        let identity = Builder::new(syntax::EXPLICIT_LE).identity().bytes.len();
        let cut = cut.min(bytes.len() - 1);
        let whole = [identity, identity + (bytes.len() - identity - Builder::new(syntax::EXPLICIT_LE).fragments().bytes.len())];
        let result = scan(syntax::EXPLICIT_LE, &bytes[..cut], 17);
        prop_assert!(result.is_err() || whole.contains(&cut) || cut >= identity - 10, "cut at {}", cut);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), syntax in 0usize..4) {
        let syntax = [syntax::IMPLICIT_LE, syntax::EXPLICIT_LE, syntax::EXPLICIT_BE, syntax::DEFLATED][syntax];
        let _ = scan(syntax, &bytes, 13);
    }
}
