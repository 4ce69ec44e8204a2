//! An entry of the log as an event that others read ([`bildbro_wire::audit`]):
//! its action as one of the standards' families, its ids with their names.
//!
//! What this deliberately does not do: it looks nothing up; a name that is not
//! in [`Names`] is left out, and the id stands for itself.

use bildbro_domain::{
    HsaId, Personal, StudyUid,
    audit::{self, Action, Entry, Outcome},
};
use bildbro_wire::audit::{Actor, ActorKind, Event, Family, Party, Patient};
use std::collections::HashMap;
use uuid::Uuid;

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: Personal,
    pub hsa_id: Option<HsaId>,
}

/// Organisations, care units, members and gateways, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub HashMap<Uuid, Named>);

impl Names {
    #[must_use]
    pub fn name(&self, id: Uuid) -> Option<&str> {
        self.0.get(&id).map(|named| named.name.reveal())
    }

    fn party(&self, id: Uuid) -> Party {
        let named = self.0.get(&id);
        Party {
            id: id.to_string(),
            name: named.map(|named| named.name.reveal().to_owned()),
            hsa_id: named.and_then(|named| named.hsa_id.as_ref().map(HsaId::to_string)),
        }
    }

    /// The ids of an entry that have names.
    pub fn wanted(entry: &Entry) -> impl Iterator<Item = Uuid> {
        let organisations = [entry.organisation, entry.counterpart];
        let gateway = match &entry.actor {
            audit::Actor::Gateway { id } => id.map(|id| id.0),
            audit::Actor::Machine { id } => Some(id.0),
            _ => None,
        };
        organisations
            .into_iter()
            .flatten()
            .map(|id| id.0)
            .chain(entry.unit.map(|id| id.0))
            .chain(entry.about.map(|id| id.0))
            .chain(gateway)
    }
}

/// How the standards group an action (PS3.15 A.5.3).
#[must_use]
pub const fn family(action: Action) -> Family {
    use Action as A;
    match action {
        A::Receive | A::Forward | A::Admit => Family::Received,
        A::Quarantine | A::MarkLost => Family::Alert,
        A::Share
        | A::Revoke
        | A::Retry
        | A::Decide
        | A::Accept
        | A::Decline
        | A::Assign
        | A::AnswerRecall
        | A::AskImages
        | A::AnswerRequest
        | A::Escalate
        | A::SendTestImage => Family::BeginTransfer,
        A::Deliver => Family::Delivered,
        A::Complete => Family::Changed,
        A::Search | A::FollowShare | A::OpenInbox | A::FollowRequest => Family::Query,
        A::Fetch => Family::Import,
        A::View => Family::Viewed,
        A::Download => Family::Export,
        A::AddOrganisation
        | A::ChangeOrganisation
        | A::ChangeFourEyes
        | A::CloseOrganisation
        | A::AddCareUnit
        | A::ChangeCareUnit
        | A::ChangePartners
        | A::IssueEnrolCode
        | A::EnrolGateway
        | A::RevokeGateway
        | A::AddMachine
        | A::ChangeMachine
        | A::RevokeMachine => Family::NetworkChanged,
        A::InviteMember
        | A::AcceptInvitation
        | A::ChangeMember
        | A::ChangeIdentityProvider
        | A::CloseMember
        | A::GrantRole
        | A::WithdrawRole
        | A::DefineRole
        | A::ExplainMember => Family::RolesChanged,
        A::ResetMember
        | A::AddFactor
        | A::RemoveFactor
        | A::ChangePassword
        | A::AskApproval
        | A::Approve
        | A::Refuse
        | A::RotateKeys => Family::SecurityChanged,
        A::LogIn | A::ChooseUnit | A::StepUp => Family::Login,
        A::LogOut | A::EndSession => Family::Logout,
        A::RegisterBlock | A::RegisterConsent => Family::PatientRecordWritten,
        A::LiftBlock | A::WithdrawConsent => Family::PatientRecordDeleted,
        A::EmergencyAccess => Family::EmergencyOverride,
        A::SearchAudit | A::DrawSpotCheck | A::ReviewAudit | A::ExtractAudit => {
            Family::AuditLogUsed
        }
        A::DeleteStudy => Family::StudyDeleted,
    }
}

/// A change that was refused has changed nothing.
const fn happened(family: Family, outcome: Outcome) -> Family {
    match (outcome, family) {
        (
            Outcome::Denied,
            Family::NetworkChanged
            | Family::RolesChanged
            | Family::SecurityChanged
            | Family::PatientRecordWritten
            | Family::PatientRecordDeleted
            | Family::EmergencyOverride
            | Family::StudyDeleted,
        ) => Family::Refused,
        _ => family,
    }
}

/// The event of an entry. `source` is the system that keeps the log.
#[must_use]
pub fn event(sequence: u64, entry: &Entry, names: &Names, source: &str) -> Event {
    let family = happened(family(entry.action), entry.outcome);
    let mut event = Event::new(
        (entry.id, sequence, entry.at),
        (entry.action.as_str(), family, entry.outcome),
        actor(entry, names),
        source,
    );
    event.organisation = entry.organisation.map(|id| names.party(id.0));
    event.counterpart = entry.counterpart.map(|id| names.party(id.0));
    event.patient = entry.patient_id.as_ref().map(|id| Patient {
        id: id.clone(),
        issuer: None,
        name: None,
    });
    event.studies = entry
        .studies
        .iter()
        .map(StudyUid::as_str)
        .map(str::to_owned)
        .collect();
    event.share = entry.share.map(|id| id.0);
    event.delivery = entry.delivery.map(|id| id.0);
    event.purpose = entry.purpose;
    event.legal_mode = entry.legal_mode;
    event.emergency = is_emergency(entry);
    event.reason = entry.reason.clone();
    event.network = entry.from.as_deref().and_then(|from| from.parse().ok());
    event.images = entry.images;
    event.images_digest = entry.images_digest.map(|digest| digest.to_string());
    event.detail = detail(entry);
    event
}

/// An emergency itself, or an access that gives an emergency's reason.
#[must_use]
pub fn is_emergency(entry: &Entry) -> bool {
    match entry.action {
        Action::EmergencyAccess => true,
        Action::View | Action::Download => entry.reason.is_some(),
        _ => false,
    }
}

/// Whom it is about has no field of its own in the event.
fn detail(entry: &Entry) -> Option<String> {
    let about = entry.about.map(|member| format!("about {member}"));
    match (entry.detail.clone(), about) {
        (Some(detail), Some(about)) => Some(format!("{detail}; {about}")),
        (detail, about) => detail.or(about),
    }
}

fn actor(entry: &Entry, names: &Names) -> Actor {
    let known = |kind, id: Uuid| {
        let mut actor = Actor::new(kind, Some(id.to_string()));
        actor.name = names.0.get(&id).map(|named| named.name.clone());
        actor
    };
    let mut actor = match &entry.actor {
        audit::Actor::Gateway { id: Some(id) } => known(ActorKind::Gateway, id.0),
        audit::Actor::Gateway { id: None } => Actor::new(ActorKind::Gateway, None),
        audit::Actor::Machine { id } => known(ActorKind::Machine, id.0),
        audit::Actor::Node { ae_title } => Actor::new(ActorKind::Node, Some(ae_title.clone())),
        audit::Actor::Operator { login } => Actor::new(ActorKind::Operator, Some(login.clone())),
        audit::Actor::Hub => Actor::new(ActorKind::Hub, None),
        audit::Actor::Anonymous => Actor::new(ActorKind::Anonymous, None),
        audit::Actor::Member {
            id,
            name,
            hsa_id,
            roles,
            commission,
        } => {
            let mut actor = Actor::new(ActorKind::Member, Some(id.to_string()));
            actor.name = Some(name.clone());
            actor.hsa_id = hsa_id.as_ref().map(HsaId::to_string);
            actor.roles.clone_from(roles);
            actor.assignment = commission.as_ref().map(HsaId::to_string);
            actor
        }
    };
    actor.care_unit = entry.unit.map(|id| names.party(id.0));
    actor
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_domain::{CareUnitId, MemberId, OrganisationId};
    use bildbro_wire::audit::{dicom, fhir};

    #[test]
    fn names_stand_beside_ids_and_no_name_begins_a_line_of_its_own() {
        let (organisation, unit) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let actor = audit::Actor::Member {
            id: MemberId(Uuid::from_u128(3)),
            name: Personal::new("Siv\r\n<134>1 - - forged\u{0}\u{1b}[2J"),
            hsa_id: Some("SE2321000016-A1".parse().unwrap()),
            roles: vec!["receiver".into()],
            commission: None,
        };
        let at = "2026-03-02T08:00:00Z".parse().unwrap();
        let id = Uuid::from_u128(4);
        let mut entry = Entry::new(id, at, Action::View, Outcome::Success, actor);
        entry.organisation = Some(OrganisationId(organisation));
        entry.unit = Some(CareUnitId(unit));
        entry.from = Some("192.0.2.7".into());
        entry.reason = Some(Personal::new("unconscious"));
        let named = |name: &str| Named {
            name: Personal::new(name),
            hsa_id: None,
        };
        let names = Names(HashMap::from([
            (organisation, named("Region Skåne")),
            (unit, named("Röntgen\nLund")),
        ]));
        assert_eq!(Names::wanted(&entry).count(), 2);

        let event = event(7, &entry, &names, "hub.example");
        assert_eq!(event.family, Family::Viewed);
        assert!(event.emergency);
        let organisation = event.organisation.as_ref().unwrap();
        assert_eq!(organisation.name.as_deref(), Some("Region Skåne"));
        assert_eq!(event.actor.hsa_id.as_deref(), Some("SE2321000016-A1"));
        assert!(!dicom::message(&event).contains(['\r', '\n', '\u{1b}', '\0']));
        let fhir = fhir::resource(&event).to_string();
        assert!(!fhir.contains(['\r', '\n', '\u{1b}', '\0']));
        assert!(!fhir.contains("\\u0000") && !fhir.contains("\\u001b"));
    }

    #[test]
    fn what_was_denied_changed_nothing() {
        for action in Action::ALL {
            let family = happened(family(*action), Outcome::Denied);
            assert!(
                !matches!(family, Family::RolesChanged | Family::NetworkChanged),
                "{action:?}"
            );
        }
        assert_eq!(
            happened(family(Action::Decide), Outcome::Denied),
            Family::BeginTransfer
        );
    }
}
