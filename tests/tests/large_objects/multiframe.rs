//! A large object that nobody holds: drawn frame by frame from a seed, as
//! often as it is asked for.

use bildbro_dicom::{pack::Packer, part10, uid::new_uid};
use bildbro_dimse::{
    client::{Association, ClientConfig, Node, Offer, StoreHeader},
    sop, status,
};
use bildbro_domain::AeTitle;
use bildbro_testkit::{LIMIT, Peer};
use bytes::Bytes;
use futures::stream;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

/// Multi-frame Grayscale Word Secondary Capture Image Storage.
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7.3";
/// Rows and columns, 16 bits a pixel.
const SIDE: u16 = 512;
const FRAME: usize = SIDE as usize * SIDE as usize * 2;
/// Frames that are drawn; the others are these over again, numbered.
const DRAWN: usize = 8;

pub struct Multiframe {
    sop_uid: String,
    /// The data set up to the first pixel.
    head: Bytes,
    drawn: Vec<Bytes>,
    frames: u32,
}

impl Multiframe {
    /// Of `frames` times 512 KiB.
    pub fn new(seed: u64, frames: u32) -> Self {
        let uid = |part: u64| new_uid(u128::from(seed) << 64 | u128::from(part));
        let sop_uid = uid(3);
        let short = |number: u16| number.to_le_bytes().to_vec();
        let pixels = FRAME as u32 * frames;
        let mut head = Vec::new();
        for (tag, vr, value) in [
            (0x0008_0016, b"UI", CLASS.into()),
            (0x0008_0018, b"UI", sop_uid.clone().into_bytes()),
            (0x0008_0060, b"CS", b"OT".to_vec()),
            (0x0010_0010, b"PN", b"Large^Object".to_vec()),
            (0x0010_0020, b"LO", b"LARGE".to_vec()),
            (0x0020_000D, b"UI", uid(1).into_bytes()),
            (0x0020_000E, b"UI", uid(2).into_bytes()),
            (0x0028_0002, b"US", short(1)),
            (0x0028_0004, b"CS", b"MONOCHROME2".to_vec()),
            (0x0028_0008, b"IS", frames.to_string().into_bytes()),
            (0x0028_0010, b"US", short(SIDE)),
            (0x0028_0011, b"US", short(SIDE)),
            (0x0028_0100, b"US", short(16)),
            (0x0028_0101, b"US", short(16)),
            (0x0028_0102, b"US", short(15)),
            (0x0028_0103, b"US", short(0)),
        ] {
            element(&mut head, tag, vr, value);
        }
        head.extend(b"\xE0\x7F\x10\x00OW\0\0");
        head.extend(pixels.to_le_bytes());
        Self {
            sop_uid,
            head: head.into(),
            drawn: (0..DRAWN).map(|n| draw(seed + n as u64)).collect(),
            frames,
        }
    }

    /// The data set, piece by piece.
    fn pieces(&self) -> impl Iterator<Item = Bytes> + use<> {
        let drawn = self.drawn.clone();
        let frames = (0..self.frames).flat_map(move |n| {
            let number = Bytes::copy_from_slice(&n.to_le_bytes());
            let rest = drawn[n as usize % DRAWN].slice(number.len()..);
            [number, rest]
        });
        std::iter::once(self.head.clone()).chain(frames)
    }

    pub fn length(&self) -> u64 {
        self.head.len() as u64 + FRAME as u64 * u64::from(self.frames)
    }

    /// Bytes that it takes on the line.
    pub fn packed(&self) -> u64 {
        let mut packer = Packer::new(sop::EXPLICIT_LE, self.length());
        let (mut out, mut bytes) = (Vec::new(), 0);
        for piece in self.pieces() {
            packer.push(&piece, &mut out);
            bytes += out.len();
            out.clear();
        }
        packer.finish(&mut out).expect("the length is right");
        (bytes + out.len()) as u64
    }

    /// C-STORE; returns when it has been acknowledged.
    pub async fn send(&self, to: &Peer) {
        let node = Node {
            ae_title: AeTitle::new(&to.ae_title).expect("an AE title"),
            host: to.address.ip().to_string(),
            port: to.address.port(),
        };
        let config = ClientConfig {
            calling: AeTitle::new("MODALITY").expect("an AE title"),
            connect: LIMIT,
            // Gigabytes go to the disk before the answer.
            response: Duration::from_secs(120),
            max_pdu: 128 << 10,
        };
        let offer = Offer::user(CLASS, &[sop::EXPLICIT_LE]);
        let opened = Association::open(&node, &config, &[offer]).await;
        let mut association = opened.expect("the gateway takes an association");
        let header = StoreHeader {
            class: CLASS.to_owned(),
            sop_uid: self.sop_uid.clone(),
            syntax: sop::EXPLICIT_LE.to_owned(),
            originator: None,
        };
        let bytes = stream::iter(self.pieces().map(Ok));
        let stored = association.store(&header, bytes).await;
        assert_eq!(stored.expect("the gateway answers"), status::SUCCESS);
        association.release().await;
    }

    /// Whether the file holds it, byte for byte.
    pub fn is_in(&self, file: &Path) -> io::Result<bool> {
        let mut file = File::open(file)?;
        let mut beginning = [0; 4096];
        file.read_exact(&mut beginning)?;
        let (_, start) = part10::read_meta(&beginning).map_err(io::Error::other)?;
        let start = start as u64;
        if file.metadata()?.len() != start + self.length() {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(start))?;
        let mut found = vec![0; FRAME];
        for piece in self.pieces() {
            let found = &mut found[..piece.len()];
            file.read_exact(found)?;
            if *found != piece[..] {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn element(out: &mut Vec<u8>, tag: u32, vr: &[u8; 2], mut value: Vec<u8>) {
    if value.len() % 2 == 1 {
        value.push(if vr == b"UI" { 0 } else { b' ' });
    }
    let [group, number] = [(tag >> 16) as u16, tag as u16];
    out.extend(group.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(vr);
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
}

/// A bright disc on a slope, with the noise of a detector.
fn draw(seed: u64) -> Bytes {
    let mut noise = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut pixels = Vec::with_capacity(FRAME);
    for y in 0..i32::from(SIDE) {
        for x in 0..i32::from(SIDE) {
            // Xorshift: as good as is needed here.
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let (dx, dy) = (x - 256, y - 256);
            let disc = (40_000 - dx * dx - dy * dy).clamp(0, 8_000);
            let pixel = disc + 2 * x + y + (noise & 0xFF) as i32;
            pixels.extend((pixel as u16).to_le_bytes());
        }
    }
    pixels.into()
}
