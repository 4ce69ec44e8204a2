//! A child process with its log in a file.

use crate::wait::{LIMIT, until};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};
use tokio::net::TcpSocket;

/// Lines of a log that are shown when something fails.
const TAIL: usize = 40;

/// The path of a program that a peer or a test needs.
///
/// # Panics
/// When it is not installed; names the Debian package.
pub fn program(name: &str, debian_package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian keeps daemons in sbin, which is not on everyone's PATH.
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!("`{name}` is not installed: apt-get install {debian_package} (`make setup` installs all that the tests need)")
        })
}

/// A port that was free a moment ago, for programs that cannot take port 0 and
/// tell. Another process may take it first, so start them by
/// [`Process::start`], which tries again.
///
/// # Panics
/// When the machine has no free port.
pub fn free_port() -> u16 {
    // Below those that the system gives to connections, which a test beside
    // this one may be handed before the program has bound its own. Not std's
    // listener: it shares ports with connections that have just ended
    // (SO_REUSEADDR), which DCMTK does not.
    let free = |port: u16| {
        let socket = TcpSocket::new_v4().ok()?;
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        socket.bind(address).ok().map(|()| port)
    };
    let mut some = std::iter::repeat_with(|| rand::random_range(12_000..32_000));
    let found = some.by_ref().take(1_000).find_map(free);
    found.expect("the machine has a free port")
}

/// Whether something accepts connections there.
pub(crate) fn answers(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

/// A running program. Killed on drop; when the test is failing, the end of its
/// log is printed too.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with standard output and error appended to `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(name: &str, command: &mut Command, log: &Path) -> Self {
        let out = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|error| panic!("opening {}: {error}", log.display()));
        let err = out.try_clone().expect("a file handle can be cloned");
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap_or_else(|error| panic!("starting {name}: {error}"));
        Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        }
    }

    /// Starts what `command` gives until one of them comes up: each try takes
    /// new ports, for when another process was faster. `ready` is asked until
    /// it answers.
    ///
    /// # Panics
    /// When none comes up; shows the log.
    pub async fn start<S, T>(
        name: &str,
        log: &Path,
        mut command: impl FnMut() -> (Command, S),
        mut ready: impl AsyncFnMut(&S) -> Option<T>,
    ) -> (Self, S, T) {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            let (mut command, state) = command();
            let mut process = Self::spawn(name, &mut command, log);
            if let Some(answer) = process.until_ready(async || ready(&state).await).await {
                return (process, state, answer);
            }
        }
        panic!("{name} does not start; the end of its log:\n{}", tail(log));
    }

    /// Asks until there is an answer; `None` when the process has ended.
    ///
    /// # Panics
    /// When it neither answers nor ends; shows the log.
    pub async fn until_ready<T>(&mut self, mut ready: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let outcome = until(LIMIT, async || match ready().await {
            Some(answer) => Some(Some(answer)),
            None if self.has_ended() => Some(None),
            None => None,
        })
        .await;
        match outcome {
            Some(Some(answer)) if !self.has_ended() => Some(answer),
            Some(_) => None,
            None => panic!(
                "{} is not ready after {LIMIT:?}; the end of its log:\n{}",
                self.name,
                self.tail()
            ),
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// All that it has written.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// The end of the log.
    pub fn tail(&self) -> String {
        tail(&self.log)
    }

    /// As a power cut does it: no chance to finish.
    pub fn kill(&mut self) {
        // Either fails only when it has ended, which is what is wanted.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }

    /// Sends a signal, such as `STOP`, by kill(1).
    ///
    /// # Panics
    /// When kill(1) does not start.
    pub fn signal(&self, name: &str) {
        let sent = Command::new(program("kill", "procps"))
            .args([&format!("-{name}"), &self.id().to_string()])
            .stderr(Stdio::null())
            .status();
        // It fails when the process has ended, which is no news to the caller.
        assert!(sent.is_ok(), "kill(1) does not start");
    }

    /// Asks it to stop (SIGTERM), and waits.
    ///
    /// # Panics
    /// When it does not; shows the log.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        match until(LIMIT, async || self.child.try_wait().ok().flatten()).await {
            Some(status) => status,
            None => panic!(
                "{} does not stop; the end of its log:\n{}",
                self.name,
                self.tail()
            ),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- the end of the log of {} ---\n{}\n---",
                self.name,
                self.tail()
            );
        }
    }
}

fn read(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tail(log: &Path) -> String {
    let text = read(log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
