//! The hub in its second size, several on one PostgreSQL and one S3, and what
//! holds in both: nothing lies readable at rest.

use bildbro_dicom::phantom::{Instance, catalogue};
use bildbro_testkit::{
    Folder, Hub, HubOptions, Node, Peer, Postgres, Process, S3, Shaper, dcmtk, dcmtk::Storescp,
    eventually,
};
use bildbro_tests::{Exchange, data_set, files, gateway_options, slices};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often a hub looks for work when nothing wakes it.
const POLL: Duration = Duration::from_secs(1);

/// Bytes a second, so that a study of some megabytes takes some seconds.
const SLOW: u64 = 1 << 20;

/// A key that signs the log, for tests: Ed25519, of a seed that everyone knows.
const SIGNING: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIFpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa\n\
     -----END PRIVATE KEY-----\n";

/// What hubs have together.
struct Shared {
    postgres: Postgres,
    s3: S3,
    settings: String,
    _keys: Folder,
}

/// Settings with one wrapping key, 32 bytes as base64.
fn keys(folder: &Folder, key: &str) -> String {
    let file = folder.write("wrapping.key", key);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is our file");
    let signing = folder.write("audit.key", SIGNING);
    fs::set_permissions(&signing, fs::Permissions::from_mode(0o600)).expect("it is our file");
    format!(
        "[audit.key]\nfile = {signing:?}\n[keys]\ncurrent = \"k\"\n[keys.key.k]\nfile = {file:?}\n"
    )
}

impl Shared {
    async fn start() -> Self {
        let (postgres, s3) = tokio::join!(Postgres::start(), S3::start());
        let keys = Folder::new("keys-");
        let mut settings = self::keys(&keys, "c29tZSB0aGlydHktdHdvIGJ5dGVzIG9mIGEga2V5ISE=");
        // Writing to a String does not fail.
        let _ok = write!(
            settings,
            "[database]\nurl = {:?}\n[blobs]\nurl = \"s3://{}/hub\"\n[blobs.options]\n",
            postgres.url(),
            s3.bucket()
        );
        for (name, value) in s3.options() {
            let _ok = writeln!(settings, "{name} = {value:?}");
        }
        Self {
            postgres,
            s3,
            settings,
            _keys: keys,
        }
    }

    async fn hub(&self, public_url: Option<String>) -> Hub {
        let settings = self.settings.clone();
        Hub::start(HubOptions {
            public_url,
            settings,
            ..HubOptions::default()
        })
        .await
    }
}

/// A PACS at Skåne that keeps everything that comes, also what comes again.
async fn pacs() -> Storescp {
    Storescp::start("PACS_SKANE", &["--fork", "+uf"]).await
}

/// Both hospitals on a hub; Skåne on the other, if there is one.
async fn exchange(hub: Hub, other: Option<&Hub>, pacs: &Storescp) -> Exchange {
    let mut node = Node::new("pacs", pacs.peer());
    node.settings = "find = false".to_owned();
    let halland = gateway_options("GW_HALLAND", vec![]);
    let skane = gateway_options("GW_SKANE", vec![node]);
    Exchange::start_on(hub, other, halland, skane).await
}

/// Both hospitals at the end of a line to a hub on `shared`.
async fn behind_a_line(shared: &Shared, pacs: &Storescp) -> (Exchange, Shaper) {
    let line = Shaper::start(([127, 0, 0, 1], 1).into()).await;
    let hub = shared.hub(Some(format!("http://{}", line.address()))).await;
    line.set_targets(vec![hub.link_address()]);
    (exchange(hub, None, pacs).await, line)
}

/// Some megabytes in `count` images.
fn study(seed: u64, count: u16) -> Vec<Instance> {
    let plans = catalogue();
    let ct = plans.into_iter().find(|plan| plan.key == "ct-thorax");
    let ct = ct.expect("the catalogue has a CT");
    let study = ct.with_slices(count).reduced(2).study(seed);
    study.instances().collect()
}

async fn send(to: &Peer, instances: &[Instance]) {
    let folder = Folder::new("send-");
    let files = files(&folder, instances);
    dcmtk::storescu("PACS_HALLAND", to, &[], &files)
        .await
        .expect_success();
}

fn sorted(mut data_sets: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    data_sets.sort();
    data_sets
}

/// Every data set that has come, as often as it came.
fn arrived(pacs: &Storescp) -> Vec<Vec<u8>> {
    let files = pacs.files();
    let read = |file: &PathBuf| data_set(&fs::read(file).expect("it has come")).1.to_vec();
    sorted(files.iter().map(read).collect())
}

fn sent(studies: &[&[Instance]]) -> Vec<Vec<u8>> {
    let all = studies.iter().copied().flatten();
    sorted(all.map(|instance| instance.data_set.clone()).collect())
}

/// Waits until the PACS has some images of `of`, by far not all.
async fn under_way(pacs: &Storescp, before: usize, of: usize) {
    eventually("some images at the PACS", async || {
        (pacs.files().len() >= before + of / 5).then_some(())
    })
    .await;
    let came = pacs.files().len() - before;
    assert!(
        came < of * 4 / 5,
        "{came} of {of} images: too late to disturb"
    );
}

/// Waits until a program says so in its log.
async fn says(program: Option<&Process>, what: &str) {
    let program = program.expect("it runs");
    eventually(what, async || program.log().contains(what).then_some(())).await;
}

async fn delivered(exchange: &Exchange, studies: usize, images: u64) {
    let all = |deliveries: &[Value]| {
        let done = |d: &Value| d["state"] == "delivered" && d["images"] == images;
        deliveries.len() == studies && deliveries.iter().all(done)
    };
    exchange.deliveries_when("all is delivered", all).await;
}

/// The hub's log of what was done to a study: action and time.
async fn on_record(hub: &Hub, study: &str) -> Vec<(String, jiff::Timestamp)> {
    let show = hub.admin(&["audit", "show", "--most", "1000"]).await;
    let lines = show.expect_success();
    let entries = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"));
    let of_study = entries.filter(|entry: &Value| entry["studies"][0] == study);
    let found = of_study.map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        (text("action"), text("at").parse().expect("a time"))
    });
    found.collect()
}

#[tokio::test]
async fn a_gateway_that_waits_at_one_hub_is_woken_by_what_comes_to_another() {
    const STUDIES: u64 = 9;
    let (shared, pacs) = tokio::join!(Shared::start(), pacs());
    let (hub, other) = (shared.hub(None).await, shared.hub(None).await);
    let exchange = exchange(hub, Some(&other), &pacs).await;
    let mut waits = Vec::new();
    let mut all = Vec::new();
    for seed in 1..=STUDIES {
        let study = slices(seed, 1);
        send(&exchange.to_skane(), &study).await;
        delivered(&exchange, all.len() + 1, 1).await;
        let record = on_record(&other, study[0].study_uid.as_str()).await;
        let at = |action: &str| record.iter().find(|(a, _)| a == action).unwrap().1;
        waits.push(at("decide").duration_since(at("admit")).unsigned_abs());
        all.extend(study);
    }
    assert!(arrived(&pacs) == sent(&[&all]), "other bytes");
    // One by one they may have had to wait for this machine; by polling they
    // would wait for half of the interval, more or less.
    waits.sort();
    let median = waits[waits.len() / 2];
    assert!(median < POLL / 3, "{waits:?}");
    exchange
        .hub
        .admin(&["audit", "verify"])
        .await
        .expect_success();
}

#[tokio::test]
async fn a_hub_that_is_killed_in_the_middle_of_a_delivery_is_not_missed() {
    const IMAGES: u16 = 40;
    let (shared, pacs) = tokio::join!(Shared::start(), pacs());
    let (mut exchange, line) = behind_a_line(&shared, &pacs).await;
    let other = shared.hub(exchange.hub.options.public_url.clone()).await;
    let study = study(1, IMAGES);
    line.limit(Some(SLOW));
    send(&exchange.to_skane(), &study).await;
    under_way(&pacs, 0, study.len()).await;

    line.set_targets(vec![other.link_address()]);
    exchange.hub.kill();
    exchange.hub = other;
    line.limit(None);
    delivered(&exchange, 1, IMAGES.into()).await;
    assert!(arrived(&pacs) == sent(&[&study]), "not each exactly once");
    let verify = ["audit", "verify"];
    exchange.hub.admin(&verify).await.expect_success();
    exchange.skane.run(&verify).await.expect_success();
}

#[tokio::test]
async fn a_database_or_an_object_store_that_goes_and_comes_back_costs_nothing() {
    const IMAGES: u16 = 40;
    const EARLY: usize = 30;
    let (mut shared, pacs) = tokio::join!(Shared::start(), pacs());
    let (exchange, line) = behind_a_line(&shared, &pacs).await;
    let (first, second) = (study(1, IMAGES), study(2, IMAGES));

    // The last images come while the hub cannot take them.
    let (early, late) = first.split_at(EARLY);
    line.limit(Some(SLOW));
    send(&exchange.to_skane(), early).await;
    under_way(&pacs, 0, EARLY).await;
    shared.postgres.kill().await;
    send(&exchange.to_skane(), late).await;
    says(exchange.hub.process(), "communicating with database").await;
    shared.postgres.start_again().await;
    line.limit(None);
    delivered(&exchange, 1, IMAGES.into()).await;

    let (early, late) = second.split_at(EARLY);
    let before = pacs.files().len();
    line.limit(Some(SLOW));
    send(&exchange.to_skane(), early).await;
    under_way(&pacs, before, EARLY).await;
    shared.s3.kill();
    send(&exchange.to_skane(), late).await;
    // So says the object store's client that has been refused.
    says(exchange.hub.process(), "backing off").await;
    shared.s3.start_again().await;
    line.limit(None);
    delivered(&exchange, 2, IMAGES.into()).await;

    let mut came = arrived(&pacs);
    came.dedup();
    assert!(came == sent(&[&first, &second]), "lost, or other bytes");
    let verify = ["audit", "verify"];
    exchange.hub.admin(&verify).await.expect_success();
}

#[tokio::test]
async fn a_hub_with_other_keys_than_the_first_is_refused_before_it_seals_anything() {
    let shared = Shared::start().await;
    let first = shared.hub(None).await;
    let (_, storage) = shared.settings.split_once("[database]").unwrap();
    let others = Folder::new("keys-");
    let of_that_name = keys(&others, "b3RoZXIgdGhpcnR5LXR3byBieXRlcyBvZiBhIGtleSE=");
    for (keys, refusal) in [
        (of_that_name.as_str(), "the same [keys]"),
        // It would make one.
        ("", "the wrapping key"),
    ] {
        let mut second = Hub::new(HubOptions {
            settings: format!("{keys}[database]{storage}"),
            ..HubOptions::default()
        });
        let said = second.try_to_start().await.unwrap_err();
        assert!(said.contains(refusal), "{said}");
    }
    assert!(first.overview().await.is_some());
}

/// The value of (0010,0010), and bytes from the middle of the pixel data.
fn secrets(image: &Instance) -> [&[u8]; 2] {
    let bytes = image.data_set.as_slice();
    let tag = b"\x10\x00\x10\x00PN";
    let at = bytes.windows(tag.len()).position(|w| w == tag);
    let at = at.expect("it names a patient") + tag.len();
    let length = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let name = &bytes[at + 2..][..length];
    let pixels = &bytes[bytes.len() * 3 / 4..][..32];
    assert!(
        pixels.iter().any(|byte| *byte != pixels[0]),
        "nothing to find"
    );
    [name, pixels]
}

/// Files below a folder, all together.
fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        all.extend(if path.is_dir() {
            bytes_below(&path)
        } else {
            fs::read(path).unwrap_or_default()
        });
    }
    all
}

/// The folder holds the study, but nobody can read that it does.
fn holds_sealed(folder: &Path, study: &[Instance]) {
    let bytes = bytes_below(folder);
    let whole: usize = study.iter().map(|image| image.data_set.len()).sum();
    assert!(bytes.len() >= whole, "{} holds no study", folder.display());
    for secret in study.iter().flat_map(secrets) {
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{} can be read", folder.display());
    }
}

#[tokio::test]
async fn images_at_rest_cannot_be_read_and_without_its_key_nothing_starts() {
    let pacs = pacs().await;
    let mut exchange = Exchange::start(vec![], vec![Node::new("pacs", pacs.peer())]).await;
    let study = slices(3, 4);
    exchange.hub.stop().await;
    send(&exchange.to_skane(), &study).await;
    holds_sealed(&exchange.halland.data_dir().join("spool"), &study);
    exchange.hub.start_again().await;
    exchange.delivered(4).await;
    holds_sealed(&exchange.hub.data_dir().join("blobs"), &study);

    exchange.hub.stop().await;
    exchange.halland.stop().await;
    let key = |folder: PathBuf| folder.join("wrapping.key");
    let keys = [
        key(exchange.hub.data_dir()),
        key(exchange.halland.data_dir()),
    ];
    let aside = Folder::new("keys-");
    let aside = ["hub", "gateway"].map(|name| aside.path().join(name));
    for (key, aside) in keys.iter().zip(&aside) {
        fs::rename(key, aside).unwrap();
    }
    let refusals = [
        exchange.hub.try_to_start().await,
        exchange.halland.try_to_start().await,
    ];
    for (refusal, key) in refusals.into_iter().zip(&keys) {
        let said = refusal.unwrap_err();
        let key = key.to_str().unwrap();
        assert!(said.contains(key) && said.contains("backup"), "{said}");
    }
    for (key, aside) in keys.iter().zip(&aside) {
        fs::rename(aside, key).unwrap();
    }
    exchange.hub.start_again().await;
    exchange.halland.start_again().await;
}
