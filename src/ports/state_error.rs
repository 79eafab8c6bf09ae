//! Errors of the state folder, its files and its locks.

use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("there is no home folder to keep state in")]
    NoHome,
    /// Another user could read or replace what is there.
    #[error("`{path}` is not safe to use: {why}", path = .path.display())]
    Unsafe { path: PathBuf, why: &'static str },
    /// Runs as under `sudo -E`. Root could use it, and its owner could no longer.
    #[error("`{path}` belongs to {owner}, and kcaws runs as root", path = .path.display())]
    RootInAnothersHome { path: PathBuf, owner: String },
    #[error("cannot {what} `{path}`", path = .path.display())]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    /// Another process holds the lock: its pid, if it left one.
    #[error("another kcaws process{} has held the lock for {} s", .pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), .age.as_secs())]
    Busy { pid: Option<u32>, age: Duration },
    #[error("the system provided no random numbers")]
    NoRandom,
    #[error("the file system of `{path}` does not support file locks", path = .path.display())]
    NoLocks { path: PathBuf, source: std::io::Error },
}
