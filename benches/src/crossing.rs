//! A study from hospital A to hospital B over a line of 100 Mbit/s and 20 ms:
//! the product, and beside it an Orthanc that sends the study, which it has
//! already, to another Orthanc by HTTP (`/peers/B/store`, as it comes: one
//! image after another, not compressed).

use crate::{
    exchange::{Exchange, id},
    process,
    sample::{self, DataSets, Sample},
};
use bildbro_testkit::{Orthanc, OrthancOptions, Shaper};
use reqwest::Method;
use serde_json::json;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

/// 100 Mbit/s, each way.
const RATE: u64 = 12_500_000;
/// Half of 20 ms.
const ONE_WAY: Duration = Duration::from_millis(10);

/// One study's way.
#[derive(Debug, Clone, Copy)]
pub struct Crossing {
    /// From the first image sent to the last in B's PACS.
    pub seconds: f64,
    /// From the last acknowledgement to the sender to the last in B's PACS.
    pub seconds_after: f64,
    /// Bytes on A's line and on B's; one line where they talk directly.
    pub line: [u64; 2],
    /// Most memory of the sending, the middle and the receiving program, KiB.
    pub peak_kib: [u64; 3],
}

fn narrow(line: &Shaper) {
    line.limit(Some(RATE));
    line.delay(ONE_WAY);
}

/// # Errors
/// When an image is not taken, does not come, or comes changed.
pub async fn ours(sample: &Sample, pace: Option<Duration>) -> Result<Crossing, String> {
    let mut exchange = Exchange::start(true).await;
    exchange.receiver.start_again().await;
    narrow(&exchange.line);
    let (up, down) = exchange.line.passed();
    let begin = Instant::now();
    let (acknowledged, arrived) =
        tokio::try_join!(exchange.send(sample, pace), exchange.arrived(sample))?;
    let passed = exchange.line.passed();
    exchange.verify(sample).await?;
    let programs = [
        exchange.sender.process(),
        exchange.hub.process(),
        exchange.receiver.process(),
    ];
    Ok(Crossing {
        seconds: (arrived - begin).as_secs_f64(),
        seconds_after: (arrived - acknowledged).as_secs_f64(),
        line: [passed.0 - up, passed.1 - down],
        peak_kib: programs.map(|program| process::peak_kib(id(program))),
    })
}

/// # Errors
/// When an image does not come, or comes changed.
pub async fn orthanc(sample: &Sample) -> Result<Crossing, String> {
    let options = |title| OrthancOptions {
        sync: true,
        ..OrthancOptions::new(title)
    };
    let a = Orthanc::start(options("ORTHANC_A")).await;
    let b = Orthanc::start(options("ORTHANC_B")).await;
    for file in sample.files() {
        let read = fs::read(&file).map_err(|error| error.to_string())?;
        a.upload(read).await;
    }
    let port = b.rest.get_json("/system").await["HttpPort"].clone();
    let port = port.as_u64().and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or("Orthanc does not say its port")?;
    let line = Shaper::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    let url = format!("http://{}/", line.address());
    let peer = json!({ "Url": url }).to_string();
    a.rest.send(Method::PUT, "/peers/B", peer).await;
    narrow(&line);
    let store = json!({ "Resources": a.studies().await, "Synchronous": true }).to_string();
    let begin = Instant::now();
    a.rest.send(Method::POST, "/peers/B/store", store).await;
    let seconds = begin.elapsed().as_secs_f64();
    let (up, _) = line.passed();

    let mut came = DataSets::new();
    for instance in b.instances().await.values() {
        let (uid, what) = sample::data_set(&b.file(instance).await)?;
        came.insert(uid, what);
    }
    if came != sample.data_sets {
        return Err("what came is not what was sent".to_owned());
    }
    let peak = |orthanc: &Orthanc| process::peak_kib(orthanc.process().id());
    Ok(Crossing {
        seconds,
        seconds_after: seconds,
        line: [up, up],
        peak_kib: [peak(&a), 0, peak(&b)],
    })
}
