//! Images from PACS to PACS, through everything that goes wrong on the way.

use bildbro_dicom::phantom::Instance;
use bildbro_domain::Digest;
use bildbro_testkit::{
    Folder, Gateway, Hub, Node, Orthanc, OrthancOptions, Peer, dcmtk, eventually, samples,
};
use bildbro_tests::{Exchange, HALLAND, data_set, files, gateway_options, slices};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const PACS_HALLAND: &str = "PACS_HALLAND";
const PACS_SKANE: &str = "PACS_SKANE";

/// An exchange whose Skåne has this PACS; nobody answers for Halland's.
async fn exchange_to(orthanc: &Orthanc) -> Exchange {
    Exchange::start(vec![], vec![Node::new("pacs", orthanc.peer())]).await
}

async fn pacs(ae_title: &str) -> Orthanc {
    Orthanc::start(OrthancOptions::new(ae_title)).await
}

/// Returns when each image has been acknowledged.
async fn send(calling: &str, to: &Peer, instances: &[Instance]) {
    let folder = Folder::new("send-");
    let files = files(&folder, instances);
    dcmtk::storescu(calling, to, &[], &files)
        .await
        .expect_success();
}

fn all_in(state: &str, count: usize) -> impl Fn(&[Value]) -> bool {
    move |deliveries| deliveries.len() == count && deliveries.iter().all(|d| d["state"] == state)
}

fn failing_with(failure: &str) -> impl Fn(&[Value]) -> bool {
    move |deliveries| {
        deliveries
            .iter()
            .any(|d| d["state"] == "retrying" && d["failure"] == failure)
    }
}

#[tokio::test]
async fn two_hospitals_share_a_study_and_every_log_is_whole() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    send(PACS_HALLAND, &exchange.to_skane(), &slices(1, 8)).await;

    let delivery = exchange.delivered(8).await;
    assert_eq!(delivery["sender"], "Region Halland");
    assert_eq!(delivery["recipient"], "Region Skåne");
    assert_eq!(
        (&delivery["stored"], &delivery["failed"]),
        (&json!(8), &json!(0))
    );
    assert_eq!(orthanc.instances().await.len(), 8);

    let verify = ["audit", "verify"];
    exchange.hub.admin(&verify).await.expect_success();
    exchange.halland.run(&verify).await.expect_success();
    exchange.skane.run(&verify).await.expect_success();

    edit_audit_entry(&exchange.hub, 3);
    let verified = exchange.hub.admin(&verify).await;
    assert!(!verified.success, "{}", verified.text);
    assert!(verified.text.contains("entry 3"), "{}", verified.text);
}

/// As someone would who can write to the database's file.
fn edit_audit_entry(hub: &Hub, sequence: u32) {
    let script = format!(
        "import sqlite3, sys\n\
         db = sqlite3.connect(sys.argv[1])\n\
         db.execute('DROP TRIGGER audit_never_updated')\n\
         db.execute('UPDATE audit SET text = replace(text, \"success\", \"denied\") WHERE sequence = {sequence}')\n\
         db.commit()\n"
    );
    let edited = Command::new(samples::python())
        .args(["-c", &script])
        .arg(hub.data_dir().join("hub.sqlite"))
        .status();
    assert!(edited.is_ok_and(|status| status.success()));
}

#[tokio::test]
async fn what_is_sent_to_the_own_gateway_waits_until_someone_shares_it() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    let study = slices(2, 4);
    send(PACS_HALLAND, &exchange.halland.peer(), &study).await;
    eventually("the study in \"to share\"", async || {
        let overview = exchange.overview().await;
        let held = &overview["held"][0];
        (held["images"] == 4 && held["complete"] == true).then_some(())
    })
    .await;
    assert_eq!(exchange.overview().await["deliveries"], json!([]));

    let uid = study[0].study_uid.as_str();
    let share = [
        "share",
        "add",
        "--from",
        HALLAND,
        "--to",
        "region skåne",
        "--study",
        uid,
    ];
    exchange.hub.admin(&share).await.expect_success();
    exchange.delivered(4).await;
    assert_eq!(orthanc.instances().await.len(), 4);
}

#[tokio::test]
async fn images_are_taken_while_the_hub_is_away_and_delivered_when_it_is_back() {
    let orthanc = pacs(PACS_SKANE).await;
    let mut exchange = exchange_to(&orthanc).await;
    exchange.hub.stop().await;
    send(PACS_HALLAND, &exchange.to_skane(), &slices(3, 50)).await;
    exchange.hub.start_again().await;
    assert_eq!(exchange.delivered(50).await["stored"], 50);
    assert_eq!(orthanc.instances().await.len(), 50);
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_gateway() {
    let orthanc = pacs(PACS_SKANE).await;
    let mut exchange = exchange_to(&orthanc).await;
    send(PACS_HALLAND, &exchange.to_skane(), &slices(4, 30)).await;
    exchange.halland.kill();
    exchange.halland.start_again().await;
    let delivery = exchange.delivered(30).await;
    assert_eq!(
        (&delivery["stored"], &delivery["already_there"]),
        (&json!(30), &json!(0))
    );
    assert_eq!(orthanc.instances().await.len(), 30);
}

#[tokio::test]
async fn what_the_receiving_pacs_holds_is_not_sent_to_it() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    let study = slices(14, 5);
    for instance in &study[..3] {
        orthanc.upload(instance.file()).await;
    }
    send(PACS_HALLAND, &exchange.to_skane(), &study).await;
    let delivery = exchange.delivered(5).await;
    assert_eq!(
        (&delivery["already_there"], &delivery["stored"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(orthanc.instances().await.len(), 5);
}

#[tokio::test]
async fn a_study_that_is_sent_back_goes_nowhere() {
    let (halland, skane) = tokio::join!(pacs(PACS_HALLAND), pacs(PACS_SKANE));
    let exchange = Exchange::start(
        vec![Node::new("pacs", halland.peer())],
        vec![Node::new("pacs", skane.peer())],
    )
    .await;
    // Not from Halland's archive, which would be asked and say that it has it.
    send("MODALITY", &exchange.to_skane(), &slices(5, 3)).await;
    exchange.delivered(3).await;

    skane.know(&exchange.to_halland()).await;
    skane
        .store(&exchange.to_halland(), &skane.studies().await)
        .await
        .unwrap();
    let back = |d: &&Value| d["recipient"] == "Region Halland" && d["complete"] == true;
    let deliveries = exchange.deliveries_when("the study back, complete", |deliveries| {
        all_in("delivered", 2)(deliveries) && deliveries.iter().any(|d| back(&d))
    });
    let deliveries = deliveries.await;
    let back = deliveries.iter().find(back).unwrap();
    assert_eq!(
        (&back["stored"], &back["already_there"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(halland.instances().await.len(), 0);
}

#[tokio::test]
async fn the_same_images_at_the_same_moment_are_stored_and_delivered_once() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    let (study, to) = (slices(6, 12), exchange.to_skane());
    tokio::join!(send("ONE", &to, &study), send("OTHER", &to, &study));
    let delivery = exchange.delivered(12).await;
    assert_eq!(
        (&delivery["stored"], &delivery["already_there"]),
        (&json!(12), &json!(0))
    );
    let totals = exchange.overview().await["totals"].clone();
    assert_eq!(
        (&totals["instances"], &totals["quarantined"]),
        (&json!(12), &json!(0))
    );
}

#[tokio::test]
async fn the_same_uid_with_other_bytes_is_set_aside_and_the_first_stays() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    let first = slices(7, 1);
    send(PACS_HALLAND, &exchange.to_skane(), &first).await;
    exchange.delivered(1).await;

    let mut second = first.clone();
    *second[0].data_set.last_mut().unwrap() ^= 1;
    send(PACS_HALLAND, &exchange.to_skane(), &second).await;
    eventually("one image set aside", async || {
        let overview = exchange.overview().await;
        let aside = &overview["quarantined"][0];
        (aside["reason"] == "uid_conflict" && aside["images"] == 1).then_some(())
    })
    .await;
    exchange.delivered(1).await;
    let instances = orthanc.instances().await;
    let arrived = orthanc.file(&instances[first[0].sop_uid.as_str()]).await;
    let end = |bytes: &[u8]| bytes[bytes.len() - 256..].to_vec();
    assert_eq!(end(data_set(&arrived).1), end(&first[0].data_set));
}

#[tokio::test]
async fn a_pacs_that_refuses_or_is_away_gets_its_images_once_it_is_mended() {
    let mut options = OrthancOptions::new(PACS_SKANE);
    options
        .settings
        .insert("DicomCheckCalledAet".to_owned(), json!(true));
    let mut orthanc = Orthanc::start(options).await;
    let wrong = Peer::new("WRONG", orthanc.peer().address);
    let mut exchange = Exchange::start(vec![], vec![Node::new("pacs", wrong)]).await;
    send(PACS_HALLAND, &exchange.to_skane(), &slices(8, 3)).await;
    exchange
        .deliveries_when("a refusal", failing_with("node_refused"))
        .await;
    exchange.skane.stop().await;
    exchange.skane.options.nodes[0].peer = orthanc.peer();
    exchange.skane.start_again().await;
    exchange.delivered(3).await;

    orthanc.kill();
    send(PACS_HALLAND, &exchange.to_skane(), &slices(9, 3)).await;
    exchange
        .deliveries_when("nobody there", failing_with("node_unreachable"))
        .await;
    orthanc.start_again().await;
    exchange
        .deliveries_when("both deliveries", all_in("delivered", 2))
        .await;
    assert_eq!(orthanc.instances().await.len(), 6);
}

#[tokio::test]
async fn an_image_that_the_hub_has_lost_is_sent_again_and_arrives() {
    let mut orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    orthanc.kill();
    let study = slices(15, 3);
    send(PACS_HALLAND, &exchange.to_skane(), &study).await;
    exchange
        .deliveries_when("nobody there", failing_with("node_unreachable"))
        .await;
    let lost = Digest::of(&study[1].data_set).to_string();
    let blob = file_called(&exchange.hub.data_dir().join("blobs"), &lost);
    std::fs::remove_file(blob.expect("its blob")).expect("it goes");

    orthanc.start_again().await;
    let stopped = exchange.deliveries_when("the loss", |deliveries| {
        all_in("stopped", 1)(deliveries) && deliveries[0]["failure"] == "image_lost"
    });
    let stopped = stopped.await;
    assert_eq!(stopped[0]["stored"], 2, "those behind it arrived");
    // As the page advises.
    send(PACS_HALLAND, &exchange.to_skane(), &study).await;
    let delivery = exchange.delivered(3).await;
    assert_eq!(delivery["stored"], 3);
    assert_eq!(orthanc.instances().await.len(), 3);
    let fsck = exchange.hub.admin(&["fsck", "--read"]).await;
    fsck.expect_success();
}

fn file_called(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths = entries.map(|entry| entry.expect("it is read").path());
    paths.find_map(|path| {
        if path.is_dir() {
            return file_called(&path, name);
        }
        path.ends_with(name).then_some(path)
    })
}

#[tokio::test]
async fn a_node_can_be_reached_beside_the_hub_and_it_is_on_record() {
    let orthanc = pacs(PACS_SKANE).await;
    let mut node = Node::new("neighbour", orthanc.peer());
    node.settings = "direct_as = \"NEIGHBOUR\"".to_owned();
    let gateway = Gateway::start(gateway_options("GW_HALLAND", vec![node])).await;
    let study = slices(10, 5);
    send(PACS_HALLAND, &gateway.peer_as("NEIGHBOUR"), &study).await;
    orthanc.instances_when(5).await;
    let show = ["audit", "show"];
    eventually("the delivery on record", async || {
        let log = gateway.run(&show).await.expect_success();
        let on_record = log
            .lines()
            .any(|line| line.contains("\"deliver\"") && line.contains(study[0].study_uid.as_str()));
        on_record.then_some(())
    })
    .await;
    gateway.run(&["audit", "verify"]).await.expect_success();
}

#[tokio::test]
async fn late_images_join_the_share() {
    let orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    let study = slices(11, 6);
    send(PACS_HALLAND, &exchange.to_skane(), &study[..4]).await;
    let early = exchange.delivered(4).await;
    send(PACS_HALLAND, &exchange.to_skane(), &study[4..]).await;
    let late = exchange.delivered(6).await;
    assert_eq!(early["share"], late["share"]);
    assert_eq!(late["stored"], 6);
}

#[tokio::test]
async fn a_study_that_its_pacs_counts_more_of_waits_and_then_says_so() {
    const REST: Duration = Duration::from_secs(2);
    let (halland, skane) = tokio::join!(pacs(PACS_HALLAND), pacs(PACS_SKANE));
    let exchange = Exchange::start(
        vec![Node::new("pacs", halland.peer())],
        vec![Node::new("pacs", skane.peer())],
    )
    .await;
    let study = slices(12, 6);
    for instance in &study {
        halland.upload(instance.file()).await;
    }
    let begun = Instant::now();
    send(PACS_HALLAND, &exchange.to_skane(), &study[..4]).await;
    let complete = |deliveries: &[Value]| deliveries.iter().any(|d| d["complete"] == true);
    let deliveries = exchange
        .deliveries_when("the study is complete", complete)
        .await;
    assert!(begun.elapsed() >= REST, "{:?}", begun.elapsed());
    assert_eq!(
        (&deliveries[0]["images"], &deliveries[0]["expected"]),
        (&json!(4), &json!(6))
    );
    skane.instances_when(4).await;
}

#[tokio::test]
async fn nothing_leaves_for_a_share_that_was_taken_back() {
    let mut orthanc = pacs(PACS_SKANE).await;
    let exchange = exchange_to(&orthanc).await;
    orthanc.kill();
    let (withdrawn, other) = (slices(13, 3), slices(14, 3));
    send(PACS_HALLAND, &exchange.to_skane(), &withdrawn).await;
    let waiting = exchange
        .deliveries_when("nobody there", failing_with("node_unreachable"))
        .await;
    let share = waiting[0]["share"].as_str().unwrap();
    exchange
        .hub
        .admin(&["share", "revoke", share])
        .await
        .expect_success();
    orthanc.start_again().await;

    // What comes after it is delivered; it is not.
    send(PACS_HALLAND, &exchange.to_skane(), &other).await;
    let ended = |deliveries: &[Value]| {
        deliveries.len() == 2
            && deliveries[0]["state"] == "delivered"
            && deliveries[1]["state"] == "withdrawn"
    };
    exchange
        .deliveries_when("one delivered, one withdrawn", ended)
        .await;
    let held: BTreeSet<_> = orthanc.instances().await.into_keys().collect();
    let uids: BTreeSet<_> = other.iter().map(|i| i.sop_uid.to_string()).collect();
    assert_eq!(held, uids);
}

#[tokio::test]
async fn identifiers_are_changed_by_rule_and_the_original_is_kept() {
    let orthanc = pacs(PACS_SKANE).await;
    let mut node = Node::new("pacs", orthanc.peer());
    node.settings = "[[node.coerce]]\ntag = \"0010,0021\"\nset = \"SE-SKANE\"\n\
                     [[node.coerce]]\ntag = \"0008,0050\"\nprefix = \"N\""
        .to_owned();
    let exchange = Exchange::start(vec![], vec![node]).await;
    let study = slices(15, 1);
    send(PACS_HALLAND, &exchange.to_skane(), &study).await;
    exchange.delivered(1).await;
    let id = &orthanc.instances().await[study[0].sop_uid.as_str()];
    let tags = orthanc
        .rest
        .get_json(&format!("/instances/{id}/simplified-tags"))
        .await;
    assert_eq!(tags["IssuerOfPatientID"], "SE-SKANE");
    let accession = tags["AccessionNumber"].as_str().unwrap();
    let original = &tags["OriginalAttributesSequence"][0]["ModifiedAttributesSequence"][0];
    assert_eq!(
        accession.strip_prefix('N'),
        original["AccessionNumber"].as_str()
    );
}
