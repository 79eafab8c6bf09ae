//! The audit file: opened for appending, and never read.

use std::fs::{File, OpenOptions};
use std::io::Result;
use std::path::Path;

/// Opens the file, or creates it for its owner alone.
pub(crate) fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_was_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        for line in ["one\n", "two\n"] {
            open(&path).expect("opens").write_all(line.as_bytes()).expect("writes");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("reads"), "one\ntwo\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
