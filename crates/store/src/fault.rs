//! How the database fails, and what that says about trying again.

use bildbro_domain::ErrorClass;
use bildbro_flow::ports::StoreError;
use sqlx::{migrate::MigrateError, postgres::PgDatabaseError};
use std::fmt;

/// A statement failed, or a row does not hold what it should. Rolls the
/// transaction back.
#[derive(thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Migration(#[from] MigrateError),
    /// Names the column, never its value.
    #[error("the database holds something unreadable in {0}")]
    Unreadable(&'static str),
    #[error("{0} cannot be written as JSON")]
    Json(&'static str, #[source] serde_json::Error),
    /// Quotes nothing of it: a password may be in it.
    #[error(
        "the database's address is not postgres://user:password@host:port/database, \
         or has a setting that is not known"
    )]
    Url,
}

/// PostgreSQL adds the row in question to an error's `Debug`, never to its
/// words.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SQLite's primary result codes that pass by themselves, or once someone has
/// made room: BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
const SQLITE_PASSING: [i64; 8] = [5, 6, 7, 9, 10, 13, 14, 15];

/// PostgreSQL's codes, or their classes, that pass: lost connections (08), a
/// server that has become a standby (25006) or was waited for in vain (25P03,
/// 55P03, 57014), serialisation failures and deadlocks (40001, 40P01), no room
/// (53), starting or stopping (57P), and its disk (58030).
const SERVER_PASSING: [&str; 10] = [
    "08", "25006", "25P03", "40001", "40P01", "53", "55P03", "57014", "57P", "58030",
];

impl Fault {
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Sql(error) => class_of(error),
            Self::Migration(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => class_of(error),
            Self::Migration(_) | Self::Unreadable(_) | Self::Json(..) | Self::Url => {
                ErrorClass::Permanent
            }
        }
    }

    pub fn during(self, operation: &'static str) -> StoreError {
        StoreError {
            operation,
            class: self.class(),
            source: Box::new(self),
        }
    }
}

fn class_of(error: &sqlx::Error) -> ErrorClass {
    match error {
        sqlx::Error::Database(error) => {
            let passes = match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => SERVER_PASSING.iter().any(|at| error.code().starts_with(at)),
                // The low byte of an extended code is its primary code.
                None => error
                    .code()
                    .and_then(|code| code.parse::<i64>().ok())
                    .is_some_and(|code| SQLITE_PASSING.contains(&(code & 0xFF))),
            };
            if passes {
                ErrorClass::Transient
            } else {
                ErrorClass::Permanent
            }
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            ErrorClass::Transient
        }
        sqlx::Error::WorkerCrashed => ErrorClass::Ambiguous,
        _ => ErrorClass::Permanent,
    }
}

/// Names the port's operation that failed.
pub trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, StoreError>;
}

impl<T, E: Into<Fault>> During<T> for Result<T, E> {
    fn during(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| error.into().during(operation))
    }
}
