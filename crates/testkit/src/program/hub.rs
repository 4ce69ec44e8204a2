//! A hub.

use super::{bildbro, clean, listening, run, stop};
use crate::{Folder, dcmtk::Outcome, http::Http, process::Process};
use std::{ffi::OsString, fs, path::PathBuf, process::Command};

/// How to set a hub up.
#[derive(Debug, Clone, Default)]
pub struct HubOptions {
    /// Further tables and keys of its configuration, as TOML.
    pub settings: String,
    /// More environment, such as `("BILDBRO_LOG__LEVEL", "debug")`.
    pub environment: Vec<(OsString, OsString)>,
}

/// A hub in a folder of its own, on plain HTTP on loopback.
#[derive(Debug)]
pub struct Hub {
    options: HubOptions,
    starts: u32,
    process: Option<Process>,
    /// How gateways reach it: `http://127.0.0.1:…`; stays over restarts.
    pub link_url: String,
    /// Status page and metrics: `http://127.0.0.1:…`.
    pub operations_url: String,
    folder: Folder,
}

impl Hub {
    /// # Panics
    /// When it does not start.
    pub async fn start(options: HubOptions) -> Self {
        let mut hub = Self {
            options,
            starts: 0,
            process: None,
            link_url: "http://127.0.0.1:0".to_owned(),
            operations_url: "http://127.0.0.1:0".to_owned(),
            folder: Folder::new("hub-"),
        };
        hub.start_again().await;
        hub
    }

    /// The same hub, after [`Hub::kill`] or [`Hub::stop`]; at the same
    /// addresses, so that gateways find it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.kill();
        self.starts += 1;
        let host = |url: &str| url.trim_start_matches("http://").to_owned();
        let config = self.folder.write(
            "hub.toml",
            format!(
                "data_dir = {:?}\nlisten = {:?}\noperations_listen = {:?}\n{}",
                self.data_dir(),
                host(&self.link_url),
                host(&self.operations_url),
                self.options.settings
            ),
        );
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
            panic!("the hub does not start:\n{}", process.tail())
        };
        (self.link_url, self.operations_url) = urls;
        self.process = Some(process);
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

    /// A client for the status page and metrics.
    pub fn operations(&self) -> Http {
        Http::new(&self.operations_url)
    }
}
