//! Organisations, enrolment codes, gateways.

use super::{find_organisation, operator};
use crate::fault::{Fault, While};
use bildbro_domain::{
    AeTitle, Digest, GatewayId,
    audit::Actor,
    organisation::{Kind, Organisation},
};
use bildbro_flow::ports::hub::{HubStore, NewOrganisation};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

#[derive(Subcommand)]
pub enum OrganisationCommand {
    /// Add one; then make a code for its gateway with `enrol-code`
    Add {
        /// As people say it: "Region Skåne"
        #[arg(long)]
        name: String,
        /// What other PACS send to, to share with it: `BB_SKANE`
        #[arg(long)]
        ae_title: String,
        /// `region`, `private_clinic`, `insurer`, `authority` or `other`
        #[arg(long, default_value = "region")]
        kind: String,
    },
    List,
}

#[derive(Args)]
pub struct EnrolCodeArguments {
    /// Name or AE title of the organisation
    #[arg(long)]
    organisation: String,
    /// How long the code can be used
    #[arg(long, default_value_t = 24)]
    hours: u32,
}

#[derive(Subcommand)]
pub enum GatewayCommand {
    List,
    /// Cut a gateway off: its tokens end at once
    Revoke {
        gateway: GatewayId,
    },
}

pub async fn organisation(store: &dyn HubStore, command: OrganisationCommand) -> Result<(), Fault> {
    match command {
        OrganisationCommand::Add {
            name,
            ae_title,
            kind,
        } => {
            let new = NewOrganisation {
                kind: Kind::parse(&kind).ok_or_else(|| {
                    Fault::new("the kind is region, private_clinic, insurer, authority or other")
                })?,
                ae_title: AeTitle::new(&ae_title).doing("the AE title")?,
                name,
            };
            let added = store
                .add_organisation(new, operator(), Timestamp::now())
                .await
                .doing("adding the organisation")?;
            println!(
                "{} is on the hub; other PACS share with it by sending to {}",
                added.name, added.ae_title
            );
            Ok(())
        }
        OrganisationCommand::List => {
            for o in store
                .organisations()
                .await
                .doing("reading the organisations")?
            {
                let state = if o.active { "" } else { "  (has left)" };
                println!(
                    "{:<16}  {:<14}  {}{state}",
                    o.ae_title.as_str(),
                    o.kind.as_str(),
                    o.name
                );
            }
            Ok(())
        }
    }
}

/// A code as shown once, to be typed at the gateway.
pub struct NewCode {
    pub code: String,
    pub expires: Timestamp,
}

/// Makes a code; only its hash is kept.
pub async fn issue_code(
    store: &dyn HubStore,
    organisation: &Organisation,
    hours: u32,
    by: Actor,
) -> Result<NewCode, Fault> {
    let code = bildbro_identity::code::generate();
    let hash = Digest::of(bildbro_identity::code::normalise(&code).as_bytes());
    let now = Timestamp::now();
    let expires = now
        .checked_add(SignedDuration::from_hours(i64::from(hours)))
        .doing("the code's life")?;
    store
        .issue_code(organisation.id, hash, expires, by, now)
        .await
        .doing("keeping the code")?;
    Ok(NewCode { code, expires })
}

pub async fn enrol_code(store: &dyn HubStore, arguments: EnrolCodeArguments) -> Result<(), Fault> {
    let organisation = find_organisation(store, &arguments.organisation).await?;
    let new = issue_code(store, &organisation, arguments.hours, operator()).await?;
    println!("{}", new.code);
    eprintln!(
        "For {}. Use it once, before {:.0}, on the gateway's machine:\n  bildbro gateway enrol --hub URL --code {}",
        organisation.name, new.expires, new.code
    );
    Ok(())
}

pub async fn gateway(store: &dyn HubStore, command: GatewayCommand) -> Result<(), Fault> {
    match command {
        GatewayCommand::List => {
            let overview = store
                .overview(Timestamp::now(), 1)
                .await
                .doing("reading the gateways")?;
            for g in overview.gateways {
                let seen = g
                    .last_seen
                    .map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
                println!(
                    "{}  {}  {}  last seen {seen}",
                    g.gateway, g.organisation, g.name
                );
            }
            Ok(())
        }
        GatewayCommand::Revoke { gateway } => {
            let done = store
                .revoke_gateway(gateway, operator(), Timestamp::now())
                .await
                .doing("revoking the gateway")?;
            if done {
                println!("gateway {gateway} is cut off");
                Ok(())
            } else {
                Err(Fault::new(format!("there is no active gateway {gateway}")))
            }
        }
    }
}
