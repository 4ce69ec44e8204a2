//! Where the hub keeps things: a file and a folder, or PostgreSQL and S3.

use bildbro_testkit::{Folder, Postgres, S3};
use clap::ValueEnum;
use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};
use tokio::sync::Mutex;

/// A key that signs the log, for tests: Ed25519, of a seed that everyone knows.
const SIGNING: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIFpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa\n\
     -----END PRIVATE KEY-----\n";

/// A database and a place for blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pair {
    SqliteFolder,
    /// With two hubs on them.
    PostgresS3,
}

impl Pair {
    pub const fn name(self) -> &'static str {
        match self {
            Self::SqliteFolder => "sqlite-folder",
            Self::PostgresS3 => "postgres-s3",
        }
    }

    pub const fn hubs(self) -> usize {
        match self {
            Self::SqliteFolder => 1,
            Self::PostgresS3 => 2,
        }
    }
}

/// The servers, where the hub uses servers.
#[derive(Debug)]
pub struct Servers {
    pub postgres: Mutex<Postgres>,
    pub s3: Mutex<S3>,
    _keys: Folder,
}

impl Servers {
    /// Also gives the hub's settings.
    pub async fn start(pair: Pair) -> (Option<Self>, String) {
        if pair == Pair::SqliteFolder {
            return (None, String::new());
        }
        let (postgres, s3) = tokio::join!(Postgres::start(), S3::start());
        let mut settings = format!(
            "[database]\nurl = {:?}\n[blobs]\nurl = \"s3://{}/hub\"\n[blobs.options]\n",
            postgres.url(),
            s3.bucket()
        );
        for (key, value) in s3.options() {
            // Writing to a String does not fail.
            let _ok = writeln!(settings, "{key} = {value:?}");
        }
        let keys = Folder::new("chaos-keys-");
        // Hubs that share a database share the key that wraps the studies' keys.
        let key = keys.write("key", "5a".repeat(32));
        let kept = fs::set_permissions(&key, Permissions::from_mode(0o600));
        assert!(kept.is_ok(), "the disk refuses: {kept:?}");
        let signing = keys.write("audit.key", SIGNING);
        let kept = fs::set_permissions(&signing, Permissions::from_mode(0o600));
        assert!(kept.is_ok(), "the disk refuses: {kept:?}");
        // Writing to a String does not fail.
        let _ok = writeln!(settings, "[audit.key]\nfile = {signing:?}");
        let _ok = writeln!(
            settings,
            "[keys]\ncurrent = \"chaos\"\n[keys.key.chaos]\nfile = {key:?}"
        );
        let servers = Self {
            _keys: keys,
            postgres: Mutex::new(postgres),
            s3: Mutex::new(s3),
        };
        (Some(servers), settings)
    }

    /// Both run, also when one was away.
    pub async fn mend(&self) {
        self.postgres.lock().await.start_again().await;
        self.s3.lock().await.start_again().await;
    }
}
