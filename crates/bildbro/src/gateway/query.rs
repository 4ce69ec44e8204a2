//! `bildbro gateway echo | find | fetch`: asks a node from the command line.
//! Searches and fetches are on record in the gateway's audit log.

use super::{
    config::Config,
    nodes::{ConfiguredNodes, KnownNode},
    wiring,
};
use crate::fault::{Fault, While};
use async_trait::async_trait;
use bildbro_dicom::{identifier::Identifier, tag};
use bildbro_dimse::{
    client::{Association, ClientConfig, Node, Offer, StoreHeader},
    server::{StoreRequest, StoreSink},
    sop, status,
};
use bildbro_domain::{
    AeTitle, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
};
use bildbro_flow::ports::gateway::GatewayStore;
use bytes::Bytes;
use clap::Args;
use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
    stream,
};
use jiff::Timestamp;
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use uuid::Uuid;

#[derive(Args)]
pub struct FindArguments {
    /// Name of the node in the configuration
    #[arg(long)]
    node: String,
    #[arg(long, default_value = "")]
    patient_id: String,
    /// With `*` and `?`
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
    most: usize,
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
    async fn associate(&self, offers: &[Offer]) -> Result<Association, Fault> {
        let node = &self.known.node.ae_title;
        let opened = self.known.associate(&self.client, offers).await;
        opened.doing(format!("asking {node}"))
    }

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
    let offers = [Offer::user(
        sop::STUDY_ROOT_FIND,
        &[sop::EXPLICIT_LE, sop::IMPLICIT_LE],
    )];
    let mut association = asking.associate(&offers).await?;
    let query = |syntax: &str| {
        let mut query = Identifier::at_level("STUDY");
        query.set(tag::PATIENT_ID, &arguments.patient_id);
        query.set(tag::PATIENT_NAME, &arguments.patient_name);
        query.set(tag::ACCESSION_NUMBER, &arguments.accession);
        query.set(tag::STUDY_DATE, &arguments.date);
        query.set(tag::MODALITIES_IN_STUDY, &arguments.modality);
        query.set(tag::STUDY_DESCRIPTION, "");
        query.set(tag::STUDY_INSTANCE_UID, "");
        query.set(tag::NUMBER_OF_STUDY_RELATED_INSTANCES, "");
        Bytes::from(query.encode(syntax))
    };
    let mut studies = Vec::new();
    let found = association
        .find(sop::STUDY_ROOT_FIND, query, |syntax, found| {
            if let Ok(found) = Identifier::decode(&found, syntax) {
                print_study(&found);
                let uid = found.get(tag::STUDY_INSTANCE_UID).unwrap_or("");
                studies.extend(StudyUid::new(uid));
            }
            studies.len() < arguments.most
        })
        .await;
    asking
        .record(Action::Search, studies, found.is_ok())
        .await?;
    found.doing(format!("searching {}", arguments.node))?;
    association.release().await;
    Ok(())
}

fn print_study(found: &Identifier) {
    let get = |tag| found.get(tag).unwrap_or("");
    println!(
        "{:<13} {:<28} {:<8} {:<6} {:>5}  {}  {}",
        get(tag::PATIENT_ID),
        get(tag::PATIENT_NAME),
        get(tag::STUDY_DATE),
        get(tag::MODALITIES_IN_STUDY),
        get(tag::NUMBER_OF_STUDY_RELATED_INSTANCES),
        get(tag::STUDY_INSTANCE_UID),
        get(tag::STUDY_DESCRIPTION),
    );
}

pub async fn fetch(config: &Config, arguments: FetchArguments) -> Result<(), Fault> {
    let study = StudyUid::new(&arguments.study).doing("the study")?;
    let asking = asking(config, &arguments.node).await?;
    let destination = arguments
        .share_as
        .clone()
        .unwrap_or_else(|| config.ae_title.clone());
    let query = |syntax: &str| {
        let mut query = Identifier::at_level("STUDY");
        query.set(tag::STUDY_INSTANCE_UID, study.as_str());
        Bytes::from(query.encode(syntax))
    };
    let patience = Duration::from_secs(arguments.patience);
    let outcome = if arguments.get {
        let gateway = own_port(config, destination)?;
        let mut association = asking.associate(&get_offers()).await?;
        // To the gateway this is the node, sending.
        let relay = ClientConfig {
            calling: asking.known.node.ae_title.clone(),
            ..asking.client.clone()
        };
        let open = |request| Ok(Relay::open(request, gateway.clone(), relay.clone()));
        association.get(sop::STUDY_ROOT_GET, query, open).await
    } else {
        let offers = [Offer::user(
            sop::STUDY_ROOT_MOVE,
            &[sop::EXPLICIT_LE, sop::IMPLICIT_LE],
        )];
        let mut association = asking.associate(&offers).await?;
        let each = |p: bildbro_dimse::client::Progress| {
            eprintln!(
                "{} sent, {} to come, {} failed",
                p.completed + p.warning,
                p.remaining,
                p.failed
            );
        };
        association
            .move_to(sop::STUDY_ROOT_MOVE, &destination, query, patience, each)
            .await
    };
    asking
        .record(Action::Fetch, vec![study], outcome.is_ok())
        .await?;
    let progress = outcome.doing(format!("fetching from {}", arguments.node))?;
    println!(
        "{} images came, {} failed",
        progress.completed + progress.warning,
        progress.failed
    );
    if progress.failed > 0 {
        return Err(Fault::new(
            "not every image came; the node's own log says why",
        ));
    }
    Ok(())
}

/// The running gateway's plain port, from this machine.
fn own_port(config: &Config, ae_title: AeTitle) -> Result<Node, Fault> {
    let listen = config.plain_listen().ok_or_else(|| {
        Fault::new("fetch --get hands images to the gateway's plain port, and tls.only = true closes it: leave --get out, or listen on loopback instead (listen = \"127.0.0.1:11112\", tls.only = false)")
    })?;
    let ip = if listen.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        listen.ip()
    };
    Ok(Node {
        ae_title,
        host: ip.to_string(),
        port: listen.port(),
    })
}

/// What C-GET offers to take: the storage classes in daily use, each in the
/// syntaxes in daily use; an association has room for 128 contexts.
fn get_offers() -> Vec<Offer> {
    const SYNTAXES: [&str; 9] = [
        sop::EXPLICIT_LE,
        sop::IMPLICIT_LE,
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.5",
    ];
    // CR, DX, MG, IO; CT; US; MR; NM and PET; XA, RF; SC; segmentation; visible
    // light and OCT; RT images and doses.
    const IMAGES: [&str; 34] = [
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "2", "2.1", "2.2", "3.1", "4", "4.1", "4.3",
        "6.1", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "12.1", "12.2", "13.1.3", "20", "66.4",
        "77.1.1", "77.1.4", "77.1.5.1", "77.1.5.4", "128", "128.1", "130", "481.1", "481.2",
    ];
    // ECG, GSPS, raw data, registration, SR, key objects, dose reports, documents,
    // RT structures, plans and records: no pixels to compress.
    const OTHERS: [&str; 24] = [
        "9.1.1", "11.1", "66", "66.1", "66.3", "67", "88.11", "88.22", "88.33", "88.34", "88.40",
        "88.50", "88.59", "88.65", "88.67", "88.68", "88.76", "104.1", "481.3", "481.4", "481.5",
        "481.7", "481.8", "481.9",
    ];
    let class = |last| format!("1.2.840.10008.5.1.4.1.1.{last}");
    let take = |last, syntaxes| Offer {
        as_provider: true,
        ..Offer::user(&class(last), syntaxes)
    };
    let (native, compressed) = SYNTAXES.split_at(2);
    let mut offers = vec![Offer::user(sop::STUDY_ROOT_GET, native)];
    for last in IMAGES {
        // A context settles on one syntax; two, so that what is stored
        // compressed need not be unpacked.
        offers.push(take(last, native));
        offers.push(take(last, compressed));
    }
    offers.extend(OTHERS.map(|last| take(last, native)));
    offers
}

/// Hands an object from a C-GET on to the running gateway, while it comes.
struct Relay {
    chunks: mpsc::Sender<std::io::Result<Bytes>>,
    /// Told at commit. When it is dropped instead, the object broke off, and
    /// must not look whole to the gateway.
    whole: oneshot::Sender<()>,
    stored: JoinHandle<Option<u16>>,
}

impl Relay {
    fn open(request: StoreRequest, gateway: Node, client: ClientConfig) -> Box<dyn StoreSink> {
        let (chunks, source) = mpsc::channel(4);
        let (whole, is_whole) = oneshot::channel();
        let end = stream::once(is_whole).filter_map(|told| async move {
            let broken = || Err(std::io::Error::other("the object broke off"));
            told.is_err().then(broken)
        });
        let stored = tokio::spawn(async move {
            let offers = [Offer::user(
                request.class.as_str(),
                &[request.syntax.as_str()],
            )];
            let mut association = Association::open(&gateway, &client, &offers).await.ok()?;
            let header = StoreHeader::of(&request.class, &request.sop_uid, &request.syntax);
            let status = association
                .store(&header, Box::pin(source.chain(end)))
                .await
                .ok()?;
            association.release().await;
            Some(status)
        });
        Box::new(Self {
            chunks,
            whole,
            stored,
        })
    }
}

#[async_trait]
impl StoreSink for Relay {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        use futures::SinkExt;
        self.chunks
            .send(Ok(bytes))
            .await
            .map_err(|_| status::OUT_OF_RESOURCES)
    }

    async fn commit(self: Box<Self>) -> u16 {
        let _relay_gone = self.whole.send(());
        drop(self.chunks);
        match self.stored.await {
            Ok(Some(status)) => status,
            _ => status::OUT_OF_RESOURCES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_dimse::client::MAX_CONTEXTS;

    #[test]
    fn get_offers_fit_one_association() {
        let offers = get_offers();
        assert!(offers.len() <= MAX_CONTEXTS, "{}", offers.len());
        for (n, offer) in offers.iter().enumerate().skip(1) {
            assert!(sop::is_storage(&offer.abstract_syntax), "{offer:?}");
            assert!(!offers[..n].contains(offer), "twice: {offer:?}");
        }
    }
}
