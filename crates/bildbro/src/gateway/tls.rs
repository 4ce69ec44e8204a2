//! TLS on the DICOM side, from the files that the configuration names: the
//! gateway's own port, and the way to each node. Read once, at the start.
//!
//! Whatever is wrong with a file is told by the key that names it, and never by
//! what is in the file.

use super::config::NodeConfig;
use crate::fault::{Fault, While};
use bildbro_dimse::tls::{ClientTls, Identity, ServerTls, TlsError};
use serde::Deserialize;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// `[tls]`: the second port, beside the plain one or in its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM: the gateway's certificate, then what leads to its authority.
    pub certificate: PathBuf,
    /// PEM, without a password.
    pub key: PathBuf,
    /// PEM: authorities that callers' certificates come from.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Unless said, required when `client_ca` is given.
    #[serde(default)]
    pub client_certificates: Option<ClientCertificates>,
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// No plain port: the gateway's `listen` is not opened.
    #[serde(default)]
    pub only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    Required,
    Off,
}

/// A node's `tls`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeTls {
    /// PEM: authorities that the node's certificate comes from; no others are
    /// trusted, also not the system's.
    pub ca_file: PathBuf,
    /// PEM: shown to a node that asks for one.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// The name that the node's certificate is for, when it is not `host`.
    #[serde(default)]
    pub name: Option<String>,
}

impl TlsConfig {
    /// # Errors
    /// When client certificates are demanded and nothing says from whom.
    pub fn validate(&self) -> Result<(), Fault> {
        if self.client_certificates == Some(ClientCertificates::Required)
            && self.client_ca.is_none()
        {
            return Err(Fault::new(
                "tls.client_certificates = \"required\" needs tls.client_ca: the authorities that callers' certificates come from",
            ));
        }
        Ok(())
    }

    /// Reads the files.
    ///
    /// # Errors
    /// Names the key whose file cannot be read or used.
    pub fn server(&self) -> Result<ServerTls, Fault> {
        let certificate = read("tls.certificate", &self.certificate)?;
        let key = read("tls.key", &self.key)?;
        let identity = Identity {
            certificate: &certificate,
            key: &key,
        };
        let ca = match (self.client_certificates, &self.client_ca) {
            (Some(ClientCertificates::Off), _) | (_, None) => None,
            (_, Some(ca)) => Some(read("tls.client_ca", ca)?),
        };
        ServerTls::new(identity, ca.as_deref()).map_err(|error| blame(error, "tls", "client_ca"))
    }
}

impl NodeTls {
    /// # Errors
    /// When a certificate is given without its key, or the other way round.
    pub fn validate(&self, node: &str) -> Result<(), Fault> {
        let missing = match (&self.certificate, &self.key) {
            (Some(_), None) => "key",
            (None, Some(_)) => "certificate",
            _ => return Ok(()),
        };
        Err(Fault::new(format!(
            "node `{node}`: tls.certificate and tls.key belong together; tls.{missing} is missing"
        )))
    }

    /// Reads the files.
    ///
    /// # Errors
    /// Names the node, and the key whose file cannot be read or used.
    pub fn client(&self, node: &NodeConfig) -> Result<ClientTls, Fault> {
        let place = format!("node `{}`: tls", node.name);
        let file = |key: &str, path: &Path| read(&format!("{place}.{key}"), path);
        let ca = file("ca_file", &self.ca_file)?;
        let identity = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some((file("certificate", certificate)?, file("key", key)?))
            }
            _ => None,
        };
        let identity = identity
            .as_ref()
            .map(|(certificate, key)| Identity { certificate, key });
        let name = self.name.as_ref().unwrap_or(&node.host);
        ClientTls::new(name, &ca, identity).map_err(|error| blame(error, &place, "ca_file"))
    }
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).doing(format!("{key}: reading {}", path.display()))
}

fn blame(error: TlsError, place: &str, authorities: &str) -> Fault {
    let key = match error {
        TlsError::NoCertificate | TlsError::Certificate(_) => "certificate",
        TlsError::NoKey | TlsError::Key(_) | TlsError::Mismatch => "key",
        TlsError::NoAuthority | TlsError::Authority(_) => authorities,
        TlsError::Name => "name (or host)",
    };
    let told: Result<(), Fault> = Err(error).doing(format!("{place}.{key}"));
    told.expect_err("just made")
}

/// The port that is registered for DICOM over TLS (PS3.15 B.12).
fn default_listen() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 2762))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::load, gateway::config::Config};

    fn config(text: &str) -> Result<Config, Fault> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gateway.toml");
        fs::write(&file, text).unwrap();
        load(Some(&file))
    }

    fn fault(text: &str) -> String {
        let config = config(text).unwrap();
        let read = || {
            config.validate()?;
            if let Some(tls) = &config.tls {
                tls.server()?;
            }
            crate::gateway::nodes::ConfiguredNodes::new(&config).map(|_| ())
        };
        read().unwrap_err().to_string()
    }

    #[test]
    fn defaults_and_what_is_missing() {
        let tls = "[tls]\ncertificate = \"a\"\nkey = \"b\"\n";
        let read = config(tls).unwrap().tls.unwrap();
        assert_eq!(read.listen.port(), 2762);
        assert!(!read.only && read.client_ca.is_none());
        assert!(config(tls).unwrap().plain_listen().is_some());
        let only = config(&format!("{tls}only = true\n")).unwrap();
        assert_eq!(only.plain_listen(), None);
        let missing = config("[tls]\ncertificate = \"a\"\n").unwrap_err();
        assert!(missing.to_string().contains("`key`"), "{missing}");

        let required = fault(&format!("{tls}client_certificates = \"required\"\n"));
        assert!(required.contains("tls.client_ca"), "{required}");
        let node = "[[node]]\nname = \"P\"\nae_title = \"P\"\nhost = \"h\"\nport = 1\n";
        let half = fault(&format!(
            "{node}tls = {{ ca_file = \"a\", certificate = \"b\" }}\n"
        ));
        assert!(
            half.contains("node `P`") && half.contains("tls.key is missing"),
            "{half}"
        );
    }

    #[test]
    fn a_bad_file_is_told_by_its_key_and_not_by_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let bad = dir.path().join("bad.pem");
        fs::write(
            &bad,
            "-----BEGIN SECRET-----\nc2VjcmV0\n-----END SECRET-----\n",
        )
        .unwrap();
        let gone = fault("[tls]\ncertificate = \"/nowhere/c.pem\"\nkey = \"b\"\n");
        assert!(
            gone.contains("tls.certificate: reading /nowhere/c.pem"),
            "{gone}"
        );
        let unfit = fault(&format!("[tls]\ncertificate = {bad:?}\nkey = {bad:?}\n"));
        assert!(
            unfit.starts_with("tls.certificate: it holds no certificate"),
            "{unfit}"
        );
        let node = fault(&format!(
            "[[node]]\nname = \"P\"\nae_title = \"P\"\nhost = \"h\"\nport = 1\ntls = {{ ca_file = {bad:?} }}\n"
        ));
        assert!(
            node.starts_with("node `P`: tls.ca_file: it holds no authority"),
            "{node}"
        );
        for text in [unfit, node] {
            assert!(!text.to_lowercase().contains("secret"), "{text}");
        }
    }
}
