//! Audit entries as others read them: DICOM audit messages ([`dicom`]), FHIR
//! AuditEvent ([`fhir`]) and the fields of RIVTA StoreLog 2 ([`storelog`]).
//!
//! [`Event`] is the common input: an entry of the log with what its ids stand
//! for (names, HSA-ids) filled in. Every field of it is in each of the three
//! forms, save what a form has no place for; docs/audit-fields.md has the table.
//!
//! What this module deliberately does not do: it reads no message back, and
//! chooses no entry; who may see an entry is decided before it comes here.

pub mod dicom;
pub mod fhir;
pub mod storelog;

use bildbro_domain::{
    Personal,
    audit::Outcome,
    share::{LegalMode, Purpose},
};
use jiff::Timestamp;
use uuid::Uuid;

/// One entry of the log, with names beside ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: Uuid,
    /// Place in the chain of the log that it comes from: 1, 2, 3 …
    pub sequence: u64,
    pub at: Timestamp,
    /// Our word for what was done, such as `deliver`.
    pub action: String,
    pub family: Family,
    pub outcome: Outcome,
    pub actor: Actor,
    /// The organisation on whose behalf it was done.
    pub organisation: Option<Party>,
    /// The other party of a share.
    pub counterpart: Option<Party>,
    pub patient: Option<Patient>,
    /// Study Instance UIDs.
    pub studies: Vec<String>,
    pub share: Option<Uuid>,
    pub delivery: Option<Uuid>,
    pub purpose: Option<Purpose>,
    pub legal_mode: Option<LegalMode>,
    /// Opened in an emergency (nödöppning), past a block or without consent.
    pub emergency: bool,
    pub reason: Option<Personal>,
    /// Address that the request came from.
    pub network: Option<std::net::IpAddr>,
    pub images: Option<u64>,
    /// SHA-256 over the images' digests, hexadecimal.
    pub images_digest: Option<String>,
    /// Why it was denied or failed, or what else a reader needs.
    pub detail: Option<String>,
    /// The system that keeps the log: HSA-id, or the hub's host name.
    pub source: String,
}

impl Event {
    /// An event with only what every entry has.
    #[must_use]
    pub fn new(
        (id, sequence, at): (Uuid, u64, Timestamp),
        (action, family, outcome): (&str, Family, Outcome),
        actor: Actor,
        source: &str,
    ) -> Self {
        Self {
            id,
            sequence,
            at,
            action: action.to_owned(),
            family,
            outcome,
            actor,
            organisation: None,
            counterpart: None,
            patient: None,
            studies: Vec::new(),
            share: None,
            delivery: None,
            purpose: None,
            legal_mode: None,
            emergency: false,
            reason: None,
            network: None,
            images: None,
            images_digest: None,
            detail: None,
            source: source.to_owned(),
        }
    }

    /// What has no field of its own in DICOM and FHIR: name and value, in a
    /// fixed order. Both carry it as details of the entry.
    fn details(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<Personal>| text.as_ref().map(|text| text.reveal().to_owned());
        let actor = &self.actor;
        let unit = actor.care_unit.as_ref();
        let organisation = self.organisation.as_ref();
        let counterpart = self.counterpart.as_ref();
        let all = [
            ("sequence", Some(self.sequence.to_string())),
            ("action", Some(self.action.clone())),
            ("outcome", Some(outcome_word(self.outcome).to_owned())),
            ("actorKind", Some(actor.kind.as_str().to_owned())),
            ("assignment", actor.assignment.clone()),
            ("careUnitId", unit.map(|unit| unit.known_as().to_owned())),
            ("careUnit", unit.and_then(|unit| unit.name.clone())),
            (
                "organisationId",
                organisation.map(|it| it.known_as().to_owned()),
            ),
            ("organisation", organisation.and_then(|it| it.name.clone())),
            (
                "counterpartId",
                counterpart.map(|it| it.known_as().to_owned()),
            ),
            ("counterpart", counterpart.and_then(|it| it.name.clone())),
            ("share", self.share.map(|id| id.to_string())),
            ("delivery", self.delivery.map(|id| id.to_string())),
            ("purpose", self.purpose.map(|it| it.as_str().to_owned())),
            (
                "legalMode",
                self.legal_mode.map(|it| it.as_str().to_owned()),
            ),
            ("emergency", self.emergency.then(|| "true".to_owned())),
            ("reason", text(&self.reason)),
            ("images", self.images.map(|n| n.to_string())),
            ("imagesDigest", self.images_digest.clone()),
            ("detail", self.detail.clone()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value)))
            .collect()
    }
}

/// What kind of act it was, as the standards group them (DICOM PS3.15 A.5.3).
/// It chooses the message; [`Event::action`] says which act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// A program began or ended.
    Started,
    Stopped,
    /// Images are about to go out: offered, queued, or permitted.
    BeginTransfer,
    /// Images came from the organisation to this system.
    Received,
    /// Images went from this system to the organisation.
    Delivered,
    /// Images were looked at or changed in place.
    Viewed,
    Changed,
    StudyDeleted,
    Query,
    Login,
    Logout,
    /// Images or documents left for a medium or a file.
    Export,
    Import,
    /// The log was read, or an extract drawn up.
    AuditLogUsed,
    /// Facts about a patient without images: consents, blocks, relations.
    PatientRecordRead,
    PatientRecordWritten,
    PatientRecordDeleted,
    /// A block was passed in an emergency.
    EmergencyOverride,
    /// Who may connect was changed: organisations, gateways, nodes.
    NetworkChanged,
    /// Keys, certificates, policy.
    SecurityChanged,
    /// Whose roles or assignments were changed.
    RolesChanged,
    /// Someone tried what they may not.
    Refused,
    /// Something is wrong with what is kept: images lost, spoilt or set aside.
    Alert,
}

impl Family {
    /// Every one, for tests and for documentation.
    pub const ALL: [Self; 23] = [
        Self::Started,
        Self::Stopped,
        Self::BeginTransfer,
        Self::Received,
        Self::Delivered,
        Self::Viewed,
        Self::Changed,
        Self::StudyDeleted,
        Self::Query,
        Self::Login,
        Self::Logout,
        Self::Export,
        Self::Import,
        Self::AuditLogUsed,
        Self::PatientRecordRead,
        Self::PatientRecordWritten,
        Self::PatientRecordDeleted,
        Self::EmergencyOverride,
        Self::NetworkChanged,
        Self::SecurityChanged,
        Self::RolesChanged,
        Self::Refused,
        Self::Alert,
    ];
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// Our id, the AE title, or the login; none for someone unknown.
    pub id: Option<String>,
    pub name: Option<Personal>,
    pub hsa_id: Option<String>,
    /// Personal identity number, where the actor is the patient.
    pub person_id: Option<Personal>,
    pub title: Option<String>,
    pub roles: Vec<String>,
    /// Commission (medarbetaruppdrag), by its HSA-id.
    pub assignment: Option<String>,
    pub care_unit: Option<Party>,
}

impl Actor {
    #[must_use]
    pub fn new(kind: ActorKind, id: Option<String>) -> Self {
        Self {
            kind,
            id,
            name: None,
            hsa_id: None,
            person_id: None,
            title: None,
            roles: Vec::new(),
            assignment: None,
            care_unit: None,
        }
    }

    /// HSA-id, or personal identity number, or our id, or the kind's word.
    fn known_as(&self) -> &str {
        self.hsa_id
            .as_deref()
            .or(self.person_id.as_ref().map(Personal::reveal))
            .or(self.id.as_deref())
            .unwrap_or(self.kind.as_str())
    }

    /// Our id, where another is the first.
    fn also_known_as(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| *id != self.known_as())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    Member,
    Patient,
    Operator,
    Gateway,
    Machine,
    Node,
    /// The system that keeps the log, by itself.
    Hub,
    Anonymous,
}

impl ActorKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Patient => "patient",
            Self::Operator => "operator",
            Self::Gateway => "gateway",
            Self::Machine => "machine",
            Self::Node => "node",
            Self::Hub => "hub",
            Self::Anonymous => "anonymous",
        }
    }

    const fn is_person(self) -> bool {
        matches!(self, Self::Member | Self::Patient | Self::Operator)
    }
}

/// An organisation or care unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub id: String,
    pub name: Option<String>,
    pub hsa_id: Option<String>,
}

impl Party {
    fn known_as(&self) -> &str {
        self.hsa_id.as_deref().unwrap_or(&self.id)
    }
}

/// Whose images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    pub id: Personal,
    /// Who gave the id: an OID, or the issuer's name.
    pub issuer: Option<String>,
    pub name: Option<Personal>,
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
    }
}

/// Outcome indicator of DICOM and FHIR: 0 success, 4 minor failure, 8 serious
/// failure. A denial is the system working as it should: minor.
const fn outcome_indicator(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "0",
        Outcome::Denied => "4",
        Outcome::Failure => "8",
    }
}

/// What DICOM calls the family: code and meaning of the event, action code, and
/// code and meaning of its type. FHIR takes over the same codes.
struct Coded {
    event: (&'static str, &'static str),
    action: &'static str,
    kind: Option<(&'static str, &'static str)>,
}

/// DICOM PS3.15 A.5.3 and PS3.16 CID 400, 401.
const fn coded(family: Family) -> Coded {
    const ACTIVITY: (&str, &str) = ("110100", "Application Activity");
    const LOG_USED: (&str, &str) = ("110101", "Audit Log Used");
    const BEGIN: (&str, &str) = ("110102", "Begin Transferring DICOM Instances");
    const ACCESSED: (&str, &str) = ("110103", "DICOM Instances Accessed");
    const TRANSFERRED: (&str, &str) = ("110104", "DICOM Instances Transferred");
    const DELETED: (&str, &str) = ("110105", "DICOM Study Deleted");
    const EXPORT: (&str, &str) = ("110106", "Export");
    const IMPORT: (&str, &str) = ("110107", "Import");
    const RECORD: (&str, &str) = ("110110", "Patient Record");
    const QUERY: (&str, &str) = ("110112", "Query");
    const ALERT: (&str, &str) = ("110113", "Security Alert");
    const LOGIN: (&str, &str) = ("110114", "User Authentication");
    let (event, action, kind) = match family {
        Family::Started => (ACTIVITY, "E", Some(("110120", "Application Start"))),
        Family::Stopped => (ACTIVITY, "E", Some(("110121", "Application Stop"))),
        Family::BeginTransfer => (BEGIN, "E", None),
        Family::Received => (TRANSFERRED, "C", None),
        Family::Delivered => (TRANSFERRED, "R", None),
        Family::Viewed => (ACCESSED, "R", None),
        Family::Changed => (ACCESSED, "U", None),
        Family::StudyDeleted => (DELETED, "D", None),
        Family::Query => (QUERY, "E", None),
        Family::Login => (LOGIN, "E", Some(("110122", "Login"))),
        Family::Logout => (LOGIN, "E", Some(("110123", "Logout"))),
        Family::Export => (EXPORT, "R", None),
        Family::Import => (IMPORT, "C", None),
        Family::AuditLogUsed => (LOG_USED, "R", None),
        Family::PatientRecordRead => (RECORD, "R", None),
        Family::PatientRecordWritten => (RECORD, "U", None),
        Family::PatientRecordDeleted => (RECORD, "D", None),
        Family::EmergencyOverride => (ALERT, "E", Some(("110127", "Emergency Override Started"))),
        Family::NetworkChanged => (ALERT, "E", Some(("110128", "Network Configuration"))),
        Family::SecurityChanged => (ALERT, "E", Some(("110129", "Security Configuration"))),
        Family::RolesChanged => (ALERT, "E", Some(("110136", "Security Roles Changed"))),
        Family::Refused => (ALERT, "E", Some(("110132", "Use of Restricted Function"))),
        // None of the standard's types is about images lost or set aside; our
        // own word, which every message has, says it.
        Family::Alert => (ALERT, "E", None),
    };
    Coded {
        event,
        action,
        kind,
    }
}

/// Who sent and who received, where the family is a transfer.
fn ends(event: &Event) -> Option<(String, String)> {
    let organisation = || {
        let party = event.organisation.as_ref().or(event.counterpart.as_ref());
        party.map_or_else(|| event.actor.known_as(), Party::known_as)
    };
    let counterpart = || {
        event
            .counterpart
            .as_ref()
            .map_or(event.source.as_str(), Party::known_as)
    };
    let (from, to) = match event.family {
        Family::Received | Family::Import => (organisation(), event.source.as_str()),
        Family::Delivered | Family::Export => (event.source.as_str(), organisation()),
        Family::BeginTransfer => (organisation(), counterpart()),
        Family::Query => (event.actor.known_as(), event.source.as_str()),
        _ => return None,
    };
    Some((from.to_owned(), to.to_owned()))
}
