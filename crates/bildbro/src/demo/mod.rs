//! `bildbro demo`: two hospitals and a hub on this machine, nothing else
//! installed.
//!
//! The programs are the real ones, put together in one process: a hub, a
//! gateway and a small PACS for each of two regions. It sends one study across
//! by itself, and goes on until it is told to stop.

mod archive;
mod hospital;
mod people;
mod progress;

use crate::{
    admin,
    fault::{Fault, While},
    hub::{
        self, Hub,
        config::{AuditConfig, Config as HubConfig, LogConfig, LogFormat},
    },
};
use bildbro_domain::{
    AeTitle,
    audit::Actor,
    organisation::{Kind, Organisation},
};
use bildbro_flow::ports::hub::{HubStore, NewOrganisation};
use clap::Args;
use hospital::{Hospital, Plan};
use jiff::Timestamp;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[derive(Args)]
pub struct Arguments {
    /// Keep everything here; a second start goes on where the first one was
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Put a real PACS in a demo node's place: halland=AET@HOST:PORT or skane=…
    #[arg(long, value_name = "NAME=AET@HOST:PORT")]
    pacs: Vec<String>,
    /// Number of slices of the CT study that is sent
    #[arg(long, default_value_t = 120)]
    slices: u16,
    /// Stop once the first study has been delivered
    #[arg(long)]
    once: bool,
    /// Use any free ports, not the usual ones
    #[arg(long)]
    any_port: bool,
}

/// What differs between the two.
const HALLAND: Plan = Plan {
    key: "halland",
    name: "Region Halland",
    ae_title: "BB_HALLAND",
    pacs_title: "PACS_HALLAND",
    gateway_port: 11112,
    pacs_port: 11114,
};
const SKANE: Plan = Plan {
    key: "skane",
    name: "Region Skåne",
    ae_title: "BB_SKANE",
    pacs_title: "PACS_SKANE",
    gateway_port: 11113,
    pacs_port: 11115,
};

pub async fn main(arguments: Arguments) -> Result<(), Fault> {
    let log = LogConfig {
        format: LogFormat::Text,
        level: "error,bildbro=warn".to_owned(),
    };
    hub::init_logs(&log)?;
    let (kept, dir) = match &arguments.dir {
        Some(dir) => (true, dir.clone()),
        None => (
            false,
            std::env::temp_dir().join(format!("bildbro-demo-{}", std::process::id())),
        ),
    };
    let outcome = run(&arguments, &dir).await;
    if !kept {
        // What a demo leaves behind would otherwise stay until the next boot.
        let _best_effort = fs::remove_dir_all(&dir);
    }
    outcome
}

async fn run(arguments: &Arguments, dir: &Path) -> Result<(), Fault> {
    for text in &arguments.pacs {
        if ![HALLAND, SKANE]
            .iter()
            .any(|plan| text.starts_with(&format!("{}=", plan.key)))
        {
            return Err(Fault::new(format!(
                "--pacs {text}: the demo's hospitals are `halland` and `skane`"
            )));
        }
    }
    fs::create_dir_all(dir).doing(format!("making {}", dir.display()))?;
    let stop = hub::until_told_to_stop().doing("watching for signals")?;
    let tasks = TaskTracker::new();
    println!("Bildbro demo in {}", dir.display());

    let hub = Hub::open(hub_config(dir, arguments.any_port)?).await?;
    let (store, portal, url) = (hub.store(), hub.portal(), hub.link_url().to_owned());
    let status_page = format!("http://{}", hub.operations_address());
    spawn_hub(&tasks, hub, &stop);
    println!("  hub              {url}");

    let mut hospitals = Vec::new();
    for plan in [HALLAND, SKANE] {
        let organisation = organisation(store.as_ref(), &plan).await?;
        let hospital = Hospital::open(&plan, dir, &arguments.pacs, arguments.any_port).await?;
        if !hospital.has_enrolled() {
            let by = Actor::Operator {
                login: "demo".to_owned(),
            };
            let new = admin::issue_code(store.as_ref(), &organisation, 1, by).await?;
            hospital.enrol(&url, &new.code).await?;
        }
        let hospital = hospital.start(&url, &tasks, &stop).await?;
        println!("  {:<16} {}", plan.name, hospital.describe());
        hospitals.push(hospital);
    }
    let [halland, skane] = hospitals.as_slice() else {
        return Err(Fault::new("the demo has two hospitals"));
    };
    println!("  status page      {status_page}");
    people::invite(store.as_ref(), portal.as_ref(), &url).await?;

    let sent_before = has_deliveries(store.as_ref()).await?;
    if sent_before {
        println!("Going on where the last start was: see the status page.");
    } else {
        halland.wait_for(&skane.title()).await?;
        let to = skane.title();
        let sending = halland.send_sample("ct-thorax", arguments.slices, &to);
        let showing = progress::show(store.as_ref(), usize::from(arguments.slices), &stop);
        let (sent, shown) = tokio::join!(sending, showing);
        sent?;
        shown?;
    }
    if !sent_before && !arguments.once {
        println!("Drawing more sample studies into Region Halland's PACS.");
        halland.fill("ct-thorax").await?;
    }
    if !arguments.once && !stop.is_cancelled() {
        let files = halland.write_sample("mr-hjarna", &dir.join("samples"))?;
        println!(
            "\nSend another study from Region Halland to Region Skåne (DCMTK):\n\n  {}\n\nSending to {} instead puts it in the list \"to share\". Stop with Ctrl-C.",
            halland.storescu_line(&skane.title(), &files),
            halland.gateway_title(),
        );
        stop.cancelled().await;
        println!("\nStopping.");
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

fn hub_config(dir: &Path, any_port: bool) -> Result<HubConfig, Fault> {
    let listen = port(8070, any_port)?;
    Ok(HubConfig {
        data_dir: dir.join("hub"),
        listen,
        operations_listen: port(8071, any_port)?,
        // By a name: passkeys are for names.
        public_url: Some(format!("http://localhost:{}", listen.port())),
        behind_proxy: false,
        tls: None,
        max_object_bytes: 8 << 30,
        intake_mebibytes: 512,
        database: None,
        blobs: None,
        keys: None,
        mail: None,
        bankid: None,
        siem: None,
        audit: AuditConfig::default(),
        log: LogConfig::default(),
    })
}

/// The usual port, or a free one when it is taken.
fn port(usual: u16, any: bool) -> Result<SocketAddr, Fault> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if !any && TcpListener::bind(at(usual)).is_ok() {
        return Ok(at(usual));
    }
    let free = TcpListener::bind(at(0)).doing("looking for a free port")?;
    free.local_addr().doing("looking for a free port")
}

fn spawn_hub(tasks: &TaskTracker, hub: Hub, stop: &CancellationToken) {
    let stop = stop.clone();
    tasks.spawn(async move {
        if let Err(fault) = hub.run(stop.clone()).await {
            eprintln!("bildbro: {fault}");
            stop.cancel();
        }
    });
}

async fn organisation(store: &dyn HubStore, plan: &Plan) -> Result<Organisation, Fault> {
    let all = store
        .organisations()
        .await
        .doing("reading the organisations")?;
    if let Some(found) = all
        .into_iter()
        .find(|o| o.ae_title.as_str() == plan.ae_title)
    {
        return Ok(found);
    }
    let new = NewOrganisation {
        name: plan.name.to_owned(),
        kind: Kind::Region,
        ae_title: AeTitle::new(plan.ae_title).doing("the AE title")?,
    };
    let by = Actor::Operator {
        login: "demo".to_owned(),
    };
    store
        .add_organisation(new, by, Timestamp::now())
        .await
        .doing("adding the organisation")
}

async fn has_deliveries(store: &dyn HubStore) -> Result<bool, Fault> {
    let overview = store
        .overview(Timestamp::now(), 1)
        .await
        .doing("looking at the hub")?;
    Ok(!overview.deliveries.is_empty())
}
