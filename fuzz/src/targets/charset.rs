//! Character sets (PS3.5 6.1): decoding never fails and grows within bounds;
//! what can be encoded decodes to the same text, and makes no new delimiter.

use bildbro_dicom::charset;

/// By an input's first byte.
const TERMS: [&str; 24] = [
    "",
    "ISO_IR 6",
    "ISO_IR 100",
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 144",
    "ISO_IR 127",
    "ISO_IR 126",
    "ISO_IR 138",
    "ISO_IR 148",
    "ISO_IR 203",
    "ISO_IR 13",
    "ISO_IR 166",
    "ISO_IR 192",
    "GB18030",
    "GBK",
    "\\ISO 2022 IR 87",
    "ISO 2022 IR 13\\ISO 2022 IR 87",
    "\\ISO 2022 IR 149",
    "\\ISO 2022 IR 58",
    "ISO 2022 IR 100\\ISO 2022 IR 126",
    "ISO_IR 87",
    "NONSENSE",
];

pub fn run(data: &[u8]) {
    let Some((&first, bytes)) = data.split_first() else {
        return;
    };
    let term = TERMS[usize::from(first) % TERMS.len()];
    let text = charset::decode(term, bytes);
    assert!(
        text.len() <= 3 * bytes.len(),
        "a byte becomes three at most"
    );
    if bytes.is_ascii() && !bytes.contains(&0x1b) {
        assert_eq!(text.as_bytes(), bytes, "ASCII stays");
    }
    // The text itself, and one that no such data set could hold.
    writes(term, &text);
    writes(term, &String::from_utf8_lossy(bytes));
}

fn writes(term: &str, text: &str) {
    if text.chars().any(char::is_control) {
        return;
    }
    let Some(bytes) = charset::encode(term, text) else {
        return;
    };
    assert_eq!(charset::decode(term, &bytes), text, "{term}: it reads back");
    // In these two a backslash can be the second byte of a character.
    if !term.starts_with("GB") {
        let delimiters = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\\').count();
        assert_eq!(
            delimiters(&bytes),
            delimiters(text.as_bytes()),
            "{term}: no new delimiter"
        );
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let values: [(u8, &[u8]); 12] = [
        (0, b"\xc5str\xf6m"),
        (0, "Åström ¥‾€山".as_bytes()),
        (2, b"\xc5str\xf6m^\xc5sa"),
        (10, "\u{20ac}ğış".as_bytes()),
        (12, b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\\"),
        (14, "Åström^Åsa".as_bytes()),
        (15, b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab"),
        (17, b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
        (18, b"\x1b)I\xd4\xcf\x1b(J~\\\x1b$B;3\x1b(J"),
        (19, b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
        (20, b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1"),
        (21, b"\x1b-F\xc4\xe9\x1b-A\xc5"),
    ];
    values
        .iter()
        .map(|(term, bytes)| [&[*term], *bytes].concat())
        .collect()
}
