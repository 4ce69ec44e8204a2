//! An association's two directions: PDUs in and out, messages put together.
//! The state table of PS3.8 9.2 lies in who calls what: a channel between
//! association and release takes only P-DATA, release and abort.

use crate::{
    command::{Command, CommandError, MAX_COMMAND},
    pdu::{self, Fragment, HEADER, Pdu, PduError},
    stream::Stream,
    tls::TlsFailure,
};
use bytes::{Buf, Bytes, BytesMut};
use futures::{FutureExt, StreamExt};
use std::{collections::VecDeque, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How much is read from the socket at once.
const READ: usize = 256 * 1024;

/// Longest P-DATA written, also to a peer that takes any.
const MAX_WRITE: u32 = 128 * 1024;

/// Empty fragments taken in a row: legal, but without end they would pass by
/// every bound on bytes.
const MAX_EMPTY: u32 = 1000;

/// How long the peer of an aborted association has to close.
pub(crate) const ABORTED: Duration = Duration::from_secs(1);

/// How long is looked for a reason after a write has failed: it is there, or
/// does not come.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What ended an association before its time.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("the peer closed the connection")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    #[error("the peer was silent for {0:?}")]
    Silent(Duration),
    #[error("the peer aborted the association (source {source_code}, reason {reason})")]
    Aborted { source_code: u8, reason: u8 },
    #[error("the peer broke the protocol: {0}")]
    Pdu(#[from] PduError),
    #[error("the peer broke the protocol: {0}")]
    Command(#[from] CommandError),
    #[error("the peer broke the protocol: {0}")]
    Protocol(&'static str),
    #[error("the data set to be sent broke off: {0}")]
    Source(#[source] io::Error),
    #[error("this end gave the association up: {0}")]
    GivenUp(&'static str),
}

impl ChannelError {
    /// Whether an A-ABORT tells the peer anything.
    const fn abort_reason(&self) -> Option<(u8, u8)> {
        match self {
            // Provider-initiated; unrecognized PDU, unexpected PDU (PS3.8 9.3.8).
            Self::Pdu(PduError::UnknownType(_)) => Some((2, 1)),
            Self::Pdu(_) | Self::Command(_) => Some((2, 6)),
            Self::Protocol(_) => Some((2, 2)),
            Self::Silent(_) => Some((2, 0)),
            // By the service user.
            Self::Source(_) | Self::GivenUp(_) => Some((0, 0)),
            Self::Closed | Self::Io(_) | Self::Aborted { .. } => None,
        }
    }
}

/// What comes next from a peer.
pub(crate) enum Incoming {
    Data(Bytes),
    Control(Pdu),
}

pub(crate) struct Channel {
    stream: Stream,
    inbox: BytesMut,
    fragments: VecDeque<Fragment>,
    /// Longest P-DATA that we take, as announced.
    max_in: u32,
    /// Longest P-DATA that the peer takes.
    max_out: u32,
    idle: Duration,
    /// Empty fragments since the last with content.
    empty: u32,
    pub(crate) received: u64,
}

/// Has the system send at once: requests and responses alternate, and waiting
/// to fill a segment would cost 40 ms each (Nagle against delayed
/// acknowledgement). Said before the handshake of TLS, which alternates too.
pub(crate) fn hurry(socket: &TcpStream) {
    let _best_effort = socket.set_nodelay(true);
    acknowledge(socket);
}

/// Has the system acknowledge now what has come. Many senders, DCMTK's
/// among them, leave Nagle's algorithm on and write a message in pieces;
/// against a delayed acknowledgement that costs 40 ms an object. The
/// system forgets the wish, so that it is said again after each read.
fn acknowledge(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _best_effort = socket2::SockRef::from(stream).set_tcp_quickack(true);
}

impl Channel {
    pub(crate) fn new(stream: Stream, max_in: u32, idle: Duration) -> Self {
        Self {
            stream,
            inbox: BytesMut::with_capacity(READ),
            fragments: VecDeque::new(),
            max_in,
            max_out: MAX_WRITE,
            idle,
            empty: 0,
            received: 0,
        }
    }

    /// The peer's maximum length (PS3.8 D.1); 0 means any.
    pub(crate) fn set_peer_maximum(&mut self, length: u32) {
        self.max_out = match length {
            0 => MAX_WRITE,
            // A peer that takes less than a header and a byte takes nothing.
            n => n.clamp(64, MAX_WRITE),
        };
    }

    pub(crate) const fn set_idle(&mut self, idle: Duration) {
        self.idle = idle;
    }

    /// The longest silence borne.
    pub(crate) const fn idle(&self) -> Duration {
        self.idle
    }

    /// The next PDU.
    pub(crate) async fn next(&mut self) -> Result<Incoming, ChannelError> {
        self.fill(HEADER).await?;
        let head: [u8; HEADER] = *self.inbox.first_chunk().expect("just filled");
        let (kind, length) = pdu::header(head, self.max_in)?;
        self.inbox.advance(HEADER);
        self.fill(length as usize).await?;
        let body = self.inbox.split_to(length as usize).freeze();
        if kind == pdu::P_DATA {
            self.received += u64::from(length);
            return Ok(Incoming::Data(body));
        }
        match pdu::decode(kind, &body)? {
            Pdu::Abort { source, reason } => Err(ChannelError::Aborted {
                source_code: source,
                reason,
            }),
            control => Ok(Incoming::Control(control)),
        }
    }

    /// Reads until at least `least` bytes are in the inbox. The time is for
    /// all of them, so that a byte now and then does not hold a PDU open.
    async fn fill(&mut self, least: usize) -> Result<(), ChannelError> {
        if self.inbox.len() >= least {
            return Ok(());
        }
        let idle = self.idle;
        let read = async {
            while self.inbox.len() < least {
                let missing = least - self.inbox.len();
                let spare = self.inbox.capacity() - self.inbox.len();
                if spare < missing.max(READ / 4) {
                    self.inbox.reserve(missing.max(READ));
                }
                match self.stream.read_buf(&mut self.inbox).await {
                    Ok(0) => return Err(ChannelError::Closed),
                    // Without the farewell of TLS. PDUs have lengths: one that
                    // was cut off shows by itself.
                    Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                        return Err(ChannelError::Closed);
                    }
                    read => read?,
                };
                acknowledge(self.stream.socket());
            }
            Ok(())
        };
        let in_time = timeout(idle, read).await;
        in_time.map_err(|_| ChannelError::Silent(idle))?
    }

    /// The next fragment; `None` when the peer asks for release.
    pub(crate) async fn fragment(&mut self) -> Result<Option<Fragment>, ChannelError> {
        loop {
            if let Some(fragment) = self.fragments.pop_front() {
                self.empty = if fragment.data.is_empty() {
                    self.empty + 1
                } else {
                    0
                };
                if self.empty > MAX_EMPTY {
                    return Err(ChannelError::Protocol("fragments without content"));
                }
                return Ok(Some(fragment));
            }
            match self.next().await? {
                Incoming::Data(body) => self.fragments.extend(pdu::fragments(body)?),
                Incoming::Control(Pdu::ReleaseRq) => return Ok(None),
                Incoming::Control(_) => {
                    return Err(ChannelError::Protocol(
                        "an association PDU inside an association",
                    ));
                }
            }
        }
    }

    /// The next command and its presentation context; `None` when the peer
    /// asks for release.
    pub(crate) async fn command(&mut self) -> Result<Option<(u8, Command)>, ChannelError> {
        let Some(first) = self.fragment().await? else {
            return Ok(None);
        };
        // Once begun, a command has to come to its end.
        let idle = self.idle;
        let whole = timeout(idle, self.rest_of_command(first)).await;
        whole.map_err(|_| ChannelError::Silent(idle))?.map(Some)
    }

    async fn rest_of_command(
        &mut self,
        mut fragment: Fragment,
    ) -> Result<(u8, Command), ChannelError> {
        let context = fragment.context;
        let mut whole = BytesMut::new();
        loop {
            if !fragment.command {
                return Err(ChannelError::Protocol("a data set without a command"));
            }
            if fragment.context != context {
                return Err(ChannelError::Protocol("a message over two contexts"));
            }
            if whole.len() + fragment.data.len() > MAX_COMMAND {
                return Err(CommandError::TooLong.into());
            }
            whole.extend_from_slice(&fragment.data);
            if fragment.last {
                return Ok((context, Command::decode(&whole)?));
            }
            let next = self.fragment().await?;
            fragment = next.ok_or(ChannelError::Protocol("release inside a message"))?;
        }
    }

    /// The next piece of a data set in `context`, and whether it is the last.
    pub(crate) async fn data(&mut self, context: u8) -> Result<(Bytes, bool), ChannelError> {
        let fragment = self.fragment().await?;
        let fragment = fragment.ok_or(ChannelError::Protocol("release inside a message"))?;
        if fragment.command || fragment.context != context {
            return Err(ChannelError::Protocol("a command where a data set goes on"));
        }
        Ok((fragment.data, fragment.last))
    }

    /// A whole short data set, such as a query's identifier.
    pub(crate) async fn short_data(
        &mut self,
        context: u8,
        most: usize,
    ) -> Result<Bytes, ChannelError> {
        let mut whole = BytesMut::new();
        loop {
            let (data, last) = self.data(context).await?;
            if whole.len() + data.len() > most {
                return Err(ChannelError::Protocol("an identifier too long to be one"));
            }
            whole.extend_from_slice(&data);
            if last {
                return Ok(whole.freeze());
            }
        }
    }

    /// Whether the peer has sent something that has not been looked at.
    pub(crate) fn has_news(&mut self) -> bool {
        if self.fragments.is_empty() && self.inbox.len() < HEADER {
            self.inbox.reserve(READ);
            // One look: what would have to wait is no news, and an error shows
            // at the next read.
            let _no_news = self.stream.read_buf(&mut self.inbox).now_or_never();
        }
        !self.fragments.is_empty() || self.inbox.len() >= HEADER
    }

    pub(crate) async fn send(&mut self, pdu: &Pdu) -> Result<(), ChannelError> {
        let mut bytes = Bytes::from(pdu::encode(pdu));
        self.write(&mut bytes).await
    }

    /// Sends a command, followed by a short data set if there is one.
    pub(crate) async fn send_message(
        &mut self,
        context: u8,
        command: &Command,
        data: Option<&Bytes>,
    ) -> Result<(), ChannelError> {
        self.send_values(context, true, command.encode()).await?;
        if let Some(data) = data {
            self.send_values(context, false, data.clone()).await?;
        }
        Ok(())
    }

    async fn send_values(
        &mut self,
        context: u8,
        command: bool,
        mut bytes: Bytes,
    ) -> Result<(), ChannelError> {
        loop {
            let n = bytes.len().min(self.room());
            let piece = bytes.split_to(n);
            let last = bytes.is_empty();
            self.send_value(context, command, last, piece).await?;
            if last {
                return Ok(());
            }
        }
    }

    /// Sends a data set as it comes from its source, in full PDUs whatever the
    /// size of its pieces: a fragment is of even length, and
    /// some peers insist. On a source that breaks off nothing marks the end,
    /// so that the peer cannot take it for whole.
    pub(crate) async fn send_stream<S>(
        &mut self,
        context: u8,
        mut source: S,
    ) -> Result<(), ChannelError>
    where
        S: futures::Stream<Item = io::Result<Bytes>> + Unpin,
    {
        let room = self.room();
        // What does not fill a PDU yet, or fills the last one.
        let mut rest = BytesMut::new();
        while let Some(chunk) = source.next().await {
            let mut chunk = chunk.map_err(ChannelError::Source)?;
            while !chunk.is_empty() {
                if rest.len() == room {
                    let full = rest.split().freeze();
                    self.send_value(context, false, false, full).await?;
                }
                if rest.is_empty() && chunk.len() > room {
                    let full = chunk.split_to(room);
                    self.send_value(context, false, false, full).await?;
                } else {
                    let n = chunk.len().min(room - rest.len());
                    rest.extend_from_slice(&chunk.split_to(n));
                }
            }
        }
        self.send_value(context, false, true, rest.freeze()).await
    }

    /// Bytes of one value, an even number: the PDU's length covers the value's
    /// own header.
    const fn room(&self) -> usize {
        (self.max_out as usize - 6) & !1
    }

    async fn send_value(
        &mut self,
        context: u8,
        command: bool,
        last: bool,
        piece: Bytes,
    ) -> Result<(), ChannelError> {
        let length = u32::try_from(piece.len()).expect("at most one PDU");
        let head = pdu::data_head(context, command, last, length);
        let mut whole = Bytes::copy_from_slice(&head).chain(piece);
        self.write(&mut whole).await
    }

    async fn write(&mut self, bytes: &mut impl Buf) -> Result<(), ChannelError> {
        let write = async {
            self.stream.write_all_buf(bytes).await?;
            // TLS keeps what the socket did not take at once.
            self.stream.flush().await
        };
        let error = match timeout(self.idle, write).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.into(),
            Err(_) => ChannelError::Silent(self.idle),
        };
        Err(self.last_words().await.unwrap_or(error))
    }

    /// Why the peer takes no more, if it has said so: its A-ABORT, or the alert
    /// of its TLS, may have come before the connection broke.
    async fn last_words(&mut self) -> Option<ChannelError> {
        let told = async {
            loop {
                match self.next().await {
                    Ok(_) => {}
                    Err(error @ ChannelError::Aborted { .. }) => return Some(error),
                    Err(ChannelError::Io(error)) if TlsFailure::within(&error).is_some() => {
                        return Some(error.into());
                    }
                    Err(_) => return None,
                }
            }
        };
        timeout(LAST_WORDS, told).await.ok().flatten()
    }

    /// Ends the connection after an error, telling the peer when that helps.
    pub(crate) async fn abort(mut self, because: &ChannelError) {
        let Some((source, reason)) = because.abort_reason() else {
            return;
        };
        let tell = async {
            self.send(&Pdu::Abort { source, reason }).await?;
            Ok::<_, ChannelError>(self.stream.shutdown().await?)
        };
        if let Ok(Ok(())) = timeout(ABORTED, tell).await {
            self.await_close(ABORTED).await;
        }
    }

    /// Ends the connection in order, from this end.
    pub(crate) async fn close(mut self) {
        let _best_effort = timeout(ABORTED, self.stream.shutdown()).await;
    }

    /// Waits for the peer to close (PS3.8 9.2, state 13), and drops what it
    /// still sends: to close before would reset the connection, and with it
    /// lose the last PDU on its way.
    pub(crate) async fn await_close(mut self, artim: Duration) {
        let mut rest = [0; 4096];
        let drop_rest = async { while let Ok(1..) = self.stream.read(&mut rest).await {} };
        let _closed = timeout(artim, drop_rest).await;
    }
}
