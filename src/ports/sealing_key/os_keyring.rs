//! macOS and Windows: the OS keyring, which the program that wrote an item can read without a prompt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::{KeyId, NoPlace, SealingKeys, StoredKey, name};
use crate::platform::aead::Key;
use crate::ports::keyring::{ItemKey, SecretStore};
use crate::secret::Secret;

pub struct StoreKeys<S>(std::sync::Mutex<S>);

impl<S: SecretStore> StoreKeys<S> {
    pub fn new(store: S) -> Self {
        Self(std::sync::Mutex::new(store))
    }

    fn find(&self, id: &KeyId) -> Option<StoredKey> {
        let text = self.0.lock().ok()?.get(&item(id)).ok()??;
        let bytes = zeroize::Zeroizing::new(STANDARD.decode(text.expose()).ok()?);
        StoredKey::read(&bytes)
    }
}

impl<S: SecretStore + Send> SealingKeys for StoreKeys<S> {
    fn get(&self, id: &KeyId, now: DateTime<Utc>) -> Option<Key> {
        let kept = self.find(id)?;
        if kept.until <= now.timestamp() {
            self.destroy(id);
            return None;
        }
        Some(kept.key)
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        let found = self.find(id).filter(|kept| kept.until > now.timestamp());
        let kept = StoredKey::extended(found, until)?;
        let text = Secret::new(STANDARD.encode(kept.bytes().as_slice()));
        self.0.lock().map_err(|_| NoPlace)?.set(&item(id), &text).map_err(|_| NoPlace)?;
        Ok(kept.key)
    }

    fn destroy(&self, id: &KeyId) {
        if let Ok(store) = self.0.lock() {
            let _ = store.delete(&item(id));
        }
    }
}

/// Returns the item's name: no session has such a name together with an empty start URL.
fn item(id: &KeyId) -> ItemKey {
    ItemKey { session: format!("kcaws-warm:{}", name(id)), start_url: String::new() }
}
