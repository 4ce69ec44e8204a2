//! A hub.

use super::{bildbro, clean, listening, run, stop};
use crate::{
    Folder,
    dcmtk::Outcome,
    http::Http,
    process::{Process, free_port},
};
use reqwest::Method;
use serde_json::Value;
use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

/// How to set a hub up.
#[derive(Debug, Clone, Default)]
pub struct HubOptions {
    /// How gateways reach it, where something stands between them and it.
    pub public_url: Option<String>,
    /// Further tables and keys of its configuration, as TOML.
    pub settings: String,
    /// More environment, such as `("BILDBRO_LOG__LEVEL", "debug")`.
    pub environment: Vec<(OsString, OsString)>,
}

/// A hub in a folder of its own, on plain HTTP on loopback.
#[derive(Debug)]
pub struct Hub {
    /// Read at the next start.
    pub options: HubOptions,
    starts: u32,
    process: Option<Process>,
    listen: SocketAddr,
    /// How gateways reach it: `http://127.0.0.1:…`; stays over restarts.
    pub link_url: String,
    /// Status page and metrics: `http://127.0.0.1:…`.
    pub operations_url: String,
    folder: Folder,
}

impl Hub {
    /// One that has not been started; [`Hub::start_again`] does.
    pub fn new(options: HubOptions) -> Self {
        // It tells the address that gateways use, and so not this one.
        let behind = options.public_url.is_some();
        let port = if behind { free_port() } else { 0 };
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            options,
            starts: 0,
            process: None,
            link_url: "http://127.0.0.1:0".to_owned(),
            operations_url: "http://127.0.0.1:0".to_owned(),
            folder: Folder::new("hub-"),
        }
    }

    /// # Panics
    /// When it does not start.
    pub async fn start(options: HubOptions) -> Self {
        let mut hub = Self::new(options);
        hub.start_again().await;
        hub
    }

    /// The same hub, after [`Hub::kill`] or [`Hub::stop`]; at the same
    /// addresses, so that gateways find it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        if let Err(log) = self.try_to_start().await {
            panic!("the hub does not start:\n{log}");
        }
    }

    /// [`Hub::start_again`] where a start may fail, as on a full disk.
    ///
    /// # Errors
    /// The end of its log, when it ended instead.
    pub async fn try_to_start(&mut self) -> Result<(), String> {
        self.kill();
        self.starts += 1;
        let options = &self.options;
        let mut config = format!(
            "data_dir = {:?}\nlisten = \"{}\"\noperations_listen = {:?}\n",
            self.data_dir(),
            self.listen,
            host(&self.operations_url),
        );
        if let Some(url) = &options.public_url {
            // Writing to a String does not fail.
            let _ok = writeln!(config, "public_url = {url:?}");
        }
        config.push_str(&options.settings);
        let config = self.folder.write("hub.toml", config);
        let mut command = Command::new(bildbro());
        command.arg("hub").arg("--config").arg(config);
        let mut command = clean(command);
        command.envs(self.options.environment.iter().cloned());
        let log = self.folder.path().join(format!("log-{}", self.starts));
        let mut process = Process::spawn("hub", &mut command, &log);
        let read = log.clone();
        let urls = process
            .until_ready(async || {
                let text = fs::read_to_string(&read).ok()?;
                Some((listening(&text, "link")?, listening(&text, "operations")?))
            })
            .await;
        let Some(urls) = urls else {
            return Err(process.tail());
        };
        (self.link_url, self.operations_url) = urls;
        if self.options.public_url.is_none()
            && let Ok(address) = host(&self.link_url).parse()
        {
            self.listen = address;
        }
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

    /// Where it listens for gateways, or for what stands before it.
    pub fn link_address(&self) -> SocketAddr {
        self.listen
    }

    /// Configuration, logs and data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Database and blobs.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.sub("data")
    }

    /// `bildbro admin …` on this hub.
    pub async fn admin(&self, arguments: &[&str]) -> Outcome {
        let arguments = [&["admin"], arguments].concat();
        run(&arguments, &self.folder.path().join("hub.toml")).await
    }

    /// Adds an organisation.
    ///
    /// # Panics
    /// When the hub's command line refuses.
    pub async fn add_organisation(&self, name: &str, ae_title: &str) {
        let added = self
            .admin(&[
                "organisation",
                "add",
                "--name",
                name,
                "--ae-title",
                ae_title,
            ])
            .await;
        added.expect_success();
    }

    /// A one-time code for an organisation's gateway.
    ///
    /// # Panics
    /// When the hub's command line refuses.
    pub async fn enrol_code(&self, organisation: &str) -> String {
        let made = self
            .admin(&["enrol-code", "--organisation", organisation])
            .await;
        made.expect_success().trim().to_owned()
    }

    /// `/overview.json`; `None` when the hub does not answer or is in trouble.
    pub async fn overview(&self) -> Option<Value> {
        let operations = self.operations();
        let asked = operations.ask(Method::GET, "/overview.json", Vec::new());
        let (status, body) = asked.await?;
        let json = status.is_success().then_some(body)?;
        serde_json::from_slice(&json).ok()
    }

    /// A client for the status page and metrics.
    pub fn operations(&self) -> Http {
        Http::new(&self.operations_url)
    }
}

fn host(url: &str) -> &str {
    url.trim_start_matches("http://")
}
