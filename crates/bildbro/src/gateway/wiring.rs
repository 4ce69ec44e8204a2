//! Puts a gateway together: adapters into use-cases, use-cases into tasks.

mod greeting;

use super::{
    bandwidth,
    config::{Config, HubConfig},
    enrol::{self, Enrolment},
    nodes::ConfiguredNodes,
    routes::Routes,
    services::GatewayServices,
    spool::{SpoolPort, found},
    spool_key,
};
use crate::fault::{Fault, While};
use bildbro_dicom::part10;
use bildbro_dimse::server::{Server, ServerConfig};
use bildbro_flow::{
    clock::Clock,
    complete::Completion,
    deliver::{Direct, FromHub},
    errand::Errands,
    forward::{Forward, Pace, Troubles},
    ports::gateway::{GatewayStore, Hub, Nodes, Spool},
    receive::{self, Bell, Receiver},
};
use bildbro_identity::machine::{self, KeyPair};
use bildbro_link::{HubLink, LinkConfig};
use bildbro_store::GatewayDb;
use bildbro_wire::link::Encoding;
use futures::future::join_all;
use greeting::Answers;
use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// The index, in the data directory.
pub const DATABASE: &str = "gateway.sqlite";

/// What the plain port is called among the ports.
const PLAIN: &str = "dicom";

/// A gateway that has been put together and bound, not running yet.
pub struct Gateway {
    config: Config,
    server: Server,
    ports: Vec<(&'static str, SocketAddr)>,
    parts: Parts,
    queue: tokio::sync::mpsc::Receiver<bildbro_flow::ports::gateway::Spooled>,
    hub: Option<(Arc<dyn Hub>, Enrolment)>,
    routes: Routes,
}

/// What the stages share.
#[derive(Clone)]
struct Parts {
    store: Arc<dyn GatewayStore>,
    spool: Arc<dyn Spool>,
    nodes: Arc<ConfiguredNodes>,
    clock: Clock,
    bell: Bell,
    settled: Bell,
    /// This run of the program.
    run: Uuid,
}

pub fn read_ca(hub: &HubConfig) -> Result<Option<Vec<u8>>, Fault> {
    let read =
        |file: &std::path::PathBuf| fs::read(file).doing(format!("reading {}", file.display()));
    hub.ca_file.as_ref().map(read).transpose()
}

pub async fn open_index(data_dir: &Path) -> Result<GatewayDb, Fault> {
    GatewayDb::open(&data_dir.join(DATABASE))
        .await
        .doing("opening the gateway's index")
}

pub fn link(hub: &HubConfig, enrolment: &Enrolment, key: KeyPair) -> Result<HubLink, Fault> {
    let gateway = enrolment.gateway;
    let (up, down) = bandwidth::pacers(&hub.bandwidth);
    let config = LinkConfig {
        hub_url: hub.url.clone(),
        ca_pem: read_ca(hub)?,
        encoding: if hub.pack {
            Encoding::Packed
        } else {
            Encoding::Identity
        },
        up,
        down,
    };
    let sign = move |audience: &str, now| machine::assertion(&key, gateway, audience, now);
    HubLink::new(config, Arc::new(sign)).doing("setting up the link to the hub")
}

impl Gateway {
    /// Opens spool and index, brings them together, and binds the ports.
    pub async fn open(config: Config) -> Result<Self, Fault> {
        config.validate()?;
        let data_dir = &config.data_dir;
        fs::create_dir_all(data_dir).doing(format!("making {}", data_dir.display()))?;
        let limits = &config.limits;
        let key = spool_key::open(&config).await?;
        let options = bildbro_spool::Options {
            max_bytes: limits.max_spool_bytes,
            memory_bytes: limits.max_memory_bytes,
            ..bildbro_spool::Options::new(data_dir.join("spool"), key)
        };
        let (spool, recovery) = bildbro_spool::Spool::open(options).doing("opening the spool")?;
        if !recovery.objects.is_empty() || recovery.torn_bytes > 0 {
            tracing::info!(
                images = recovery.objects.len(),
                torn_bytes = recovery.torn_bytes,
                "spool.recovered"
            );
        }
        let store: Arc<dyn GatewayStore> = Arc::new(open_index(data_dir).await?);
        let spool: Arc<dyn Spool> = Arc::new(SpoolPort(spool));
        let clock = Clock::system();
        receive::reconcile(
            store.as_ref(),
            spool.as_ref(),
            &found(&recovery.objects),
            clock.now(),
        )
        .await
        .doing("bringing spool and index together")?;
        let routes = Routes::new(&config);
        routes.set_directory(&store.directory().await.doing("reading the directory")?);
        let hub = connect(&config)?;
        let (receiver, queue) =
            Receiver::new(Arc::clone(&spool), clock.clone(), limits.max_object_bytes);
        let services = GatewayServices {
            routes: routes.clone(),
            receiver,
        };
        let mut server = Server::new(server_config(&config), Arc::new(services));
        let ports = listen(&mut server, &config).await?;
        let plain = ports.iter().find(|(port, _)| *port == PLAIN);
        let nodes = ConfiguredNodes::new(&config)?.listening_at(plain.map(|(_, at)| *at));
        let parts = Parts {
            store,
            spool,
            nodes: Arc::new(nodes),
            clock,
            bell: Bell::default(),
            settled: Bell::default(),
            run: Uuid::new_v4(),
        };
        Ok(Self {
            config,
            server,
            ports,
            parts,
            queue,
            hub,
            routes,
        })
    }

    /// What is listened for, and where.
    pub fn ports(&self) -> &[(&'static str, SocketAddr)] {
        &self.ports
    }

    pub fn address(&self) -> Result<SocketAddr, Fault> {
        self.server.local_addr().doing("reading the port")
    }

    /// Runs every stage until `stop`; ends when what runs has ended.
    pub async fn run(self, stop: CancellationToken) {
        let Self {
            config,
            server,
            ports: _,
            parts,
            queue,
            hub,
            routes,
        } = self;
        let tasks = TaskTracker::new();
        tasks.spawn(receive::index(
            Arc::clone(&parts.store),
            queue,
            parts.clock.clone(),
            parts.bell.clone(),
        ));
        for (node, _) in parts.nodes.names() {
            let direct = parts.direct(node);
            let stop = stop.clone();
            tasks.spawn(async move { direct.run(stop.cancelled_owned()).await });
        }
        if let Some((hub, enrolment)) = hub {
            tracing::info!(gateway = %enrolment.gateway, organisation = enrolment.organisation_name, "gateway.enrolled");
            parts.spawn_link(&tasks, &config, &hub, &routes, &stop);
        } else {
            tracing::warn!("gateway.not_enrolled");
        }
        server.serve(stop).await;
        tasks.close();
        tasks.wait().await;
    }
}

impl Parts {
    fn direct(&self, node: String) -> Direct {
        Direct {
            store: Arc::clone(&self.store),
            spool: Arc::clone(&self.spool),
            nodes: self.nodes_port(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            settled: self.settled.clone(),
            node,
        }
    }

    fn nodes_port(&self) -> Arc<dyn Nodes> {
        Arc::clone(&self.nodes) as Arc<dyn Nodes>
    }

    fn spawn_link(
        &self,
        tasks: &TaskTracker,
        config: &Config,
        hub: &Arc<dyn Hub>,
        routes: &Routes,
        stop: &CancellationToken,
    ) {
        let forward = Forward {
            store: Arc::clone(&self.store),
            spool: Arc::clone(&self.spool),
            hub: Arc::clone(hub),
            clock: self.clock.clone(),
            pace: Pace::default(),
            bell: self.bell.clone(),
            settled: self.settled.clone(),
            troubles: Troubles::default(),
        };
        let ending = stop.clone();
        tasks.spawn(async move { forward.run(ending.cancelled_owned()).await });
        let completion = Completion {
            store: Arc::clone(&self.store),
            hub: Arc::clone(hub),
            nodes: self.nodes_port(),
            clock: self.clock.clone(),
            patience: config.study.patience(),
            bell: self.settled.clone(),
        };
        let ending = stop.clone();
        tasks.spawn(async move { completion.run(ending.cancelled_owned()).await });
        let deliver = FromHub {
            store: Arc::clone(&self.store),
            hub: Arc::clone(hub),
            nodes: self.nodes_port(),
            clock: self.clock.clone(),
            lanes: config.limits.lanes,
        };
        let errands = Arc::new(Errands::new(
            Arc::clone(&self.store),
            Arc::clone(hub),
            self.nodes_port(),
            self.clock.clone(),
        ));
        let side_by_side = config.limits.deliveries.max(1);
        let (parts, first, ending) = (self.clone(), Arc::clone(hub), stop.clone());
        tasks.spawn(async move {
            // First of all, so that what an earlier run had claimed is free.
            let hello = parts.hello(&Answers::default()).await;
            let _said_again_soon = first.hello(&hello).await;
            let runs = (0..side_by_side).map(|_| deliver.run(ending.clone().cancelled_owned()));
            let errands = errands.run(ending.clone().cancelled_owned());
            tokio::join!(join_all(runs), errands)
        });
        let (parts, hub) = (self.clone(), Arc::clone(hub));
        let (routes, ending) = (routes.clone(), stop.clone());
        tasks.spawn(async move { parts.greet(hub, routes, ending).await });
    }
}

type Connected = Option<(Arc<dyn Hub>, Enrolment)>;

fn connect(config: &Config) -> Result<Connected, Fault> {
    let Some(hub) = &config.hub else {
        return Ok(None);
    };
    let Some((enrolment, key)) = enrol::read(&config.data_dir)? else {
        return Ok(None);
    };
    let link = link(hub, &enrolment, key)?;
    Ok(Some((Arc::new(link), enrolment)))
}

/// Binds the port for TLS and the plain one, in this order: who waits for the
/// plain port's line has seen the other.
async fn listen(
    server: &mut Server,
    config: &Config,
) -> Result<Vec<(&'static str, SocketAddr)>, Fault> {
    let tls = match &config.tls {
        Some(tls) => Some((tls.listen, tls.server()?)),
        None => None,
    };
    let tls = tls.map(|(address, tls)| ("dicom-tls", address, Some(tls)));
    let plain = config.plain_listen().map(|a| (PLAIN, a, None));
    let mut ports = Vec::new();
    for (port, address, tls) in tls.into_iter().chain(plain) {
        let bound = server.listen(address, tls).await;
        ports.push((port, bound.doing(format!("listening on {address}"))?));
    }
    Ok(ports)
}

fn server_config(config: &Config) -> ServerConfig {
    let limits = &config.limits;
    ServerConfig {
        max_associations: limits.max_associations,
        max_pdu: limits.max_pdu,
        idle: Duration::from_secs(limits.idle_seconds),
        artim: Duration::from_secs(30),
        grace: Duration::from_secs(10),
        implementation_class: part10::IMPLEMENTATION_CLASS,
        implementation_version: part10::IMPLEMENTATION_VERSION,
    }
}

#[cfg(test)]
mod tests;
