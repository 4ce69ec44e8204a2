//! BankID, played: a server that speaks "BankID Relying Party API v6.0" over
//! mutual TLS, and a page that is the citizen's app.
//!
//! The relying party's side makes its own certificates and lets in only who
//! shows the one it made. The app's side is plain HTTP on loopback, answers to
//! local names only, and lets test persons alone identify themselves; tests
//! use [`control`]. Both listen on loopback: whoever reaches the app's page
//! can be anyone.
//!
//! What this module deliberately does not do: `phone/…`, certificate policies,
//! card readers and real signatures; it keeps no order when it ends.

mod app;
mod certificates;
pub mod control;
mod evidence;
mod guard;
mod orders;
mod persons;
mod rp;
mod words;

pub use certificates::{AUTHORITY, PASSWORD, RELYING_PARTY, RELYING_PARTY_P12};
pub use persons::{Person, official};

use axum::Router;
use axum_server::{Handle, tls_rustls::RustlsConfig};
use bildbro_wire::bankid::{ErrorCode, PATH};
use hyper_util::rt::TokioTimer;
use jiff::{SignedDuration, Timestamp};
use orders::Orders;
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A caller that has not said what it wants by then is let go.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// Requests under way when the simulator stops get this long.
const GRACE: Duration = Duration::from_secs(2);

/// Where to listen, always on loopback, and where the certificates lie.
#[derive(Debug, Clone)]
pub struct Config {
    /// Made with its certificates when they are not there.
    pub folder: PathBuf,
    /// Of the relying party's API; 0 for any.
    pub port: u16,
    /// Of the app's page; 0 for any.
    pub app_port: u16,
}

/// Why the simulator does not start, or has ended.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("making certificates")]
    Issue(#[source] rcgen::Error),
    #[error("making the PKCS#12 file")]
    Pkcs12(#[source] p12_keystore::error::Error),
    #[error("writing into {}", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} cannot be used: remove the folder's files to have them made anew", .0.display())]
    Certificate(PathBuf),
    #[error("setting up TLS")]
    Tls(#[source] rustls::Error),
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("serving ended")]
    Serve(#[source] io::Error),
}

/// What both sides share.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    orders: Orders,
    /// How far the clock has been moved forward.
    ahead: SignedDuration,
    outage: Option<ErrorCode>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a panicking request leaves behind is whole: each change is one
        // assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Orders, Timestamp) -> T) -> T {
        let mut state = self.state();
        let now = Timestamp::now() + state.ahead;
        act(&mut state.orders, now)
    }

    fn outage(&self) -> Option<ErrorCode> {
        self.state().outage.clone()
    }

    fn set_outage(&self, outage: Option<ErrorCode>) {
        self.state().outage = outage;
    }

    fn advance(&self, by: SignedDuration) {
        /// So that no sum of moves leaves the calendar.
        const MOST: SignedDuration = SignedDuration::from_hours(24 * 365);
        let mut state = self.state();
        state.ahead = state.ahead.saturating_add(by).min(MOST);
    }
}

/// A running simulator. Ends when dropped.
pub struct Simulator {
    /// `https://127.0.0.1:<port>/rp/v6.0/`
    pub rp_url: String,
    /// `http://127.0.0.1:<port>/`
    pub app_url: String,
    /// Holds [`AUTHORITY`], [`RELYING_PARTY`] and [`RELYING_PARTY_P12`], whose
    /// password is [`PASSWORD`].
    pub folder: PathBuf,
    shared: Shared,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulator({}, {})", self.rp_url, self.app_url)
    }
}

impl Simulator {
    /// Makes what is missing, binds both ports and serves.
    ///
    /// # Errors
    /// When the folder, a certificate or a port cannot be used.
    pub async fn start(config: Config) -> Result<Self, SimError> {
        let folder = config.folder;
        let tls = {
            let folder = folder.clone();
            tokio::task::spawn_blocking(move || {
                certificates::prepare(&folder)?;
                certificates::mutual_tls(&folder)
            })
            .await
            .map_err(|error| SimError::Serve(io::Error::other(error)))??
        };
        let (rp, rp_address) = bind(config.port)?;
        let (page, app_address) = bind(config.app_port)?;
        let shared = Shared::default();
        let stop = CancellationToken::new();
        let mut servers = JoinSet::new();
        let tls = RustlsConfig::from_config(Arc::new(tls));
        let router = rp::router(shared.clone());
        servers.spawn(serve(rp, Some(tls), router, stop.clone()));
        let router = app::router(shared.clone());
        servers.spawn(serve(page, None, router, stop.clone()));
        Ok(Self {
            rp_url: format!("https://{rp_address}{PATH}"),
            app_url: format!("http://{app_address}/"),
            folder,
            shared,
            stop,
            servers,
        })
    }

    /// Moves the simulator's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared
            .advance(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// Lets requests under way finish.
    ///
    /// # Errors
    /// When serving had failed.
    pub async fn stop(mut self) -> Result<(), SimError> {
        self.stop.cancel();
        self.ended().await
    }

    /// Until both servers have ended, or one has failed.
    async fn ended(&mut self) -> Result<(), SimError> {
        while let Some(ended) = self.servers.join_next().await {
            ended
                .map_err(io::Error::other)
                .flatten()
                .map_err(SimError::Serve)?;
        }
        Ok(())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs until `shutdown`; `started` learns where everything is.
///
/// # Errors
/// When it does not start, or serving fails.
pub async fn run(
    config: Config,
    shutdown: CancellationToken,
    started: impl FnOnce(&Simulator),
) -> Result<(), SimError> {
    let mut simulator = Simulator::start(config).await?;
    started(&simulator);
    tokio::select! {
        () = shutdown.cancelled() => simulator.stop().await,
        ended = simulator.ended() => ended,
    }
}

fn bind(port: u16) -> Result<(TcpListener, SocketAddr), SimError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let bind = || {
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?;
        Ok((socket, bound))
    };
    bind().map_err(|source| SimError::Bind { address, source })
}

async fn serve(
    socket: TcpListener,
    tls: Option<RustlsConfig>,
    router: Router,
    stop: CancellationToken,
) -> io::Result<()> {
    let handle = Handle::new();
    let stopping = {
        let handle = handle.clone();
        async move {
            stop.cancelled().await;
            handle.graceful_shutdown(Some(GRACE));
            std::future::pending::<()>().await;
        }
    };
    let service = router.into_make_service();
    let serving = async {
        match tls {
            Some(tls) => {
                let mut server = axum_server::from_tcp_rustls(socket, tls)?.handle(handle);
                patient(server.http_builder());
                server.serve(service).await
            }
            None => {
                let mut server = axum_server::from_tcp(socket)?.handle(handle);
                patient(server.http_builder());
                server.serve(service).await
            }
        }
    };
    tokio::select! {
        served = serving => served,
        () = stopping => Ok(()),
    }
}

fn patient<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN);
}
