//! An S3 server that is not ours: s3s-fs, which keeps each object as a file
//! and moves it into place only when it is whole. `make setup` installs it.

use crate::{
    Folder,
    folder::root,
    process::{Process, answers, free_port},
};
use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Not secret: the server listens on loopback and ends with the test.
const ACCESS_KEY: &str = "bildbro-test";
const SECRET_KEY: &str = "not-a-secret";
const REGION: &str = "us-east-1";

/// The server and what it holds; killed on drop.
#[derive(Debug)]
pub struct S3 {
    port: u16,
    process: Option<Process>,
    buckets: AtomicU32,
    folder: Folder,
}

impl S3 {
    /// # Panics
    /// When it is not installed or does not start.
    pub async fn start() -> Self {
        let folder = Folder::new("s3-");
        let (process, port, ()) = Process::start(
            "s3s-fs",
            &folder.path().join("log"),
            || {
                let port = free_port();
                (command(&folder, port), port)
            },
            async |&port| answers(port).then_some(()),
        )
        .await;
        Self {
            port,
            process: Some(process),
            buckets: AtomicU32::new(0),
            folder,
        }
    }

    /// Makes a bucket of its own and gives its name.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn bucket(&self) -> String {
        let number = self.buckets.fetch_add(1, Ordering::Relaxed);
        let name = format!("bucket-{number}");
        // To this server a bucket is a folder.
        self.folder.sub(&format!("objects/{name}"));
        name
    }

    /// `http://127.0.0.1:…`; stays over restarts.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How a client reaches it, by the names that the crate `object_store`
    /// gives to its settings for S3.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        vec![
            ("endpoint", self.endpoint()),
            ("access_key_id", ACCESS_KEY.to_owned()),
            ("secret_access_key", SECRET_KEY.to_owned()),
            ("region", REGION.to_owned()),
            ("allow_http", "true".to_owned()),
        ]
    }

    /// The same as the environment that S3 clients commonly read.
    pub fn environment(&self) -> Vec<(String, String)> {
        let name = |(key, value): (&str, String)| (format!("AWS_{}", key.to_uppercase()), value);
        self.options().into_iter().map(name).collect()
    }

    /// As a power cut does it. What was acknowledged stays.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Asks it to stop, and waits.
    ///
    /// # Panics
    /// When it does not.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It ends by the signal, with no status of its own to look at.
            let _status = process.terminate().await;
        }
    }

    /// The same server with the same objects, at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.kill();
        let log = self.folder.path().join("log");
        let mut process = Process::spawn("s3s-fs", &mut command(&self.folder, self.port), &log);
        let port = self.port;
        let ready = process.until_ready(async || answers(port).then_some(()));
        assert!(
            ready.await.is_some(),
            "s3s-fs does not start again:\n{}",
            process.tail()
        );
        self.process = Some(process);
    }
}

fn command(folder: &Folder, port: u16) -> Command {
    let mut command = Command::new(s3s_fs());
    command
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
        .arg(folder.sub("objects"));
    command
}

/// Where `make setup` installs it.
fn s3s_fs() -> PathBuf {
    let path = root().join(".work/tools/bin/s3s-fs");
    assert!(
        path.is_file(),
        "{} is not there: `make setup` installs it",
        path.display()
    );
    path
}
