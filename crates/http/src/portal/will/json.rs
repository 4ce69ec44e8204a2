//! The messages about patients' will.

use bildbro_domain::{
    CareUnitId, PatientKey, Personal, audit::spot_check::Assessment, share::Purpose,
};
use bildbro_flow::ports::portal::{
    Page,
    will::{
        BlockView, ConsentView, Done, EmergencyView, Found, Lookup, Named, NewConsent,
        OthersStudies, PatientNumber, StudyView, WillView,
    },
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A patient's number, and its issuer when it is a reserve number.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WillPatient")]
pub struct Patient {
    #[schemars(with = "String")]
    patient_id: Personal,
    #[serde(default)]
    issuer: String,
}

impl From<Patient> for PatientNumber {
    fn from(patient: Patient) -> Self {
        Self {
            id: patient.patient_id,
            issuer: patient.issuer,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub struct NewBlock {
    #[serde(flatten)]
    pub patient: Patient,
    /// Null: the whole organisation's studies.
    pub unit: Option<Uuid>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "LiftBlock")]
pub struct Lift {
    /// Of a second member, where the organisation wants one.
    #[serde(default)]
    pub approval_id: Option<Uuid>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewConsent")]
pub struct Consent {
    #[serde(flatten)]
    patient: Patient,
    /// Null: all care units.
    unit: Option<Uuid>,
    from: Timestamp,
    /// At most a year after `from`.
    until: Timestamp,
}

impl From<Consent> for NewConsent {
    fn from(new: Consent) -> Self {
        Self {
            patient: new.patient.into(),
            unit: new.unit.map(CareUnitId),
            from: new.from,
            until: new.until,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewEmergency")]
pub struct Emergency {
    #[serde(flatten)]
    pub patient: Patient,
    /// 10 to 500 characters.
    pub reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ReviewEmergency")]
pub struct Review {
    /// justified, unclear or unjustified.
    #[schemars(with = "String")]
    pub assessment: Assessment,
    #[serde(default)]
    pub comment: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "FindStudies")]
pub struct Search {
    #[serde(flatten)]
    patient: Patient,
    /// care, second_opinion, before_surgery, conference, patient_request, insurance or other.
    #[schemars(with = "String")]
    purpose: Purpose,
    /// Whether to ask for what others hold too, under coherent access.
    #[serde(default = "yes")]
    others: bool,
}

const fn yes() -> bool {
    true
}

impl From<Search> for Lookup {
    fn from(search: Search) -> Self {
        Self {
            patient: search.patient.into(),
            purpose: search.purpose,
            others: search.others,
        }
    }
}

#[derive(Deserialize)]
pub struct ListQuery {
    pub reviewed: Option<bool>,
    pub after: Option<String>,
    pub limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WillCreated")]
pub struct Created {
    pub id: Uuid,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EmergencyBegun")]
pub struct Begun {
    pub id: Uuid,
    pub until: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WillNamed")]
struct NamedJson {
    id: Uuid,
    name: String,
}

impl NamedJson {
    fn of<T>(named: Named<T>, id: impl Fn(T) -> Uuid) -> Self {
        Self {
            id: id(named.id),
            name: named.name.reveal().to_owned(),
        }
    }

    fn unit(unit: Option<Named<CareUnitId>>) -> Option<Self> {
        unit.map(|unit| Self::of(unit, |id| id.0))
    }
}

/// Who did it, and when.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WillDone")]
struct DoneJson {
    by: NamedJson,
    at: Timestamp,
}

impl From<Done> for DoneJson {
    fn from(done: Done) -> Self {
        Self {
            by: NamedJson::of(done.by, |id| id.0),
            at: done.at,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WillPatientShown")]
struct PatientShown {
    key_masked: String,
    /// Whether it is a real personnummer or samordningsnummer.
    proven: bool,
}

impl From<&PatientKey> for PatientShown {
    /// Enough to see that the right number was written, not to pass it on.
    fn from(key: &PatientKey) -> Self {
        let shown = match key.personnummer() {
            Some(twelve) => format!("{}-****", &twelve[..8]),
            None => format!("{}…", key.reveal().chars().take(2).collect::<String>()),
        };
        Self {
            key_masked: shown,
            proven: key.personnummer().is_some(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Block")]
struct BlockJson {
    id: Uuid,
    unit: Option<NamedJson>,
    registered: DoneJson,
    lifted: Option<DoneJson>,
}

impl From<BlockView> for BlockJson {
    fn from(block: BlockView) -> Self {
        Self {
            id: block.id.0,
            unit: NamedJson::unit(block.unit),
            registered: block.registered.into(),
            lifted: block.lifted.map(Into::into),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Consent")]
struct ConsentJson {
    id: Uuid,
    unit: Option<NamedJson>,
    from: Timestamp,
    until: Timestamp,
    registered: DoneJson,
    withdrawn: Option<DoneJson>,
}

impl From<ConsentView> for ConsentJson {
    fn from(consent: ConsentView) -> Self {
        Self {
            id: consent.id.0,
            unit: NamedJson::unit(consent.unit),
            from: consent.from,
            until: consent.until,
            registered: consent.registered.into(),
            withdrawn: consent.withdrawn.map(Into::into),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EmergencyReview")]
struct ReviewJson {
    assessment: String,
    comment: String,
    reviewed: DoneJson,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Emergency")]
struct EmergencyJson {
    id: Uuid,
    /// Whole for whoever reviews it; null where the patient is known.
    patient_id: Option<String>,
    decided: DoneJson,
    unit: Option<NamedJson>,
    reason: String,
    until: Timestamp,
    review: Option<ReviewJson>,
}

impl EmergencyJson {
    fn of(emergency: EmergencyView, names_patient: bool) -> Self {
        let patient = emergency.patient.reveal();
        Self {
            id: emergency.id.0,
            patient_id: names_patient.then(|| patient.to_owned()),
            decided: emergency.decided.into(),
            unit: NamedJson::unit(emergency.unit),
            reason: emergency.reason.reveal().to_owned(),
            until: emergency.until,
            review: emergency.review.map(|review| ReviewJson {
                assessment: review.assessment.as_str().to_owned(),
                comment: review.comment.reveal().to_owned(),
                reviewed: review.done.into(),
            }),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Emergencies {
    items: Vec<EmergencyJson>,
    next: Option<String>,
}

impl From<Page<EmergencyView>> for Emergencies {
    fn from(page: Page<EmergencyView>) -> Self {
        let items = page.items.into_iter();
        Self {
            items: items.map(|one| EmergencyJson::of(one, true)).collect(),
            next: page.next,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PatientWill")]
pub struct Will {
    patient: PatientShown,
    blocks: Vec<BlockJson>,
    consents: Vec<ConsentJson>,
    emergencies: Vec<EmergencyJson>,
}

impl From<WillView> for Will {
    fn from(will: WillView) -> Self {
        let emergencies = will.emergencies.into_iter();
        Self {
            patient: (&will.patient).into(),
            blocks: will.blocks.into_iter().map(Into::into).collect(),
            consents: will.consents.into_iter().map(Into::into).collect(),
            emergencies: emergencies
                .map(|one| EmergencyJson::of(one, false))
                .collect(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PatientStudy")]
struct StudyJson {
    study: String,
    /// holder, recipient (it was shared) or other (coherent access).
    relation: String,
    /// `YYYY-MM-DD`, when the images say.
    date: Option<String>,
    modality: String,
    description: String,
    institution: String,
    images: u64,
}

impl From<StudyView> for StudyJson {
    fn from(study: StudyView) -> Self {
        Self {
            study: study.study.as_str().to_owned(),
            relation: study.relation.as_str().to_owned(),
            date: date_of(&study.date),
            modality: study.modality,
            description: study.description,
            institution: study.institution,
            images: study.images,
        }
    }
}

/// DICOM's `YYYYMMDD` (PS3.5 6.2, DA).
fn date_of(text: &str) -> Option<String> {
    let text = text.trim();
    let is_date = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    is_date.then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OthersStudies")]
struct OthersJson {
    organisation: NamedJson,
    studies: Vec<StudyJson>,
    /// There is something that the patient has blocked.
    blocked: bool,
}

impl From<OthersStudies> for OthersJson {
    fn from(others: OthersStudies) -> Self {
        Self {
            organisation: NamedJson::of(others.organisation, |id| id.0),
            studies: others.studies.into_iter().map(Into::into).collect(),
            blocked: others.blocked,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PatientStudies")]
pub struct Studies {
    own: Vec<StudyJson>,
    /// There is something at other care units that the patient has blocked.
    own_blocked: bool,
    others: Vec<OthersJson>,
    /// unknown, consent or emergency.
    will: String,
    /// Why nothing more is told of what others hold.
    denied: Option<String>,
    /// There are more than are listed.
    truncated: bool,
}

impl From<Found> for Studies {
    fn from(found: Found) -> Self {
        Self {
            own: found.own.into_iter().map(Into::into).collect(),
            own_blocked: found.own_blocked,
            others: found.others.into_iter().map(Into::into).collect(),
            will: found.will.as_str().to_owned(),
            denied: found.denied.map(|denial| denial.as_str().to_owned()),
            truncated: found.truncated,
        }
    }
}
