//! A gateway's configuration. Documented key by key in docs/operations.md.

use super::bandwidth::Window;
use super::tls::{NodeTls, TlsConfig};
use crate::fault::Fault;
use bildbro_domain::{AeTitle, complete::Patience};
use bildbro_keys::RingConfig;
use serde::Deserialize;
use std::{collections::HashSet, net::SocketAddr, path::PathBuf, time::Duration};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Spool, index and key; one gateway's own.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Where the PACS connects.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// A second port, for TLS; without it there is none.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// The gateway's own AE title; what is sent to it waits in "to share".
    #[serde(default = "default_ae_title")]
    pub ae_title: AeTitle,
    /// Take images from any AE title, not only from the nodes below.
    #[serde(default)]
    pub accept_any_calling: bool,
    /// Without a hub the gateway serves direct destinations only.
    #[serde(default)]
    pub hub: Option<HubConfig>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub study: StudyConfig,
    #[serde(default, rename = "node")]
    pub nodes: Vec<NodeConfig>,
    /// The keys that wrap the spool's key; a file in the data directory when
    /// nothing is said.
    #[serde(default)]
    pub keys: Option<RingConfig>,
    #[serde(default)]
    pub log: crate::hub::config::LogConfig,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    pub url: String,
    /// PEM file with the authority of the hub's certificate, when it is not a
    /// public one.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Images travel packed, without loss. Off where the line is faster than
    /// the machine.
    #[serde(default = "yes")]
    pub pack: bool,
    /// How much of the line the exchange may use, by time of day; the first
    /// window that holds counts, and outside of all there is no limit.
    #[serde(default)]
    pub bandwidth: Vec<Window>,
}

impl HubConfig {
    /// A hub at an address, and nothing else said.
    pub const fn at(url: String) -> Self {
        Self {
            url,
            ca_file: None,
            pack: true,
            bandwidth: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub max_associations: usize,
    pub max_pdu: u32,
    pub idle_seconds: u64,
    pub max_object_bytes: u64,
    pub max_spool_bytes: u64,
    pub max_memory_bytes: u64,
    /// Deliveries at once, and associations for each.
    pub deliveries: usize,
    pub lanes: usize,
    /// A node that is silent for this long is taken for gone.
    pub node_seconds: u64,
    /// Largest object that is turned into another transfer syntax, which is
    /// the only time that one is held whole in memory.
    pub max_transcode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_associations: 64,
            max_pdu: 128 * 1024,
            idle_seconds: 60,
            max_object_bytes: 8 << 30,
            max_spool_bytes: 100 << 30,
            max_memory_bytes: 64 << 20,
            deliveries: 2,
            lanes: 2,
            node_seconds: 30,
            max_transcode_bytes: 256 << 20,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudyConfig {
    /// No image for this long: the study may be complete.
    pub quiet_seconds: f64,
    /// The PACS counts more than came: how long to wait for the rest.
    pub rest_seconds: f64,
}

impl Default for StudyConfig {
    fn default() -> Self {
        Self {
            quiet_seconds: 10.0,
            rest_seconds: 120.0,
        }
    }
}

impl StudyConfig {
    pub fn patience(&self) -> Patience {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).unwrap_or_default();
        Patience {
            quiet: seconds(self.quiet_seconds),
            rest: seconds(self.rest_seconds.max(self.quiet_seconds)),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    pub name: String,
    pub ae_title: AeTitle,
    pub host: String,
    pub port: u16,
    /// Deliveries from the hub go here. At most one node; when none says so
    /// and there is only one node, that one.
    #[serde(default)]
    pub deliveries: bool,
    /// Whether the node answers C-FIND.
    #[serde(default = "yes")]
    pub find: bool,
    /// How studies are fetched from it.
    #[serde(default)]
    pub fetch: FetchBy,
    /// The AE title on this gateway that stands for the node: what is sent to
    /// it goes straight to the node, beside the hub.
    #[serde(default)]
    pub direct_as: Option<AeTitle>,
    /// Calls to the node go by TLS.
    #[serde(default)]
    pub tls: Option<NodeTls>,
    /// Changes to identifiers on the way into this node, by rule.
    #[serde(default)]
    pub coerce: Vec<CoerceConfig>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchBy {
    /// By C-MOVE: the node must know the gateway as a destination.
    #[default]
    Move,
    /// By C-GET, which needs the gateway's plain port.
    Get,
}

/// One rule: exactly one of `set`, `prefix`, `clear`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoerceConfig {
    /// As in the standard: `"0010,0020"`.
    pub tag: String,
    #[serde(default)]
    pub set: Option<String>,
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub clear: bool,
}

impl Config {
    /// What no single key shows.
    ///
    /// # Errors
    /// Says which keys contradict each other, or what has a wrong form.
    pub fn validate(&self) -> Result<(), Fault> {
        if !(4096..=1 << 20).contains(&self.limits.max_pdu) {
            return Err(Fault::new(
                "limits.max_pdu is between 4096 and 1048576 bytes",
            ));
        }
        if self.limits.max_associations == 0 {
            return Err(Fault::new("limits.max_associations is at least 1"));
        }
        if let Some(tls) = &self.tls {
            tls.validate()?;
        }
        for window in self.hub.iter().flat_map(|hub| &hub.bandwidth) {
            window.validate()?;
        }
        let mut names = HashSet::new();
        let mut titles = HashSet::from([&self.ae_title]);
        for node in &self.nodes {
            if !names.insert(&node.name) {
                return Err(Fault::new(format!("two nodes are called `{}`", node.name)));
            }
            if let Some(title) = &node.direct_as
                && !titles.insert(title)
            {
                return Err(Fault::new(format!(
                    "the AE title `{title}` stands for two things on this gateway"
                )));
            }
            for rule in &node.coerce {
                rule.parse()?;
            }
            if node.fetch == FetchBy::Get && self.plain_listen().is_none() {
                return Err(Fault::new(format!(
                    "fetch = \"get\" of node `{}` hands images to the gateway's plain port, and tls.only = true closes it: use \"move\", or listen on loopback instead (listen = \"127.0.0.1:11112\", tls.only = false)",
                    node.name
                )));
            }
            if let Some(tls) = &node.tls {
                tls.validate(&node.name)?;
            }
        }
        if self.nodes.iter().filter(|n| n.deliveries).count() > 1 {
            return Err(Fault::new(
                "more than one node says `deliveries = true`; images from the hub go to one",
            ));
        }
        Ok(())
    }

    /// Where the plain port is, if there is one.
    pub fn plain_listen(&self) -> Option<SocketAddr> {
        let only = self.tls.as_ref().is_some_and(|tls| tls.only);
        (!only).then_some(self.listen)
    }

    /// The node that deliveries from the hub go to.
    pub fn delivery_node(&self) -> Option<&NodeConfig> {
        let chosen = self.nodes.iter().find(|n| n.deliveries);
        chosen.or(match self.nodes.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }
}

impl CoerceConfig {
    /// Tag and rule.
    ///
    /// # Errors
    /// When the tag is not `gggg,eeee`, or not exactly one rule is given.
    pub fn parse(&self) -> Result<(bildbro_dicom::Tag, bildbro_dicom::coerce::Rule), Fault> {
        use bildbro_dicom::coerce::Rule;
        let wrong = || {
            Fault::new(format!(
                "a coerce rule for `{}` is wrong: give tag = \"gggg,eeee\" and one of set, prefix, clear",
                self.tag
            ))
        };
        let (group, element) = self.tag.split_once(',').ok_or_else(wrong)?;
        let hex = |text: &str| u16::from_str_radix(text.trim(), 16).map_err(|_| wrong());
        let tag = bildbro_dicom::Tag(hex(group)?, hex(element)?);
        let rule = match (&self.set, &self.prefix, self.clear) {
            (Some(text), None, false) => Rule::Set(text.clone()),
            (None, Some(text), false) => Rule::Prefix(text.clone()),
            (None, None, true) => Rule::Clear,
            _ => return Err(wrong()),
        };
        Ok((tag, rule))
    }
}

const fn yes() -> bool {
    true
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("/var/lib/bildbro-gateway")
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 11112))
}

fn default_ae_title() -> AeTitle {
    AeTitle::new("BILDBRO").expect("a good AE title")
}
