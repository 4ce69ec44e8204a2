//! DICOM files: preamble and file meta information (PS3.10 7.1).

use crate::{element, syntax::Encoding, tag::Tag};
use bildbro_domain::{ClassUid, InstanceUid, SyntaxUid};

/// Our implementation's UID and version name, sent and written everywhere.
pub const IMPLEMENTATION_CLASS: &str = "2.25.268374520384571928374650192837465019283";
pub const IMPLEMENTATION_VERSION: &str = "BILDBRO_0";

/// What the meta header says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    pub class: ClassUid,
    pub sop_uid: InstanceUid,
    pub syntax: SyntaxUid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// The header goes on; give more of the file.
    #[error("the file meta header is cut off")]
    NeedMore,
    #[error("this is no DICOM file: `DICM` is missing at byte 128 (PS3.10 7.1)")]
    NotDicom,
    #[error("the file meta header is longer than {MAX_META} bytes")]
    TooLong,
    #[error("the file meta header lacks {0}")]
    Missing(Tag),
}

/// Longest meta header read: real ones take a few hundred bytes.
pub const MAX_META: usize = 64 * 1024;

const META: Encoding = Encoding {
    explicit: true,
    big_endian: false,
    deflated: false,
};

/// Preamble and meta header of a file, to be followed by the data set.
#[must_use]
pub fn meta_header(meta: &Meta) -> Vec<u8> {
    let mut group = Vec::with_capacity(256);
    put(&mut group, 0x0001, b"OB", &[0, 1]);
    put(&mut group, 0x0002, b"UI", meta.class.as_str().as_bytes());
    put(&mut group, 0x0003, b"UI", meta.sop_uid.as_str().as_bytes());
    put(&mut group, 0x0010, b"UI", meta.syntax.as_str().as_bytes());
    put(&mut group, 0x0012, b"UI", IMPLEMENTATION_CLASS.as_bytes());
    put(&mut group, 0x0013, b"SH", IMPLEMENTATION_VERSION.as_bytes());
    let length = u32::try_from(group.len()).expect("a few hundred bytes");
    let mut out = vec![0; 128];
    out.extend_from_slice(b"DICM");
    put(&mut out, 0x0000, b"UL", &length.to_le_bytes());
    out.extend_from_slice(&group);
    out
}

fn put(out: &mut Vec<u8>, number: u16, vr: &[u8; 2], value: &[u8]) {
    let padded = value.len() + value.len() % 2;
    let length = u32::try_from(padded).expect("a UID or shorter");
    element::write(out, Tag(2, number), *vr, length, META);
    out.extend_from_slice(value);
    if padded > value.len() {
        out.push(if vr == b"UI" { 0 } else { b' ' });
    }
}

/// Reads the meta header from the start of a file. Answers it, and where the
/// data set begins.
///
/// # Errors
/// [`MetaError::NeedMore`] asks for a longer prefix; the others are final.
pub fn read_meta(prefix: &[u8]) -> Result<(Meta, usize), MetaError> {
    if prefix.len() < 132 {
        return Err(MetaError::NeedMore);
    }
    if &prefix[128..132] != b"DICM" {
        return Err(MetaError::NotDicom);
    }
    let mut at = 132;
    let (mut class, mut sop_uid, mut syntax) = (None, None, None);
    loop {
        if at > MAX_META {
            return Err(MetaError::TooLong);
        }
        let rest = &prefix[at..];
        // The group ends where another begins; its length is often wrong.
        if rest.len() >= 2 && rest[..2] != [2, 0] {
            break;
        }
        let header = element::read(rest, META).ok_or(MetaError::NeedMore)?;
        let end = at + header.size + header.length as usize;
        if end > MAX_META {
            return Err(MetaError::TooLong);
        }
        let value = prefix
            .get(at + header.size..end)
            .ok_or(MetaError::NeedMore)?;
        let text = std::str::from_utf8(value).unwrap_or("");
        match header.tag.1 {
            0x0002 => class = ClassUid::new(text).ok(),
            0x0003 => sop_uid = InstanceUid::new(text).ok(),
            0x0010 => syntax = SyntaxUid::new(text).ok(),
            _ => {}
        }
        at = end;
    }
    let meta = Meta {
        class: class.ok_or(MetaError::Missing(Tag(2, 0x0002)))?,
        sop_uid: sop_uid.ok_or(MetaError::Missing(Tag(2, 0x0003)))?,
        syntax: syntax.ok_or(MetaError::Missing(Tag(2, 0x0010)))?,
    };
    Ok((meta, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let meta = Meta {
            class: ClassUid::new("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_uid: InstanceUid::new("1.2.3").unwrap(),
            syntax: SyntaxUid::new("1.2.840.10008.1.2.1").unwrap(),
        };
        let mut file = meta_header(&meta);
        let length = file.len();
        file.extend_from_slice(&[8, 0, 5, 0]);
        assert_eq!(read_meta(&file), Ok((meta, length)));
        for cut in 0..length {
            assert_eq!(read_meta(&file[..cut]), Err(MetaError::NeedMore), "{cut}");
        }
    }
}
