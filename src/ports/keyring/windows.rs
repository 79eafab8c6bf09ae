//! The Windows Credential Manager: this user's, on this machine, in pieces where a value is too large.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

use super::chunks::{self, Slots};
use super::core_store::{self, Backend};
use super::{ItemKey, KeyringError, SecretStore, StoreKind, single_line};
use crate::secret::Secret;

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE`. Bytes, not text: text would be kept as UTF-16, at half the room.
const LIMIT: usize = 2560;
const KIND: StoreKind = StoreKind::Wincred;

pub struct WincredStore(Wincred);

impl WincredStore {
    pub fn new() -> Result<Self, KeyringError> {
        // Shown in the Credential Manager as `kcaws:corp@3fa9…`.
        let names = HashMap::from([("prefix", "kcaws:"), ("divider", "@")]);
        match Store::new_with_configuration(&names) {
            Ok(store) => Ok(Self(Wincred(store))),
            Err(error) => Err(KeyringError::Absent { store: KIND, source: Box::new(error) }),
        }
    }

    fn item<'a>(&'a self, key: &'a ItemKey) -> Item<'a> {
        Item { wincred: &self.0, key }
    }
}

impl SecretStore for WincredStore {
    fn kind(&self) -> StoreKind {
        KIND
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        chunks::read(&self.item(key))?.map(|bytes| core_store::text(KIND, bytes)).transpose()
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(KIND, value)?;
        chunks::write(&self.item(key), LIMIT, value.expose().as_bytes())
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        chunks::remove(&self.item(key))
    }

    fn unlock(&self, _key: &ItemKey, patience: Duration) -> Result<(), KeyringError> {
        core_store::unlock(&self.0, patience)
    }
}

struct Wincred(Arc<CredentialStore>);

impl Backend for Wincred {
    const KIND: StoreKind = KIND;

    /// The names of credentials ignore case and have no structure, so a hash tells items apart.
    fn entry(&self, key: &ItemKey, part: &str) -> keyring_core::Result<Entry> {
        let mut service = key.digest();
        if !part.is_empty() {
            service = format!("{service}.{part}");
        }
        // The default, Enterprise, would roam to other machines with the profile.
        let modifiers = HashMap::from([("persistence", "Local")]);
        self.0.build(&service, &key.session, Some(&modifiers))
    }

    /// Open as long as the person is logged on.
    fn unlock(&self, _patience: Duration) -> keyring_core::Result<()> {
        Ok(())
    }
}

/// A credential of which only the name was written when its writer was killed. Windows writes all of it or nothing;
/// wine does not. The store has no public type for the error, so its text is compared: `ERROR_FILE_NOT_FOUND`.
/// (A credential that is not there has another number.)
fn is_unfinished(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.to_string() == "Windows error code 2"
}

struct Item<'a> {
    wincred: &'a Wincred,
    key: &'a ItemKey,
}

impl Slots for Item<'_> {
    fn get(&self, part: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
        match core_store::read(self.wincred, self.key, part) {
            // There is something, and a head without contents is a damage that can be mended.
            Err(KeyringError::Failed { source, .. }) if is_unfinished(source.as_ref()) => {
                Ok(Some(Zeroizing::default()))
            }
            outcome => outcome,
        }
    }

    fn put(&self, part: &str, bytes: &[u8]) -> Result<(), KeyringError> {
        core_store::write(self.wincred, self.key, part, bytes)
    }

    fn remove(&self, part: &str) -> Result<bool, KeyringError> {
        core_store::remove(self.wincred, self.key, part)
    }

    fn kind(&self) -> StoreKind {
        KIND
    }
}
