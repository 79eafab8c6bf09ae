//! Finds out, by owners and modes, who else could read or replace what is at a path. Changes nothing.

use std::io;
use std::path::{Path, PathBuf};

/// What gives others access, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub path: PathBuf,
    pub who: Who,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// It belongs to another user than this one and root.
    ItsOwner,
    Everybody,
    /// A group other than our own, though it may have no other member.
    AGroup,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ItsOwner => "another user owns it",
            Self::Everybody => "everyone may write to it",
            Self::AGroup => "its group may write to it",
        })
    }
}

/// Returns what lets others replace the file: anyone who can write to a folder on its path can put another file there.
///
/// Symlinks are followed, and both paths are checked. `None` if no one else can; always `None` without Unix modes.
pub fn replaceable(path: &Path) -> io::Result<Option<Opening>> {
    let real = std::fs::canonicalize(path)?;
    let way = real.ancestors().chain(path.parent().into_iter().flat_map(Path::ancestors));
    for step in way.filter(|step| !step.as_os_str().is_empty()) {
        if let Some(who) = modes::writer(&std::fs::metadata(step)?) {
            return Ok(Some(Opening { path: step.to_path_buf(), who }));
        }
    }
    Ok(None)
}

/// Returns what lets others write to the file itself, whatever is above it.
pub fn writable(path: &Path) -> io::Result<Option<Who>> {
    Ok(modes::writer(&std::fs::metadata(path)?))
}

/// Returns the same as [`writable`], and checks the owner of a symbolic link too, who may redirect it.
pub fn writer(path: &Path) -> io::Result<Option<Who>> {
    let link = std::fs::symlink_metadata(path)?;
    if link.is_symlink() && modes::is_foreign(&link) {
        return Ok(Some(Who::ItsOwner));
    }
    writable(path)
}

/// Returns whether others can read it, as far as it alone decides.
pub fn readable(path: &Path) -> io::Result<bool> {
    Ok(modes::is_readable(&std::fs::symlink_metadata(path)?))
}

#[cfg(unix)]
mod modes {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;

    use super::Who;

    const STICKY: u32 = 0o1000;

    pub(crate) fn writer(meta: &Metadata) -> Option<Who> {
        let mode = meta.mode();
        if is_foreign(meta) {
            return Some(Who::ItsOwner);
        }
        // In a sticky folder (/tmp) no one can replace another user's file.
        if meta.is_dir() && mode & STICKY != 0 {
            return None;
        }
        let own_group = [0, rustix::process::getegid().as_raw()].contains(&meta.gid());
        match mode {
            mode if mode & 0o002 != 0 => Some(Who::Everybody),
            mode if mode & 0o020 != 0 && !own_group => Some(Who::AGroup),
            _ => None,
        }
    }

    /// Belongs to another user than this one and root.
    pub(crate) fn is_foreign(meta: &Metadata) -> bool {
        ![0, rustix::process::geteuid().as_raw()].contains(&meta.uid())
    }

    pub(crate) fn is_readable(meta: &Metadata) -> bool {
        meta.mode() & 0o044 != 0
    }
}

#[cfg(not(unix))]
mod modes {
    use std::fs::Metadata;

    use super::Who;

    pub(crate) fn writer(_meta: &Metadata) -> Option<Who> {
        None
    }

    pub(crate) fn is_foreign(_meta: &Metadata) -> bool {
        false
    }

    pub(crate) fn is_readable(_meta: &Metadata) -> bool {
        false
    }
}

/// Checks whether files could be created in a folder, or in its nearest existing parent. Writes nothing.
pub fn takes_files(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    may_write(there)
}

#[cfg(unix)]
pub(crate) fn may_write(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    // By the identity that writes; a read-only file system refuses root too.
    Ok(accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
}

#[cfg(not(unix))]
fn may_write(folder: &Path) -> io::Result<()> {
    let is_closed = std::fs::metadata(folder)?.permissions().readonly();
    if is_closed { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own");
    }

    #[test]
    fn a_folder_that_everybody_may_write_to_opens_all_that_lies_below() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("a/b/kcaws");
        std::fs::create_dir_all(file.parent().expect("has one")).expect("creates");
        let temp = tempfile::NamedTempFile::new_in(folder.path()).expect("creates");
        temp.persist(&file).expect("moves");
        assert_eq!(replaceable(&file).expect("looks"), None);
        chmod(&folder.path().join("a"), 0o777);
        let opening = replaceable(&file).expect("looks").expect("open");
        assert_eq!((opening.who, opening.path.ends_with("a")), (Who::Everybody, true));
        chmod(&folder.path().join("a"), 0o1777);
        assert_eq!(replaceable(&file).expect("looks"), None, "sticky");
        let link = folder.path().join("open/kcaws");
        std::fs::create_dir(folder.path().join("open")).expect("creates");
        std::os::unix::fs::symlink(&file, &link).expect("links");
        chmod(&folder.path().join("open"), 0o777);
        assert!(replaceable(&link).expect("looks").is_some(), "the link itself can be replaced");
        assert!(replaceable(&folder.path().join("nowhere")).is_err());
    }

    #[test]
    fn reading_and_writing_are_distinguished() {
        let file = tempfile::NamedTempFile::new().expect("creates");
        assert!(!readable(file.path()).expect("looks"));
        chmod(file.path(), 0o644);
        assert!(readable(file.path()).expect("looks"));
        assert_eq!(writable(file.path()).expect("looks"), None);
        chmod(file.path(), 0o666);
        assert_eq!(writable(file.path()).expect("looks"), Some(Who::Everybody));
    }
}
