//! A gateway.

use super::{Hub, bildbro, clean, listening, run, stop};
use crate::{Folder, Peer, dcmtk::Outcome, process::Process};
use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

/// A PACS that a gateway is told of.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub peer: Peer,
    /// Deliveries from the hub go here.
    pub deliveries: bool,
    /// Further keys of the node, as TOML: `direct_as = "BB_B"`.
    pub settings: String,
}

impl Node {
    pub fn new(name: &str, peer: Peer) -> Self {
        Self {
            name: name.to_owned(),
            peer,
            deliveries: false,
            settings: String::new(),
        }
    }
}

/// How to set a gateway up.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    pub ae_title: String,
    /// Take images from anyone, not only from the nodes.
    pub accept_any_calling: bool,
    /// The hub's address, if there is one.
    pub hub_url: Option<String>,
    pub nodes: Vec<Node>,
    /// Further tables of the configuration, as TOML.
    pub settings: String,
    /// More environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Default for GatewayOptions {
    /// Without hub and nodes, open to all, and quick to call a study complete.
    fn default() -> Self {
        Self {
            ae_title: "BILDBRO".to_owned(),
            accept_any_calling: true,
            hub_url: None,
            nodes: Vec::new(),
            settings: "[study]\nquiet_seconds = 0.5\nrest_seconds = 2.0\n".to_owned(),
            environment: Vec::new(),
        }
    }
}

/// A gateway in a folder of its own, running or not.
#[derive(Debug)]
pub struct Gateway {
    /// Read at the next start.
    pub options: GatewayOptions,
    starts: u32,
    process: Option<Process>,
    address: SocketAddr,
    folder: Folder,
}

impl Gateway {
    /// One that has not been started; [`Gateway::enrol`] it, then
    /// [`Gateway::start_again`].
    pub fn new(options: GatewayOptions) -> Self {
        Self {
            options,
            starts: 0,
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder: Folder::new("gateway-"),
        }
    }

    /// # Panics
    /// When it does not start.
    pub async fn start(options: GatewayOptions) -> Self {
        let mut gateway = Self::new(options);
        gateway.start_again().await;
        gateway
    }

    /// A gateway of `organisation`, which the hub knows already.
    ///
    /// # Panics
    /// When the hub refuses, or the gateway does not start.
    pub async fn start_enrolled(
        hub: &Hub,
        organisation: &str,
        mut options: GatewayOptions,
    ) -> Self {
        options.hub_url = Some(hub.link_url.clone());
        let mut gateway = Self::new(options);
        let code = hub.enrol_code(organisation).await;
        gateway.enrol(&code).await.expect_success();
        gateway.start_again().await;
        gateway
    }

    /// `bildbro gateway enrol` with the hub of the options.
    pub async fn enrol(&self, code: &str) -> Outcome {
        self.run(&["enrol", "--code", code]).await
    }

    /// `bildbro gateway …` with this gateway's configuration.
    pub async fn run(&self, arguments: &[&str]) -> Outcome {
        let arguments = [&["gateway"], arguments].concat();
        run(&arguments, &self.write_config()).await
    }

    /// Starts it where it was, with what is in its folder.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        if let Err(log) = self.try_to_start().await {
            panic!("the gateway does not start:\n{log}");
        }
    }

    /// [`Gateway::start_again`] where a start may fail, as on a full disk.
    ///
    /// # Errors
    /// The end of its log, when it ended instead.
    pub async fn try_to_start(&mut self) -> Result<(), String> {
        self.kill();
        self.starts += 1;
        let mut command = Command::new(bildbro());
        command
            .arg("gateway")
            .arg("--config")
            .arg(self.write_config());
        let mut command = clean(command);
        command.envs(self.options.environment.iter().cloned());
        let log = self.folder.path().join(format!("log-{}", self.starts));
        let mut process = Process::spawn("gateway", &mut command, &log);
        let read = log.clone();
        let address = process
            .until_ready(async || {
                listening(&fs::read_to_string(&read).ok()?, "dicom")?
                    .parse()
                    .ok()
            })
            .await;
        let Some(address) = address else {
            return Err(process.tail());
        };
        self.address = address;
        self.process = Some(process);
        Ok(())
    }

    /// As a power cut does it.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Asks it to stop, and waits.
    ///
    /// # Panics
    /// When it does not, or reports a failure.
    pub async fn stop(&mut self) {
        stop(&mut self.process).await;
    }

    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Whether it has stopped by itself or been stopped.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(Process::has_ended)
    }

    /// Its DICOM side, under its own AE title.
    pub fn peer(&self) -> Peer {
        self.peer_as(&self.options.ae_title)
    }

    /// Its DICOM side under another AE title: that of an organisation to share
    /// with, or of a node behind it.
    pub fn peer_as(&self, ae_title: &str) -> Peer {
        Peer::new(ae_title, self.address)
    }

    /// Its port for TLS, if the settings give it one, under some AE title.
    ///
    /// # Panics
    /// When it has none, or does not run.
    pub fn tls_peer_as(&self, ae_title: &str) -> Peer {
        let log = self.process.as_ref().map(Process::log).unwrap_or_default();
        let address = listening(&log, "dicom-tls").and_then(|address| address.parse().ok());
        Peer::new(ae_title, address.expect("the gateway listens for TLS"))
    }

    /// Configuration, logs and data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Spool, index and key.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.sub("data")
    }

    fn write_config(&self) -> PathBuf {
        let options = &self.options;
        let mut text = format!(
            "data_dir = {:?}\nlisten = \"{}\"\nae_title = {:?}\naccept_any_calling = {}\n",
            self.data_dir(),
            self.address,
            options.ae_title,
            options.accept_any_calling
        );
        if let Some(url) = &options.hub_url {
            let _ok = write!(text, "[hub]\nurl = {url:?}\n");
        }
        for node in &options.nodes {
            let (ip, port) = (node.peer.address.ip(), node.peer.address.port());
            // Writing to a String does not fail.
            let _ok = write!(
                text,
                "[[node]]\nname = {:?}\nae_title = {:?}\nhost = \"{ip}\"\nport = {port}\ndeliveries = {}\n{}\n",
                node.name, node.peer.ae_title, node.deliveries, node.settings
            );
        }
        text.push_str(&options.settings);
        self.folder.write("gateway.toml", text)
    }
}
