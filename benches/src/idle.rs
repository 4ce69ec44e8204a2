//! Resident memory of programs that have been started and have nothing to do.

use crate::{
    exchange::{Exchange, id},
    process,
    receivers::Receiver,
};
use std::time::Duration;

/// KiB, by name of the program, after it has idled for so long.
pub async fn measure(idle: Duration, present: &[Receiver]) -> Vec<(&'static str, u64)> {
    let exchange = Exchange::start(true).await;
    let orthanc = match present.contains(&Receiver::Orthanc) {
        true => Some(Receiver::Orthanc.start().await),
        false => None,
    };
    tokio::time::sleep(idle).await;
    let ours = [
        ("bildbro hub", id(exchange.hub.process())),
        ("bildbro gateway", id(exchange.sender.process())),
    ];
    let theirs = orthanc.as_ref();
    let theirs = theirs.map(|orthanc| (Receiver::Orthanc.name(), orthanc.process_id()));
    let programs = ours.into_iter().chain(theirs);
    programs
        .map(|(name, id)| (name, process::resident_kib(id)))
        .collect()
}
