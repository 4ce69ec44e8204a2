//! Sample studies for the demo and the tests: drawn bodies, so that a viewer,
//! an archive and a person looking all have something true to type to work on.
//!
//! Everything follows from a plan and a seed: the same seed gives the same
//! bytes and UIDs, another gives a new study of the same kind. Instances are
//! drawn one at a time when asked for; no study is ever whole in memory.
//!
//! Persons are test persons: their numbers are published examples that belong
//! to nobody (see [`plan`]). This is no simulation: attenuation and tissue
//! contrast are roughly right, for the eye only.

mod abdomen;
mod attributes;
mod canvas;
mod card;
mod ct;
mod dataset;
mod dx;
mod mg;
mod mr;
mod noise;
mod plan;
#[cfg(test)]
mod tests;
mod thorax;
mod us;

use crate::{part10, uid::new_uid};
use bildbro_domain::{ClassUid, InstanceUid, SeriesUid, StudyUid, SyntaxUid};
pub use card::{TEST_PATIENT_ID, test_image};
use plan::Kind;
pub use plan::{Patient, StudyPlan, catalogue};

/// A study that a seed made of a plan.
#[derive(Debug, Clone)]
pub struct Study {
    plan: StudyPlan,
    seed: u64,
}

/// One image: who it is, and its bytes.
#[derive(Debug, Clone)]
pub struct Instance {
    pub study_uid: StudyUid,
    pub series_uid: SeriesUid,
    pub sop_uid: InstanceUid,
    pub class_uid: ClassUid,
    /// Always Explicit VR Little Endian.
    pub syntax: SyntaxUid,
    /// The data set, without preamble and file meta information.
    pub data_set: Vec<u8>,
}

impl Study {
    pub(crate) fn new(plan: StudyPlan, seed: u64) -> Self {
        Self { plan, seed }
    }

    #[must_use]
    pub fn plan(&self) -> &StudyPlan {
        &self.plan
    }

    /// Study Instance UID.
    #[must_use]
    pub fn uid(&self) -> StudyUid {
        StudyUid::new(&self.derive_uid(&[])).expect("2.25 and a decimal number is a UID")
    }

    /// Accession number: `BB` and eight digits.
    #[must_use]
    pub fn accession(&self) -> String {
        format!("BB{:08}", self.derive(&[1]) % 100_000_000)
    }

    /// Number of instances.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.plan.kind {
            Kind::Ct { slices, .. } => usize::from(slices),
            Kind::Mr => mr::COUNT,
            Kind::Dx { .. } | Kind::Us => 1,
            Kind::Mg => mg::COUNT,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Draws the instance at `index`, from 0; `None` past the last.
    #[must_use]
    pub fn instance(&self, index: usize) -> Option<Instance> {
        if index >= self.len() {
            return None;
        }
        Some(match self.plan.kind {
            Kind::Ct { slices, nodule } => ct::instance(self, index, slices, nodule),
            Kind::Mr => mr::instance(self, index),
            Kind::Dx { inverse } => dx::instance(self, inverse),
            Kind::Us => us::instance(self),
            Kind::Mg => mg::instance(self, index),
        })
    }

    /// Every instance in order, each drawn when the iterator comes to it.
    pub fn instances(&self) -> impl Iterator<Item = Instance> + '_ {
        (0..self.len()).filter_map(|index| self.instance(index))
    }

    /// A number that depends on the seed, the plan and `parts`.
    fn derive(&self, parts: &[u64]) -> u64 {
        let key = self
            .plan
            .key
            .bytes()
            .fold(0, |h, b| noise::hash(&[h, b.into()]));
        parts
            .iter()
            .fold(noise::hash(&[self.seed, key]), |h, part| {
                noise::hash(&[h, *part])
            })
    }

    /// A UID that depends on the seed, the plan and `parts`.
    fn derive_uid(&self, parts: &[u64]) -> String {
        let low = self.derive(parts);
        let high = noise::hash(&[low, self.seed]);
        new_uid(u128::from(high) << 64 | u128::from(low))
    }
}

impl Instance {
    /// The file meta information that goes with the data set.
    #[must_use]
    pub fn meta(&self) -> part10::Meta {
        part10::Meta {
            class: self.class_uid.clone(),
            sop_uid: self.sop_uid.clone(),
            syntax: self.syntax.clone(),
        }
    }

    /// The whole as a DICOM file (PS3.10 7).
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        [part10::meta_header(&self.meta()).as_slice(), &self.data_set].concat()
    }
}
