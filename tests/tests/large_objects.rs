//! Objects larger than anyone wants to send twice, and lines that are slow:
//! what breaks off goes on where it was, nothing holds an object whole, and
//! the hospital's line is not used beyond what it lends.
//!
//! The tests keep to that too: objects are drawn as they are sent, and
//! compared as they are read back.

#[path = "large_objects/multiframe.rs"]
mod multiframe;

use bildbro_testkit::{
    GatewayOptions, Hub, HubOptions, LIMIT, Node, Process, Shaper, dcmtk::Storescp, eventually,
    until,
};
use bildbro_tests::{Exchange, gateway_options};
use multiframe::Multiframe;
use std::{
    fs,
    time::{Duration, Instant},
};

/// Two hospitals whose way to the hub is one line; what goes up it is Halland's
/// images, what comes back Skåne's.
struct Hospitals {
    exchange: Exchange,
    line: Shaper,
    pacs: Storescp,
}

impl Hospitals {
    /// `halland` and `skane` are more settings of their gateways.
    async fn start(halland: &str, skane: &str) -> Self {
        // One that writes down what becomes of its associations.
        let pacs = Storescp::start("PACS_SKANE", &["--fork", "+uf", "-v"]).await;
        let line = Shaper::start(([127, 0, 0, 1], 1).into()).await;
        let hub = Hub::start(HubOptions {
            public_url: Some(format!("http://{}", line.address())),
            ..HubOptions::default()
        })
        .await;
        line.set_targets(vec![hub.link_address()]);
        let mut node = Node::new("pacs", pacs.peer());
        node.settings = "find = false".to_owned();
        let halland = with(gateway_options("GW_HALLAND", vec![]), halland);
        let skane = with(gateway_options("GW_SKANE", vec![node]), skane);
        let exchange = Exchange::start_on(hub, None, halland, skane).await;
        Self {
            exchange,
            line,
            pacs,
        }
    }

    /// Waits until so many bytes have gone up.
    async fn up(&self, bytes: u64) {
        let line = || (self.line.passed().0 >= bytes).then_some(());
        eventually("bytes to the hub", async || line()).await;
    }

    /// Waits until so many bytes have come back.
    async fn down(&self, bytes: u64) {
        let line = || (self.line.passed().1 >= bytes).then_some(());
        eventually("bytes from the hub", async || line()).await;
    }

    /// The hub has these many images.
    async fn admitted(&self, images: u64) {
        eventually("the images at the hub", async || {
            let overview = self.exchange.hub.overview().await?;
            (overview["totals"]["instances"] == images).then_some(())
        })
        .await;
    }

    /// Waits for the one image there is to arrive, and compares it.
    async fn arrives(&self, object: &Multiframe, limit: Duration) {
        let delivered = until(limit, async || {
            let overview = self.exchange.hub.overview().await?;
            let delivery = overview["deliveries"].get(0)?;
            (delivery["state"] == "delivered").then(|| delivery.clone())
        })
        .await;
        let delivery = delivered.expect("the object is delivered");
        assert_eq!(delivery["stored"], 1, "{delivery}");
        let files = self.pacs.files();
        assert_eq!(files.len(), 1, "{files:?}");
        let same = object.is_in(&files[0]);
        assert!(same.expect("what the PACS has can be read"), "other bytes");
    }
}

fn with(mut options: GatewayOptions, settings: &str) -> GatewayOptions {
    options.settings.push_str(settings);
    options
}

#[tokio::test]
async fn an_object_goes_on_where_the_line_was_cut_both_ways() {
    /// Bytes a second: slow enough to be cut in time.
    const RATE: u64 = 12 << 20;
    const FRAMES_OF_64_MIB: u32 = 128;
    let object = Multiframe::new(1, FRAMES_OF_64_MIB);
    let packed = object.packed();
    // Beginning again would pass 1.75 times as much.
    let late = packed / 4 * 3;
    let hospitals = Hospitals::start("", "").await;
    let line = &hospitals.line;
    line.limit(Some(RATE));

    let (up, _) = line.passed();
    object.send(&hospitals.exchange.to_skane()).await;
    hospitals.up(up + late).await;
    line.cut();
    hospitals.admitted(1).await;
    let (up_after, down) = line.passed();
    hospitals.down(down + late).await;
    line.cut();
    hospitals.arrives(&object, LIMIT).await;

    let (up, down) = (up_after - up, line.passed().1 - down);
    for (way, bytes) in [("up", up), ("down", down)] {
        assert!(
            bytes * 2 < packed * 3,
            "{bytes} bytes {way} the line, and packed it has {packed}"
        );
    }
    let gateway = hospitals.exchange.skane.process().unwrap().log();
    assert!(gateway.contains("deliver.resuming"), "{gateway}");
    let log = hospitals.pacs.process().log();
    let count = |what: &str| log.matches(what).count();
    assert_eq!(count("Received Store Request"), 1, "{log}");
    assert_eq!(count("Abort"), 0, "{log}");
}

#[tokio::test]
async fn the_exchange_uses_no_more_of_the_line_than_it_is_lent() {
    const MBIT: f64 = 4.0;
    // At any time of day, one of them holds.
    let lent = |way: &str| {
        let window = |from, to| {
            format!("[[hub.bandwidth]]\nfrom = \"{from}\"\nto = \"{to}\"\n{way}_mbit = {MBIT}\n")
        };
        window("00:00", "12:00") + &window("12:00", "00:00")
    };
    let mut hospitals = Hospitals::start(&lent("up"), &lent("down")).await;
    let object = Multiframe::new(2, 4);
    let packed = object.packed();
    hospitals.exchange.skane.stop().await;

    let (before, begun) = (hospitals.line.passed().0, Instant::now());
    object.send(&hospitals.exchange.to_skane()).await;
    hospitals.admitted(1).await;
    let up = (hospitals.line.passed().0 - before, begun.elapsed());

    let (before, begun) = (hospitals.line.passed().1, Instant::now());
    hospitals.exchange.skane.start_again().await;
    hospitals.arrives(&object, LIMIT).await;
    let down = (hospitals.line.passed().1 - before, begun.elapsed());

    for (way, (bytes, took)) in [("up", up), ("down", down)] {
        assert!(bytes >= packed, "{bytes} bytes {way}: not by the line");
        // What is not an image is small, and not counted.
        let most = MBIT * 1e6 / 8.0 * took.as_secs_f64() * 1.1 + 65_536.0;
        assert!(bytes as f64 <= most, "{bytes} bytes {way} in {took:?}");
    }
}

/// The most that a process has held in memory, in bytes.
fn peak(process: Option<&Process>) -> Option<u64> {
    let path = format!("/proc/{}/status", process?.id());
    let status = fs::read_to_string(path).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

/// As long as an element of defined length can be (PS3.5 7.1), nearly.
#[tokio::test]
#[ignore = "takes minutes and 10 GB of disk: `make large`"]
async fn an_object_of_4_gb_passes_and_nothing_holds_it() {
    const FRAMES: u32 = 8190;
    const MOST: u64 = 300 << 20;
    const PATIENCE: Duration = Duration::from_secs(3600);
    let object = Multiframe::new(3, FRAMES);
    let hospitals = Hospitals::start("", "").await;
    let Exchange {
        hub,
        halland,
        skane,
    } = &hospitals.exchange;
    let begun = Instant::now();
    object.send(&hospitals.exchange.to_skane()).await;
    let received = begun.elapsed();
    hospitals.arrives(&object, PATIENCE).await;
    let (length, arrived) = (object.length(), begun.elapsed());
    println!("{length} bytes: acknowledged after {received:?}, there after {arrived:?}");
    let peaks = [
        ("sending gateway", halland.process()),
        ("hub", hub.process()),
        ("receiving gateway", skane.process()),
    ]
    .map(|(name, process)| (name, peak(process).unwrap()));
    for (name, peak) in peaks {
        println!("{name}: {} MiB at most", peak >> 20);
    }
    for (name, peak) in peaks {
        assert!(peak < MOST, "the {name} held {peak} bytes");
    }
}
