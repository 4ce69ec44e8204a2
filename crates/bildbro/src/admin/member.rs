//! The first members, who then invite the others in the portal.

use super::{find_organisation, operator};
use crate::fault::{Fault, While};
use bildbro_domain::{Digest, audit::Actor, permission::BuiltIn};
use bildbro_flow::ports::portal::{
    Refusal,
    members::{FirstMember, Members},
};
use bildbro_store::HubDb;
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};

/// How long a link lives.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Subcommand)]
pub enum MemberCommand {
    /// Make an account, and print the link with which its owner sets it up
    Invite {
        /// Name or AE title of the organisation
        #[arg(long)]
        organisation: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        /// sender, receiver, order_handler, administrator, auditor or operator;
        /// may be given several times
        #[arg(long, default_value = "administrator")]
        role: Vec<String>,
        /// Of letters and pages: sv or en
        #[arg(long, default_value = "sv")]
        language: String,
        /// The portal's address, as in the hub's `public_url`
        #[arg(long)]
        url: Option<String>,
    },
}

pub async fn member(
    db: &HubDb,
    command: MemberCommand,
    public_url: Option<String>,
) -> Result<(), Fault> {
    let MemberCommand::Invite {
        organisation,
        name,
        email,
        role,
        language,
        url,
    } = command;
    let url = url.or(public_url).ok_or_else(|| {
        Fault::new("say where the portal is: --url https://…, or public_url in the configuration")
    })?;
    if !matches!(language.as_str(), "sv" | "en") {
        return Err(Fault::new("the language is sv or en"));
    }
    let roles = role.iter().map(|word| {
        BuiltIn::parse(word).ok_or_else(|| {
            Fault::new(
                "a role is sender, receiver, order_handler, administrator, auditor or operator",
            )
        })
    });
    let roles = roles.collect::<Result<Vec<_>, _>>()?;
    let organisation = find_organisation(db, &organisation).await?.id;
    let at = Timestamp::now();
    let expires = at.checked_add(LIFE).doing("the link's life")?;
    let new = FirstMember {
        organisation,
        name,
        email,
        language,
        roles,
    };
    let link = invite(db, new, &url, operator(), at).await?;
    let link = link.ok_or_else(|| Fault::new("someone has an account with this address"))?;
    println!("{link}");
    println!("Good once, until {expires}. Whoever has it can set up the account.");
    Ok(())
}

/// Makes an account, and the link with which its owner sets it up. `None`:
/// someone has the address already.
pub async fn invite(
    members: &dyn Members,
    new: FirstMember,
    url: &str,
    by: Actor,
    at: Timestamp,
) -> Result<Option<String>, Fault> {
    let expires = at.checked_add(LIFE).doing("the link's life")?;
    let member = match members.add_first_member(new, by.clone(), at).await {
        Err(Refusal::Taken("email")) => return Ok(None),
        added => added.doing("making the account")?,
    };
    let token = bildbro_identity::token::generate();
    let hash = Digest::of(token.as_bytes());
    members
        .issue_link(member, hash, expires, by, at)
        .await
        .doing("making the link")?;
    let url = url.trim_end_matches('/');
    Ok(Some(format!("{url}/invitation/{token}")))
}
