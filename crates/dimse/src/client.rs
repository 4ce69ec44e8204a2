//! Service class user: opens associations to nodes, and asks them.

use crate::{
    channel::{Channel, ChannelError, Incoming},
    command::{Command, field},
    pdu::{
        AssociateRq, ContextAnswer, ContextResult, Pdu, Proposal, Rejection, Role, UserInformation,
    },
    server::{StoreRequest, StoreSink},
    sop, status,
};
use bildbro_domain::{AeTitle, ClassUid, ErrorClass, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::Stream;
use std::{collections::HashMap, io, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

/// A peer by name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub ae_title: AeTitle,
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone)]
pub struct ClientConfig {
    pub calling: AeTitle,
    pub connect: Duration,
    /// Longest silence of the peer, in any wait.
    pub response: Duration,
    pub max_pdu: u32,
}

/// Why a node could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no association with the node came about: {0}")]
    Connect(#[source] io::Error),
    #[error("the node did not answer the connection in time")]
    ConnectTimeout,
    #[error("the node rejected the association (result {}, source {}, reason {})", .0.result, .0.source, .0.reason)]
    Rejected(Rejection),
    #[error("the node accepts neither this SOP class in this transfer syntax nor another way")]
    NotAccepted,
    #[error("more than 128 presentation contexts are needed; split the work")]
    TooManyContexts,
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("the node answered status {0:04X}")]
    Status(u16),
    #[error("the node made no progress for {0:?}")]
    NoProgress(Duration),
}

impl ClientError {
    /// Whether asking again may help.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Connect(_) | Self::ConnectTimeout | Self::NoProgress(_) => ErrorClass::Transient,
            // Also one called permanent: a wrong AE title is mended at either
            // end by a person, and then works; what waits should go by itself.
            Self::Rejected(_) => ErrorClass::Transient,
            // The node never saw the end of the object.
            Self::Channel(ChannelError::Source(_)) => ErrorClass::Transient,
            Self::NotAccepted | Self::TooManyContexts | Self::Status(_) => ErrorClass::Permanent,
            Self::Channel(_) => ErrorClass::Ambiguous,
        }
    }
}

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

/// An object about to be stored.
#[derive(Debug, Clone)]
pub struct StoreHeader {
    pub class: String,
    pub sop_uid: String,
    pub syntax: String,
    /// AE title and message id of the C-MOVE that this is a part of.
    pub originator: Option<(String, u16)>,
}

impl StoreHeader {
    #[must_use]
    pub fn of(class: &ClassUid, sop_uid: &InstanceUid, syntax: &SyntaxUid) -> Self {
        Self {
            class: class.to_string(),
            sop_uid: sop_uid.to_string(),
            syntax: syntax.to_string(),
            originator: None,
        }
    }

    pub(crate) fn command(&self, message_id: u16) -> Command {
        Command {
            field: field::STORE_RQ,
            class: self.class.clone(),
            message_id,
            has_data: true,
            priority: Some(0),
            sop_uid: self.sop_uid.clone(),
            move_originator: self.originator.clone(),
            ..Command::default()
        }
    }
}

/// Progress of a C-MOVE or C-GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub remaining: u16,
    pub completed: u16,
    pub failed: u16,
    pub warning: u16,
}

/// An open association.
pub struct Association {
    channel: Channel,
    /// Context id by abstract and transfer syntax.
    contexts: HashMap<(String, String), u8>,
    message_id: u16,
    response: Duration,
}

impl Association {
    /// Opens an association.
    ///
    /// # Errors
    /// [`ClientError`]; a node that accepts no context at all still opens one.
    pub async fn open(
        node: &Node,
        config: &ClientConfig,
        offers: &[Offer],
    ) -> Result<Self, ClientError> {
        if offers.len() > MAX_CONTEXTS {
            return Err(ClientError::TooManyContexts);
        }
        let address = (node.host.as_str(), node.port);
        let stream = timeout(config.connect, TcpStream::connect(address))
            .await
            .map_err(|_| ClientError::ConnectTimeout)?
            .map_err(ClientError::Connect)?;
        let mut channel = Channel::new(stream, config.max_pdu, config.response);
        let request = request(node, config, offers);
        let answered = async {
            channel.send(&Pdu::AssociateRq(request)).await?;
            match channel.next().await? {
                Incoming::Control(Pdu::AssociateAc(answer)) => Ok(Ok(answer)),
                Incoming::Control(Pdu::AssociateRj(rejection)) => Ok(Err(rejection)),
                _ => Err(ChannelError::Protocol(
                    "no answer to an association request",
                )),
            }
        };
        match answered.await {
            Ok(Ok(answer)) => {
                channel.set_peer_maximum(answer.user.max_length);
                Ok(Self {
                    channel,
                    contexts: agreed(offers, answer.contexts),
                    message_id: 0,
                    response: config.response,
                })
            }
            Ok(Err(rejection)) => Err(ClientError::Rejected(rejection)),
            // Nothing has been asked yet, so there is nothing to be unsure of.
            Err(error) => {
                channel.abort(&error).await;
                Err(match error {
                    ChannelError::Silent(_) => ClientError::ConnectTimeout,
                    error => ClientError::Connect(io::Error::other(error)),
                })
            }
        }
    }

    /// Whether the node takes this class in this transfer syntax.
    #[must_use]
    pub fn accepts(&self, abstract_syntax: &str, transfer_syntax: &str) -> bool {
        let key = (abstract_syntax.to_owned(), transfer_syntax.to_owned());
        self.contexts.contains_key(&key)
    }

    fn any_context(&self, abstract_syntax: &str) -> Result<(u8, String), ClientError> {
        let of_class = self
            .contexts
            .iter()
            .filter(|((a, _), _)| a == abstract_syntax);
        let found = of_class.min_by_key(|(_, id)| **id);
        let ((_, syntax), id) = found.ok_or(ClientError::NotAccepted)?;
        Ok((*id, syntax.clone()))
    }

    fn next_message(&mut self) -> u16 {
        self.message_id = self.message_id.wrapping_add(1);
        self.message_id
    }

    /// C-ECHO.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn echo(&mut self) -> Result<(), ClientError> {
        let (context, _) = self.any_context(sop::VERIFICATION)?;
        let request = Command {
            field: field::ECHO_RQ,
            class: sop::VERIFICATION.to_owned(),
            message_id: self.next_message(),
            ..Command::default()
        };
        self.channel.send_message(context, &request, None).await?;
        match self.response(&request).await?.status {
            Some(status::SUCCESS) => Ok(()),
            other => Err(ClientError::Status(
                other.unwrap_or(status::CANNOT_UNDERSTAND),
            )),
        }
    }

    /// C-STORE. Answers the node's status, also when it says no.
    ///
    /// # Errors
    /// [`ClientError::NotAccepted`] leaves the association usable; after any
    /// other it is not, and must be dropped or aborted.
    pub async fn store<S>(&mut self, header: &StoreHeader, bytes: S) -> Result<u16, ClientError>
    where
        S: Stream<Item = io::Result<Bytes>> + Unpin,
    {
        let key = (header.class.clone(), header.syntax.clone());
        let context = *self.contexts.get(&key).ok_or(ClientError::NotAccepted)?;
        let request = header.command(self.next_message());
        self.channel.send_message(context, &request, None).await?;
        self.channel.send_stream(context, bytes).await?;
        let response = self.response(&request).await?;
        Ok(response.status.unwrap_or(status::CANNOT_UNDERSTAND))
    }

    async fn response(&mut self, request: &Command) -> Result<Command, ClientError> {
        let Some((_, response)) = self.channel.command().await? else {
            return Err(ChannelError::Protocol("release instead of a response").into());
        };
        if response.is_response() && response.responding_to == request.message_id {
            Ok(response)
        } else {
            Err(ChannelError::Protocol("an answer to another question").into())
        }
    }

    /// C-FIND. `each` sees every match's identifier and its transfer syntax,
    /// as it comes; when it answers false the query is cancelled.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(
        &mut self,
        model: &str,
        identifier: impl Fn(&str) -> Bytes,
        mut each: impl FnMut(&str, Bytes) -> bool,
    ) -> Result<(), ClientError> {
        let (context, syntax) = self.any_context(model)?;
        let request = Command {
            field: field::FIND_RQ,
            class: model.to_owned(),
            message_id: self.next_message(),
            has_data: true,
            priority: Some(0),
            ..Command::default()
        };
        let query = identifier(&syntax);
        self.channel
            .send_message(context, &request, Some(&query))
            .await?;
        let mut cancelled_at = None;
        loop {
            let response = match cancelled_at {
                None => self.response(&request).await?,
                // A node may finish what it has begun, but not go on for ever.
                Some(at) => timeout_at(at + self.response, self.response(&request))
                    .await
                    .map_err(|_| ClientError::NoProgress(self.response))??,
            };
            let code = response.status.unwrap_or(status::CANNOT_UNDERSTAND);
            if status::is_pending(code) && !response.has_data {
                return Err(ChannelError::Protocol("a match without an identifier").into());
            }
            if response.has_data {
                let found = self.channel.short_data(context, 1 << 20).await?;
                if status::is_pending(code) && cancelled_at.is_none() && !each(&syntax, found) {
                    cancelled_at = Some(Instant::now());
                    let cancel = Command {
                        field: field::CANCEL_RQ,
                        responding_to: request.message_id,
                        ..Command::default()
                    };
                    self.channel.send_message(context, &cancel, None).await?;
                }
            }
            match code {
                code if status::is_pending(code) => {}
                status::SUCCESS | status::CANCEL => return Ok(()),
                code => return Err(ClientError::Status(code)),
            }
        }
    }

    /// C-MOVE to `destination`. A node that neither answers nor moves anything
    /// for `patience` is given up on: some never fulfil the first
    /// sub-operation, and say nothing.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn move_to(
        &mut self,
        model: &str,
        destination: &AeTitle,
        identifier: impl Fn(&str) -> Bytes,
        patience: Duration,
        mut each: impl FnMut(Progress),
    ) -> Result<Progress, ClientError> {
        let (context, syntax) = self.any_context(model)?;
        let request = Command {
            field: field::MOVE_RQ,
            class: model.to_owned(),
            message_id: self.next_message(),
            has_data: true,
            priority: Some(0),
            move_destination: destination.to_string(),
            ..Command::default()
        };
        self.channel
            .send_message(context, &request, Some(&identifier(&syntax)))
            .await?;
        self.channel.set_idle(patience);
        let mut progress = Progress::default();
        let mut moved_at = Instant::now();
        loop {
            // Responses that repeat the same counts are no progress.
            let deadline = moved_at + patience;
            let response = timeout_at(deadline, self.response(&request)).await;
            let response = match response {
                Err(_) | Ok(Err(ClientError::Channel(ChannelError::Silent(_)))) => {
                    return Err(ClientError::NoProgress(patience));
                }
                Ok(response) => response?,
            };
            if response.has_data {
                self.channel.short_data(context, 1 << 20).await?;
            }
            let now = counts(&response, progress);
            if now != progress {
                progress = now;
                moved_at = Instant::now();
                each(progress);
            }
            if let Some(end) = ended(&response, progress) {
                self.channel.set_idle(self.response);
                return end;
            }
        }
    }

    /// C-GET: the node stores on this same association, into what `open`
    /// gives. The offers must have named storage classes `as_provider`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(
        &mut self,
        model: &str,
        identifier: impl Fn(&str) -> Bytes,
        mut open: impl FnMut(StoreRequest) -> Result<Box<dyn StoreSink>, u16>,
    ) -> Result<Progress, ClientError> {
        let (context, syntax) = self.any_context(model)?;
        let request = Command {
            field: field::GET_RQ,
            class: model.to_owned(),
            message_id: self.next_message(),
            has_data: true,
            priority: Some(0),
            ..Command::default()
        };
        self.channel
            .send_message(context, &request, Some(&identifier(&syntax)))
            .await?;
        let mut progress = Progress::default();
        loop {
            let Some((on, command)) = self.channel.command().await? else {
                return Err(ChannelError::Protocol("release instead of a response").into());
            };
            if command.field == field::STORE_RQ {
                self.sub_store(on, &command, &mut open).await?;
                continue;
            }
            if !command.is_response() || command.responding_to != request.message_id {
                return Err(ChannelError::Protocol("an answer to another question").into());
            }
            if command.has_data {
                self.channel.short_data(on, 1 << 20).await?;
            }
            progress = counts(&command, progress);
            if let Some(end) = ended(&command, progress) {
                return end;
            }
        }
    }

    async fn sub_store(
        &mut self,
        context: u8,
        command: &Command,
        open: &mut impl FnMut(StoreRequest) -> Result<Box<dyn StoreSink>, u16>,
    ) -> Result<(), ClientError> {
        let agreed = self.contexts.iter().find(|(_, id)| **id == context);
        let ((class, syntax), _) = agreed.ok_or(ChannelError::Protocol(
            "a presentation context never accepted",
        ))?;
        if !command.has_data {
            return Err(ChannelError::Protocol("a C-STORE without a data set").into());
        }
        let sink = store_request(command, class, syntax).and_then(open);
        let code = crate::server::take(&mut self.channel, context, sink).await?;
        let response = Command::response(command, code);
        Ok(self.channel.send_message(context, &response, None).await?)
    }

    /// Ends the association in order.
    pub async fn release(mut self) {
        if self.channel.send(&Pdu::ReleaseRq).await.is_ok() {
            let _answer = self.channel.next().await;
        }
    }

    /// Ends it at once, so that the peer keeps nothing of what is under way.
    pub async fn abort(self) {
        let because = ChannelError::GivenUp("it is not needed any more");
        self.channel.abort(&because).await;
    }
}

/// What the node accepted of what was offered, and nothing that was not.
fn agreed(offers: &[Offer], answers: Vec<ContextAnswer>) -> HashMap<(String, String), u8> {
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

fn store_request(command: &Command, class: &str, syntax: &str) -> Result<StoreRequest, u16> {
    if command.class != class {
        return Err(status::SOP_CLASS_NOT_SUPPORTED);
    }
    Ok(StoreRequest {
        class: ClassUid::new(class).map_err(|_| status::CANNOT_UNDERSTAND)?,
        sop_uid: InstanceUid::new(&command.sop_uid).map_err(|_| status::CANNOT_UNDERSTAND)?,
        syntax: SyntaxUid::new(syntax).map_err(|_| status::CANNOT_UNDERSTAND)?,
    })
}

fn counts(response: &Command, before: Progress) -> Progress {
    response
        .suboperations
        .map_or(before, |[remaining, completed, failed, warning]| Progress {
            remaining,
            completed,
            failed,
            warning,
        })
}

fn ended(response: &Command, progress: Progress) -> Option<Result<Progress, ClientError>> {
    match response.status.unwrap_or(status::CANNOT_UNDERSTAND) {
        code if status::is_pending(code) => None,
        status::SUCCESS | status::WARNING_SUBOPERATIONS => Some(Ok(progress)),
        code => Some(Err(ClientError::Status(code))),
    }
}

fn request(node: &Node, config: &ClientConfig, offers: &[Offer]) -> AssociateRq {
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
