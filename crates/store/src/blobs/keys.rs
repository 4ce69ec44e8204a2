//! The studies' keys, opened.
//!
//! What decides is the database, asked each time: once a study's key has gone,
//! nothing more of it opens or is written. Only the opening of a wrapped key is
//! remembered, since a hardware module takes its time over it.

use super::{BlobFault, permanent, read::READ_BLOB};
use bildbro_domain::StudyId;
use bildbro_flow::ports::{
    StoreError,
    keys::{KeyId, StudyKeys, Wrapped, Wrapping, study_context},
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

    pub async fn for_reading(&self, study: StudyId) -> Result<Arc<DataKey>, StoreError> {
        let kept = self.kept.study_key(study).await?;
        let kept = kept.ok_or_else(|| permanent(READ_BLOB, BlobFault::NoKey))?;
        self.open(study, kept.wrapped).await
    }

    /// The study's key, made when it has none.
    pub async fn for_writing(&self, study: StudyId) -> Result<(KeyId, Arc<DataKey>), StoreError> {
        let kept = match self.kept.study_key(study).await? {
            Some(kept) => kept,
            None => {
                let new = DataKey::new(rand::random());
                let wrapped = self.wrapping.wrap(&new, &study_context(study)).await?;
                self.kept.keep_study_key(study, &wrapped).await?
            }
        };
        Ok((kept.id, self.open(study, kept.wrapped).await?))
    }

    async fn open(&self, study: StudyId, wrapped: Wrapped) -> Result<Arc<DataKey>, StoreError> {
        let name = (study, wrapped.bytes.clone());
        if let Some(key) = self.lock().get(&name) {
            return Ok(Arc::clone(key));
        }
        let context = study_context(study);
        let key = Arc::new(self.wrapping.unwrap(&wrapped, &context).await?);
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
