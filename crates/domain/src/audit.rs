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

use crate::{
    DeliveryId, GatewayId, OrganisationId, Personal, ShareId, StudyUid,
    share::{LegalMode, Purpose},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What was done. One verb a stage, and the administrative acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A gateway took images from a PACS.
    Receive,
    /// A gateway handed images to the hub.
    Forward,
    /// The hub took images into an organisation's holdings.
    Admit,
    /// The hub set an image aside.
    Quarantine,
    /// Studies were shared with a recipient.
    Share,
    /// A sender took a share back.
    Revoke,
    /// Policy was asked whether content may be released.
    Decide,
    /// Content was stored, or found already there, at the recipient's node.
    Deliver,
    /// A study was declared to have all arrived.
    Complete,
    /// A PACS was searched.
    Search,
    /// A PACS was asked to send, or was read from.
    Fetch,
    AddOrganisation,
    IssueEnrolCode,
    EnrolGateway,
    RevokeGateway,
    /// A study's key was destroyed, and its images forgotten.
    DeleteStudy,
    /// Images were found to have been lost at the hub.
    MarkLost,
    /// The studies' keys were wrapped anew.
    RotateKeys,
}

impl Action {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Forward => "forward",
            Self::Admit => "admit",
            Self::Quarantine => "quarantine",
            Self::Share => "share",
            Self::Revoke => "revoke",
            Self::Decide => "decide",
            Self::Deliver => "deliver",
            Self::Complete => "complete",
            Self::Search => "search",
            Self::Fetch => "fetch",
            Self::AddOrganisation => "add_organisation",
            Self::IssueEnrolCode => "issue_enrol_code",
            Self::EnrolGateway => "enrol_gateway",
            Self::RevokeGateway => "revoke_gateway",
            Self::DeleteStudy => "delete_study",
            Self::MarkLost => "mark_lost",
            Self::RotateKeys => "rotate_keys",
        }
    }
}

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
    /// Someone at the hub's own command line.
    Operator { login: String },
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
            counterpart: None,
            patient_id: None,
            studies: Vec::new(),
            share: None,
            delivery: None,
            purpose: None,
            legal_mode: None,
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
