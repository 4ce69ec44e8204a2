//! The two ends of the TLS connection: the relying party's certificate, and
//! the authority that BankID's server must come from.

use super::fault::SetupError;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// The relying party's certificate and key.
pub enum Identity {
    /// As a bank hands it out.
    Pkcs12 {
        file: Vec<u8>,
        password: Zeroizing<String>,
    },
    /// As PEM: the certificate with those above it, and the key, unencrypted.
    /// Both may be the same file.
    Pem {
        certificate: Vec<u8>,
        key: Zeroizing<Vec<u8>>,
    },
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 { .. } => "Pkcs12",
            Self::Pem { .. } => "Pem",
        })
    }
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identity {
    fn open(&self) -> Result<Pair, SetupError> {
        match self {
            Self::Pkcs12 { file, password } => from_pkcs12(file, password),
            Self::Pem { certificate, key } => from_pem(certificate, key),
        }
    }
}

fn from_pkcs12(file: &[u8], password: &str) -> Result<Pair, SetupError> {
    // Relaxed: not all banks' files mark which certificate the key belongs to.
    let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Relaxed)
        .map_err(SetupError::Pkcs12)?;
    let (_, chain) = store.private_key_chain().ok_or(SetupError::Pkcs12Empty)?;
    let certificates: Vec<_> = chain
        .certs()
        .iter()
        .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()))
        .collect();
    if certificates.is_empty() {
        return Err(SetupError::Pkcs12Empty);
    }
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok((certificates, key.into()))
}

fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Pair, SetupError> {
    let certificates = certificates(certificate).ok_or(SetupError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| SetupError::Key)?;
    Ok((certificates, key))
}

/// At least one, or none can be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|certificates| !certificates.is_empty())
}

/// TLS that shows `identity` and believes `authority_pem` alone.
pub(super) fn tls(identity: &Identity, authority_pem: &[u8]) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority_pem).ok_or(SetupError::Authority)? {
        roots.add(certificate).map_err(|_| SetupError::Authority)?;
    }
    let (chain, key) = identity.open()?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(SetupError::Pair)
}
