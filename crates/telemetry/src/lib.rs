//! Logs and metrics. Labels are few and fixed; nothing here can name a person.

mod metrics;

pub use metrics::Metrics;

use tracing_subscriber::{EnvFilter, fmt};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    Json,
    /// For people.
    Text,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log level is not a filter: {0}")]
    Level(#[source] tracing_subscriber::filter::ParseError),
    #[error("the log has been started already")]
    Started,
}

/// Starts the process's log, on standard error. `level` is a `tracing` filter.
///
/// # Errors
/// [`LogError`].
pub fn init_logs(format: LogFormat, level: &str) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(level).map_err(LogError::Level)?;
    let base = fmt::Subscriber::builder()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => base.json().flatten_event(true).try_init(),
        LogFormat::Text => base.with_target(false).try_init(),
    };
    started.map_err(|_| LogError::Started)
}
