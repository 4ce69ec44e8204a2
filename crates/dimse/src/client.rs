//! Service class user: opens associations to nodes, and asks them.

mod negotiate;
mod retrieve;

pub use negotiate::{MAX_CONTEXTS, Offer, storage_proposals};
pub use retrieve::Progress;

use crate::{
    channel::{self, Channel, ChannelError, Incoming},
    command::{Command, field},
    pdu::{Pdu, Rejection},
    sop, status,
    stream::Stream,
    tls::{ClientTls, TlsFailure},
};
use bildbro_domain::{AeTitle, ClassUid, ErrorClass, InstanceUid, SyntaxUid};
use bytes::Bytes;
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
    #[error("no TLS with the node came about: {0}")]
    Tls(#[source] TlsFailure),
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
            // So too a certificate: one that is renewed works at once.
            Self::Tls(_) => ErrorClass::Transient,
            // The node never saw the end of the object.
            Self::Channel(ChannelError::Source(_)) => ErrorClass::Transient,
            Self::NotAccepted | Self::TooManyContexts | Self::Status(_) => ErrorClass::Permanent,
            Self::Channel(_) => ErrorClass::Ambiguous,
        }
    }
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

/// An open association.
pub struct Association {
    channel: Channel,
    /// Context id by abstract and transfer syntax.
    contexts: HashMap<(String, String), u8>,
    message_id: u16,
    response: Duration,
}

impl Association {
    /// Opens an association over TCP.
    ///
    /// # Errors
    /// [`ClientError`]; a node that accepts no context at all still opens one.
    pub async fn open(
        node: &Node,
        config: &ClientConfig,
        offers: &[Offer],
    ) -> Result<Self, ClientError> {
        Self::open_over(node, None, config, offers).await
    }

    /// Opens an association over TLS.
    ///
    /// # Errors
    /// As [`Association::open`], and [`ClientError::Tls`].
    pub async fn open_tls(
        node: &Node,
        tls: &ClientTls,
        config: &ClientConfig,
        offers: &[Offer],
    ) -> Result<Self, ClientError> {
        Self::open_over(node, Some(tls), config, offers).await
    }

    async fn open_over(
        node: &Node,
        tls: Option<&ClientTls>,
        config: &ClientConfig,
        offers: &[Offer],
    ) -> Result<Self, ClientError> {
        if offers.len() > MAX_CONTEXTS {
            return Err(ClientError::TooManyContexts);
        }
        let stream = timeout(config.connect, connect(node, tls))
            .await
            .map_err(|_| ClientError::ConnectTimeout)?
            .map_err(not_connected)?;
        let mut channel = Channel::new(stream, config.max_pdu, config.response);
        let request = negotiate::request(node, config, offers);
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
                    contexts: negotiate::agreed(offers, answer.contexts),
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
                    // TLS 1.3 lets a client speak before its certificate has
                    // been looked at: the refusal comes here.
                    ChannelError::Io(error) => not_connected(error),
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
        S: futures::Stream<Item = io::Result<Bytes>> + Unpin,
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

    /// Ends the association in order.
    pub async fn release(mut self) {
        if self.channel.send(&Pdu::ReleaseRq).await.is_ok() {
            let _answer = self.channel.next().await;
        }
        self.channel.close().await;
    }

    /// Ends it at once, so that the peer keeps nothing of what is under way.
    pub async fn abort(self) {
        let because = ChannelError::GivenUp("it is not needed any more");
        self.channel.abort(&because).await;
    }
}

async fn connect(node: &Node, tls: Option<&ClientTls>) -> io::Result<Stream> {
    let socket = TcpStream::connect((node.host.as_str(), node.port)).await?;
    channel::hurry(&socket);
    match tls {
        None => Ok(Stream::Plain(socket)),
        Some(tls) => tls.connect(socket).await,
    }
}

fn not_connected(error: io::Error) -> ClientError {
    match TlsFailure::within(&error) {
        Some(failure) => ClientError::Tls(failure),
        None => ClientError::Connect(error),
    }
}
