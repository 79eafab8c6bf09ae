//! Creates a folder for this user alone, and refuses one that is not.

use std::path::Path;

use crate::platform::owner::{self, Obstacle, ObstacleKind};
use crate::ports::state_folder::{StateError, io, is_nothing_there};

pub(super) fn own_folder(path: &Path) -> Result<(), StateError> {
    let meta = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if is_nothing_there(&error) => {
            create_private(path)?;
            std::fs::symlink_metadata(path).map_err(io("look at", path))?
        }
        Err(error) => return Err(io("look at", path)(error)),
    };
    refuse_unsafe(path, &meta)
}

pub(super) fn refuse_unsafe(path: &Path, meta: &std::fs::Metadata) -> Result<(), StateError> {
    let refuse = |why| Err(StateError::Unsafe { path: path.to_path_buf(), why });
    if meta.is_symlink() {
        return refuse("it is a symbolic link");
    }
    if !meta.is_dir() {
        return refuse("it is not a folder");
    }
    refuse_foreign(path, meta)
}

fn create_private(path: &Path) -> Result<(), StateError> {
    // Before the first folder is created: its owner could not even remove it.
    if let Some(Obstacle { path, owner, kind: ObstacleKind::OfAnother }) = owner::obstacle(path) {
        return Err(StateError::RootInAnothersHome { path, owner });
    }
    create(path).map_err(io("create", path))
}

fn create(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        // Private too, whatever the umask: anyone who can write there could replace our folder.
        private_folder().recursive(true).create(parent)?;
    }
    match private_folder().create(path) {
        // Another process was faster; what it created is checked like any other.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn private_folder() -> std::fs::DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Returns a builder of private folders: on Windows the inherited access list of the profile folder protects them.
#[cfg(not(unix))]
fn private_folder() -> std::fs::DirBuilder {
    std::fs::DirBuilder::new()
}

/// Returns this process's user ID; the system is asked once.
#[cfg(unix)]
fn our_uid() -> u32 {
    static UID: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *UID.get_or_init(|| rustix::process::geteuid().as_raw())
}

#[cfg(unix)]
pub(super) fn refuse_foreign(path: &Path, meta: &std::fs::Metadata) -> Result<(), StateError> {
    use std::os::unix::fs::MetadataExt;
    let refuse = |why| Err(StateError::Unsafe { path: path.to_path_buf(), why });
    if meta.uid() != our_uid() {
        if owner::is_of_another(meta) {
            let (path, owner) = (path.to_path_buf(), owner::name_of(meta.uid()));
            return Err(StateError::RootInAnothersHome { path, owner });
        }
        return refuse("it belongs to another user");
    }
    if meta.mode() & 0o077 != 0 {
        return refuse("other users can reach it (`chmod go= ` it after looking at what is inside)");
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the profile folder's access list is the protection here")]
pub(super) fn refuse_foreign(_path: &Path, _meta: &std::fs::Metadata) -> Result<(), StateError> {
    Ok(())
}
