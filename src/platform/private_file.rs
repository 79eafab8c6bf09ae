//! Writes a file with a secret for the user: 0600 whatever the umask, completely or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    #[error("cannot write `{}`", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Its target may be readable by everyone.
    #[error("`{}` is not a regular file", .path.display())]
    NotAFile { path: PathBuf },
}

/// A file that was written here.
///
/// It is removed when this is dropped, unless another process changed or replaced it.
#[must_use]
pub struct PrivateFile {
    path: PathBuf,
    contents: Secret<Vec<u8>>,
}

impl PrivateFile {
    /// Writes `contents` beside `path` and moves it into place.
    ///
    /// An existing file must be a regular one; a symbolic link is not followed.
    pub fn write(path: &Path, contents: Secret<Vec<u8>>) -> Result<Self, PrivateFileError> {
        let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => {
                return Err(PrivateFileError::NotAFile { path: path.to_owned() });
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        file.write_all(contents.expose()).and_then(|()| file.as_file().sync_all()).map_err(io)?;
        file.persist(path).map_err(|refused| io(refused.error))?;
        Ok(Self { path: path.to_owned(), contents })
    }

    /// Returns whether the file is still as written, so that two writers do not remove each other's file.
    fn is_unchanged(&self) -> bool {
        let is_file = std::fs::symlink_metadata(&self.path).is_ok_and(|found| {
            found.is_file() && usize::try_from(found.len()) == Ok(self.contents.expose().len())
        });
        // Read into a secret, which is wiped.
        let read = || std::fs::read(&self.path).map(Secret::new);
        is_file && read().is_ok_and(|found| found.expose() == self.contents.expose())
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if self.is_unchanged() {
            // An incomplete file is of no use.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    fn secret(text: &str) -> Secret<Vec<u8>> {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn it_is_for_its_owner_alone_and_replaces_a_file_but_follows_nothing() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join(".env");
        let _one = PrivateFile::write(&path, secret("one")).expect("writes");
        assert_eq!((std::fs::read(&path).expect("reads"), mode(&path)), (b"one".to_vec(), 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changes");
        let _two = PrivateFile::write(&path, secret("two")).expect("writes");
        assert_eq!((std::fs::read(&path).expect("reads"), mode(&path)), (b"two".to_vec(), 0o600));
        let link = folder.path().join("link");
        symlink(&path, &link).expect("links");
        for wrong in [link.as_path(), folder.path()] {
            let error = PrivateFile::write(wrong, secret("three")).err().expect("refused");
            assert!(matches!(error, PrivateFileError::NotAFile { .. }), "{error}");
        }
        assert_eq!(std::fs::read(&path).expect("reads"), b"two");
        let nowhere = folder.path().join("no/such/folder");
        assert!(matches!(PrivateFile::write(&nowhere, secret("x")), Err(PrivateFileError::Io { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 2, "no temp file is left");
    }

    #[test]
    fn it_is_removed_unless_it_is_not_what_was_written() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join(".env");
        let first = PrivateFile::write(&path, secret("one")).expect("writes");
        let second = PrivateFile::write(&path, secret("two")).expect("writes");
        drop(first);
        assert_eq!(std::fs::read(&path).expect("reads"), b"two", "it is the second one's");
        drop(second);
        assert!(!path.exists());
        let edited = PrivateFile::write(&path, secret("one")).expect("writes");
        std::fs::write(&path, "one\nMINE=1").expect("writes");
        drop(edited);
        assert_eq!(std::fs::read(&path).expect("reads"), b"one\nMINE=1");
        let (linked, target) =
            (PrivateFile::write(&path, secret("one")).expect("writes"), folder.path().join("target"));
        std::fs::rename(&path, &target).expect("renames");
        symlink(&target, &path).expect("links");
        drop(linked);
        assert!(path.is_symlink() && target.exists());
    }

    #[test]
    fn anyone_who_reads_while_many_write_finds_a_whole_file() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join(".env");
        let texts: Vec<String> =
            (b'a'..=b'h').map(|letter| char::from(letter).to_string().repeat(9_000)).collect();
        let _first = PrivateFile::write(&path, secret(&texts[0])).expect("writes");
        std::thread::scope(|scope| {
            let writers: Vec<_> = texts
                .iter()
                .map(|text| {
                    let path = &path;
                    let write = move || PrivateFile::write(path, secret(text)).expect("writes");
                    scope.spawn(move || (0..50).map(|_| write()).map(std::mem::forget).count())
                })
                .collect();
            while writers.iter().any(|writer| !writer.is_finished()) {
                let found = std::fs::read_to_string(&path).expect("it is never missing");
                assert!(texts.contains(&found) && mode(&path) == 0o600, "{} bytes", found.len());
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1, "no temp file is left");
    }
}
