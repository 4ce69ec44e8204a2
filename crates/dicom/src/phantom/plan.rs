//! Which studies there are, and of whom.
//!
//! Personal identity numbers are published test numbers with a right check
//! digit, nobody's: 19121212-1212 (Tolvan Tolvansson, the test person of the
//! Swedish e-health services), 19811228-9874 (the example of encyclopedias and
//! validation libraries) and 19411029-9221 (a test person of the certificate
//! service Webcert). Add studies rather than numbers.

use super::Study;

/// A test person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patient {
    /// Components divided by `^` (PS3.5 6.2, PN).
    pub name: &'static str,
    /// Twelve digits.
    pub id: &'static str,
    /// `YYYYMMDD`
    pub birth_date: &'static str,
    /// `M` or `F`.
    pub sex: &'static str,
}

const TOLVAN: Patient = Patient {
    name: "Tolvansson^Tolvan",
    id: "191212121212",
    birth_date: "19121212",
    sex: "M",
};

const BJORN: Patient = Patient {
    name: "Öberg-Sjölander^Björn",
    id: "198112289874",
    birth_date: "19811228",
    sex: "M",
};

const ASA: Patient = Patient {
    name: "Ångström^Åsa Märta",
    id: "194110299221",
    birth_date: "19411029",
    sex: "F",
};

const LATIN_1: &str = "ISO_IR 100";
const UTF_8: &str = "ISO_IR 192";

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ct {
        slices: u16,
        nodule: bool,
    },
    Mr,
    Dx {
        /// Bone black: MONOCHROME1.
        inverse: bool,
    },
    Us,
    Mg,
}

/// A study not yet made: a seed makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyPlan {
    /// Short name, for command lines: `ct-thorax`.
    pub key: &'static str,
    pub patient: Patient,
    pub description: &'static str,
    /// `YYYYMMDD`
    pub date: &'static str,
    /// `HHMMSS`
    pub time: &'static str,
    /// Specific Character Set (0008,0005).
    pub character_set: &'static str,
    pub(super) kind: Kind,
    /// Matrices are divided by this.
    pub(super) reduction: u16,
}

impl StudyPlan {
    fn new(key: &'static str, patient: Patient, description: &'static str, kind: Kind) -> Self {
        Self {
            key,
            patient,
            description,
            date: "20260310",
            time: "091500",
            character_set: UTF_8,
            kind,
            reduction: 1,
        }
    }

    fn at(mut self, date: &'static str, time: &'static str) -> Self {
        (self.date, self.time) = (date, time);
        self
    }

    fn in_latin_1(mut self) -> Self {
        self.character_set = LATIN_1;
        self
    }

    /// `CT`, `MR`, `DX`, `US` or `MG`.
    #[must_use]
    pub const fn modality(&self) -> &'static str {
        match self.kind {
            Kind::Ct { .. } => "CT",
            Kind::Mr => "MR",
            Kind::Dx { .. } => "DX",
            Kind::Us => "US",
            Kind::Mg => "MG",
        }
    }

    /// The same of so many slices, at least one. For CT; others have their own
    /// number of images.
    #[must_use]
    pub fn with_slices(mut self, count: u16) -> Self {
        if let Kind::Ct { slices, .. } = &mut self.kind {
            *slices = count.max(1);
        }
        self
    }

    /// The same with matrices smaller by `factor` (1 to 16) along each side,
    /// for tests that care for the objects and not the pictures.
    #[must_use]
    pub fn reduced(mut self, factor: u16) -> Self {
        self.reduction = factor.clamp(1, 16);
        self
    }

    /// The study that `seed` makes of this plan.
    #[must_use]
    pub fn study(&self, seed: u64) -> Study {
        Study::new(self.clone(), seed)
    }
}

/// All plans: current studies and a few priors, of three persons.
#[must_use]
pub fn catalogue() -> Vec<StudyPlan> {
    let ct = |slices, nodule| Kind::Ct { slices, nodule };
    vec![
        StudyPlan::new(
            "ct-thorax",
            TOLVAN,
            "DT Thorax med iv kontrast",
            ct(120, true),
        )
        .at("20260310", "091500")
        .in_latin_1(),
        StudyPlan::new(
            "ct-thorax-prior",
            TOLVAN,
            "DT Thorax med iv kontrast",
            ct(60, false),
        )
        .at("20240902", "132000")
        .in_latin_1(),
        StudyPlan::new(
            "dx-lungor",
            TOLVAN,
            "Lungor frontal",
            Kind::Dx { inverse: false },
        )
        .at("20260227", "104500")
        .in_latin_1(),
        StudyPlan::new("mr-hjarna", BJORN, "MR Hjärna utan kontrast", Kind::Mr)
            .at("20260218", "154000"),
        StudyPlan::new("us-hjarta", BJORN, "Ultraljud hjärta", Kind::Us)
            .at("20260305", "083000")
            .in_latin_1(),
        StudyPlan::new(
            "dx-lungor-akut",
            BJORN,
            "Lungor frontal, akut",
            Kind::Dx { inverse: true },
        )
        .at("20251121", "221000"),
        StudyPlan::new("mg-screening", ASA, "Mammografi, hälsokontroll", Kind::Mg)
            .at("20260115", "141000"),
    ]
}
