//! DCMTK's servers, and its tools as one call each.

use crate::{
    Folder, Peer,
    process::{Process, answers, free_port, program},
    wait::LIMIT,
};
use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PACKAGE: &str = "dcmtk";

/// DCMTK leaves Nagle's algorithm on unless told so. With it, each message
/// waits for the peer's delayed acknowledgement: some 90 ms an object.
pub(crate) const NO_DELAY: (&str, &str) = ("TCP_NODELAY", "1");

/// What a tool did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub success: bool,
    /// Standard output and error together.
    pub text: String,
}

impl Outcome {
    /// # Panics
    /// When the tool failed; shows what it wrote.
    pub fn expect_success(self) -> String {
        assert!(self.success, "the tool failed: {}", self.text);
        self.text
    }
}

/// Runs one of DCMTK's tools.
///
/// # Panics
/// When it is not installed, or does not end.
pub async fn run<A: AsRef<OsStr>>(tool: &str, arguments: impl IntoIterator<Item = A>) -> Outcome {
    let mut command = tokio::process::Command::new(program(tool, PACKAGE));
    command
        .args(arguments)
        .env(NO_DELAY.0, NO_DELAY.1)
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT * 2, command.output())
        .await
        .unwrap_or_else(|_| panic!("{tool} does not end"))
        .unwrap_or_else(|error| panic!("{tool} does not start: {error}"));
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Outcome {
        success: output.status.success(),
        text,
    }
}

/// Options first, then host and port, then files or keys.
async fn call(
    tool: &str,
    calling: &str,
    to: &Peer,
    options: &[&str],
    rest: Vec<&OsStr>,
) -> Outcome {
    let (host, port) = (to.address.ip().to_string(), to.address.port().to_string());
    let titles = ["-aet", calling, "-aec", &to.ae_title];
    let front = titles.iter().chain(options).copied();
    let front = front.chain([host.as_str(), port.as_str()]).map(OsStr::new);
    run(tool, front.chain(rest)).await
}

/// C-ECHO.
pub async fn echoscu(calling: &str, to: &Peer) -> Outcome {
    call("echoscu", calling, to, &[], Vec::new()).await
}

/// C-STORE of files, on one association. For compressed files say
/// `["-R", "+C", "-xs"]` or the like; see storescu(1).
pub async fn storescu(calling: &str, to: &Peer, options: &[&str], files: &[PathBuf]) -> Outcome {
    let files = files.iter().map(|file| file.as_os_str()).collect();
    call("storescu", calling, to, options, files).await
}

/// C-FIND at study root; keys such as `QueryRetrieveLevel=STUDY`, `PatientID`.
pub async fn findscu(calling: &str, to: &Peer, keys: &[&str]) -> Outcome {
    call(
        "findscu",
        calling,
        to,
        &query_options(&["-S"], keys),
        Vec::new(),
    )
    .await
}

/// C-MOVE at study root to `destination`, an AE title that `to` knows.
pub async fn movescu(calling: &str, to: &Peer, destination: &str, keys: &[&str]) -> Outcome {
    let options = query_options(&["-S", "-aem", destination], keys);
    call("movescu", calling, to, &options, Vec::new()).await
}

/// C-GET at study root into `folder`.
///
/// # Panics
/// When the folder's name is not UTF-8.
pub async fn getscu(calling: &str, to: &Peer, folder: &Path, keys: &[&str]) -> Outcome {
    let folder = folder.to_str().expect("test folders have plain names");
    let options = query_options(&["-S", "-od", folder, "+B"], keys);
    call("getscu", calling, to, &options, Vec::new()).await
}

fn query_options<'a>(front: &[&'a str], keys: &[&'a str]) -> Vec<&'a str> {
    let keys = keys.iter().flat_map(|&key| ["-k", key]);
    front.iter().copied().chain(keys).collect()
}

/// What is in a file, as text; names what does not parse.
pub async fn dcmdump(file: &Path) -> Outcome {
    run(
        "dcmdump",
        [OsStr::new("-q"), OsStr::new("+L"), file.as_os_str()],
    )
    .await
}

/// A receiver that keeps files in a folder, bit by bit as they come.
#[derive(Debug)]
pub struct Storescp {
    process: Process,
    peer: Peer,
    folder: Folder,
}

impl Storescp {
    /// Accepts any transfer syntax and SOP class; further options as in
    /// storescp(1).
    ///
    /// # Panics
    /// When DCMTK is not installed or it does not start.
    pub async fn start(ae_title: &str, options: &[&str]) -> Self {
        let storescp = program("storescp", PACKAGE);
        let folder = Folder::new("storescp-");
        let received = folder.sub("received");
        let (process, port, ()) = Process::start(
            "storescp",
            &folder.path().join("log"),
            || {
                let port = free_port();
                let mut command = Command::new(&storescp);
                command
                    .env(NO_DELAY.0, NO_DELAY.1)
                    .args([
                        "-aet", ae_title, "+xa", "-pm", "+B", "-pdu", "131072", "-od",
                    ])
                    .arg(&received)
                    .args(options)
                    .arg(port.to_string());
                (command, port)
            },
            async |&port| answers(port).then_some(()),
        )
        .await;
        Self {
            process,
            peer: Peer::local(ae_title, port),
            folder,
        }
    }

    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its log, and what has come.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What has come, by name. A file that is still being written is among
    /// them.
    ///
    /// # Panics
    /// When the folder is gone.
    pub fn files(&self) -> Vec<PathBuf> {
        files_in(&self.folder.sub("received"))
    }
}

/// DCMTK's archive: C-STORE, C-FIND, C-MOVE, C-GET.
#[derive(Debug)]
pub struct Dcmqrscp {
    process: Process,
    peer: Peer,
    folder: Folder,
}

impl Dcmqrscp {
    /// `destinations` are the peers it may C-MOVE to.
    ///
    /// # Panics
    /// When DCMTK is not installed or it does not start.
    pub async fn start(ae_title: &str, destinations: &[Peer]) -> Self {
        let dcmqrscp = program("dcmqrscp", PACKAGE);
        let folder = Folder::new("dcmqrscp-");
        let archive = folder.sub("archive");
        let (process, port, ()) = Process::start(
            "dcmqrscp",
            &folder.path().join("log"),
            || {
                let port = free_port();
                let configuration = dcmqrscp_configuration(ae_title, port, &archive, destinations);
                let file = folder.write("dcmqrscp.cfg", configuration);
                let mut command = Command::new(&dcmqrscp);
                command.env(NO_DELAY.0, NO_DELAY.1).arg("-c").arg(file);
                (command, port)
            },
            async |&port| answers(port).then_some(()),
        )
        .await;
        Self {
            process,
            peer: Peer::local(ae_title, port),
            folder,
        }
    }

    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The objects it holds; its index is not among them.
    ///
    /// # Panics
    /// When the folder is gone.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.folder.sub("archive"));
        files.retain(|file| !file.ends_with("index.dat"));
        files
    }
}

fn dcmqrscp_configuration(
    ae_title: &str,
    port: u16,
    archive: &Path,
    destinations: &[Peer],
) -> String {
    let mut hosts = String::new();
    for (number, peer) in destinations.iter().enumerate() {
        let (ip, port) = (peer.address.ip(), peer.address.port());
        // Writing to a String does not fail.
        let _ok = writeln!(hosts, "peer{number} = ({}, {ip}, {port})", peer.ae_title);
    }
    format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n\
         HostTable BEGIN\n{hosts}HostTable END\n\
         VendorTable BEGIN\nVendorTable END\n\
         AETable BEGIN\n{ae_title} {} RW (500, 1024mb) ANY\nAETable END\n",
        archive.display()
    )
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("reading {}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}
