//! The hub's configuration. Documented key by key in docs/operations.md.

use super::outside::{BankIdConfig, MailConfig, SiemConfig};
use crate::fault::Fault;
use bildbro_domain::audit::checkpoint::PublicKey;
use bildbro_flow::checkpoint::Pace;
use bildbro_keys::{RingConfig, SigningConfig};
use jiff::SignedDuration;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Database and blobs.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Where gateways connect.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Status page and metrics; loopback only, since nobody logs in there yet.
    #[serde(default = "default_operations")]
    pub operations_listen: SocketAddr,
    /// How gateways reach the hub; part of every token's audience.
    #[serde(default)]
    pub public_url: Option<String>,
    /// A proxy in front ends TLS: plain HTTP is then taken on any address.
    #[serde(default)]
    pub behind_proxy: bool,
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    #[serde(default = "default_max_object")]
    pub max_object_bytes: u64,
    /// Memory for images on their way in; an organisation gets a quarter of it.
    #[serde(default = "default_intake")]
    pub intake_mebibytes: usize,
    /// PostgreSQL instead of a file in the data directory.
    #[serde(default)]
    pub database: Option<DatabaseConfig>,
    /// An object storage instead of a folder in the data directory.
    #[serde(default)]
    pub blobs: Option<BlobsConfig>,
    /// The keys that wrap the studies' keys; a file in the data directory when
    /// nothing is said.
    #[serde(default)]
    pub keys: Option<RingConfig>,
    /// An SMTP server; without it, invitations are links to pass on.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// Log-in by BankID.
    #[serde(default)]
    pub bankid: Option<BankIdConfig>,
    /// A syslog receiver for the log.
    #[serde(default)]
    pub siem: Option<SiemConfig>,
    #[serde(default)]
    pub audit: AuditConfig,
    #[serde(default)]
    pub log: LogConfig,
}

/// The audit log: when it is signed and with what, and how long it is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// The key that signs checkpoints; a file `audit.key` in the data directory
    /// when nothing is said.
    pub key: Option<SigningConfig>,
    /// Public keys that signed before this one.
    pub earlier_keys: Vec<String>,
    /// A checkpoint is made after so long, or so many entries.
    pub checkpoint_minutes: u32,
    pub checkpoint_entries: u64,
    /// How long entries are kept at least. Nothing removes them by itself.
    pub retention_years: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            key: None,
            earlier_keys: Vec::new(),
            checkpoint_minutes: 10,
            checkpoint_entries: 10_000,
            retention_years: 10,
        }
    }
}

/// Years that a log of who has seen what is kept at least: HSLF-FS 2016:40
/// ch. 4 § 9.
const LEAST_RETENTION: u32 = 5;

impl AuditConfig {
    pub fn pace(&self) -> Pace {
        Pace {
            every: SignedDuration::from_mins(i64::from(self.checkpoint_minutes)),
            entries: self.checkpoint_entries,
        }
    }

    /// # Errors
    /// Says which is no key.
    pub fn earlier(&self) -> Result<Vec<PublicKey>, Fault> {
        let read = |text: &String| {
            let key = text.parse();
            key.map_err(|error| Fault::new(format!("audit.earlier_keys: {error}")))
        };
        self.earlier_keys.iter().map(read).collect()
    }

    fn validate(&self, shared: bool) -> Result<(), Fault> {
        if self.retention_years < LEAST_RETENTION {
            return Err(Fault::new(format!(
                "audit.retention_years is {}, but the log is kept for {LEAST_RETENTION} years at least (HSLF-FS 2016:40)",
                self.retention_years
            )));
        }
        if self.checkpoint_minutes == 0 || self.checkpoint_entries == 0 {
            return Err(Fault::new(
                "audit.checkpoint_minutes and audit.checkpoint_entries are 1 at least",
            ));
        }
        if shared && self.key.is_none() {
            return Err(Fault::new(
                "several hubs may share the database of [database], and must share the key that signs the log: say where it lies in [audit.key] (make one with `openssl genpkey -algorithm ed25519 -out FILE`), the same for all hubs on this database",
            ));
        }
        self.earlier().map(|_| ())
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host/database`; holds a password, so that it
    /// is better given as `BILDBRO_DATABASE__URL`.
    pub url: String,
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseConfig(…)")
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobsConfig {
    /// `s3://bucket/prefix`, `az://container/prefix` or `gs://bucket/prefix`.
    pub url: String,
    /// As `object_store` names them: `region`, `endpoint`, `access_key_id`, …
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl fmt::Debug for BlobsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobsConfig")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM files.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `json` or `text`.
    pub format: LogFormat,
    /// A `tracing` filter, such as `info` or `bildbro_flow=debug,info`.
    pub level: String,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Json,
    Text,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Json,
            level: "info".to_owned(),
        }
    }
}

impl Config {
    /// What no single key shows.
    ///
    /// # Errors
    /// Says what to change.
    pub fn validate(&self) -> Result<(), Fault> {
        if !self.operations_listen.ip().is_loopback() {
            return Err(Fault::new(format!(
                "operations_listen is {}, but the status page has no login: choose a loopback address such as 127.0.0.1:8071",
                self.operations_listen
            )));
        }
        if self.database.is_some() && self.keys.is_none() {
            return Err(Fault::new(
                "several hubs may share the database of [database], and must share the wrapping keys too: say where they lie in [keys] (make one with `bildbro admin keys new FILE`), the same [keys] for all hubs on this database",
            ));
        }
        self.audit.validate(self.database.is_some())?;
        if self.tls.is_none() && !self.behind_proxy && !self.listen.ip().is_loopback() {
            return Err(Fault::new(format!(
                "the hub would serve plain HTTP on {}: give [tls] certificate and key, or set behind_proxy = true when a proxy ends TLS",
                self.listen
            )));
        }
        Ok(())
    }
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("/var/lib/bildbro")
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8070))
}

fn default_operations() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8071))
}

const fn default_intake() -> usize {
    512
}

const fn default_max_object() -> u64 {
    8 << 30
}
