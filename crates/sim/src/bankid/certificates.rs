//! An authority of the simulator's own, its server's certificate, and one for
//! the relying party in the forms that banks and clients use.

use super::SimError;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

/// Of `rp.p12`: the one that BankID's own test certificate has.
pub const PASSWORD: &str = "qwerty123";

/// What relying parties trust.
pub const AUTHORITY: &str = "ca.pem";
/// Certificate, then key.
pub const RELYING_PARTY: &str = "rp.pem";
/// The same as PKCS#12.
pub const RELYING_PARTY_P12: &str = "rp.p12";
const SERVER: &str = "server.pem";

/// Where the server is reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Makes the files unless all are there. The authority's key is not kept, so
/// what is missing cannot be issued later: then all are made anew.
pub fn prepare(folder: &Path) -> Result<(), SimError> {
    let files = [AUTHORITY, SERVER, RELYING_PARTY, RELYING_PARTY_P12];
    if files.iter().all(|file| folder.join(file).is_file()) {
        return Ok(());
    }
    let made = make()?;
    let write = || {
        fs::create_dir_all(folder)?;
        for (name, content) in &made {
            write_private(&folder.join(name), content)?;
        }
        Ok(())
    };
    write().map_err(|source| SimError::Folder {
        folder: folder.to_owned(),
        source,
    })
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(content)
}

fn make() -> Result<[(&'static str, Vec<u8>); 4], SimError> {
    let mut params = parameters("Simulated BankID authority", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuer = CertifiedIssuer::self_signed(params, key()?).map_err(SimError::Issue)?;

    let (server, server_key) = issue(
        &issuer,
        parameters("Simulated BankID server", &NAMES)?,
        ExtendedKeyUsagePurpose::ServerAuth,
    )?;
    let (party, party_key) = issue(
        &issuer,
        parameters("Simulated relying party", &[])?,
        ExtendedKeyUsagePurpose::ClientAuth,
    )?;
    let chain = PrivateKeyChain::new(
        "rp",
        PrivateKey::from_der(party_key.serialized_der()).map_err(SimError::Pkcs12)?,
        [Certificate::from_der(party.der()).map_err(SimError::Pkcs12)?],
    );
    let mut store = KeyStore::new();
    store.add_entry("rp", KeyStoreEntry::PrivateKeyChain(chain));
    let p12 = store
        .writer(PASSWORD)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .write()
        .map_err(SimError::Pkcs12)?;
    let both = |certificate: &rcgen::Certificate, key: &KeyPair| {
        format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes()
    };
    Ok([
        (AUTHORITY, issuer.as_ref().pem().into_bytes()),
        (SERVER, both(&server, &server_key)),
        (RELYING_PARTY, both(&party, &party_key)),
        (RELYING_PARTY_P12, p12),
    ])
}

fn parameters(name: &str, hosts: &[&str]) -> Result<CertificateParams, SimError> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).map_err(SimError::Issue)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Bildbro simulator, not BankID");
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

fn issue(
    issuer: &CertifiedIssuer<'static, KeyPair>,
    mut params: CertificateParams,
    purpose: ExtendedKeyUsagePurpose,
) -> Result<(rcgen::Certificate, KeyPair), SimError> {
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = key()?;
    let certificate = params.signed_by(&key, issuer).map_err(SimError::Issue)?;
    Ok((certificate, key))
}

fn key() -> Result<KeyPair, SimError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(SimError::Issue)
}

/// TLS that lets in who shows a certificate from the folder's authority.
pub fn mutual_tls(folder: &Path) -> Result<ServerConfig, SimError> {
    let file = |name: &str| folder.join(name);
    let wrong = |name: &str| SimError::Certificate(file(name));
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(file(AUTHORITY)).map_err(|_| wrong(AUTHORITY))?;
    roots.add(authority).map_err(|_| wrong(AUTHORITY))?;
    let chain = CertificateDer::pem_file_iter(file(SERVER))
        .and_then(Iterator::collect)
        .map_err(|_| wrong(SERVER))?;
    let key = PrivateKeyDer::from_pem_file(file(SERVER)).map_err(|_| wrong(SERVER))?;

    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|_| wrong(AUTHORITY))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SimError::Tls)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(SimError::Tls)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
