//! Studies' keys in memory, in the place of the hub's database.

use async_trait::async_trait;
use bildbro_domain::StudyId;
use bildbro_flow::ports::{
    StoreError,
    keys::{KeyId, StudyKey, StudyKeys, Wrapped, Wrapping, study_context},
};
use bildbro_seal::DataKey;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Mutex,
};

#[derive(Default)]
pub struct Kept {
    pub keys: Mutex<BTreeMap<StudyId, Wrapped>>,
    /// Studies whose keys change whenever they are to be wrapped anew.
    pub raced: BTreeSet<StudyId>,
}

pub fn study(number: u32) -> StudyId {
    StudyId(uuid::Uuid::from_u128(number.into()))
}

/// Each study's key is its number.
pub fn data_key(number: u32) -> DataKey {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    DataKey::new(key)
}

impl Kept {
    pub async fn wrapped_by(ring: &dyn Wrapping, count: u32) -> Self {
        let mut keys = BTreeMap::new();
        for number in 0..count {
            let context = study_context(study(number));
            let wrapped = ring.wrap(&data_key(number), &context).await.unwrap();
            keys.insert(study(number), wrapped);
        }
        Self {
            keys: Mutex::new(keys),
            raced: BTreeSet::new(),
        }
    }

    pub fn wrapped(&self, number: u32) -> Wrapped {
        self.keys.lock().unwrap()[&study(number)].clone()
    }
}

fn kept_as(study: StudyId, wrapped: Wrapped) -> StudyKey {
    let id = KeyId(study.0);
    StudyKey { id, wrapped }
}

#[async_trait]
impl StudyKeys for Kept {
    async fn study_key(&self, study: StudyId) -> Result<Option<StudyKey>, StoreError> {
        let kept = self.keys.lock().unwrap().get(&study).cloned();
        Ok(kept.map(|wrapped| kept_as(study, wrapped)))
    }

    async fn keep_study_key(&self, study: StudyId, new: &Wrapped) -> Result<StudyKey, StoreError> {
        let mut keys = self.keys.lock().unwrap();
        let kept = keys.entry(study).or_insert_with(|| new.clone());
        Ok(kept_as(study, kept.clone()))
    }

    async fn wrapping_keys(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut names = BTreeMap::new();
        for wrapped in self.keys.lock().unwrap().values() {
            *names.entry(wrapped.by.clone()).or_default() += 1;
        }
        Ok(names.into_iter().collect())
    }

    async fn study_keys_to_rewrap(
        &self,
        current: &str,
        after: Option<StudyId>,
        most: u32,
    ) -> Result<Vec<(StudyId, Wrapped)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.keys.lock().unwrap();
        let others = keys.range((from, Bound::Unbounded));
        let others = others.filter(|(_, wrapped)| wrapped.by != current);
        let others = others.map(|(study, wrapped)| (*study, wrapped.clone()));
        Ok(others.take(most as usize).collect())
    }

    async fn rewrap_study_key(
        &self,
        study: StudyId,
        old: &Wrapped,
        new: &Wrapped,
    ) -> Result<bool, StoreError> {
        let mut keys = self.keys.lock().unwrap();
        let same = keys.get(&study) == Some(old) && !self.raced.contains(&study);
        if same {
            keys.insert(study, new.clone());
        }
        Ok(same)
    }
}
