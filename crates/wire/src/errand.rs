//! Errands: what the hub asks a gateway to do at its nodes, since nobody can
//! connect to a gateway: to search a PACS while a person waits, and to fetch a
//! study from it.
//!
//! As all of the link, a gateway asks and the hub answers. An errand is claimed
//! by lease; each [`Found`] renews it.

use bildbro_domain::{
    ClaimId, ErrandId, ErrorClass, Personal, StudyUid,
    share::{Failure, Priority},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Body: [`AskErrand`]; answer: [`AskedErrand`].
pub const ERRAND: &str = "/link/v1/errand";
/// Body: [`Found`]; answer: [`FoundReply`].
pub const FOUND: &str = "/link/v1/found";

/// Most studies in one [`Found`].
pub const MAX_FOUND: usize = 64;

/// Asks for an errand; the hub answers at once if there is one, else when there
/// is or after `wait_seconds` (at most 30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskErrand {
    pub wait_seconds: u32,
    /// As many fetches are in hand as the gateway wants: give it a search, or a
    /// fetch for an emergency.
    #[serde(default)]
    pub urgent_only: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskedErrand {
    pub errand: Option<Errand>,
}

/// One errand, claimed for this gateway until `lease_until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    pub id: ErrandId,
    pub claim: ClaimId,
    pub lease_until: Timestamp,
    /// Attempts that have failed before this one.
    pub attempts: u32,
    #[serde(flatten)]
    pub task: Task,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "errand")]
pub enum Task {
    /// Search every node of the gateway that answers C-FIND.
    Find(Find),
    /// Let a node send a study to the gateway, as if it had been sent by hand
    /// to the gateway's own AE title.
    Fetch(FetchStudy),
}

/// What is searched for; an empty text matches everything, and at least one is
/// not empty. As a person wrote it: the gateway makes of it what PACS take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Find {
    /// A personnummer in any of its forms, or a local number.
    pub patient_id: Personal,
    /// Family name, given names, or both, in any order and case.
    pub name: Personal,
    pub accession: Personal,
    /// `YYYYMMDD`, first and last day.
    pub from: String,
    pub until: String,
    /// A modality's code, such as `CT`.
    pub modality: String,
    /// Stop after this many studies.
    pub most: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchStudy {
    /// Name of the node, as the gateway's own configuration has it.
    pub node: String,
    pub study_uid: StudyUid,
    pub priority: Priority,
}

/// What came of an errand so far. Also renews the lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub errand: ErrandId,
    pub claim: ClaimId,
    /// At most [`MAX_FOUND`] studies that earlier messages have not named.
    #[serde(default)]
    pub studies: Vec<FoundStudy>,
    /// Nodes that could not be asked, or broke off.
    #[serde(default)]
    pub problems: Vec<NodeProblem>,
    /// Of a fetch: how far the node says it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// Present when this attempt is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<ErrandEnd>,
}

/// A study as a node describes it (PS3.4 C.6.2.1). Texts are decoded by the
/// node's character set, without padding; empty when the node says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundStudy {
    pub node: String,
    pub study_uid: StudyUid,
    pub patient_id: Personal,
    #[serde(default)]
    pub patient_id_issuer: Personal,
    /// As DICOM writes it: `Family^Given`.
    pub patient_name: Personal,
    /// `YYYYMMDD`
    pub patient_birth_date: Personal,
    /// `M`, `F`, `O` or empty.
    pub patient_sex: String,
    pub accession: Personal,
    /// `YYYYMMDD`
    pub study_date: String,
    /// `HHMMSS`, perhaps with a fraction.
    pub study_time: String,
    pub description: String,
    #[serde(default)]
    pub institution: String,
    /// Distinct codes.
    pub modalities: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeProblem {
    pub node: String,
    pub failure: Failure,
}

/// Sub-operations of a C-MOVE or C-GET (PS3.7 C.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moved {
    /// `None`: the node does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    pub completed: u32,
    pub failed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum ErrandEnd {
    /// Every node has answered to its end, or everything has come.
    Done {
        /// There was more than was asked for.
        #[serde(default)]
        cut: bool,
    },
    Failed {
        class: ErrorClass,
        failure: Failure,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundReply {
    /// False: nobody waits for it any more. Stop, and send nothing else of it.
    pub go_on: bool,
    pub lease_until: Timestamp,
}
