//! The product from PACS to PACS: a modality (our DIMSE client, in this
//! process), a gateway, the hub, a gateway, and DCMTK's storescp as the PACS
//! that receives. Both gateways reach the hub over one line: what hospital A
//! sends passes it one way, what B fetches the other way.

use crate::sample::{self, Sample};
use bildbro_dicom::part10;
use bildbro_dimse::{
    client::{Association, ClientConfig, ClientError, Node as Dicom, Offer, StoreHeader},
    status,
};
use bildbro_domain::AeTitle;
use bildbro_testkit::{
    Gateway, GatewayOptions, Hub, HubOptions, Node, Process, Shaper,
    dcmtk::{self, Storescp},
    eventually, until,
};
use bytes::Bytes;
use futures::stream;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

/// Stands for hospital B.
const RECIPIENT: &str = "BB_B";
const MODALITY: &str = "CT_A";

/// The longest that anything here takes, several times over.
const LIMIT: Duration = Duration::from_secs(300);

pub struct Exchange {
    pub line: Shaper,
    pub hub: Hub,
    pub sender: Gateway,
    pub receiver: Gateway,
    archive: Storescp,
}

impl Exchange {
    /// All of it, the receiving gateway enrolled but not running. The line is
    /// without limits; images are packed for it, or not.
    pub async fn start(packed: bool) -> Self {
        let line = Shaper::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))).await;
        let url = format!("http://{}", line.address());
        let options = HubOptions {
            public_url: Some(url.clone()),
            ..HubOptions::default()
        };
        let hub = Hub::start(options).await;
        line.set_targets(vec![hub.link_address()]);
        let archive = Storescp::start("PACS_B", &["--fork"]).await;
        let mut pacs = Node::new("pacs", archive.peer());
        pacs.settings = "find = false".to_owned();

        let options = |ae_title: &str, nodes| GatewayOptions {
            ae_title: ae_title.to_owned(),
            nodes,
            hub_url: Some(url.clone()),
            settings: String::new(),
            environment: vec![("BILDBRO_HUB__PACK".into(), packed.to_string().into())],
            ..GatewayOptions::default()
        };
        let mut sender = enrolled(&hub, "A", options("GW_A", vec![])).await;
        let receiver = enrolled(&hub, "B", options("GW_B", vec![pacs])).await;
        sender.start_again().await;
        let to = sender.peer_as(RECIPIENT);
        eventually("an answer for hospital B", async || {
            dcmtk::echoscu(MODALITY, &to).await.success.then_some(())
        })
        .await;
        Self {
            line,
            hub,
            sender,
            receiver,
            archive,
        }
    }

    /// Sends the sample to hospital B on one association, an image each `pace`
    /// or as fast as they are taken. Returns when the last was acknowledged.
    ///
    /// # Errors
    /// When an image is not taken.
    pub async fn send(&self, sample: &Sample, pace: Option<Duration>) -> Result<Instant, String> {
        let sent = self.store(sample, pace).await;
        sent.map_err(|error| format!("the sending gateway: {error}"))?;
        Ok(Instant::now())
    }

    async fn store(&self, sample: &Sample, pace: Option<Duration>) -> Result<(), ClientError> {
        let to = self.sender.peer_as(RECIPIENT);
        let ae_title = |text: &str| AeTitle::new(text).expect("AE titles here are short");
        let node = Dicom {
            ae_title: ae_title(&to.ae_title),
            host: to.address.ip().to_string(),
            port: to.address.port(),
        };
        let config = ClientConfig {
            calling: ae_title(MODALITY),
            connect: LIMIT,
            response: LIMIT,
            max_pdu: 128 * 1024,
        };
        let mut images = sample.files().map(|file| read(&file)).peekable();
        let offers = images.peek().map(|(meta, _)| {
            let syntaxes = [meta.syntax.as_str()];
            Offer::user(meta.class.as_str(), &syntaxes)
        });
        let offers: Vec<Offer> = offers.into_iter().collect();
        let mut association = Association::open(&node, &config, &offers).await?;
        let mut ticks = pace.map(tokio::time::interval);
        for (meta, data_set) in images {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            let header = StoreHeader::of(&meta.class, &meta.sop_uid, &meta.syntax);
            let bytes = stream::iter([Ok(data_set)]);
            match association.store(&header, bytes).await? {
                status::SUCCESS => {}
                other => return Err(ClientError::Status(other)),
            }
        }
        association.release().await;
        Ok(())
    }

    /// Returns when the last of the images is in B's PACS.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn arrived(&self, sample: &Sample) -> Result<Instant, String> {
        let there = until(LIMIT, async || {
            let files = self.archive.files();
            if files.len() < sample.count {
                return None;
            }
            let lengths = files.iter().filter_map(|file| fs::metadata(file).ok());
            let bytes: u64 = lengths.map(|metadata| metadata.len()).sum();
            (bytes > sample.bytes()).then(Instant::now)
        });
        let came = || format!("{} images came", self.archive.files().len());
        there.await.ok_or_else(came)
    }

    /// Waits for the last receipt, and compares what lies in B's PACS with what
    /// was sent, data set by data set.
    ///
    /// # Errors
    /// When it is not the same.
    pub async fn verify(&self, sample: &Sample) -> Result<(), String> {
        eventually("a receipt for each image", async || {
            let overview = self.hub.overview().await?;
            let stored = overview["deliveries"][0]["stored"].as_u64()?;
            (stored == sample.count as u64).then_some(())
        })
        .await;
        let came = sample::data_sets(&self.archive.files())?;
        if came == sample.data_sets {
            Ok(())
        } else {
            Err("what came is not what was sent".to_owned())
        }
    }
}

async fn enrolled(hub: &Hub, organisation: &str, options: GatewayOptions) -> Gateway {
    let title = format!("BB_{organisation}");
    hub.add_organisation(organisation, &title).await;
    let gateway = Gateway::new(options);
    let code = hub.enrol_code(organisation).await;
    gateway.enrol(&code).await.expect_success();
    gateway
}

/// Meta and data set of a file that this process has written.
fn read(file: &PathBuf) -> (part10::Meta, Bytes) {
    let read = fs::read(file).expect("the sample's files are there");
    let (meta, start) = part10::read_meta(&read).expect("the sample is Part 10");
    (meta, Bytes::from(read).slice(start..))
}

/// The process of something that runs.
pub fn id(process: Option<&Process>) -> u32 {
    process.map_or(0, Process::id)
}
