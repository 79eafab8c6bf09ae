//! The Windows Credential Manager of this user on this machine; values that are too large are split.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

use super::chunks::{self, Slots};
use super::core_store::{self, Backend, BackendError};
use super::text::text;
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
        chunks::read(&self.item(key))?.map(|bytes| text(KIND, bytes)).transpose()
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

    /// Names of credentials ignore case and have no structure, so a hash distinguishes items.
    fn entry(&self, key: &ItemKey, part: &str) -> keyring_core::Result<Entry> {
        let mut service = key.digest();
        if !part.is_empty() {
            service = format!("{service}.{part}");
        }
        // The default, Enterprise, would roam to other machines with the profile.
        let modifiers = HashMap::from([("persistence", "Local")]);
        self.0.build(&service, &key.session, Some(&modifiers))
    }

    /// Does nothing: the store is open as long as the user is logged on.
    fn unlock(&self, _patience: Duration) -> keyring_core::Result<()> {
        Ok(())
    }

    fn interpret(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<BackendError> {
        match code::of(error)? {
            // A read that met the removal of a piece, or a write.
            code::KEY_DELETED | code::SHARING_VIOLATION | code::LOCK_VIOLATION | code::BUSY => {
                Some(BackendError::Changing(error.to_string().into()))
            }
            _ => None,
        }
    }
}

/// Windows' own numbers: <https://learn.microsoft.com/windows/win32/debug/system-error-codes>.
mod code {
    pub(super) const FILE_NOT_FOUND: u32 = 2;
    pub(super) const SHARING_VIOLATION: u32 = 32;
    pub(super) const LOCK_VIOLATION: u32 = 33;
    pub(super) const BUSY: u32 = 170;
    pub(super) const KEY_DELETED: u32 = 1018;

    /// Returns the number in the store's error, whose type is not public: its `Debug` form always has it.
    pub(super) fn of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<u32> {
        format!("{error:?}").strip_prefix("PlatformError(")?.strip_suffix(')')?.parse().ok()
    }
}

struct Item<'a> {
    wincred: &'a Wincred,
    key: &'a ItemKey,
}

/// Returns whether only the name of a credential exists yet.
///
/// Windows writes all of it or nothing; wine writes the name first. (A missing credential has another number.)
fn is_unfinished<T>(outcome: &Result<T, KeyringError>) -> bool {
    let Err(KeyringError::Failed { source, .. }) = outcome else { return false };
    code::of(source.as_ref()) == Some(code::FILE_NOT_FOUND)
}

impl Item<'_> {
    /// Waits for a value that another process has begun to write.
    ///
    /// A writer that was killed leaves a head without contents, which is a damage that a new value replaces.
    #[expect(clippy::disallowed_methods, reason = "waits for another process, in real time")]
    fn finished(&self, part: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(5));
            let outcome = core_store::read(self.wincred, self.key, part);
            if !is_unfinished(&outcome) {
                return outcome;
            }
        }
        Ok(Some(Zeroizing::default()))
    }
}

impl Slots for Item<'_> {
    fn get(&self, part: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
        match core_store::read(self.wincred, self.key, part) {
            outcome if !is_unfinished(&outcome) => outcome,
            _ => self.finished(part),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Has the form of the store's own type, which is not public.
    #[derive(Debug, thiserror::Error)]
    #[error("Windows error code {0}")]
    struct PlatformError(u32);

    #[test]
    fn a_look_that_meets_a_write_is_distinguished_by_its_number() {
        for number in [1018, 32, 33, 170] {
            assert!(
                matches!(Wincred::interpret(&PlatformError(number)), Some(BackendError::Changing(_))),
                "{number}"
            );
        }
        assert!(Wincred::interpret(&PlatformError(5)).is_none());
        let unfinished = |number| -> Result<(), _> {
            Err(KeyringError::Failed { store: KIND, source: Box::new(PlatformError(number)) })
        };
        assert!(is_unfinished(&unfinished(2)) && !is_unfinished(&unfinished(5)));
    }
}
