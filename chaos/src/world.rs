//! Hub, gateways, lines and archive: the world that faults are done to.

use crate::{
    backends::{Pair, Servers},
    disk::Disk,
};
use bildbro_testkit::{
    Gateway, GatewayOptions, Hub, HubOptions, Node, Peer, Shaper, dcmtk, dcmtk::Storescp,
    eventually,
};
use serde_json::Value;
use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Mutex;

/// Debian's libfaketime, if it is there.
const FAKETIME: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// Names of the places, and of what is done to them.
const HUBS: [[&str; 3]; 2] = [
    ["hub", "kill -9 of the hub", "full disk of the hub"],
    [
        "second hub",
        "kill -9 of the second hub",
        "full disk of the second hub",
    ],
];
const SENDER: [&str; 3] = [
    "sending gateway",
    "kill -9 of the sending gateway",
    "full disk of the sending gateway",
];
const RECEIVER: [&str; 3] = [
    "receiving gateway",
    "kill -9 of the receiving gateway",
    "full disk of the receiving gateway",
];

const RECIPIENT: &str = "BB_SKANE";

/// How long a program may take to start again once nothing is in its way.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A hub or a gateway.
#[derive(Debug)]
pub enum Program {
    Hub(Box<Hub>),
    Gateway(Box<Gateway>),
}

impl Program {
    pub fn kill(&mut self) {
        match self {
            Self::Hub(hub) => hub.kill(),
            Self::Gateway(gateway) => gateway.kill(),
        }
    }

    /// # Errors
    /// The end of its log, when it ended instead.
    pub async fn try_to_start(&mut self) -> Result<(), String> {
        match self {
            Self::Hub(hub) => hub.try_to_start().await,
            Self::Gateway(gateway) => gateway.try_to_start().await,
        }
    }

    pub fn signal(&self, name: &str) {
        let process = match self {
            Self::Hub(hub) => hub.process(),
            Self::Gateway(gateway) => gateway.process(),
        };
        if let Some(process) = process {
            process.signal(name);
        }
    }

    pub fn has_ended(&mut self) -> bool {
        match self {
            Self::Hub(hub) => hub.has_ended(),
            Self::Gateway(gateway) => gateway.has_ended(),
        }
    }

    fn set_environment(&mut self, environment: Vec<(OsString, OsString)>) {
        match self {
            Self::Hub(hub) => hub.options.environment = environment,
            Self::Gateway(gateway) => gateway.options.environment = environment,
        }
    }

    pub fn folder(&self) -> &Path {
        match self {
            Self::Hub(hub) => hub.folder(),
            Self::Gateway(gateway) => gateway.folder(),
        }
    }

    pub fn data_dir(&self) -> PathBuf {
        match self {
            Self::Hub(hub) => hub.data_dir(),
            Self::Gateway(gateway) => gateway.data_dir(),
        }
    }

    pub async fn verify_audit(&self) -> dcmtk::Outcome {
        const VERIFY: &[&str] = &["audit", "verify"];
        match self {
            Self::Hub(hub) => hub.admin(VERIFY).await,
            Self::Gateway(gateway) => gateway.run(VERIFY).await,
        }
    }

    /// A page of its audit log, as JSON lines.
    pub async fn audit(&self, after: usize, most: usize) -> dcmtk::Outcome {
        let (after, most) = (after.to_string(), most.to_string());
        let show = ["audit", "show", "--after", &after, "--most", &most];
        match self {
            Self::Hub(hub) => hub.admin(&show).await,
            Self::Gateway(gateway) => gateway.run(&show).await,
        }
    }
}

/// A program with its disk. Whoever does something to it holds the lock.
#[derive(Debug)]
pub struct Place {
    pub name: &'static str,
    /// What faults done to it are called.
    pub killed: &'static str,
    pub full: &'static str,
    pub disk: Option<Disk>,
    pub program: Arc<Mutex<Program>>,
}

impl Place {
    fn new([name, killed, full]: [&'static str; 3], program: Program) -> Self {
        Self {
            name,
            killed,
            full,
            disk: Disk::mount(&program.data_dir()),
            program: Arc::new(Mutex::new(program)),
        }
    }
}

/// Everything that runs.
#[derive(Debug)]
pub struct World {
    /// Several share their database and blobs.
    pub hubs: Vec<Place>,
    pub sender: Place,
    pub receiver: Place,
    /// Between the gateways and the hubs.
    pub link: Shaper,
    /// Between the receiving gateway and its PACS.
    pub node: Shaper,
    pub archive: Storescp,
    pub servers: Option<Servers>,
    /// Where to send for the receiving hospital.
    pub to: Peer,
    clock: Option<PathBuf>,
}

impl World {
    /// # Panics
    /// When a part does not start.
    pub async fn start(pair: Pair) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let link = Shaper::start(nowhere).await;
        let link_url = format!("http://{}", link.address());
        let (servers, settings) = Servers::start(pair).await;
        let options = HubOptions {
            // Logins name the address that gateways use.
            public_url: Some(link_url.clone()),
            settings,
            ..HubOptions::default()
        };
        let mut hubs = Vec::new();
        let mut targets = Vec::new();
        let mut codes = Vec::new();
        for names in HUBS.into_iter().take(pair.hubs()) {
            let place = Place::new(names, Program::Hub(Box::new(Hub::new(options.clone()))));
            if let Program::Hub(hub) = &mut *place.program.lock().await {
                hub.start_again().await;
                targets.push(hub.link_address());
                if codes.is_empty() {
                    codes = hospitals(hub).await;
                }
            }
            hubs.push(place);
        }
        link.set_targets(targets);

        let archive = Storescp::start("PACS_B", &["--fork", "+uf"]).await;
        let node = Shaper::start(archive.peer().address).await;
        let mut pacs = Node::new("pacs", Peer::new("PACS_B", node.address()));
        pacs.deliveries = true;
        pacs.settings = "find = false".to_owned();
        let sender = gateway(SENDER, vec![], &link_url, &codes[0]).await;
        let receiver = gateway(RECEIVER, vec![pacs], &link_url, &codes[1]).await;
        let to = match &*sender.program.lock().await {
            Program::Gateway(gateway) => gateway.peer_as(RECIPIENT),
            Program::Hub(_) => unreachable!("it was made a gateway"),
        };
        eventually("an answer for the receiving hospital", async || {
            let echo = dcmtk::echoscu("PACS_A", &to).await;
            echo.success.then_some(())
        })
        .await;
        let mut libraries = FAKETIME.iter().map(PathBuf::from);
        Self {
            hubs,
            sender,
            receiver,
            link,
            node,
            archive,
            servers,
            to,
            clock: libraries.find(|path| path.is_file()),
        }
    }

    pub fn places(&self) -> Vec<&Place> {
        self.hubs
            .iter()
            .chain([&self.sender, &self.receiver])
            .collect()
    }

    pub fn has_disks(&self) -> bool {
        self.places().iter().all(|place| place.disk.is_some())
    }

    pub fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// Sets a program's clock off, from its next start on.
    pub fn set_clock(&self, program: &mut Program, seconds: i32) {
        let environment = match &self.clock {
            Some(library) if seconds != 0 => vec![
                ("LD_PRELOAD".into(), library.into()),
                ("FAKETIME".into(), format!("{seconds:+}").into()),
                // A monotonic clock has no steps.
                ("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into()),
            ],
            _ => Vec::new(),
        };
        program.set_environment(environment);
    }

    /// All faults end: lines, disks, clocks and programs are whole.
    ///
    /// # Errors
    /// Names a program that does not start.
    pub async fn mend(&self) -> Result<(), String> {
        for line in [&self.link, &self.node] {
            line.refuse(false);
            line.stall(false);
            line.limit(None);
            line.delay(Duration::ZERO);
        }
        if let Some(servers) = &self.servers {
            servers.mend().await;
        }
        for place in self.places() {
            if let Some(disk) = &place.disk {
                disk.free();
            }
            let mut program = place.program.lock().await;
            program.signal("CONT");
            self.set_clock(&mut program, 0);
            if program.has_ended() || self.has_clock() {
                start(place.name, &mut program, START_LIMIT).await?;
            }
        }
        Ok(())
    }

    /// `/overview.json`; `None` when the hub does not answer.
    pub async fn overview(&self) -> Option<Value> {
        match &*self.hubs[0].program.lock().await {
            Program::Hub(hub) => hub.overview().await,
            Program::Gateway(_) => None,
        }
    }
}

/// Starts a program as a service manager does: again until it stays up.
///
/// # Errors
/// When it does not come up in time; with the end of its log.
pub async fn start(name: &str, program: &mut Program, limit: Duration) -> Result<u32, String> {
    let end = tokio::time::Instant::now() + limit;
    let mut failures = 0;
    loop {
        match program.try_to_start().await {
            Ok(()) => return Ok(failures),
            Err(log) if tokio::time::Instant::now() > end => {
                return Err(format!(
                    "{name} has not started for {limit:?}; the end of its log:\n{log}"
                ));
            }
            Err(_) => {
                failures += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Puts both hospitals on the hub; a code for the gateway of each.
async fn hospitals(hub: &Hub) -> Vec<String> {
    hub.add_organisation("Halland", "BB_HALLAND").await;
    hub.add_organisation("Skane", RECIPIENT).await;
    vec![
        hub.enrol_code("Halland").await,
        hub.enrol_code("Skane").await,
    ]
}

async fn gateway(names: [&'static str; 3], nodes: Vec<Node>, hub_url: &str, code: &str) -> Place {
    let gateway = Gateway::new(GatewayOptions {
        nodes,
        hub_url: Some(hub_url.to_owned()),
        ..GatewayOptions::default()
    });
    let place = Place::new(names, Program::Gateway(Box::new(gateway)));
    if let Program::Gateway(gateway) = &mut *place.program.lock().await {
        gateway.enrol(code).await.expect_success();
        gateway.start_again().await;
    }
    place
}
