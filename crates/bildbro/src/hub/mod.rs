//! `bildbro hub`: where gateways meet.

pub mod config;
pub mod outside;
mod post;
mod storage;

use crate::{
    config::load,
    fault::{Fault, While},
};
use bildbro_flow::{
    checkpoint::{self, Pace, Signer},
    clock::Clock,
    notice::Pen,
    ports::{
        checkpoints::Checkpoints,
        hub::{Blobs, HubStore},
        portal::Portal,
    },
    room::Room,
    work::Wake,
};
use bildbro_http::{HubState, Listener, LoginMeans, Tls};
use bildbro_mail::Mailer;
use bildbro_syslog::Receiver;
use bildbro_telemetry::{LogFormat, Metrics};
use clap::Args;
use config::Config;
use futures::{StreamExt, stream::BoxStream};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
pub use storage::Storage;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often what has run out is removed.
const SWEEP: Duration = Duration::from_secs(300);

/// How often it is seen whether a checkpoint of the log is due.
const CHECKPOINT: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Arguments {
    /// The hub's configuration file
    #[arg(long)]
    config: Option<PathBuf>,
    /// The hub's data directory, instead of the configuration's
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Where gateways connect, instead of the configuration's
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Status page and metrics, instead of the configuration's
    #[arg(long)]
    operations_listen: Option<SocketAddr>,
}

pub async fn main(arguments: Arguments) -> Result<(), Fault> {
    let mut config: Config = load(arguments.config.as_deref())?;
    if let Some(data_dir) = arguments.data_dir {
        config.data_dir = data_dir;
    }
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if let Some(listen) = arguments.operations_listen {
        config.operations_listen = listen;
    }
    init_logs(&config.log)?;
    let hub = Hub::open(config).await?;
    println!("listening link {}", hub.link_url());
    println!("listening operations http://{}", hub.operations_address());
    hub.run(until_told_to_stop().doing("watching for signals")?)
        .await
}

/// A hub that has been put together and bound, not running yet.
pub struct Hub {
    store: Arc<dyn HubStore>,
    log: Log,
    /// What other hubs on the same database change.
    changes: Option<BoxStream<'static, ()>>,
    state: HubState,
    /// What brings letters, and what takes the log, if there is any.
    mailer: Option<Mailer>,
    receiver: Option<Receiver>,
    link: Listener,
    operations: Listener,
    url: String,
}

impl Hub {
    pub async fn open(config: Config) -> Result<Self, Fault> {
        config.validate()?;
        let Storage {
            db, blobs, vault, ..
        } = Storage::open(&config).await?;
        blobs.ready().await.doing("writing to the blob storage")?;
        let tls = config.tls.as_ref().map(|tls| Tls {
            certificate: tls.certificate.clone(),
            key: tls.key.clone(),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let link = Listener::bind(config.listen, tls)
            .await
            .doing(format!("listening on {}", config.listen))?;
        let operations = Listener::bind(config.operations_listen, None)
            .await
            .doing(format!("listening on {}", config.operations_listen))?;
        let url = config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("{scheme}://{}", link.address()));
        let url = url.trim_end_matches('/').to_owned();
        let mailer = config.mail.as_ref().map(|mail| mail.mailer()).transpose()?;
        let bankid = config.bankid.as_ref().map(|bankid| bankid.client());
        let bankid = bankid.transpose()?.map(Arc::new);
        let receiver = config.siem.as_ref().map(|siem| siem.receiver());
        let receiver = receiver.transpose()?;
        let changes = db.changes();
        let signer = Storage::signer(&db, &config).await?;
        let db = Arc::new(db);
        let log = Log {
            signer,
            store: Arc::clone(&db) as _,
            pace: config.audit.pace(),
            clock: Clock::system(),
        };
        let portal: Arc<dyn Portal> = Arc::clone(&db) as _;
        let checkpoints: Arc<dyn Checkpoints> = Arc::clone(&db) as _;
        let store: Arc<dyn HubStore> = db;
        let state = HubState {
            store: Arc::clone(&store),
            portal,
            checkpoints,
            vault,
            login: Arc::new(LoginMeans::new(&url)),
            bankid,
            blobs: Arc::new(blobs) as Arc<dyn Blobs>,
            clock: Clock::system(),
            wake: Wake::default(),
            metrics: Metrics::default(),
            public_url: url.clone(),
            behind_proxy: config.behind_proxy,
            post: mailer.is_some(),
            max_object: config.max_object_bytes,
            room: Room::new(config.intake_mebibytes),
        };
        Ok(Self {
            store,
            log,
            changes,
            state,
            mailer,
            receiver,
            link,
            operations,
            url,
        })
    }

    pub fn store(&self) -> Arc<dyn HubStore> {
        Arc::clone(&self.store)
    }

    /// The same database, for people.
    pub fn portal(&self) -> Arc<dyn Portal> {
        Arc::clone(&self.state.portal)
    }

    /// How gateways reach it.
    pub fn link_url(&self) -> &str {
        &self.url
    }

    pub fn operations_address(&self) -> SocketAddr {
        self.operations.address()
    }

    /// Serves until `stop`, then lets requests under way finish.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Fault> {
        let link = bildbro_http::public_router(self.state.clone());
        let operations = bildbro_http::operations_router(self.state.clone());
        tracing::info!(link = self.url, operations = %self.operations.address(), "hub.listening");
        if let Some(changes) = self.changes {
            tokio::spawn(pass_on(changes, self.state.wake.clone(), stop.clone()));
        }
        let state = self.state;
        let pen = Pen::new(Arc::clone(&state.vault), self.url.clone(), state.post);
        let (store, clock) = (Arc::clone(&state.portal), state.clock.clone());
        let telling = tokio::spawn(post::news(store, pen, clock, stop.clone()));
        let writing = self.mailer.map(|mailer| {
            let (store, vault) = (Arc::clone(&state.portal), Arc::clone(&state.vault));
            let letters = post::letters(store, vault, mailer, state.clock.clone(), stop.clone());
            tokio::spawn(letters)
        });
        let passing = match self.receiver {
            None => None,
            Some(receiver) => {
                let hub = state.checkpoints.hub_id(Uuid::new_v4()).await;
                let hub = hub.doing("reading the hub's id")?;
                let store = Arc::clone(&state.portal);
                let sender = post::siem(store, receiver, hub, state.clock.clone())?;
                let stop = stop.clone();
                Some(tokio::spawn(async move { sender.run(stop).await }))
            }
        };
        let sweeping = tokio::spawn(sweep(state, stop.clone()));
        let signing = tokio::spawn(sign(self.log, stop.clone()));
        let (link, operations) = tokio::join!(
            self.link.serve(link, stop.clone()),
            self.operations.serve(operations, stop),
        );
        let _ended = tokio::join!(sweeping, signing, telling);
        for task in [writing, passing].into_iter().flatten() {
            let _ended = task.await;
        }
        link.doing("serving gateways")?;
        operations.doing("serving the status page")?;
        tracing::info!("hub.stopped");
        Ok(())
    }
}

/// Wakes who waits in this process when another changes something.
async fn pass_on(mut changes: BoxStream<'static, ()>, wake: Wake, stop: CancellationToken) {
    let all = async {
        while changes.next().await.is_some() {
            wake.all();
        }
    };
    tokio::select! {
        () = all => {}
        () = stop.cancelled() => {}
    }
}

async fn sweep(state: HubState, stop: CancellationToken) {
    loop {
        if let Err(error) = state.store.sweep(state.clock.now()).await {
            tracing::error!(%error, "sweep.failed");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What checkpoints of the log are made with.
struct Log {
    store: Arc<dyn Checkpoints>,
    signer: Signer,
    pace: Pace,
    clock: Clock,
}

async fn sign(log: Log, stop: CancellationToken) {
    loop {
        let made =
            checkpoint::make_if_due(log.store.as_ref(), &log.signer, log.pace, log.clock.now());
        match made.await {
            Ok(Some(note)) => tracing::info!(size = note.unverified().size, "checkpoint.made"),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "checkpoint.failed"),
        }
        tokio::select! {
            () = tokio::time::sleep(CHECKPOINT) => {}
            () = stop.cancelled() => return,
        }
    }
}

pub fn init_logs(log: &config::LogConfig) -> Result<(), Fault> {
    let format = match log.format {
        config::LogFormat::Json => LogFormat::Json,
        config::LogFormat::Text => LogFormat::Text,
    };
    bildbro_telemetry::init_logs(format, &log.level).doing("starting the log")
}

/// Cancelled at SIGTERM or SIGINT.
pub fn until_told_to_stop() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}
