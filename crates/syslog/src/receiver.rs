//! One batch to the receiver: a connection, its frames, and the receiver's word
//! that it has read them.

use crate::tls::Trust;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use std::{fmt, io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// For a connection to come about, TLS and all.
const CONNECT: Duration = Duration::from_secs(15);
/// For the receiver to take a piece, and to confirm at the end. Longer than a
/// receiver needs to bring a full queue to disk.
const STALL: Duration = Duration::from_secs(30);

/// Why a batch is not confirmed. It may have arrived in part or whole.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("connecting to the syslog receiver")]
    Connect(#[source] io::Error),
    #[error("making TLS with the syslog receiver")]
    Tls(#[source] io::Error),
    #[error("sending to the syslog receiver")]
    Send(#[source] io::Error),
    #[error(
        "the syslog receiver ended the connection without close_notify: what it read is unknown"
    )]
    Unconfirmed(#[source] io::Error),
    #[error("the syslog receiver did not {0} in time")]
    Stalled(&'static str),
}

/// A syslog receiver, by name.
#[derive(Clone)]
pub struct Receiver {
    address: String,
    name: ServerName<'static>,
    trust: Trust,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.address).finish()
    }
}

impl Receiver {
    /// The receiver at `host` (name or IP address) and `port`, 6514 by RFC 5425.
    /// Its certificate must be for `host`.
    ///
    /// # Errors
    /// When `host` is neither a host name nor an IP address.
    pub fn new(host: &str, port: u16, trust: Trust) -> Result<Self, InvalidDnsNameError> {
        let name = ServerName::try_from(host.to_owned())?;
        let address = match name {
            ServerName::IpAddress(rustls::pki_types::IpAddr::V6(_)) => format!("[{host}]:{port}"),
            _ => format!("{host}:{port}"),
        };
        Ok(Self {
            address,
            name,
            trust,
        })
    }

    /// Sends frames in one connection, and returns when the receiver has
    /// confirmed that it read them all.
    ///
    /// # Errors
    /// [`DeliveryError`]: then any number of them may have arrived.
    pub async fn deliver(&self, frames: &[Vec<u8>]) -> Result<(), DeliveryError> {
        let tcp = timeout(CONNECT, TcpStream::connect(&self.address))
            .await
            .map_err(|_| DeliveryError::Stalled("accept a connection"))?
            .map_err(DeliveryError::Connect)?;
        let tls = self.trust.0.connect(self.name.clone(), tcp);
        let stream = timeout(CONNECT, tls)
            .await
            .map_err(|_| DeliveryError::Stalled("answer TLS"))?
            .map_err(DeliveryError::Tls)?;
        // TLS 1.3 lets us send before the receiver has judged our certificate, so
        // its refusal comes while we write; and a receiver may end the
        // connection itself. Both are read here.
        let (mut reader, mut writer) = tokio::io::split(stream);
        for frame in frames {
            let sent = timeout(STALL, writer.write_all(frame)).await;
            sent.map_err(|_| DeliveryError::Stalled("take a message"))?
                .map_err(DeliveryError::Send)?;
        }
        let closed = timeout(STALL, writer.shutdown()).await;
        closed
            .map_err(|_| DeliveryError::Stalled("take the last message"))?
            .map_err(DeliveryError::Send)?;
        timeout(STALL, confirmation(&mut reader))
            .await
            .map_err(|_| DeliveryError::Stalled("confirm"))?
            .map_err(DeliveryError::Unconfirmed)
    }
}

/// Reads to the receiver's close_notify. rustls calls an end without it an
/// error. Anything said before it is no syslog, and bounded.
async fn confirmation(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    const MOST: usize = 64 * 1024;
    let mut piece = [0; 1024];
    let mut heard = 0;
    loop {
        match reader.read(&mut piece).await? {
            0 => return Ok(()),
            n if heard + n > MOST => return Err(io::ErrorKind::InvalidData.into()),
            n => heard += n,
        }
    }
}
