//! The backends that the suites run on.

use crate::fixture;
use bildbro_flow::ports::hub::Timing;
use bildbro_store::{GatewayDb, HubDb, ObjectBlobs};
use tempfile::TempDir;

/// A fresh store, and the folder that it lies in.
pub struct Opened<S> {
    pub store: S,
    _folder: TempDir,
}

pub async fn hub_sqlite() -> Opened<HubDb> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let store = HubDb::open(&file, Timing::default()).await.unwrap();
    Opened {
        store,
        _folder: folder,
    }
}

pub async fn gateway_sqlite() -> Opened<GatewayDb> {
    let folder = TempDir::new().unwrap();
    let store = GatewayDb::open(&folder.path().join("gateway.db"))
        .await
        .unwrap();
    Opened {
        store,
        _folder: folder,
    }
}

pub async fn blobs_folder() -> Opened<ObjectBlobs> {
    let folder = TempDir::new().unwrap();
    let store = ObjectBlobs::folder(folder.path()).unwrap();
    Opened {
        store,
        _folder: folder,
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
