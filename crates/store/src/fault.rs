//! How the database fails, and what that says about trying again.

use bildbro_domain::ErrorClass;
use bildbro_flow::ports::StoreError;

/// A statement failed, or a row does not hold what it should. Rolls the
/// transaction back.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Names the column, never its value.
    #[error("the database holds something unreadable in {0}")]
    Unreadable(&'static str),
    #[error("{0} cannot be written as JSON")]
    Json(&'static str, #[source] serde_json::Error),
}

/// SQLite's primary result codes that pass by themselves, or once someone has
/// made room: BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
const SQLITE_PASSING: [i64; 8] = [5, 6, 7, 9, 10, 13, 14, 15];

impl Fault {
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Sql(error) => class_of(error),
            Self::Migration(_) | Self::Unreadable(_) | Self::Json(..) => ErrorClass::Permanent,
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
            let code = error.code().and_then(|code| code.parse::<i64>().ok());
            // The low byte of an extended code is its primary code.
            match code {
                Some(code) if SQLITE_PASSING.contains(&(code & 0xFF)) => ErrorClass::Transient,
                _ => ErrorClass::Permanent,
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
