//! Right data sets to begin with, made here: small images with everything that
//! a reader has to find its way through, in each native encoding and in RLE,
//! and the head of a drawn one. Files from elsewhere come in by
//! [`FOLDER`], and are not kept.

use bildbro_dicom::{Tag, part10, phantom, syntax, tag, transcode};
use std::{env, fs, io::Write as _};

/// Names a folder with more DICOM files, for one run.
pub const FOLDER: &str = "BILDBRO_FUZZ_FILES";

/// Longest file of that folder that is taken.
const LONGEST: u64 = 128 * 1024;

const UNDEFINED: u32 = u32::MAX;
const SEQUENCE: Tag = Tag(0x0008, 0x1140);
pub const RLE: &str = "1.2.840.10008.1.2.5";

/// Transfer syntaxes that the targets read, chosen by an input's first byte.
pub const SYNTAXES: [&str; 16] = [
    syntax::EXPLICIT_LE,
    syntax::IMPLICIT_LE,
    syntax::EXPLICIT_BE,
    syntax::DEFLATED,
    RLE,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.100",
];

/// Words of DICOM: element headers, delimiters, character set escapes.
pub const WORDS: &[&[u8]] = &[
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xfe\xff\x00\xe0\x00\x00\x00\x00",
    b"\xfe\xff\x0d\xe0\x00\x00\x00\x00",
    b"\xfe\xff\xdd\xe0\x00\x00\x00\x00",
    b"\xff\xfe\xe0\x00\xff\xff\xff\xff",
    b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\x09\x00\x10\x10UN\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff",
    b"\xe0\x7f\x10\x00\xff\xff\xff\xff",
    b"\x00\x04\x61\x05SQ\x00\x00\xff\xff\xff\xff",
    b"\x00\x04\x61\x05SQ\x00\x00\x00\x00\x00\x00",
    b"\xfc\xff\xfc\xffOB\x00\x00\x02\x00\x00\x00\x00\x00",
    b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192",
    b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
    b"\x10\x00\x20\x00LO\x04\x00ABCD",
    b"\x08\x00\x50\x00SH\x00\x00",
    b"\x08\x00\x00\x00UL\x04\x00\x00\x00\x00\x00",
    b"UN\x00\x00",
    b"SQ\x00\x00",
    b"OW\x00\x00",
    b"US\x02\x00",
    b"LO",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b$)C",
    b"\xff\xff\xff\xff",
    b"DICM",
    b"\\",
    b"*",
    b"?",
];

/// Builds a data set, element by element.
pub struct Builder {
    explicit: bool,
    big_endian: bool,
    bytes: Vec<u8>,
}

impl Builder {
    #[must_use]
    pub fn new(transfer_syntax: &str) -> Self {
        Self {
            explicit: transfer_syntax != syntax::IMPLICIT_LE,
            big_endian: transfer_syntax == syntax::EXPLICIT_BE,
            bytes: Vec::new(),
        }
    }

    fn short(&mut self, n: u16) {
        let bytes = if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        };
        self.bytes.extend_from_slice(&bytes);
    }

    fn long(&mut self, n: u32) {
        let bytes = if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        };
        self.bytes.extend_from_slice(&bytes);
    }

    /// An element's header (PS3.5 7.1); items and delimiters have no VR.
    #[must_use]
    pub fn head(mut self, tag: Tag, vr: &[u8; 2], length: u32) -> Self {
        self.short(tag.0);
        self.short(tag.1);
        if !self.explicit || tag.0 == tag::ITEM.0 {
            self.long(length);
            return self;
        }
        self.bytes.extend_from_slice(vr);
        if matches!(vr, b"OB" | b"OW" | b"SQ" | b"UN" | b"UT") {
            self.short(0);
            self.long(length);
        } else {
            self.short(u16::try_from(length).unwrap_or(u16::MAX));
        }
        self
    }

    #[must_use]
    pub fn put(self, tag: Tag, vr: &[u8; 2], value: &[u8]) -> Self {
        let mut this = self.head(tag, vr, u32::try_from(value.len()).unwrap_or(u32::MAX));
        this.bytes.extend_from_slice(value);
        this
    }

    #[must_use]
    pub fn number(self, tag: Tag, n: u16) -> Self {
        let value = if self.big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        };
        self.put(tag, b"US", &value)
    }

    #[must_use]
    pub fn identity(self) -> Self {
        self.put(tag::SPECIFIC_CHARACTER_SET, b"CS", b"ISO_IR 100")
            .put(tag::SOP_CLASS_UID, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0")
            .put(tag::SOP_INSTANCE_UID, b"UI", b"1.2.3\0")
            .put(tag::STUDY_DATE, b"DA", b"20260101")
            .put(tag::ACCESSION_NUMBER, b"SH", b"A1")
            .put(tag::MODALITY, b"CS", b"OT")
            .put(tag::INSTITUTION_NAME, b"LO", b"\xd6sterg\xe5rd")
    }

    /// Sequences in each way to write them, with another patient's id inside.
    #[must_use]
    pub fn nested(self) -> Self {
        self.head(SEQUENCE, b"SQ", UNDEFINED)
            .head(tag::ITEM, b"  ", UNDEFINED)
            .put(tag::PATIENT_ID, b"LO", b"WRONG ")
            .head(Tag(0x0040, 0x0275), b"SQ", UNDEFINED)
            .head(tag::ITEM, b"  ", 0)
            .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
            .head(tag::ITEM_DELIMITATION, b"  ", 0)
            .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
            .head(Tag(0x0008, 0x1199), b"SQ", 16)
            .head(tag::ITEM, b"  ", 8)
            .head(tag::ITEM_DELIMITATION, b"  ", 0)
    }

    #[must_use]
    pub fn patient(self) -> Self {
        self.put(tag::PATIENT_NAME, b"PN", b"\xc5str\xf6m^\xc5sa ")
            .put(tag::PATIENT_ID, b"LO", b"191212121212")
            .put(tag::STUDY_INSTANCE_UID, b"UI", b"1.2\0")
            .put(tag::SERIES_INSTANCE_UID, b"UI", b"1.2.1\0")
            .put(tag::INSTANCE_NUMBER, b"IS", b"7 ")
    }

    /// What describes 4 × 4 pixels of one byte, but for the pixels.
    #[must_use]
    pub fn image(self) -> Self {
        self.number(Tag(0x0028, 0x0002), 1)
            .put(Tag(0x0028, 0x0004), b"CS", b"MONOCHROME2 ")
            .number(Tag(0x0028, 0x0010), 4)
            .number(Tag(0x0028, 0x0011), 4)
            .number(Tag(0x0028, 0x0100), 8)
            .number(Tag(0x0028, 0x0101), 8)
            .number(Tag(0x0028, 0x0102), 7)
            .number(Tag(0x0028, 0x0103), 0)
    }

    /// The pixels as one fragment, after an empty offset table (PS3.5 A.4).
    #[must_use]
    pub fn fragment(self, data: &[u8]) -> Self {
        self.head(tag::PIXEL_DATA, b"OB", UNDEFINED)
            .head(tag::ITEM, b"  ", 0)
            .put(tag::ITEM, b"  ", data)
            .head(tag::SEQUENCE_DELIMITATION, b"  ", 0)
    }

    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.bytes
    }
}

/// A small image in one of the [`SYNTAXES`]; an RLE one for the compressed.
#[must_use]
pub fn image(transfer_syntax: &str) -> Vec<u8> {
    let start = Builder::new(transfer_syntax).identity().nested();
    let described = start.patient().image();
    if syntax::encapsulated(transfer_syntax) {
        // Header of one segment, then a literal run (PS3.5 G).
        let mut frame = vec![0; 64];
        frame[0] = 1;
        frame[4] = 64;
        frame.push(15);
        frame.extend(0..16);
        frame.push(0x80);
        return described.fragment(&frame).done();
    }
    let pixels: Vec<u8> = (0..16).collect();
    let plain = described.put(tag::PIXEL_DATA, b"OB", &pixels).done();
    if transfer_syntax == syntax::DEFLATED {
        return deflate(&plain);
    }
    plain
}

/// Deflates a data set (PS3.5 A.5).
#[must_use]
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    let deflated = encoder.write_all(bytes).and_then(|()| encoder.finish());
    deflated.expect("writing to memory does not fail")
}

/// The data set of a drawn image up to its pixels, explicit little endian.
#[must_use]
pub fn drawn() -> Option<Vec<u8>> {
    let study = phantom::catalogue().first()?.study(7);
    let bytes = study.instance(0)?.data_set;
    let pixels = b"\xe0\x7f\x10\x00OW\0\0";
    let at = bytes.windows(pixels.len()).position(|w| w == pixels)?;
    Some(bytes[..at].to_vec())
}

/// Data sets, each after the byte that says its syntax's place in [`SYNTAXES`].
#[must_use]
pub fn data_sets() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut add = |place: usize, bytes: &[u8]| {
        let place = u8::try_from(place).unwrap_or(0);
        out.push([&[place], bytes].concat());
    };
    for (place, name) in SYNTAXES.iter().enumerate().take(5) {
        add(place, &image(name));
    }
    if let Some(drawn) = drawn() {
        add(0, &drawn);
        for (place, to) in SYNTAXES.iter().enumerate().take(4).skip(1) {
            if let Ok(other) = transcode::to(&drawn, syntax::EXPLICIT_LE, to, 1 << 20) {
                add(place, &other);
            }
        }
    }
    for file in files() {
        let Ok((meta, start)) = part10::read_meta(&file) else {
            continue;
        };
        let place = SYNTAXES.iter().position(|s| *s == meta.syntax.as_str());
        if let Some(place) = place {
            add(place, &file[start..]);
        }
    }
    out
}

/// The files of [`FOLDER`], in the order of their names.
#[must_use]
pub fn files() -> Vec<Vec<u8>> {
    let Some(folder) = env::var_os(FOLDER) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|e| {
            e.metadata()
                .is_ok_and(|m| m.is_file() && m.len() <= LONGEST)
        })
        .map(|e| e.path())
        .collect();
    paths.sort();
    paths.iter().filter_map(|p| fs::read(p).ok()).collect()
}
