//! A store for machines without a desktop: the kernel keeps a key, the state folder the value sealed under it.
//!
//! The value itself does not fit: a user may keep 20,000 bytes in all (`/proc/sys/kernel/keys/maxbytes`), which is a
//! handful of token records. The key is in the user keyring `@u`, which outlives the shell but not a reboot.
//!
//! A sealed file names the ID of its key, and no key is ever created again under an old ID. So two processes that start
//! at the same time each have a file that opens, and no lock is needed.

use std::sync::Arc;
use std::time::Duration;

use linux_keyutils::{Key as KernelKey, KeyError, KeyRing, KeyRingIdentifier};

use super::left_over;
use super::names::hex;
use super::text::{state_failed, text};
use super::{ItemKey, KeyringError, SecretStore, StoreKind, single_line};
use crate::platform::aead::{self, SealError};
use crate::ports::state_folder::{StateError, StateFolder};
use crate::secret::Secret;

const KIND: StoreKind = StoreKind::Keyutils;
/// The key that new files are sealed under, by its ID.
const KEY_ID_FILE: &str = "keyutils.id";
const FOLDER: &str = "keyutils";
const ID_LEN: usize = 16;
/// Extended on use. A key without a timeout would outlive the user's last process.
const KEY_LIFE: Duration = Duration::from_hours(7 * 24);
/// Identifies this format in what the box is bound to; the credential cache has another one.
const PURPOSE: &[u8] = b"kcaws token record 1";

type KeyId = [u8; ID_LEN];

pub struct KeyutilsStore {
    state: Arc<dyn StateFolder>,
}

impl KeyutilsStore {
    pub fn new(state: Arc<dyn StateFolder>) -> Self {
        Self { state }
    }

    /// Destroys every key of this state folder, so that nothing sealed can be opened again. `false` if there was none.
    pub fn revoke_key(&self) -> Result<bool, KeyringError> {
        let ring = user_keyring()?;
        let mut any = false;
        for id in self.current_id()?.into_iter().chain(self.ids_in_use()?) {
            any |= destroy(ring, &id)?;
        }
        Ok(any)
    }

    fn current_id(&self) -> Result<Option<KeyId>, KeyringError> {
        // An unreadable key counts as a missing one: the next value gets a new key.
        Ok(self.state.read(KEY_ID_FILE).map_err(state)?.as_deref().and_then(parse_id))
    }

    fn ids_in_use(&self) -> Result<Vec<KeyId>, KeyringError> {
        let mut ids = Vec::new();
        for name in self.state.list(FOLDER).map_err(state)? {
            let file = self.state.read(&format!("{FOLDER}/{name}")).map_err(state)?;
            ids.extend(file.as_deref().and_then(|file| file.first_chunk().copied()));
        }
        Ok(ids)
    }

    /// Returns an existing key or creates one.
    fn key_to_write(&self, ring: KeyRing) -> Result<(KeyId, aead::Key), KeyringError> {
        if let Some(id) = self.current_id()?
            && let Some(key) = fetch(ring, &id)?
        {
            return Ok((id, key));
        }
        let mut id = KeyId::default();
        getrandom::fill(&mut id).map_err(|_| failed(SealError::NoRandom))?;
        let key = aead::new_key().map_err(failed)?;
        let kept = ring.add_key(&description(&id), key.as_slice()).map_err(kernel)?;
        renew(kept)?;
        self.state.write(KEY_ID_FILE, hex(&id).as_bytes()).map_err(state)?;
        Ok((id, key))
    }
}

impl SecretStore for KeyutilsStore {
    fn kind(&self) -> StoreKind {
        KIND
    }

    fn forget_own_keys(&self) -> Result<(), KeyringError> {
        self.revoke_key().map(|_| ())
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        // Asked first: without a kernel keyring the store is unavailable, not empty.
        let ring = user_keyring()?;
        let Some(file) = self.state.read(&file_name(key)).map_err(state)? else {
            return Ok(None);
        };
        let Some((id, sealed)) = file.split_first_chunk::<ID_LEN>() else {
            return Err(damaged("the sealed file is cut short"));
        };
        let Some(kernel_key) = fetch(ring, id)? else {
            // Another process logged out and in between our two reads.
            if self.state.read(&file_name(key)).map_err(state)?.is_some_and(|now| now != file) {
                let source = "another process replaced it".into();
                return Err(KeyringError::Changing { store: KIND, source });
            }
            // Expired, or the machine was restarted: the sealed value is lost, as this store promises.
            return Ok(None);
        };
        let value =
            aead::open(&kernel_key, &bound(id, key), sealed).map_err(|error| damaged(&error.to_string()))?;
        text(KIND, value).map(Some)
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(KIND, value)?;
        let ring = user_keyring()?;
        // Twice: between sealing and writing, a logout elsewhere may have removed the key as unused.
        for _ in 0..2 {
            let (id, kernel_key) = self.key_to_write(ring)?;
            let mut file = id.to_vec();
            let sealed = aead::seal(&kernel_key, &bound(&id, key), value.expose().as_bytes());
            file.extend_from_slice(&sealed.map_err(failed)?);
            self.state.write_record(&file_name(key), &file).map_err(state)?;
            if find(ring, &id)?.is_some() {
                return Ok(());
            }
        }
        Err(failed("the key in the kernel keyring was removed while it was in use"))
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        let name = file_name(key);
        let file = self.state.read(&name).map_err(state)?;
        let left = self.state.left_overs(&name).map_err(state)?;
        // The file is removed first, and even if the kernel refuses.
        let removed = self.state.remove_record(&name).map_err(state)?;
        let ring = user_keyring()?;
        let id_of = |file: &[u8]| file.first_chunk::<ID_LEN>().copied();
        let id = file.as_deref().and_then(id_of);
        let held = id.map(|id| fetch(ring, &id)).transpose()?.flatten().is_some();
        let in_use = self.ids_in_use()?;
        for id in id.into_iter().chain(left.iter().filter_map(|one| id_of(&one.contents))) {
            if !in_use.contains(&id) {
                destroy(ring, &id)?;
            }
        }
        // A file whose key is gone no longer had a value; a truncated one has none.
        Ok(removed && (held || id.is_none()))
    }

    fn take_up(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        let is_whole = |file: &[u8]| {
            let Some((id, sealed)) = file.split_first_chunk::<ID_LEN>() else { return Ok(false) };
            let kernel_key = fetch(user_keyring()?, id)?;
            Ok(kernel_key.is_some_and(|kernel_key| aead::open(&kernel_key, &bound(id, key), sealed).is_ok()))
        };
        left_over::take_up(&*self.state, &file_name(key), is_whole, state)
    }

    fn unlock(&self, _key: &ItemKey, _patience: Duration) -> Result<(), KeyringError> {
        user_keyring().map(|_| ())
    }
}

/// Returns `@u`, after linking it into the process keyring: only a possessor may read a key there.
///
/// A process whose session keyring does not lead to `@u` (`KeyringMode=private`, cron) finds the key but may not read
/// it.
pub(in crate::ports) fn user_keyring() -> Result<KeyRing, KeyringError> {
    let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true).map_err(kernel)?;
    process.link_keyring_id(KeyRingIdentifier::User).map_err(kernel)?;
    KeyRing::from_special_id(KeyRingIdentifier::User, false).map_err(kernel)
}

fn find(ring: KeyRing, id: &KeyId) -> Result<Option<KernelKey>, KeyringError> {
    present(ring.search(&description(id)))
}

fn fetch(ring: KeyRing, id: &KeyId) -> Result<Option<aead::Key>, KeyringError> {
    let Some(found) = find(ring, id)? else { return Ok(None) };
    let mut key = aead::Key::default();
    let Some(length) = present(found.read(&mut *key))? else { return Ok(None) };
    // The kernel returns the full length, however much fitted.
    if length != aead::KEY_LEN {
        return Err(damaged("the key in the kernel keyring has the wrong length"));
    }
    renew(found)?;
    Ok(Some(key))
}

fn renew(key: KernelKey) -> Result<(), KeyringError> {
    let seconds = usize::try_from(KEY_LIFE.as_secs()).unwrap_or(usize::MAX);
    present(key.set_timeout(seconds)).map(|_| ())
}

fn destroy(ring: KeyRing, id: &KeyId) -> Result<bool, KeyringError> {
    let Some(key) = find(ring, id)? else { return Ok(false) };
    Ok(present(key.invalidate())?.is_some())
}

/// Returns `None` for a key that is gone, in any of the kernel's error codes.
pub(in crate::ports) fn present<T>(answer: Result<T, KeyError>) -> Result<Option<T>, KeyringError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked) => Ok(None),
        Err(error) => Err(kernel(error)),
    }
}

fn kernel(error: KeyError) -> KeyringError {
    const ENOSYS: i32 = 38; // the one number that linux-keyutils has no name for
    let absent = |why: &str| KeyringError::Absent { store: KIND, source: why.into() };
    match error {
        KeyError::PermissionDenied | KeyError::AccessDenied => {
            absent("this environment refuses the kernel's key calls (containers often do)")
        }
        KeyError::Unknown(ENOSYS) | KeyError::OperationNotSupported => {
            absent("this kernel has no key management (CONFIG_KEYS)")
        }
        KeyError::QuotaExceeded => {
            failed("the kernel's key quota of this user is used up (see /proc/key-users)")
        }
        other => failed(format!("the kernel answered {other}")),
    }
}

fn state(error: StateError) -> KeyringError {
    state_failed(KIND, error)
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> KeyringError {
    KeyringError::Failed { store: KIND, source: error.into() }
}

fn damaged(what: &str) -> KeyringError {
    KeyringError::Damaged { store: KIND, what: what.to_owned() }
}

fn bound<'a>(id: &'a KeyId, key: &'a ItemKey) -> [&'a [u8]; 4] {
    [PURPOSE, id, key.session.as_bytes(), key.start_url.as_bytes()]
}

fn file_name(key: &ItemKey) -> String {
    format!("{FOLDER}/{}", key.digest())
}

fn description(id: &KeyId) -> String {
    format!("kcaws:{}", hex(id))
}

fn parse_id(text: &[u8]) -> Option<KeyId> {
    let text = text.trim_ascii();
    let mut id = KeyId::default();
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != ID_LEN || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_file() {
        let id: KeyId = std::array::from_fn(|at| u8::try_from(at * 16).expect("small"));
        assert_eq!(parse_id(format!("{}\n", hex(&id)).as_bytes()), Some(id));
        assert_eq!(parse_id(b"00"), None);
        assert_eq!(parse_id(&[b'g'; 32]), None);
    }
}
