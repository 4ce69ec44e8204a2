//! Where a hub keeps things, put together from its configuration: used by the
//! hub itself and by the operator's command line.

use super::config::Config;
use crate::{
    fault::{Fault, While},
    keys,
};
use bildbro_domain::{ErrorClass, StudyId};
use bildbro_flow::{
    checkpoint::Signer,
    ports::{
        checkpoints::Checkpoints,
        hub::{HubStore, Timing},
        keys::{StudyKeys, Wrapping, study_context},
    },
    vault::Vault,
};
use bildbro_seal::DataKey;
use bildbro_store::{HubDb, ObjectBlobs};
use std::{fs, sync::Arc};
use uuid::Uuid;

/// The database, in the data directory, unless another is configured.
pub const DATABASE: &str = "hub.sqlite";

pub struct Storage {
    pub db: HubDb,
    pub blobs: ObjectBlobs,
    pub ring: Arc<dyn Wrapping>,
    /// For small secrets in the database.
    pub vault: Arc<Vault>,
}

impl Storage {
    /// Opens everything, and makes what is not there yet.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        let data_dir = &config.data_dir;
        fs::create_dir_all(data_dir).doing(format!("making {}", data_dir.display()))?;
        let db = database(config).await?;
        let in_use = db
            .wrapping_keys()
            .await
            .doing("reading the studies' keys")?;
        let ring = keys::ring(config.keys.as_ref(), data_dir, !in_use.is_empty())?;
        if let Some((name, count)) = in_use.iter().find(|(name, _)| !ring.has(name)) {
            return Err(Fault::new(format!(
                "[keys] lacks the key `{name}`, which {count} studies still need: put it back, and run `bildbro admin keys rotate` before it is taken out"
            )));
        }
        let own = own_key(&db, ring.as_ref()).await?;
        let kept = Arc::new(db.clone());
        let wrapping = Arc::clone(&ring);
        let blobs = match &config.blobs {
            None => ObjectBlobs::folder(&data_dir.join("blobs"), kept, wrapping)
                .doing("opening the blob folder")?,
            Some(blobs) => ObjectBlobs::at(&blobs.url, &blobs.options, kept, wrapping)
                .doing("opening the blob storage of [blobs]")?,
        };
        let totals = db.totals().await.doing("counting the images")?;
        let used = blobs.is_used().await;
        if totals.instances > 0 && !used.doing("reaching the blob storage")? {
            return Err(Fault::new(
                "the database knows of images, but the blob storage is empty: is its disk mounted, is it the right bucket?",
            ));
        }
        Ok(Self {
            db,
            blobs,
            ring,
            vault: Arc::new(Vault::new(&own)),
        })
    }

    /// The same for a hub that has been started before.
    pub async fn open_existing(config: &Config) -> Result<Self, Fault> {
        started_before(config)?;
        Self::open(config).await
    }

    /// The key that signs the log's checkpoints, made at first use.
    pub async fn signer(store: &dyn Checkpoints, config: &Config) -> Result<Signer, Fault> {
        let file = config.data_dir.join("audit.key");
        let key = bildbro_keys::signing_key(config.audit.key.as_ref(), &file);
        let key = key.doing("opening the key that signs the log")?;
        let hub = store.hub_id(Uuid::new_v4()).await;
        let hub = hub.doing("reading the hub's id")?;
        Ok(Signer::new(hub, key, config.audit.earlier()?))
    }

    /// Only its database: for what needs no key, and works without one.
    pub async fn database(config: &Config) -> Result<HubDb, Fault> {
        started_before(config)?;
        database(config).await
    }
}

fn started_before(config: &Config) -> Result<(), Fault> {
    if config.database.is_none() && !config.data_dir.join(DATABASE).is_file() {
        return Err(Fault::new(format!(
            "there is no hub in {}: name its directory with --data-dir, or start the hub once",
            config.data_dir.display()
        )));
    }
    Ok(())
}

/// The row of the hub's own key, which opens for all hubs on this database.
const OWN: StudyId = StudyId(Uuid::nil());

/// The hub's own key. Sees that this process has the wrapping keys that the others on the same
/// database have: one with keys of its own would seal what nobody else can open.
async fn own_key(db: &HubDb, ring: &dyn Wrapping) -> Result<DataKey, Fault> {
    const DOING: &str = "comparing the wrapping keys with those in use";
    let context = study_context(OWN);
    let new = ring.wrap(&DataKey::new(rand::random()), &context).await;
    let kept = db.keep_study_key(OWN, &new.doing(DOING)?).await;
    let kept = kept.doing(DOING)?.wrapped;
    match ring.unwrap(&kept, &context).await {
        Ok(key) => Ok(key),
        Err(error) if error.class() == ErrorClass::Permanent => Err(Fault::new(format!(
            "what is stored was sealed under the wrapping key `{}`, and this hub's [keys] have another, or none, of that name: give all hubs on this database the same [keys]",
            kept.by
        ))),
        Err(error) => Err(error).doing(DOING),
    }
}

async fn database(config: &Config) -> Result<HubDb, Fault> {
    match &config.database {
        None => HubDb::open(&config.data_dir.join(DATABASE), Timing::default())
            .await
            .doing("opening the hub's database"),
        Some(database) => HubDb::connect(&database.url, Timing::default())
            .await
            .doing("opening the database of [database]"),
    }
}
