//! Finds out who owns a folder, and what prevents this process from creating one below it. Changes nothing.

use std::path::{Path, PathBuf};

#[cfg(unix)]
use crate::platform::file_facts;

/// Why a missing folder cannot be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The folder that prevents it.
    pub path: PathBuf,
    /// The name of its owner.
    pub owner: String,
    pub kind: ObstacleKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObstacleKind {
    /// This process runs as root and the folder is not root's: what root created there would be of no use to its owner.
    OfAnother,
    /// This process may not enter it or write to it.
    Closed,
}

/// Returns what prevents the creation of this folder.
///
/// That is its nearest existing parent, or a folder on the way there that cannot be entered.
#[cfg(unix)]
pub fn obstacle(path: &Path) -> Option<Obstacle> {
    use std::os::unix::fs::MetadataExt;
    let found =
        |path: &Path, owner, kind| Some(Obstacle { path: path.to_path_buf(), owner: name_of(owner), kind });
    // Not the target of a symlink, which may be missing.
    let nearest = path.ancestors().find_map(|step| Some((step, std::fs::metadata(step).ok()?)));
    let (nearest, meta) = nearest?;
    if is_of_another(&meta) {
        return found(nearest, meta.uid(), ObstacleKind::OfAnother);
    }
    let is_open = file_facts::may_write(nearest).is_ok();
    if is_open || nearest == path { None } else { found(nearest, meta.uid(), ObstacleKind::Closed) }
}

#[cfg(not(unix))]
pub fn obstacle(_path: &Path) -> Option<Obstacle> {
    None
}

/// Returns whether this process runs as root and the file belongs to another user, as under `sudo -E`.
#[cfg(unix)]
pub(crate) fn is_of_another(meta: &std::fs::Metadata) -> bool {
    rustix::process::geteuid().is_root() && std::os::unix::fs::MetadataExt::uid(meta) != 0
}

/// Returns the owner of the file at the path, if that is not the user of this process.
#[cfg(unix)]
pub fn other_owner(path: &Path) -> Option<String> {
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::symlink_metadata(path).ok()?);
    (owner != rustix::process::geteuid().as_raw()).then(|| name_of(owner))
}

#[cfg(not(unix))]
pub fn other_owner(_path: &Path) -> Option<String> {
    None
}

/// Returns the name of a user, or the number where /etc/passwd has none.
#[cfg(unix)]
pub(crate) fn name_of(uid: u32) -> String {
    // passwd(5): name, password, number.
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {uid}"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_user_is_named() {
        assert_eq!(name_of(0), "root");
        assert_eq!(name_of(4_000_000_000), "user 4000000000");
    }

    #[test]
    fn nothing_is_in_the_way_below_a_folder_of_ones_own() {
        let temp = tempfile::tempdir().expect("a temp folder");
        assert_eq!(obstacle(&temp.path().join("a/b/c")), None);
        assert_eq!(other_owner(temp.path()), None);
        assert_eq!(other_owner(&temp.path().join("nothing")), None);
    }

    /// Root may write anywhere; the suites run as another user there.
    #[test]
    fn a_folder_that_is_closed_is_named() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let closed = temp.path().join("closed");
        std::fs::create_dir(&closed).expect("creates");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).expect("ours");
        let found = obstacle(&closed.join("a/b"));
        let expected = if rustix::process::geteuid().is_root() { None } else { Some(ObstacleKind::Closed) };
        assert_eq!(found.map(|one| one.kind), expected);
    }
}
