//! `bildbro gateway echo | find | fetch`: asks a node from the command line, in
//! the same ways as for someone at the hub. Searches and fetches are on record
//! in the gateway's audit log.

use super::{
    config::{Config, FetchBy},
    nodes::{ConfiguredNodes, KnownNode, fetch::Fetching},
    wiring,
};
use crate::fault::{Fault, While};
use bildbro_dimse::client::ClientConfig;
use bildbro_domain::{
    AeTitle, Personal, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
};
use bildbro_flow::ports::gateway::GatewayStore;
use bildbro_wire::errand::{Find, FoundStudy, Moved};
use clap::Args;
use jiff::Timestamp;
use std::{collections::HashSet, sync::Arc, time::Duration};
use uuid::Uuid;

#[derive(Args)]
pub struct FindArguments {
    /// Name of the node in the configuration
    #[arg(long)]
    node: String,
    /// A personnummer in any form, or a local number
    #[arg(long, default_value = "")]
    patient_id: String,
    /// Family name, given names or both; `*` and `?` are wildcards
    #[arg(long, default_value = "")]
    patient_name: String,
    #[arg(long, default_value = "")]
    accession: String,
    /// `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`
    #[arg(long, default_value = "")]
    date: String,
    #[arg(long, default_value = "")]
    modality: String,
    /// Stop after this many
    #[arg(long, default_value_t = 200)]
    most: u32,
}

impl FindArguments {
    fn find(self) -> Find {
        let (from, until) = match self.date.split_once('-') {
            Some((from, until)) => (from.to_owned(), until.to_owned()),
            None => (self.date.clone(), self.date),
        };
        Find {
            patient_id: Personal::new(self.patient_id),
            name: Personal::new(self.patient_name),
            accession: Personal::new(self.accession),
            from,
            until,
            modality: self.modality,
            most: self.most,
        }
    }
}

#[derive(Args)]
pub struct FetchArguments {
    /// Name of the node in the configuration
    #[arg(long)]
    node: String,
    /// Study Instance UID
    #[arg(long)]
    study: String,
    /// Share it with the organisation of this AE title; else it waits in "to share"
    #[arg(long)]
    share_as: Option<AeTitle>,
    /// By C-GET on one association, for nodes that know no C-MOVE destination
    #[arg(long)]
    get: bool,
    /// Give up when nothing moves for this many seconds
    #[arg(long, default_value_t = 60)]
    patience: u64,
}

pub async fn echo(config: &Config) -> Result<(), Fault> {
    config.validate()?;
    let nodes = ConfiguredNodes::new(config)?;
    let mut silent = 0;
    for (name, title) in nodes.names() {
        match nodes.echo(&name).await {
            Ok(()) => println!("{name} ({title}) answers"),
            Err(error) => {
                silent += 1;
                let cause = error.source.as_ref().map(ToString::to_string);
                println!(
                    "{name} ({title}) does not answer: {}",
                    cause.unwrap_or_default()
                );
            }
        }
    }
    if silent > 0 {
        return Err(Fault::new(format!("{silent} of the nodes did not answer")));
    }
    Ok(())
}

struct Asking {
    known: Arc<KnownNode>,
    client: ClientConfig,
    store: bildbro_store::GatewayDb,
}

async fn asking(config: &Config, name: &str) -> Result<Asking, Fault> {
    config.validate()?;
    let nodes = ConfiguredNodes::new(config)?;
    let known = nodes
        .find(name)
        .map_err(|_| Fault::new(format!("the configuration has no node `{name}`")))?;
    Ok(Asking {
        known: Arc::clone(known),
        client: nodes.client().clone(),
        store: wiring::open_index(&config.data_dir).await?,
    })
}

impl Asking {
    async fn record(
        &self,
        action: Action,
        studies: Vec<StudyUid>,
        well: bool,
    ) -> Result<(), Fault> {
        let login = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
        let outcome = if well {
            Outcome::Success
        } else {
            Outcome::Failure
        };
        let actor = Actor::Operator { login };
        let mut entry = Entry::new(Uuid::now_v7(), Timestamp::now(), action, outcome, actor);
        entry.studies = studies;
        entry.detail = Some(format!("node {}", self.known.node.ae_title));
        self.store
            .record(&[entry])
            .await
            .doing("writing the audit log")
    }
}

pub async fn find(config: &Config, arguments: FindArguments) -> Result<(), Fault> {
    let asking = asking(config, &arguments.node).await?;
    let name = arguments.node.clone();
    let find = arguments.find();
    let mut studies = HashSet::new();
    let mut each = |study: FoundStudy| {
        // Several queries may answer with the same one.
        if studies.insert(study.study_uid.clone()) {
            print_study(&study);
        }
        studies.len() < find.most as usize
    };
    let searched = asking.known.search(&asking.client, &find, &mut each).await;
    let studies = studies.into_iter().collect();
    asking
        .record(Action::Search, studies, searched.is_ok())
        .await?;
    searched.doing(format!("searching {name}"))
}

fn print_study(study: &FoundStudy) {
    println!(
        "{:<13} {:<28} {:<8} {:<6} {:>5}  {}  {}",
        study.patient_id.reveal(),
        study.patient_name.reveal(),
        study.study_date,
        study.modalities.join("\\"),
        study.images.map(|n| n.to_string()).unwrap_or_default(),
        study.study_uid,
        study.description,
    );
}

pub async fn fetch(config: &Config, arguments: FetchArguments) -> Result<(), Fault> {
    let study = StudyUid::new(&arguments.study).doing("the study")?;
    let asking = asking(config, &arguments.node).await?;
    let destination = arguments.share_as.clone();
    let fetching = Fetching {
        study: &study,
        destination: destination.unwrap_or_else(|| config.ae_title.clone()),
        patience: Duration::from_secs(arguments.patience),
        each: &print_progress,
    };
    let (known, client) = (&asking.known, &asking.client);
    let outcome = if arguments.get || known.config.fetch == FetchBy::Get {
        let own = config.plain_listen().ok_or_else(|| {
            Fault::new("fetch --get hands images to the gateway's plain port, and tls.only = true closes it: leave --get out, or listen on loopback instead (listen = \"127.0.0.1:11112\", tls.only = false)")
        })?;
        known.get(client, own, &fetching).await
    } else {
        known.move_here(client, &fetching).await
    };
    asking
        .record(Action::Fetch, vec![study.clone()], outcome.is_ok())
        .await?;
    let moved = outcome.doing(format!("fetching from {}", arguments.node))?;
    println!("{} images came, {} failed", moved.completed, moved.failed);
    if moved.failed > 0 {
        return Err(Fault::new(
            "not every image came; the node's own log says why",
        ));
    }
    Ok(())
}

fn print_progress(moved: Moved) {
    let to_come = moved.remaining.map(|n| format!("{n} to come, "));
    eprintln!(
        "{} sent, {}{} failed",
        moved.completed,
        to_come.unwrap_or_default(),
        moved.failed
    );
}
