//! Shares, deliveries and quarantine, seen and steered by hand.

use super::{find_organisation, operator};
use crate::fault::{Fault, While};
use bildbro_domain::{DeliveryId, ShareId, StudyUid, share::Purpose};
use bildbro_flow::ports::hub::{DeliveryView, HubStore};
use clap::Subcommand;
use jiff::Timestamp;

#[derive(Subcommand)]
pub enum ShareCommand {
    /// Share a study that an organisation has sent to its own gateway
    Add {
        /// Who shares: name or AE title
        #[arg(long)]
        from: String,
        /// Who receives: name or AE title
        #[arg(long)]
        to: String,
        /// Study Instance UID
        #[arg(long)]
        study: String,
        /// `care`, `second_opinion`, `before_surgery`, `conference`, …
        #[arg(long, default_value = "care")]
        purpose: String,
    },
    /// Take a share back: no image leaves the hub for it from now on
    Revoke { share: ShareId },
}

#[derive(Subcommand)]
pub enum DeliveryCommand {
    /// The latest deliveries
    List,
    /// Try a stopped or waiting delivery again now
    Retry { delivery: DeliveryId },
}

pub async fn share(store: &dyn HubStore, command: ShareCommand) -> Result<(), Fault> {
    match command {
        ShareCommand::Add {
            from,
            to,
            study,
            purpose,
        } => {
            let holder = find_organisation(store, &from).await?;
            let recipient = find_organisation(store, &to).await?;
            let study = StudyUid::new(&study).doing("the study")?;
            let purpose = Purpose::parse(&purpose)
                .ok_or_else(|| Fault::new(format!("there is no purpose `{purpose}`")))?;
            let share = store
                .share_study(
                    holder.id,
                    &study,
                    recipient.id,
                    purpose,
                    operator(),
                    Timestamp::now(),
                )
                .await
                .doing("sharing the study")?;
            println!("share {share}");
            Ok(())
        }
        ShareCommand::Revoke { share } => {
            let done = store
                .revoke_share(share, operator(), Timestamp::now())
                .await
                .doing("taking the share back")?;
            if done {
                println!("share {share} is taken back");
                Ok(())
            } else {
                Err(Fault::new(format!(
                    "there is no share {share} to take back"
                )))
            }
        }
    }
}

pub async fn delivery(store: &dyn HubStore, command: DeliveryCommand) -> Result<(), Fault> {
    match command {
        DeliveryCommand::List => {
            let overview = store
                .overview(Timestamp::now(), 50)
                .await
                .doing("reading the deliveries")?;
            for d in overview.deliveries {
                println!("{}", line(&d));
            }
            Ok(())
        }
        DeliveryCommand::Retry { delivery } => {
            let done = store
                .retry_now(delivery, operator(), Timestamp::now())
                .await
                .doing("trying again")?;
            if done {
                println!("delivery {delivery} is first in its queue");
                Ok(())
            } else {
                Err(Fault::new(format!(
                    "there is no delivery {delivery} to try again"
                )))
            }
        }
    }
}

fn line(d: &DeliveryView) -> String {
    let of = d.expected.unwrap_or(d.images).max(d.images);
    let failure = d.failure.map_or("", bildbro_domain::share::Failure::as_str);
    format!(
        "{}  share {}  {} → {}  {}  {} of {of} there  {} {failure}",
        d.delivery,
        d.share,
        d.sender,
        d.recipient,
        d.modality,
        d.stored + d.already_there,
        d.state.as_str(),
    )
}

pub async fn quarantine(store: &dyn HubStore) -> Result<(), Fault> {
    let overview = store
        .overview(Timestamp::now(), 1)
        .await
        .doing("reading the quarantine")?;
    if overview.quarantined.is_empty() {
        println!("nothing is set aside");
    }
    for q in overview.quarantined {
        println!(
            "{}  {}  {} images, latest {:.0}",
            q.organisation,
            q.reason.as_str(),
            q.images,
            q.latest
        );
    }
    Ok(())
}
