//! What prevents the user from writing to a file.

use std::path::Path;

/// Folders into which packages are installed, read-only, and whose content is generated from somewhere else.
const STORES: [&str; 2] = ["/nix/store", "/gnu/store"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Its own mode, which its owner may change.
    Mode,
    /// It belongs to another user, by this name.
    Owner(String),
    FileSystem,
    /// It is part of a store of packages.
    Store,
}

impl Protection {
    /// Returns whether the file was probably generated from another one.
    pub fn is_of_another_hand(&self) -> bool {
        *self != Self::Mode
    }

    /// Returns what prevents this process from writing to the file; `None` if nothing does.
    pub fn of(path: &Path, meta: &std::fs::Metadata) -> Option<Self> {
        let refused = refusal(path);
        let is_refused = meta.permissions().readonly() || refused.is_some();
        let found = match refused {
            _ if is_in_store(path) => Self::Store,
            Some(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => Self::FileSystem,
            _ => crate::platform::owner::other_owner(path).map_or(Self::Mode, Self::Owner),
        };
        is_refused.then_some(found)
    }
}

impl std::fmt::Display for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mode => f.write_str("is read-only"),
            Self::Owner(owner) => write!(f, "is read-only and belongs to {owner}"),
            Self::FileSystem => f.write_str("is on a read-only file system"),
            Self::Store => f.write_str("is in a read-only store"),
        }
    }
}

/// Returns whether the file is in a store, by its path or its folder's, which may be a link.
fn is_in_store(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
    let is_below = |path: &Path| STORES.iter().any(|store| path.starts_with(store));
    is_below(path) || folder.is_some_and(|folder| is_below(&folder))
}

#[cfg(unix)]
fn refusal(path: &Path) -> Option<std::io::Error> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).err().map(Into::into)
}

#[cfg(not(unix))]
fn refusal(_path: &Path) -> Option<std::io::Error> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_mode_of_ones_own_is_told_from_what_others_have_made() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let file = temp.path().join("config");
        std::fs::write(&file, "").expect("writes");
        let of = |path: &Path| Protection::of(path, &std::fs::metadata(path).expect("is there"));
        assert_eq!(of(&file), None);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).expect("ours");
        assert_eq!(of(&file), Some(Protection::Mode));
        let meta = std::fs::metadata(&file).expect("is there");
        let stored = Path::new("/nix/store/abc-home-manager-files/.aws/config");
        assert_eq!(Protection::of(stored, &meta), Some(Protection::Store));
        // The kernel's own files cannot be written, not even by root.
        let of_kernel = of(Path::new("/proc/version"));
        assert!(of_kernel.as_ref().is_some_and(|found| *found != Protection::FileSystem), "{of_kernel:?}");
        let root = rustix::process::geteuid().is_root();
        assert_eq!(of_kernel, Some(if root { Protection::Mode } else { Protection::Owner("root".into()) }));
    }
}
