//! The beginning of an association (PS3.8 7.1, 9.3.2; PS3.7 D).

use super::{Acceptance, Peer, ServerConfig, Services};
use crate::{
    channel::{Channel, ChannelError, Incoming},
    pdu::{
        AssociateAc, AssociateRq, ContextAnswer, ContextResult, Pdu, Rejection, Role,
        UserInformation,
    },
    sop,
};
use bildbro_domain::{AeTitle, ClassUid, SyntaxUid};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// What was agreed.
pub(super) struct Association {
    pub(super) peer: Peer,
    /// Abstract and transfer syntax by presentation context id.
    pub(super) contexts: HashMap<u8, (String, String)>,
    /// Storage classes for which the requester also takes objects (C-GET).
    pub(super) scp_roles: Vec<String>,
    /// One of the associations that there may be.
    _slot: OwnedSemaphorePermit,
}

/// Negotiates. `None` when the peer was rejected, and told so.
pub(super) async fn negotiate(
    channel: &mut Channel,
    address: SocketAddr,
    config: &ServerConfig,
    services: &dyn Services,
    slots: &Arc<Semaphore>,
) -> Result<Option<Association>, ChannelError> {
    // One time for the whole request (ARTIM, PS3.8 9.2, state 2).
    let first = timeout(config.artim, channel.next()).await;
    let request = match first.map_err(|_| ChannelError::Silent(config.artim))?? {
        Incoming::Control(Pdu::AssociateRq(request)) => request,
        Incoming::Control(_) => {
            return Err(ChannelError::Protocol(
                "no association request at the start",
            ));
        }
        Incoming::Data(_) => return Err(ChannelError::Protocol("data before an association")),
    };
    let reject = |rejection: Rejection| Pdu::AssociateRj(rejection);
    let Ok(calling) = AeTitle::new(&request.calling) else {
        tracing::warn!(%address, "association.calling_title_illegal");
        channel.send(&reject(Rejection::CALLING_UNKNOWN)).await?;
        return Ok(None);
    };
    let Ok(called) = AeTitle::new(&request.called) else {
        tracing::warn!(%calling, %address, "association.called_title_illegal");
        channel.send(&reject(Rejection::CALLED_UNKNOWN)).await?;
        return Ok(None);
    };
    let peer = Peer {
        address,
        calling,
        called,
    };
    if let Err(refusal) = services.welcome(&peer) {
        tracing::warn!(calling = %peer.calling, called = %peer.called, %address, ?refusal, "association.refused");
        channel.send(&reject(refusal.rejection())).await?;
        return Ok(None);
    }
    // Taken only now, so that connections that say nothing take no place.
    let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
        tracing::warn!(calling = %peer.calling, %address, "association.busy");
        channel.send(&reject(Rejection::BUSY)).await?;
        return Ok(None);
    };
    let (answer, association) = agree(&request, peer, slot, config, services);
    channel.set_peer_maximum(request.user.max_length);
    channel.send(&Pdu::AssociateAc(answer)).await?;
    Ok(Some(association))
}

fn agree(
    request: &AssociateRq,
    peer: Peer,
    slot: OwnedSemaphorePermit,
    config: &ServerConfig,
    services: &dyn Services,
) -> (AssociateAc, Association) {
    let mut contexts = HashMap::new();
    let mut answers = Vec::with_capacity(request.contexts.len());
    let mut seen = HashSet::new();
    for proposal in &request.contexts {
        // Ids are odd, and each is used once (PS3.8 9.3.2.2).
        let legal = proposal.id % 2 == 1 && seen.insert(proposal.id);
        let answer = if legal {
            acceptance(
                &peer,
                &proposal.abstract_syntax,
                &proposal.transfer_syntaxes,
                services,
            )
        } else {
            Err(ContextResult::NoReason)
        };
        let (result, syntax) = match answer {
            Ok(syntax) => (ContextResult::Accepted, syntax),
            // Not significant then, but some peers want one there to read.
            Err(result) => (result, sop::IMPLICIT_LE.to_owned()),
        };
        if result == ContextResult::Accepted {
            let agreed = (proposal.abstract_syntax.clone(), syntax.clone());
            contexts.insert(proposal.id, agreed);
        }
        answers.push(ContextAnswer {
            id: proposal.id,
            result,
            transfer_syntax: syntax,
        });
    }
    let roles = roles(&request.user.roles, &contexts);
    let answer = AssociateAc {
        called: request.called.clone(),
        calling: request.calling.clone(),
        contexts: answers,
        user: UserInformation {
            max_length: config.max_pdu,
            implementation_class: config.implementation_class.to_owned(),
            implementation_version: config.implementation_version.to_owned(),
            roles: roles.clone(),
            // One operation at a time (PS3.7 D.3.3.3), said only when asked.
            asynchronous: request.user.asynchronous.map(|_| (1, 1)),
        },
    };
    let scp_roles = roles
        .into_iter()
        .filter(|r| r.scp)
        .map(|r| r.class)
        .collect();
    let association = Association {
        peer,
        contexts,
        scp_roles,
        _slot: slot,
    };
    (answer, association)
}

/// What the services say, asked of legal UIDs only: the answer is written back
/// to the peer, and a UID of 60,000 digits must not get that far.
fn acceptance(
    peer: &Peer,
    abstract_syntax: &str,
    proposed: &[String],
    services: &dyn Services,
) -> Result<String, ContextResult> {
    ClassUid::new(abstract_syntax).map_err(|_| ContextResult::AbstractSyntax)?;
    let legal = proposed.iter().filter(|uid| SyntaxUid::new(uid).is_ok());
    let legal: Vec<String> = legal.cloned().collect();
    match services.accept(peer, abstract_syntax, &legal) {
        Acceptance::Accept(syntax) => Ok(syntax),
        Acceptance::RefuseAbstractSyntax => Err(ContextResult::AbstractSyntax),
        Acceptance::RefuseTransferSyntaxes => Err(ContextResult::TransferSyntaxes),
    }
}

/// Roles as proposed, one for each class that is accepted: at most as many as
/// there are contexts, whatever the peer sends (PS3.7 D.3.3.4).
fn roles(proposed: &[Role], contexts: &HashMap<u8, (String, String)>) -> Vec<Role> {
    let mut classes: HashSet<&str> = contexts.values().map(|(class, _)| class.as_str()).collect();
    let agreed = proposed
        .iter()
        .filter(|role| classes.remove(role.class.as_str()));
    agreed.cloned().collect()
}
