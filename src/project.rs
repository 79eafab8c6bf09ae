//! `.kcaws.toml` in a repository: which profile a shell there wants, for `kcaws use`.
//!
//! ```toml
//! profile = "dev"      # or
//! session = "corp"     # of which one is to be chosen
//! ```
//!
//! It comes with the code of other people, so it counts only once the user has allowed it (`kcaws allow`), and only with
//! the content that was allowed. It names things and runs nothing.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::platform::aead::hex;
use crate::platform::foreign_file;
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};

pub const NAME: &str = ".kcaws.toml";
/// It has two lines.
const LARGEST: usize = 16 * 1024;
const FOLDER: &str = "allowed";

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Hints {
    pub profile: Option<String>,
    /// Narrows the choice of a profile.
    pub session: Option<String>,
}

/// A file as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Without symbolic links: another way to the file is the same file.
    pub path: PathBuf,
    bytes: Vec<u8>,
}

/// A file that was allowed, with the hash of its content.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Allowed {
    pub path: String,
    pub sha256: String,
}

/// Whether a file may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Allowed,
    /// It is not the content that was allowed.
    Changed,
    Never,
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("there is no {NAME} in `{folder}` or above", folder = .folder.display())]
    None { folder: PathBuf },
    #[error("there is no {NAME} in `{folder}`", folder = .folder.display())]
    NotInFolder { folder: PathBuf },
    #[error("there is no file or folder `{path}`", path = .path.display())]
    NoSuchPath { path: PathBuf },
    #[error("`{path}` is not allowed", path = .path.display())]
    NotAllowed { path: PathBuf },
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{path}` is larger than {} KB", LARGEST / 1024, path = .path.display())]
    TooLarge { path: PathBuf },
    #[error("{path}:{line}: {what}", path = .path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    #[error(transparent)]
    State(#[from] StateError),
}

impl ProjectFile {
    /// Reads the nearest file in the folder or above it; `None` if there is none.
    pub fn find(folder: &Path) -> Result<Option<Self>, ProjectError> {
        for folder in folder.ancestors() {
            if let Some(found) = Self::read(&folder.join(NAME))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Reads a file, or the one in a folder; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, ProjectError> {
        let unreadable = |source| ProjectError::Unreadable { path: path.to_path_buf(), source };
        let is_absent =
            |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        let real = match std::fs::canonicalize(path) {
            Ok(real) if real.is_dir() => return Self::read(&real.join(NAME)),
            Ok(real) => real,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let bytes = match foreign_file::read(&real) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        if bytes.len() > LARGEST {
            return Err(ProjectError::TooLarge { path: real });
        }
        Ok(Some(Self { path: real, bytes }))
    }

    pub fn hints(&self) -> Result<Hints, ProjectError> {
        let syntax = |at: usize, what: &str| ProjectError::Syntax {
            path: self.path.clone(),
            line: self.bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1,
            what: what.lines().next().unwrap_or_default().to_owned(),
        };
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|error| syntax(error.valid_up_to(), "it is not valid UTF-8"))?;
        let hints: Hints = toml::from_str(text)
            .map_err(|error| syntax(error.span().map_or(0, |span| span.start), error.message()))?;
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (some(hints.profile), some(hints.session)) {
            (None, None) => Err(syntax(0, "it names no profile and no session")),
            (profile, session) => Ok(Hints { profile, session }),
        }
    }

    pub fn permission(&self, state: &dyn StateFolder) -> Result<Permission, ProjectError> {
        let Some(bytes) = state.read(&self.note())? else { return Ok(Permission::Never) };
        // A damaged note allows nothing.
        let noted = serde_json::from_slice::<Allowed>(&bytes).ok();
        Ok(if noted.is_some_and(|noted| noted == self.allowed()) {
            Permission::Allowed
        } else {
            Permission::Changed
        })
    }

    pub fn allow(&self, state: &dyn StateFolder) -> Result<(), ProjectError> {
        let note = serde_json::to_vec(&self.allowed()).expect("text serializes");
        Ok(state.write(&self.note(), &note)?)
    }

    fn allowed(&self) -> Allowed {
        Allowed { path: self.path.display().to_string(), sha256: hex(&Sha256::digest(&self.bytes)) }
    }

    fn note(&self) -> String {
        note(&self.path)
    }
}

/// Returns the path as [`ProjectFile::path`] has it, also of a file that is gone, with the folders that it was in.
pub fn real_path(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            // A link is followed before its `..`, as the system does it.
            Component::ParentDir => _ = real.pop(),
            part => {
                real.push(part);
                real = std::fs::canonicalize(&real).unwrap_or(real);
            }
        }
    }
    real
}

/// Withdraws the permission of a file, which need not exist any more; returns whether it had one.
pub fn revoke(path: &Path, state: &dyn StateFolder) -> Result<bool, ProjectError> {
    Ok(state.remove(&note(path))?)
}

/// Returns all files that are allowed, by path.
pub fn allowed(state: &dyn StateFolder) -> Result<Vec<Allowed>, ProjectError> {
    let mut all = Vec::new();
    for name in state.list(FOLDER)? {
        let bytes = state.read(&format!("{FOLDER}/{name}"))?;
        all.extend(bytes.and_then(|bytes| serde_json::from_slice::<Allowed>(&bytes).ok()));
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(all)
}

fn note(path: &Path) -> String {
    format!("{FOLDER}/{}", hashed_name(&[path.as_os_str().as_encoded_bytes()]))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::ports::state_folder::FakeStateFolder;

    fn put(path: &Path, text: &str) {
        let folder = path.parent().expect("has one");
        std::fs::create_dir_all(folder).expect("creates");
        let mut temp = tempfile::NamedTempFile::new_in(folder).expect("creates");
        temp.write_all(text.as_bytes()).expect("writes");
        temp.persist(path).expect("moves");
    }

    #[test]
    fn the_nearest_file_counts_with_the_content_that_was_allowed() {
        let (temp, state) = (tempfile::tempdir().expect("a temp folder"), FakeStateFolder::default());
        let (outer, inner) = (temp.path().join(NAME), temp.path().join("a/b").join(NAME));
        put(&outer, "profile = \"outer\"\n");
        put(&inner, "profile = \"inner\"\n");
        let find =
            |folder: &str| ProjectFile::find(&temp.path().join(folder)).expect("reads").expect("is there");
        assert_eq!(find("a").hints().expect("reads").profile.as_deref(), Some("outer"));
        let file = find("a/b");
        assert_eq!(file.hints().expect("reads").profile.as_deref(), Some("inner"));
        let permission = |file: &ProjectFile| file.permission(&state).expect("reads");
        assert_eq!(permission(&file), Permission::Never);
        file.allow(&state).expect("writes");
        assert_eq!((permission(&file), permission(&find("a"))), (Permission::Allowed, Permission::Never));
        assert_eq!(allowed(&state).expect("lists"), [file.allowed()]);
        put(&inner, "profile = \"other\"\n");
        assert_eq!(permission(&find("a/b")), Permission::Changed);
        put(&inner, "profile = \"inner\"\n");
        assert_eq!(permission(&find("a/b")), Permission::Allowed, "as it was");
        assert!(revoke(&file.path, &state).expect("removes"));
        assert!(!revoke(&file.path, &state).expect("removes"));
        assert_eq!(permission(&file), Permission::Never);
    }

    #[test]
    fn the_same_content_elsewhere_is_not_allowed() {
        let (temp, state) = (tempfile::tempdir().expect("a temp folder"), FakeStateFolder::default());
        for folder in ["one", "two"] {
            put(&temp.path().join(folder).join(NAME), "profile = \"dev\"\n");
        }
        let read =
            |folder: &str| ProjectFile::read(&temp.path().join(folder)).expect("reads").expect("is there");
        read("one").allow(&state).expect("writes");
        assert_eq!(read("two").permission(&state).expect("reads"), Permission::Never);
        state.write(&read("two").note(), b"nonsense").expect("writes");
        assert_eq!(read("two").permission(&state).expect("reads"), Permission::Changed);
    }

    #[cfg(unix)]
    #[test]
    fn the_path_of_a_file_that_is_gone_is_the_one_it_had() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let root = std::fs::canonicalize(temp.path()).expect("is there");
        std::fs::create_dir_all(root.join("a/b")).expect("creates");
        std::os::unix::fs::symlink(root.join("a/b"), root.join("link")).expect("links");
        for (path, real) in [
            ("a/b/.kcaws.toml", "a/b/.kcaws.toml"),
            ("a/./b/../../a/b/gone/../.kcaws.toml", "a/b/.kcaws.toml"),
            ("link/.kcaws.toml", "a/b/.kcaws.toml"),
            ("link/../x", "a/x"),
            ("gone/deep/../.kcaws.toml", "gone/.kcaws.toml"),
        ] {
            assert_eq!(real_path(&root.join(path)), root.join(real), "{path}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let path = temp.path().join(NAME);
        for (text, part) in [
            ("profile = \"dev\"\nhook = \"rm -rf /\"\n", ":2: unknown field `hook`"),
            ("profile = dev\n", ":1: "),
            ("\n\nprofile = 7\n", ":3: invalid type"),
        ] {
            put(&path, text);
            let error = ProjectFile::read(&path).expect("reads").expect("is there").hints().expect_err(text);
            assert!(error.to_string().contains(part), "{error}");
        }
        put(&path, &"#".repeat(LARGEST + 1));
        assert!(matches!(ProjectFile::read(&path), Err(ProjectError::TooLarge { .. })));
        assert!(ProjectFile::read(&temp.path().join("nothing")).expect("looks").is_none());
    }
}
