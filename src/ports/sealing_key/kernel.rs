//! The kernel's keyring of this user: no file, no prompt, cleared at a reboot, and with a timeout of its own.

use chrono::{DateTime, Utc};
use linux_keyutils::{KeyPermissions, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};

use super::{KeyId, NoPlace, SealingKeys, StoredKey, name};
use crate::platform::aead::Key;
use crate::ports::keyring::KeyringError;
use crate::ports::keyring::keyutils::{present, user_keyring};

pub(super) struct KernelKeys;

impl SealingKeys for KernelKeys {
    fn get(&self, id: &KeyId, _now: DateTime<Utc>) -> Option<Key> {
        // The kernel refuses an expired key by itself.
        let found = match find(KeyRing::from_special_id(KeyRingIdentifier::User, false).ok()?, id) {
            Ok(found) => found,
            // Stored before keys were readable for their user.
            Err(_) => find(user_keyring().ok()?, id).ok()?,
        };
        found.map(|kept| kept.key)
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        let ring = user_keyring().map_err(|_| NoPlace)?;
        let kept = StoredKey::extended(find(ring, id).ok().flatten(), until)?;
        // The kernel accepts 32 bits, and would cut off the rest.
        let seconds = kept.until.saturating_sub(now.timestamp()).clamp(1, i64::from(u32::MAX));
        let seconds = usize::try_from(seconds).map_err(|_| NoPlace)?;
        // Quota used up, or refused by a container's filter: another place may accept it.
        let added = ring.add_key(&description(id), kept.bytes().as_slice()).map_err(|_| NoPlace)?;
        // A key without a timeout would outlive the user's last process.
        if added.set_timeout(seconds).is_err() {
            let _ = added.invalidate();
            return Err(NoPlace);
        }
        let _ = added.set_perms(readable_for_its_user());
        Ok(kept.key)
    }

    fn destroy(&self, id: &KeyId) {
        if let Ok(ring) = user_keyring()
            && let Ok(key) = ring.search(&description(id))
        {
            let _ = key.invalidate();
        }
    }
}

/// Lets every process of this user read the key directly, not only one that has linked `@u` to a keyring of its own.
///
/// Each of them could do that, so nothing is given up. It saves a warm call a keyring: two system calls, and its
/// removal by the kernel afterwards.
fn readable_for_its_user() -> KeyPermissions {
    let user = Permission::VIEW | Permission::READ | Permission::SEARCH;
    KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(user).build()
}

fn find(ring: KeyRing, id: &KeyId) -> Result<Option<StoredKey>, KeyringError> {
    let Some(found) = present(ring.search(&description(id)))? else { return Ok(None) };
    let mut bytes = zeroize::Zeroizing::new([0; StoredKey::LEN]);
    // The kernel returns the full length, however much fitted.
    let length = present(found.read(&mut *bytes))?;
    Ok(length.filter(|length| *length == StoredKey::LEN).and_then(|_| StoredKey::read(bytes.as_slice())))
}

fn description(id: &KeyId) -> String {
    format!("kcaws-warm:{}", name(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_readable_without_a_keyring_of_ones_own_and_one_of_before_is_still_found() {
        let Ok(ring) = user_keyring() else { return };
        #[expect(clippy::disallowed_methods, reason = "the kernel has no fake clock")]
        let now = Utc::now();
        let mut id = KeyId::default();
        getrandom::fill(&mut id).expect("random numbers");
        let before = StoredKey::extended(None, now).expect("random numbers");
        let added = ring.add_key(&description(&id), before.bytes().as_slice()).expect("adds");
        assert_eq!(KernelKeys.get(&id, now).as_deref(), Some(&*before.key));
        let kept = KernelKeys.keep(&id, now + chrono::TimeDelta::hours(1), now).expect("keeps");
        assert_eq!(*kept, *before.key);
        let permissions = added.metadata().expect("is there").get_perms().bits();
        assert_eq!(permissions, 0x3f0b_0000, "view, read and search for the user");
        KernelKeys.destroy(&id);
        assert!(KernelKeys.get(&id, now).is_none());
    }
}
