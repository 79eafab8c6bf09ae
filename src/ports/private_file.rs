//! A file with a secret in it, where a person asked for one: 0600 whatever the umask, whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    #[error("cannot write `{}`", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// What it leads to may be anybody's to read.
    #[error("`{}` is not a regular file", .path.display())]
    NotAFile { path: PathBuf },
}

/// Writes `contents` beside `path` and puts it in its place. What is there already must be a regular file; a symbolic
/// link is not followed.
pub fn write(path: &Path, contents: &Secret<Vec<u8>>) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return Err(PrivateFileError::NotAFile { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(contents.expose()).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    file.persist(path).map_err(|refused| io(refused.error))?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn it_is_for_its_owner_alone_and_replaces_a_file_but_follows_nothing() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join(".env");
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        write(&path, &secret("one")).expect("writes");
        assert_eq!((std::fs::read(&path).expect("reads"), mode(&path)), (b"one".to_vec(), 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changes");
        write(&path, &secret("two")).expect("writes");
        assert_eq!((std::fs::read(&path).expect("reads"), mode(&path)), (b"two".to_vec(), 0o600));
        let link = folder.path().join("link");
        symlink(&path, &link).expect("links");
        for wrong in [link.as_path(), folder.path()] {
            let error = write(wrong, &secret("three")).expect_err("refused");
            assert!(matches!(error, PrivateFileError::NotAFile { .. }), "{error}");
        }
        assert_eq!(std::fs::read(&path).expect("reads"), b"two");
        let nowhere = folder.path().join("no/such/folder");
        assert!(matches!(write(&nowhere, &secret("x")), Err(PrivateFileError::Io { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 2, "no temp file is left");
    }
}
