//! Keys in memory. Clones share one content.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::{KeyId, NoPlace, SealingKeys, StoredKey};
use crate::platform::aead::Key;

#[derive(Clone, Default)]
pub struct FakeSealingKeys(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    keys: BTreeMap<KeyId, StoredKey>,
    refuses: bool,
}

impl FakeSealingKeys {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Behaves as if no key could be stored anywhere.
    pub fn refuse(&self) {
        self.state().refuses = true;
    }

    /// Behaves as after a reboot.
    pub fn lose_all(&self) {
        self.state().keys.clear();
    }

    pub fn count(&self) -> usize {
        self.state().keys.len()
    }
}

impl SealingKeys for FakeSealingKeys {
    fn get(&self, id: &KeyId, now: DateTime<Utc>) -> Option<Key> {
        let state = self.state();
        state.keys.get(id).filter(|kept| kept.until > now.timestamp()).map(|kept| kept.key.clone())
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        let mut state = self.state();
        if state.refuses {
            return Err(NoPlace);
        }
        let found = state.keys.remove(id).filter(|kept| kept.until > now.timestamp());
        let kept = StoredKey::extended(found, until)?;
        let key = kept.key.clone();
        state.keys.insert(*id, kept);
        Ok(key)
    }

    fn destroy(&self, id: &KeyId) {
        self.state().keys.remove(id);
    }
}
