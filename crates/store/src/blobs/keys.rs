//! The studies' keys, opened.
//!
//! What decides is the database, asked each time: once a study's key has gone,
//! nothing more of it opens or is written. Only the opening of a wrapped key is
//! remembered, since a hardware module takes its time over it.

use super::{BlobFault, permanent, place::Spot, read::READ_BLOB};
use bildbro_domain::{ErrorClass, StudyId};
use bildbro_flow::ports::{
    StoreError,
    hub::BlobKey,
    keys::{KeyId, StudyKey, StudyKeys, Wrapped, Wrapping, study_context},
};
use bildbro_seal::DataKey;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// Keys remembered; when there are more, all are forgotten.
const MOST: usize = 4096;

/// By study and wrapped key.
type Opened = HashMap<(StudyId, Vec<u8>), Arc<DataKey>>;

pub struct Keys {
    kept: Arc<dyn StudyKeys>,
    wrapping: Arc<dyn Wrapping>,
    opened: Mutex<Opened>,
}

impl Keys {
    pub fn new(kept: Arc<dyn StudyKeys>, wrapping: Arc<dyn Wrapping>) -> Self {
        Self {
            kept,
            wrapping,
            opened: Mutex::default(),
        }
    }

    /// Which key a study has, if it has one.
    pub async fn id(&self, study: StudyId) -> Result<Option<KeyId>, StoreError> {
        Ok(self.kept.study_key(study).await?.map(|kept| kept.id))
    }

    pub async fn for_reading(&self, key: BlobKey) -> Result<Spot, StoreError> {
        let kept = self.kept.study_key(key.study).await?;
        let kept = kept.ok_or_else(|| permanent(READ_BLOB, BlobFault::NoKey))?;
        self.spot(key, kept).await
    }

    /// The study's key is made when it has none.
    pub async fn for_writing(&self, key: BlobKey) -> Result<Spot, StoreError> {
        let kept = match self.kept.study_key(key.study).await? {
            Some(kept) => kept,
            None => {
                let new = DataKey::new(rand::random());
                let context = study_context(key.study);
                let wrapped = self.wrapping.wrap(&new, &context).await?;
                self.kept.keep_study_key(key.study, &wrapped).await?
            }
        };
        self.spot(key, kept).await
    }

    async fn spot(&self, key: BlobKey, kept: StudyKey) -> Result<Spot, StoreError> {
        Ok(Spot {
            holder: key.holder,
            key_id: kept.id,
            data_key: self.open(key.study, kept.wrapped).await?,
            digest: key.digest,
        })
    }

    async fn open(&self, study: StudyId, wrapped: Wrapped) -> Result<Arc<DataKey>, StoreError> {
        let name = (study, wrapped.bytes.clone());
        if let Some(key) = self.lock().get(&name) {
            return Ok(Arc::clone(key));
        }
        let context = study_context(study);
        let opened = self.wrapping.unwrap(&wrapped, &context).await;
        // However lasting the trouble is: with the right keys the images are
        // there, so that nobody is to take them for lost.
        let opened = opened.map_err(|error| StoreError {
            class: ErrorClass::Transient,
            ..error
        });
        let key = Arc::new(opened?);
        let mut opened = self.lock();
        if opened.len() >= MOST {
            opened.clear();
        }
        opened.insert(name, Arc::clone(&key));
        Ok(key)
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().expect("nobody panics with the keys")
    }
}
