//! What is offered to a node, and what it took of it (PS3.8 7.1, 9.3.2, 9.3.3).

use super::{ClientConfig, Node};
use crate::pdu::{AssociateRq, ContextAnswer, ContextResult, Proposal, Role, UserInformation};
use bildbro_domain::{ClassUid, SyntaxUid};
use std::collections::HashMap;

/// The longest list of presentation contexts: odd ids up to 255.
pub const MAX_CONTEXTS: usize = 128;

/// What to offer for one abstract syntax; one context each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub abstract_syntax: String,
    pub transfer_syntaxes: Vec<String>,
    /// Offer to take objects of this class too (C-GET).
    pub as_provider: bool,
}

impl Offer {
    #[must_use]
    pub fn user(abstract_syntax: &str, transfer_syntaxes: &[&str]) -> Self {
        Self {
            abstract_syntax: abstract_syntax.to_owned(),
            transfer_syntaxes: transfer_syntaxes.iter().map(|&s| s.to_owned()).collect(),
            as_provider: false,
        }
    }
}

/// One context for each kind of object: offered as stored, and nothing else.
pub fn storage_proposals<'a>(
    kinds: impl Iterator<Item = (&'a ClassUid, &'a SyntaxUid)>,
) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for (class, syntax) in kinds {
        let offer = Offer::user(class.as_str(), &[syntax.as_str()]);
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    offers.truncate(MAX_CONTEXTS);
    offers
}

/// What the node accepted of what was offered, and nothing that was not.
pub(super) fn agreed(
    offers: &[Offer],
    answers: Vec<ContextAnswer>,
) -> HashMap<(String, String), u8> {
    let mut contexts = HashMap::new();
    for ContextAnswer {
        id,
        result,
        transfer_syntax,
    } in answers
    {
        let Some(offer) = offers.get(usize::from(id / 2)) else {
            continue;
        };
        let offered = id % 2 == 1 && offer.transfer_syntaxes.contains(&transfer_syntax);
        if offered && result == ContextResult::Accepted {
            let key = (offer.abstract_syntax.clone(), transfer_syntax);
            contexts.entry(key).or_insert(id);
        }
    }
    contexts
}

pub(super) fn request(node: &Node, config: &ClientConfig, offers: &[Offer]) -> AssociateRq {
    let contexts = offers.iter().enumerate().map(|(i, offer)| Proposal {
        id: u8::try_from(2 * i + 1).expect("at most 128"),
        abstract_syntax: offer.abstract_syntax.clone(),
        transfer_syntaxes: offer.transfer_syntaxes.clone(),
    });
    let mut roles: Vec<Role> = Vec::new();
    for offer in offers.iter().filter(|offer| offer.as_provider) {
        if !roles.iter().any(|role| role.class == offer.abstract_syntax) {
            roles.push(Role {
                class: offer.abstract_syntax.clone(),
                scu: false,
                scp: true,
            });
        }
    }
    AssociateRq {
        called: node.ae_title.to_string(),
        calling: config.calling.to_string(),
        contexts: contexts.collect(),
        user: UserInformation {
            max_length: config.max_pdu,
            implementation_class: bildbro_dicom::part10::IMPLEMENTATION_CLASS.to_owned(),
            implementation_version: bildbro_dicom::part10::IMPLEMENTATION_VERSION.to_owned(),
            roles,
            asynchronous: None,
        },
    }
}
