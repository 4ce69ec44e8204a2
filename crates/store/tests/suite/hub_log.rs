//! The log in the hands of who owns the database: triggers gone, rows changed.
//! Each tampering is found, and said for what it is.

use crate::fixture::*;
use bildbro_domain::audit::{
    Broken, GENESIS, chain,
    checkpoint::{Note, PublicKey},
};
use bildbro_flow::{
    checkpoint::{Signer, make},
    log::{LogError, prove, verify},
    ports::{
        checkpoints::{Chain, Checkpoints},
        hub::Timing,
    },
};
use bildbro_seal::SigningKey;
use bildbro_store::HubDb;
use bildbro_testkit::Postgres;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

const UNLOCK_SQLITE: &[&str] = &[
    "DROP TRIGGER audit_never_updated",
    "DROP TRIGGER audit_never_deleted",
    "DROP TRIGGER audit_never_replaced",
    "DROP TRIGGER audit_head_goes_forward",
    "DROP TRIGGER checkpoint_never_updated",
    "DROP TRIGGER checkpoint_never_deleted",
    "DROP TRIGGER checkpoint_never_replaced",
    "PRAGMA foreign_keys = OFF",
];

const UNLOCK_POSTGRES: &[&str] = &["SET session_replication_role = replica"];

struct World {
    hub: Arc<HubDb>,
    raw: AnyConnection,
    trusted: Vec<PublicKey>,
    /// Kept elsewhere: the first checkpoint, and the second.
    kept: Vec<Note>,
}

async fn world(hub: HubDb, url: &str, unlock: &[&'static str]) -> World {
    let hub = Arc::new(hub);
    let (sender, recipient) = two(&hub).await;
    let seed = zeroize::Zeroizing::new([7; 32]);
    let id = hub.hub_id(Uuid::new_v4()).await.unwrap();
    let signer = Signer::new(id, SigningKey::from_seed(&seed), Vec::new());
    let mut kept = Vec::new();
    for n in 1..=3 {
        send(&hub, &sender.call(1), n, 1..=2, recipient.share()).await;
        kept.extend(make(hub.as_ref(), &signer, at(i64::from(n))).await.unwrap());
    }
    assert_eq!(kept.len(), 3);
    send(&hub, &sender.call(1), 4, 1..=2, recipient.share()).await;
    let mut raw = AnyConnection::connect(url).await.unwrap();
    for statement in unlock {
        sqlx::query(*statement).execute(&mut raw).await.unwrap();
    }
    let trusted = signer.trusted().to_vec();
    let mut world = World {
        hub,
        raw,
        trusted,
        kept,
    };
    let verified = world.verify(3).await.unwrap();
    assert_eq!(verified.checkpoints, 3);
    world
}

impl World {
    async fn run(&mut self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        sqlx::query(statement).execute(&mut self.raw).await.unwrap();
    }

    async fn verify(&mut self, elsewhere: usize) -> Result<bildbro_flow::log::Verified, LogError> {
        verify(&self.hub, &self.trusted, &self.kept[..elsewhere]).await
    }

    async fn broken(&mut self) -> Broken {
        match self.verify(0).await {
            Err(LogError::Broken(broken)) => broken,
            other => panic!("{other:?}"),
        }
    }
}

async fn each_way_of_tampering_is_found(mut world: World) {
    let (entries, head) = world.hub.head().await.unwrap();

    // Proofs hold while the log does.
    let log: Arc<dyn Chain> = Arc::clone(&world.hub) as _;
    let proof = prove(&log, 3, &world.kept[1]).await.unwrap();
    assert!(proof.verify(&world.trusted).is_ok());
    let mut forged = proof.clone();
    forged.text = forged.text.replace("success", "failure");
    assert!(forged.verify(&world.trusted).is_err());

    // Checkpoints: edited, removed.
    let note = world.kept[1].to_string();
    let size = world.kept[1].unverified().size;
    let changed = note.replace("head ", "head 0").replacen("00", "0", 1);
    world
        .run(&format!(
            "UPDATE checkpoint SET note = '{changed}' WHERE size = {size}"
        ))
        .await;
    assert!(world.verify(0).await.unwrap_err().is_tampering());
    world
        .run(&format!("DELETE FROM checkpoint WHERE size = {size}"))
        .await;
    let gone = world.verify(0).await.unwrap_err();
    assert!(matches!(gone, LogError::CheckpointGone { .. }), "{gone:?}");
    world
        .run(&format!("INSERT INTO checkpoint VALUES ({size}, '{note}')"))
        .await;
    world.verify(3).await.unwrap();
    let newest = world.kept[2].unverified().size;
    let last = world.kept[2].to_string();
    world
        .run(&format!("DELETE FROM checkpoint WHERE size = {newest}"))
        .await;
    let gone = world.verify(0).await.unwrap_err();
    assert!(matches!(gone, LogError::NewestGone { .. }), "{gone:?}");
    world
        .run(&format!(
            "INSERT INTO checkpoint VALUES ({newest}, '{last}')"
        ))
        .await;

    // Edited, and put back.
    world
        .run("UPDATE audit SET text = text || ' ' WHERE sequence = 4")
        .await;
    assert_eq!(world.broken().await, Broken::Altered(4));
    world
        .run("UPDATE audit SET text = rtrim(text) WHERE sequence = 4")
        .await;
    world.verify(3).await.unwrap();

    // Two entries in each other's place.
    for (from, to) in [(5, 9005), (6, 5), (9005, 6)] {
        world
            .run(&format!(
                "UPDATE audit SET sequence = {to} WHERE sequence = {from}"
            ))
            .await;
    }
    assert_eq!(world.broken().await, Broken::Unlinked(5));
    for (from, to) in [(5, 9005), (6, 5), (9005, 6)] {
        world
            .run(&format!(
                "UPDATE audit SET sequence = {to} WHERE sequence = {from}"
            ))
            .await;
    }
    world.verify(3).await.unwrap();

    // All of it written anew, from entry 2 on, so that it hangs together.
    let links = world.hub.links(0, 10_000).await.unwrap();
    let mut previous = GENESIS;
    for link in &links {
        let text = match link.sequence {
            2 => link.text.replace("success", "failure"),
            _ => link.text.clone(),
        };
        let new = chain(previous, link.sequence, text);
        let hex = |hash| bildbro_domain::Digest(hash).to_string();
        let set = format!(
            "UPDATE audit SET previous = '{}', hash = '{}', text = '{}' WHERE sequence = {}",
            hex(new.previous),
            hex(new.hash),
            new.text.replace('\'', "''"),
            new.sequence
        );
        world.run(&set).await;
        previous = new.hash;
    }
    assert_ne!(previous, head);
    let new_head = bildbro_domain::Digest(previous);
    world
        .run(&format!("UPDATE audit_head SET hash = '{new_head}'"))
        .await;
    let first = world.kept[0].unverified().size;
    let found = world.verify(0).await.unwrap_err();
    assert!(
        matches!(found, LogError::Rewritten { size, .. } if size == first),
        "{found:?}"
    );
    // With the checkpoints gone too, the one kept elsewhere finds it.
    world.run("DELETE FROM checkpoint").await;
    let frontier = "UPDATE checkpoint_edge SET frontier = 'AAAAAAAAAAA=', size = 0, head = ";
    let zeros = "0".repeat(64);
    for drop in ["DROP TRIGGER checkpoint_edge_goes_forward"] {
        let _not_on_postgres = sqlx::query(drop).execute(&mut world.raw).await;
    }
    world.run(&format!("{frontier}'{zeros}'")).await;
    world.verify(0).await.unwrap();
    let found = world.verify(1).await.unwrap_err();
    assert!(matches!(found, LogError::Rewritten { .. }), "{found:?}");

    // Removed in the middle; cut off, with a head to match.
    world.run("DELETE FROM audit WHERE sequence = 4").await;
    let gap = Broken::Gap {
        expected: 4,
        found: 5,
    };
    assert_eq!(world.broken().await, gap);
    world.run("DELETE FROM audit WHERE sequence > 3").await;
    let cut = Broken::Truncated {
        expected: entries,
        found: 3,
    };
    assert_eq!(world.broken().await, cut);
    let third = world.hub.links(2, 1).await.unwrap().remove(0);
    let hash = bildbro_domain::Digest(third.hash);
    world
        .run(&format!(
            "UPDATE audit_head SET sequence = 3, hash = '{hash}'"
        ))
        .await;
    world.verify(0).await.unwrap();
    let found = world.verify(3).await.unwrap_err();
    assert!(
        matches!(found, LogError::Shorter { .. } | LogError::Rewritten { .. }),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_is_found_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let url = format!("sqlite://{}", file.display());
    each_way_of_tampering_is_found(world(hub, &url, UNLOCK_SQLITE).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_is_found_on_postgres() {
    let server = Postgres::shared().await;
    let url = server.url();
    let hub = HubDb::connect(&url, Timing::default()).await.unwrap();
    each_way_of_tampering_is_found(world(hub, &url, UNLOCK_POSTGRES).await).await;
}
