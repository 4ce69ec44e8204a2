//! Messages on an association: C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET (PS3.7
//! 9.1).

use super::{Peer, Query, ServerConfig, Services, StoreRequest, StoreSink, negotiate::Association};
use crate::{
    channel::{Channel, ChannelError},
    client::ClientConfig,
    command::{Command, field},
    pdu::Pdu,
    status,
};
use bildbro_domain::{ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Longest identifier of a query.
const MAX_IDENTIFIER: usize = 1 << 20;

/// How long a stopping server waits for the next message of an association:
/// one that has more to send sends it sooner.
const LAST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Session {
    pub(super) channel: Channel,
    pub(super) association: Association,
    pub(super) services: Arc<dyn Services>,
    /// For sub-operations to others (C-MOVE).
    pub(super) client: ClientConfig,
    stop: CancellationToken,
    objects: u64,
    /// Of our last sub-operation on this association (C-GET).
    pub(super) message_id: u16,
}

impl Session {
    pub(super) fn new(
        mut channel: Channel,
        association: Association,
        config: &ServerConfig,
        services: Arc<dyn Services>,
        stop: CancellationToken,
    ) -> Self {
        channel.set_idle(config.idle);
        let client = ClientConfig {
            calling: association.peer.called.clone(),
            connect: config.artim,
            response: config.idle,
            max_pdu: config.max_pdu,
        };
        Self {
            channel,
            association,
            services,
            client,
            stop,
            objects: 0,
            message_id: 0,
        }
    }

    pub(super) fn summary(&self) -> (&Peer, u64, u64) {
        (&self.association.peer, self.objects, self.channel.received)
    }

    pub(super) async fn close(self, end: Result<(), ChannelError>, artim: Duration) {
        match end {
            Ok(()) => self.channel.await_close(artim).await,
            Err(error) => self.channel.abort(&error).await,
        }
    }

    /// Serves messages until release, an error, or, once the server is to
    /// stop, a pause between messages.
    pub(super) async fn run(&mut self) -> Result<(), ChannelError> {
        let stop = self.stop.clone();
        loop {
            let stopped = async {
                stop.cancelled().await;
                sleep(LAST_PAUSE).await;
            };
            let next = tokio::select! {
                biased;
                next = self.channel.command() => next?,
                () = stopped => return Err(ChannelError::GivenUp("the server is stopping")),
            };
            let Some((context, command)) = next else {
                return self.channel.send(&Pdu::ReleaseRp).await;
            };
            self.message(context, command).await?;
        }
    }

    async fn message(&mut self, context: u8, command: Command) -> Result<(), ChannelError> {
        let agreed = self.association.contexts.get(&context).cloned();
        let (abstract_syntax, syntax) = agreed.ok_or(ChannelError::Protocol(
            "a presentation context never accepted",
        ))?;
        match command.field {
            field::STORE_RQ => {
                self.store(context, &command, &abstract_syntax, &syntax)
                    .await
            }
            field::FIND_RQ | field::MOVE_RQ | field::GET_RQ => {
                let identifier = self.identifier(context, &command).await?;
                if command.class != abstract_syntax {
                    return self
                        .answer(context, &command, status::SOP_CLASS_NOT_SUPPORTED)
                        .await;
                }
                let query = Query {
                    model: abstract_syntax,
                    syntax,
                    identifier,
                };
                match command.field {
                    field::FIND_RQ => self.find(context, &command, query).await,
                    field::MOVE_RQ => self.move_(context, &command, query).await,
                    _ => self.get(context, &command, query).await,
                }
            }
            // For an operation that has ended already (PS3.7 9.3.2.3).
            field::CANCEL_RQ => Ok(()),
            _ if command.is_response() => Err(ChannelError::Protocol("an answer to no question")),
            other => {
                let status = match other {
                    field::ECHO_RQ => status::SUCCESS,
                    _ => status::UNRECOGNIZED_OPERATION,
                };
                if command.has_data {
                    take(&mut self.channel, context, Err(status)).await?;
                }
                self.answer(context, &command, status).await
            }
        }
    }

    pub(super) async fn answer(
        &mut self,
        context: u8,
        request: &Command,
        status: u16,
    ) -> Result<(), ChannelError> {
        let response = Command::response(request, status);
        self.channel.send_message(context, &response, None).await
    }

    async fn store(
        &mut self,
        context: u8,
        command: &Command,
        abstract_syntax: &str,
        syntax: &str,
    ) -> Result<(), ChannelError> {
        if !command.has_data {
            return self
                .answer(context, command, status::CANNOT_UNDERSTAND)
                .await;
        }
        let sink = self.begin_store(command, abstract_syntax, syntax).await;
        let status = take(&mut self.channel, context, sink).await?;
        self.objects += u64::from(status == status::SUCCESS);
        if status != status::SUCCESS {
            let peer = &self.association.peer;
            tracing::warn!(calling = %peer.calling, status = format!("{status:04X}"), "store.refused");
        }
        self.answer(context, command, status).await
    }

    async fn begin_store(
        &self,
        command: &Command,
        abstract_syntax: &str,
        syntax: &str,
    ) -> Result<Box<dyn StoreSink>, u16> {
        let request = StoreRequest {
            class: ClassUid::new(&command.class).map_err(|_| status::CANNOT_UNDERSTAND)?,
            sop_uid: InstanceUid::new(&command.sop_uid).map_err(|_| status::CANNOT_UNDERSTAND)?,
            syntax: SyntaxUid::new(syntax).map_err(|_| status::CANNOT_UNDERSTAND)?,
        };
        if request.class.as_str() != abstract_syntax {
            return Err(status::SOP_CLASS_NOT_SUPPORTED);
        }
        self.services.store(&self.association.peer, request).await
    }

    async fn identifier(&mut self, context: u8, command: &Command) -> Result<Bytes, ChannelError> {
        if !command.has_data {
            return Err(ChannelError::Protocol("a query without an identifier"));
        }
        self.channel.short_data(context, MAX_IDENTIFIER).await
    }

    async fn find(
        &mut self,
        context: u8,
        command: &Command,
        query: Query,
    ) -> Result<(), ChannelError> {
        let services = Arc::clone(&self.services);
        let mut matches = match services.find(&self.association.peer, query).await {
            Ok(matches) => matches,
            Err(status) => return self.answer(context, command, status).await,
        };
        let mut pending = Command::response(command, status::PENDING);
        pending.has_data = true;
        while let Some(identifier) = matches.next().await {
            if self.cancelled(command).await? {
                return self.answer(context, command, status::CANCEL).await;
            }
            self.channel
                .send_message(context, &pending, Some(&identifier))
                .await?;
        }
        self.answer(context, command, status::SUCCESS).await
    }

    /// Whether the peer has taken this request back.
    pub(super) async fn cancelled(&mut self, request: &Command) -> Result<bool, ChannelError> {
        if !self.channel.has_news() {
            return Ok(false);
        }
        match self.channel.command().await? {
            Some((_, c)) if c.field == field::CANCEL_RQ => {
                Ok(c.responding_to == request.message_id)
            }
            _ => Err(ChannelError::Protocol(
                "a new request before the last one's answer",
            )),
        }
    }
}

/// Reads an object into its sink, or to its end when there is none: then for
/// no longer than the peer might be silent, since nothing else bounds it.
pub(crate) async fn take(
    channel: &mut Channel,
    context: u8,
    sink: Result<Box<dyn StoreSink>, u16>,
) -> Result<u16, ChannelError> {
    let mut state = sink;
    let mut refused_at = None;
    loop {
        let (bytes, last) = if state.is_ok() {
            channel.data(context).await?
        } else {
            let until = *refused_at.get_or_insert_with(Instant::now) + channel.idle();
            let rest = timeout_at(until, channel.data(context)).await;
            rest.map_err(|_| ChannelError::GivenUp("a refused data set does not end"))??
        };
        if let Ok(sink) = &mut state
            && !bytes.is_empty()
            && let Err(status) = sink.push(bytes).await
        {
            state = Err(status);
        }
        if last {
            return Ok(match state {
                Ok(sink) => sink.commit().await,
                Err(status) => status,
            });
        }
    }
}
