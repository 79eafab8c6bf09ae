//! Lets one process at a time use the service.
//!
//! Not for correctness: gnome-keyring's race needs a crowd to show.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// Held until dropped; the system drops it with the process.
#[derive(Debug)]
pub(super) struct Turn {
    _locked: File,
}

impl Turn {
    /// Waits for the turn; `None` if it was not free in time, or the file system has no locks.
    ///
    /// The conversation goes on without: the daemon is kept alive by the order of requests.
    #[expect(clippy::disallowed_methods, reason = "waits for another process, in real time")]
    pub(super) fn wait(path: &Path, until: Instant) -> Option<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .inspect_err(|error| tracing::debug!(%error, "no lock file for the Secret Service"))
            .ok()?;
        let mut pause = Duration::from_micros(500);
        loop {
            match file.try_lock() {
                Ok(()) => return Some(Self { _locked: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(pause),
                Err(error) => {
                    tracing::debug!(%error, "talking to the Secret Service out of turn");
                    return None;
                }
            }
            // One conversation takes a few milliseconds.
            pause = (pause * 2).min(Duration::from_millis(8));
        }
    }
}
