//! A place for containers, where the kernel refuses keys: a 0600 file in `$XDG_RUNTIME_DIR`, if that is in memory.
//!
//! A key on disk, beside what it seals, would protect nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{KeyId, NoPlace, SealingKeys, StoredKey, name};
use crate::platform::aead::Key;
use crate::ports::state_folder::{DiskStateFolder, StateFolder};

pub(super) struct RuntimeFileKeys {
    runtime: Option<PathBuf>,
}

impl RuntimeFileKeys {
    pub(super) fn new(runtime: Option<OsString>) -> Self {
        Self { runtime: runtime.map(PathBuf::from) }
    }

    /// Its checks (owner, mode, no symlink) are those of the state folder.
    fn folder(&self) -> Option<DiskStateFolder> {
        let runtime = self.runtime.as_deref().filter(|folder| is_in_memory(folder))?;
        Some(DiskStateFolder::new(Some(runtime.join("kcaws"))))
    }
}

impl SealingKeys for RuntimeFileKeys {
    fn get(&self, id: &KeyId, now: DateTime<Utc>) -> Option<Key> {
        let bytes = zeroize::Zeroizing::new(self.folder()?.read(&name(id)).ok()??);
        let kept = StoredKey::read(&bytes)?;
        if kept.until <= now.timestamp() {
            self.destroy(id);
            return None;
        }
        Some(kept.key)
    }

    fn keep(&self, id: &KeyId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        let folder = self.folder().ok_or(NoPlace)?;
        let found = self.get(id, now).and_then(|_| {
            let bytes = zeroize::Zeroizing::new(folder.read(&name(id)).ok()??);
            StoredKey::read(&bytes)
        });
        let kept = StoredKey::extended(found, until)?;
        folder.write_cached(&name(id), kept.bytes().as_slice()).map_err(|_| NoPlace)?;
        Ok(kept.key)
    }

    fn destroy(&self, id: &KeyId) {
        if let Some(folder) = self.folder() {
            let _ = folder.remove(&name(id));
        }
    }
}

pub(super) fn is_in_memory(folder: &Path) -> bool {
    /// statfs(2), TMPFS_MAGIC and RAMFS_MAGIC.
    const IN_MEMORY: [u32; 2] = [0x0102_1994, 0x8584_58f6];
    rustix::fs::statfs(folder)
        .is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| IN_MEMORY.contains(&kind)))
}
