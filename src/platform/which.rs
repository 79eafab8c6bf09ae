//! Finds programs in PATH.

use std::path::{Path, PathBuf};

use crate::platform::env::Env;

/// Finds `name` as a shell would; `None` if it would not.
pub(crate) fn on_path(name: &str, env: &Env) -> Option<PathBuf> {
    find(name, env, |_| true)
}

/// The same without relative folders: they would make the answer depend on the current one.
pub(crate) fn on_fixed_path(name: &str, env: &Env) -> Option<PathBuf> {
    find(name, env, Path::is_absolute)
}

fn find(name: &str, env: &Env, is_meant: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let path = env.raw("PATH")?;
    // On Windows the extension is left out.
    let names = [Some(name.to_owned()), cfg!(windows).then(|| format!("{name}.exe"))];
    let folders = std::env::split_paths(&path).filter(|folder| is_meant(folder));
    let mut candidates =
        folders.flat_map(|folder| names.clone().into_iter().flatten().map(move |name| folder.join(name)));
    candidates.find(|file| is_program(file))
}

#[cfg(unix)]
pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// Puts a script into a PATH of its own, for tests of code that starts programs.
#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "a test's own folder")]
pub(crate) fn script(folder: &std::path::Path, name: &str, text: &str) -> Env {
    use std::os::unix::fs::PermissionsExt;
    let (draft, file) = (folder.join(format!(".{name}")), folder.join(name));
    std::fs::write(&draft, format!("#!/bin/sh\n{text}\n")).expect("writes");
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).expect("is ours");
    std::fs::rename(&draft, &file).expect("renames");
    Env::from_pairs(&[("PATH", &format!("/nowhere:{}", folder.display()))])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_run_is_found() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let env = script(folder.path(), "program", "");
        assert_eq!(on_path("program", &env), Some(folder.path().join("program")));
        tempfile::NamedTempFile::new_in(&folder)
            .expect("creates")
            .persist(folder.path().join("text"))
            .expect("persists");
        assert_eq!(on_path("text", &env), None, "not executable");
        assert_eq!(on_path("absent", &env), None);
        assert_eq!(on_path("program", &Env::from_pairs(&[])), None);
        assert_eq!(on_fixed_path("program", &env), Some(folder.path().join("program")));
    }

    #[test]
    fn a_relative_folder_is_searched_only_where_that_is_meant() {
        // Tests run in the folder of the package.
        let env = Env::from_pairs(&[("PATH", "tests")]);
        assert_eq!(on_path("run", &env), Some(PathBuf::from("tests/run")));
        assert_eq!(on_fixed_path("run", &env), None);
        let env = Env::from_pairs(&[("PATH", "tests:/nowhere:/bin")]);
        assert_eq!(on_fixed_path("sh", &env), Some(PathBuf::from("/bin/sh")));
    }
}
