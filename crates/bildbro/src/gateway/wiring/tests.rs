//! A whole gateway between a hub that gives errands and real PACS: Orthanc,
//! which knows neither case nor diacritics in names, and DCMTK's, which takes
//! them letter by letter.

mod desk;
mod pacs;

use super::*;
use bildbro_domain::{
    ErrorClass, OrganisationId, Personal, StudyUid,
    share::{Failure, Priority},
};
use bildbro_testkit::{Folder, Orthanc, OrthancOptions, Peer, dcmtk};
use bildbro_wire::errand::{ErrandEnd, FetchStudy, Find, FoundStudy, Task};
use desk::Desk;
use std::{collections::BTreeSet, fmt::Write as _};

const AE_TITLE: &str = "BILDBRO";
const DONE: ErrandEnd = ErrandEnd::Done { cut: false };

/// A node: name, where it is, further keys as TOML.
type Place<'a> = (&'a str, Peer, &'a str);

/// A gateway on a port of its own, which does not run yet: PACS are told of it
/// before it is told of them.
struct Bench {
    gateway: Gateway,
    folder: Folder,
}

impl Bench {
    async fn open() -> Self {
        let folder = Folder::new("errands-");
        let gateway = Gateway::open(config(&folder, &[], "")).await.unwrap();
        Self { gateway, folder }
    }

    fn peer(&self) -> Peer {
        Peer::new(AE_TITLE, self.gateway.address().unwrap())
    }

    /// Runs it with these nodes, at a hub that gives errands.
    fn run(mut self, nodes: &[Place<'_>], limits: &str) -> Running {
        let config = config(&self.folder, nodes, limits);
        let address = self.gateway.address().unwrap();
        let nodes = ConfiguredNodes::new(&config).unwrap();
        self.gateway.parts.nodes = Arc::new(nodes.listening_at(Some(address)));
        let desk = Arc::new(Desk::default());
        let enrolment = Enrolment {
            hub_url: String::new(),
            gateway: bildbro_domain::GatewayId(Uuid::nil()),
            organisation: OrganisationId(Uuid::nil()),
            organisation_name: "Test".to_owned(),
        };
        self.gateway.hub = Some((Arc::clone(&desk) as _, enrolment));
        let stop = CancellationToken::new();
        let store = Arc::clone(&self.gateway.parts.store);
        tokio::spawn(self.gateway.run(stop.clone()));
        Running {
            desk,
            store,
            _stop: stop.drop_guard(),
            _folder: self.folder,
        }
    }
}

struct Running {
    desk: Arc<Desk>,
    store: Arc<dyn GatewayStore>,
    _stop: tokio_util::sync::DropGuard,
    _folder: Folder,
}

impl Running {
    async fn find(&self, find: Find) -> (Vec<FoundStudy>, ErrandEnd) {
        let most = if find.most == 0 { 100 } else { find.most };
        self.desk.give(Task::Find(Find { most, ..find })).await
    }

    /// Entries of the gateway's own record with this verb, as texts.
    async fn logged(&self, action: &str) -> Vec<String> {
        let links = self.store.audit_links(0, 1_000).await.unwrap();
        let verb = format!("\"action\":\"{action}\"");
        let of_action = links.into_iter().filter(|link| link.text.contains(&verb));
        of_action.map(|link| link.text).collect()
    }

    async fn fetch(&self, node: &str, study_uid: &StudyUid) -> ErrandEnd {
        let task = FetchStudy {
            node: node.to_owned(),
            study_uid: study_uid.clone(),
            priority: Priority::Urgent,
        };
        self.desk.give(Task::Fetch(task)).await.1
    }
}

fn config(folder: &Folder, nodes: &[Place<'_>], limits: &str) -> Config {
    let mut text = format!(
        "data_dir = {:?}\nlisten = \"127.0.0.1:0\"\nae_title = \"{AE_TITLE}\"\naccept_any_calling = true\n{limits}\n",
        folder.sub("data")
    );
    for (name, peer, settings) in nodes {
        let (ip, port) = (peer.address.ip(), peer.address.port());
        write!(
            text,
            "[[node]]\nname = \"{name}\"\nae_title = \"{}\"\nhost = \"{ip}\"\nport = {port}\n{settings}\n",
            peer.ae_title
        )
        .unwrap();
    }
    toml::from_str(&text).unwrap()
}

async fn dcmqrscp(destinations: &[Peer]) -> dcmtk::Dcmqrscp {
    let archive = dcmtk::Dcmqrscp::start("QRSCP", destinations).await;
    let folder = Folder::new("sent-");
    let studies = pacs::studies();
    let files = studies.iter().enumerate();
    let files: Vec<_> = files
        .map(|(n, image)| folder.write(&format!("{n}.dcm"), image.file()))
        .collect();
    dcmtk::storescu("TEST", &archive.peer(), &[], &files)
        .await
        .expect_success();
    archive
}

async fn orthanc(gateway: &Peer) -> Orthanc {
    let orthanc = Orthanc::start(OrthancOptions::new("ORTHANC")).await;
    orthanc.know(gateway).await;
    for image in pacs::studies() {
        orthanc.upload(image.file()).await;
    }
    orthanc
}

/// Which studies a node was found to have, by their last number.
fn at<'a>(node: &str, found: &'a [FoundStudy]) -> BTreeSet<&'a str> {
    let of_node = found.iter().filter(|study| study.node == node);
    of_node
        .map(|study| study.study_uid.as_str().rsplit('.').next().unwrap())
        .collect()
}

#[tokio::test]
async fn a_search_as_people_write_it_finds_the_same_in_both_archives() {
    let bench = Bench::open().await;
    let own = [bench.peer()];
    let (orthanc, dcmqrscp) = tokio::join!(orthanc(&own[0]), dcmqrscp(&own));
    let nodes = [
        ("orthanc", orthanc.peer(), ""),
        ("dcmqrscp", dcmqrscp.peer(), ""),
    ];
    let running = bench.run(&nodes, "");
    for (what, find, expected) in pacs::searches() {
        let (found, end) = running.find(find).await;
        assert_eq!(end, DONE, "{what}");
        for node in ["orthanc", "dcmqrscp"] {
            let expected = expected.iter().copied().collect();
            assert_eq!(at(node, &found), expected, "{node}: {what}");
        }
        // Each once, though several queries answer with it.
        assert_eq!(found.len(), 2 * expected.len(), "{what}");
    }
    let accession = Find {
        accession: Personal::new("A-5"),
        ..Find::default()
    };
    let (found, _) = running.find(accession).await;
    for study in &found {
        assert_eq!(
            study.patient_name.reveal(),
            "Svensson^Örjan",
            "{}",
            study.node
        );
        assert_eq!(study.patient_id.reveal(), "19121212-1212");
        assert_eq!(study.study_date, "20200229");
        assert_eq!(study.patient_sex, "M");
        assert_eq!(study.description, "Hjärta");
    }
    let of_orthanc = found.iter().find(|study| study.node == "orthanc").unwrap();
    assert_eq!((of_orthanc.series, of_orthanc.images), (Some(1), Some(1)));
    assert_eq!(of_orthanc.modalities, ["MR"]);
    let (_, end) = running.find(pacs::by_name("svensson", 1)).await;
    assert_eq!(end, ErrandEnd::Done { cut: true });
    let logged = running.logged("search").await;
    assert_eq!(logged.len(), pacs::searches().len() + 2);
    assert!(
        logged
            .iter()
            .any(|text| text.contains("1.2.826.0.1.3680043.9.5"))
    );
}

#[tokio::test]
async fn a_study_is_fetched_by_move_and_by_get_and_waits_in_to_share() {
    let bench = Bench::open().await;
    let own = [bench.peer()];
    let (orthanc, dcmqrscp) = tokio::join!(orthanc(&own[0]), dcmqrscp(&own));
    let get = "fetch = \"get\"";
    let nodes = [
        ("orthanc", orthanc.peer(), ""),
        ("dcmqrscp", dcmqrscp.peer(), ""),
        ("orthanc by get", orthanc.peer(), get),
        ("dcmqrscp by get", dcmqrscp.peer(), get),
    ];
    let running = bench.run(&nodes, "");
    let studies = pacs::studies();
    for ((node, ..), image) in nodes.iter().zip(&studies) {
        assert_eq!(running.fetch(node, &image.study_uid).await, DONE, "{node}");
        running.desk.held(&image.sop_uid).await;
    }
    assert_eq!(running.logged("fetch").await.len(), nodes.len());
    let unknown = StudyUid::new("1.2.3.4").unwrap();
    for (node, ..) in &nodes {
        let end = running.fetch(node, &unknown).await;
        let ErrandEnd::Failed { failure, .. } = end else {
            panic!("{node}: {end:?}");
        };
        assert_eq!(failure, Failure::NotSent, "{node}");
    }
    let end = running.fetch("elsewhere", &unknown).await;
    let (class, failure) = (ErrorClass::Permanent, Failure::NoNode);
    assert_eq!(end, ErrandEnd::Failed { class, failure });
}

#[tokio::test]
async fn a_move_that_is_never_fulfilled_is_tried_by_get_and_else_fails() {
    let bench = Bench::open().await;
    // Takes connections, and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let nowhere = Peer::new(AE_TITLE, silent.local_addr().unwrap());
    let orthanc = orthanc(&nowhere).await;
    let stuck = pacs::stuck(nowhere.address).await;
    let nodes = [
        ("misled", orthanc.peer(), ""),
        ("stuck", Peer::new("STUCK", stuck), ""),
    ];
    let running = bench.run(&nodes, "limits.node_seconds = 3");
    let studies = pacs::studies();
    let (first, second) = tokio::join!(
        running.fetch("misled", &studies[0].study_uid),
        running.fetch("stuck", &studies[0].study_uid)
    );
    assert_eq!(first, DONE);
    running.desk.held(&studies[0].sop_uid).await;
    let (class, failure) = (ErrorClass::Transient, Failure::NotSent);
    assert_eq!(second, ErrandEnd::Failed { class, failure });
}

#[tokio::test]
async fn a_node_that_refuses_optional_keys_is_searched_without_and_nonsense_is_passed_over() {
    let bench = Bench::open().await;
    let strict = pacs::strict().await;
    let running = bench.run(&[("strict", Peer::new("STRICT", strict), "")], "");
    let (found, end) = running.find(pacs::by_name("svensson", 100)).await;
    assert_eq!(end, DONE);
    assert_eq!(at("strict", &found), BTreeSet::from(["5"]));
}

#[test]
fn fetching_by_get_needs_the_plain_port() {
    let folder = Folder::new("config-");
    let place = [("pacs", Peer::local("PACS", 104), "fetch = \"get\"")];
    let only = "tls = { certificate = \"c.pem\", key = \"k.pem\", only = true }";
    assert!(config(&folder, &place, "").validate().is_ok());
    let refused = config(&folder, &place, only).validate().unwrap_err();
    assert!(refused.to_string().contains("`pacs`"), "{refused}");
}
