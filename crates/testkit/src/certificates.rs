//! Certificates as a hospital's authority would issue them, and as it would
//! not: expired, or for another host.

use crate::Folder;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm, date_time_ymd,
};
use std::path::PathBuf;

/// A certificate and its key, as PEM, in files and at hand.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub certificate: String,
    pub key: String,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// An authority with a folder for what it issues.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its own certificate, as PEM.
    pub certificate: String,
    /// The same in a file, for a tool's `+cf` or a configuration's `ca_file`.
    pub file: PathBuf,
    folder: Folder,
}

impl Authority {
    /// # Panics
    /// When the disk refuses.
    pub fn new(name: &str) -> Self {
        let mut params = parameters(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key(&PKCS_ECDSA_P256_SHA256))
            .expect("these parameters make a certificate");
        let folder = Folder::new("authority-");
        let certificate = issuer.as_ref().pem();
        let file = folder.write("ca.pem", &certificate);
        Self {
            issuer,
            certificate,
            file,
            folder,
        }
    }

    /// One for a host name or address, good until long after the test.
    pub fn issue(&self, host: &str) -> Certificate {
        self.sign(host, &PKCS_ECDSA_P256_SHA256, |_| ())
    }

    /// With an RSA key, for peers that know no other.
    pub fn issue_rsa(&self, host: &str) -> Certificate {
        self.sign(host, &PKCS_RSA_SHA256, |_| ())
    }

    /// One that has been good, and is no longer.
    pub fn issue_expired(&self, host: &str) -> Certificate {
        self.sign(host, &PKCS_ECDSA_P256_SHA256, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        })
    }

    fn sign(
        &self,
        host: &str,
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certificate {
        let mut params = parameters(host);
        let names = CertificateParams::new([host.to_owned()]).expect("a host name or address");
        params.subject_alt_names = names.subject_alt_names;
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        let key = key(algorithm);
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("these parameters make a certificate")
            .pem();
        let key = key.serialize_pem();
        // Issued one after another, so that the files have names of their own.
        let number = self.folder.path().read_dir().map_or(0, Iterator::count);
        Certificate {
            certificate_file: self.folder.write(&format!("{number}.crt"), &certificate),
            key_file: self.folder.write(&format!("{number}.key"), &key),
            certificate,
            key,
        }
    }
}

fn parameters(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).expect("the machine has randomness")
}
