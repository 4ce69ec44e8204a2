//! Every real DICOM file at hand, from Orthanc to Orthanc through the whole
//! exchange. What Orthanc sends is compared with what the same Orthanc sends
//! straight to another: the data set must be the same, byte for byte, in the
//! same transfer syntax.

use bildbro_dicom::part10;
use bildbro_dimse::client::{self, Association, Offer, StoreHeader};
use bildbro_domain::AeTitle;
use bildbro_testkit::{Gateway, Node, Orthanc, OrthancOptions, Peer, samples};
use bildbro_tests::{Exchange, data_set, gateway_options};
use bytes::Bytes;
use futures::stream;
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

const DIRECTORY: &str = "a directory of files is no instance";
const PALETTE: &str = "a colour palette has no patient and no study";
const FRAGMENT: &str = "the data set does not say which instance of which study it is";
const BROKEN: &str = "the data set cannot be parsed: cut off, or not in the syntax it claims";
const NO_SYNTAX: &str = "the file meta information lacks the transfer syntax";
const UNKNOWN_VR: &str = "SOP Class and Instance UID have VR UN, so Orthanc does not find them";

/// What Orthanc does not take at its REST interface, by name, and why.
const ORTHANC_REFUSES: &[(&str, &str)] = &[
    ("TINY_ALPHA/DICOMDIR", DIRECTORY),
    ("charset_files/chrSQEncoding.dcm", FRAGMENT),
    ("charset_files/chrSQEncoding1.dcm", FRAGMENT),
    ("dicomdirtests/DICOMDIR", DIRECTORY),
    ("dicomdirtests/DICOMDIR-bigEnd", DIRECTORY),
    ("dicomdirtests/DICOMDIR-empty.dcm", DIRECTORY),
    ("dicomdirtests/DICOMDIR-implicit", DIRECTORY),
    ("dicomdirtests/DICOMDIR-nooffset", DIRECTORY),
    ("dicomdirtests/DICOMDIR-nopatient", DIRECTORY),
    ("dicomdirtests/DICOMDIR-reordered", DIRECTORY),
    ("palettes/fall.dcm", PALETTE),
    ("palettes/hotiron.dcm", PALETTE),
    ("palettes/hotmetalblue.dcm", PALETTE),
    ("palettes/pet.dcm", PALETTE),
    ("palettes/pet20step.dcm", PALETTE),
    ("palettes/spring.dcm", PALETTE),
    ("palettes/summer.dcm", PALETTE),
    ("palettes/winter.dcm", PALETTE),
    ("test_files/JPEGLSNearLossless_08.dcm", FRAGMENT),
    ("test_files/JPEGLSNearLossless_16.dcm", FRAGMENT),
    ("test_files/MR_truncated.dcm", BROKEN),
    ("test_files/SC_rgb_jls_lossy_line.dcm", FRAGMENT),
    ("test_files/SC_rgb_jls_lossy_sample.dcm", FRAGMENT),
    ("test_files/SC_rgb_jpeg.dcm", BROKEN),
    ("test_files/UN_sequence.dcm", FRAGMENT),
    ("test_files/empty_charset_LEI.dcm", FRAGMENT),
    ("test_files/meta_missing_tsyntax.dcm", NO_SYNTAX),
    ("test_files/nested_priv_SQ.dcm", FRAGMENT),
    ("test_files/no_meta_group_length.dcm", FRAGMENT),
    ("test_files/priv_SQ.dcm", FRAGMENT),
    ("test_files/rtplan_truncated.dcm", BROKEN),
];

/// What Orthanc holds but cannot send, not even to another Orthanc, by name,
/// and why.
const ORTHANC_CANNOT_SEND: &[(&str, &str)] = &[
    ("test_files/rtdose_rle.dcm", UNKNOWN_VR),
    ("test_files/rtdose_rle_1frame.dcm", UNKNOWN_VR),
];

struct Peers {
    sender: Orthanc,
    receiver: Orthanc,
    /// Receives straight from the sender.
    control: Orthanc,
}

impl Peers {
    async fn start() -> Self {
        let (sender, receiver, control) = tokio::join!(
            Orthanc::start(OrthancOptions::new("PACS_HALLAND")),
            Orthanc::start(OrthancOptions::new("PACS_SKANE")),
            Orthanc::start(OrthancOptions::new("CONTROL"))
        );
        sender.know(&control.peer()).await;
        Self {
            sender,
            receiver,
            control,
        }
    }

    async fn empty(&self) {
        for orthanc in [&self.sender, &self.receiver, &self.control] {
            for study in orthanc.studies().await {
                orthanc.delete_study(&study).await;
            }
        }
    }
}

/// What became of the files so far, by name.
#[derive(Default)]
struct Findings {
    refused: BTreeMap<String, String>,
    cannot_send: BTreeMap<String, String>,
    arrived: usize,
    syntaxes: BTreeSet<String>,
    wrong: Vec<String>,
}

#[tokio::test]
async fn every_real_file_arrives_as_orthanc_sent_it() {
    let peers = Peers::start().await;
    let mut findings = Findings::default();
    let mut files = samples::pydicom_files();
    // Several files are the same instance in other encodings, and the exchange
    // takes the first only, so each wave has a hub of its own.
    while !files.is_empty() {
        peers.empty().await;
        let (uploaded, later) = upload(&peers.sender, files, &mut findings).await;
        files = later;
        wave(&peers, &uploaded, &mut findings).await;
    }
    println!(
        "arrived: {} files in {:?}",
        findings.arrived, findings.syntaxes
    );
    for (name, why) in &findings.refused {
        println!("Orthanc refuses {name}: {why}");
    }
    for (name, why) in &findings.cannot_send {
        println!("Orthanc cannot send {name}: {why}");
    }
    assert_eq!(findings.wrong, [""; 0]);
    let known = |list: &[(&str, &str)]| {
        list.iter()
            .map(|(n, _)| (*n).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        findings.refused.keys().cloned().collect::<Vec<_>>(),
        known(ORTHANC_REFUSES)
    );
    assert_eq!(
        findings.cannot_send.keys().cloned().collect::<Vec<_>>(),
        known(ORTHANC_CANNOT_SEND)
    );
}

/// Orthanc's limits are not the exchange's.
#[tokio::test]
async fn what_orthanc_cannot_send_is_taken_from_who_can() {
    let gateway = Gateway::start(gateway_options("BILDBRO", vec![])).await;
    for (name, _) in ORTHANC_CANNOT_SEND {
        let name = name.split('/').next_back().expect("a name");
        let file = fs::read(samples::pydicom_file(name)).expect("samples can be read");
        let (meta, start) = part10::read_meta(&file).expect("a Part 10 file");
        let address = gateway.peer().address;
        let node = client::Node {
            ae_title: AeTitle::new("BILDBRO").expect("a good AE title"),
            host: address.ip().to_string(),
            port: address.port(),
        };
        let config = client::ClientConfig {
            calling: AeTitle::new("TEST").expect("a good AE title"),
            connect: Duration::from_secs(5),
            response: Duration::from_secs(10),
            max_pdu: 16 * 1024,
        };
        let offers = [Offer::user(meta.class.as_str(), &[meta.syntax.as_str()])];
        let opened = Association::open(&node, &config, &offers).await;
        let mut association = opened.expect("the gateway lets us in");
        let header = StoreHeader::of(&meta.class, &meta.sop_uid, &meta.syntax);
        let bytes = stream::iter([Ok(Bytes::copy_from_slice(&file[start..]))]);
        assert_eq!(
            association.store(&header, bytes).await.ok(),
            Some(0),
            "{name}"
        );
        association.release().await;
    }
}

/// Orthanc's identifier → name. Files whose instance is uploaded already are
/// left for later.
async fn upload(
    orthanc: &Orthanc,
    files: Vec<PathBuf>,
    findings: &mut Findings,
) -> (BTreeMap<String, String>, Vec<PathBuf>) {
    let mut uploaded: BTreeMap<String, (String, Vec<u8>)> = BTreeMap::new();
    let mut later = Vec::new();
    for file in files {
        let bytes = fs::read(&file).expect("samples can be read");
        let answer = orthanc
            .rest
            .ask(Method::POST, "/instances", bytes.clone())
            .await;
        let (status, body) = answer.expect("Orthanc answers");
        let body: Value = serde_json::from_slice(&body).expect("Orthanc answers JSON");
        let name = name(&file);
        if !status.is_success() {
            let why = format!("{status}: {} {}", body["Message"], body["Details"]);
            findings.refused.insert(name, why);
            continue;
        }
        let id = body["ID"].as_str().expect("an identifier").to_owned();
        if let Some((_, first)) = uploaded.get(&id) {
            // It has overwritten the other.
            orthanc.upload(first.clone()).await;
            later.push(file);
        } else {
            uploaded.insert(id, (name, bytes));
        }
    }
    let uploaded = uploaded.into_iter().map(|(id, (name, _))| (id, name));
    (uploaded.collect(), later)
}

fn name(file: &Path) -> String {
    let parent = file.parent().and_then(Path::file_name).unwrap_or_default();
    let name = file.file_name().unwrap_or_default();
    format!("{}/{}", parent.to_string_lossy(), name.to_string_lossy())
}

async fn wave(peers: &Peers, uploaded: &BTreeMap<String, String>, findings: &mut Findings) {
    let exchange = Exchange::start(
        vec![Node::new("pacs", peers.sender.peer())],
        vec![Node::new("pacs", peers.receiver.peer())],
    )
    .await;
    let skane = exchange.to_skane();
    peers.sender.know(&skane).await;
    let mut sent = Vec::new();
    for (id, name) in uploaded {
        let direct = store(&peers.sender, &peers.control.peer(), id).await;
        let exchanged = store(&peers.sender, &skane, id).await;
        match (direct, exchanged) {
            (Ok(()), Ok(())) => sent.push((id, name)),
            (Err(why), Err(_)) => {
                findings.cannot_send.insert(name.clone(), why);
            }
            (Ok(()), Err(why)) => findings
                .wrong
                .push(format!("{name}: Bildbro refuses it: {why}")),
            (Err(why), Ok(())) => {
                findings
                    .wrong
                    .push(format!("{name}: Orthanc refuses what Bildbro takes: {why}"));
            }
        }
    }
    peers.receiver.instances_when(sent.len()).await;
    for (id, name) in sent {
        let arrived = peers.receiver.file(id).await;
        let control = peers.control.file(id).await;
        findings.arrived += 1;
        findings.syntaxes.insert(data_set(&arrived).0);
        if data_set(&arrived) != data_set(&control) {
            findings
                .wrong
                .push(format!("{name}: it has changed on the way"));
        }
    }
}

async fn store(orthanc: &Orthanc, to: &Peer, id: &str) -> Result<(), String> {
    orthanc.store(to, &[id.to_owned()]).await
}
