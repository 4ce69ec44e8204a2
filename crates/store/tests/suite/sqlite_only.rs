//! What is SQLite's own: files, triggers, other processes.

use crate::fixture::*;
use bildbro_flow::ports::{
    gateway::GatewayStore,
    hub::{HubStore, Timing},
};
use bildbro_store::{GatewayDb, HubDb};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

#[tokio::test]
async fn the_audit_log_is_only_appended_to() {
    let folder = TempDir::new().unwrap();
    let (hub_file, gateway_file) = (folder.path().join("h.db"), folder.path().join("g.db"));
    let hub = HubDb::open(&hub_file, Timing::default()).await.unwrap();
    let (sender, recipient) = two(&hub).await;
    send(&hub, &sender.call(1), 1, 1..=1, recipient.share()).await;
    let gateway = GatewayDb::open(&gateway_file).await.unwrap();
    let entry = entries(&hub).await.remove(0);
    gateway.record(&[entry]).await.unwrap();

    for file in [hub_file, gateway_file] {
        let options = SqliteConnectOptions::new().filename(file);
        let mut raw = options.connect().await.unwrap();
        let forbidden = [
            "UPDATE audit SET text = 'x'",
            "DELETE FROM audit",
            "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 1",
            "DELETE FROM audit_head",
            "UPDATE audit_head SET sequence = sequence - 1",
        ];
        for statement in forbidden {
            let done = sqlx::query(statement).execute(&mut raw).await;
            let error = done.map(|_| ()).expect_err(statement).to_string();
            assert!(error.contains("append-only"), "{statement}: {error}");
        }
        raw.close().await.unwrap();
    }
    verify_hub(&hub).await;
}

/// The command line works on the database of a hub that runs.
#[tokio::test]
async fn two_processes_share_one_database() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let (sender, recipient) = two(&hub).await;
    let other = HubDb::open(&file, Timing::default()).await.unwrap();
    let work = (1..=20).map(|n| {
        let store = if n % 2 == 0 { &hub } else { &other };
        let call = sender.call(1);
        let intent = recipient.share();
        async move { send(store, &call, n, 1..=2, intent).await }
    });
    futures::future::join_all(work).await;
    assert_eq!(other.totals().await.unwrap().instances, 40);
    verify_hub(&hub).await;
}

#[tokio::test]
async fn opening_again_finds_everything() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let (sender, recipient) = two(&hub).await;
    send(&hub, &sender.call(1), 1, 1..=2, recipient.share()).await;
    let before = hub.totals().await.unwrap();
    drop(hub);
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    assert_eq!(hub.totals().await.unwrap(), before);
    assert!(hub.claim(&recipient.call(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_may_have_any_name() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("100%25 of å?mode=ro#1.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    two(&hub).await;
    assert!(file.is_file());
    assert!(hub.changes().is_none());
}
