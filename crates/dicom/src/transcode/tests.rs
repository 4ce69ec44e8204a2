use super::*;
use crate::{element, tag};
use proptest::prelude::*;

const NATIVE: [&str; 4] = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED];
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const MOST: u64 = 1 << 20;

struct Built {
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl Built {
    fn new(syntax: &str) -> Self {
        let encoding = Encoding::of(syntax);
        Self {
            encoding,
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

    fn number(self, element: u16, number: u16) -> Self {
        let bytes = if self.encoding.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        };
        self.put(Tag(0x0028, element), b"US", &bytes)
    }

    fn image(self, rows: u16, samples: u16, photometric: &[u8]) -> Self {
        let built = self
            .number(2, samples)
            .put(Tag(0x0028, 4), b"CS", photometric);
        let built = if samples > 1 {
            built.number(6, 0)
        } else {
            built
        };
        built
            .number(0x10, rows)
            .number(0x11, rows)
            .number(0x100, 8)
            .number(0x101, 8)
    }

    fn fragments(self, fragments: &[&[u8]]) -> Vec<u8> {
        let mut this =
            self.head(tag::PIXEL_DATA, b"OB", element::UNDEFINED)
                .put(tag::ITEM, b"  ", b"");
        for fragment in fragments {
            this = this.put(tag::ITEM, b"  ", fragment);
            if fragment.len() % 2 == 1 {
                panic!("fragments are even");
            }
        }
        this.head(tag::SEQUENCE_DELIMITATION, b"  ", 0).bytes
    }
}

/// Texts, numbers, nested sequences, private elements and pixels.
fn native(syntax: &str) -> Vec<u8> {
    let big = syntax == EXPLICIT_BE;
    let double = if big {
        1.5f64.to_be_bytes()
    } else {
        1.5f64.to_le_bytes()
    };
    let pixels: [u8; 4] = if big { [1, 2, 3, 4] } else { [2, 1, 4, 3] };
    let built = Built::new(syntax)
        .put(tag::SPECIFIC_CHARACTER_SET, b"CS", b"ISO_IR 100")
        .put(tag::PATIENT_NAME, b"PN", b"\xc5str\xf6m^\xc5sa")
        .head(Tag(0x0018, 0x9346), b"SQ", element::UNDEFINED)
        .head(tag::ITEM, b"  ", element::UNDEFINED)
        .put(Tag(0x0018, 0x9073), b"FD", &double)
        .head(Tag(0x0040, 0x0275), b"SQ", 0)
        .head(tag::ITEM_DELIMITATION, b"  ", 0)
        .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
        .number(0x10, 258)
        .put(Tag(0x0029, 0x0010), b"LO", b"MAKER ")
        .put(Tag(0x0029, 0x1001), b"UN", b"as it is")
        .put(tag::PIXEL_DATA, b"OW", &pixels);
    if syntax == DEFLATED {
        inflate::deflate(&built.bytes)
    } else {
        built.bytes
    }
}

#[test]
fn native_syntaxes_become_each_other() {
    for from in NATIVE {
        for into in NATIVE {
            let made = to(&native(from), from, into, MOST).unwrap();
            assert_eq!(made, native(into), "{from} to {into}");
        }
    }
}

#[test]
fn what_becomes_untrue_is_left_out() {
    let group_length = Built::new(EXPLICIT_LE)
        .put(Tag(0x0010, 0), b"UL", &[10, 0, 0, 0])
        .put(tag::PATIENT_ID, b"LO", b"1 ")
        .put(tag::DATA_SET_TRAILING_PADDING, b"OB", &[0; 6])
        .bytes;
    let made = to(&group_length, EXPLICIT_LE, IMPLICIT_LE, MOST).unwrap();
    assert_eq!(
        made,
        Built::new(IMPLICIT_LE)
            .put(tag::PATIENT_ID, b"LO", b"1 ")
            .bytes
    );
}

/// 8 × 8 pixels of one colour, (197, 60, 16), in YCbCr by its JFIF marker.
fn jpeg() -> Vec<u8> {
    bytes(
        "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a18161618\
         3123251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb00\
         43011112121815182f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363\
         6363636363636363636363636363636363636363ffc00011080008000803012200021101031101ffc40015000101\
         00000000000000000000000000000005ffc40014100100000000000000000000000000000000ffc4001501010100\
         000000000000000000000000000506ffc40014110100000000000000000000000000000000ffda000c0301000211\
         0311003f009e00a513ffd900",
    )
}

/// 4 × 4 pixels of 0, 16, 32 …, lossless.
fn jpeg_2000() -> Vec<u8> {
    bytes(
        "ff4fff5100290000000000040000000400000000000000000000000400000004000000000000000000010701\
         01ff52000c00000001000004040001ff5c00044040ff640025000143726561746564206279204f70656e4a50\
         45472076657273696f6e20322e352e34ff90000a00000000001d0001ff93df8060120f849642e1ba6df1cfbd\
         07ffd900",
    )
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn jpeg_becomes_rgb_and_says_so() {
    // RGB before the compression, the archive says; YCbCr, says the image.
    for photometric in [b"YBR_FULL_422", b"RGB         "] {
        let stored = Built::new(JPEG_BASELINE)
            .image(8, 3, photometric)
            .fragments(&[&jpeg()]);
        let made = to(&stored, JPEG_BASELINE, EXPLICIT_LE, MOST).unwrap();
        let pixels = [197, 60, 16].repeat(64);
        let expected =
            Built::new(EXPLICIT_LE)
                .image(8, 3, b"RGB ")
                .put(tag::PIXEL_DATA, b"OB", &pixels);
        assert_eq!(made, expected.bytes);
    }
}

#[test]
fn a_frame_may_lie_in_several_fragments() {
    let jpeg = jpeg();
    let (one, two) = jpeg.split_at(100);
    let stored = Built::new(JPEG_BASELINE)
        .put(tag::NUMBER_OF_FRAMES, b"IS", b"2 ")
        .image(8, 3, b"YBR_FULL_422")
        .fragments(&[one, two, &jpeg]);
    let made = to(&stored, JPEG_BASELINE, IMPLICIT_LE, MOST).unwrap();
    assert!(made.ends_with(&[197, 60, 16].repeat(128)));
}

#[test]
fn jpeg_2000_and_rle_decode_without_loss() {
    let gray: Vec<u8> = (0..16).map(|n| n * 16).collect();
    let expected = Built::new(EXPLICIT_LE)
        .image(4, 1, b"MONOCHROME2 ")
        .put(tag::PIXEL_DATA, b"OB", &gray)
        .bytes;
    let stored = Built::new(JPEG_2000)
        .image(4, 1, b"MONOCHROME2 ")
        .fragments(&[&jpeg_2000()]);
    assert_eq!(to(&stored, JPEG_2000, EXPLICIT_LE, MOST).unwrap(), expected);

    // One segment at 64: a run of 16 literal bytes (PS3.5 G).
    let mut rle = [1u32, 64]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect::<Vec<u8>>();
    rle.resize(64, 0);
    rle.push(15);
    rle.extend(&gray);
    rle.push(128);
    let stored = Built::new(RLE)
        .image(4, 1, b"MONOCHROME2 ")
        .fragments(&[&rle]);
    assert_eq!(to(&stored, RLE, EXPLICIT_LE, MOST).unwrap(), expected);
}

#[test]
fn what_cannot_be_done_is_told_by_name() {
    let stored = Built::new(JPEG_LS)
        .image(4, 1, b"MONOCHROME2 ")
        .fragments(&[b"\xff\xd8"]);
    let told = to(&stored, JPEG_LS, EXPLICIT_LE, MOST)
        .unwrap_err()
        .to_string();
    assert!(told.contains("JPEG-LS") && told.contains(JPEG_LS), "{told}");
    assert!(matches!(
        to(&stored, EXPLICIT_LE, JPEG_LS, MOST),
        Err(TranscodeError::Unencodable(_))
    ));
    assert!(candidates(JPEG_LS).is_empty() && candidates("1.2.3").is_empty());
    // A report has no pixels to decode, whatever its syntax says.
    let report = Built::new(JPEG_LS).put(tag::MODALITY, b"CS", b"SR").bytes;
    assert_eq!(to(&report, JPEG_LS, EXPLICIT_LE, MOST).unwrap(), report);
}

#[test]
fn sizes_are_bounded_before_anything_is_decoded() {
    let stored = |rows| {
        Built::new(JPEG_2000)
            .image(rows, 1, b"MONOCHROME2 ")
            .fragments(&[&jpeg_2000()])
    };
    assert!(matches!(
        to(&stored(u16::MAX), JPEG_2000, EXPLICIT_LE, MOST),
        Err(TranscodeError::TooLarge(4_294_836_225, MOST))
    ));
    // An image that asks for other than the object says.
    assert!(matches!(
        to(&stored(8), JPEG_2000, EXPLICIT_LE, MOST),
        Err(TranscodeError::Decode { .. })
    ));
    // Found by fuzzing: planes of 65,535 pixels a side were made first.
    let mut huge = jpeg();
    let at = huge.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap() + 5;
    huge[at..at + 4].fill(0xFF);
    let stored = Built::new(JPEG_BASELINE)
        .image(8, 3, b"YBR_FULL_422")
        .fragments(&[&huge]);
    let told = to(&stored, JPEG_BASELINE, EXPLICIT_LE, MOST)
        .unwrap_err()
        .to_string();
    assert!(told.contains("another size"), "{told}");
    let bomb = inflate::deflate(
        &Built::new(DEFLATED)
            .put(tag::PIXEL_DATA, b"OB", &vec![0; 4 << 20])
            .bytes,
    );
    assert!(matches!(
        to(&bomb, DEFLATED, EXPLICIT_LE, MOST),
        Err(TranscodeError::Inflate(InflateError::Bomb(MOST)))
    ));
}

#[test]
fn compressed_icons_go() {
    let icon = |compressed| {
        let built = Built::new(JPEG_BASELINE).image(8, 3, b"YBR_FULL_422");
        let built = if compressed {
            let built = built
                .head(Tag(0x0088, 0x0200), b"SQ", element::UNDEFINED)
                .head(tag::ITEM, b"  ", element::UNDEFINED);
            let encoding = built.encoding;
            let mut bytes = built.fragments(&[&jpeg()]);
            element::write(&mut bytes, tag::ITEM_DELIMITATION, *b"  ", 0, encoding);
            element::write(&mut bytes, tag::SEQUENCE_DELIMITATION, *b"  ", 0, encoding);
            Built { encoding, bytes }
        } else {
            built
        };
        to(
            &built.fragments(&[&jpeg()]),
            JPEG_BASELINE,
            EXPLICIT_LE,
            MOST,
        )
        .unwrap()
    };
    assert_eq!(icon(true), icon(false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), from in 0usize..4, into in 0usize..4) {
        let _ = to(&bytes, NATIVE[from], NATIVE[into], MOST);
    }

    #[test]
    fn broken_objects_never_panic(at in 0usize..500, byte: u8, which in 0usize..2) {
        let (syntax, mut stored) = if which == 0 {
            (JPEG_BASELINE, Built::new(JPEG_BASELINE).image(8, 3, b"YBR_FULL_422").fragments(&[&jpeg()]))
        } else {
            (JPEG_2000, Built::new(JPEG_2000).image(4, 1, b"MONOCHROME2 ").fragments(&[&jpeg_2000()]))
        };
        let at = at % stored.len();
        stored[at] = byte;
        let _ = to(&stored, syntax, EXPLICIT_LE, MOST);
        let _ = to(&stored[..at], syntax, EXPLICIT_LE, MOST);
    }
}
