//! Listening: TLS or plain, HTTP/1.1 and HTTP/2, and an orderly end.

use crate::Stopping;
use axum::{Extension, Router};
use axum_server::{
    Handle, Server,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::{rt::TokioExecutor, rt::TokioTimer, server::conn::auto::Builder};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// A caller that has not said what it wants by then is let go.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// A silent HTTP/2 connection is asked whether it lives.
const ASK_AFTER: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Requests under way when the hub stops get this long.
const GRACE: Duration = Duration::from_secs(20);

/// Where the certificate lies: PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// How listening failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the certificate {} or its key {} cannot be used", .certificate.display(), .key.display())]
    Certificate {
        certificate: PathBuf,
        key: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("serving on {address} ended")]
    Serve {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
}

/// A bound address, not serving yet. Whether plain HTTP may be served on it is
/// for the configuration to check.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<RustlsConfig>,
}

impl Listener {
    /// Binds, and reads the certificate, so that what is wrong shows at once.
    ///
    /// # Errors
    /// When the address is taken or the certificate cannot be read.
    pub async fn bind(address: SocketAddr, tls: Option<Tls>) -> Result<Self, ServeError> {
        let tls = match tls {
            Some(files) => Some(read_certificate(files).await?),
            None => None,
        };
        let bind = || {
            let socket = TcpListener::bind(address)?;
            socket.set_nonblocking(true)?;
            let bound = socket.local_addr()?;
            Ok((socket, bound))
        };
        let (socket, address) = bind().map_err(|source| ServeError::Bind { address, source })?;
        Ok(Self {
            socket,
            address,
            tls,
        })
    }

    /// With the port that the system chose, when 0 was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets requests under way finish.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self, router: Router, stop: CancellationToken) -> Result<(), ServeError> {
        let address = self.address;
        let failed = |source| ServeError::Serve { address, source };
        let service = router
            .layer(Extension(Stopping(stop.clone())))
            .into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        let stopping = tokio::spawn({
            let handle = handle.clone();
            async move {
                stop.cancelled().await;
                handle.graceful_shutdown(Some(GRACE));
            }
        });
        let server = axum_server::from_tcp(self.socket)
            .map_err(failed)?
            .handle(handle);
        let served = match self.tls {
            Some(tls) => {
                let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
                patient(server.acceptor(acceptor)).serve(service).await
            }
            None => {
                patient(server.acceptor(NoDelayAcceptor::new()))
                    .serve(service)
                    .await
            }
        };
        stopping.abort();
        served.map_err(failed)
    }
}

/// Sets the connection's time-outs.
fn patient<A: axum_server::Address, Acceptor>(
    mut server: Server<A, Acceptor>,
) -> Server<A, Acceptor> {
    let builder: &mut Builder<TokioExecutor> = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ASK_AFTER)
        .keep_alive_timeout(ANSWER_WITHIN);
    server
}

async fn read_certificate(files: Tls) -> Result<RustlsConfig, ServeError> {
    // Whoever came first has set the same one.
    let _already_set = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Tls { certificate, key } = files;
    RustlsConfig::from_pem_chain_file(&certificate, &key)
        .await
        .map_err(|source| ServeError::Certificate {
            certificate,
            key,
            source,
        })
}
