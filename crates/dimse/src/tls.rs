//! DICOM over TLS: the BCP 195 RFC 8996, 9325 TLS Secure Transport Connection
//! Profile (PS3.15 B.12), which its forerunners (B.9 to B.11) fit into.
//!
//! Invariants: TLS 1.3, or 1.2 with ECDHE and AES-GCM, and nothing older or
//! weaker; trust is in the authorities given and no others, the system's
//! least of all; a session is never resumed, so that each association has its
//! peer's certificate looked at.
//!
//! What this module deliberately does not do: it reads no files (the program
//! knows what its configuration calls them), asks no revocation lists, and
//! makes no AE title out of a certificate.

use crate::stream::Stream;
use rustls::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, InconsistentKeys, RootCertStore,
    ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use std::{fmt, io, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate with its chain, own certificate first, and its key; each PEM.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    pub certificate: &'a [u8],
    pub key: &'a [u8],
}

/// What is wrong with what was given. Says which part, and nothing of its
/// content: a key may be in the wrong file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
    #[error("its certificate cannot be used")]
    Certificate(#[source] rustls::Error),
    #[error("it holds no private key in PEM form (PKCS #8, PKCS #1 or SEC 1, without a password)")]
    NoKey,
    #[error("its private key cannot be used")]
    Key(#[source] rustls::Error),
    #[error("the private key is not the certificate's")]
    Mismatch,
    #[error("it holds no authority's certificate in PEM form")]
    NoAuthority,
    #[error("an authority in it cannot be used")]
    Authority(#[source] rustls::Error),
    #[error("it is neither a host name nor an IP address")]
    Name,
}

/// Why no TLS came about, in words for whoever can mend it: seen from this
/// end, "the peer" is the other.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", words(.0))]
pub struct TlsFailure(#[source] rustls::Error);

impl TlsFailure {
    /// The TLS failure inside a connection's error, if it is one.
    pub(crate) fn within(error: &io::Error) -> Option<Self> {
        let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(Self(inner.clone()))
    }
}

fn words(error: &rustls::Error) -> &'static str {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => untrusted(error),
        E::NoCertificatesPresented => "the peer shows no certificate",
        E::InvalidMessage(_) => "what the peer sends is no TLS",
        E::PeerIncompatible(_) => "the peer offers no TLS that BCP 195 allows",
        E::AlertReceived(alert) => told(*alert),
        _ => "the handshake failed",
    }
}

const fn untrusted(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => "the peer's certificate has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "the peer's certificate is not valid yet",
        E::UnknownIssuer => "the peer's certificate comes from no authority that is trusted here",
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "the peer's certificate is for another name"
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the peer's certificate is made for another purpose"
        }
        _ => "the peer's certificate cannot be trusted",
    }
}

/// What the peer says of us (RFC 8446 6.2).
const fn told(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::CertificateExpired => "the peer says that our certificate has expired",
        A::UnknownCA => "the peer does not trust the authority of our certificate",
        A::CertificateRequired | A::NoCertificate => "the peer demands a certificate of ours",
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateUnknown
        | A::AccessDenied => "the peer does not take our certificate",
        A::ProtocolVersion | A::InsufficientSecurity => "the peer takes no TLS that BCP 195 allows",
        // Also what TLS 1.2 says of a certificate that is missing.
        A::HandshakeFailure => {
            "the peer takes no TLS that BCP 195 allows, or demands a certificate of ours"
        }
        _ => "the peer broke the handshake off",
    }
}

/// What a server needs to answer TLS.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl ServerTls {
    /// With authorities (PEM) each client must show a certificate that comes
    /// from one of them; without, none is asked for.
    ///
    /// # Errors
    /// Which part cannot be used.
    pub fn new(identity: Identity<'_>, clients: Option<&[u8]>) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let versions = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites of both versions");
        let verified = match clients {
            None => versions.with_no_client_auth(),
            Some(pem) => {
                let roots = Arc::new(authorities(pem)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .build()
                    .expect("there are authorities, and no revocation lists");
                versions.with_client_cert_verifier(verifier)
            }
        };
        let (chain, key) = read(identity)?;
        let mut config = verified
            .with_single_cert(chain, key)
            .map_err(unusable_identity)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Answers the handshake. On failure the peer has been sent its alert, and
    /// the socket comes back so that it can be closed without losing that.
    pub(crate) async fn accept(&self, socket: TcpStream) -> Result<Stream, (io::Error, TcpStream)> {
        let stream = self.0.accept(socket).into_fallible().await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

/// What a client needs to call one node by TLS.
#[derive(Clone)]
pub struct ClientTls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl ClientTls {
    /// Trusts a node whose certificate comes from one of `authorities` (PEM)
    /// and is for `name`, a host name or IP address. Shows `identity`, if there
    /// is one, to a node that asks.
    ///
    /// # Errors
    /// Which part cannot be used.
    pub fn new(
        name: &str,
        authorities: &[u8],
        identity: Option<Identity<'_>>,
    ) -> Result<Self, TlsError> {
        let name = ServerName::try_from(name).map_err(|_| TlsError::Name)?;
        let verified = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites of both versions")
            .with_root_certificates(self::authorities(authorities)?);
        let mut config = match identity {
            None => verified.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = read(identity)?;
                verified
                    .with_client_auth_cert(chain, key)
                    .map_err(unusable_identity)?
            }
        };
        config.resumption = Resumption::disabled();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: name.to_owned(),
        })
    }

    pub(crate) async fn connect(&self, socket: TcpStream) -> io::Result<Stream> {
        let stream = self.connector.connect(self.name.clone(), socket).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientTls({:?})", self.name)
    }
}

/// The suites that both the profile and RFC 9325 4.2 name; those of TLS 1.3 are
/// all good.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| {
        suite.tls13().is_some()
            || matches!(
                suite.suite(),
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                    | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                    | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
                    | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            )
    });
    provider
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let certificates = certificates(pem).ok_or(TlsError::NoAuthority)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(TlsError::Authority)?;
    }
    Ok(roots)
}

fn read(
    identity: Identity<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(identity.certificate).ok_or(TlsError::NoCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key).map_err(|_| TlsError::NoKey)?;
    Ok((chain, key))
}

/// All of them, or `None` when one is broken or none is there. The reader's own
/// error is left out: it shows lines of the file.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|certificates| !certificates.is_empty())
}

fn unusable_identity(error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
        rustls::Error::InvalidCertificate(_) => TlsError::Certificate(error),
        error => TlsError::Key(error),
    }
}
