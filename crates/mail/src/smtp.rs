//! Handing a message to a mail server.

use crate::{Address, Mail};
use bildbro_domain::ErrorClass;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::MultiPart,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls as Wire, TlsParameters},
        extension::ClientId,
    },
};
use serde::{Deserialize, Serialize};
use std::{fmt, fs, io, path::PathBuf, time::Duration};

/// For each command and its answer; RFC 5321, 4.5.3.2 allows minutes, but
/// someone waits at a page.
const TIMEOUT: Duration = Duration::from_secs(30);

/// For a whole message: a server that goes silent in the middle is let go.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the way to the mail server is guarded. Never less than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Plain: for a server on the same machine or inside a guarded network.
    None,
    /// Plain at first, then TLS before anything else (RFC 3207); port 587.
    StartTls,
    /// TLS from the first octet (RFC 8314); port 465.
    Tls,
}

#[derive(Clone)]
pub struct Config {
    /// Name or address; its certificate has to be for this.
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// With a password, to log in with. Not without TLS.
    pub username: Option<String>,
    pub password: Option<String>,
    pub from: Address,
    /// PEM: authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("mail server: a user name and a password go together, and need TLS")]
    Login,
    #[error("reading the mail server's authorities: {0}")]
    Authorities(#[source] io::Error),
    #[error("setting up TLS to the mail server: {0}")]
    Tls(#[source] lettre::transport::smtp::Error),
    #[error("putting a message together: {0}")]
    Compose(#[source] lettre::error::Error),
    /// The server's answer may quote an address, so only its code is told.
    #[error("the mail server refused: {0}")]
    Refused(u16, ErrorClass),
    #[error("reaching the mail server: {0}")]
    Reach(&'static str, ErrorClass),
}

impl MailError {
    /// Whether to try again.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Refused(_, class) | Self::Reach(_, class) => *class,
            _ => ErrorClass::Permanent,
        }
    }

    fn sending(error: &lettre::transport::smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let class = if error.is_transient() {
                ErrorClass::Transient
            } else {
                ErrorClass::Permanent
            };
            return Self::Refused(code.into(), class);
        }
        if error.is_tls() || is_handshake(error) {
            Self::Reach("TLS failed", ErrorClass::Permanent)
        } else if error.is_client() {
            Self::Reach("it lacks what is asked for", ErrorClass::Permanent)
        } else if error.is_timeout() {
            Self::Reach("no answer in time", ErrorClass::Transient)
        } else {
            Self::Reach("no connection", ErrorClass::Transient)
        }
    }
}

/// A certificate that is not trusted comes as an error of the stream when TLS
/// begins by STARTTLS; rustls makes it one of invalid data.
fn is_handshake(error: &lettre::transport::smtp::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::InvalidData
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Sends messages; each by a connection of its own, since they are few.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    patience: Duration,
}

impl Mailer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`MailError::Login`], [`MailError::Authorities`], [`MailError::Tls`].
    pub fn new(config: Config) -> Result<Self, MailError> {
        let wire = match config.tls {
            Tls::None => Wire::None,
            Tls::StartTls => Wire::Required(parameters(&config)?),
            Tls::Tls => Wire::Wrapper(parameters(&config)?),
        };
        // RFC 5321, 4.1.1.1 wants the client's name; the sender's domain is one
        // that the server knows, and a container's is not.
        let hello = config.from.0.email.domain().to_owned();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host)
            .port(config.port)
            .tls(wire)
            .hello_name(ClientId::Domain(hello))
            .timeout(Some(TIMEOUT));
        builder = match (config.username, config.password) {
            (None, None) => builder,
            (Some(user), Some(password)) if config.tls != Tls::None => {
                builder.credentials(Credentials::new(user, password))
            }
            _ => return Err(MailError::Login),
        };
        Ok(Self {
            transport: builder.build(),
            from: config.from,
            patience: PATIENCE,
        })
    }

    /// How long one message may take, instead of two minutes.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Returns when the server has taken responsibility for the message.
    ///
    /// # Errors
    /// By class: transient for no connection, no answer and codes 4xx;
    /// permanent for codes 5xx (a wrong password too) and failed TLS.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        let message = Message::builder()
            .from(self.from.0.clone())
            .to(mail.to.0.clone())
            .subject(mail.subject.as_str())
            // RFC 3834, 5: no out-of-office answers.
            .raw_header(auto_submitted())
            .message_id(None)
            .multipart(body)
            .map_err(MailError::Compose)?;
        let sent = tokio::time::timeout(self.patience, self.transport.send(message)).await;
        let silent = |_| MailError::Reach("no answer in time", ErrorClass::Transient);
        sent.map_err(silent)?
            .map_err(|error| MailError::sending(&error))?;
        Ok(())
    }
}

fn auto_submitted() -> lettre::message::header::HeaderValue {
    use lettre::message::header::{HeaderName, HeaderValue};
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".into())
}

fn parameters(config: &Config) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let pem = fs::read(path).map_err(MailError::Authorities)?;
        let authorities = Certificate::from_pem(&pem).map_err(MailError::Tls)?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(authorities);
    }
    builder.build_rustls().map_err(MailError::Tls)
}
