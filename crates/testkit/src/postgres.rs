//! A PostgreSQL of the test's own.
//!
//! PostgreSQL refuses to run as root, so root starts it as the user that
//! Debian's package makes. A cluster takes seconds to make and a tenth of one to
//! copy and start: it is made once on a machine and copied from then on. It does not
//! sync, which only a power cut could tell.

use crate::{
    process::{Process, free_port},
    wait::until,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

const PACKAGE: &str = "postgresql";
/// Of data folders; the test's process id follows.
const PREFIX: &str = "bildbro-postgres-";

const USER: &str = "bildbro";

/// For whoever looks whether it turns up in a log; the server asks for none.
const PASSWORD: &str = "pg-secret-word";

/// Commits that do not wait for the disk are the server's default here: what
/// the product asks for is its own.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "shared_buffers=16MB",
    "max_connections=100",
    "max_wal_senders=0",
];

/// A running server with a data folder of its own. Stopped and removed on drop.
#[derive(Debug)]
pub struct Postgres {
    // Goes before its folder.
    running: Option<Running>,
    folder: TempDir,
    port: u16,
    databases: AtomicU32,
}

/// The server's process, and the thread that is its parent: the server ends
/// with it, also when the test is killed.
#[derive(Debug)]
struct Running {
    process: Process,
    _parent: mpsc::Sender<()>,
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start; shows its log.
    pub async fn start() -> Self {
        let place = quick_place();
        remove_orphans(&place);
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = temporary(&prefix, &place);
        copy(&template(), folder.path());
        let (port, running) = launch(folder.path(), None).await;
        Self {
            folder,
            port,
            running: Some(running),
            databases: AtomicU32::new(0),
        }
    }

    /// The server that the tests of this process share while any of them runs.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub async fn shared() -> Arc<Self> {
        static SHARED: tokio::sync::Mutex<Weak<Postgres>> =
            tokio::sync::Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&server);
        server
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn url(&self) -> String {
        let name = format!("t_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{name}",
            self.port
        )
    }

    /// The password in each [`url`](Self::url).
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Cuts every connection to the database at `url`, as an operator can.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn cut(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap_or_default();
        self.run(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        );
    }

    /// Runs one statement, as an operator.
    fn run(&self, database: &str, statement: &str) {
        let done = Command::new(tool("psql"))
            .args(["-X", "-q", "-h", "127.0.0.1", "-U", USER])
            .args(["-p", &self.port.to_string(), "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-c", statement])
            .output()
            .unwrap_or_else(|error| panic!("starting psql: {error}"));
        assert!(
            done.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Stops it in an orderly way: connections are cut, what is under way is
    /// rolled back.
    ///
    /// # Panics
    /// When it does not stop.
    pub async fn stop(&mut self) {
        self.end("INT").await;
    }

    /// Ends it as a crash does: nothing is finished, it recovers when started.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn kill(&mut self) {
        self.end("QUIT").await;
    }

    async fn end(&mut self, signal: &str) {
        if let Some(mut running) = self.running.take() {
            running.process.signal(signal);
            let ended = running.process.ended().await;
            assert!(
                ended,
                "PostgreSQL does not stop: {}",
                running.process.tail()
            );
        }
    }

    /// Starts it again, on the same port and with all that it held.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub async fn start_again(&mut self) {
        if self.running.is_none() {
            let (_, running) = launch(self.folder.path(), Some(self.port)).await;
            self.running = Some(running);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // By a signal first: one that is only killed leaves children behind
        // that still write into the folder.
        if let Some(running) = &mut self.running {
            running.process.signal("QUIT");
            running.process.wait();
        }
    }
}

impl Process {
    async fn ended(&mut self) -> bool {
        until(crate::wait::LIMIT, async || self.has_ended().then_some(()))
            .await
            .is_some()
    }

    fn wait(&mut self) {
        for _ in 0..500 {
            if self.has_ended() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Starts a server in `folder`; on another port when the first is taken
/// meanwhile, unless it must be this one.
async fn launch(folder: &Path, port: Option<u16>) -> (u16, Running) {
    const TRIES: usize = 3;
    let log = folder.join("log");
    for _ in 0..TRIES {
        let port = port.unwrap_or_else(free_port);
        let mut running = spawn(&folder.join("data"), &log, port);
        let answers = || {
            let asked = Command::new(tool("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status();
            asked.is_ok_and(|status| status.success()).then_some(())
        };
        let ready = running.process.until_ready(async || answers()).await;
        if ready.is_some() {
            return (port, running);
        }
    }
    panic!(
        "PostgreSQL does not start; its log:\n{}",
        fs::read_to_string(&log).unwrap_or_default()
    );
}

/// The kernel ends the server with the thread that started it, so that thread
/// lives until told otherwise: a test's own ends with the test.
fn spawn(data: &Path, log: &Path, port: u16) -> Running {
    let mut command = as_its_user("postgres", &["--pdeathsig", "QUIT"]);
    command.arg("-D").arg(data).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let log = log.to_owned();
    let (give, take) = mpsc::channel();
    let (parent, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        // Refused only when the starter is gone, which ends the server.
        let _given = give.send(Process::spawn("PostgreSQL", &mut command, &log));
        let _closed = ended.recv();
    });
    Running {
        process: take.recv().expect("the thread sends before it ends"),
        _parent: parent,
    }
}

/// A folder with an empty cluster `data`, made once for each version.
fn template() -> PathBuf {
    let version = Command::new(tool("postgres")).arg("--version").output();
    let version = version.unwrap_or_else(|error| panic!("starting postgres: {error}"));
    let version =
        String::from_utf8_lossy(&version.stdout).replace(|c: char| !c.is_alphanumeric(), "-");
    let user = its_user().unwrap_or_else(|| "own".into());
    let place = env::temp_dir().join(format!("bildbro-initdb-{user}-{version}"));
    if place.join("data").is_dir() {
        return place;
    }
    let made = temporary("bildbro-initdb-", &env::temp_dir());
    let done = as_its_user("initdb", &[])
        .args([
            "-U",
            USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ])
        .args(["--no-sync", "--no-instructions", "--wal-segsize=1", "-D"])
        .arg(made.path().join("data"))
        .output()
        .unwrap_or_else(|error| panic!("starting initdb: {error}"));
    assert!(
        done.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    let made = made.keep();
    // Whoever was first has made the same.
    if fs::rename(&made, &place).is_err() {
        let _removed = fs::remove_dir_all(&made);
    }
    place
}

/// A folder that the server's user owns, as PostgreSQL wants it.
fn temporary(prefix: &str, place: &Path) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(place)
        .unwrap_or_else(|error| panic!("making a folder: {error}"));
    if let Some(user) = its_user() {
        let owned = Command::new("chown").arg(user).arg(folder.path()).status();
        assert!(owned.is_ok_and(|s| s.success()), "chown does not work");
    }
    folder
}

/// In memory, if there is room: a cluster is a thousand files, which a disk
/// takes most of a second to copy.
fn quick_place() -> PathBuf {
    const ROOM: u64 = 1 << 20; // KiB: some clusters at once
    let memory = Path::new("/dev/shm");
    let free = Command::new("df")
        .args(["-k", "--output=avail"])
        .arg(memory)
        .output();
    let free = free.ok().and_then(|df| {
        let text = String::from_utf8(df.stdout).ok()?;
        text.lines().last()?.trim().parse::<u64>().ok()
    });
    if free.is_some_and(|free| free > ROOM) {
        memory.to_owned()
    } else {
        env::temp_dir()
    }
}

/// What killed tests have left; their servers have ended with them.
fn remove_orphans(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test may be at it too.
            let _removed = fs::remove_dir_all(entry.path());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .args(["-a", "--reflink=auto"])
        .arg(from.join("data"))
        .arg(to)
        .status();
    assert!(copied.is_ok_and(|s| s.success()), "cp does not work");
}

/// Whom root lets it run as.
fn its_user() -> Option<String> {
    let id = Command::new("id").arg("-u").output();
    let root = id.is_ok_and(|id| id.stdout == b"0\n");
    root.then(|| "postgres".to_owned())
}

/// A program of PostgreSQL's, by setpriv(1).
fn as_its_user(name: &str, options: &[&str]) -> Command {
    let mut command = Command::new(crate::program("setpriv", "util-linux"));
    if let Some(user) = its_user() {
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    }
    command.args(options).arg("--").arg(tool(name));
    // It must be able to see where it is.
    command.current_dir("/");
    command
}

/// Debian keeps each version's programs in a folder of their own, which is on
/// no one's PATH.
fn tool(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions
        .pop()
        .unwrap_or_else(|| crate::program(name, PACKAGE))
}
