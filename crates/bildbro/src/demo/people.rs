//! People for the demo: one who sends, one who receives, each with a link to set
//! up an account with.

use super::{HALLAND, SKANE};
use crate::{
    admin,
    fault::{Fault, While},
};
use bildbro_domain::{audit::Actor, permission::BuiltIn};
use bildbro_flow::ports::{
    hub::HubStore,
    portal::{Portal, members::FirstMember},
};
use jiff::Timestamp;

const PEOPLE: [(&str, &str, &str, BuiltIn); 3] = [
    (
        "Sara",
        HALLAND.ae_title,
        "sara@halland.example",
        BuiltIn::Sender,
    ),
    (
        "Rut",
        SKANE.ae_title,
        "rut@skane.example",
        BuiltIn::Receiver,
    ),
    (
        "Siv",
        SKANE.ae_title,
        "siv@skane.example",
        BuiltIn::Administrator,
    ),
];

/// Prints how to come in. Whoever is there from an earlier start has a password.
pub async fn invite(store: &dyn HubStore, portal: &dyn Portal, url: &str) -> Result<(), Fault> {
    if !bildbro_site::is_built() {
        println!(
            "  portal           not in this build: `make demo` builds it where there is Node\n"
        );
        return Ok(());
    }
    println!("  portal           {url}");
    let organisations = store.organisations().await;
    let organisations = organisations.doing("reading the organisations")?;
    for (name, ae_title, email, role) in PEOPLE {
        let Some(of) = organisations
            .iter()
            .find(|o| o.ae_title.as_str() == ae_title)
        else {
            continue;
        };
        let new = FirstMember {
            organisation: of.id,
            name: name.to_owned(),
            email: email.to_owned(),
            language: "sv".to_owned(),
            roles: vec![role],
        };
        let by = Actor::Operator {
            login: "demo".to_owned(),
        };
        let who = format!("{name}, {} at {}", role.as_str(), of.name);
        match admin::invite(portal, new, url, by, Timestamp::now()).await? {
            Some(link) => println!("    {who}:\n      {link}"),
            // Made at an earlier start.
            None => println!("    {who}: logs in as {email}"),
        }
    }
    println!();
    Ok(())
}
