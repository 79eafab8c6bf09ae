//! This process: its user, its folder, what the system may do with its memory. And its children.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::platform::file_facts;

/// Hardens the process, as the first act of `main` (rule 2): no core dump, and no debugger of the same user.
///
/// A failure is no reason to stop: a container that forbids the call has its own way to forbid dumps.
pub fn hide_memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A package has two programs below one folder (Filesystem Hierarchy Standard 3.0, section 4.7).
///
/// The small one answers the hot paths and passes on the rest. `cargo install` only has the complete one, as `kcaws`.
const FRONT: &str = "bin/kcaws";
const WHOLE: &str = "libexec/kcaws/kcaws";

/// Returns the file by which kcaws is started, whichever of a package's programs this is.
pub(crate) fn own_file() -> std::io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let front = package_of(&exe, WHOLE).map(|folder| folder.join(FRONT));
    Ok(front.filter(|front| front.is_file() && is_ours_alone(front, 1)).unwrap_or(exe))
}

/// Returns whether a file and this many folders above it belong to us or root, and no one else may write there.
///
/// What another user can put there must not be run as this program.
fn is_ours_alone(file: &Path, folders: usize) -> bool {
    let is_safe = |path| matches!(file_facts::writer(path), Ok(None));
    file.ancestors().take(folders + 1).all(is_safe)
}

/// Returns the folder in which `exe` is the file `place`.
fn package_of<'a>(exe: &'a Path, place: &str) -> Option<&'a Path> {
    exe.ends_with(place).then(|| exe.ancestors().nth(Path::new(place).components().count()))?
}

/// Returns the complete program of the package that this front belongs to.
pub fn whole_of(front: &Path) -> Option<PathBuf> {
    let front = front.canonicalize().ok()?;
    let whole = package_of(&front, FRONT)?.join(WHOLE);
    whole.is_file().then_some(whole)
}

/// Returns where the administrator's program is installed: beside this one, never by PATH.
///
/// It is refused if another user could have put it there.
pub fn admin_program() -> std::io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let name = if cfg!(windows) { "kcaws-admin.exe" } else { "kcaws-admin" };
    let path = exe.with_file_name(name);
    if path.exists() && !is_ours_alone(&path, 1) {
        let why = format!("another user may write to {} or its folder", path.display());
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
    }
    Ok(path)
}

/// The complete program is not where the package had it, or it may be another user's.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {}", .path.display())]
pub struct NotWhole {
    pub path: PathBuf,
    #[source]
    pub source: std::io::Error,
}

impl NotWhole {
    pub fn hint(&self) -> String {
        match self.source.kind() {
            std::io::ErrorKind::PermissionDenied => format!(
                "it and its folders must be yours or root's, and writable by no one else: `ls -ld {path} {folder}`",
                path = self.path.display(),
                folder = self.path.parent().unwrap_or(&self.path).display(),
            ),
            _ => "a packaged kcaws is two files, bin/kcaws and libexec/kcaws/kcaws: unpack both".to_owned(),
        }
    }
}

/// Replaces this process with the complete program, with the same arguments and environment. Only returns on failure.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub fn become_whole() -> NotWhole {
    use std::os::unix::process::CommandExt;
    let not_whole = |path: &Path, source| NotWhole { path: path.into(), source };
    let exe = match std::env::current_exe() {
        Ok(exe) => exe,
        Err(source) => return not_whole(WHOLE.as_ref(), source),
    };
    // A front that was copied elsewhere would look in an unrelated folder.
    let is_packaged = exe.parent().is_some_and(|folder| folder.ends_with("bin"));
    let Some(path) = exe.ancestors().nth(2).filter(|_| is_packaged).map(|package| package.join(WHOLE)) else {
        let why = format!("`{}` is not in the folder bin of a package", exe.display());
        return not_whole(WHOLE.as_ref(), std::io::Error::new(std::io::ErrorKind::NotFound, why));
    };
    // libexec and libexec/kcaws.
    if path.exists() && !is_ours_alone(&path, 2) {
        let why = "another user may write there";
        return not_whole(&path, std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
    }
    let mut args = std::env::args_os();
    let mut command = std::process::Command::new(&path);
    command.arg0(args.next().unwrap_or_else(|| "kcaws".into())).args(args);
    not_whole(&path, command.exec())
}

/// Starts kcaws itself with `args`, detached: no terminal, none of our streams, and it outlives us.
///
/// The child leaves our session by [`leave_session`].
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub fn start_detached(args: &[&str], env: &[(&str, &str)]) -> std::io::Result<()> {
    use std::process::{Command, Stdio};
    let mut command = Command::new(own_file()?);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(windows)]
    {
        // DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP
        std::os::windows::process::CommandExt::creation_flags(&mut command, 0x0000_0208);
    }
    command.spawn()?;
    Ok(())
}

/// Returns the path under which kcaws will still be found after an upgrade.
///
/// That is the path as called, or as found in `PATH`, without resolving symbolic links (Homebrew's, `/usr/local/bin`):
/// they lead to a folder with a version in its name, which the next upgrade removes. Each candidate must be this very
/// program; the last resort is the program's own file.
pub fn lasting_path_of_self(env: &crate::platform::env::Env) -> std::io::Result<PathBuf> {
    let exe = own_file()?;
    let called = std::env::args_os().next().map(PathBuf::from);
    let path = env.raw("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .map(|folder| folder.join(if cfg!(windows) { "kcaws.exe" } else { "kcaws" }));
    Ok(lasting(called.into_iter().chain(on_path), &exe).unwrap_or(exe))
}

fn lasting(candidates: impl Iterator<Item = PathBuf>, exe: &Path) -> Option<PathBuf> {
    let real = exe.canonicalize().ok()?;
    let mut fitting = candidates
        .filter(|path| path.is_absolute() && path.canonicalize().is_ok_and(|found| found == real))
        .filter(|path| !has_version_folder(path));
    fitting.next()
}

/// Returns whether a package manager replaces the folder: Homebrew's Cellar, Nix's and Guix's stores.
fn has_version_folder(path: &Path) -> bool {
    let text = path.to_string_lossy();
    ["/Cellar/", "/nix/store/", "/gnu/store/"].iter().any(|folder| text.contains(folder))
}

/// Waits for the child; if it takes longer, ends it and returns `None`.
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub(crate) fn wait_until(
    child: &mut std::process::Child,
    deadline: Instant,
) -> std::io::Result<Option<std::process::ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts a session of its own, so that closing the terminal, or Ctrl-C in it, no longer reaches this process.
///
/// Fails for a process that already leads its group, and then there is nothing to leave.
pub fn leave_session() {
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

/// Returns `alice@laptop`, for the client name on the consent page.
///
/// Best effort: it is a label, not an identity.
pub fn user_at_host(env: &crate::platform::env::Env) -> String {
    let user = env.get("USER").or_else(|| env.get("LOGNAME")).or_else(|| env.get("USERNAME"));
    format!("{}@{}", user.as_deref().unwrap_or("someone"), host_name(env))
}

#[cfg(unix)]
fn host_name(_env: &crate::platform::env::Env) -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name(env: &crate::platform::env::Env) -> String {
    env.get("COMPUTERNAME").unwrap_or_else(|| "this-computer".to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn links_that_stay_are_preferred_to_the_file_that_goes() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let make = |name: &str| {
            let path = temp.path().join(name);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("creates");
            path
        };
        let real = make("Cellar/kcaws/1.0/bin/kcaws");
        let other = make("other/kcaws");
        for path in [&real, &other] {
            std::fs::OpenOptions::new().create_new(true).write(true).open(path).expect("creates");
        }
        let link = make("bin/kcaws");
        std::os::unix::fs::symlink(&real, &link).expect("links");
        let found = |candidates: &[&PathBuf]| lasting(candidates.iter().map(|path| (*path).clone()), &real);
        assert_eq!(found(&[&real, &other, &link]), Some(link.clone()));
        assert_eq!(found(&[&PathBuf::from("bin/kcaws"), &link]), Some(link));
        assert_eq!(found(&[&real, &other]), None);
    }
}
