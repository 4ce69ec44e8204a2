//! Audit entries and the hash chain that makes them tamper-evident.
//!
//! An entry is appended in the database transaction of what it records, and
//! never updated. Each link of the chain is
//! `SHA-256("bildbro.audit.1" ‖ previous ‖ sequence ‖ text)`, where `text` is
//! the entry exactly as stored; so editing, deleting in the middle, inserting
//! or reordering breaks the chain at the first place touched. What the law
//! wants of an entry: HSLF-FS 2016:40 ch. 4 § 9.

pub mod checkpoint;
pub mod merkle;
pub mod run;
pub mod spot_check;

use crate::{
    CareUnitId, DeliveryId, GatewayId, HsaId, MachineId, MemberId, OrganisationId, Personal,
    ShareId, StudyUid,
    member::Acting,
    share::{LegalMode, Purpose},
    words::words,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

words!(
    /// What was done. One verb a stage, and the administrative acts.
    Action {
        /// A gateway took images from a PACS.
        Receive = "receive",
        /// A gateway handed images to the hub.
        Forward = "forward",
        /// The hub took images into an organisation's holdings.
        Admit = "admit",
        /// The hub set an image aside.
        Quarantine = "quarantine",
        /// Studies were shared with a recipient.
        Share = "share",
        /// A sender took a share back.
        Revoke = "revoke",
        /// Policy was asked whether content may be released.
        Decide = "decide",
        /// Content was stored, or found already there, at the recipient's node.
        Deliver = "deliver",
        /// A study was declared to have all arrived.
        Complete = "complete",
        /// A PACS was searched, or a patient's studies were looked up.
        Search = "search",
        /// A PACS was asked to send, or was read from.
        Fetch = "fetch",
        /// A delivery that was held was let in, or turned away.
        Accept = "accept",
        Decline = "decline",
        /// A delivery, or a fetch for it, was asked for again.
        Retry = "retry",
        /// Someone looked at what their organisation shares, and of whom.
        FollowShare = "follow_share",
        /// Someone looked at what has come to their organisation, and of whom.
        OpenInbox = "open_inbox",
        /// What has come was given to a member or a unit to handle.
        Assign = "assign",
        /// What became of the copies of a share that was taken back.
        AnswerRecall = "answer_recall",
        /// Another organisation was asked for a patient's images, reminded, or told
        /// that they are not needed any more.
        AskImages = "ask_images",
        /// A request was taken to be handled, answered with a share, or turned down.
        AnswerRequest = "answer_request",
        /// Someone looked at what was asked of their organisation, or by it.
        FollowRequest = "follow_request",
        /// Nobody had opened what had come for too long, and that was told.
        Escalate = "escalate",
        /// Images were opened, or taken out as a copy.
        View = "view",
        Download = "download",

        AddOrganisation = "add_organisation",
        ChangeOrganisation = "change_organisation",
        CloseOrganisation = "close_organisation",
        /// Which acts need a second member.
        ChangeFourEyes = "change_four_eyes",
        AddCareUnit = "add_care_unit",
        ChangeCareUnit = "change_care_unit",
        /// Who may send to an organisation, and whether it is held first.
        ChangePartners = "change_partners",

        IssueEnrolCode = "issue_enrol_code",
        EnrolGateway = "enrol_gateway",
        RevokeGateway = "revoke_gateway",
        /// A test image was sent, to show that the way works.
        SendTestImage = "send_test_image",
        AddMachine = "add_machine",
        ChangeMachine = "change_machine",
        RevokeMachine = "revoke_machine",

        InviteMember = "invite_member",
        AcceptInvitation = "accept_invitation",
        ChangeMember = "change_member",
        CloseMember = "close_member",
        /// A member's password or second factors were taken away by another.
        ResetMember = "reset_member",
        GrantRole = "grant_role",
        WithdrawRole = "withdraw_role",
        DefineRole = "define_role",
        /// Someone looked at what a member can do.
        ExplainMember = "explain_member",
        /// The organisation's own identity provider was set, or taken away.
        ChangeIdentityProvider = "change_identity_provider",

        LogIn = "log_in",
        LogOut = "log_out",
        /// The care unit to act at was chosen.
        ChooseUnit = "choose_unit",
        /// A second factor was shown again.
        StepUp = "step_up",
        AddFactor = "add_factor",
        RemoveFactor = "remove_factor",
        ChangePassword = "change_password",
        EndSession = "end_session",

        AskApproval = "ask_approval",
        Approve = "approve",
        Refuse = "refuse",

        RegisterBlock = "register_block",
        LiftBlock = "lift_block",
        RegisterConsent = "register_consent",
        WithdrawConsent = "withdraw_consent",
        EmergencyAccess = "emergency_access",

        SearchAudit = "search_audit",
        DrawSpotCheck = "draw_spot_check",
        ReviewAudit = "review_audit",
        ExtractAudit = "extract_audit",

        /// A study's key was destroyed, and its images forgotten.
        DeleteStudy = "delete_study",
        /// Images were found to have been lost at the hub.
        MarkLost = "mark_lost",
        /// The studies' keys were wrapped anew.
        RotateKeys = "rotate_keys",
    }
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    Denied,
    Failure,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// A gateway, on behalf of its organisation. `None` before the hub has
    /// given it an id.
    Gateway { id: Option<GatewayId> },
    /// A DICOM peer, by the AE title it called itself.
    Node { ae_title: String },
    /// A person with an account, acting in these roles; what the log names them
    /// by is as it was at the time.
    Member {
        id: MemberId,
        name: Personal,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hsa_id: Option<HsaId>,
        /// Words of the roles that counted at the care unit.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<String>,
        /// The commission (medarbetaruppdrag) acted in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commission: Option<HsaId>,
    },
    /// Another machine with an account: an EHR, 1177, analytics.
    Machine { id: MachineId },
    /// Someone at the hub's own command line.
    Operator { login: String },
    /// The hub by itself, when its time has come: nobody asked.
    Hub,
    /// A caller who proved nothing.
    Anonymous,
}

/// One entry. Fields follow RIVTA StoreLog 2 in meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: Uuid,
    pub at: Timestamp,
    pub action: Action,
    pub outcome: Outcome,
    pub actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    /// The care unit acted at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<CareUnitId>,
    /// The network address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The member whom an administrative act is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<MemberId>,
    /// The other party of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<OrganisationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<Personal>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub studies: Vec<StudyUid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_mode: Option<LegalMode>,
    /// Why, in the words of whoever did it: of emergency access, of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal>,
    /// Number of images it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u64>,
    /// SHA-256 over the images' digests in ascending order: which images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_digest: Option<crate::Digest>,
    /// Why it was denied or failed, or what else a reader needs; our words,
    /// never a peer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Entry {
    /// An entry with only what every entry has.
    #[must_use]
    pub fn new(id: Uuid, at: Timestamp, action: Action, outcome: Outcome, actor: Actor) -> Self {
        Self {
            id,
            at,
            action,
            outcome,
            actor,
            organisation: None,
            unit: None,
            from: None,
            about: None,
            counterpart: None,
            patient_id: None,
            studies: Vec::new(),
            share: None,
            delivery: None,
            purpose: None,
            legal_mode: None,
            reason: None,
            images: None,
            images_digest: None,
            detail: None,
        }
    }

    /// Notes which images the entry is about.
    pub fn set_images(&mut self, digests: impl IntoIterator<Item = crate::Digest>) {
        let mut digests: Vec<_> = digests.into_iter().collect();
        digests.sort_unstable();
        let mut hash = Sha256::new();
        for digest in &digests {
            hash.update(digest.0);
        }
        self.images = Some(digests.len() as u64);
        self.images_digest = Some(crate::Digest(hash.finalize().into()));
    }
}

impl Actor {
    /// A member as they act now.
    #[must_use]
    pub fn member(who: &Acting) -> Self {
        let mut roles: Vec<_> = who.counting().map(|a| a.role.word.clone()).collect();
        roles.sort_unstable();
        roles.dedup();
        Self::Member {
            id: who.member.id,
            name: who.member.name.clone(),
            hsa_id: who.member.hsa_id.clone(),
            roles,
            commission: who
                .counting()
                .find(|a| a.unit == who.unit)
                .and_then(|a| a.commission.clone()),
        }
    }

    #[must_use]
    pub const fn member_id(&self) -> Option<MemberId> {
        match self {
            Self::Member { id, .. } => Some(*id),
            _ => None,
        }
    }
}

impl Entry {
    /// An entry by a member, with where they act and come from.
    #[must_use]
    pub fn by(id: Uuid, at: Timestamp, action: Action, outcome: Outcome, who: &Acting) -> Self {
        let mut entry = Self::new(id, at, action, outcome, Actor::member(who));
        entry.organisation = Some(who.member.organisation);
        entry.unit = who.unit;
        entry.from = Some(who.from.clone());
        entry
    }
}

impl Entry {
    /// As the other organisation of a share sees it: what passed between the
    /// two, not who did it, where from, and why.
    #[must_use]
    pub fn for_counterpart(mut self) -> Self {
        if let Actor::Member { .. } = self.actor {
            self.actor = Actor::Member {
                id: MemberId(Uuid::nil()),
                name: Personal::default(),
                hsa_id: None,
                roles: Vec::new(),
                commission: None,
            };
        }
        Self {
            unit: None,
            from: None,
            about: None,
            reason: None,
            detail: None,
            ..self
        }
    }
}

/// One link of the chain as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// 1, 2, 3 …, without gaps.
    pub sequence: u64,
    pub previous: [u8; 32],
    pub hash: [u8; 32],
    /// The entry's JSON, byte for byte as hashed.
    pub text: String,
}

/// Where the chain starts.
pub const GENESIS: [u8; 32] = [0; 32];

/// Makes the next link. The text is hashed as given.
#[must_use]
pub fn chain(previous: [u8; 32], sequence: u64, text: String) -> Link {
    let hash = link_hash(&previous, sequence, &text);
    Link {
        sequence,
        previous,
        hash,
        text,
    }
}

fn link_hash(previous: &[u8; 32], sequence: u64, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"bildbro.audit.1");
    hash.update(previous);
    hash.update(sequence.to_be_bytes());
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// What is wrong with a chain, and where first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("entry {expected} is missing: the next one found is {found}")]
    Gap { expected: u64, found: u64 },
    #[error("entry {0} does not follow the entry before it: one was removed, inserted or moved")]
    Unlinked(u64),
    #[error("entry {0} was altered: its text does not match its hash")]
    Altered(u64),
    #[error("the log ends at entry {found}, but its head says {expected}: the end was cut off")]
    Truncated { expected: u64, found: u64 },
    #[error("the head of the log does not match its last entry, {0}")]
    Head(u64),
}

/// Walks a chain from its start, one link at a time.
#[derive(Debug, Clone)]
pub struct Verifier {
    sequence: u64,
    hash: [u8; 32],
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            sequence: 0,
            hash: GENESIS,
        }
    }
}

impl Verifier {
    /// Checks the next link.
    ///
    /// # Errors
    /// [`Broken`] names the first entry that does not hold.
    pub fn next(&mut self, link: &Link) -> Result<(), Broken> {
        let expected = self.sequence + 1;
        if link.sequence != expected {
            return Err(Broken::Gap {
                expected,
                found: link.sequence,
            });
        }
        if link.previous != self.hash {
            return Err(Broken::Unlinked(link.sequence));
        }
        if link.hash != link_hash(&link.previous, link.sequence, &link.text) {
            return Err(Broken::Altered(link.sequence));
        }
        self.sequence = link.sequence;
        self.hash = link.hash;
        Ok(())
    }

    /// Compares with the head that is kept beside the log.
    ///
    /// # Errors
    /// [`Broken::Truncated`] or [`Broken::Head`].
    pub fn finish(&self, sequence: u64, hash: [u8; 32]) -> Result<u64, Broken> {
        if self.sequence < sequence {
            return Err(Broken::Truncated {
                expected: sequence,
                found: self.sequence,
            });
        }
        if self.sequence != sequence || self.hash != hash {
            return Err(Broken::Head(self.sequence));
        }
        Ok(self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(n: u64) -> Vec<Link> {
        let mut previous = GENESIS;
        (1..=n)
            .map(|i| {
                let link = chain(previous, i, format!("{{\"n\":{i}}}"));
                previous = link.hash;
                link
            })
            .collect()
    }

    fn verify(links: &[Link], head: &Link) -> Result<u64, Broken> {
        let mut verifier = Verifier::default();
        for link in links {
            verifier.next(link)?;
        }
        verifier.finish(head.sequence, head.hash)
    }

    #[test]
    fn a_whole_chain_holds() {
        let all = links(5);
        assert_eq!(verify(&all, &all[4]), Ok(5));
    }

    #[test]
    fn each_way_of_tampering_names_the_first_broken_entry() {
        let all = links(5);
        let head = all[4].clone();

        let mut edited = all.clone();
        edited[2].text = "{\"n\":33}".into();
        assert_eq!(verify(&edited, &head), Err(Broken::Altered(3)));

        let mut rehashed = all.clone();
        rehashed[2] = chain(rehashed[2].previous, 3, "{\"n\":33}".into());
        assert_eq!(verify(&rehashed, &head), Err(Broken::Unlinked(4)));

        let mut deleted = all.clone();
        deleted.remove(1);
        assert_eq!(
            verify(&deleted, &head),
            Err(Broken::Gap {
                expected: 2,
                found: 3
            })
        );

        let mut moved = all.clone();
        moved.swap(1, 2);
        assert!(verify(&moved, &head).is_err());

        assert_eq!(
            verify(&all[..3], &head),
            Err(Broken::Truncated {
                expected: 5,
                found: 3
            })
        );
    }
}
