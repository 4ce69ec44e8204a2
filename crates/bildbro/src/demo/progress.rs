//! The first delivery, as it goes, at the terminal.

use crate::fault::{Fault, While};
use bildbro_domain::share::DeliveryState;
use bildbro_flow::ports::hub::{DeliveryView, HubStore};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the line is drawn anew.
const DRAW: Duration = Duration::from_millis(200);

/// Shows the newest delivery until it has ended.
pub async fn show(
    store: &dyn HubStore,
    images: usize,
    stop: &CancellationToken,
) -> Result<(), Fault> {
    let bar = ProgressBar::new(images as u64);
    let style =
        ProgressStyle::with_template("  {bar:40} {pos}/{len} images in the other PACS  {msg}")
            .doing("drawing the progress")?;
    bar.set_style(style);
    loop {
        let overview = store
            .overview(Timestamp::now(), 1)
            .await
            .doing("looking at the hub")?;
        if let Some(delivery) = overview.deliveries.first() {
            let there = delivery.stored + delivery.already_there;
            bar.set_position(there);
            bar.set_message(words(delivery));
            if ended(delivery, images) {
                bar.finish_and_clear();
                println!(
                    "Delivered: {there} of {images} images of a study ({}) from {} are in {}'s PACS.",
                    delivery.modality, delivery.sender, delivery.recipient
                );
                return Ok(());
            }
        }
        tokio::select! {
            () = tokio::time::sleep(DRAW) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}

fn ended(delivery: &DeliveryView, images: usize) -> bool {
    delivery.complete
        && delivery.state == DeliveryState::Delivered
        && delivery.images >= images as u64
}

fn words(delivery: &DeliveryView) -> String {
    match delivery.state {
        DeliveryState::Waiting => "waiting for the gateway".to_owned(),
        DeliveryState::UnderWay => format!("{} at the hub", delivery.images),
        DeliveryState::Retrying => "trying again by itself".to_owned(),
        DeliveryState::Delivered => "waiting for the study's end".to_owned(),
        DeliveryState::Stopped => "stopped: see the status page".to_owned(),
        DeliveryState::Withdrawn => "withdrawn".to_owned(),
    }
}
