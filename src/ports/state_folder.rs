//! The state folder: status files, sealed files and locks. 0700, ours, no symlink.

use std::time::Duration;

/// Names are relative, made of `[a-z0-9._-]` and at most one `/`.
pub trait StateFolder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError>;
    /// Temp file beside the target, 0600, fsync, rename: a reader sees the old bytes or the new, never a part.
    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StateError>;
    /// `false` when there was nothing.
    fn remove(&self, name: &str) -> Result<bool, StateError>;
    /// The names of the files directly in `folder`.
    fn list(&self, folder: &str) -> Result<Vec<String>, StateError>;
    /// An exclusive advisory lock, held until dropped. Waits up to `patience`.
    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError>;
}
