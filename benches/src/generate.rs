//! Objects to send: plain CT and MR images, as Part 10 files in explicit VR
//! little endian, each with its own UID and noise for pixels.

use bildbro_testkit::Folder;
use std::path::{Path, PathBuf};

/// Folders that the objects lie in, one for each of several associations.
pub const PARTS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 512 × 512 × 16 bit.
    Ct,
    /// 132 × 132 × 16 bit.
    Mr,
}

impl Kind {
    const fn side(self) -> u16 {
        match self {
            Self::Ct => 512,
            Self::Mr => 132,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Ct => "1.2.840.10008.5.1.4.1.1.2",
            Self::Mr => "1.2.840.10008.5.1.4.1.1.4",
        }
    }

    pub const fn modality(self) -> &'static str {
        match self {
            Self::Ct => "CT",
            Self::Mr => "MR",
        }
    }
}

/// A study on disk, in [`PARTS`] folders.
#[derive(Debug)]
pub struct Sample {
    pub kind: Kind,
    pub count: usize,
    folder: Folder,
}

impl Sample {
    pub fn generate(kind: Kind, count: usize) -> Self {
        let folder = Folder::new("bench-objects-");
        for part in 0..PARTS {
            folder.sub(&part.to_string());
        }
        for number in 0..count {
            let name = format!("{}/{number:05}.dcm", number % PARTS);
            folder.write(&name, object(kind, number));
        }
        Self {
            kind,
            count,
            folder,
        }
    }

    /// What each of so many associations sends: all, or one part.
    pub fn shares(&self, associations: usize) -> Vec<PathBuf> {
        let root: &Path = self.folder.path();
        match associations {
            1 => vec![root.to_owned()],
            _ => (0..PARTS).map(|part| root.join(part.to_string())).collect(),
        }
    }

    /// "CT 300 × 512 KiB"
    pub fn title(&self) -> String {
        let side = usize::from(self.kind.side());
        format!(
            "{} {} × {} KiB",
            self.kind.modality(),
            self.count,
            side * side * 2 / 1024
        )
    }
}

fn object(kind: Kind, number: usize) -> Vec<u8> {
    let root = match kind {
        Kind::Ct => "1.2.826.0.1.3680043.8.498.1",
        Kind::Mr => "1.2.826.0.1.3680043.8.498.2",
    };
    let (study, series) = (format!("{root}.1"), format!("{root}.1.1"));
    let instance = format!("{series}.{}", number + 1);
    let side = kind.side();

    let mut data = Elements::default();
    data.text((0x0008, 0x0016), b"UI", kind.class());
    data.text((0x0008, 0x0018), b"UI", &instance);
    data.text((0x0008, 0x0020), b"DA", "20260102");
    data.text((0x0008, 0x0030), b"TM", "101112");
    data.text((0x0008, 0x0050), b"SH", "BENCH1");
    data.text((0x0008, 0x0060), b"CS", kind.modality());
    data.text((0x0010, 0x0010), b"PN", "Bench^Mark");
    data.text((0x0010, 0x0020), b"LO", "BENCH");
    data.text((0x0010, 0x0030), b"DA", "");
    data.text((0x0010, 0x0040), b"CS", "O");
    data.text((0x0020, 0x000D), b"UI", &study);
    data.text((0x0020, 0x000E), b"UI", &series);
    data.text((0x0020, 0x0010), b"SH", "1");
    data.text((0x0020, 0x0011), b"IS", "1");
    data.text((0x0020, 0x0013), b"IS", &(number + 1).to_string());
    data.short((0x0028, 0x0002), 1);
    data.text((0x0028, 0x0004), b"CS", "MONOCHROME2");
    data.short((0x0028, 0x0010), side);
    data.short((0x0028, 0x0011), side);
    data.short((0x0028, 0x0100), 16);
    data.short((0x0028, 0x0101), 12);
    data.short((0x0028, 0x0102), 11);
    data.short((0x0028, 0x0103), 0);
    data.pixels(side, number);

    let mut meta = Elements::default();
    meta.long_bytes((0x0002, 0x0001), b"OB", &[0, 1]);
    meta.text((0x0002, 0x0002), b"UI", kind.class());
    meta.text((0x0002, 0x0003), b"UI", &instance);
    meta.text((0x0002, 0x0010), b"UI", "1.2.840.10008.1.2.1");
    meta.text((0x0002, 0x0012), b"UI", "1.2.826.0.1.3680043.8.498.3");
    let length = u32::try_from(meta.0.len()).expect("a file meta group is short");

    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    let mut group_length = Elements::default();
    group_length.short_bytes((0x0002, 0x0000), b"UL", &length.to_le_bytes());
    file.extend(group_length.0);
    file.extend(meta.0);
    file.extend(data.0);
    file
}

/// Elements in explicit VR little endian (PS3.5 7.1.2).
#[derive(Default)]
struct Elements(Vec<u8>);

impl Elements {
    fn start(&mut self, (group, element): (u16, u16), vr: &[u8; 2]) {
        self.0.extend_from_slice(&group.to_le_bytes());
        self.0.extend_from_slice(&element.to_le_bytes());
        self.0.extend_from_slice(vr);
    }

    /// For VRs with a length of 16 bits.
    fn short_bytes(&mut self, tag: (u16, u16), vr: &[u8; 2], bytes: &[u8]) {
        self.start(tag, vr);
        let length = u16::try_from(bytes.len()).expect("values here are short");
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// For VRs with a length of 32 bits.
    fn long_bytes(&mut self, tag: (u16, u16), vr: &[u8; 2], bytes: &[u8]) {
        self.start(tag, vr);
        let length = u32::try_from(bytes.len()).expect("values here are below 4 GiB");
        self.0.extend_from_slice(&[0, 0]);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, tag: (u16, u16), vr: &[u8; 2], text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == b"UI" { 0 } else { b' ' });
        }
        self.short_bytes(tag, vr, &bytes);
    }

    fn short(&mut self, tag: (u16, u16), value: u16) {
        self.short_bytes(tag, b"US", &value.to_le_bytes());
    }

    /// Noise, other in each object, so that nothing can be told from another
    /// or shrunk to nothing.
    fn pixels(&mut self, side: u16, seed: usize) {
        let count = usize::from(side) * usize::from(side);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ (seed as u64 + 1);
        let mut bytes = Vec::with_capacity(count * 2);
        for _ in 0..count {
            // xorshift64 (Marsaglia 2003)
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [low, high, ..] = state.to_le_bytes();
            bytes.extend_from_slice(&[low, high & 0x0F]);
        }
        self.long_bytes((0x7FE0, 0x0010), b"OW", &bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_size_of_the_title() {
        for (kind, kib) in [(Kind::Ct, 512), (Kind::Mr, 34)] {
            let bytes = object(kind, 7);
            assert_eq!(bytes.len() / 1024, kib);
            assert_eq!(bytes.len() % 2, 0);
            assert_ne!(bytes, object(kind, 8));
        }
    }

    #[tokio::test]
    async fn dcmtk_reads_them() {
        let folder = Folder::new("bench-object-");
        for kind in [Kind::Ct, Kind::Mr] {
            let file = folder.write("x.dcm", object(kind, 0));
            let dump = bildbro_testkit::dcmtk::dcmdump(&file)
                .await
                .expect_success();
            assert!(dump.contains("PixelData") && !dump.contains("W:"), "{dump}");
        }
    }
}
