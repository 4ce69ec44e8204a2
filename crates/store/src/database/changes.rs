//! Where the PostgreSQL is, and listening there for changes.
//!
//! A notification only says that something has changed. One that is lost costs
//! a poll, so nothing is kept for a listener that is away: it hears one when it
//! is back.

use crate::fault::Fault;
use futures::{StreamExt, stream, stream::BoxStream};
use sqlx::{
    ConnectOptions, Executor,
    any::AnyConnectOptions,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::time::Duration;

const CHANNEL: &str = "bildbro";

/// Before a server that is away is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A connection on which nothing was heard for this long is asked for a sign of
/// life: its other end may be gone without a word.
const SILENCE: Duration = Duration::from_secs(30);

/// For connecting, and for the sign of life.
const ANSWER: Duration = Duration::from_secs(10);

/// Keys that a URL may have. sqlx would log one it does not know, with its
/// value, which could be a misspelt password.
const KEYS: [&str; 9] = [
    "application_name",
    "dbname",
    "host",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// Reads `postgres://user:password@host:port/database?key=value`.
///
/// # Errors
/// Without any of the URL's text, which may hold a password.
pub fn server(text: &str) -> Result<(AnyConnectOptions, PgConnectOptions), Fault> {
    let any: AnyConnectOptions = text.parse().map_err(|_| Fault::Url)?;
    let url = &any.database_url;
    let ours = matches!(url.scheme(), "postgres" | "postgresql");
    let known = url
        .query_pairs()
        .all(|(key, _)| KEYS.contains(&key.as_ref()));
    if !ours || !known {
        return Err(Fault::Url);
    }
    let server = PgConnectOptions::from_url(url).map_err(|_| Fault::Url)?;
    Ok((any, server))
}

/// An item for each change that was told, and for each connection made. Comes
/// back by itself; ends when dropped.
pub fn listen(options: PgConnectOptions) -> BoxStream<'static, ()> {
    let heard = stream::unfold(None, move |listener: Option<PgListener>| {
        let options = options.clone();
        async move {
            if let Some(mut listener) = listener
                && hear(&mut listener).await
            {
                return Some(((), Some(listener)));
            }
            loop {
                match connect(options.clone()).await {
                    Some(listener) => return Some(((), Some(listener))),
                    None => tokio::time::sleep(PAUSE).await,
                }
            }
        }
    });
    heard.boxed()
}

async fn connect(options: PgConnectOptions) -> Option<PgListener> {
    let connecting = async {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ANSWER)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    match tokio::time::timeout(ANSWER, connecting).await {
        Ok(Ok(listener)) => Some(listener),
        Ok(Err(error)) => {
            tracing::warn!(cause = %error, "storage.changes_unheard");
            None
        }
        Err(_) => {
            tracing::warn!(cause = "no answer", "storage.changes_unheard");
            None
        }
    }
}

/// Waits for a change; false when the connection is lost.
async fn hear(listener: &mut PgListener) -> bool {
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => {
                // Many changes at once are one reason to look.
                while listener.next_buffered().is_some() {}
                return true;
            }
            Ok(Ok(None) | Err(_)) => return false,
            Err(_) => {
                let sign = tokio::time::timeout(ANSWER, listener.execute("SELECT 1")).await;
                if !matches!(sign, Ok(Ok(_))) {
                    return false;
                }
            }
        }
    }
}
