//! Files that a command writes where the administrator asks for them: whole or not at all.

use std::io::{Result, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes the file, for its owner alone: a plan contains names of people.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
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
}
