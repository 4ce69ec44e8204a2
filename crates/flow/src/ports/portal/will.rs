//! Patients' blocks and consents, emergency access, and looking up a patient's
//! studies.
//!
//! A patient is named by a number as it is written, and its issuer where it is
//! no personnummer; both are compared as [`PatientKey`](bildbro_domain::PatientKey)s.
//! What is registered is seen by the organisation that registered it.

use super::{Answer, Caller, Page};
use async_trait::async_trait;
use bildbro_domain::{
    BlockId, CareUnitId, ConsentId, EmergencyId, MemberId, OrganisationId, PatientKey, Personal,
    StudyUid,
    audit::spot_check::Assessment,
    care::Will,
    policy::{Denial, Relation},
    share::Purpose,
};
use jiff::Timestamp;
use uuid::Uuid;

/// A patient's number as someone has written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientNumber {
    pub id: Personal,
    /// Whose number it is, when it is a reserve number; else empty.
    pub issuer: String,
}

/// A member or a care unit, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    pub id: T,
    pub name: Personal,
}

/// That someone did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub by: Named<MemberId>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockView {
    pub id: BlockId,
    /// `None`: the whole organisation's studies.
    pub unit: Option<Named<CareUnitId>>,
    pub registered: Done,
    pub lifted: Option<Done>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentView {
    pub id: ConsentId,
    /// `None`: all care units may see.
    pub unit: Option<Named<CareUnitId>>,
    pub from: Timestamp,
    pub until: Timestamp,
    pub registered: Done,
    pub withdrawn: Option<Done>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyView {
    pub id: EmergencyId,
    pub patient: PatientKey,
    /// Who decided it, and when.
    pub decided: Done,
    pub unit: Option<Named<CareUnitId>>,
    pub reason: Personal,
    pub until: Timestamp,
    pub review: Option<Review>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub done: Done,
    pub assessment: Assessment,
    pub comment: Personal,
}

/// What an organisation has on record of a patient's will, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WillView {
    pub patient: PatientKey,
    pub blocks: Vec<BlockView>,
    pub consents: Vec<ConsentView>,
    pub emergencies: Vec<EmergencyView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    pub patient: PatientNumber,
    pub unit: Option<CareUnitId>,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// A wish to know what studies there are of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub patient: PatientNumber,
    pub purpose: Purpose,
    /// Whether others' are asked for too, under coherent access.
    pub others: bool,
}

/// A study as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyView {
    pub study: StudyUid,
    pub relation: Relation,
    /// `YYYYMMDD` as in DICOM, or empty.
    pub date: String,
    pub modality: String,
    pub description: String,
    pub institution: String,
    pub images: u64,
}

/// What another organisation holds of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OthersStudies {
    pub organisation: Named<OrganisationId>,
    pub studies: Vec<StudyView>,
    /// There is more, which the patient has blocked.
    pub blocked: bool,
}

/// A patient's studies, newest first; at most [`MOST_STUDIES`] in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub own: Vec<StudyView>,
    /// There is more at other care units, which the patient has blocked.
    pub own_blocked: bool,
    pub others: Vec<OthersStudies>,
    pub will: Will,
    /// Why nothing is told of what others hold, but for what they have shared.
    pub denied: Option<Denial>,
    pub truncated: bool,
}

/// Most studies that one look-up tells of.
pub const MOST_STUDIES: u32 = 500;

#[async_trait]
pub trait Wills: Send + Sync + 'static {
    async fn will_of(&self, caller: &Caller, patient: &PatientNumber) -> Answer<WillView>;

    /// Bites at once: each release asks anew.
    async fn register_block(
        &self,
        caller: &Caller,
        patient: &PatientNumber,
        unit: Option<CareUnitId>,
    ) -> Answer<BlockId>;

    /// With `approval` where the organisation wants four eyes for it; without,
    /// a second member is asked
    /// ([`Refusal::ApprovalAsked`](super::Refusal::ApprovalAsked)).
    async fn lift_block(
        &self,
        caller: &Caller,
        block: BlockId,
        approval: Option<Uuid>,
    ) -> Answer<()>;

    /// For a time that [`care::period`](bildbro_domain::care::period) takes.
    async fn register_consent(&self, caller: &Caller, new: &NewConsent) -> Answer<ConsentId>;

    async fn withdraw_consent(&self, caller: &Caller, consent: ConsentId) -> Answer<()>;

    /// Counts for the caller, in their organisation, for this patient, until the
    /// time that is answered.
    async fn begin_emergency(
        &self,
        caller: &Caller,
        patient: &PatientNumber,
        reason: &Personal,
    ) -> Answer<(EmergencyId, Timestamp)>;

    async fn find_studies(&self, caller: &Caller, lookup: &Lookup) -> Answer<Found>;

    /// The organisation's emergency accesses, newest first. `after` is what a
    /// page before this gave as its next.
    async fn emergencies(
        &self,
        caller: &Caller,
        reviewed: Option<bool>,
        after: Option<&str>,
        limit: u32,
    ) -> Answer<Page<EmergencyView>>;

    /// Once; by someone else than who decided it.
    async fn review_emergency(
        &self,
        caller: &Caller,
        emergency: EmergencyId,
        assessment: Assessment,
        comment: &Personal,
    ) -> Answer<()>;
}
