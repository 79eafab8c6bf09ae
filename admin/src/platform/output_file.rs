//! Files that a command writes where the administrator asks for them: whole or not at all.

use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes the file, for its owner alone: a plan contains names of people.
///
/// A link is followed. What is not a regular file, such as a device or a pipe, is refused: it would be replaced.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let path = target(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Returns the path of the file itself, where a link leads to it.
fn target(path: &Path) -> Result<PathBuf> {
    let refused = |why| Err(Error::new(ErrorKind::InvalidInput, why));
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => std::fs::canonicalize(path),
        Ok(found) if found.is_dir() => refused("it is a directory"),
        Ok(_) => refused("it is not a regular file"),
        Err(error) if error.kind() == ErrorKind::NotFound => match std::fs::symlink_metadata(path) {
            Ok(_) => refused("it is a link to nothing"),
            Err(_) => Ok(path.to_owned()),
        },
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        write(&path, b"a longer text").expect("writes");
        write(&path, b"short").expect("writes");
        assert_eq!(std::fs::read(&path).expect("reads"), b"short");
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1, "nothing is left behind");
        assert!(write(&folder.path().join("no/such/plan.json"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_what_is_no_file_stays_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("plan.json"), "old").expect("writes");
        std::os::unix::fs::symlink("plan.json", path("link")).expect("links");
        write(&path("link"), b"new").expect("writes");
        assert_eq!(std::fs::read(path("plan.json")).expect("reads"), b"new");
        assert!(std::fs::symlink_metadata(path("link")).expect("is there").is_symlink());

        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
        std::os::unix::fs::symlink("socket", path("link to the socket")).expect("links");
        std::os::unix::fs::symlink("nothing", path("link to nothing")).expect("links");
        for name in ["socket", "link to the socket", "link to nothing", "."] {
            let before = std::fs::symlink_metadata(path(name)).expect("is there").file_type();
            let error = write(&path(name), b"new").expect_err("is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
            assert_eq!(
                std::fs::symlink_metadata(path(name)).expect("is there").file_type(),
                before,
                "{name}"
            );
        }
    }
}
