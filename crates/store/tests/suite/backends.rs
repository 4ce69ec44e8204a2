//! The backends that the suites run on.

use crate::fixture;
use bildbro_flow::ports::hub::Timing;
use bildbro_keys::KeyRing;
use bildbro_store::{GatewayDb, HubDb, ObjectBlobs};
use bildbro_testkit::{Postgres, S3};
use std::sync::Arc;
use tempfile::TempDir;

/// A fresh store, and what it lies in.
pub struct Opened<S> {
    pub store: S,
    _place: Place,
}

#[expect(dead_code, reason = "held for what happens when they go")]
enum Place {
    Folder(TempDir),
    Server(Arc<Postgres>),
    Storage(TempDir, S3),
}

pub async fn hub_sqlite() -> Opened<HubDb> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let store = HubDb::open(&file, Timing::default()).await.unwrap();
    Opened {
        store,
        _place: Place::Folder(folder),
    }
}

pub async fn hub_postgres() -> Opened<HubDb> {
    let server = Postgres::shared().await;
    let store = HubDb::connect(&server.url(), Timing::default())
        .await
        .unwrap();
    Opened {
        store,
        _place: Place::Server(server),
    }
}

pub async fn gateway_sqlite() -> Opened<GatewayDb> {
    let folder = TempDir::new().unwrap();
    let store = GatewayDb::open(&folder.path().join("gateway.db"))
        .await
        .unwrap();
    Opened {
        store,
        _place: Place::Folder(folder),
    }
}

/// Study keys in a database of their own, and a key that wraps them.
pub async fn keys(folder: &TempDir) -> (Arc<HubDb>, Arc<KeyRing>) {
    let file = folder.path().join("keys.db");
    let db = HubDb::open(&file, Timing::default()).await.unwrap();
    let ring = KeyRing::single_file("test", &folder.path().join("wrapping.key")).unwrap();
    (Arc::new(db), Arc::new(ring))
}

pub async fn blobs_folder() -> Opened<ObjectBlobs> {
    let folder = TempDir::new().unwrap();
    let (db, ring) = keys(&folder).await;
    let store = ObjectBlobs::folder(&folder.path().join("blobs"), db, ring).unwrap();
    Opened {
        store,
        _place: Place::Folder(folder),
    }
}

pub async fn blobs_s3() -> Opened<ObjectBlobs> {
    let folder = TempDir::new().unwrap();
    let (db, ring) = keys(&folder).await;
    let server = S3::start().await;
    let options = server.options().into_iter();
    let options = options.map(|(name, value)| (name.to_owned(), value));
    let url = format!("s3://{}/p", server.bucket());
    let store = ObjectBlobs::at(&url, &options.collect(), db, ring).unwrap();
    Opened {
        store,
        _place: Place::Storage(folder, server),
    }
}

impl Opened<HubDb> {
    pub async fn verify(&self) {
        fixture::verify_hub(&self.store).await;
    }
}

impl Opened<GatewayDb> {
    pub async fn verify(&self) {
        fixture::verify_gateway(&self.store).await;
    }
}

impl Opened<ObjectBlobs> {
    #[expect(clippy::unused_async, reason = "the same for every kind of store")]
    pub async fn verify(&self) {}
}
