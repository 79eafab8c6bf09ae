//! The kernel's keyring of this user: no file, no prompt, gone at a reboot, and with a timeout of its own.

use chrono::{DateTime, Utc};
use linux_keyutils::KeyRing;

use super::{Kept, KeyId, NoPlace, WarmKeys, name};
use crate::ports::keyring::keyutils::{present, user_keyring};
use crate::ports::sealed::Key;

pub(super) struct KernelKeys;

impl WarmKeys for KernelKeys {
    fn get(&self, id: &KeyId, _now: DateTime<Utc>) -> Option<Key> {
        // An expired key is the kernel's to refuse.
        find(user_keyring().ok()?, id).map(|kept| kept.key)
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        let ring = user_keyring().map_err(|_| NoPlace)?;
        let kept = Kept::extended(find(ring, id), until)?;
        // The kernel takes 32 bits, and would cut off the rest.
        let seconds = kept.until.saturating_sub(now.timestamp()).clamp(1, i64::from(u32::MAX));
        let seconds = usize::try_from(seconds).map_err(|_| NoPlace)?;
        // Quota used up, or refused by a container's filter: another place may take it.
        let added = ring.add_key(&description(id), kept.bytes().as_slice()).map_err(|_| NoPlace)?;
        // A key without a timeout would outlive the user's last process.
        if added.set_timeout(seconds).is_err() {
            let _ = added.invalidate();
            return Err(NoPlace);
        }
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

fn find(ring: KeyRing, id: &KeyId) -> Option<Kept> {
    let found = present(ring.search(&description(id))).ok()??;
    let mut bytes = zeroize::Zeroizing::new([0; Kept::LEN]);
    // The kernel answers with the full length, whatever fitted.
    if present(found.read(&mut *bytes)).ok()?? != Kept::LEN {
        return None;
    }
    Kept::read(bytes.as_slice())
}

fn description(id: &KeyId) -> String {
    format!("kcaws-warm:{}", name(id))
}
