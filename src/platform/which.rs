//! Finds programs in PATH.

use std::path::PathBuf;

use crate::platform::env::Env;

/// Finds `name` as a shell would; `None` if it would not.
pub(crate) fn on_path(name: &str, env: &Env) -> Option<PathBuf> {
    let path = env.raw("PATH")?;
    // On Windows the extension is left out.
    let names = [Some(name.to_owned()), cfg!(windows).then(|| format!("{name}.exe"))];
    let folders = std::env::split_paths(&path);
    let mut candidates =
        folders.flat_map(|folder| names.clone().into_iter().flatten().map(move |name| folder.join(name)));
    candidates.find(|file| is_program(file))
}

#[cfg(unix)]
pub(crate) fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_program(file: &std::path::Path) -> bool {
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
    }
}
