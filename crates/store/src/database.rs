//! One SQLite database: how it is opened, and how transactions begin and end.
//!
//! WAL with `synchronous=FULL`: a transaction that has returned is on disk. All
//! writing goes through one connection, so that writers of this process queue
//! fairly; another process (the command line) waits by `busy_timeout`.
//! Everything that names the database's kind is here.

use crate::fault::{During, Fault};
use bildbro_flow::ports::StoreError;
use sqlx::{
    Transaction,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};
use std::{
    ops::{Deref, DerefMut},
    path::Path,
    time::Duration,
};

pub type Db = sqlx::Sqlite;
pub type Connection = sqlx::SqliteConnection;
pub type Builder = sqlx::QueryBuilder<Db>;

/// Takes the write lock at once: a transaction that began by reading could
/// otherwise find, at its first write, that another has been faster.
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

const READERS: u32 = 4;
const BUSY: Duration = Duration::from_secs(15);
const ACQUIRE: Duration = Duration::from_secs(30);

/// Most values bound in one list: far below any database's limit.
pub const LIST: usize = 256;

/// An open database.
#[derive(Debug, Clone)]
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Database {
    /// Opens the file, makes it when it is not there, and brings its tables up
    /// to date.
    pub async fn open(path: &Path, migrations: &Migrator) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .during("open the database")?;
        migrations
            .run(&writer)
            .await
            .during("bring the database's tables up to date")?;
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .during("open the database")?;
        Ok(Self { writer, readers })
    }

    /// Begins a transaction that may write.
    pub async fn write(&self, operation: &'static str) -> Result<Tx, StoreError> {
        let tx = self.writer.begin_with(BEGIN_WRITE).await;
        tx.map(|tx| Tx { tx, operation }).during(operation)
    }

    /// Begins a transaction that sees one state of the database throughout.
    pub async fn read(&self, operation: &'static str) -> Result<Tx, StoreError> {
        let tx = self.readers.begin().await;
        tx.map(|tx| Tx { tx, operation }).during(operation)
    }
}

/// A transaction. Dropped without [`Tx::end`], it never was.
pub struct Tx {
    tx: Transaction<'static, Db>,
    operation: &'static str,
}

impl Tx {
    /// Commits what has come to a result, whatever the result says to the
    /// caller; a fault rolls everything back.
    pub async fn end<T>(self, outcome: Result<T, Fault>) -> Result<T, StoreError> {
        let answer = outcome.during(self.operation)?;
        self.tx.commit().await.during(self.operation)?;
        Ok(answer)
    }
}

impl Deref for Tx {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.tx
    }
}

/// Writes `(a, b, c)` with each value bound, for `IN`.
pub fn push_list<'a>(builder: &mut Builder, values: impl IntoIterator<Item = &'a str>) {
    builder.push("(");
    let mut list = builder.separated(", ");
    for value in values {
        list.push_bind(value.to_owned());
    }
    builder.push(")");
}
