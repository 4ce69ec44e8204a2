//! Studies to send: drawn ones (`bildbro_dicom::phantom`) with the noise of a
//! scanner, as files on disk, so that this process holds none of them.

use bildbro_dicom::{
    part10,
    phantom::{Instance, StudyPlan, catalogue},
};
use bildbro_testkit::Folder;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Folders that the objects lie in, one for each of several associations.
pub const PARTS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One study, 512 × 512 × 16 bit.
    Ct,
    /// As many studies as it takes, 128 × 128 × 16 bit.
    Mr,
}

impl Kind {
    const fn title(self) -> (&'static str, u32) {
        match self {
            Self::Ct => ("CT", 512),
            Self::Mr => ("MR", 32),
        }
    }

    fn draw(self, count: usize) -> Box<dyn Iterator<Item = Instance>> {
        let plan = |key| -> StudyPlan {
            let mut plans = catalogue().into_iter();
            let found = plans.find(|plan| plan.key == key);
            found.expect("the catalogue has one CT and one MR")
        };
        match self {
            Self::Ct => {
                let slices = u16::try_from(count).expect("a few hundred");
                let study = plan("ct-thorax").with_slices(slices).study(1);
                Box::new((0..count).filter_map(move |i| study.instance(i)))
            }
            Self::Mr => {
                let plan = plan("mr-hjarna").reduced(2);
                let studies = (1..).map(move |seed| plan.study(seed));
                let images = studies.flat_map(|study| {
                    (0..study.len()).filter_map(move |index| study.instance(index))
                });
                Box::new(images.take(count))
            }
        }
    }
}

/// Data sets by SOP Instance UID: length and SHA-256.
pub type DataSets = BTreeMap<String, (u64, [u8; 32])>;

/// Images on disk, in [`PARTS`] folders.
#[derive(Debug)]
pub struct Sample {
    pub kind: Kind,
    pub count: usize,
    pub data_sets: DataSets,
    folder: Folder,
}

impl Sample {
    pub fn draw(kind: Kind, count: usize) -> Self {
        let folder = Folder::new("bench-objects-");
        for part in 0..PARTS {
            folder.sub(&part.to_string());
        }
        let mut data_sets = DataSets::new();
        for (number, instance) in kind.draw(count).enumerate() {
            folder.write(&name(number), instance.file());
            let what = described(&instance.data_set);
            data_sets.insert(instance.sop_uid.to_string(), what);
        }
        Self {
            kind,
            count,
            data_sets,
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

    /// In the order of the slices.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.count).map(|number| self.folder.path().join(name(number)))
    }

    /// Bytes of all data sets.
    pub fn bytes(&self) -> u64 {
        self.data_sets.values().map(|(length, _)| length).sum()
    }

    /// "CT 300 × 512 KiB"
    pub fn title(&self) -> String {
        let (modality, kib) = self.kind.title();
        format!("{modality} {} × {kib} KiB", self.count)
    }
}

fn name(number: usize) -> String {
    format!("{}/{number:05}.dcm", number % PARTS)
}

fn described(data_set: &[u8]) -> (u64, [u8; 32]) {
    (data_set.len() as u64, Sha256::digest(data_set).into())
}

/// The data sets of these Part 10 files.
///
/// # Errors
/// Names the file that is none.
pub fn data_sets(files: &[PathBuf]) -> Result<DataSets, String> {
    let mut found = DataSets::new();
    for file in files {
        let read = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let (uid, what) = data_set(&read).map_err(|why| format!("{}: {why}", file.display()))?;
        found.insert(uid, what);
    }
    Ok(found)
}

/// Of one Part 10 file: SOP Instance UID, and the data set.
///
/// # Errors
/// When it is none.
pub fn data_set(file: &[u8]) -> Result<(String, (u64, [u8; 32])), String> {
    let (meta, start) = part10::read_meta(file).map_err(|error| error.to_string())?;
    Ok((meta.sop_uid.to_string(), described(&file[start..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_size_of_the_title_and_are_all_different() {
        for kind in [Kind::Ct, Kind::Mr] {
            let sample = Sample::draw(kind, 3);
            let (_, kib) = kind.title();
            // The other elements take a little more.
            let (pixels, all) = (u64::from(kib) * 1024, sample.bytes() / 3);
            assert!((pixels..pixels + 4096).contains(&all), "{all}");
            let files: Vec<PathBuf> = sample.files().collect();
            assert_eq!(data_sets(&files).unwrap(), sample.data_sets);
            assert_eq!(sample.data_sets.len(), 3);
        }
    }
}
