//! One of the demo's hospitals: a small PACS, or a real one, and a gateway.

use super::{archive::Archive, port};
use crate::{
    fault::{Fault, While},
    gateway::{
        Gateway,
        config::{Config, FetchBy, HubConfig, Limits, NodeConfig, StudyConfig},
        enrol,
    },
    hub::config::LogConfig,
};
use bildbro_dicom::phantom::{self, Instance, Study, StudyPlan};
use bildbro_dimse::{
    client::{Association, ClientConfig, Node, Offer, StoreHeader, storage_proposals},
    server::Server,
};
use bildbro_domain::AeTitle;
use bytes::Bytes;
use futures::stream;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub struct Plan {
    pub key: &'static str,
    pub name: &'static str,
    pub ae_title: &'static str,
    pub pacs_title: &'static str,
    pub gateway_port: u16,
    pub pacs_port: u16,
}

/// The gateway's own AE title, at each hospital.
const GATEWAY: &str = "BILDBRO";

/// Before its gateway runs.
pub struct Hospital {
    title: AeTitle,
    config: Config,
    pacs: Node,
    own: Option<(Archive, Server)>,
}

impl Hospital {
    /// Opens the PACS: the demo's own, unless `--pacs` names a real one.
    pub async fn open(
        plan: &Plan,
        dir: &Path,
        real: &[String],
        any_port: bool,
    ) -> Result<Self, Fault> {
        let given = real
            .iter()
            .find_map(|text| text.strip_prefix(plan.key)?.strip_prefix('='));
        let gateway_address = port(plan.gateway_port, any_port)?;
        let own = title(GATEWAY)?;
        let (pacs, own_pacs) = match given {
            Some(text) => (parse_node(text)?, None),
            None => {
                let (node, pacs) = small_pacs(plan, dir, any_port, &own, gateway_address).await?;
                (node, Some(pacs))
            }
        };
        let config = Config {
            data_dir: dir.join(plan.key).join("gateway"),
            listen: gateway_address,
            tls: None,
            ae_title: own,
            accept_any_calling: false,
            hub: None,
            limits: Limits::default(),
            study: StudyConfig {
                quiet_seconds: 3.0,
                rest_seconds: 15.0,
            },
            nodes: vec![NodeConfig {
                name: "PACS".to_owned(),
                ae_title: pacs.ae_title.clone(),
                host: pacs.host.clone(),
                port: pacs.port,
                deliveries: true,
                find: true,
                fetch: FetchBy::default(),
                direct_as: None,
                tls: None,
                coerce: Vec::new(),
            }],
            keys: None,
            log: LogConfig::default(),
        };
        Ok(Self {
            title: title(plan.ae_title)?,
            config,
            pacs,
            own: own_pacs,
        })
    }

    pub fn has_enrolled(&self) -> bool {
        self.config.data_dir.join("enrolment.json").is_file()
    }

    pub async fn enrol(&self, hub_url: &str, code: &str) -> Result<(), Fault> {
        let hub = HubConfig::at(hub_url.to_owned());
        enrol(&self.config, &hub, code, "demo").await.map(|_| ())
    }

    /// Starts PACS and gateway.
    pub async fn start(
        self,
        hub_url: &str,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Running, Fault> {
        let config = Config {
            hub: Some(HubConfig::at(hub_url.to_owned())),
            ..self.config
        };
        let gateway = Gateway::open(config).await?;
        let address = gateway.address()?;
        let archive = self.own.map(|(archive, server)| {
            tasks.spawn(server.serve(stop.clone()));
            archive
        });
        tasks.spawn(gateway.run(stop.clone()));
        Ok(Running {
            title: self.title,
            pacs: self.pacs,
            gateway: address,
            archive,
        })
    }
}

/// The demo's own PACS.
async fn small_pacs(
    plan: &Plan,
    dir: &Path,
    any_port: bool,
    gateway_title: &AeTitle,
    gateway: SocketAddr,
) -> Result<(Node, (Archive, Server)), Fault> {
    let ae_title = title(plan.pacs_title)?;
    let archive = Archive::open(dir.join(plan.key).join("pacs"), ae_title.clone())?;
    archive.know(node(gateway_title.clone(), gateway));
    let server = archive.bind(port(plan.pacs_port, any_port)?).await?;
    let address = server.local_addr().doing("reading the port")?;
    Ok((node(ae_title, address), (archive, server)))
}

/// A hospital that runs.
pub struct Running {
    title: AeTitle,
    pacs: Node,
    gateway: SocketAddr,
    /// Unless a real PACS stands in its place.
    archive: Option<Archive>,
}

impl Running {
    /// What other hospitals send to, to share with this one.
    pub fn title(&self) -> AeTitle {
        self.title.clone()
    }

    pub fn gateway_title(&self) -> &'static str {
        GATEWAY
    }

    pub fn describe(&self) -> String {
        format!(
            "gateway {GATEWAY}@{}, PACS {}@{}:{}",
            self.gateway, self.pacs.ae_title, self.pacs.host, self.pacs.port
        )
    }

    /// Waits until the gateway has heard from the hub that `title` exists.
    pub async fn wait_for(&self, title: &AeTitle) -> Result<(), Fault> {
        let offers = [Offer::user(
            bildbro_dimse::sop::VERIFICATION,
            &[bildbro_dimse::sop::IMPLICIT_LE],
        )];
        let node = node(title.clone(), self.gateway);
        for _ in 0..100 {
            if let Ok(association) = Association::open(&node, &self.client(), &offers).await {
                association.release().await;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Fault::new(format!(
            "the gateway does not answer as {title}"
        )))
    }

    fn client(&self) -> ClientConfig {
        ClientConfig {
            calling: self.pacs.ae_title.clone(),
            connect: Duration::from_secs(5),
            response: Duration::from_secs(30),
            max_pdu: 128 * 1024,
        }
    }

    /// Sends a sample study to the gateway as the PACS does.
    pub async fn send_sample(&self, key: &str, slices: u16, to: &AeTitle) -> Result<(), Fault> {
        let study = plan(key)?.with_slices(slices).study(rand::random());
        let first = study
            .instance(0)
            .ok_or_else(|| Fault::new("the sample is empty"))?;
        let offers = storage_proposals([(&first.class_uid, &first.syntax)].into_iter());
        let node = node(to.clone(), self.gateway);
        let mut association = Association::open(&node, &self.client(), &offers)
            .await
            .doing("sending the sample")?;
        for number in 0..study.len() {
            let drawn = study.clone();
            let archive = self.archive.clone();
            let draw = move || draw(&drawn, number, archive.as_ref());
            let drawn = tokio::task::spawn_blocking(draw).await;
            let Some(instance) = drawn.doing("drawing the sample")?? else {
                break;
            };
            let header = StoreHeader::of(&instance.class_uid, &instance.sop_uid, &instance.syntax);
            let bytes = stream::iter([Ok(Bytes::from(instance.data_set))]);
            let status = association
                .store(&header, bytes)
                .await
                .doing("sending the sample")?;
            if status != 0 {
                return Err(Fault::new(format!(
                    "the gateway answered status {status:04X}"
                )));
            }
        }
        association.release().await;
        Ok(())
    }

    /// Fills the PACS with every other sample study, one image after another.
    pub async fn fill(&self, except: &str) -> Result<(), Fault> {
        let Some(archive) = self.archive.clone() else {
            return Ok(());
        };
        for plan in phantom::catalogue().into_iter().filter(|p| p.key != except) {
            let study = plan.study(rand::random());
            let archive = archive.clone();
            let fill = move || {
                (0..study.len()).try_for_each(|n| draw(&study, n, Some(&archive)).map(|_| ()))
            };
            tokio::task::spawn_blocking(fill)
                .await
                .doing("drawing the samples")??;
        }
        Ok(())
    }

    /// Writes a sample study as files, for the reader to send. Answers their
    /// folder.
    pub fn write_sample(&self, key: &str, dir: &Path) -> Result<PathBuf, Fault> {
        let folder = dir.join(key);
        if folder.is_dir() {
            return Ok(folder);
        }
        let draft = dir.join("new");
        let _left_over = fs::remove_dir_all(&draft);
        fs::create_dir_all(&draft).doing("writing the sample")?;
        let study = plan(key)?.study(rand::random());
        for (number, instance) in study.instances().enumerate() {
            let file = draft.join(format!("{number:03}.dcm"));
            fs::write(file, instance.file()).doing("writing the sample")?;
        }
        fs::rename(&draft, &folder).doing("writing the sample")?;
        Ok(folder)
    }

    pub fn storescu_line(&self, to: &AeTitle, files: &Path) -> String {
        format!(
            "storescu -aet {} -aec {to} {} {} {}/*.dcm",
            self.pacs.ae_title,
            self.gateway.ip(),
            self.gateway.port(),
            files.display()
        )
    }
}

/// Draws one image of a sample; it is then in the PACS too, if it is ours.
fn draw(
    study: &Study,
    number: usize,
    archive: Option<&Archive>,
) -> Result<Option<Instance>, Fault> {
    let instance = study.instance(number);
    if let (Some(instance), Some(archive)) = (&instance, archive) {
        archive.put(instance)?;
    }
    Ok(instance)
}

fn plan(key: &str) -> Result<StudyPlan, Fault> {
    let found = phantom::catalogue().into_iter().find(|p| p.key == key);
    found.ok_or_else(|| Fault::new(format!("there is no sample study `{key}`")))
}

fn title(text: &str) -> Result<AeTitle, Fault> {
    AeTitle::new(text).doing(format!("the AE title {text}"))
}

fn node(ae_title: AeTitle, address: SocketAddr) -> Node {
    Node {
        ae_title,
        host: address.ip().to_string(),
        port: address.port(),
    }
}

/// Reads `AET@HOST:PORT`.
fn parse_node(text: &str) -> Result<Node, Fault> {
    let wrong = || Fault::new(format!("`{text}` is not AET@HOST:PORT"));
    let (aet, place) = text.split_once('@').ok_or_else(wrong)?;
    let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
    Ok(Node {
        ae_title: title(aet)?,
        host: host.to_owned(),
        port: port.parse().map_err(|_| wrong())?,
    })
}
