//! Finds out, by owners and modes, who else could read or replace what is at a path. Changes nothing.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

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
    /// A group that may have other members.
    AGroup,
    /// An access list (acl(5)) that lets more than the owner write.
    AnAccessList,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ItsOwner => "another user owns it",
            Self::Everybody => "everyone may write to it",
            Self::AGroup => "its group may write to it",
            Self::AnAccessList => "its access list may let others write to it",
        })
    }
}

/// As many as Linux follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Returns what lets others replace the file: anyone who can write to a folder on its path can put another file there.
///
/// The path is followed as the system follows it: each folder on it, each link, and each folder that a link leads
/// through is checked. `None` if no one else can; always `None` without Unix modes.
pub fn replaceable(path: &Path) -> io::Result<Option<Opening>> {
    if !cfg!(unix) {
        return std::fs::metadata(path).map(|_| None);
    }
    let path = std::path::absolute(path)?;
    // What is still to be followed, the next part last.
    let mut ahead = parts(&path);
    let (mut reached, mut links) = (PathBuf::new(), 0);
    while let Some(part) = ahead.pop() {
        match part {
            Part::Up => {
                reached.pop();
                continue;
            }
            Part::From(root) => reached = root,
            Part::Down(name) => reached.push(name),
        }
        if let Some(who) = writer_of_entry(&reached)? {
            return Ok(Some(Opening { path: reached, who }));
        }
        if std::fs::symlink_metadata(&reached)?.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(link_loop());
            }
            let target = std::fs::read_link(&reached)?;
            reached.pop();
            ahead.extend(parts(&target));
        }
    }
    Ok(None)
}

enum Part {
    From(PathBuf),
    Up,
    Down(OsString),
}

/// Returns the parts of a path, the first one last.
fn parts(path: &Path) -> Vec<Part> {
    let (mut root, mut parts) = (PathBuf::new(), Vec::new());
    for component in path.components() {
        match component {
            Component::Prefix(_) => root.push(component),
            Component::RootDir => {
                root.push(component);
                parts.push(Part::From(root.clone()));
            }
            Component::CurDir => {}
            Component::ParentDir => parts.push(Part::Up),
            Component::Normal(name) => parts.push(Part::Down(name.to_owned())),
        }
    }
    parts.reverse();
    parts
}

/// Returns who can write to a folder or file, or redirect a link; not who can write to what a link leads to.
fn writer_of_entry(path: &Path) -> io::Result<Option<Who>> {
    let meta = std::fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        return Ok(modes::is_foreign(&meta).then_some(Who::ItsOwner));
    }
    Ok(modes::writer(path, &meta))
}

#[cfg(unix)]
fn link_loop() -> io::Error {
    rustix::io::Errno::LOOP.into()
}

#[cfg(not(unix))]
fn link_loop() -> io::Error {
    io::Error::other("a symbolic link there points back to itself")
}

/// Returns what lets others write to the file itself, whatever is above it.
pub fn writable(path: &Path) -> io::Result<Option<Who>> {
    Ok(modes::writer(path, &std::fs::metadata(path)?))
}

/// Returns the same as [`writable`], and checks the owner of a symbolic link too, who may redirect it.
pub fn writer(path: &Path) -> io::Result<Option<Who>> {
    match writer_of_entry(path)? {
        None => writable(path),
        who => Ok(who),
    }
}

/// Returns whether others can read it, as far as it alone decides.
pub fn readable(path: &Path) -> io::Result<bool> {
    Ok(modes::is_readable(&std::fs::symlink_metadata(path)?))
}

#[cfg(unix)]
mod modes {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::Who;
    #[cfg(target_os = "linux")]
    use crate::platform::file_attributes::has_access_list;
    use crate::platform::private_group;

    const STICKY: u32 = 0o1000;

    pub(crate) fn writer(path: &Path, meta: &Metadata) -> Option<Who> {
        let mode = meta.mode();
        if is_foreign(meta) {
            return Some(Who::ItsOwner);
        }
        // In a sticky folder (/tmp) no one can replace another user's file.
        if meta.is_dir() && mode & STICKY != 0 {
            return None;
        }
        if mode & 0o002 != 0 {
            return Some(Who::Everybody);
        }
        // With an access list these bits are its mask: what it allows at most.
        if mode & 0o020 == 0 {
            return None;
        }
        if has_access_list(path) {
            return Some(Who::AnAccessList);
        }
        let is_shared = meta.gid() != 0 && !private_group::is_ours(meta.gid());
        is_shared.then_some(Who::AGroup)
    }

    /// Those of other systems are not modes.
    #[cfg(not(target_os = "linux"))]
    fn has_access_list(_path: &Path) -> bool {
        false
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
    use std::path::Path;

    use super::Who;

    pub(crate) fn writer(_path: &Path, _meta: &Metadata) -> Option<Who> {
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
        let first = folder.path().join("first");
        std::os::unix::fs::symlink(&link, &first).expect("links");
        let opening = replaceable(&first).expect("looks").expect("a link on the way can be replaced");
        assert_eq!((opening.who, opening.path.ends_with("open")), (Who::Everybody, true));
        let inner = folder.path().join("inner");
        std::os::unix::fs::symlink("open/../a/b", &inner).expect("links");
        assert!(replaceable(&inner.join("kcaws")).expect("looks").is_some(), "a link to a folder, too");
        chmod(&folder.path().join("open"), 0o755);
        assert_eq!(replaceable(&first).expect("looks"), None);
        assert_eq!(replaceable(&inner.join("kcaws")).expect("looks"), None);
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink(&circle, &circle).expect("links");
        assert!(replaceable(&circle).is_err());
        assert!(replaceable(&folder.path().join("nowhere")).is_err());
    }

    /// Only root can make a link of another user.
    #[test]
    fn a_link_of_another_user_is_no_better_than_the_file_of_one() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().expect("a temp folder");
        chmod(folder.path(), 0o1777);
        let file = folder.path().join("kcaws");
        tempfile::NamedTempFile::new_in(folder.path()).expect("creates").persist(&file).expect("moves");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).expect("links");
        assert_eq!(replaceable(&link).expect("looks"), None);
        std::os::unix::fs::lchown(&link, Some(4711), None).expect("is root");
        let opening = replaceable(&link).expect("looks").expect("its owner can redirect it");
        assert_eq!((opening.who, opening.path), (Who::ItsOwner, link.clone()));
        assert_eq!(writer(&link).expect("looks"), Some(Who::ItsOwner));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_access_list_lets_others_write() {
        kcaws_test_kit::require_program!("setfacl");
        let file = tempfile::NamedTempFile::new().expect("creates");
        let set = |list: &str| {
            let status =
                std::process::Command::new("setfacl").args(["--modify", list]).arg(file.path()).status();
            assert!(status.expect("runs").success());
        };
        set("u:4001:r");
        assert_eq!(writable(file.path()).expect("looks"), None);
        set("u:4001:rw");
        assert_eq!(writable(file.path()).expect("looks"), Some(Who::AnAccessList));
        chmod(file.path(), 0o640);
        assert_eq!(writable(file.path()).expect("looks"), None, "the mask takes it away");
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
