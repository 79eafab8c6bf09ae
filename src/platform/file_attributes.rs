//! Copies POSIX ACLs and extended attributes: a file that replaces another must admit the same users, and no others.

use std::fs::File;
use std::path::Path;

/// An attribute that could not be set on the new file.
#[derive(Debug)]
pub(crate) struct NotKept {
    pub(crate) name: String,
    pub(crate) source: std::io::Error,
}

/// Copies the access list and the extended attributes of `from` to `to`.
///
/// This precedes setting the mode: its group bits are the mask of the list, and without the list they would be the
/// rights of the owning group.
pub(crate) fn copy(from: &File, to: &File) -> Result<(), NotKept> {
    let names = linux::names(from).map_err(|source| NotKept { name: "attributes".to_owned(), source })?;
    if !names.iter().any(|name| name == linux::ACCESS_LIST) {
        // The folder may have passed one on.
        let _ = rustix::fs::fremovexattr(to, linux::ACCESS_LIST);
    }
    for name in names.into_iter().filter(|name| linux::belongs_to_the_file(name)) {
        linux::copy_one(from, to, &name).map_err(|source| NotKept { name, source })?;
    }
    Ok(())
}

/// Returns whether a file or folder has an access list, which lets more than its owner and group in; if that cannot be
/// read, it may have one.
pub(crate) fn has_access_list(path: &Path) -> bool {
    use rustix::io::Errno;
    // Without a buffer, the call returns the length.
    let length = rustix::fs::getxattr(path, linux::ACCESS_LIST, &mut [0_u8; 0][..]);
    !matches!(length, Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS))
}

mod linux {
    use std::fs::File;
    use std::io::{Error, ErrorKind};

    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    use rustix::io::Errno;

    pub(crate) const ACCESS_LIST: &str = "system.posix_acl_access";
    /// The kernel's own checksums of the content, which it computes itself.
    const SUMS: [&str; 2] = ["security.ima", "security.evm"];
    /// Linux allows no larger one (xattr(7)).
    const LARGEST: usize = 64 * 1024;

    /// Returns whether the attribute belongs to the file; others belong to the file system, such as
    /// `btrfs.compression`.
    pub(crate) fn belongs_to_the_file(name: &str) -> bool {
        let is_list = [ACCESS_LIST, "system.nfs4_acl", "system.richacl"].contains(&name);
        let is_attribute = ["user.", "security.", "trusted."].iter().any(|space| name.starts_with(space));
        is_list || (is_attribute && !SUMS.contains(&name))
    }

    pub(crate) fn names(file: &File) -> Result<Vec<String>, Error> {
        let mut list = vec![0_u8; LARGEST];
        match flistxattr(file, &mut *list) {
            Ok(length) => list.truncate(length),
            Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        names
            .map(|name| String::from_utf8(name.to_vec()).map_err(|_| ErrorKind::InvalidData.into()))
            .collect()
    }

    pub(crate) fn copy_one(from: &File, to: &File, name: &str) -> Result<(), Error> {
        let Some(value) = value(from, name)? else { return Ok(()) };
        // What the system set on the new file already (SELinux's label) may not be ours to set.
        if self::value(to, name).is_ok_and(|there| there.as_ref() == Some(&value)) {
            return Ok(());
        }
        Ok(fsetxattr(to, name, &value, XattrFlags::empty())?)
    }

    fn value(file: &File, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut value = vec![0_u8; LARGEST];
        match fgetxattr(file, name, &mut *value) {
            Ok(length) => value.truncate(length),
            Err(Errno::NODATA) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        Ok(Some(value))
    }
}
