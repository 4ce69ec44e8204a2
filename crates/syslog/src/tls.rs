//! Whom to trust, and who we say we are.
//!
//! Trust is in the authorities given and no others, the system's least of all.

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Our certificate with its chain, own certificate first, and its key; each
/// PEM. For receivers that ask for one, as PS3.15 B.12 would have them do.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    pub certificate: &'a [u8],
    pub key: &'a [u8],
}

/// What is wrong with what was given. Says which part, and nothing of its
/// content.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("it holds no authority's certificate in PEM form")]
    NoAuthority,
    #[error("an authority in it cannot be used")]
    Authority(#[source] rustls::Error),
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
    #[error("it holds no private key in PEM form (PKCS #8, PKCS #1 or SEC 1, without a password)")]
    NoKey,
    #[error("certificate and private key cannot be used together")]
    Identity(#[source] rustls::Error),
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

/// What a connection to the receiver is made with.
#[derive(Clone)]
pub struct Trust(pub(crate) TlsConnector);

impl Trust {
    /// TLS 1.3 or 1.2, to receivers whose certificate comes from `authorities`
    /// (PEM, one or more).
    ///
    /// # Errors
    /// When the PEM holds nothing that can be used.
    pub fn new(authorities: &[u8], identity: Option<Identity<'_>>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(authorities).ok_or(TrustError::NoAuthority)? {
            roots.add(authority).map_err(TrustError::Authority)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Provider)?
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = certificates(identity.certificate).ok_or(TrustError::NoCertificate)?;
                let key =
                    PrivateKeyDer::from_pem_slice(identity.key).map_err(|_| TrustError::NoKey)?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(TrustError::Identity)?
            }
        };
        // Each batch has the receiver's certificate looked at.
        config.resumption = Resumption::disabled();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// All certificates of a PEM text; `None` when there is none, or a broken one.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty())
}
