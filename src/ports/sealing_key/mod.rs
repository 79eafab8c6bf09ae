//! The keys of the credential cache: 32 bytes per session, in a place that a reboot clears and that no prompt guards.
//!
//! A lost key is nothing unusual: what was sealed under it is fetched again.

pub mod fake;
#[cfg(target_os = "linux")]
mod kernel;
pub mod os_keyring;
#[cfg(target_os = "linux")]
mod runtime_file;

use chrono::{DateTime, Utc};

use crate::platform::aead::{KEY_LEN, Key, hex};
use crate::platform::env::Env;

pub const ID_LEN: usize = 16;

/// Random, and never used for a second key: it is stored in front of what is sealed.
pub type KeyId = [u8; ID_LEN];

/// No key may be stored here, so nothing is cached.
#[derive(Debug, thiserror::Error)]
#[error("there is no place to store the key of the credential cache")]
pub struct NoPlace;

pub trait SealingKeys: Send + Sync {
    /// Returns the key; `None` if it is lost, expired, or out of reach.
    fn get(&self, id: &KeyId, now: DateTime<Utc>) -> Option<Key>;
    /// Returns the key, creating it if necessary, and keeps it until `until` at least.
    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace>;
    /// Destroys the key: what is sealed under it cannot be opened again.
    fn destroy(&self, id: &KeyId);
}

/// Asks each place in order; the first one that accepts a key keeps it.
struct Places(Vec<Box<dyn SealingKeys>>);

impl SealingKeys for Places {
    fn get(&self, id: &KeyId, now: DateTime<Utc>) -> Option<Key> {
        self.0.iter().find_map(|place| place.get(id, now))
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        self.0.iter().find_map(|place| place.keep(id, until, now).ok()).ok_or(NoPlace)
    }

    fn destroy(&self, id: &KeyId) {
        for place in &self.0 {
            place.destroy(id);
        }
    }
}

/// Returns the places of this platform. Opening touches none.
#[cfg(target_os = "linux")]
pub fn open(env: &Env) -> Box<dyn SealingKeys> {
    let runtime = runtime_file::RuntimeFileKeys::new(env.raw("XDG_RUNTIME_DIR"));
    Box::new(Places(vec![Box::new(kernel::KernelKeys), Box::new(runtime)]))
}

/// Returns whether the second place is usable.
#[cfg(target_os = "linux")]
pub fn has_runtime_folder(env: &Env) -> bool {
    env.raw("XDG_RUNTIME_DIR").is_some_and(|folder| runtime_file::is_in_memory(folder.as_ref()))
}

#[cfg(not(target_os = "linux"))]
pub fn has_runtime_folder(_env: &Env) -> bool {
    false
}

#[cfg(target_os = "macos")]
pub fn open(_env: &Env) -> Box<dyn SealingKeys> {
    let keychain = crate::ports::keyring::apple::KeychainStore::new().ok();
    Box::new(Places(
        keychain
            .map(|store| Box::new(os_keyring::StoreKeys::new(store)) as Box<dyn SealingKeys>)
            .into_iter()
            .collect(),
    ))
}

#[cfg(windows)]
pub fn open(_env: &Env) -> Box<dyn SealingKeys> {
    let manager = crate::ports::keyring::windows::WincredStore::new().ok();
    Box::new(Places(
        manager
            .map(|store| Box::new(os_keyring::StoreKeys::new(store)) as Box<dyn SealingKeys>)
            .into_iter()
            .collect(),
    ))
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
pub fn open(_env: &Env) -> Box<dyn SealingKeys> {
    Box::new(Places(Vec::new()))
}

/// A stored key, and until when it is kept.
///
/// The time is stored with the key, so that a later write for a shorter time does not destroy the key of an entry that
/// is valid longer.
struct StoredKey {
    key: Key,
    until: i64,
}

impl StoredKey {
    const LEN: usize = KEY_LEN + 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        let (key, until) = bytes.split_first_chunk::<KEY_LEN>()?;
        Some(Self { key: Key::new(*key), until: i64::from_le_bytes(*until.as_array()?) })
    }

    fn bytes(&self) -> zeroize::Zeroizing<[u8; Self::LEN]> {
        let mut bytes = zeroize::Zeroizing::new([0; Self::LEN]);
        bytes[..KEY_LEN].copy_from_slice(self.key.as_slice());
        bytes[KEY_LEN..].copy_from_slice(&self.until.to_le_bytes());
        bytes
    }

    /// Returns the existing key with the later expiry, or a new one.
    fn extended(found: Option<Self>, until: DateTime<Utc>) -> Result<Self, NoPlace> {
        let until = until.timestamp();
        match found {
            Some(kept) => Ok(Self { until: kept.until.max(until), ..kept }),
            None => Ok(Self { key: crate::platform::aead::new_key().map_err(|_| NoPlace)?, until }),
        }
    }
}

fn name(id: &KeyId) -> String {
    hex(id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ports::keyring::fake::FakeKeyring;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("a time")
    }

    fn fresh_id() -> KeyId {
        let mut id = KeyId::default();
        getrandom::fill(&mut id).expect("random numbers");
        id
    }

    fn contract(keys: &dyn SealingKeys) {
        #[expect(clippy::disallowed_methods, reason = "the kernel has no fake clock")]
        let now = Utc::now();
        let in_an_hour = now + chrono::TimeDelta::hours(1);
        let (id, other) = (fresh_id(), fresh_id());
        assert!(keys.get(&id, now).is_none(), "lost is no error");
        let key = keys.keep(&id, in_an_hour, now).expect("takes it");
        assert_eq!(keys.get(&id, now).as_deref(), Some(&*key));
        let again = keys.keep(&id, in_an_hour, now).expect("has it");
        assert_eq!(*again, *key, "the same key");
        assert_ne!(*keys.keep(&other, in_an_hour, now).expect("another"), *key);
        keys.destroy(&id);
        assert!(keys.get(&id, now).is_none());
        keys.destroy(&id);
        assert!(keys.get(&other, now).is_some(), "only its own");
        keys.destroy(&other);
    }

    #[test]
    fn every_place_keeps_the_contract() {
        contract(&fake::FakeSealingKeys::default());
        contract(&os_keyring::StoreKeys::new(FakeKeyring::default()));
        contract(&Places(vec![Box::new(fake::FakeSealingKeys::default())]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_keeps_the_contract() {
        if crate::ports::keyring::keyutils::user_keyring().is_ok() {
            contract(&kernel::KernelKeys);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_runtime_folder_in_memory_keeps_the_contract_and_one_on_disk_takes_nothing() {
        let on_disk = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("a folder");
        let refused = runtime_file::RuntimeFileKeys::new(Some(on_disk.path().into()));
        assert!(refused.keep(&fresh_id(), at(10), at(0)).is_err());
        assert!(std::fs::read_dir(on_disk.path()).expect("reads").next().is_none());
        // The only place on a usual Linux that is in memory and writable.
        let Ok(in_memory) = tempfile::tempdir_in("/dev/shm") else { return };
        contract(&runtime_file::RuntimeFileKeys::new(Some(in_memory.path().into())));
    }

    #[test]
    fn a_later_end_is_never_shortened() {
        let keys = Arc::new(fake::FakeSealingKeys::default());
        let id = fresh_id();
        keys.keep(&id, at(100), at(0)).expect("keeps");
        keys.keep(&id, at(50), at(0)).expect("keeps");
        assert!(keys.get(&id, at(99)).is_some());
        assert!(keys.get(&id, at(100)).is_none());
    }

    #[test]
    fn where_a_place_refuses_the_next_one_takes_the_key() {
        let (refusing, second) = (fake::FakeSealingKeys::default(), fake::FakeSealingKeys::default());
        refusing.refuse();
        let id = fresh_id();
        let places = Places(vec![Box::new(refusing), Box::new(second.clone())]);
        places.keep(&id, at(10), at(0)).expect("the second");
        assert!(second.get(&id, at(0)).is_some());
        assert!(places.get(&id, at(0)).is_some());
        assert!(Places(Vec::new()).keep(&id, at(10), at(0)).is_err());
    }
}
