//! The hub's configuration. Documented key by key in docs/operations.md.

use crate::fault::Fault;
use bildbro_keys::RingConfig;
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
    #[serde(default)]
    pub log: LogConfig,
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
