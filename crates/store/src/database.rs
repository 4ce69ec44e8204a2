//! A database: how it is opened, how transactions begin and end, and how rows
//! are held. Everything that names the database's kind is here.
//!
//! The same statements run on both kinds, by sqlx's `Any`. It carries texts,
//! whole numbers and truths, takes a transaction's own `BEGIN`, and leaves
//! statements prepared. What it does not carry is made up for here: a SQLite
//! column declared BOOLEAN (read `IS TRUE` of it as a [`Flag`]), placeholders
//! of lists ([`Builder`]), and settings, which are made on each new connection.
//!
//! **SQLite**, for a gateway and for a hub of one process. WAL with
//! `synchronous=FULL`: a transaction that has returned is on disk. All writing
//! goes through one connection, so that writers of this process queue fairly;
//! another process (the command line) waits by `busy_timeout`. Whoever writes
//! holds the whole file, so there are no rows to hold.
//!
//! **PostgreSQL**, for a hub of several processes. A write transaction is READ
//! COMMITTED and holds the rows that its decisions rest on ([`hold`],
//! [`locking`]): each statement sees what was committed before it, so what is
//! read after the hold is true until the end. A read is REPEATABLE READ: one
//! state throughout. Nothing waits without a limit. `synchronous_commit` is on
//! whatever the server's default; that the server itself syncs is for whoever
//! runs it.
//!
//! What this deliberately does not do: it does not try again. A deadlock, a lock
//! waited for in vain or a lost connection is a transient error, and each
//! caller above has its own way of coming back.

mod builder;
mod changes;

pub use builder::{Builder, Flag};

use crate::fault::{During, Fault};
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::StoreError;
use futures::stream::BoxStream;
use sqlx::{
    AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor, SqlSafeStr, SqlStr,
    Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::Migrator,
    postgres::PgConnectOptions,
};
use std::{
    fmt::{self, Write as _},
    ops::{Deref, DerefMut},
    path::Path,
    time::Duration,
};

pub type Db = sqlx::Any;
pub type Connection = AnyConnection;

/// Takes the write lock at once: a transaction that began by reading could
/// otherwise find, at its first write, that another has been faster.
const SQLITE_WRITE: &str = "BEGIN IMMEDIATE";
const SQLITE_READ: &str = "BEGIN";

/// The waiting time comes first: the others may meet another process.
const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";
const SQLITE_READER: &str = "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA query_only = ON";
const SQLITE_READERS: u32 = 4;

/// Said in full: a database may have other defaults.
const SERVER_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
const SERVER_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Commits wait for the disk; a stricter setting of the server's stays. The
/// limits are far above what any statement takes, and below a client's patience.
const SERVER_SESSION: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write'); \
     SET lock_timeout = '10s'; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '60s'";

/// Of each process. A server takes 100 by default.
const SERVER_CONNECTIONS: u32 = 16;

/// What `pg_notify` is called with in the transaction of a change. There is no
/// content in it: whoever hears it looks for themselves.
const TELL: &str = "SELECT pg_notify('bildbro', '')";

/// Waiting for a connection: of this process's own, and of the server.
const SQLITE_ACQUIRE: Duration = Duration::from_secs(30);
const SERVER_ACQUIRE: Duration = Duration::from_secs(10);

/// Most values bound in one list: far below any database's limit.
pub const LIST: usize = 256;

const OPEN: &str = "open the database";
const MIGRATE: &str = "bring the database's tables up to date";

/// An open database.
#[derive(Debug, Clone)]
pub struct Database {
    writers: AnyPool,
    readers: AnyPool,
    /// None: SQLite.
    server: Option<Server>,
}

/// How to connect to a PostgreSQL. Has the password, so it is never shown.
#[derive(Clone)]
struct Server(PgConnectOptions);

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

impl Database {
    /// Opens the SQLite file, makes it when it is not there, and brings its
    /// tables up to date.
    pub async fn open(path: &Path, migrations: &Migrator) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = file_url(path).parse().during(OPEN)?;
        let pool = |size, settings| {
            pool(size, settings)
                .acquire_timeout(SQLITE_ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
                .connect_with(options.clone())
        };
        let writers = pool(1, SQLITE_WRITER).await.during(OPEN)?;
        migrations.run(&writers).await.during(MIGRATE)?;
        let readers = pool(SQLITE_READERS, SQLITE_READER).await.during(OPEN)?;
        Ok(Self {
            writers,
            readers,
            server: None,
        })
    }

    /// Connects to a database on a PostgreSQL and brings its tables up to date.
    /// Hubs that start at once wait for each other there.
    pub async fn connect(url: &str, migrations: &Migrator) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (options, server) = changes::server(url).during(OPEN)?;
        // On a connection of its own, without limits: a migration may take long.
        let mut first = AnyConnection::connect_with(&options).await.during(OPEN)?;
        migrations.run(&mut first).await.during(MIGRATE)?;
        first.close().await.during(OPEN)?;
        let both = pool(SERVER_CONNECTIONS, SERVER_SESSION)
            .acquire_timeout(SERVER_ACQUIRE)
            .connect_with(options)
            .await
            .during(OPEN)?;
        Ok(Self {
            writers: both.clone(),
            readers: both,
            server: Some(Server(server)),
        })
    }

    /// Begins a transaction that may write.
    pub async fn write(&self, operation: &'static str) -> Result<Tx, StoreError> {
        let begin = if self.server.is_some() {
            SERVER_WRITE
        } else {
            SQLITE_WRITE
        };
        let tx = self.writers.begin_with(begin).await;
        tx.map(|tx| Tx { tx, operation }).during(operation)
    }

    /// Begins a transaction that sees one state of the database throughout.
    pub async fn read(&self, operation: &'static str) -> Result<Tx, StoreError> {
        let begin = if self.server.is_some() {
            SERVER_READ
        } else {
            SQLITE_READ
        };
        let tx = self.readers.begin_with(begin).await;
        tx.map(|tx| Tx { tx, operation }).during(operation)
    }

    /// What [`Tx::end_telling`] tells, whichever process it is in. Once for
    /// each connection made too, since something may have been missed before.
    /// `None` on SQLite.
    pub fn changes(&self) -> Option<BoxStream<'static, ()>> {
        let Server(options) = self.server.clone()?;
        Some(changes::listen(options))
    }
}

/// `Any` opens a file by its URL only. What could mean something there is
/// written as `%` and two digits.
fn file_url(path: &Path) -> String {
    // Fails for an empty path only, which does not open either.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => url.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(*byte)),
            byte => {
                let _always = write!(url, "%{byte:02X}");
            }
        }
    }
    url.push_str("?mode=rwc");
    url
}

/// Connections on each of which `settings` have been made.
fn pool(size: u32, settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(sqlx::raw_sql(settings)).await?;
                Ok(())
            })
        })
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
        let on_server = is_server(&self.tx);
        self.tx.commit().await.map_err(|error| {
            let mut error = Fault::from(error).during(self.operation);
            // The answer got lost, not necessarily the commit.
            if on_server && error.class == ErrorClass::Transient {
                error.class = ErrorClass::Ambiguous;
            }
            error
        })?;
        Ok(answer)
    }

    /// As [`Tx::end`]. When what came of it is news, every process on this
    /// database hears of it ([`Database::changes`]), if it is committed.
    pub async fn end_telling<T>(
        mut self,
        outcome: Result<T, Fault>,
        is_news: impl FnOnce(&T) -> bool,
    ) -> Result<T, StoreError> {
        if is_server(&self.tx) && outcome.as_ref().is_ok_and(is_news) {
            let told = sqlx::query(TELL).execute(&mut *self.tx).await;
            told.during(self.operation)?;
        }
        self.end(outcome).await
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

fn is_server(connection: &Connection) -> bool {
    connection.backend_name() == <sqlx::Postgres as sqlx::Database>::NAME
}

/// How rows are held until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub enum Lock {
    /// By this transaction alone; waits for others.
    Alone,
    /// By this transaction alone; rows that others hold are passed by.
    AloneIfFree,
    /// As they are: many may hold them so, none may change them.
    Shared,
}

impl Lock {
    /// Keys never change, so references to a row need not wait for its holder.
    const fn words(self) -> &'static str {
        match self {
            Self::Alone => " FOR NO KEY UPDATE",
            Self::AloneIfFree => " FOR NO KEY UPDATE SKIP LOCKED",
            Self::Shared => " FOR SHARE",
        }
    }
}

/// A `SELECT` of which the rows are held; on SQLite the writer holds them all.
pub fn locking(connection: &Connection, select: &'static str, lock: Lock) -> SqlStr {
    if is_server(connection) {
        AssertSqlSafe(format!("{select}{}", lock.words())).into_sql_str()
    } else {
        select.into_sql_str()
    }
}

/// Holds the row that `select` finds by `key`, alone. What is read after this
/// is as the last holder left it.
pub async fn hold(
    connection: &mut Connection,
    select: &'static str,
    key: String,
) -> Result<(), Fault> {
    if is_server(connection) {
        let select = locking(connection, select, Lock::Alone);
        sqlx::query(select).bind(key).execute(connection).await?;
    }
    Ok(())
}
