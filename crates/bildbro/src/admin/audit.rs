//! `audit verify` proves that the log is whole; `audit show` reads it.

use crate::fault::{Fault, While};
use async_trait::async_trait;
use bildbro_domain::audit::{Link, Verifier};
use bildbro_flow::ports::{StoreError, gateway::GatewayStore, hub::HubStore};
use bildbro_store::{GatewayDb, HubDb};
use clap::Subcommand;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Prove the hash chain from its start; name the first broken entry
    Verify,
    /// Print entries as JSON lines. They hold personal data: handle them so
    Show {
        /// Begin after this entry
        #[arg(long, default_value_t = 0)]
        after: u64,
        #[arg(long, default_value_t = 100)]
        most: u32,
    },
}

/// A log's chain, the hub's or a gateway's.
#[async_trait]
pub trait Chain {
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError>;
    async fn head(&self) -> Result<(u64, [u8; 32]), StoreError>;
}

#[async_trait]
impl Chain for HubDb {
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        HubStore::audit_links(self, after, most).await
    }
    async fn head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        HubStore::audit_head(self).await
    }
}

#[async_trait]
impl Chain for GatewayDb {
    async fn links(&self, after: u64, most: u32) -> Result<Vec<Link>, StoreError> {
        GatewayStore::audit_links(self, after, most).await
    }
    async fn head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        GatewayStore::audit_head(self).await
    }
}

/// Entries read at a time.
const PAGE: u32 = 2_000;

pub async fn command(chain: &dyn Chain, command: AuditCommand) -> Result<(), Fault> {
    match command {
        AuditCommand::Verify => {
            let entries = verify(chain).await?;
            println!("the audit log is whole: {entries} entries, each linked to the one before");
            Ok(())
        }
        AuditCommand::Show { after, most } => {
            for link in chain.links(after, most).await.doing("reading the log")? {
                println!("{}", link.text);
            }
            Ok(())
        }
    }
}

/// Walks the whole chain up to its head as it was when the walk began, so that
/// a log in use can be verified. Answers the number of entries.
///
/// # Errors
/// Names the first entry that does not hold.
pub async fn verify(chain: &dyn Chain) -> Result<u64, Fault> {
    let (last, hash) = chain.head().await.doing("reading the log")?;
    let mut verifier = Verifier::default();
    let mut after = 0;
    'walk: loop {
        let links = chain.links(after, PAGE).await.doing("reading the log")?;
        if links.is_empty() {
            break;
        }
        for link in links {
            if link.sequence > last {
                break 'walk;
            }
            after = link.sequence;
            verifier.next(&link).doing("the audit log is broken")?;
        }
    }
    verifier.finish(last, hash).doing("the audit log is broken")
}
