//! What is sent: small drawn studies, whose pixels are replaced by noise of
//! the size that the run wants. All follows from the seed.

use bildbro_dicom::phantom::{Instance, StudyPlan, catalogue};
use bildbro_domain::Digest;
use rand::{Rng, RngCore, rngs::SmallRng};

/// Tag (7FE0,0010), VR OW, two reserved bytes (PS3.5 7.1.2).
const PIXEL_DATA: [u8; 8] = [0xE0, 0x7F, 0x10, 0x00, b'O', b'W', 0, 0];

/// The largest image of a study.
#[derive(Debug, Clone, Copy)]
enum Largest {
    Small,
    /// Several MB.
    Large,
    /// 40 MB.
    Huge,
}

/// One image as it goes out.
#[derive(Debug, Clone)]
pub struct Image {
    pub study: String,
    pub uid: String,
    /// Of the data set.
    pub digest: Digest,
    /// A Part 10 file.
    pub file: Vec<u8>,
}

/// A study to send.
#[derive(Debug)]
pub struct Study {
    pub images: Vec<Image>,
    /// The UID of an image that has been sent, with other bytes.
    pub conflicts: Vec<Image>,
}

/// The next study of the run. `number` is its own.
pub fn study(seed: u64, number: u64, random: &mut SmallRng) -> Study {
    let (most, largest) = match random.random_range(0..100) {
        0 => (2, Largest::Huge),
        1..8 => (3, Largest::Large),
        _ => (12, Largest::Small),
    };
    let count = random.random_range(1..=most);
    // Studies of two runs, and of one, never share a UID.
    let drawn = plan(count).study(seed.rotate_left(32) ^ number);
    let mut instances: Vec<Instance> = drawn.instances().collect();
    for (index, instance) in instances.iter_mut().enumerate() {
        let largest = if index == 0 { largest } else { Largest::Small };
        let size = match largest {
            Largest::Small => random.random_range(1_000..100_000),
            Largest::Large => random.random_range(1_000_000..6_000_000),
            Largest::Huge => 40_000_000,
        };
        replace_pixels(&mut instance.data_set, size, random);
    }
    let conflicts = if random.random_range(0..12) == 0 {
        vec![image(&altered(&instances[0]))]
    } else {
        Vec::new()
    };
    Study {
        images: instances.iter().map(image).collect(),
        conflicts,
    }
}

fn plan(count: u16) -> StudyPlan {
    catalogue()
        .into_iter()
        .find(|plan| plan.key == "ct-thorax")
        .expect("the catalogue has a CT")
        .with_slices(count)
        .reduced(16)
}

/// Pixel data come last in a drawn image.
fn replace_pixels(data_set: &mut Vec<u8>, size: usize, random: &mut SmallRng) {
    let start = data_set
        .windows(PIXEL_DATA.len())
        .rposition(|bytes| bytes == PIXEL_DATA)
        .expect("a drawn image has pixels")
        + PIXEL_DATA.len();
    let size = size & !1;
    data_set.truncate(start);
    let length = u32::try_from(size).expect("images here are below 4 GiB");
    data_set.extend_from_slice(&length.to_le_bytes());
    let pixels = data_set.len();
    data_set.resize(pixels + size, 0);
    random.fill_bytes(&mut data_set[pixels..]);
}

fn altered(instance: &Instance) -> Instance {
    let mut other = instance.clone();
    if let Some(last) = other.data_set.last_mut() {
        *last ^= 1;
    }
    other
}

fn image(instance: &Instance) -> Image {
    Image {
        study: instance.study_uid.to_string(),
        uid: instance.sop_uid.to_string(),
        digest: Digest::of(&instance.data_set),
        file: instance.file(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_dicom::part10;
    use bildbro_testkit::{Folder, dcmtk, eventually};
    use rand::SeedableRng;
    use std::fs;

    /// Otherwise a run would blame Bildbro for what DCMTK does.
    #[tokio::test]
    async fn dcmtk_sends_and_keeps_them_bit_by_bit() {
        let mut random = SmallRng::seed_from_u64(1);
        let study = study(1, 1, &mut random);
        let folder = Folder::new("chaos-images-");
        let archive = dcmtk::Storescp::start("ARCHIVE", &["+uf"]).await;
        for image in &study.images {
            let file = folder.write(&image.uid, &image.file);
            let sent = dcmtk::storescu("SENDER", &archive.peer(), &[], &[file]).await;
            sent.expect_success();
        }
        let mut digests: Vec<Digest> = study.images.iter().map(|i| i.digest).collect();
        digests.sort_unstable();
        eventually("the same bytes", async || {
            let mut kept = Vec::new();
            for file in archive.files() {
                let bytes = fs::read(file).ok()?;
                let (_, start) = part10::read_meta(&bytes).ok()?;
                kept.push(Digest::of(&bytes[start..]));
            }
            kept.sort_unstable();
            (kept == digests).then_some(())
        })
        .await;
    }
}
